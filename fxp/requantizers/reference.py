"""The specification of requantisers, in Python integers and Fractions: slow and meant to be read.

Each function states what a published library computes where its C code is defined; the loops of
:mod:`fxp.kernels.requantization` equal these code for code.
"""

import math
from fractions import Fraction

from fxp.formats import Rounding
from fxp.reference import round_fraction

__all__ = ["clamp", "float32", "high_multiply", "quantize_multiplier", "reduced", "scale_fixed", "scale_float"]

INT32 = (-(2**31), 2**31 - 1)
FLOAT32_BITS = 24
FLOAT32_LEAST_EXPONENT = -149  # of the spacing of subnormal numbers
FLOAT32_BEYOND = 2**128


def quantize_multiplier(scale: float, *, saturate: bool = False) -> tuple[int, int]:
    """Return integers (m, s) such that ``m * 2**(s - 31)`` stands for `scale`: exact.

    m is in [2**30, 2**31): the fraction of the scale in [1/2, 1), with ties away from zero. A scale that rounds to 1
    takes the next s. Below 2**-32 or so, s would be under -31: then (0, 0). With `saturate`, a scale of 2**30 or more
    becomes (2**31 - 1, 30).

    Examples
    --------
    >>> quantize_multiplier(0.75), quantize_multiplier(1 - 2**-40), quantize_multiplier(2**-33)
    ((1610612736, 0), (1073741824, 1), (0, 0))
    """
    exact = Fraction(scale)
    if exact == 0:
        return 0, 0
    shift = 0
    while exact >= 1:
        exact, shift = exact / 2, shift + 1
    while exact < Fraction(1, 2):
        exact, shift = exact * 2, shift - 1
    multiplier = round_fraction(exact * 2**31, Rounding.HALF_AWAY)
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift + 1
    if shift < -31:
        return 0, 0
    return (2**31 - 1, 30) if saturate and shift > 30 else (multiplier, shift)


def reduced(multiplier: int) -> int:
    """Return a multiplier of 16 bits in place of 32, on the grid of 32: rounded half up, and never 2**31.

    Examples
    --------
    >>> reduced(1610612736 + 2**15) - 1610612736, reduced(2**31 - 1) == 0x7FFF << 16
    (65536, True)
    """
    return min((multiplier + 2**15) >> 16, 0x7FFF) << 16


def high_multiply(a: int, b: int) -> int:
    """Return ``a * b / 2**31`` of two int32 with ties upwards, saturated to int32: the only product that is too large.

    gemmlowp's SaturatingRoundingDoublingHighMul and the instruction VQRDMULH.

    Examples
    --------
    >>> high_multiply(-(2**31), -(2**31)) == 2**31 - 1, high_multiply(2**30, 3), high_multiply(-(2**30), 3)
    (True, 2, -1)
    """
    return min(round_fraction(Fraction(a * b, 2**31), Rounding.HALF_UP), 2**31 - 1)


def scale_fixed(
    code: int,
    multiplier: int,
    shift: int,
    *,
    double: bool,
    ties: Rounding,
    within: tuple[int, int] = INT32,
) -> int | None:
    """Return ``code * multiplier * 2**(shift - 31)`` rounded to an integer; None where the library cannot hold it.

    Parameters
    ----------
    code, multiplier : int
        Of int32.
    shift : int
        -31 to 30.
    double : bool
        Two roundings: `high_multiply` of the code, shifted left where `shift` is positive, then the right shift where
        it is negative. Else one.
    ties : Rounding
        Mode of the last rounding: HALF_AWAY or HALF_UP.
    within : pair of int
        Least and most result that the library holds.

    Examples
    --------
    >>> half = 2**30
    >>> [scale_fixed(code, half, -1, double=True, ties=Rounding.HALF_AWAY) for code in (1, 2, -2, -3)]
    [1, 1, -1, -1]
    >>> [scale_fixed(code, half, -1, double=False, ties=Rounding.HALF_UP) for code in (1, 2, -2, -3)]
    [0, 1, 0, -1]
    """
    shifted = code * 2 ** max(shift, 0) if double else code
    if not INT32[0] <= shifted <= INT32[1]:
        return None
    if double:
        scaled = round_fraction(Fraction(high_multiply(shifted, multiplier), 2 ** max(-shift, 0)), ties)
    else:
        scaled = round_fraction(Fraction(code * multiplier, 2 ** (31 - shift)), ties)
    return scaled if within[0] <= scaled <= within[1] else None


def scale_float(code: int, factor: float, divisor: float) -> Fraction | float:
    """Return ``code * factor / divisor`` in float32: three roundings half to even, that of the code included.

    Examples
    --------
    >>> scale_float(2**24 + 1, 1.0, 1.0) == 2**24, scale_float(3, 2.0**127, 2.0**127)
    (True, inf)
    """
    product = float32(Fraction(float32(Fraction(code))) * Fraction(factor))
    return product if isinstance(product, float) else float32(product / Fraction(divisor))


def float32(value: Fraction) -> Fraction | float:
    """Return the float32 nearest to a number, ties to even: exact, an infinity beyond the largest.

    Examples
    --------
    >>> float32(Fraction(1, 10)) == Fraction(13421773, 2**27), float32(-Fraction(2) ** 128)
    (True, -inf)
    """
    if value == 0:
        return Fraction(0)
    about = abs(value.numerator).bit_length() - value.denominator.bit_length()
    exponent = about + (abs(value) >= Fraction(2) ** about)  # 2**(exponent - 1) <= |value| < 2**exponent
    step = Fraction(2) ** max(exponent - FLOAT32_BITS, FLOAT32_LEAST_EXPONENT)
    rounded = round_fraction(value / step, Rounding.HALF_EVEN) * step
    return rounded if abs(rounded) < FLOAT32_BEYOND else math.copysign(math.inf, value)


def clamp(scaled: Fraction | float, zero_point: int, least: int, most: int) -> int:
    """Return a scaled code rounded half to even, plus the zero point, saturated.

    Examples
    --------
    >>> clamp(Fraction(5, 2), 10, -128, 127), clamp(math.inf, 10, -128, 127)
    (12, 127)
    """
    if isinstance(scaled, float) and math.isinf(scaled):
        return most if scaled > 0 else least
    return max(least, min(round_fraction(scaled, Rounding.HALF_EVEN) + zero_point, most))
