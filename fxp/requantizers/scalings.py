"""How a requantiser scales an accumulator to the grid of its output: one factor, or one for each channel."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp.formats import Rounding
from fxp.inputs import is_integer
from fxp.kernels.requantization import LARGEST, SMALLEST, requantize_fixed, requantize_float, requantize_shift
from fxp.requantizers.multipliers import FixedPointMultiplier

__all__ = ["INT32", "FixedScaling", "FloatScaling", "MultiplierRounding", "Scaling", "ShiftScaling", "Window"]

Codes = NDArray[Any]
Mask = NDArray[np.bool_]
INT32 = (SMALLEST, LARGEST)
LEAST_SHIFT, LARGEST_SHIFT = -31, 30
MOST_DROPPED_BITS = 63


class MultiplierRounding(StrEnum):
    """Where the product of an accumulator and a multiplier of 32 bits is rounded, and where ties go.

    DOUBLE
        Twice: the product to a multiple of 2**31, ties upwards (rounding doubling high multiply), then the right shift,
        ties away from zero. Reference kernels of gemmlowp and TFLite, CMSIS-NN.
    DOUBLE_UPWARD
        Twice, ties upwards both times. gemmlowp before its RoundingDivideByPOT, rounding shifts of vector instructions,
        the optimised kernels of LiteRT.
    SINGLE
        Once, ties upwards. TFLite and CMSIS-NN built for single rounding, ruy.
    SINGLE_AWAY
        Once, ties away from zero. The reference kernel of LiteRT for fully connected layers.

    Examples
    --------
    >>> MultiplierRounding("SINGLE") is MultiplierRounding.SINGLE
    True
    """

    DOUBLE = "DOUBLE"
    DOUBLE_UPWARD = "DOUBLE_UPWARD"
    SINGLE = "SINGLE"
    SINGLE_AWAY = "SINGLE_AWAY"

    @property
    def double(self) -> bool:
        """Whether the product is rounded twice."""
        return self in (MultiplierRounding.DOUBLE, MultiplierRounding.DOUBLE_UPWARD)

    @property
    def ties(self) -> Rounding:
        """Mode of the last rounding."""
        away = self in (MultiplierRounding.DOUBLE, MultiplierRounding.SINGLE_AWAY)
        return Rounding.HALF_AWAY if away else Rounding.HALF_UP


@dataclass(frozen=True)
class Window:
    """Where scaled codes end: the zero point that is added, then the least and the most code that are left.

    Examples
    --------
    >>> Window(-5, -128, 127).most
    127
    """

    zero_point: int
    least: int
    most: int


@dataclass(frozen=True)
class ShiftScaling:
    """Division by ``2**bits`` with a rounding mode, multiplication where `bits` is negative.

    Parameters
    ----------
    bits : tuple of int
        One a channel, or one for all; -31 to 63.
    rounding : Rounding
        Deterministic mode.

    Raises
    ------
    TypeError
        A shift is not an integer.
    ValueError
        A shift is outside its range, or the mode is STOCHASTIC.

    Examples
    --------
    >>> ShiftScaling((4,), Rounding.HALF_EVEN).channels
    1
    """

    bits: tuple[int, ...]
    rounding: Rounding

    def __post_init__(self) -> None:
        for bits in self.bits:
            if not is_integer(bits):
                raise TypeError(f"bits={bits!r} is not an integer: count the bits to drop")
            if not LEAST_SHIFT <= bits <= MOST_DROPPED_BITS:
                raise ValueError(f"bits={bits} is not between {LEAST_SHIFT} and {MOST_DROPPED_BITS}: scale by less")
        if self.rounding is Rounding.STOCHASTIC:
            raise ValueError("rounding=STOCHASTIC is not deterministic: a requantiser gives one code for each input")

    @property
    def channels(self) -> int:
        """How many factors there are."""
        return len(self.bits)

    def fill(self, codes: Codes, window: Window, out: Codes, outside: Mask) -> None:
        """Fill `out` with requantised codes of shape (outer, channels, inner); none is outside."""
        outside[...] = False
        ends = window.zero_point, window.least, window.most
        requantize_shift(codes, np.array(self.bits, np.int64), self.rounding.value, *ends, out)


@dataclass(frozen=True)
class FixedScaling:
    """Multiplication by an integer and a shift, rounded once or twice.

    Parameters
    ----------
    multipliers : tuple of FixedPointMultiplier
        One a channel, or one for all; shifts of -31 to 30, no negative multiplier where the product is rounded once.
    rounding : MultiplierRounding
        Where it is rounded.
    within : pair of int
        Least and most scaled code that the library can hold.

    Raises
    ------
    ValueError
        A shift is outside its range, or a multiplier is negative.

    Examples
    --------
    >>> FixedScaling((FixedPointMultiplier(2**30, -3),), MultiplierRounding.SINGLE).channels
    1
    """

    multipliers: tuple[FixedPointMultiplier, ...]
    rounding: MultiplierRounding
    within: tuple[int, int] = INT32

    def __post_init__(self) -> None:
        for each in self.multipliers:
            if not LEAST_SHIFT <= each.shift <= LARGEST_SHIFT:
                raise ValueError(
                    f"shift={each.shift} is not between {LEAST_SHIFT} and {LARGEST_SHIFT}: an int32 holds no code"
                    " scaled so far; check the scale"
                )
            if each.multiplier < 0 and not self.rounding.double:
                raise ValueError(f"multiplier={each.multiplier} is negative: single rounding takes at least 0")

    @property
    def channels(self) -> int:
        """How many factors there are."""
        return len(self.multipliers)

    def fill(self, codes: Codes, window: Window, out: Codes, outside: Mask) -> None:
        """Fill `out` with requantised codes of shape (outer, channels, inner), and mark those that leave int32."""
        factors = np.array([(each.multiplier, each.shift) for each in self.multipliers], np.int64)
        away = self.rounding.ties is Rounding.HALF_AWAY
        ends = window.zero_point, window.least, window.most
        requantize_fixed(
            codes, factors[:, 0], factors[:, 1], self.rounding.double, away, *self.within, *ends, out, outside
        )


@dataclass(frozen=True)
class FloatScaling:
    """Multiplication and division in float32, then rounding half to even.

    Parameters
    ----------
    factors : tuple of float
        One a channel, or one for all; each a float32, positive and finite.
    divisor : float
        A float32, positive and finite; 1 changes nothing.

    Raises
    ------
    ValueError
        A number is not positive, not finite or no float32.

    Examples
    --------
    >>> FloatScaling((0.375,)).channels
    1
    """

    factors: tuple[float, ...]
    divisor: float = 1.0

    def __post_init__(self) -> None:
        for number in (*self.factors, self.divisor):
            if not (0 < number < np.inf and np.float32(number) == number):
                raise ValueError(f"factor={number} is not a positive, finite float32: the scales underflow or overflow")

    @property
    def channels(self) -> int:
        """How many factors there are."""
        return len(self.factors)

    def fill(self, codes: Codes, window: Window, out: Codes, outside: Mask) -> None:
        """Fill `out` with requantised codes of shape (outer, channels, inner); none is outside."""
        outside[...] = False
        ends = window.zero_point, window.least, window.most
        requantize_float(codes, np.array(self.factors, np.float32), np.float32(self.divisor), *ends, out)


Scaling = ShiftScaling | FixedScaling | FloatScaling
