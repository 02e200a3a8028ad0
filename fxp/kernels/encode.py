"""Loops that turn arrays of floats or codes into the codes of a format."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from fxp.formats import Rounding
from fxp.kernels.overflow import is_outside, overflow, shift_left
from fxp.kernels.rounding import round_float, round_shift

PARALLEL_SIZE = 1 << 19  # below, waking threads takes as long as the loop
BLOCK_SIZE = 1 << 15

FRACTION_BITS = 52
EXPONENT_OF_INFINITY = 0x7FF
BEYOND_EVERY_FORMAT = 1 << 20

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]


@cache
def saturating_encoder(rounding: Rounding, *, parallel: bool) -> Callable[..., tuple[int, int]]:
    """Return the fused kernel of one rounding mode: scale, round, saturate, convert.

    The kernel ``(x, draws, scale, least, most, out)`` fills `out` with the saturated codes and returns how many numbers
    are NaN, and how many saturation changed, NaN included. It is exact where ``x * scale`` is, or is too small for its
    error to matter, and where float64 holds every code. The flags are counts because sums keep the loop vectorised.
    """
    mode: int = rounding.value
    stochastic = rounding is Rounding.STOCHASTIC

    @njit(cache=True, nogil=True, parallel=parallel)
    def encode_saturating(
        x: Floats, draws: Floats, scale: float, least: float, most: float, out: Codes
    ) -> tuple[int, int]:
        block_size = BLOCK_SIZE if parallel else max(x.size, 1)
        blocks = (x.size + block_size - 1) // block_size
        nans, outside = np.zeros(blocks, np.int64), np.zeros(blocks, np.int64)
        for block in prange(blocks):
            part = slice(block * block_size, (block + 1) * block_size)
            numbers, codes, draws_here = x[part], out[part], draws[part]
            nans_here, outside_here = 0, 0
            for i in range(numbers.size):
                code = round_float(numbers[i] * scale, mode, draws_here[i] if stochastic else 0.0)
                nans_here += np.isnan(code)
                inside = code if code > least else least  # NaN becomes `least`: the caller raises
                inside = inside if inside < most else most
                outside_here += inside != code
                codes[i] = np.int64(inside)
            nans[block], outside[block] = nans_here, outside_here
        return nans.sum(), outside.sum()

    return encode_saturating


@njit(cache=True, nogil=True)
def encode_code(
    code: int, shift: int, rounding: int, draw: float, least: int, most: int, mode: int
) -> tuple[int, bool]:
    """Return ``code / 2**shift``, rounded and brought between `least` and `most`, and whether it was outside."""
    if shift > 0:
        low = round_shift(code, shift, rounding, draw)
        side = 1 if low < 0 and code > 0 else 0  # the uint64 code 2**64 - 1 can round to 2**63
    else:
        low, side = shift_left(code, -shift)
    return overflow(low, side, least, most, mode), is_outside(low, side, least, most)


@njit(cache=True, nogil=True)
def encode_codes(
    codes: Codes, draws: Floats, shift: int, least: int, most: int, rounding: int, mode: int, out: Codes
) -> int:
    """Fill `out` with ``codes / 2**shift``, rounded and brought into range; return the first index outside, else -1."""
    first = -1
    for i in range(codes.size):
        draw = draws[i] if draws.size else 0.0
        out[i], outside = encode_code(codes[i], shift, rounding, draw, least, most, mode)
        if outside and first < 0:
            first = i
    return first


@njit(cache=True, nogil=True)
def encode_bits(
    bits: Codes, draws: Floats, frac_bits: int, least: int, most: int, rounding: int, mode: int, out: Codes
) -> int:
    """Fill `out` with the codes of float64 numbers given as bits; return the first index outside the range, else -1.

    Exact for every float64 but NaN: a number is its 53-bit significand times a power of two, both integers.
    """
    first = -1
    for i in range(bits.size):
        exponent = (bits[i] >> FRACTION_BITS) & EXPONENT_OF_INFINITY
        hidden_bit = np.int64(exponent > 0) << FRACTION_BITS
        significand = (bits[i] & ((1 << FRACTION_BITS) - 1)) | hidden_bit
        signed = -significand if bits[i] < 0 else significand
        power = max(exponent, 1) - 1075 if exponent < EXPONENT_OF_INFINITY else BEYOND_EVERY_FORMAT
        draw = draws[i] if draws.size else 0.0
        out[i], outside = encode_code(signed, -(power + frac_bits), rounding, draw, least, most, mode)
        if outside and first < 0:
            first = i
    return first
