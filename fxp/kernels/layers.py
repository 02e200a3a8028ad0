"""What integer networks do between their products: requantising, adding and pooling, on one thread, without the GIL.

Arrays have the logical shape (N, C, H, W) or (N, K) and lie channels last in memory, as the carriers leave them.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fxp.formats import Rounding

__all__ = ["code_dtype", "finish", "max_pool", "rounding_offsets", "sum_pool"]

Codes = NDArray[Any]


def code_dtype(low: int, high: int) -> type[np.signedinteger[Any] | np.unsignedinteger[Any]]:
    """Return the smallest integer type that holds all codes from low to high; ValueError where int64 does not."""
    kinds: tuple[type[Any], ...] = (np.uint8, np.int8, np.uint16, np.int16, np.int32, np.int64)
    for kind in kinds:
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return kind
    raise ValueError(f"codes from {low} to {high} are not within int64: use fewer bits")


def finish(
    sums: Codes,
    addend: Codes | None,
    *,
    sum_left: int,
    addend_left: int,
    shift: int,
    rounding: Rounding,
    low: int,
    high: int,
) -> Codes:
    """Return clip(round((sums·2^sum_left + addend·2^addend_left)·2^−shift), low, high), exact within 63 bits.

    Parameters
    ----------
    sums, addend : ndarray of int, same shape
        Operands; an addend of None is zero.
    sum_left, addend_left, shift : int
        Numbers of places, 0 to 62; the caller proves that the shifted sum and half a step more stay within 63 bits.
    rounding : Rounding
        Any mode but STOCHASTIC.
    low, high : int
        Lowest and highest code.

    Returns
    -------
    ndarray
        Codes of the smallest type that holds [low, high].
    """
    flat = _flat(sums)
    out = np.empty(flat.shape, code_dtype(low, high))
    offsets = rounding_offsets(rounding, shift)
    _finish(flat, None if addend is None else _flat(addend), out, sum_left, addend_left, shift, offsets, low, high)
    return _unflat(out, sums.shape)


def rounding_offsets(rounding: Rounding, shift: int) -> tuple[int, int, int]:
    """Return what to add before an arithmetic right shift, so that it rounds by any mode but STOCHASTIC.

    Returns
    -------
    tuple of int
        What to add to codes ≥ 0 and to codes < 0, and once more where the shifted code is odd; all below 2^shift.
    """
    if shift == 0:
        return 0, 0, 0
    half = 1 << (shift - 1)
    return {
        Rounding.FLOOR: (0, 0, 0),
        Rounding.CEIL: (2 * half - 1, 2 * half - 1, 0),
        Rounding.TOWARD_ZERO: (0, 2 * half - 1, 0),
        Rounding.HALF_UP: (half, half, 0),
        Rounding.HALF_DOWN: (half - 1, half - 1, 0),
        Rounding.HALF_TOWARD_ZERO: (half - 1, half, 0),
        Rounding.HALF_AWAY: (half, half - 1, 0),
        Rounding.HALF_EVEN: (half - 1, half - 1, 1),
        Rounding.HALF_ODD: (half, half, -1),
    }[rounding]


@njit(cache=True, nogil=True)
def _finish(
    sums: Codes,
    addend: Codes | None,
    out: Codes,
    sum_left: int,
    addend_left: int,
    shift: int,
    offsets: tuple[int, int, int],
    low: int,
    high: int,
) -> None:
    positive, negative, odd = offsets
    for k in range(sums.size):
        total = np.int64(sums[k]) << sum_left
        if addend is not None:
            total += np.int64(addend[k]) << addend_left
        offset = positive if total >= 0 else negative
        code = (total + offset + odd * ((total >> shift) & 1)) >> shift
        out[k] = min(max(code, low), high)


def max_pool(codes: Codes, kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]) -> Codes:
    """Return the largest code of each window of codes (N, C, H, W).

    Padding never wins and reaches over half of the kernel at most, as in torch: each window holds a code.
    """
    return _pool(_max_pool, codes, codes.dtype, kernel, stride, padding)


def sum_pool(codes: Codes, kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]) -> Codes:
    """Return the exact int64 sum of each window of codes (N, C, H, W); padding counts as zero."""
    return _pool(_sum_pool, codes, np.dtype(np.int64), kernel, stride, padding)


def _pool(
    kernel_function: Any,
    codes: Codes,
    dtype: np.dtype[Any],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
) -> Codes:
    x = np.ascontiguousarray(codes.transpose(0, 2, 3, 1))
    sizes = [(x.shape[axis + 1] + 2 * padding[axis] - kernel[axis]) // stride[axis] + 1 for axis in (0, 1)]
    out = np.empty((x.shape[0], *sizes, x.shape[3]), dtype)
    kernel_function(x, out, kernel, stride, padding)
    return out.transpose(0, 3, 1, 2)


@njit(cache=True, nogil=True)
def _max_pool(x: Codes, out: Codes, kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]) -> None:
    for n in range(out.shape[0]):
        for i in range(out.shape[1]):
            top, bottom = _span(i, kernel[0], stride[0], padding[0], x.shape[1])
            for j in range(out.shape[2]):
                left, right = _span(j, kernel[1], stride[1], padding[1], x.shape[2])
                out[n, i, j] = x[n, top, left]
                for h in range(top, bottom):
                    for v in range(left, right):
                        for c in range(x.shape[3]):
                            out[n, i, j, c] = max(out[n, i, j, c], x[n, h, v, c])


@njit(cache=True, nogil=True)
def _sum_pool(x: Codes, out: Codes, kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]) -> None:
    out[:] = 0
    for n in range(out.shape[0]):
        for i in range(out.shape[1]):
            top, bottom = _span(i, kernel[0], stride[0], padding[0], x.shape[1])
            for j in range(out.shape[2]):
                left, right = _span(j, kernel[1], stride[1], padding[1], x.shape[2])
                for h in range(top, bottom):
                    for v in range(left, right):
                        for c in range(x.shape[3]):
                            out[n, i, j, c] += x[n, h, v, c]


@njit(cache=True, nogil=True)
def _span(index: int, kernel: int, stride: int, padding: int, size: int) -> tuple[int, int]:
    start = index * stride - padding
    return max(start, 0), min(start + kernel, size)


def _flat(codes: Codes) -> Codes:
    """Return the codes as one row in channels-last order, without a copy where they lie so."""
    return np.ascontiguousarray(np.moveaxis(codes, 1, -1)).reshape(-1)


def _unflat(flat: Codes, shape: tuple[int, ...]) -> Codes:
    return np.moveaxis(flat.reshape(shape[0], *shape[2:], shape[1]), -1, 1)
