"""Why the 6-dB rules hold: a word, a dot product of full range, and how ratios of uncorrelated errors compose."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Step
from analysis.domain import Choice, Integers, Reals
from analysis.roundoff import rounding_error_continuous

__all__ = ["independent_sum_power", "sqnr_rule", "sqnr_dot", "total_snr"]

N, B = sp.symbols("N B", integer=True, positive=True)
i, j = sp.symbols("i j", integer=True)
unsigned = sp.Symbol("u", integer=True, nonnegative=True)
mean_1, mean_2 = sp.symbols("m_1 m_2", real=True)
P_S, P_x, P_w, P_y, P_e, V_e = sp.symbols("P_S P_x P_w P_y P_e v_e", positive=True)
step, x_m, w_m, y_m = sp.symbols("Delta x_m w_m y_m", positive=True)
mu_x, mu_w = sp.symbols("mu_x mu_w", real=True)
par_db, x_par_db, w_par_db = sp.symbols("zeta_dB zeta_x_dB zeta_w_dB", nonnegative=True)
sqnr_db, snr_db = sp.symbols("SQNR_dB SNR_dB", real=True)
square, pair = sp.Function("Q"), sp.Function("C")

ERROR_VARIANCE = Lemma(rounding_error_continuous(), {rounding_error_continuous().quantity: V_e})
NEAREST = Assumption("rounding to nearest: the error has zero mean, and its power is its variance")
NO_OVERLOAD = Assumption("nothing overloads: the range ends at the peak")
POWER_OF_ERROR = Definition(sp.Eq(P_e, V_e * step**2), "power of an error of variance v_e in steps²")
INDEPENDENT = Assumption("the terms are independent and of one law", sp.Eq(pair(i, j), mean_1**2))
ZERO_MEAN_WEIGHTS = Assumption("the weights have zero mean", sp.Eq(mu_w, 0))
OPERANDS = Assumption("weights and inputs are independent of each other")


def decibels(ratio: sp.Expr) -> sp.Expr:
    """Return a ratio of powers in dB."""
    return 10 * sp.log(ratio) / sp.log(10)


def linear(db: sp.Expr) -> sp.Expr:
    """Return the ratio of amplitudes of a ratio in dB."""
    return 10 ** (db / 20)


def independent_sum_power() -> Derivation:
    """Mean square of a sum of N independent terms of one law."""
    return Derivation(
        "independent_sum_power",
        P_S,
        (
            Step(
                sp.Sum(square(i), (i, 1, N)) + 2 * sp.Sum(sp.Sum(pair(i, j), (j, i + 1, N)), (i, 1, N - 1)),
                "square of a sum: Q(i) is the mean square of term i, C(i, j) the mean of the product of terms i < j",
            ),
            Step(
                sp.Sum(mean_2, (i, 1, N)) + 2 * sp.Sum(sp.Sum(mean_1**2, (j, i + 1, N)), (i, 1, N - 1)),
                "one law; the mean of a product of independent terms is that of their means",
                (Definition(sp.Eq(square(i), mean_2), "mean square of a term"), INDEPENDENT),
            ),
            Step(N * mean_2 + N * (N - 1) * mean_1**2, "number of terms and of pairs"),
        ),
        {N: Integers(1, 4096), mean_1: Reals(-2, 2), mean_2: Reals(0, 8)},
    )


def sqnr_rule() -> Derivation:
    """SQNR of a word whose range ends at the signal's peak; u = 0 signed, u = 1 unsigned."""
    return Derivation(
        "sqnr_rule",
        sqnr_db,
        (
            Step(decibels(P_x / P_e), "definition"),
            Step(decibels(12 * P_x / step**2), "uniform error", (POWER_OF_ERROR, ERROR_VARIANCE, NEAREST)),
            Step(
                decibels(3 * 4 ** (B + unsigned) * P_x / x_m**2),
                "the word spans the signal: [−x_m, x_m), or [0, x_m) when unsigned",
                (Definition(sp.Eq(step, x_m * 2 ** (1 - B - unsigned)), "B bits on the range"), NO_OVERLOAD),
            ),
            Step(
                20 * sp.log(2) / sp.log(10) * (B + unsigned) + 10 * sp.log(3) / sp.log(10) - par_db,
                "in dB",
                (Definition(sp.Eq(P_x, (x_m / linear(par_db)) ** 2), "peak to rms"),),
            ),
        ),
        {B: Integers(1, 32), unsigned: Choice(0, 1), par_db: Reals(0, 40)},
    )


def dot_power_lemma(power: sp.Symbol) -> tuple[Lemma, Definition, Definition]:
    """Return the facts that give the power of a dot product of independent operands."""
    return (
        Lemma(independent_sum_power(), {P_S: power}),
        Definition(sp.Eq(mean_2, P_w * P_x), "mean square of a product of independent operands"),
        Definition(sp.Eq(mean_1, mu_w * mu_x), "its mean"),
    )


def sqnr_dot() -> Derivation:
    """SQNR of a dot product whose output is rounded to its full range."""
    return Derivation(
        "sqnr_dot",
        sqnr_db,
        (
            Step(decibels(P_y / P_e), "definition"),
            Step(
                decibels(N * P_w * P_x / P_e),
                "power of the sum",
                (*dot_power_lemma(P_y), OPERANDS, ZERO_MEAN_WEIGHTS),
            ),
            Step(
                decibels(12 * N * P_w * P_x / step**2),
                "uniform error of the output alone",
                (POWER_OF_ERROR, ERROR_VARIANCE, NEAREST),
            ),
            Step(
                decibels(3 * 4**B * P_w * P_x / (N * x_m**2 * w_m**2)),
                "the output's word spans every sum",
                (
                    Definition(sp.Eq(step, y_m * 2 ** (1 - B)), "signed word of B bits on [−y_m, y_m)"),
                    Definition(sp.Eq(y_m, N * x_m * w_m), "the largest sum"),
                    NO_OVERLOAD,
                ),
            ),
            Step(
                20 * sp.log(2) / sp.log(10) * B
                + 10 * sp.log(3) / sp.log(10)
                - x_par_db
                - w_par_db
                - 10 * sp.log(N) / sp.log(10),
                "in dB",
                (
                    Definition(sp.Eq(P_x, (x_m / linear(x_par_db)) ** 2), "peak to rms of the inputs"),
                    Definition(sp.Eq(P_w, (w_m / linear(w_par_db)) ** 2), "peak to rms of the weights"),
                ),
            ),
        ),
        {B: Integers(2, 32), N: Integers(1, 4096), x_par_db: Reals(0, 30), w_par_db: Reals(0, 30)},
    )


def total_snr() -> Derivation:
    """SNR of a signal with three errors: of the data (a), of the quantised operands (i), of the output (q)."""
    powers = sp.symbols("P_a P_i P_q", positive=True)
    ratios = sp.symbols("SNR_a_dB SQNR_i_dB SQNR_q_dB", real=True)
    crossed = sp.symbols("C_ai C_aq C_iq", real=True)
    uncorrelated = tuple(
        Assumption(f"the error of the {one} and that of the {other} are uncorrelated", sp.Eq(cross, 0))
        for cross, (one, other) in zip(
            crossed, (("data", "operands"), ("data", "output"), ("operands", "output")), strict=True
        )
    )
    given = tuple(
        Definition(sp.Eq(power, P_y * 10 ** (-ratio / 10)), "an error of this ratio")
        for power, ratio in zip(powers, ratios, strict=True)
    )
    return Derivation(
        "total_snr",
        snr_db,
        (
            Step(decibels(P_y / (sum(powers) + 2 * sum(crossed))), "power of a sum of errors"),
            Step(decibels(P_y / sum(powers)), "no correlation", uncorrelated),
            Step(-decibels(sum(10 ** (-ratio / 10) for ratio in ratios)), "inverse ratios add", given),
        ),
        {ratio: Reals(0, 100) for ratio in ratios},
    )
