"""Why the delay line matters to LMS: second moments of weights that depend on the draws of their regressors."""

from itertools import pairwise, product

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Relation, Step
from analysis.domain import Integers, Reals

__all__ = [
    "conditional_moment",
    "error_after_one_update",
    "exponent_below_radius",
    "gaussian_even_moment",
    "hermite_multiplication",
    "memory_step_limit",
    "moments_before_feedback",
    "second_moment_of_two_steps",
    "signs_radius",
    "signs_step_limit",
]

mu, r, u, v = sp.symbols("mu r u v", positive=True)
c, g, h, x, y = sp.symbols("c g h x y", real=True)
m, n, lag = sp.symbols("m n l", integer=True, positive=True)
i = sp.Symbol("i", integer=True, nonnegative=True)
given, moment, pair, radius = (sp.Function(name) for name in ("f", "M", "F", "rho"))
w = sp.Symbol("w", real=True)
lyapunov, V_2, V_m, E_1 = sp.symbols("lambda V_2 V_m E_1", positive=True)
T_00, T_02, T_04, T_20, T_22, T_40 = sp.symbols("T_00 T_02 T_04 T_20 T_22 T_40", real=True)

RECURSION = "the update v + μ·e·x of one tap without an error of the optimal weight, e = −x v"
MARKOV = "O. L. V. Costa, M. D. Fragoso, R. P. Marques, Discrete-Time Markov Jump Linear Systems, chapter 3"
FIRST_ORDER = Assumption("the input is x_n = g_n + c g_(n−1), of independent draws g")
GAUSSIAN = Assumption("the draws are standard Gaussian")
SIGNS = Assumption("the draws are signs, either with probability one half")
ONE_TAP = {mu: Reals(0.01, 0.4), c: Reals(-1, 1)}
ENERGY = 1 + c**2


def hermite_multiplication() -> Derivation:
    """Return g·h_k(g) in orthonormal Hermite polynomials h: multiplication by a draw is a matrix of two diagonals."""
    return Derivation(
        "hermite_multiplication",
        sp.Symbol("g h_k"),
        (
            Step(g * _hermite(n), "h_k = He_k/√k!"),
            Step(
                sp.sqrt(n + 1) * _hermite(n + 1) + sp.sqrt(n) * _hermite(n - 1),
                "He_(k+1) = g He_k − k He_(k−1): degrees of a draw change by one",
            ),
        ),
        {n: Integers(1, 12), g: Reals(-3, 3)},
        "M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions, 22.7.14",
    )


def _hermite(degree: sp.Expr) -> sp.Expr:
    return sp.hermite(degree, g / sp.sqrt(2)) / sp.sqrt(2**degree * sp.factorial(degree))


def conditional_moment() -> Derivation:
    """Return E[(1 − μ x²)²] of a sample of which one draw is unknown."""
    return Derivation(
        "conditional_moment",
        given(x, y),
        (
            Step(_mean((1 - mu * (x + y * g) ** 2) ** 2, g), "mean over the draw g of the sample x + y g"),
            Step(_conditional(x, y), "even moments of g are 1 and 3, odd ones 0", (GAUSSIAN,)),
        ),
        {mu: Reals(0.01, 0.4), x: Reals(-3, 3), y: Reals(-2, 2)},
        RECURSION,
    )


def gaussian_even_moment() -> Derivation:
    """Return E[g^(2n)] of a standard Gaussian draw."""
    law = sp.exp(-(g**2) / 2) / sp.sqrt(2 * sp.pi)
    return Derivation(
        "gaussian_even_moment",
        moment(n),
        (
            Step(2 * sp.Integral(g ** (2 * n) * law, (g, 0, sp.oo)), "mean of an even power"),
            Step(2**n * sp.gamma(n + sp.Rational(1, 2)) / sp.sqrt(sp.pi), "a gamma function", (GAUSSIAN,)),
        ),
        {n: Integers(1, 8)},
        "definition",
    )


def second_moment_of_two_steps() -> Derivation:
    """Return E[v_2²] of v_0 = 1: both regressors contain the draw between them."""
    both = sp.Poly(_conditional(h, c) * _conditional(c * h, sp.Integer(1)), h)
    mean = sp.expand(sum(factor * (moment(power // 2) if power else 1) for (power,), factor in both.terms()))
    moments = tuple(Lemma(gaussian_even_moment(), {n: sp.Integer(half)}) for half in range(1, 5))
    return Derivation(
        "second_moment_of_two_steps",
        V_2,
        (
            Step(
                mean,
                "v_2² = (1 − μ x_1²)² (1 − μ x_0²)², and x_0 = h + c k shares the draw h with x_1 = g + c h: given h, "
                "the factors are independent, and both polynomials of degree 4; M(n) = E[h^(2n)]",
            ),
            Step(_two_steps(), "M is 1, 3, 15, 105", (FIRST_ORDER, *moments)),
        ),
        ONE_TAP,
        RECURSION,
    )


def memory_step_limit() -> Derivation:
    """Return det(I − T) of the map T of E[v² | g] on the Hermite polynomials h_0, h_2, h_4: zero at the limit."""
    matrix = sp.Matrix([[1 - T_00, -T_02, -T_04], [-T_20, 1 - T_22, 0], [-T_40, 0, 1]])
    entries = tuple(
        Definition(sp.Eq(entry, _entry(newer, older)), "component of the factor")
        for entry, newer, older in ((T_00, 0, 0), (T_20, 2, 0), (T_02, 0, 2), (T_22, 2, 2), (T_40, 4, 0), (T_04, 0, 4))
    )
    moments = tuple(Lemma(gaussian_even_moment(), {n: sp.Integer(half)}) for half in range(1, 5))
    determinant = sp.Symbol("det(I - T)")
    stable = 2 * mu * ENERGY - 3 * mu**2 * ENERGY**2 - 24 * mu**4 * c**4
    return Derivation(
        "memory_step_limit",
        sp.Symbol("Delta"),
        (
            Step(
                determinant,
                "E[v_(n+1)² | g] = E[(1 − μ (g + c h)²)² E[v_n² | h] | g]: T maps components on even polynomials",
            ),
            Step(
                (1 - T_22) * (1 - T_00 - T_04 * T_40) - T_02 * T_20,
                "T_24, T_42 and T_44 are zero: the factor has degree 4",
                (FIRST_ORDER, GAUSSIAN, Definition(sp.Eq(determinant, matrix.det()))),
            ),
            Step(
                (1 - 12 * mu**2 * c**2) * stable - 8 * mu**2 * c**2 * (3 * mu * ENERGY - 1) ** 2,
                "T_ab = E[h_a(g) (1 − μ (g + c h)²)² h_b(h)], with even moments M of g and h, the odd ones being zero",
                (*entries, *moments),
            ),
        ),
        ONE_TAP,
        MARKOV,
    )


def _entry(newer: int, older: int) -> sp.Expr:
    """Return the mean of the factor times orthonormal polynomials of the newer and the older draw, in moments."""
    even = {0: sp.Integer(1), 2: (g**2 - 1) / sp.sqrt(2), 4: (g**4 - 6 * g**2 + 3) / sp.sqrt(24)}
    factor = (1 - mu * (g + c * h) ** 2) ** 2
    terms = sp.Poly(factor * even[newer] * even[older].subs(g, h), g, h).terms()
    return sum(
        value * sp.prod([moment(power // 2) for power in powers if power])
        for powers, value in terms
        if not any(power % 2 for power in powers)
    )


def signs_radius() -> Derivation:
    """Return the factor by which E[v²] grows in an iteration, of signs through a first-order moving average."""
    factor = (1 - mu * (1 + c**2 + 2 * c * (2 * i - 1))) ** 2
    return Derivation(
        "signs_radius",
        radius(mu),
        (
            Step(
                sp.Sum(factor / 2, (i, 0, 1)),
                "x_n² = 1 + c² + 2 c g_n g_(n−1), and products of neighbouring signs are independent signs 2 i − 1",
            ),
            Step((1 - mu * ENERGY) ** 2 + 4 * c**2 * mu**2, "either sign", (FIRST_ORDER, SIGNS)),
        ),
        ONE_TAP,
        RECURSION,
    )


def signs_step_limit() -> Derivation:
    """Return the step size at which that factor is one."""
    slope = sp.Subs(sp.Derivative(radius(mu), mu), mu, 0)
    curvature = sp.Subs(sp.Derivative(radius(mu), mu, 2), mu, 0)
    return Derivation(
        "signs_step_limit",
        sp.Symbol("mu_2"),
        (
            Step(-2 * slope / curvature, "ρ is a parabola in μ that is 1 at μ = 0: where it is 1 again"),
            Step(2 * ENERGY / (ENERGY**2 + 4 * c**2), "its slope and its curvature", (Lemma(signs_radius()),)),
        ),
        {c: Reals(-1, 1)},
        RECURSION,
    )


def moments_before_feedback() -> Derivation:
    """Return E[v_(D+m)²] of v_0 = … = v_D = 1, for m ≤ D + 1 updates: all of them with the error of v = 1."""
    far = Assumption("x is jointly Gaussian: E[x_i² x_(i−l)²] = r² + 2 r_l²")
    return Derivation(
        "moments_before_feedback",
        V_m,
        (
            Step(
                1
                - 2 * mu * m * r
                + mu**2 * (m * pair(0) + 2 * (m - 1) * pair(1) + 2 * sp.Sum((m - lag) * pair(2), (lag, 2, m - 1))),
                "v_(D+m) = 1 − μ Σ x_i² over m samples; F(l) = E[x_i² x_(i−l)²], of which those beyond lag 1 are equal",
            ),
            Step(
                1
                - 2 * mu * m * r
                + mu**2
                * (3 * m * r**2 + 2 * (m - 1) * (r**2 + 2 * c**2) + 2 * sp.Sum((m - lag) * r**2, (lag, 2, m - 1))),
                "autocorrelation r, c, 0, 0, …",
                (
                    FIRST_ORDER,
                    far,
                    Definition(sp.Eq(pair(0), 3 * r**2)),
                    Definition(sp.Eq(pair(1), r**2 + 2 * c**2)),
                    Definition(sp.Eq(pair(2), r**2)),
                ),
            ),
            Step((1 - mu * m * r) ** 2 + 2 * mu**2 * (m * r**2 + 2 * (m - 1) * c**2), "added up"),
            Step(
                (1 - mu * m * ENERGY) ** 2 + 2 * mu**2 * (m * ENERGY**2 + 2 * (m - 1) * c**2),
                "power of the sample",
                (Definition(sp.Eq(r, ENERGY)),),
            ),
        ),
        {m: Integers(1, 4), **ONE_TAP},
        RECURSION,
    )


def error_after_one_update() -> Derivation:
    """Return E[e_1²] of LMS that starts at the optimal weight w, without a delay."""
    cases = [_second_error(draws) ** 2 for draws in product((-1, 1), repeat=4)]
    optimum = Definition(sp.Eq(w, c / ENERGY), "r_1/r_0")
    return Derivation(
        "error_after_one_update",
        E_1,
        (
            Step(
                sp.Add(*cases) / len(cases),
                "e_0 = x_0 − w x_(−1), v_1 = μ e_0 x_(−1), e_1 = x_1 − w x_0 − v_1 x_0; mean over four signs",
            ),
            Step(
                (1 + c**2 + c**4 + 2 * mu * c**2 * (1 - c**2) + mu**2 * (1 + 3 * c**2 + 3 * c**6 + c**8)) / ENERGY,
                "added up",
                (FIRST_ORDER, SIGNS, optimum),
            ),
        ),
        ONE_TAP,
        "the update w + μ·e·x of one tap",
    )


def _second_error(draws: tuple[int, ...]) -> sp.Expr:
    newest, middle, oldest = (newer + c * older for newer, older in pairwise(draws))
    return newest - w * middle - mu * (middle - w * oldest) * oldest * middle


def exponent_below_radius() -> Derivation:
    """Return a bound on the growth of ln |v| in an iteration, of signs through a first-order moving average."""
    factors = (
        Definition(sp.Eq(u, (1 - mu * (1 + c) ** 2) ** 2), "two signs that are alike"),
        Definition(sp.Eq(v, (1 - mu * (1 - c) ** 2) ** 2), "two that are not"),
    )
    return Derivation(
        "exponent_below_radius",
        lyapunov,
        (
            Step(
                sp.log(u) / 4 + sp.log(v) / 4, "mean of ln |1 − μ x²| = ½ ln (1 − μ x²)², of which u and v are values"
            ),
            Step(sp.log((u + v) / 2) / 2, "Jensen: ln is concave", (FIRST_ORDER, SIGNS), relation=Relation.AT_MOST),
            Step(sp.log((1 - mu * ENERGY) ** 2 + 4 * c**2 * mu**2) / 2, "half of the radius's logarithm", factors),
        ),
        ONE_TAP,
        "H. Furstenberg, H. Kesten, Ann. Math. Statist. 31 (1960) 457-469; Jensen's inequality",
    )


def _conditional(x: sp.Expr, y: sp.Expr) -> sp.Expr:
    return 1 - 2 * mu * (x**2 + y**2) + mu**2 * (x**4 + 6 * x**2 * y**2 + 3 * y**4)


def _two_steps() -> sp.Expr:
    energy = ENERGY
    return (
        1
        - 4 * mu * energy
        + mu**2 * (10 * energy**2 + 8 * c**2)
        - 12 * mu**3 * energy * (energy**2 + 4 * c**2)
        + mu**4 * (9 * energy**4 + 72 * c**2 * energy**2 + 24 * c**4)
    )


def _mean(function: sp.Expr, draw: sp.Symbol) -> sp.Expr:
    return sp.Integral(function * sp.exp(-(draw**2) / 2) / sp.sqrt(2 * sp.pi), (draw, -sp.oo, sp.oo))
