"""Why the roundings of requantisers differ as often as they do, and how far a code is from the exact product."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Relation, Step
from analysis.domain import Choice, Domain, Integers, Reals

__all__ = [
    "multiplier_error",
    "double_rounding_rate",
    "double_rounding_mean",
    "double_rounding_error",
    "double_rounding_symmetric",
    "requantizer_deviation",
    "float_requantizer_deviation",
]

HALF = sp.Rational(1, 2)
TWELFTH = sp.Rational(1, 12)

r = sp.Symbol("r", integer=True, positive=True)
s = sp.Symbol("s", integer=True)
x, tau, m = sp.symbols("x tau m", real=True)
mean = sp.Symbol("m_e", real=True)
density, p = sp.Symbol("w", positive=True), sp.Symbol("p", positive=True)
rate, variance = sp.Symbol("P", positive=True), sp.Symbol("v_e", positive=True)
q, step = sp.Symbol("q", positive=True), sp.Symbol("delta", nonnegative=True)
magnitude = sp.Symbol("A", nonnegative=True)
d, e, f, g, h = sp.symbols("d e_1 e_2 e_3 e_4", real=True)
spare, slack, slack2, slack3, slack4 = sp.symbols("t t_1 t_2 t_3 t_4", nonnegative=True)
error, deviation = sp.symbols("epsilon D", nonnegative=True)
u = sp.Symbol("u", positive=True)

ADVANCE = 2 ** (-r - 1)
SHIFT: dict[sp.Symbol, Domain] = {r: Integers(1, 31)}
SIGNED: dict[sp.Symbol, Domain] = {**SHIFT, s: Choice(-1, 0, 1)}

UNIFORM = Assumption(
    "no saturation; the fraction of the exact product is uniform over a step of the output: what the first rounding "
    "drops is uniform, and the r bits that the second drops are equally likely in all patterns",
    sp.Eq(density, 1),
)
SYMMETRIC = Assumption("data symmetric about zero: positive as often as negative", sp.Eq(p, HALF))
NEAREST = Assumption(
    "the multiplier is the nearest integer: off by half less what t ≥ 0 spares", sp.Eq(sp.Abs(d), HALF - spare)
)
THRESHOLD = Definition(
    sp.Eq(tau, HALF - ADVANCE),
    "the first rounding, to multiples of 2⁻ʳ, takes half a multiple below the tie up to it",
)
MOVED = Definition(
    sp.Eq(tau, HALF - s * ADVANCE),
    "s = 1: ties of both roundings go up, as those of positive numbers under DOUBLE; s = −1: negative numbers under "
    "DOUBLE, mirrored; s = 0: one rounding",
)


def multiplier_error() -> Derivation:
    """Bound on the relative error of the multiplier m that stands for the fraction q of a scale."""
    return Derivation(
        "multiplier_error",
        error,
        (
            Step(sp.Abs(m - 2**31 * q) / (2**31 * q), "scale = q·2ˢ and its stand-in m·2ˢ⁻³¹ share the power of two"),
            Step(
                sp.Abs(d) / (2**31 * q),
                "m is 2³¹q rounded",
                (Definition(sp.Eq(m, 2**31 * q + d), "d is the rounding error of m"),),
            ),
            Step(
                (HALF - spare) / (2**31 * q),
                "to nearest",
                (NEAREST,),
            ),
            Step(1 / (2**32 * q), "t is not negative", relation=Relation.AT_MOST),
        ),
        {q: Reals(0.5, 1)},
    )


def double_rounding_rate() -> Derivation:
    """Fraction of the products that rounding twice and rounding once take to different codes."""
    return Derivation(
        "double_rounding_rate",
        rate,
        (
            Step(
                sp.Integral(density, (x, tau, HALF)),
                "fractions from the threshold of two roundings to that of one, ½; of negative numbers, mirrored",
            ),
            Step(sp.Integral(1, (x, HALF - ADVANCE, HALF)), "the threshold of two roundings", (UNIFORM, THRESHOLD)),
            Step(ADVANCE, "length of the interval"),
        ),
        SHIFT,
    )


def double_rounding_mean() -> Derivation:
    """Mean of the error where the threshold is half a step less s·2^(−r−1)."""
    return Derivation(
        "double_rounding_mean",
        mean,
        (
            Step(
                sp.Integral(-x * density, (x, 0, tau)) + sp.Integral((1 - x) * density, (x, tau, 1)),
                "the fraction x is dropped below the threshold τ and filled up from there",
            ),
            Step(HALF - tau, "integrals", (UNIFORM,)),
            Step(s * ADVANCE, "the threshold", (MOVED,)),
        ),
        SIGNED,
    )


def double_rounding_error() -> Derivation:
    """Variance of the error where the threshold is half a step less s·2^(−r−1): that of one rounding."""
    return Derivation(
        "double_rounding_error",
        variance,
        (
            Step(
                sp.Integral(x**2 * density, (x, 0, tau)) + sp.Integral((1 - x) ** 2 * density, (x, tau, 1)) - mean**2,
                "mean square less squared mean",
            ),
            Step(
                TWELFTH + (HALF - tau) ** 2 - s**2 * ADVANCE**2,
                "integrals, and the mean",
                (UNIFORM, Lemma(double_rounding_mean())),
            ),
            Step(TWELFTH, "the threshold: the error spans one step wherever it is", (MOVED,)),
        ),
        {},
    )


def double_rounding_symmetric() -> Derivation:
    """Variance of the error of DOUBLE for symmetric data: the means of both signs become noise."""
    return Derivation(
        "double_rounding_symmetric",
        variance,
        (
            Step(
                p * (TWELFTH + step**2) + (1 - p) * (TWELFTH + step**2) - (p * step - (1 - p) * step) ** 2,
                "of either sign the variance is 1/12 and the mean ±δ, away from zero",
            ),
            Step(TWELFTH + step**2, "the means cancel, their squares do not", (SYMMETRIC,)),
            Step(
                TWELFTH + sp.S(4) ** (-r - 1),
                "the mean of one sign, s = 1",
                (Definition(sp.Eq(step, ADVANCE), "derivation double_rounding_mean"),),
            ),
        ),
        SHIFT,
    )


def requantizer_deviation() -> Derivation:
    """Bound on the distance of a code from scale · accumulator, A steps at most, with a multiplier of 32 bits."""
    return Derivation(
        "requantizer_deviation",
        deviation,
        (
            Step(
                (HALF - slack) + (HALF - slack2) * 2**-r + (2 ** sp.Integer(-31) - spare) * magnitude,
                "triangle inequality: the second rounding is off by at most half a step, the first by half of 2⁻ʳ "
                "steps, the factor by 2⁻³¹ of A; t, t₁, t₂ ≥ 0 are what each spares",
            ),
            Step(HALF + ADVANCE + magnitude / 2**31, "none of them is negative", relation=Relation.AT_MOST),
        ),
        {**SHIFT, magnitude: Reals(0, 2**30)},
    )


def float_requantizer_deviation() -> Derivation:
    """Bound on the distance of a code from scale · accumulator, A steps at most, in float32."""
    factors = (1 + e) * (1 + f) * (1 + g) * (1 + h)
    largest = [
        Definition(sp.Eq(each, (1 + u) / (1 + less) - 1), f"at most u, by what {less} ≥ 0 spares")
        for each, less in zip((e, f, g, h), (spare, slack2, slack3, slack4), strict=True)
    ]
    spared = (1 + spare) * (1 + slack2) * (1 + slack3) * (1 + slack4)
    return Derivation(
        "float_requantizer_deviation",
        deviation,
        (
            Step(
                (HALF - slack) + magnitude * (factors - 1),
                "half a step, and four roundings to float32: accumulator, product of scales, quotient, product; errors "
                "of one sign are the worst, and upwards worse than downwards, 1 − (1 − u)⁴ < (1 + u)⁴ − 1",
            ),
            Step(
                (HALF - slack) + magnitude * ((1 + u) ** 4 / spared - 1),
                "each changes its number by a factor 1 + e, |e| ≤ u = 2⁻²⁴, while nothing underflows",
                tuple(largest),
            ),
            Step(
                HALF + magnitude * ((1 + u) ** 4 - 1),
                "what is spared is not negative",
                relation=Relation.AT_MOST,
            ),
        ),
        {u: Reals(0, 2**-23), magnitude: Reals(0, 2**30)},
    )
