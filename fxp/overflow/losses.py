"""Overflow that a requantiser shows, apart from that of sums which it clips or rounds to the same code anyway."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.formats import Format, Overflow
from fxp.inputs import magnitude
from fxp.operands import integers
from fxp.operations import Requantization
from fxp.quantization import cast

__all__ = ["lossy_values"]

MOST_CODE_BITS = 16
SUM_BITS = 62
NEVER = 2**61  # beyond every sum: a code at the end of its format holds all that lies beyond

Codes = NDArray[Any]


def lossy_values(
    sums: ArrayLike, requantization: Requantization, *, frac_bits: int, addend: ArrayLike = 0, left: int = 0
) -> Codes:
    """Return the value of each output whose clamping at B bits changes its code just where it is ≥ 2^(B−1): exact.

    A finished sum s is clamped, shifted left onto the grid of an addend, added to it and requantised. On the positive
    side the value is the least clamp that leaves the code as it is, on the negative side its mirror: never more than
    :func:`fxp.overflow_values` of the sum, and less where the requantiser clips or rounds the excess away.

    Assumptions: the register is looked at in the end only, and saturates; the addend is exact.

    Parameters
    ----------
    sums : array_like of int
        Finished sums.
    requantization : fxp.operations.Requantization
        What reads them, to codes of at most 16 bits.
    frac_bits : int
        Fractional bits of what is requantised.
    addend : array_like of int, optional
        What is added first, on that grid; it broadcasts with the sums.
    left : int
        Bits from the grid of the sums to that grid, at least 0.

    Returns
    -------
    ndarray of int64
        Not negative, of the shape of the sums.

    Raises
    ------
    TypeError
        Sums or addend do not hold integers.
    ValueError
        The codes are wider than 16 bits, `left` is negative, or a sum on the finer grid leaves 62 bits.

    Examples
    --------
    >>> rectified = Requantization("codes", "sum", Format(4, 0, signed=False))
    >>> lossy_values([100, 500, -500], rectified, frac_bits=4)
    array([ 88, 233,   0])
    """
    target = requantization.format
    if target.word_bits > MOST_CODE_BITS:
        raise ValueError(f"word_bits={target.word_bits} of the codes is over {MOST_CODE_BITS}: requantise to fewer")
    if left < 0:
        raise ValueError(f"left={left} is negative: give the sums on the coarser grid")
    totals, others = integers("sums", sums).astype(np.int64), integers("addend", addend).astype(np.int64)
    widest, added = magnitude(totals), magnitude(others)
    if (widest << left) + added >= 2 ** (SUM_BITS - 1):
        raise ValueError(
            f"sums of up to {widest} with left={left} and an addend of up to {added} leave {SUM_BITS} bits: give less"
        )
    codes = _requantized((totals << left) + others, requantization, frac_bits) - target.min_code
    least = _least_sums(requantization, frac_bits)
    above = -((others - least[:-1][codes]) >> left)
    below = (least[1:][codes] - 1 - others) >> left
    return np.asarray(np.maximum(np.where(totals >= 0, above, -1 - below), 0))


def _requantized(totals: Codes, requantization: Requantization, frac_bits: int) -> Codes:
    grid, target = Format(SUM_BITS, frac_bits), requantization.format
    return cast(totals, grid, target, rounding=requantization.rounding, overflow=Overflow.SATURATE)


def _least_sums(requantization: Requantization, frac_bits: int) -> Codes:
    """Return the least sum that has each code or a greater one, by bisection; what no sum is above comes last."""
    target = requantization.format
    codes, coarser = np.arange(target.min_code + 1, target.max_code + 1), frac_bits - target.frac_bits
    low, high = _on_sums(codes - 1, coarser) - 1, _on_sums(codes, coarser) + 1
    while (high - low > 1).any():
        middle = (low + high) >> 1
        reached = _requantized(middle, requantization, frac_bits) >= codes
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return np.concatenate([[-NEVER], high, [NEVER]])


def _on_sums(codes: Codes, coarser: int) -> Codes:
    return codes << coarser if coarser >= 0 else codes >> -coarser
