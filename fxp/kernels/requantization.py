"""Loops that bring accumulators back to few bits as published inference libraries do, one channel a scale.

Codes are int64 of shape (outer, channels, inner) with values of int32. Each kernel fills `out`, clamped to [least,
most], and marks in `outside` what the library's own int32 arithmetic cannot hold; the caller raises for those.
"""

from math import frexp
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from fxp.kernels.rounding import HALF_AWAY, Float, Int, round_float, round_shift

__all__ = ["LARGEST", "SMALLEST", "quantized_multiplier", "requantize_fixed", "requantize_float", "requantize_shift"]

FRACTION_BITS = 31  # of a multiplier
SMALLEST = -(2**31)
LARGEST = 2**31 - 1
LARGEST_SHIFT = 30

Codes = NDArray[Any]
Mask = NDArray[np.bool_]


@njit(cache=True, nogil=True)
def quantized_multiplier(scale: Float, saturate: bool) -> tuple[Int, Int]:
    """Return integers m and s with ``m * 2**(s - 31)`` nearest to `scale`: exact.

    The twin of `requantizers.reference.quantize_multiplier`. m is 0 for a scale so small that s were below -31; with
    `saturate`, s ends at 30.
    """
    fraction, shift = frexp(scale)
    multiplier = np.int64(round_float(fraction * 2.0**FRACTION_BITS, HALF_AWAY, 0.0))
    if multiplier > LARGEST:  # the fraction was rounded up to one
        multiplier, shift = multiplier >> 1, shift + 1
    if shift < -FRACTION_BITS:
        return np.int64(0), np.int64(0)
    if saturate and shift > LARGEST_SHIFT:
        return np.int64(LARGEST), np.int64(LARGEST_SHIFT)
    return multiplier, np.int64(shift)


@njit(cache=True, nogil=True, parallel=True)
def requantize_fixed(
    codes: Codes,
    multipliers: Codes,
    shifts: Codes,
    double: bool,
    away: bool,
    lowest: int,
    highest: int,
    zero_point: int,
    least: int,
    most: int,
    out: Codes,
    outside: Mask,
) -> None:
    """Scale by ``multiplier * 2**(shift - 31)`` and add the zero point.

    The twin of `requantizers.reference.scale_fixed`. `double` rounds the product to a multiple of 2**31 before the
    shift to the right; `away` is where ties of the last rounding go, upwards otherwise. A code that leaves int32 when
    it is shifted to the left, or that is not between `lowest` and `highest` when it is scaled, is outside.
    """
    channels = multipliers.size
    for row in prange(codes.shape[0] * channels):
        sample, channel = row // channels, row % channels
        multiplier, shift = multipliers[channel], shifts[channel]
        left = shift if double and shift > 0 else 0
        drop = max(-shift, 0) if double else FRACTION_BITS - shift
        half = (1 << drop) >> 1
        down = 1 if away and drop > 0 else 0
        for i in range(codes.shape[2]):
            shifted = codes[sample, channel, i] << left
            product = shifted * multiplier
            if double:
                product = min((product + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS, LARGEST)
            scaled = (product + half - (down if product < 0 else 0)) >> drop
            total = scaled + zero_point
            outside[sample, channel, i] = (
                shifted < SMALLEST
                or shifted > LARGEST
                or scaled < lowest
                or scaled > highest
                or total < SMALLEST
                or total > LARGEST
            )
            out[sample, channel, i] = min(max(total, least), most)


@njit(cache=True, nogil=True, parallel=True)
def requantize_shift(
    codes: Codes, shifts: Codes, mode: int, zero_point: int, least: int, most: int, out: Codes
) -> None:
    """Divide by ``2**shift`` with a rounding mode, or multiply where the shift is negative, and add the zero point."""
    channels = shifts.size
    for row in prange(codes.shape[0] * channels):
        sample, channel = row // channels, row % channels
        left, drop = max(-shifts[channel], 0), max(shifts[channel], 0)
        for i in range(codes.shape[2]):
            scaled = round_shift(codes[sample, channel, i] << left, drop, mode, 0.0)
            out[sample, channel, i] = min(max(scaled + zero_point, least), most)


@njit(cache=True, nogil=True, parallel=True)
def requantize_float(
    codes: Codes, factors: Codes, divisor: Float, zero_point: int, least: int, most: int, out: Codes
) -> None:
    """Multiply by a float32 and divide by another in float32, round half to even and add the zero point.

    The twin of `requantizers.reference.scale_float`. Clamping before rounding is the same, since the ends are integers,
    and keeps infinities away from integers.
    """
    channels = factors.size
    low, high = np.float32(least - zero_point), np.float32(most - zero_point)
    for row in prange(codes.shape[0] * channels):
        sample, channel = row // channels, row % channels
        factor = factors[channel]
        for i in range(codes.shape[2]):
            scaled = np.float32(np.float32(np.float32(codes[sample, channel, i]) * factor) / divisor)
            out[sample, channel, i] = np.int64(np.rint(min(max(scaled, low), high))) + zero_point
