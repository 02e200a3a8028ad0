"""Why predictors and filters lose what they lose in fixed point: processes, best weights, rounding and overload."""

from itertools import product

import sympy as sp

from analysis.costs import B_A, B_W, D, cost_printed_ceil
from analysis.derivation import Assumption, Definition, Derivation, Lemma, Step
from analysis.domain import Domain, Integers, Reals
from analysis.roundoff import k as dropped
from analysis.roundoff import mean as dropped_mean
from analysis.roundoff import rounding_error_directed, rounding_error_directed_mean
from analysis.roundoff import s as direction
from analysis.roundoff import variance as dropped_variance
from analysis.sqnr import ERROR_VARIANCE, NEAREST, V_e

__all__ = [
    "moving_average_correlation",
    "predictor_slope",
    "optimal_predictor",
    "three_tap_predictor",
    "weight_error_power",
    "uncorrelated_sum_power",
    "fir_noise",
    "predictor_bits",
    "gaussian_exponential",
    "hermite_product_mean",
    "hermite_slope",
    "error_covariance",
    "bussgang",
    "predictor_loss",
    "filter_output_error",
    "predictor_cost",
]

ORDER = 3
b = sp.symbols(f"b_0:{ORDER + 1}", real=True)
lag = sp.Symbol("k", integer=True, nonnegative=True)
P_g = sp.Symbol("P_g", positive=True)
r = sp.Function("r")
draws = sp.Function("E_gg")
r_0, r_1, r_2, r_3 = sp.symbols("r_0:4", real=True)
w_1, w_2, w_3, v_1, v_2 = sp.symbols("w_1 w_2 w_3 v_1 v_2", real=True)
power_d, cross_1, cross_2, power_1, power_2, cross_12 = sp.symbols("P_d c_1 c_2 P_1 P_2 c_12", real=True)
M, excess, slope, total = sp.symbols("M X S T", real=True)
N, B = sp.symbols("N B", integer=True, positive=True)
j = sp.Symbol("j", integer=True)
P_S, P_n, P_x, E_x, E_w = sp.symbols("P_S P_n P_x E_x E_w", nonnegative=True)
C_n = sp.Symbol("C_Sn", real=True)
S_ww, x_step, w_step, x_m, w_m, loss_db, least = sp.symbols("S_ww Delta_x Delta_w x_m w_m L_dB M_min", positive=True)
bits_real, budget = sp.symbols("B_real P_budget", positive=True)
w, term = sp.Function("w"), sp.Function("P")
rho, z, t, u, v, y = sp.symbols("rho z t u v y", real=True)
q = sp.Symbol("q", positive=True)
p_1, p_2 = sp.symbols("p_1 p_2", real=True)
P_T, noise = sp.symbols("P_T P_N", positive=True)
cross = {(i, each): sp.Symbol(f"X_{i}{each}", real=True) for i in range(3) for each in (1, 2)}
step = sp.Symbol("Delta", positive=True)
k = sp.Symbol("k", integer=True, positive=True)
c, overlap, exponential = sp.Function("c"), sp.Function("E_hh"), sp.Function("E_exp")
product_mean = sp.Symbol("G", positive=True)
covariance = sp.Symbol("E_ee", real=True)
E_0, E_1, C, C_other, C_apart = sp.symbols("E_0 E_1 C C_o C_ye", real=True)
k_1, k_2 = sp.symbols("k_1 k_2", integer=True, positive=True)
m_1, m_2, n_1, n_2, n_12 = sp.symbols("m_1 m_2 n_1 n_2 n_12", real=True)
V_1, V_2 = sp.symbols("V_1 V_2", positive=True)
F_predictor = sp.Symbol("F", positive=True)

COEFFICIENT, WEIGHT = Reals(-2, 2), Reals(-1, 1)
LAGS: dict[sp.Symbol, Domain] = {r_0: Reals(1, 2), r_1: Reals(-0.4, 0.4), r_2: Reals(-0.4, 0.4)}
NORMAL = "normal equations: the optimal predictor's error is uncorrelated with the samples it sees"
STATIONARY = Assumption("x is stationary with zero mean")
EXACT_SUM = Assumption("products and sum are exact")
CORRELATION: dict[sp.Symbol, Domain] = {r_0: Reals(1, 2), r_1: Reals(-0.4, 0.4)}
WEIGHTS: dict[sp.Symbol, Domain] = dict.fromkeys((w_1, w_2, v_1, v_2), WEIGHT)
NOISE: dict[sp.Symbol, Domain] = {
    S_ww: Reals(0.1, 4),
    N: Integers(1, 64),
    P_x: Reals(0.1, 4),
    x_step: Reals(0.01, 1),
    w_step: Reals(0.01, 1),
}
NORMAL_DENSITY = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)


def moving_average_correlation() -> Derivation:
    """Autocorrelation of a moving average of four white draws, at a lag of 0 to 3."""
    pairs = list(product(range(ORDER + 1), repeat=2))
    return Derivation(
        "moving_average_correlation",
        r(lag),
        (
            Step(
                sum(b[i] * b[each] * draws(i, each + lag) for i, each in pairs),
                "E[x_n x_(n−k)] of x_n = Σ b_j g_(n−j); E_gg(i, j) = E[g_(n−i) g_(n−j)]",
            ),
            Step(
                P_g * sum(b[i] * b[each] * sp.KroneckerDelta(i, each + lag) for i, each in pairs),
                "only a draw and itself are correlated: of the products, those of coefficients k places apart remain",
                (
                    Assumption("the draws g are independent, of zero mean and power P_g"),
                    *(
                        Definition(sp.Eq(draws(i, each + lag), P_g * sp.KroneckerDelta(i, each + lag)), "white draws")
                        for i, each in pairs
                    ),
                ),
            ),
        ),
        {lag: Integers(0, ORDER), P_g: Reals(0.1, 4), **dict.fromkeys(b, COEFFICIENT)},
    )


def _quadratic() -> sp.Expr:
    """Return the mean square error of two weights, by the autocorrelation."""
    return r_0 - 2 * (w_1 * r_1 + w_2 * r_2) + (w_1**2 + w_2**2) * r_0 + 2 * w_1 * w_2 * r_1


def _weights() -> tuple[sp.Expr, sp.Expr]:
    """Return the solution of the normal equations of two weights."""
    determinant = r_0**2 - r_1**2
    return r_1 * (r_0 - r_2) / determinant, (r_0 * r_2 - r_1**2) / determinant


def _stationary() -> tuple[Assumption | Definition, ...]:
    named = ((power_d, r_0), (cross_1, r_1), (cross_2, r_2), (power_1, r_0), (power_2, r_0), (cross_12, r_1))
    moments = (Definition(sp.Eq(symbol, value), "moment by its lag") for symbol, value in named)
    return STATIONARY, *moments


def predictor_slope() -> Derivation:
    """Slope of the mean square error in the first weight at the solution of the normal equations: none."""
    first, second = _weights()
    return Derivation(
        "predictor_slope",
        slope,
        (
            Step(sp.Derivative(_quadratic(), w_1), "slope of the mean square error, convex in the weights"),
            Step(2 * (w_1 * r_0 + w_2 * r_1 - r_1), "derivative"),
            Step(
                sp.S.Zero,
                "at the weights",
                (
                    Definition(sp.Eq(w_1, first), "first weight"),
                    Definition(sp.Eq(w_2, second), "second weight"),
                ),
            ),
        ),
        LAGS,
    )


def optimal_predictor() -> Derivation:
    """Least mean square error of two taps; the slope is zero at these weights, in the second by symmetry."""
    first, second = _weights()
    return Derivation(
        "optimal_predictor",
        M,
        (
            Step(
                power_d
                - 2 * (w_1 * cross_1 + w_2 * cross_2)
                + w_1**2 * power_1
                + w_2**2 * power_2
                + 2 * w_1 * w_2 * cross_12,
                "E[(x_n − w_1 x_(n−1) − w_2 x_(n−2))²]",
            ),
            Step(_quadratic(), "moments by their lags", _stationary()),
            Step(
                r_0 - w_1 * r_1 - w_2 * r_2 - w_1 * (r_1 - w_1 * r_0 - w_2 * r_1) - w_2 * (r_2 - w_1 * r_1 - w_2 * r_0),
                "in correlations of the error with the samples, in brackets",
            ),
            Step(
                (r_0 * (r_0**2 - 2 * r_1**2 - r_2**2) + 2 * r_1**2 * r_2) / (r_0**2 - r_1**2),
                "at the weights where the slope is zero, at which both brackets vanish",
                (
                    Definition(sp.Eq(w_1, first), "normal equations, first weight"),
                    Definition(sp.Eq(w_2, second), "normal equations, second weight"),
                ),
            ),
        ),
        LAGS,
        "N. Wiener, Extrapolation, Interpolation, and Smoothing of Stationary Time Series, 1949",
    )


def three_tap_predictor() -> Derivation:
    """Least mean square error of three taps for x_n = 0.1 g_n + 0.5 g_(n−1) − 0.5 g_(n−2) + 0.1 g_(n−3), exact."""
    tenth, half = sp.Rational(1, 10), sp.Rational(1, 2)
    values = dict(zip(b, (tenth, half, -half, tenth), strict=True)) | {P_g: sp.Integer(1)}
    correlation = moving_average_correlation()
    lags = [correlation.result.subs(lag, each).subs(values) for each in range(ORDER + 1)]
    matrix = sp.Matrix(3, 3, lambda row, column: lags[abs(row - column)])
    solution = matrix.LUsolve(sp.Matrix(lags[1:]))
    quadratic = (
        r(0)
        - 2 * (w_1 * r(1) + w_2 * r(2) + w_3 * r(3))
        + (w_1**2 + w_2**2 + w_3**2) * r(0)
        + 2 * (w_1 * w_2 + w_2 * w_3) * r(1)
        + 2 * w_1 * w_3 * r(2)
    )
    facts = [Lemma(correlation, {lag: each, **values}) for each in range(ORDER + 1)]
    return Derivation(
        "three_tap_predictor",
        M,
        (
            Step(quadratic, "E[(x_n − Σ w_i x_(n−i))²], moments by their lags"),
            Step(
                quadratic.subs({r(each): value for each, value in enumerate(lags)}),
                "autocorrelation 0.52, −0.25, 0, 0.01",
                tuple(facts),
            ),
            Step(
                lags[0] - (sp.Matrix(lags[1:]).T * solution)[0],
                "at the solution of the normal equations, −0.679161, −0.412655, −0.179161",
                tuple(
                    Definition(sp.Eq(weight, value), "normal equations")
                    for weight, value in zip((w_1, w_2, w_3), solution, strict=True)
                ),
            ),
        ),
        {},
    )


def _error_of(first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """Return E[(d − w_1 x_1 − w_2 x_2)²] by the moments of the desired sample and the two samples."""
    return power_d - 2 * (first * p_1 + second * p_2) + (first**2 + second**2) * r_0 + 2 * first * second * r_1


def _form(a_1: sp.Expr, a_2: sp.Expr, b_1: sp.Expr, b_2: sp.Expr) -> sp.Expr:
    """Return aᵀRb of two taps."""
    return (a_1 * b_1 + a_2 * b_2) * r_0 + (a_1 * b_2 + a_2 * b_1) * r_1


def weight_error_power() -> Derivation:
    """Mean square error that other weights v than the optimal w add, for two taps."""
    return Derivation(
        "weight_error_power",
        excess,
        (
            Step(_error_of(v_1, v_2) - _error_of(w_1, w_2), "E[(d − vᵀx)²] − E[(d − wᵀx)²], p = E[d·x]"),
            Step(
                _form(v_1 - w_1, v_2 - w_2, v_1 - w_1, v_2 - w_2),
                "a quadratic form of v − w",
                (STATIONARY, *_normal_equations()),
            ),
        ),
        {**CORRELATION, **WEIGHTS},
    )


def _normal_equations() -> tuple[Definition, Definition]:
    return (
        Definition(sp.Eq(p_1, w_1 * r_0 + w_2 * r_1), NORMAL),
        Definition(sp.Eq(p_2, w_1 * r_1 + w_2 * r_0), NORMAL),
    )


def uncorrelated_sum_power() -> Derivation:
    """Mean square of the sum of S and one more, uncorrelated term n: with it, by induction, of any sum."""
    return Derivation(
        "uncorrelated_sum_power",
        P_T,
        (
            Step(P_S + 2 * C_n + P_n, "E[(S + n)²]"),
            Step(
                P_S + P_n,
                "the mean of the product is zero",
                (Assumption("errors of different taps are uncorrelated, of zero mean", sp.Eq(C_n, 0)),),
            ),
        ),
        {P_S: Reals(0, 4), P_n: Reals(0, 4)},
    )


def fir_noise() -> Derivation:
    """Noise of a filter of N taps with rounded inputs and weights that fall anywhere in their cells."""
    terms = sp.Sum(term(j), (j, 1, N))
    squares = sp.Sum(w(j) ** 2, (j, 1, N))
    return Derivation(
        "fir_noise",
        noise,
        (
            Step(P_T, "mean square of the sum of N errors of products"),
            Step(
                terms,
                "one product after the other",
                (
                    Lemma(uncorrelated_sum_power(), {P_n: term(N)}),
                    Definition(sp.Eq(P_S, terms - term(N)), "induction: the lemma for the terms before the last"),
                    EXACT_SUM,
                ),
            ),
            Step(
                sp.Sum(w(j) ** 2 * E_x, (j, 1, N)) + sp.Sum(P_x * E_w, (j, 1, N)),
                "the error of a product is w·e + δ·x",
                (
                    Assumption(
                        "errors are uncorrelated with what they multiply; their product is left out",
                        sp.Eq(term(j), w(j) ** 2 * E_x + P_x * E_w),
                    ),
                ),
            ),
            Step(squares * E_x + N * P_x * E_w, "the same for each product"),
            Step(
                (S_ww * x_step**2 + N * P_x * w_step**2) / 12,
                "uniform errors",
                (
                    Definition(sp.Eq(squares, S_ww), "sum over the weights"),
                    Definition(sp.Eq(E_x, V_e * x_step**2), "power of the inputs' error, variance v_e in steps²"),
                    Definition(sp.Eq(E_w, V_e * w_step**2), "power of the weights' error"),
                    ERROR_VARIANCE,
                    NEAREST,
                ),
            ),
        ),
        NOISE,
    )


def predictor_bits() -> Derivation:
    """Real word length, equal for inputs and weights, at which the noise is what a loss of L dB allows."""
    return Derivation(
        "predictor_bits",
        bits_real,
        (
            Step(
                B + sp.log(noise / budget, 2) / 2,
                "each bit leaves a quarter of the noise: from B bits on to where it equals the budget",
            ),
            Step(
                B + sp.log((S_ww * x_step**2 + N * P_x * w_step**2) / (12 * budget), 2) / 2,
                "noise of rounded inputs and weights",
                (Lemma(fir_noise()),),
            ),
            Step(
                1 + sp.log((S_ww * x_m**2 + N * P_x * w_m**2) / (12 * least * (10 ** (loss_db / 10) - 1)), 2) / 2,
                "words over the ranges, and the budget of the loss",
                (
                    Definition(sp.Eq(x_step, x_m * 2 ** (1 - B)), "B bits on [−x_m, x_m)"),
                    Definition(sp.Eq(w_step, w_m * 2 ** (1 - B)), "B bits on [−w_m, w_m)"),
                    Definition(sp.Eq(budget, (10 ** (loss_db / 10) - 1) * least), "L dB of the least error M_min"),
                    Assumption("nothing overloads"),
                ),
            ),
        ),
        {
            S_ww: Reals(0.1, 4),
            N: Integers(1, 64),
            P_x: Reals(0.1, 4),
            x_m: Reals(0.5, 4),
            w_m: Reals(0.5, 4),
            least: Reals(0.1, 1),
            loss_db: Reals(0.01, 3),
            B: Integers(1, 24),
        },
    )


def gaussian_exponential() -> Derivation:
    """Mean of exp(vz) for standard normal z."""
    return Derivation(
        "gaussian_exponential",
        exponential(v),
        (
            Step(sp.Integral(sp.exp(v * z) * NORMAL_DENSITY, (z, -sp.oo, sp.oo)), "over the normal density"),
            Step(sp.exp(v**2 / 2), "Gaussian integral"),
        ),
        {v: Reals(-4, 4)},
    )


def hermite_product_mean() -> Derivation:
    """Mean of the product of the generating functions of the Hermite polynomials of two Gaussians: Mehler's formula."""
    parts = u + v * rho, v * q
    return Derivation(
        "hermite_product_mean",
        product_mean,
        (
            Step(
                sp.exp(-(u**2) / 2 - v**2 / 2) * exponential(parts[0]) * exponential(parts[1]),
                "exp(uz − u²/2) = Σ uᵏHe_k(z)/k!, times the same of v and z' = ρz + q·y, y independent of z; "
                "E_exp(v) = E[exp(vz)]",
            ),
            Step(
                sp.exp(rho * u * v),
                "the coefficient of uᵏvᵐ is that of E[He_k(z)He_m(z')]/(k!·m!): ρᵏ/k! for k = m, else 0",
                (
                    *(Lemma(gaussian_exponential(), {v: part}) for part in parts),
                    Definition(sp.Eq(q, sp.sqrt(1 - rho**2)), "z' has unit power"),
                ),
            ),
        ),
        {rho: Reals(-0.9, 0.9), u: WEIGHT, v: WEIGHT},
        "F. G. Mehler, J. reine angew. Math. 66 (1866) 161",
    )


def hermite_slope() -> Derivation:
    """Slope of He_(k−1)(t) under the normal density: its integral from t on gives E[He_k(z); z > t]."""
    return Derivation(
        "hermite_slope",
        slope,
        (
            Step(sp.Derivative(sp.hermite_prob(k - 1, t) * sp.exp(-(t**2) / 2), t), "Hermite polynomials, k ≥ 2"),
            Step(-sp.hermite_prob(k, t) * sp.exp(-(t**2) / 2), "their slope and their recurrence"),
        ),
        {k: Integers(2, 9), t: Reals(-4, 4)},
    )


def error_covariance(word_bits: int = 2, terms: int = 4) -> Derivation:
    """Mean product of the errors of two Gaussians of unit power in words of 2 bits, by 4 terms of Mehler's series."""
    lowest = -(2 ** (word_bits - 1))
    thresholds = [(code + sp.Rational(1, 2)) * step for code in range(lowest, -lowest - 1)]
    mean = step * (lowest + sum(sp.erfc(place / sp.sqrt(2)) / 2 for place in thresholds))
    tails = sum(sp.hermite_prob(k - 1, place) * NORMAL_DENSITY.subs(z, place) for place in thresholds)
    coefficient = (step * tails - sp.KroneckerDelta(k, 1)) / sp.sqrt(sp.factorial(k))
    because = "a code is its least value and a step for each threshold below x; the error is it less x"
    return Derivation(
        "error_covariance",
        covariance,
        (
            Step(
                c(0) ** 2 + sp.Sum(c(k) ** 2 * overlap(k), (k, 1, terms)),
                "both errors by their Hermite series, so many terms beyond the mean; E_hh(k) = E[He_k(z)He_k(z')]/k!; "
                "products of different orders have zero mean",
            ),
            Step(
                mean**2 + sp.Sum(coefficient**2 * rho**k, (k, 1, terms)),
                "coefficients of the quantiser: E[He_k(z); z > t] = He_(k−1)(t)·φ(t), hermite_slope integrated",
                (
                    Assumption("the two inputs are jointly Gaussian, of zero mean and unit power"),
                    Definition(sp.Eq(overlap(k), rho**k), "Mehler: hermite_product_mean"),
                    Definition(sp.Eq(c(0), mean), because),
                    Definition(sp.Eq(c(k), coefficient), because),
                ),
            ),
        ),
        {rho: Reals(-0.9, 0.9), step: Reals(0.25, 2)},
        "F. G. Mehler, J. reine angew. Math. 66 (1866) 161",
    )


def bussgang() -> Derivation:
    """Mean product of a Gaussian x' and a function e of another one, of correlation coefficient ρ and equal power."""
    return Derivation(
        "bussgang",
        C_other,
        (
            Step(rho * C + q * C_apart, "E[x'e(x)] of x' = ρx + q·y, y independent of x; C_ye = E[y·e(x)]"),
            Step(
                rho * C,
                "the mean of a product of independent factors, one of zero mean",
                (Assumption("the samples are jointly Gaussian, of zero mean", sp.Eq(C_apart, 0)),),
            ),
        ),
        {rho: Reals(-1, 1), C: Reals(-0.4, 0)},
        "J. J. Bussgang, MIT RLE Technical Report 216, 1952",
    )


def predictor_loss() -> Derivation:
    """Mean square error of two weights v on quantised samples; E_0 = E[e²], E_1 = E[e_1 e_2], C = E[x·e]."""
    crosses = (((1, 1), r_0), ((2, 2), r_0), ((1, 2), r_1), ((2, 1), r_1), ((0, 1), p_1), ((0, 2), p_2))
    lemmas = tuple(
        Lemma(bussgang(), {C_other: cross[places], rho: value / r_0}) for places, value in crosses if value != r_0
    )
    own = tuple(Definition(sp.Eq(cross[places], C), "every sample has this law") for places in ((1, 1), (2, 2)))
    errors = -2 * (v_1 * cross[0, 1] + v_2 * cross[0, 2]) + 2 * (
        v_1**2 * cross[1, 1] + v_2**2 * cross[2, 2] + v_1 * v_2 * (cross[1, 2] + cross[2, 1])
    )
    powers = (v_1**2 + v_2**2) * E_0 + 2 * v_1 * v_2 * E_1
    bent = errors.subs({cross[places]: value / r_0 * C for places, value in crosses})
    delta = v_1 - w_1, v_2 - w_2
    return Derivation(
        "predictor_loss",
        total,
        (
            Step(_error_of(v_1, v_2) + errors + powers, "E[(d − v_1(x_1 + e_1) − v_2(x_2 + e_2))²], multiplied out"),
            Step(_error_of(v_1, v_2) + bent + powers, "mean products of samples and errors", (*own, *lemmas)),
            Step(
                least + _form(*delta, *delta) + 2 * C / r_0 * _form(*delta, v_1, v_2) + powers,
                "in the least error and the change of the weights",
                (
                    Definition(sp.Eq(power_d, least + w_1 * p_1 + w_2 * p_2), "least error M_min, of weights w"),
                    *_normal_equations(),
                    STATIONARY,
                    EXACT_SUM,
                ),
            ),
        ),
        {
            **CORRELATION,
            **WEIGHTS,
            least: Reals(0.1, 1),
            C: Reals(-0.4, 0),
            E_0: Reals(0.1, 0.4),
            E_1: Reals(-0.1, 0.1),
        },
    )


def filter_output_error() -> Derivation:
    """Mean square of what FLOOR drops from two products, k_1 and k_2 bits that can be other than zero, in steps²."""
    facts = [
        fact
        for mean, variance, bits in ((m_1, V_1, k_1), (m_2, V_2, k_2))
        for fact in (
            Lemma(rounding_error_directed_mean(), {dropped_mean: mean, dropped: bits, direction: -1}),
            Lemma(rounding_error_directed(), {dropped_variance: variance, dropped: bits, direction: -1}),
        )
    ]
    return Derivation(
        "filter_output_error",
        total,
        (
            Step(n_1 + n_2 + 2 * n_12, "E[(e_1 + e_2)²], in steps of what is kept"),
            Step(
                V_1 + V_2 + (m_1 + m_2) ** 2,
                "variances add, and so do means",
                (
                    Assumption("the errors of different products are independent", sp.Eq(n_12, m_1 * m_2)),
                    Definition(sp.Eq(n_1, V_1 + m_1**2), "mean square of the first"),
                    Definition(sp.Eq(n_2, V_2 + m_2**2), "and of the second"),
                ),
            ),
            Step(
                (2 - sp.S(4) ** -k_1 - sp.S(4) ** -k_2) / 12 + (2 - sp.S(2) ** -k_1 - sp.S(2) ** -k_2) ** 2 / 4,
                "moments of FLOOR",
                tuple(facts),
            ),
        ),
        {k_1: Integers(1, 12), k_2: Integers(1, 12)},
    )


def predictor_cost() -> Derivation:
    """Full adders of a predictor of three taps with inputs and weights of B bits."""
    cost = cost_printed_ceil()
    return Derivation(
        "predictor_cost",
        F_predictor,
        (
            Step(cost.quantity, "three multipliers and two adders, with half adders at the lowest place"),
            Step(3 * B**2 + 2 * (2 * B + 1), "of equal words", (Lemma(cost, {D: 3, B_A: B, B_W: B}),)),
        ),
        {B: Integers(1, 16)},
    )
