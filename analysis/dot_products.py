"""Why quantised operands cost a dot product what they cost: closed forms, exact moments, and FLOOR's bias."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Step
from analysis.domain import Choice, Integers, Reals
from analysis.sqnr import (
    ERROR_VARIANCE,
    NEAREST,
    NO_OVERLOAD,
    OPERANDS,
    P_S,
    ZERO_MEAN_WEIGHTS,
    N,
    P_w,
    P_x,
    P_y,
    V_e,
    decibels,
    dot_power_lemma,
    independent_sum_power,
    j,
    linear,
    mean_1,
    mean_2,
    mu_w,
    mu_x,
    sqnr_db,
    w_m,
    w_par_db,
    x_m,
    x_par_db,
)

__all__ = [
    "product_error_mean",
    "product_error_power",
    "sqnr_dot_inputs",
    "cross_term",
    "independent_sum_variance",
    "floor_bias_power",
    "sqnr_dot_quantized",
    "sqnr_dot_fixed",
]

B_x, B_w = sp.symbols("B_x B_w", integer=True, positive=True)
signed = sp.Symbol("s", integer=True, nonnegative=True)
E_x, E_w, P_d, P_D, x_step, w_step = sp.symbols("E_x E_w P_d P_D Delta_x Delta_w", positive=True)
C_x, C_w, e_x, e_w, m_d, sum_mean = sp.symbols("C_x C_w e_x e_w m_d m_D", real=True)
atom = sp.Symbol("p_0", nonnegative=True)
gain_db = sp.Symbol("G_dB", real=True)
V_S, V_D, q = sp.symbols("v_S v_D q", nonnegative=True)
P_n, C_n = sp.symbols("P_n C_Sn", real=True)
before_mean, m_n, V_n = sp.symbols("m_S m_n v_n", real=True)
S_w, S_ww, S_v, S_d, S_vv, S_vd, S_dd = sp.symbols("S_w S_ww S_v S_d S_vv S_vd S_dd", real=True)
w, v, delta = sp.Function("w"), sp.Function("v"), sp.Function("delta")
mean_of, variance_of = sp.Function("m"), sp.Function("V")
b = sp.Symbol("b", integer=True, nonnegative=True)
f = sp.Symbol("f", nonnegative=True)
loss, b_1, b_2 = sp.symbols("l b_1 b_2", positive=True)

coded_mean, coded_power, coded_cross, exact_power = sp.symbols("m_c P_c C_c P_p", real=True)
MOMENTS = {
    P_w: Reals(0.1, 4),
    P_x: Reals(0.1, 4),
    mu_w: Reals(-0.3, 0.3),
    mu_x: Reals(-0.3, 0.3),
    E_w: Reals(0.01, 1),
    E_x: Reals(0.01, 1),
    C_w: Reals(-0.1, 0.1),
    C_x: Reals(-0.1, 0.1),
    e_w: Reals(-0.1, 0.1),
    e_x: Reals(-0.1, 0.1),
}
ERRORS = {key: MOMENTS[key] for key in (P_w, P_x, E_w, E_x, C_w, C_x)}
MEANS = {key: MOMENTS[key] for key in (mu_w, mu_x, e_w, e_x)}
INDEPENDENT_CODES = "the operands of a product, and so their codes, are independent"
UNCORRELATED = tuple(
    Assumption(f"the error of the {name} is uncorrelated with them", sp.Eq(cross, 0))
    for name, cross in (("weights", C_w), ("inputs", C_x))
)
INPUT_ERROR = Definition(
    sp.Eq(E_x, (1 - atom) * V_e * x_step**2), "power of the inputs' error, variance v_e in steps², none for x = 0"
)
WEIGHT_ERROR = Definition(sp.Eq(E_w, V_e * w_step**2), "power of the weights' error, variance v_e in steps²")


def product_error_mean() -> Derivation:
    """Mean of the error of one product, by the means of the operands (mu) and of their errors (e)."""
    return Derivation(
        "product_error_mean",
        m_d,
        (
            Step(coded_mean - mu_w * mu_x, "mean of the product of codes, less that of the product"),
            Step(
                (mu_w + e_w) * (mu_x + e_x) - mu_w * mu_x,
                "codes are values plus errors",
                (Assumption(INDEPENDENT_CODES, sp.Eq(coded_mean, (mu_w + e_w) * (mu_x + e_x))),),
            ),
            Step(mu_w * e_x + mu_x * e_w + e_w * e_x, "expanded: no difference of large numbers is left"),
        ),
        MEANS,
    )


def product_error_power() -> Derivation:
    """Mean square of the error of one product; P, E and C: powers of operands and errors, and E[operand·error]."""
    return Derivation(
        "product_error_power",
        P_d,
        (
            Step(
                coded_power - 2 * coded_cross + exact_power,
                "square of the difference of ŵx̂ and wx, mean of each product",
            ),
            Step(
                (P_w + 2 * C_w + E_w) * (P_x + 2 * C_x + E_x) - 2 * (P_w + C_w) * (P_x + C_x) + P_w * P_x,
                "codes are values plus errors",
                (
                    Assumption(INDEPENDENT_CODES, sp.Eq(coded_power, (P_w + 2 * C_w + E_w) * (P_x + 2 * C_x + E_x))),
                    Definition(sp.Eq(coded_cross, (P_w + C_w) * (P_x + C_x)), "likewise"),
                    Definition(sp.Eq(exact_power, P_w * P_x), "likewise"),
                ),
            ),
            Step(
                P_w * E_x + P_x * E_w + E_w * E_x + 2 * (C_w * C_x + C_w * E_x + C_x * E_w),
                "expanded: no difference of large numbers is left",
            ),
        ),
        ERRORS,
    )


def sqnr_dot_inputs() -> Derivation:
    """SQNR of a dot product of quantised operands of full range; s = 1 for signed inputs, 0 for unsigned ones."""
    x_noise = (1 - atom) * linear(x_par_db) ** 2 * 4 ** (signed - B_x) / 12
    w_noise = linear(w_par_db) ** 2 * sp.S(4) ** -B_w / 3
    zero_mean = Assumption("the error of a product has zero mean, as errors of rounding to nearest", sp.Eq(m_d, 0))
    return Derivation(
        "sqnr_dot_inputs",
        sqnr_db,
        (
            Step(decibels(P_y / P_D), "definition: the sum of the products of codes is exact"),
            Step(
                decibels(N * P_w * P_x / P_D), "power of the sum", (*dot_power_lemma(P_y), OPERANDS, ZERO_MEAN_WEIGHTS)
            ),
            Step(
                decibels(P_w * P_x / (P_w * E_x + P_x * E_w + E_w * E_x)),
                "power of the error, a sum of as many terms: the length cancels",
                (
                    Lemma(independent_sum_power(), {P_S: P_D, mean_1: m_d, mean_2: P_d}),
                    zero_mean,
                    Lemma(product_error_power()),
                    *UNCORRELATED,
                ),
            ),
            Step(-decibels(E_x / P_x + E_w / P_w + E_x * E_w / (P_x * P_w)), "noises relative to their operands"),
            Step(
                -decibels(
                    (1 - atom) * x_step**2 / (12 * P_x)
                    + w_step**2 / (12 * P_w)
                    + (1 - atom) * x_step**2 * w_step**2 / (144 * P_x * P_w)
                ),
                "uniform errors; a zero has none",
                (INPUT_ERROR, WEIGHT_ERROR, ERROR_VARIANCE, NEAREST),
            ),
            Step(
                -decibels(x_noise + w_noise + x_noise * w_noise),
                "words of full range, in peak-to-rms ratios",
                (
                    Definition(sp.Eq(x_step, x_m * 2 ** (signed - B_x)), "B_x bits on [0, x_m), or [−x_m, x_m)"),
                    Definition(sp.Eq(w_step, w_m * 2 ** (1 - B_w)), "B_w bits on [−w_m, w_m)"),
                    NO_OVERLOAD,
                    Definition(sp.Eq(P_x, (x_m / linear(x_par_db)) ** 2), "peak to rms of the inputs"),
                    Definition(sp.Eq(P_w, (w_m / linear(w_par_db)) ** 2), "peak to rms of the weights"),
                ),
            ),
        ),
        {
            B_x: Integers(1, 24),
            B_w: Integers(1, 24),
            signed: Choice(0, 1),
            atom: Reals(0, 0.9),
            x_par_db: Reals(0, 30),
            w_par_db: Reals(0, 30),
        },
    )


def cross_term() -> Derivation:
    """Noise with the product of both errors over noise without it, in dB."""
    x_noise, w_noise = x_step**2 / (12 * P_x), w_step**2 / (12 * P_w)
    return Derivation(
        "cross_term",
        gain_db,
        (
            Step(decibels(P_d / (P_w * E_x + P_x * E_w)), "noise of a product over what each error alone makes"),
            Step(
                decibels(1 + E_w * E_x / (P_w * E_x + P_x * E_w)),
                "errors that are uncorrelated with their operands",
                (Lemma(product_error_power()), *UNCORRELATED),
            ),
            Step(
                decibels(1 + x_noise * w_noise / (x_noise + w_noise)),
                "uniform errors",
                (INPUT_ERROR, Definition(sp.Eq(atom, 0), "no zeros"), WEIGHT_ERROR, ERROR_VARIANCE, NEAREST),
            ),
        ),
        {key: Reals(0.1, 2) for key in (x_step, w_step, P_x, P_w)},
    )


def independent_sum_variance() -> Derivation:
    """Variance of the sum of S and one more independent term n: with it, by induction, of any sum."""
    return Derivation(
        "independent_sum_variance",
        V_D,
        (
            Step(P_S + 2 * C_n + P_n - (before_mean + m_n) ** 2, "mean square less squared mean"),
            Step(
                P_S - before_mean**2 + P_n - m_n**2,
                "the mean of the product of independent terms",
                (Assumption("the term is independent of those before", sp.Eq(C_n, before_mean * m_n)),),
            ),
            Step(
                V_S + V_n,
                "variances",
                (
                    Definition(sp.Eq(P_S, V_S + before_mean**2), "mean square of S"),
                    Definition(sp.Eq(P_n, V_n + m_n**2), "mean square of the term"),
                ),
            ),
        ),
        {V_S: Reals(0, 4), V_n: Reals(0, 4)},
    )


def _sum(term: sp.Expr) -> sp.Expr:
    return sp.Sum(term, (j, 1, N))


def _sums(*pairs: tuple[sp.Expr, sp.Expr]) -> tuple[Definition, ...]:
    return tuple(Definition(sp.Eq(_sum(term), symbol), "sum over the weights") for symbol, term in pairs)


def _variance_by_induction() -> tuple[Lemma, Definition]:
    return (
        Lemma(independent_sum_variance(), {V_n: variance_of(N)}),
        Definition(
            sp.Eq(V_S, _sum(variance_of(j)) - variance_of(N)), "induction: the lemma for the terms before the last"
        ),
    )


def floor_bias_power() -> Derivation:
    """Noise that the mean error of FLOOR adds to a dot product of given weights; q = P(x is not zero)."""
    share = q**b * (1 - q) ** (1 - b)
    return Derivation(
        "floor_bias_power",
        P_D,
        (
            Step(V_D + sum_mean**2, "variance and squared mean of the sum of the losses"),
            Step(
                _sum(variance_of(j)) + _sum(mean_of(j)) ** 2,
                "one input after the other",
                (*_variance_by_induction(), Definition(sp.Eq(sum_mean, _sum(mean_of(j))), "means add")),
            ),
            Step(
                loss**2 * (b_2 - b_1**2) * _sum(w(j) ** 2) + loss**2 * b_1**2 * _sum(w(j)) ** 2,
                "an input loses l on average, times its weight, where it is not zero (b = 1), and else nothing (b = 0)",
                (
                    Definition(sp.Eq(variance_of(j), w(j) ** 2 * loss**2 * (b_2 - b_1**2)), "variance over b"),
                    Definition(sp.Eq(mean_of(j), w(j) * loss * b_1), "mean over b"),
                    Assumption("the inputs are independent"),
                ),
            ),
            Step(
                x_step**2 / 4 * ((b_2 - b_1**2) * S_ww + b_1**2 * S_w**2),
                "FLOOR drops the fraction f of a step",
                (
                    Assumption(
                        "the fraction of an input that is not zero is uniform over a step",
                        sp.Eq(loss, x_step * sp.Integral(f, (f, 0, 1))),
                    ),
                    *_sums((S_w, w(j)), (S_ww, w(j) ** 2)),
                ),
            ),
            Step(
                x_step**2 / 4 * (q**2 * S_w**2 + q * (1 - q) * S_ww),
                "b is 1 with probability q",
                (
                    Definition(sp.Eq(b_1, sp.Sum(b * share, (b, 0, 1))), "mean of b"),
                    Definition(sp.Eq(b_2, sp.Sum(b**2 * share, (b, 0, 1))), "mean square of b"),
                ),
            ),
        ),
        {x_step: Reals(0.01, 1), q: Reals(0, 1), S_w: Reals(-4, 4), S_ww: Reals(0, 4)},
    )


def sqnr_dot_quantized() -> Derivation:
    """SQNR of a dot product of quantised random operands, by the moments of operands and errors."""
    return Derivation(
        "sqnr_dot_quantized",
        sqnr_db,
        (
            Step(decibels(P_y / P_D), "definition: the sum of the products of codes is exact"),
            Step(
                decibels((N * P_w * P_x + N * (N - 1) * (mu_w * mu_x) ** 2) / P_D),
                "power of the sum",
                (*dot_power_lemma(P_y), OPERANDS),
            ),
            Step(
                decibels((N * P_w * P_x + N * (N - 1) * (mu_w * mu_x) ** 2) / (N * P_d + N * (N - 1) * m_d**2)),
                "power of its error, a sum of independent errors d",
                (Lemma(independent_sum_power(), {P_S: P_D, mean_1: m_d, mean_2: P_d}),),
            ),
            Step(
                decibels(
                    (P_w * P_x + (N - 1) * (mu_w * mu_x) ** 2)
                    / (
                        P_w * E_x
                        + P_x * E_w
                        + E_w * E_x
                        + 2 * (C_w * C_x + C_w * E_x + C_x * E_w)
                        + (N - 1) * (mu_w * e_x + mu_x * e_w + e_w * e_x) ** 2
                    )
                ),
                "moments of the error of a product",
                (Lemma(product_error_power()), Lemma(product_error_mean())),
            ),
        ),
        {N: Integers(1, 256), **MOMENTS},
    )


def sqnr_dot_fixed() -> Derivation:
    """SQNR of a dot product of given weights w, rounded to v = w + δ; S_vd is the sum of v·δ, and so on."""
    variances = {"vv": E_x - e_x**2, "vd": C_x - e_x * mu_x, "dd": P_x - mu_x**2}
    terms = {"vv": v(j) ** 2, "vd": 2 * v(j) * delta(j), "dd": delta(j) ** 2}
    power = (P_x - mu_x**2) * S_ww + mu_x**2 * S_w**2
    return Derivation(
        "sqnr_dot_fixed",
        sqnr_db,
        (
            Step(decibels(P_y / P_D), "definition: the sum of the products of codes is exact"),
            Step(
                decibels(power / P_D),
                "variance and squared mean of the sum",
                (Definition(sp.Eq(P_y, power), "found as those of the error, with w·x for its terms"),),
            ),
            Step(
                decibels(power / (_sum(variance_of(j)) + _sum(mean_of(j)) ** 2)),
                "one product after the other",
                (
                    Definition(sp.Eq(P_D, V_D + sum_mean**2), "variance and squared mean of the error"),
                    *_variance_by_induction(),
                    Definition(sp.Eq(sum_mean, _sum(mean_of(j))), "means add"),
                    Assumption("the inputs are independent and of one law"),
                ),
            ),
            Step(
                decibels(
                    power
                    / (
                        sum(variances[key] * _sum(terms[key]) for key in variances)
                        + (e_x * _sum(v(j)) + mu_x * _sum(delta(j))) ** 2
                    )
                ),
                "the error of a product is v·e + δ·x",
                (
                    Definition(sp.Eq(mean_of(j), v(j) * e_x + delta(j) * mu_x), "its mean"),
                    Definition(
                        sp.Eq(variance_of(j), sum(variances[key] * terms[key] for key in variances)), "its variance"
                    ),
                ),
            ),
            Step(
                decibels(
                    power
                    / (
                        variances["vv"] * S_vv
                        + 2 * variances["vd"] * S_vd
                        + variances["dd"] * S_dd
                        + (e_x * S_v + mu_x * S_d) ** 2
                    )
                ),
                "sums over the weights",
                _sums((S_v, v(j)), (S_d, delta(j)), (S_vv, v(j) ** 2), (2 * S_vd, terms["vd"]), (S_dd, delta(j) ** 2)),
            ),
        ),
        {
            **{key: MOMENTS[key] for key in (P_x, mu_x, E_x, C_x, e_x)},
            **{key: Reals(0.5, 2) for key in (S_ww, S_vv, S_dd)},
            **{key: Reals(-0.1, 0.1) for key in (S_w, S_v, S_d, S_vd)},
        },
    )
