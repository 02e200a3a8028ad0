"""Widths of accumulators whose overflow the requantiser hides: it would clip those sums anyway."""

from collections.abc import Callable
from fractions import Fraction
from itertools import count

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp import reference
from fxp.accumulator_widths import reachable_sums
from fxp.formats import Format, Rounding
from fxp.inputs import codes_of, require_format
from fxp.registers import MIN_BITS

__all__ = ["clamps_unseen", "lossless_bits", "lossless_sum_bits"]

Requantizer = Callable[[int], int]


def lossless_bits(
    w: ArrayLike,
    x_format: Format,
    *,
    w_format: Format,
    target: Format,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    bias: ArrayLike | None = None,
) -> NDArray[np.int64]:
    r"""Return the least width whose saturation no code shows after requantisation, for each output: exact.

    The finished sum t is saturated and then requantised, rounded to the grid of `target` and saturated in it. With t
    between lo and hi, both of which some input reaches, and the register between least and most, the codes of all
    inputs are those of the exact sums if and only if

    .. math:: rq(\min(hi, most)) = rq(hi) \quad\text{and}\quad rq(\max(lo, least)) = rq(lo).

    Assumptions: only the finished sum is saturated (``every_step=False``, SATURATE), with the bias as initial value;
    the requantiser is all that reads it, so that logits and the operands of a residual addition have no such width.
    **It is not valid for a register that is clamped at every step:** a sum that leaves it on the way and comes back is
    lost; such a register needs :func:`fxp.guaranteed_bits`. Nor is it for one that wraps.

    Parameters
    ----------
    w : array_like of int, shape (K, N) or (O, C/groups, KH, KW)
        Weight codes of a matrix product or of a convolution.
    x_format, w_format : Format
        Formats of the operands, of 1 to 128 bits; the sums have the fractional bits of both.
    target : Format
        Format of the requantised codes.
    rounding : Rounding or str
        Of the requantiser, any mode but STOCHASTIC.
    bias : array_like of int, shape (N,) or (O,), or one for all, optional
        Initial values of the sums, on their grid.

    Returns
    -------
    ndarray of int64, shape (N,) or (O,)
        Bits, two's complement, at least the 2 of the narrowest :class:`fxp.Accumulator`, at most
        :func:`fxp.guaranteed_bits`.

    Raises
    ------
    TypeError
        Weights or bias do not hold integers, or a format is no Format.
    ValueError
        A weight is outside its format, `w` has another number of axes, the shape of the bias does not match, or the
        mode is STOCHASTIC.

    References
    ----------
    Derivation: :ref:`derivation-lossless_bits`.

    Examples
    --------
    >>> w, x_format = np.full((64, 1), 100), Format(8, 8, signed=False)
    >>> lossless_bits(w, x_format, w_format=Format(8, 7), target=Format(8, 4, signed=False))
    array([20])
    >>> lossless_bits(w, x_format, w_format=Format(8, 7), target=Format(8, 7, signed=False))
    array([17])
    """
    mode = Rounding.of(rounding)
    if mode is Rounding.STOCHASTIC:
        raise ValueError("rounding=STOCHASTIC gives a sum no code of its own: choose a deterministic mode")
    require_format("target", target)
    weights = codes_of("w", w, "w_format", w_format)
    ends = reachable_sums(weights, x_format, bias=bias)
    scale = Fraction(2) ** (x_format.frac_bits + w_format.frac_bits)

    def requantize(total: int) -> int:
        return reference.encode(total / scale, target, rounding=mode)

    bits = [lossless_sum_bits(low, high, requantize) for low, high in zip(*ends, strict=True)]
    return np.array(bits, dtype=np.int64)


def lossless_sum_bits(low: int, high: int, requantize: Requantizer) -> int:
    """Return the least width whose saturation leaves the codes of all sums from `low` to `high` as they are: exact.

    Parameters
    ----------
    low, high : int
        Least and greatest finished sum that is reached, the bias included.
    requantize : callable
        Takes an integer sum and returns its code; a greater sum never has a smaller code.

    Returns
    -------
    int
        Bits, at least 2.

    Examples
    --------
    >>> lossless_sum_bits(-5000, 5000, lambda total: min(max(total >> 4, 0), 15))
    9
    """
    return next(
        bits
        for bits in count(MIN_BITS)
        if clamps_unseen(low, high, least=-(1 << bits - 1), most=(1 << bits - 1) - 1, requantize=requantize)
    )


def clamps_unseen(low: int, high: int, *, least: int, most: int, requantize: Requantizer) -> bool:
    """Return whether clamping finished sums to [least, most] changes no code: exact, where both ends are reached.

    Parameters
    ----------
    low, high : int
        Least and greatest finished sum, the bias included; where they are bounds only, True is still sound.
    least, most : int
        Range of the register, of any width and of either saturating mode.
    requantize : callable
        As in :func:`lossless_sum_bits`.

    Examples
    --------
    >>> clamps_unseen(-5000, 5000, least=-128, most=127, requantize=lambda total: min(max(total >> 4, 0), 15))
    False
    """
    return requantize(min(high, most)) == requantize(high) and requantize(max(low, least)) == requantize(low)
