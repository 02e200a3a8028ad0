"""Sums of products in registers of limited width, one lane for each column of the weights.

Output (g, m, n) sums ``x[starts[g, m] + offsets[k]] * w[g, k, n]`` over k upwards: x is flat, so that rows of a matrix
and windows of padded images are read alike. Arrays of outputs hold the initial values before, the results after. A
kernel computes the rows (g, m) from `first` to before `last` in the order of `starts`. The caller proves that no
intermediate leaves its integer type.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fxp.kernels.overflow import SATURATE, SATURATE_SYMMETRIC, WRAP, is_outside, overflow

__all__ = ["UNROLLED", "bring_into_range", "dropped", "prefixes", "running", "saturating", "step"]

UNROLLED = 4  # products a pass, so that a lane stays in its register for as many

Codes = NDArray[Any]


@cache
def saturating(lane: type[Any]) -> Callable[..., None]:
    """Return the kernel that clamps every sum to [least, most], for operands and registers of one integer type.

    The kernel ``(first, last, x, starts, offsets, w, least, most, codes, changed)`` takes initial values within the
    limits, a multiple of `UNROLLED` products (a product of zero changes nothing), and makes those entries of `changed`
    nonzero whose register was clamped. Without other modes its inner loop runs on vectors.
    """

    @njit(cache=True, nogil=True)
    def saturate(
        first: int,
        last: int,
        x: Codes,
        starts: Codes,
        offsets: Codes,
        w: Codes,
        least: Any,
        most: Any,
        codes: Codes,
        changed: Codes,
    ) -> None:
        rows = starts.shape[1]
        for index in range(first, last):
            g, m = index // rows, index % rows
            start, held, change = starts[g, m], codes[g, m], changed[g, m]
            for k in range(0, offsets.size, 4):
                x0, x1, x2, x3 = (
                    x[start + offsets[k]],
                    x[start + offsets[k + 1]],
                    x[start + offsets[k + 2]],
                    x[start + offsets[k + 3]],
                )
                w0, w1, w2, w3 = w[g, k], w[g, k + 1], w[g, k + 2], w[g, k + 3]
                for n in range(held.size):  # in int64, were it not for the casts
                    total0 = lane(held[n] + lane(x0 * w0[n]))
                    code0 = min(max(total0, least), most)
                    total1 = lane(code0 + lane(x1 * w1[n]))
                    code1 = min(max(total1, least), most)
                    total2 = lane(code1 + lane(x2 * w2[n]))
                    code2 = min(max(total2, least), most)
                    total3 = lane(code2 + lane(x3 * w3[n]))
                    code3 = min(max(total3, least), most)
                    held[n] = code3
                    change[n] |= (total0 ^ code0) | (total1 ^ code1) | (total2 ^ code2) | (total3 ^ code3)

    return saturate


@cache
def running(lane: type[Any]) -> Callable[..., None]:
    """Return the kernel of exact sums and the limits of their prefixes, for operands and sums of one integer type.

    The kernel ``(first, last, x, starts, offsets, w, sums, lowest, highest)`` takes a multiple of `UNROLLED` products,
    as :func:`saturating`; `prefixes` is for products that lose bits.
    """

    @njit(cache=True, nogil=True)
    def run(
        first: int,
        last: int,
        x: Codes,
        starts: Codes,
        offsets: Codes,
        w: Codes,
        sums: Codes,
        lowest: Codes,
        highest: Codes,
    ) -> None:
        rows, columns = starts.shape[1], np.uint64(w.shape[2])
        registers = np.empty((3, w.shape[2]), lane)  # one array: the compiler sees that its rows do not overlap
        for index in range(first, last):
            g, m = index // rows, index % rows
            start = starts[g, m]
            registers[0], registers[1], registers[2] = sums[g, m], lowest[g, m], highest[g, m]
            for k in range(0, offsets.size, 4):
                x0, x1, x2, x3 = (
                    x[start + offsets[k]],
                    x[start + offsets[k + 1]],
                    x[start + offsets[k + 2]],
                    x[start + offsets[k + 3]],
                )
                weights = w[g, k : k + 4]
                for n in range(columns):
                    sum0 = lane(registers[0, n] + lane(x0 * weights[0, n]))
                    sum1 = lane(sum0 + lane(x1 * weights[1, n]))
                    sum2 = lane(sum1 + lane(x2 * weights[2, n]))
                    sum3 = lane(sum2 + lane(x3 * weights[3, n]))
                    registers[1, n] = min(registers[1, n], min(min(sum0, sum1), min(sum2, sum3)))
                    registers[2, n] = max(registers[2, n], max(max(sum0, sum1), max(sum2, sum3)))
                    registers[0, n] = sum3
            sums[g, m], lowest[g, m], highest[g, m] = registers[0], registers[1], registers[2]

    return run


@njit(cache=True, nogil=True)
def dropped(product: Any, shift: int, rounding: tuple[int, int, int]) -> Any:
    """Return a product without its lowest `shift` bits; `rounding` as `rounding_offsets` describes the mode.

    Additions and shifts alone run on vectors for all modes, which `round_shift` does not.
    """
    positive, negative, odd = rounding
    offset = positive if product >= 0 else negative
    return product if shift == 0 else (product + offset + odd * ((product >> shift) & 1)) >> shift


@njit(cache=True, nogil=True)
def step(
    first: int,
    last: int,
    x: Codes,
    starts: Codes,
    offsets: Codes,
    w: Codes,
    shift: int,
    rounding: tuple[int, int, int],
    least: int,
    most: int,
    mode: int,
    codes: Codes,
    changed: Codes,
) -> None:
    """Bring every sum into [least, most] by any mode, in int64; products lose `shift` bits.

    Entries of `changed` become nonzero where a sum was out of range. ERROR leaves zeros there: the caller raises.
    """
    rows = starts.shape[1]
    for index in range(first, last):
        g, m = index // rows, index % rows
        start, held, change = starts[g, m], codes[g, m], changed[g, m]
        for k in range(offsets.size):
            factor = x[start + offsets[k]]
            for n in range(held.size):
                total = held[n] + dropped(factor * w[g, k, n], shift, rounding)
                change[n] |= is_outside(total, 0, least, most)
                held[n] = overflow(total, 0, least, most, mode)


@njit(cache=True, nogil=True)
def prefixes(
    first: int,
    last: int,
    x: Codes,
    starts: Codes,
    offsets: Codes,
    w: Codes,
    shift: int,
    rounding: tuple[int, int, int],
    sums: Codes,
    lowest: Codes,
    highest: Codes,
) -> None:
    """Fill `sums` with the exact sums of products that lose `shift` bits, and the limits of all their prefixes."""
    rows = starts.shape[1]
    for index in range(first, last):
        g, m = index // rows, index % rows
        start, total, low, high = starts[g, m], sums[g, m], lowest[g, m], highest[g, m]
        for k in range(offsets.size):
            factor = x[start + offsets[k]]
            for n in range(total.size):
                total[n] += dropped(factor * w[g, k, n], shift, rounding)
                low[n] = min(low[n], total[n])
                high[n] = max(high[n], total[n])


@njit(cache=True, nogil=True)
def bring_into_range(first: int, last: int, values: Codes, least: int, most: int, mode: int, codes: Codes) -> int:
    """Fill flat `codes` with what the overflow mode makes of flat `values`, and return how many are out of range.

    The two frequent modes have loops of their own, which run on vectors.
    """
    outside = 0
    here, out = values[first:last], codes[first:last]  # places from zero: none is tested for being negative
    if mode == SATURATE or mode == SATURATE_SYMMETRIC:  # noqa: SIM109 (Numba searches a tuple slowly)
        for i in range(here.size):
            code = min(max(here[i], least), most)
            outside += code != here[i]
            out[i] = code
    elif mode == WRAP:
        for i in range(here.size):
            code = least + ((here[i] - least) & (most - least))
            outside += code != here[i]
            out[i] = code
    else:
        for i in range(here.size):
            outside += is_outside(here[i], 0, least, most)
            out[i] = overflow(here[i], 0, least, most, mode)
    return outside
