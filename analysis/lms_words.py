"""Why finite words cost an LMS filter what they cost: noise and bias of its weights, rounded data and output."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Relation, Step
from analysis.domain import Domain, Integers, Reals
from analysis.lms import MARGIN, N_1, N_2, STABLE, TWO_MODES, mean_square_step_limit, mode_energy, update_noise
from analysis.lms_updates import GAUSSIAN_UPDATE
from analysis.roundoff import rounding_error_continuous_mean

__all__ = [
    "lms_word_mode_power",
    "lms_weight_rounding",
    "lms_nearest_rounding",
    "lms_small_step_words",
    "lms_best_step",
    "lms_weight_drift",
    "lms_output_rounding",
    "data_mode_rounding",
    "lms_data_rounding",
]

HALF, SIXTH = sp.Rational(1, 2), sp.Rational(1, 6)

N = sp.Symbol("N", integer=True, positive=True)
D = sp.Symbol("D", integer=True, nonnegative=True)
kappa, v_u, q_w, mu, lam, a, h, J, J_min, J_ex, J_k, P, G = sp.symbols(
    "kappa v_u q_w mu lambda a h J J_min J_ex J_k P G", positive=True
)
psi, psi_1, psi_2 = sp.symbols("psi psi_1 psi_2", positive=True)
theta, theta_1, theta_2, lam_1, lam_2, a_1, a_2, h_1, h_2, P_1, P_2 = sp.symbols(
    "theta theta_1 theta_2 lambda_1 lambda_2 a_1 a_2 h_1 h_2 P_1 P_2", positive=True
)
s_c, s_o, s_x, ratio, spare, trace = sp.symbols("sigma_c2 sigma_o2 sigma_x2 c u T_R", positive=True)
r_0, r_1, w, w_1, w_2, w_q, bias, m_e = sp.symbols("r_0 r_1 w w_1 w_2 w_q delta m_e", real=True)
offset, loss, loss_1, loss_2 = sp.symbols("c Delta Delta_1 Delta_2", real=True)

POWERS: dict[sp.Symbol, Domain] = {J_min: Reals(0.1, 10), s_c: Reals(0.001, 0.1)}
STEP: dict[sp.Symbol, Domain] = {mu: Reals(0.01, 1)}
CARAISCOS = "C. Caraiscos, B. Liu, IEEE Trans. Acoust., Speech, Signal Process. 32 (1984) 34-41, without a delay"
WHITE_ROUNDING = Assumption("the weights' rounding is of zero mean given all before, of variance σ_c² for each tap")
WHITE_REST = Assumption("what rounding leaves of an update beside its gain is white noise, uncorrelated to all else")
MANY_STEPS = Assumption("updates are of many steps of the weights")
WHITE_OUTPUT = Assumption("rounding of the output is of zero mean, and independent of all else")
WHITE_DATA = Assumption("rounding of data is white, of zero mean, and uncorrelated to them and to the desired signal")
HALF_ANGLES = (
    Definition(sp.Eq(a_1, 2 * sp.sin(theta_1)), "θ is the angle whose sine is a/2"),
    Definition(sp.Eq(a_2, 2 * sp.sin(theta_2)), "likewise"),
)


def lms_word_mode_power() -> Derivation:
    """Power of the error of a weight along one mode, with rounded weights."""
    updates = update_noise()
    return Derivation(
        "lms_word_mode_power",
        P,
        (
            Step(
                h * (updates.quantity + s_c),
                "white noise of the updates and of the rounding, uncorrelated to it, into a mode of energy h",
            ),
            Step(
                h * (a**2 * P + mu * a * J + s_c),
                "noise of the updates",
                (STABLE, WHITE_ROUNDING, Lemma(updates)),
            ),
            Step(
                h * (mu * a * J + s_c) / (1 - a**2 * h),
                "the solution",
                (Definition(sp.Eq(P, h * (mu * a * J + s_c) / (1 - a**2 * h))),),
            ),
        ),
        {mu: Reals(0.01, 1), a: Reals(0.01, 0.2), h: Reals(2, 10), J: Reals(0.1, 10), s_c: Reals(0.001, 0.1)},
        CARAISCOS,
    )


def lms_weight_rounding() -> Derivation:
    """Excess error of N_1 and N_2 modes of two eigenvalues, with rounded weights."""
    gains = N_1 * a_1**2 * h_1 / (1 - a_1**2 * h_1) + N_2 * a_2**2 * h_2 / (1 - a_2**2 * h_2)
    rounding = s_c / mu * (N_1 * a_1 * h_1 / (1 - a_1**2 * h_1) + N_2 * a_2 * h_2 / (1 - a_2**2 * h_2))
    excess = (gains * J_min + rounding) / (1 - gains)
    angles = {a_1: 2 * sp.sin(theta_1), a_2: 2 * sp.sin(theta_2)}
    energies = angles | {h_1: _energy(theta_1, psi_1), h_2: _energy(theta_2, psi_2)}
    return Derivation(
        "lms_weight_rounding",
        J_ex,
        (
            Step(N_1 * lam_1 * P_1 + N_2 * lam_2 * P_2, "what the modes add to the error"),
            Step(
                N_1 * lam_1 * h_1 * (mu * a_1 * J + s_c) / (1 - a_1**2 * h_1)
                + N_2 * lam_2 * h_2 * (mu * a_2 * J + s_c) / (1 - a_2**2 * h_2),
                "power of each",
                (
                    Lemma(lms_word_mode_power(), {P: P_1, a: a_1, h: h_1}),
                    Lemma(lms_word_mode_power(), {P: P_2, a: a_2, h: h_2}),
                ),
            ),
            Step(
                gains * J + rounding,
                "a = μλ",
                (Definition(sp.Eq(lam_1, a_1 / mu)), Definition(sp.Eq(lam_2, a_2 / mu))),
            ),
            Step(
                excess,
                "the error J = J_min + J_ex feeds back: the solution",
                (Definition(sp.Eq(J, J_min + excess)),),
            ),
            Step(
                excess.subs(energies, simultaneous=True),
                "energy of a mode",
                (
                    *HALF_ANGLES,
                    Lemma(mode_energy(), {h: h_1, theta: theta_1, psi: psi_1}),
                    Lemma(mode_energy(), {h: h_2, theta: theta_2, psi: psi_2}),
                ),
            ),
        ),
        {**TWO_MODES, **POWERS, **STEP},
        CARAISCOS,
    )


def lms_nearest_rounding() -> Derivation:
    """Excess error of N_1 and N_2 modes of two eigenvalues, with weights whose rounding has a gain."""
    exact = lms_weight_rounding()
    return Derivation(
        "lms_nearest_rounding",
        J_ex,
        (
            Step(
                J_k,
                "a rounded update is κ times the exact one and a rest that does not correlate with it: derivations "
                "lms_rounded_update_gain and lms_rounded_update_noise. J_k is the excess at the step size κμ, with the "
                "rest for noise",
            ),
            Step(
                exact.result.subs(mu, kappa * mu),
                "of such a filter",
                (WHITE_REST, Lemma(exact, {J_ex: J_k, mu: kappa * mu})),
            ),
        ),
        {**TWO_MODES, **POWERS, mu: Reals(0.05, 1), kappa: Reals(0.4, 1)},
        CARAISCOS,
    )


def lms_small_step_words() -> Derivation:
    """Excess error of N equal modes with rounded weights, as the step size falls with the weights' step."""
    spread = N * h * a**2 * (J_min + ratio / lam) / (1 - (N + 1) * a**2 * h)
    return Derivation(
        "lms_small_step_words",
        J_ex,
        (
            Step(
                spread,
                "derivation lms_weight_rounding, of one eigenvalue, with the weights' step in proportion to the step "
                "size, σ_c² = c μ²",
            ),
            Step(
                spread.subs({h: _energy(theta, MARGIN), a: 2 * sp.sin(theta)}, simultaneous=True),
                "energy of a mode, ψ = π/4 − (2D + 1)θ/2",
                (
                    STABLE,
                    WHITE_ROUNDING,
                    Lemma(mode_energy()),
                    Definition(sp.Eq(psi, MARGIN)),
                    Definition(sp.Eq(a, 2 * sp.sin(theta)), "θ is the angle whose sine is a/2"),
                ),
            ),
            Step(N * sp.sin(theta) * (J_min + ratio / lam), "small steps", limit=(theta, 0)),
            Step(
                mu * J_min * N * lam / 2 + N * s_c / (2 * mu),
                "gradient noise, with the trace N λ, and the weights' rounding",
                (
                    Definition(sp.Eq(theta, sp.asin(mu * lam / 2)), "θ is the angle whose sine is a/2"),
                    Definition(sp.Eq(ratio, s_c / mu**2), "σ_c² = c μ²"),
                ),
            ),
        ),
        {
            N: Integers(1, 16),
            mu: Reals(0.0001, 0.001),
            lam: Reals(0.1, 1),
            J_min: Reals(0.1, 10),
            s_c: Reals(1e-9, 1e-6),
            D: Integers(0, 8),
        },
        CARAISCOS,
    )


def lms_best_step() -> Derivation:
    """Excess error of small steps with STOCHASTIC rounding, at the step size that balances the textbook's two terms."""
    best = q_w * sp.sqrt(N / (6 * J_min * trace))
    return Derivation(
        "lms_best_step",
        J_ex,
        (
            Step(
                mu * J_min * trace / 2 + N * q_w**2 * v_u / (2 * mu),
                "gradient noise and the weights' rounding: derivation lms_small_step_words",
            ),
            Step(
                mu * J_min * trace / 2 + N * q_w**2 * (SIXTH - spare) / (2 * mu),
                "variance of STOCHASTIC rounding: derivation lms_stochastic_update_noise",
                (
                    STABLE,
                    GAUSSIAN_UPDATE,
                    Definition(sp.Eq(v_u, SIXTH - spare), "u is a series of positive terms"),
                ),
            ),
            Step(
                mu * J_min * trace / 2 + N * q_w**2 / (12 * mu),
                "the textbook's noise is more",
                relation=Relation.AT_MOST,
            ),
            Step(
                q_w * sp.sqrt(N * J_min * trace / 6),
                "both terms are equal, and their sum is least",
                (Definition(sp.Eq(mu, best), "the zero of the derivative by μ"),),
            ),
        ),
        {
            N: Integers(1, 16),
            q_w: Reals(1e-4, 1e-1),
            J_min: Reals(0.1, 10),
            trace: Reals(0.1, 10),
            spare: Reals(0, 0.16),
        },
        CARAISCOS,
    )


def lms_weight_drift() -> Derivation:
    """Bias of two weights that are rounded down."""
    return Derivation(
        "lms_weight_drift",
        bias,
        (
            Step(
                bias - mu * (r_0 + r_1) * bias + q_w * m_e,
                "in steady state E[v] = E[v] − μ R E[v] + E[rounding], at any delay; both weights have the same bias, "
                "and a row of R sums to r_0 + r_1",
            ),
            Step(
                q_w * m_e / (mu * (r_0 + r_1)),
                "the solution",
                (STABLE, Definition(sp.Eq(bias, q_w * m_e / (mu * (r_0 + r_1))))),
            ),
            Step(
                -q_w / (2 * mu * (r_0 + r_1)),
                "rounding down takes half a step on average",
                (MANY_STEPS, Lemma(rounding_error_continuous_mean(), {offset: -HALF})),
            ),
        ),
        {mu: Reals(0.01, 1), q_w: Reals(1e-4, 1e-1), r_0: Reals(0.5, 2), r_1: Reals(-0.4, 0.4)},
        CARAISCOS,
    )


def lms_output_rounding() -> Derivation:
    """Excess error with a rounded output, that the weights follow."""
    return _fed_back("lms_output_rounding", s_o, "e = e_o + rounding − xᵀv: the rounding is in the error itself", ())


def data_mode_rounding() -> Derivation:
    """Error that rounded data cost along one mode, at the weight that is then the best."""
    cost = lam * (w - w_q) ** 2 + s_x * w_q**2
    return Derivation(
        "data_mode_rounding",
        loss,
        (
            Step(
                cost,
                "E[(d − w_q (x + rounding))²] above J_min, with d = w x + e_o",
            ),
            Step(
                s_x * lam * w**2 / (lam + s_x),
                "at the zero of the derivative by w_q",
                (WHITE_DATA, Definition(sp.Eq(w_q, lam * w / (lam + s_x)), "Wiener's solution")),
            ),
        ),
        {lam: Reals(0.1, 10), s_x: Reals(0.001, 1), w: Reals(-2, 2)},
        "N. Wiener's filter, of one tap",
    )


def lms_data_rounding() -> Derivation:
    """Excess error with rounded data: a worse optimum, about which the weights move."""
    more = s_x * lam_1 * w_1**2 / (lam_1 + s_x) + s_x * lam_2 * w_2**2 / (lam_2 + s_x)
    lemmas = tuple(
        Lemma(data_mode_rounding(), {loss: name, lam: each, w: weight})
        for name, each, weight in ((loss_1, lam_1, w_1), (loss_2, lam_2, w_2))
    )
    domain: dict[sp.Symbol, Domain] = {
        lam_1: Reals(0.1, 10),
        lam_2: Reals(0.1, 10),
        s_x: Reals(0.001, 1),
        w_1: Reals(-2, 2),
        w_2: Reals(-2, 2),
    }
    return _fed_back(
        "lms_data_rounding",
        loss_1 + loss_2,
        "the best weights on rounded data leave more error along each mode of R, here two",
        lemmas,
        more,
        domain,
    )


def _fed_back(
    name: str,
    added: sp.Expr,
    because: str,
    lemmas: tuple[Lemma, ...],
    more: sp.Expr | None = None,
    domain: dict[sp.Symbol, Domain] | None = None,
) -> Derivation:
    """Return the excess where something adds to the least error, and the modes add their gains."""
    put_in = added if more is None else more
    gains = mean_square_step_limit().result
    return Derivation(
        name,
        J_ex,
        (
            Step(J - J_min, "definition"),
            Step(
                (J_min + added) / (1 - G) - J_min,
                f"{because}; the modes add G·J, so that J = J_min + … + G·J",
                (STABLE, Definition(sp.Eq(J, (J_min + added) / (1 - G)))),
            ),
            Step(
                (J_min + put_in) / (1 - gains) - J_min,
                "gains of the modes",
                (*(() if lemmas else (WHITE_OUTPUT,)), *lemmas, Lemma(mean_square_step_limit())),
            ),
        ),
        {**TWO_MODES, J_min: Reals(0.1, 10), **(domain or {s_o: Reals(0.001, 1)})},
        CARAISCOS,
    )


def _energy(angle: sp.Expr, margin: sp.Expr) -> sp.Expr:
    """Return the energy of a mode at its angles θ and ψ."""
    return mode_energy().result.subs({theta: angle, psi: margin}, simultaneous=True)
