"""Widths of accumulators that cannot overflow, from known weights."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.carriers import subset_limits
from fxp.formats import Format
from fxp.inputs import require_format
from fxp.operands import initial_values, integers
from fxp.registers import MIN_BITS

__all__ = ["guaranteed_bits", "reachable_sums", "weights_by_output"]

Codes = NDArray[Any]


def guaranteed_bits(w: ArrayLike, x_format: Format, *, bias: ArrayLike | None = None) -> NDArray[np.int64]:
    """Return the width of the smallest accumulator that never overflows, for each output: exact.

    With Σw+ and Σw− the sums of the positive and of the negative weights of an output, its sums reach exactly from
    bias + x_min·Σw+ + x_max·Σw− to bias + x_max·Σw+ + x_min·Σw−, x_min ≤ 0 ≤ x_max being the ends of `x_format`. Every
    prefix in every order lies within, and both ends are reached: one bit less overflows for some input.

    Assumptions: inputs take all codes of the format, each on its own. No bits are dropped from products; where they
    are, the width is an upper bound, the bias being on the grid of the accumulator.

    Parameters
    ----------
    w : array_like of int, shape (K, N) or (O, C/groups, KH, KW)
        Weight codes of a matrix product or of a convolution.
    x_format : Format
        Format of the other operand, of 1 to 128 bits.
    bias : array_like of int, shape (N,) or (O,), or one for all, optional
        Initial values of the sums.

    Returns
    -------
    ndarray of int64, shape (N,) or (O,)
        Bits, two's complement, at least the 2 of the narrowest :class:`fxp.Accumulator`.

    Raises
    ------
    TypeError
        Weights or bias do not hold integers, or `x_format` is no Format.
    ValueError
        `w` has another number of axes, or the shape of the bias does not match.

    References
    ----------
    Derivation: :ref:`derivation-guaranteed_bits`.

    Examples
    --------
    >>> guaranteed_bits(np.full((64, 1), -128), Format(8, 8, signed=False))
    array([22])
    """
    ends = zip(*reachable_sums(w, x_format, bias=bias), strict=True)
    return np.array([max(MIN_BITS, *map(_signed_bits, both)) for both in ends], dtype=np.int64)


def reachable_sums(w: ArrayLike, x_format: Format, *, bias: ArrayLike | None = None) -> tuple[Codes, Codes]:
    """Return the least and the greatest sum of each output: exact, some input reaches each.

    Parameters
    ----------
    w, x_format, bias
        As in :func:`guaranteed_bits`.

    Returns
    -------
    tuple of ndarray of object, shape (N,) or (O,)
        Python integers.

    Raises
    ------
    TypeError, ValueError
        As :func:`guaranteed_bits`.

    Examples
    --------
    >>> reachable_sums([[3], [-2]], Format(8, 0, signed=False), bias=7)
    (array([-503], dtype=object), array([772], dtype=object))
    """
    require_format("x_format", x_format)
    outputs = weights_by_output(w)
    initial = initial_values(bias, len(outputs)).astype(object)
    minus, plus = subset_limits(outputs, x_format.min_code, x_format.max_code)
    return initial + minus, initial + plus


def weights_by_output(w: ArrayLike) -> Codes:
    """Return weight codes with the axis of the outputs first.

    Parameters
    ----------
    w : array_like of int, shape (K, N) or (O, C/groups, KH, KW)
        Of a matrix product or of a convolution.

    Raises
    ------
    TypeError
        The weights are not integers.
    ValueError
        `w` has another number of axes.

    Examples
    --------
    >>> weights_by_output([[3, 5], [-2, 0]]).tolist()
    [[3, -2], [5, 0]]
    """
    weights = integers("w", w)
    if weights.ndim not in (2, 4):
        raise ValueError(f"w.shape={weights.shape} is not (K, N) or (O, C/groups, KH, KW): see fxp.guaranteed_bits")
    return weights.T if weights.ndim == 2 else weights


def _signed_bits(code: int) -> int:
    """Return the bits of the narrowest two's complement word that holds a code."""
    return (code if code >= 0 else -1 - code).bit_length() + 1
