"""Why LMS converges, in the mean and in the mean square: delayed updates, and regressors independent of one another."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Relation, Step
from analysis.domain import Domain, Integers, Reals

__all__ = [
    "mean_step_limit",
    "textbook_step_limit",
    "mode_lags",
    "mode_phase",
    "mode_energy",
    "gaussian_fourth_moment",
    "update_noise",
    "mode_gain",
    "undelayed_gain",
    "mean_square_step_limit",
    "mean_square_lower_bound",
    "small_step_limit",
]

mu, lam, lam_o, a, power, power_o, rest = sp.symbols("mu lambda lambda_o a P P_o rho", positive=True)
J, J_min, G, g, h, q, F, T, C = sp.symbols("J J_min G g h q F T C", positive=True)
g_1, g_2, P_1, P_2, lam_1, lam_2 = sp.symbols("g_1 g_2 P_1 P_2 lambda_1 lambda_2", positive=True)
theta, theta_1, theta_2, phi, omega = sp.symbols("theta theta_1 theta_2 phi omega", positive=True)
psi, psi_1, psi_2 = sp.symbols("psi psi_1 psi_2", positive=True)
A, x, y = sp.symbols("A x y", real=True)
N, N_1, N_2 = sp.symbols("N N_1 N_2", integer=True, positive=True)
D, n, j = sp.symbols("D n j", integer=True, nonnegative=True)
k, r = sp.Function("k"), sp.Function("r")

LATE: dict[sp.Symbol, Domain] = {D: Integers(0, 8)}
ANGLES = (
    Reals(0, 0.35),
    Reals(0.2, 0.785),
)  # of θ and of ψ: a mode is stable where θ < ψ < π/4, and nothing else is meant
MODE: dict[sp.Symbol, Domain] = {theta: ANGLES[0], psi: ANGLES[1]}
TWO_MODES: dict[sp.Symbol, Domain] = {
    theta_1: ANGLES[0],
    psi_1: ANGLES[1],
    theta_2: ANGLES[0],
    psi_2: ANGLES[1],
    N_1: Integers(1, 4),
    N_2: Integers(1, 4),
}

INDEPENDENT = Assumption("regressors are independent of one another from one iteration to the next")
GAUSSIAN = Assumption("regressors are Gaussian of zero mean")
OPTIMUM = Assumption("the error of the optimal weights is independent of the regressors, of zero mean")
STABLE = Assumption("the step size is below the limit, so that a steady state exists")
MARGIN = sp.pi / 4 - (2 * D + 1) * theta / 2
HALF = Definition(sp.Eq(a, 2 * sp.sin(theta)), "θ is the angle whose sine is a/2")
DELAYED = "G. Long, F. Ling, J. G. Proakis, IEEE Trans. Acoust., Speech, Signal Process. 37 (1989) 1397-1405"
FEUER = "A. Feuer, E. Weinstein, IEEE Trans. Acoust., Speech, Signal Process. 33 (1985) 222-230, without a delay"


def mean_step_limit() -> Derivation:
    """Step size at which the mean of a mode neither grows nor decays."""
    return Derivation(
        "mean_step_limit",
        mu,
        (
            Step(
                a / lam,
                "the mean of a mode follows v_(n+1) = v_n − a v_(n−D), a = μλ, with solutions z^n where "
                "z^(D+1) − z^D + a = 0",
            ),
            Step(
                (sp.cos(D * phi) - sp.cos((D + 1) * phi)) / lam,
                "at the limit a root is on the unit circle, z = exp(iφ)",
                (
                    INDEPENDENT,
                    Definition(sp.Eq(a, sp.cos(D * phi) - sp.cos((D + 1) * phi)), "real part of z^D − z^(D+1)"),
                ),
            ),
            Step(2 * sp.sin(phi / 2) * sp.sin((2 * D + 1) * phi / 2) / lam, "a difference of cosines"),
            Step(
                2 * sp.sin(sp.pi / (2 * (2 * D + 1))) / lam,
                "the imaginary part, −2 sin(φ/2) cos((2D + 1)φ/2), is zero. For a small a all roots are inside, one "
                "near 1 − a, the others near 0; they move continuously with a, whose modulus 2 sin(φ/2) rises with φ: "
                "the first root to reach the circle does so at the least φ",
                (Definition(sp.Eq(phi, sp.pi / (2 * D + 1)), "the first zero of the cosine"),),
            ),
        ),
        {lam: Reals(0.1, 10), **LATE},
        DELAYED,
    )


def textbook_step_limit() -> Derivation:
    """Limit of the mean without a delay, against the trace."""
    return Derivation(
        "textbook_step_limit",
        mu,
        (
            Step(a / lam, "the mean of the largest mode follows v_(n+1) = (1 − a) v_n, a = μλ"),
            Step(2 / lam, "its factor is −1 at the limit", (INDEPENDENT, Definition(sp.Eq(a, 2), "1 − a = −1"))),
            Step(
                2 / (lam + rest),
                "the trace is the sum of the eigenvalues, of which none is negative; ρ are the others",
                relation=Relation.AT_LEAST,
            ),
        ),
        {lam: Reals(0.1, 10), rest: Reals(0, 10)},
        "S. Haykin, Adaptive Filter Theory",
    )


def mode_lags() -> Derivation:
    """Autocorrelation r of the impulse response of a mode, from lag to lag."""
    return Derivation(
        "mode_lags",
        r(j + 1),
        (
            Step(sp.Sum(k(n) * k(n + j + 1), (n, 0, sp.oo)), "definition; k_(n+1) = k_n − a k_(n−D), k_0 = 1"),
            Step(
                r(j) - a * r(D - j),
                "the recursion put in for k_(n+j+1), for 0 ≤ j ≤ D − 1",
                (
                    Definition(
                        sp.Eq(sp.Sum(k(n) * k(n + j + 1), (n, 0, sp.oo)), r(j) - a * r(D - j)),
                        "k_n against k_(n+j), and against k_(n+j−D), a lag of D − j",
                    ),
                ),
            ),
            Step(
                r(j) - a * (r(D + 1 - j) + a * r(j)),
                "the same at lag D + 1 − j",
                (Definition(sp.Eq(r(D - j), r(D + 1 - j) + a * r(j))),),
            ),
            Step(
                (2 - a**2) * r(j) - r(j - 1),
                "the same at lag j: the lags are those of an oscillation, with 2 cos ω = 2 − a²",
                (Definition(sp.Eq(r(D + 1 - j), (r(j - 1) - r(j)) / a)),),
            ),
        ),
        {a: Reals(0.01, 0.16), D: Integers(0, 8), j: Integers(0, 8)},
        "linear equations of an autocorrelation (Yule, Walker)",
    )


def mode_phase() -> Derivation:
    """Show that the phase of the oscillation leaves nothing of the equation from lag to lag."""
    lag = sp.Symbol("epsilon")
    left = C * sp.cos(A - j * omega) - C * sp.cos(A - (j - 1) * omega)
    return Derivation(
        "mode_phase",
        lag,
        (
            Step(
                left + a * C * sp.cos(A - (D + 1 - j) * omega), "r_j − r_(j−1) + a r_(D+1−j), with r_j = C cos(A − jω)"
            ),
            Step(
                2 * C * sp.sin(omega / 2) * (sp.sin(A - j * omega + omega / 2) + sp.cos(A - (D + 1 - j) * omega)),
                "a difference of cosines",
                (Definition(sp.Eq(a, 2 * sp.sin(omega / 2)), "2 cos ω = 2 − a²"),),
            ),
            Step(
                sp.Integer(0),
                "the phase that makes it zero at every lag",
                (Definition(sp.Eq(A, (2 * D + 1) * omega / 4 - sp.pi / 4)),),
            ),
        ),
        {omega: Reals(0.01, 0.16), C: Reals(0.1, 10), D: Integers(0, 8), j: Integers(0, 8)},
        "linear equations of an autocorrelation (Yule, Walker)",
    )


def mode_energy() -> Derivation:
    """Energy of the impulse response of a mode."""
    energy = sp.Sum(k(n) ** 2, (n, 0, sp.oo))
    return Derivation(
        "mode_energy",
        h,
        (
            Step(energy, "definition; k_(n+1) = k_n − a k_(n−D), k_0 = 1"),
            Step(
                C * sp.cos(A),
                "the autocorrelation at lag 0",
                (Definition(sp.Eq(energy, C * sp.cos(A)), "r_j = C cos(A − jω): derivation mode_lags"),),
            ),
            Step(
                sp.cos(A) / (2 * a * sp.cos(A - D * omega) - a**2 * sp.cos(A)),
                "both sides of the recursion squared and summed: r_0 − 1 = r_0 − 2a r_D + a² r_0",
                (Definition(sp.Eq(C, 1 / (2 * a * sp.cos(A - D * omega) - a**2 * sp.cos(A)))),),
            ),
            Step(
                sp.cos((2 * D + 1) * omega / 4 - sp.pi / 4)
                / (
                    2 * a * sp.cos((2 * D - 1) * omega / 4 + sp.pi / 4)
                    - a**2 * sp.cos((2 * D + 1) * omega / 4 - sp.pi / 4)
                ),
                "the phase: derivation mode_phase",
                (Definition(sp.Eq(A, (2 * D + 1) * omega / 4 - sp.pi / 4)),),
            ),
            Step(
                sp.cos(MARGIN) / (2 * sp.sin(2 * theta) * sp.sin(MARGIN)),
                "sums of angles, ω = 2θ",
                (Definition(sp.Eq(omega, 2 * theta)), HALF),
            ),
            Step(
                sp.cos(psi) / (2 * sp.sin(2 * theta) * sp.sin(psi)),
                "ψ = π/4 − (2D + 1)θ/2",
                (Definition(sp.Eq(D, (sp.pi / 4 - psi) / theta - sp.Rational(1, 2)), "ψ, solved for D"),),
            ),
        ),
        MODE,
        "linear equations of an autocorrelation (Yule, Walker)",
    )


def gaussian_fourth_moment() -> Derivation:
    """Diagonal of E[x xᵀ K x xᵀ] for independent entries of x, which is all that the power of the error needs."""
    density = sp.exp(-(x**2) / (2 * lam)) / sp.sqrt(2 * sp.pi * lam)
    other = sp.exp(-(y**2) / (2 * lam_o)) / sp.sqrt(2 * sp.pi * lam_o)
    inner = x**2 * (power * x**2 + power_o * y**2)
    return Derivation(
        "gaussian_fourth_moment",
        F,
        (
            Step(
                sp.Integral(inner * density * other, (x, -sp.oo, sp.oo), (y, -sp.oo, sp.oo)),
                "E[x² Σ P x²], of x and one other entry of the regressor: any more add as this one does",
            ),
            Step(3 * lam**2 * power + lam * lam_o * power_o, "moments of the normal law"),
            Step(
                2 * lam**2 * power + lam * T,
                "T is the trace of R K",
                (Definition(sp.Eq(power_o, (T - lam * power) / lam_o), "T = λP + λ_o P_o"),),
            ),
        ),
        {lam: Reals(0.1, 10), power: Reals(0.1, 10), T: Reals(0.1, 10)},
        "L. Isserlis, Biometrika 12 (1918) 134-139",
    )


def update_noise() -> Derivation:
    """Power of what an update adds to a mode beside its mean."""
    return Derivation(
        "update_noise",
        q,
        (
            Step(
                mu**2 * (F - lam**2 * power + lam * J_min),
                "m = μ[(R − x xᵀ) v + e_o x], of zero mean given all before: E[(x xᵀ v)²] − (λ v)², and e_o x",
            ),
            Step(
                mu**2 * (lam**2 * power + lam * (T + J_min)),
                "fourth moments",
                (INDEPENDENT, GAUSSIAN, OPTIMUM, Lemma(gaussian_fourth_moment())),
            ),
            Step(
                a**2 * power + mu * a * J,
                "the power of the error is J = J_min + T",
                (Definition(sp.Eq(T, J - J_min)), Definition(sp.Eq(lam, a / mu))),
            ),
        ),
        {mu: Reals(0.01, 1), a: Reals(0.01, 1), power: Reals(0.1, 10), J: Reals(0.1, 10)},
        FEUER,
    )


def mode_gain() -> Derivation:
    """Power that a mode adds to the error, over the power of the error."""
    return Derivation(
        "mode_gain",
        g,
        (
            Step(lam * power / J, "definition"),
            Step(lam * h * q / J, "the noise of the updates is white", (STABLE, Definition(sp.Eq(power, h * q)))),
            Step(lam * h * (a**2 * power + mu * a * J) / J, "noise of the updates", (Lemma(update_noise()),)),
            Step(
                a**2 * h * (g + 1),
                "λP is what the mode adds, a = μλ",
                (Definition(sp.Eq(power, g * J / lam)), Definition(sp.Eq(mu, a / lam))),
            ),
            Step(
                a**2 * h / (1 - a**2 * h),
                "the solution of g = a²h (1 + g)",
                (Definition(sp.Eq(g, a**2 * h / (1 - a**2 * h))),),
            ),
            Step(
                sp.sin(theta) * sp.cos(psi) / (sp.cos(theta) * sp.sin(psi) - sp.sin(theta) * sp.cos(psi)),
                "energy of a mode",
                (Lemma(mode_energy()), HALF),
            ),
            Step(
                sp.sin(theta) * sp.cos(psi) / sp.sin(psi - theta),
                "a sine of a difference: finite until θ = ψ, or θ = π/(2(2D + 3)), as is the mean at a delay of D + 1",
            ),
        ),
        MODE,
        FEUER,
    )


def undelayed_gain() -> Derivation:
    """Gain of a mode without a delay."""
    return Derivation(
        "undelayed_gain",
        g,
        (
            Step(a**2 * h / (1 - a**2 * h), "the solution of g = a²h (1 + g): derivation mode_gain"),
            Step(
                a / (2 - 2 * a),
                "the impulse response is (1 − a)^n, whose energy solves h = 1 + (1 − a)² h",
                (INDEPENDENT, GAUSSIAN, OPTIMUM, STABLE, Definition(sp.Eq(h, 1 / (1 - (1 - a) ** 2)))),
            ),
        ),
        {a: Reals(0, 1)},
        FEUER,
    )


def mean_square_step_limit() -> Derivation:
    """Share of the error's power that the weights give back to it: one at the limit."""
    return Derivation(
        "mean_square_step_limit",
        G,
        (
            Step(
                (N_1 * lam_1 * P_1 + N_2 * lam_2 * P_2) / J,
                "what the modes, here N_1 and N_2 of two eigenvalues, add to the power J of the error that they come "
                "from; J = J_min/(1 − G) has no bound as G rises to one",
            ),
            Step(
                N_1 * g_1 + N_2 * g_2,
                "gains of the modes",
                (Definition(sp.Eq(P_1, g_1 * J / lam_1)), Definition(sp.Eq(P_2, g_2 * J / lam_2))),
            ),
            Step(
                N_1 * gain_of(theta_1, psi_1) + N_2 * gain_of(theta_2, psi_2),
                "of each",
                (
                    Lemma(mode_gain(), {g: g_1, theta: theta_1, psi: psi_1}),
                    Lemma(mode_gain(), {g: g_2, theta: theta_2, psi: psi_2}),
                ),
            ),
        ),
        TWO_MODES,
        FEUER,
    )


def mean_square_lower_bound() -> Derivation:
    """Gain of N modes at the limit of the mean of a longer delay."""
    return Derivation(
        "mean_square_lower_bound",
        G,
        (
            Step(N * g, "no mode has more gain than the largest"),
            Step(
                N * sp.sin(theta) * sp.cos(psi) / sp.sin(psi - theta),
                "gain of a mode",
                (Lemma(mode_gain()),),
            ),
            Step(
                N * sp.tan(theta) / (sp.tan((N + 1) * theta) - sp.tan(theta)),
                "θ = π/(2(2D + 2N + 3)), the limit of the mean at a delay of D + N + 1, where ψ = (N + 1)θ",
                (Definition(sp.Eq(psi, (N + 1) * theta)),),
            ),
            Step(
                sp.Integer(1),
                "the tangent is convex: tan((N + 1)θ) is at least (N + 1) tan θ",
                relation=Relation.AT_MOST,
            ),
        ),
        {N: Integers(1, 16), theta: Reals(0.001, 0.045)},
        "convexity",
    )


def small_step_limit() -> Derivation:
    """Slope of a mode's a over its gain: not positive, so that one mode of all power has the most gain."""
    slope, inverse = sp.Symbol("s"), 2 * sp.sin(psi - theta) / sp.cos(psi)
    return Derivation(
        "small_step_limit",
        slope,
        (
            Step(
                sp.Derivative(inverse, theta) - (D + sp.Rational(1, 2)) * sp.Derivative(inverse, psi),
                "of a/g by θ, a = 2 sin θ, while ψ falls by D + ½: derivation mode_gain",
            ),
            Step(
                -2 * sp.cos(psi - theta) / sp.cos(psi) - (2 * D + 1) * sp.cos(theta) / sp.cos(psi) ** 2,
                "derivatives of a quotient",
            ),
            Step(
                sp.Integer(0),
                "all angles are acute. So g/a rises with a, and Σ g(a_i) = Σ a_i·g(a_i)/a_i ≤ g(Σ a_i)",
                (INDEPENDENT, GAUSSIAN),
                relation=Relation.AT_MOST,
            ),
        ),
        MODE | LATE,
        "monotony",
    )


def gain_of(angle: sp.Expr, margin: sp.Expr) -> sp.Expr:
    """Return the result of `mode_gain` at other angles."""
    return sp.sin(angle) * sp.cos(margin) / sp.sin(margin - angle)
