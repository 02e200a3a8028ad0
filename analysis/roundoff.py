"""Why rounding errors have the mean and the variance they have, mode by mode."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Step
from analysis.domain import Choice, Domain, Integers

__all__ = [
    "rounding_error_directed_mean",
    "rounding_error_directed",
    "rounding_error_half_up_mean",
    "rounding_error_half_up",
    "rounding_error_nearest_mean",
    "rounding_error_nearest",
    "rounding_error_toward_zero_mean",
    "rounding_error_toward_zero",
    "rounding_error_stochastic_mean",
    "rounding_error_stochastic",
    "rounding_error_continuous_mean",
    "rounding_error_continuous",
    "rounding_error_toward_zero_continuous",
    "rounding_error_stochastic_continuous",
]

HALF = sp.Rational(1, 2)
TWELFTH = sp.Rational(1, 12)

k = sp.Symbol("k", integer=True, positive=True)
j = sp.Symbol("j", integer=True)
s = sp.Symbol("s", integer=True, nonzero=True)
x, c = sp.symbols("x c", real=True)
mean = sp.Symbol("m_e", real=True)
variance = sp.Symbol("v_e", positive=True)
density = sp.Symbol("w", positive=True)
p_up = sp.Symbol("p_up", positive=True)
P, up = sp.Function("P"), sp.Function("p_up")

PART = j / 2**k
PATTERNS = (j, 0, 2**k - 1)
SIGNED_PATTERNS = (j, 1 - 2 ** (k - 1), 2 ** (k - 1))
BETWEEN_TIES = (j, 1 - 2 ** (k - 1), 2 ** (k - 1) - 1)
BITS: dict[sp.Symbol, Domain] = {k: Integers(1, 12)}
SIGNED_BITS: dict[sp.Symbol, Domain] = {**BITS, s: Choice(-1, 1)}
CENTRES = {c: Choice(-HALF, 0, HALF)}

SIGN = Definition(sp.Eq(s**2, 1), "s is a sign")
BY_FRACTION = Definition(sp.Eq(up(j), PART), "STOCHASTIC rounds up with the probability of the fraction")
EQUAL_PATTERNS = Assumption("the k dropped bits take all their patterns equally often", sp.Eq(P(j), 2**-k))
UNIFORM_FRACTION = Assumption("the fraction of the input is uniform over a step", sp.Eq(density, 1))
FAIR_TIES = Assumption(
    "ties go up and down equally often: the last kept bit (HALF_EVEN, HALF_ODD) or the sign (HALF_AWAY, "
    "HALF_TOWARD_ZERO) is as often one as the other",
    sp.Eq(p_up, HALF),
)
SYMMETRIC_DATA = Assumption(
    "data symmetric about zero: at every fraction the input is as often negative, where the error is upwards, as "
    "positive",
    sp.Eq(p_up, HALF),
)


def rounding_error_directed_mean() -> Derivation:
    """Mean of the error of FLOOR (s = −1) and CEIL (s = 1)."""
    return Derivation(
        "rounding_error_directed_mean",
        mean,
        (
            Step(sp.Sum(s * PART * P(j), PATTERNS), "FLOOR drops j·2⁻ᵏ, CEIL adds as much: the mean over j"),
            Step(s * sp.Sum(PART / 2**k, PATTERNS), "equally likely patterns", (EQUAL_PATTERNS,)),
            Step(s * (1 - sp.S(2) ** -k) / 2, "arithmetic series"),
        ),
        SIGNED_BITS,
    )


def rounding_error_directed() -> Derivation:
    """Variance of the error of FLOOR and CEIL."""
    return Derivation(
        "rounding_error_directed",
        variance,
        (
            Step(sp.Sum((s * PART) ** 2 * P(j), PATTERNS) - mean**2, "mean square less squared mean"),
            Step(
                s**2 * sp.Sum(PART**2 / 2**k, PATTERNS) - s**2 * (1 - sp.S(2) ** -k) ** 2 / 4,
                "equally likely patterns, and the mean",
                (EQUAL_PATTERNS, Lemma(rounding_error_directed_mean())),
            ),
            Step((1 - sp.S(4) ** -k) / 12, "sum of squares; s is a sign", (SIGN,)),
        ),
        SIGNED_BITS,
    )


def rounding_error_half_up_mean() -> Derivation:
    """Mean of the error of HALF_UP (s = 1) and HALF_DOWN (s = −1)."""
    return Derivation(
        "rounding_error_half_up_mean",
        mean,
        (
            Step(
                sp.Sum(s * PART * P(j), SIGNED_PATTERNS),
                "the error is s·j·2⁻ᵏ with |j·2⁻ᵏ| < ½, or +½ in the direction of the ties",
            ),
            Step(s * sp.Sum(PART / 2**k, SIGNED_PATTERNS), "equally likely patterns", (EQUAL_PATTERNS,)),
            Step(s * sp.S(2) ** -k / 2, "all but the tie cancel"),
        ),
        SIGNED_BITS,
    )


def rounding_error_half_up() -> Derivation:
    """Variance of the error of HALF_UP and HALF_DOWN."""
    return Derivation(
        "rounding_error_half_up",
        variance,
        (
            Step(sp.Sum((s * PART) ** 2 * P(j), SIGNED_PATTERNS) - mean**2, "mean square less squared mean"),
            Step(
                s**2 * sp.Sum(PART**2 / 2**k, SIGNED_PATTERNS) - s**2 * sp.S(4) ** -k / 4,
                "equally likely patterns, and the mean",
                (EQUAL_PATTERNS, Lemma(rounding_error_half_up_mean())),
            ),
            Step((1 - sp.S(4) ** -k) / 12, "sum of squares; s is a sign", (SIGN,)),
        ),
        SIGNED_BITS,
    )


def rounding_error_nearest_mean() -> Derivation:
    """Mean of the error of HALF_EVEN, HALF_ODD, HALF_AWAY and HALF_TOWARD_ZERO."""
    ties = p_up * HALF + (1 - p_up) * -HALF
    return Derivation(
        "rounding_error_nearest_mean",
        mean,
        (
            Step(
                sp.Sum(-PART * P(j), BETWEEN_TIES) + ties / 2**k,
                "the error is −j·2⁻ᵏ between the ties; one pattern is the tie, with error ±½",
            ),
            Step(sp.Sum(-PART / 2**k, BETWEEN_TIES), "the errors of the ties cancel", (EQUAL_PATTERNS, FAIR_TIES)),
            Step(sp.S.Zero, "odd terms"),
        ),
        BITS,
    )


def rounding_error_nearest() -> Derivation:
    """Variance of the error of HALF_EVEN, HALF_ODD, HALF_AWAY and HALF_TOWARD_ZERO."""
    ties = p_up * HALF**2 + (1 - p_up) * HALF**2
    return Derivation(
        "rounding_error_nearest",
        variance,
        (
            Step(
                sp.Sum(PART**2 * P(j), BETWEEN_TIES) + ties / 2**k - mean**2,
                "mean square between the ties and at the tie, less squared mean",
            ),
            Step(
                sp.Sum(PART**2 / 2**k, BETWEEN_TIES) + sp.S(2) ** -k / 4,
                "equally likely patterns, and no mean",
                (EQUAL_PATTERNS, Lemma(rounding_error_nearest_mean())),
            ),
            Step((1 + 2 * sp.S(4) ** -k) / 12, "sum of squares"),
        ),
        BITS,
    )


def rounding_error_toward_zero_mean() -> Derivation:
    """Mean of the error of TOWARD_ZERO."""
    return Derivation(
        "rounding_error_toward_zero_mean",
        mean,
        (
            Step(
                sp.Sum((p_up * PART - (1 - p_up) * PART) * P(j), PATTERNS),
                "the magnitude loses j·2⁻ᵏ: the error is −j·2⁻ᵏ of positive, +j·2⁻ᵏ of negative numbers",
            ),
            Step(sp.S.Zero, "the signs cancel", (EQUAL_PATTERNS, SYMMETRIC_DATA)),
        ),
        BITS,
    )


def rounding_error_toward_zero() -> Derivation:
    """Variance of the error of TOWARD_ZERO."""
    return Derivation(
        "rounding_error_toward_zero",
        variance,
        (
            Step(
                sp.Sum((p_up * PART**2 + (1 - p_up) * PART**2) * P(j), PATTERNS) - mean**2,
                "mean square less squared mean",
            ),
            Step(
                sp.Sum(PART**2 / 2**k, PATTERNS),
                "both signs have the same square, and there is no mean",
                (EQUAL_PATTERNS, Lemma(rounding_error_toward_zero_mean())),
            ),
            Step(
                (1 - sp.S(4) ** -k) / 12 + (1 - sp.S(2) ** -k) ** 2 / 4,
                "variance of FLOOR and its squared mean: the sign turns the offset into noise",
            ),
        ),
        BITS,
    )


def rounding_error_stochastic_mean() -> Derivation:
    """Mean of the error of STOCHASTIC."""
    return Derivation(
        "rounding_error_stochastic_mean",
        mean,
        (
            Step(
                sp.Sum((up(j) * (1 - PART) + (1 - up(j)) * -PART) * P(j), PATTERNS),
                "the error is 1 − j·2⁻ᵏ where it rounds up, else −j·2⁻ᵏ",
            ),
            Step(sp.S.Zero, "no mean at any pattern", (EQUAL_PATTERNS, BY_FRACTION)),
        ),
        BITS,
    )


def rounding_error_stochastic() -> Derivation:
    """Variance of the error of STOCHASTIC."""
    return Derivation(
        "rounding_error_stochastic",
        variance,
        (
            Step(
                sp.Sum((up(j) * (1 - PART) ** 2 + (1 - up(j)) * PART**2) * P(j), PATTERNS) - mean**2,
                "mean square less squared mean",
            ),
            Step(
                sp.Sum(PART * (1 - PART) / 2**k, PATTERNS),
                "the variance of one draw is f(1 − f), and there is no mean",
                (EQUAL_PATTERNS, BY_FRACTION, Lemma(rounding_error_stochastic_mean())),
            ),
            Step((1 - sp.S(4) ** -k) / 6, "sums of j and of j²"),
        ),
        BITS,
    )


def rounding_error_continuous_mean() -> Derivation:
    """Mean of the error of rounding down (c = −½), up (c = ½) or to nearest (c = 0), continuous input."""
    return Derivation(
        "rounding_error_continuous_mean",
        mean,
        (
            Step(
                sp.Integral(x * density, (x, c - HALF, c + HALF)),
                "the error spans one step: [−1, 0] of FLOOR, [0, 1] of CEIL, [−½, ½] to nearest",
            ),
            Step(sp.Integral(x, (x, c - HALF, c + HALF)), "equally likely errors", (UNIFORM_FRACTION,)),
            Step(c, "integral"),
        ),
        CENTRES,
    )


def rounding_error_continuous() -> Derivation:
    """Variance of the error of rounding down, up or to nearest, continuous input."""
    return Derivation(
        "rounding_error_continuous",
        variance,
        (
            Step(
                sp.Integral((x - mean) ** 2 * density, (x, c - HALF, c + HALF)),
                "mean square about the mean, over the step that the error spans",
            ),
            Step(
                sp.Integral((x - c) ** 2, (x, c - HALF, c + HALF)),
                "equally likely errors, and their mean",
                (UNIFORM_FRACTION, Lemma(rounding_error_continuous_mean())),
            ),
            Step(TWELFTH, "integral"),
        ),
        CENTRES,
    )


def rounding_error_toward_zero_continuous() -> Derivation:
    """Variance of the error of TOWARD_ZERO, continuous input; its mean is zero as that of the signs."""
    return Derivation(
        "rounding_error_toward_zero_continuous",
        variance,
        (
            Step(
                sp.Integral((p_up * x**2 + (1 - p_up) * x**2) * density, (x, 0, 1))
                - sp.Integral((p_up * x - (1 - p_up) * x) * density, (x, 0, 1)) ** 2,
                "the magnitude loses x: mean square less squared mean",
            ),
            Step(
                sp.Integral(x**2, (x, 0, 1)),
                "equally likely fractions; the signs cancel in the mean",
                (UNIFORM_FRACTION, SYMMETRIC_DATA),
            ),
            Step(sp.Rational(1, 3), "integral: four times the variance of rounding to nearest"),
        ),
        {},
    )


def rounding_error_stochastic_continuous() -> Derivation:
    """Variance of the error of STOCHASTIC, continuous input."""
    chance = Definition(sp.Eq(up(x), x), "STOCHASTIC rounds up with the probability of the fraction")
    return Derivation(
        "rounding_error_stochastic_continuous",
        variance,
        (
            Step(
                sp.Integral((up(x) * (1 - x) ** 2 + (1 - up(x)) * x**2) * density, (x, 0, 1))
                - sp.Integral((up(x) * (1 - x) - (1 - up(x)) * x) * density, (x, 0, 1)) ** 2,
                "the error is 1 − x up and −x down: mean square less squared mean",
            ),
            Step(
                sp.Integral(x * (1 - x), (x, 0, 1)),
                "the variance of one draw is x(1 − x), and there is no mean",
                (UNIFORM_FRACTION, chance),
            ),
            Step(sp.Rational(1, 6), "integral: twice the variance of rounding to nearest"),
        ),
        {},
    )
