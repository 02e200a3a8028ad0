"""Rounding of one code or one scaled float."""

from typing import Any

import numpy as np
from numba import njit

from fxp.formats import Rounding

# Numba makes one type of Python's and NumPy's scalars, which mypy tells apart
Int = Any
Float = Any
Bool = Any

FLOOR = Rounding.FLOOR.value
CEIL = Rounding.CEIL.value
TOWARD_ZERO = Rounding.TOWARD_ZERO.value
HALF_UP = Rounding.HALF_UP.value
HALF_DOWN = Rounding.HALF_DOWN.value
HALF_TOWARD_ZERO = Rounding.HALF_TOWARD_ZERO.value
HALF_AWAY = Rounding.HALF_AWAY.value
HALF_EVEN = Rounding.HALF_EVEN.value
HALF_ODD = Rounding.HALF_ODD.value
STOCHASTIC = Rounding.STOCHASTIC.value

DRAW_BITS = 53  # Generator.random returns multiples of 2**-53
ONE = np.uint64(1)
ZERO = np.uint64(0)


@njit(cache=True, nogil=True)
def rounds_up_at_half(floor: Int, negative: Bool, mode: Int) -> Bool:
    """Whether a number halfway between `floor` and `floor` + 1 is rounded up, for the HALF modes."""
    odd = (floor & 1) == 1
    return (
        mode == HALF_UP
        or (mode == HALF_TOWARD_ZERO and negative)
        or (mode == HALF_AWAY and not negative)
        or (mode == HALF_EVEN and odd)
        or (mode == HALF_ODD and not odd)
    )


@njit(cache=True, nogil=True)
def draw_threshold(code: Int, rest: Int, shift: Int) -> Int:
    """Return the least integer t with ``t >= 2**53 * f``, f being the fraction of ``code / 2**shift``.

    `rest` is f in units of 2**-shift, read for shift <= 64 only. A draw u, a multiple of 2**-53, is below f exactly
    where ``2**53 * u < t``.
    """
    if shift <= DRAW_BITS:
        return np.int64(rest << np.uint64(DRAW_BITS - shift))
    dropped = shift - DRAW_BITS
    if shift <= 64:
        part = np.uint64(dropped)
        return np.int64(rest >> part) + np.int64((rest >> part) << part != rest)
    whole = np.int64(1 << DRAW_BITS) if code < 0 else np.int64(0)
    if dropped >= 64:
        return whole + np.int64(code > 0)
    low = np.uint64(code) & ((ONE << np.uint64(dropped)) - ONE)
    return whole + np.int64(code >> dropped) + np.int64(low != ZERO)


@njit(cache=True, nogil=True)
def round_shift(code: Int, shift: Int, mode: Int, u: Float) -> Int:
    """Return ``code / 2**shift`` rounded to an integer, as int64: exact, the twin of `reference.shift_round`.

    `code` is int64, or uint64 and then the result is modulo 2**64; `shift` is not negative and may exceed 63; `u` is
    the draw of STOCHASTIC, a multiple of 2**-53.
    """
    if shift == 0:
        return np.int64(code)
    negative = code < 0
    if shift < 64:
        floor = np.int64(code >> shift)
        rest = np.uint64(code) & ((ONE << np.uint64(shift)) - ONE)
    else:
        floor = np.int64(-1) if negative else np.int64(0)
        rest = np.uint64(code)
    if shift <= 64:
        half = ONE << np.uint64(shift - 1)
        above, tie = bool(rest > half), bool(rest == half)
    else:
        above, tie = negative, False
    up: Bool
    if mode == FLOOR:
        up = False
    elif mode == CEIL:
        up = rest != ZERO
    elif mode == TOWARD_ZERO:
        up = negative and rest != ZERO
    elif mode == STOCHASTIC:
        up = np.int64(u * 2.0**DRAW_BITS) < draw_threshold(code, rest, shift)
    else:
        up = above or (tie and rounds_up_at_half(floor, negative, mode))
    return floor + np.int64(up)


@njit(cache=True, nogil=True)
def round_float(value: Float, mode: Int, u: Float) -> Float:
    """Return the float64 `value` rounded to an integer, as a float: exact; infinities and NaN pass through.

    `u` is the draw of STOCHASTIC, a multiple of 2**-53, so that ``u - 1`` is exact.
    """
    if mode == FLOOR:
        return np.floor(value)
    if mode == CEIL:
        return np.ceil(value)
    if mode == HALF_EVEN:
        return np.rint(value)
    whole = np.trunc(value)
    rest = value - whole
    if mode == TOWARD_ZERO:
        return whole
    if mode == STOCHASTIC:
        return whole + np.float64(u < rest) - np.float64(u - 1.0 >= rest)
    if mode == HALF_UP:
        return whole + np.float64(rest >= 0.5) - np.float64(rest < -0.5)
    if mode == HALF_DOWN:
        return whole + np.float64(rest > 0.5) - np.float64(rest <= -0.5)
    if mode == HALF_AWAY:
        return whole + np.float64(rest >= 0.5) - np.float64(rest <= -0.5)
    if mode == HALF_TOWARD_ZERO:
        return whole + np.float64(rest > 0.5) - np.float64(rest < -0.5)
    even = np.rint(value)
    return even + np.float64(value - even == 0.5) - np.float64(value - even == -0.5)
