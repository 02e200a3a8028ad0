"""Sums of products of integer codes: dot, matmul and conv2d, exact."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp import carriers

__all__ = ["Accumulation", "conv2d", "dot", "matmul"]

Codes = NDArray[Any]
Pair = int | Sequence[int] | NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Accumulation:
    """Sums of products and what became of them in the accumulator.

    Parameters
    ----------
    codes : ndarray of int
        The sums: int32 where the proven bound fits, else int64, else Python integers; any memory layout.
    overflowed : int or None
        Outputs of which some prefix of the exact sum is out of the accumulator's range.
    persistent : int
        Outputs whose exact final sum is out of range.
    transient : int or None
        The rest: prefixes out of range, the final sum within. Without a limit all three counts are zero.
    """

    codes: Codes
    overflowed: int | None = 0
    persistent: int = 0
    transient: int | None = 0


def dot(x: ArrayLike, w: ArrayLike, *, accumulator: None = None, bias: ArrayLike | None = None) -> Accumulation:
    """Return the sums of products of the last axis of `x` with the vector `w` (exact).

    Parameters
    ----------
    x : array_like of int, shape (…, K)
        Codes.
    w : array_like of int, shape (K,)
        Codes.
    accumulator : None
        Must be left out: sums are exact.
    bias : int, optional
        Initial value of each sum.

    Returns
    -------
    Accumulation
        `codes` of shape (…).

    Raises
    ------
    TypeError
        An operand does not hold integers.
    ValueError
        Shapes do not match, or an accumulator is given.

    Examples
    --------
    >>> int(dot([1, 2, 3], [4, 5, -6], bias=10).codes)
    6
    """
    left, right = _integers("x", x), _integers("w", w)
    if left.ndim < 1 or right.ndim != 1 or left.shape[-1] != right.shape[0]:
        raise ValueError(f"x.shape={left.shape}, w.shape={right.shape} do not match: pass x (…, K) and w (K,)")
    product = matmul(np.atleast_2d(left), right[:, None], accumulator=accumulator, bias=bias)
    return Accumulation(product.codes[..., 0].reshape(left.shape[:-1]))


def matmul(x: ArrayLike, w: ArrayLike, *, accumulator: None = None, bias: ArrayLike | None = None) -> Accumulation:
    """Return the matrix product of integer codes (exact).

    Parameters
    ----------
    x : array_like of int, shape (…, M, K)
        Codes.
    w : array_like of int, shape (K, N)
        Codes.
    accumulator : None
        Must be left out: sums are exact.
    bias : array_like of int, shape (N,) or one for all, optional
        Initial values of the sums.

    Returns
    -------
    Accumulation
        `codes` of shape (…, M, N).

    Raises
    ------
    TypeError
        An operand does not hold integers.
    ValueError
        Shapes do not match, or an accumulator is given.

    Examples
    --------
    >>> matmul([[1, 2], [3, 4]], [[5], [-6]]).codes.tolist()
    [[-7], [-9]]
    """
    _refuse(accumulator)
    left, right = _integers("x", x), _integers("w", w)
    if left.ndim < 2 or right.ndim != 2 or left.shape[-1] != right.shape[0]:
        raise ValueError(f"x.shape={left.shape}, w.shape={right.shape} do not match: pass x (…, M, K) and w (K, N)")
    return Accumulation(carriers.matmul(left, right, None if bias is None else _bias(bias, right.shape[1])))


def conv2d(
    x: ArrayLike,
    w: ArrayLike,
    *,
    accumulator: None = None,
    bias: ArrayLike | None = None,
    stride: Pair = 1,
    padding: Pair | Sequence[Pair] = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Accumulation:
    """Return the two-dimensional convolution (correlation, as in networks) of integer codes (exact).

    Parameters
    ----------
    x : array_like of int, shape (N, C, H, W)
        Codes.
    w : array_like of int, shape (O, C/groups, KH, KW)
        Codes.
    accumulator : None
        Must be left out: sums are exact.
    bias : array_like of int, shape (O,) or one for all, optional
        Initial values of the sums.
    stride, dilation : int or pair of int
        At least 1.
    padding : int, pair of int, or ((top, bottom), (left, right))
        Rows and columns of zeros around the image.
    groups : int
        Number of groups of channels that are convolved apart.

    Returns
    -------
    Accumulation
        `codes` of logical shape (N, O, OH, OW), any strides.

    Raises
    ------
    TypeError
        An operand does not hold integers.
    ValueError
        Shapes or options do not match, or an accumulator is given.

    Examples
    --------
    >>> image = np.arange(9).reshape(1, 1, 3, 3)
    >>> conv2d(image, np.ones((1, 1, 2, 2), int), padding=((1, 0), (0, 0))).codes[0, 0].tolist()
    [[1, 3], [8, 12], [20, 24]]
    """
    _refuse(accumulator)
    left, right = _integers("x", x), _integers("w", w)
    geometry = _geometry(stride, padding, dilation, groups)
    _check_convolution(left, right, geometry)
    initial = _bias(0 if bias is None else bias, len(right))
    x_low, x_high = carriers.code_range(left)
    convolution = carriers.ExactConvolution(right, initial, geometry, x_low=x_low, x_high=x_high)
    return Accumulation(convolution(left))


def _refuse(accumulator: None) -> None:
    if accumulator is not None:
        raise ValueError(
            f"accumulator={accumulator!r} is not None: sums are exact here, limited accumulators are not supported; "
            "leave it out"
        )


def _integers(name: str, operand: ArrayLike) -> Codes:
    array = np.asarray(operand)
    if array.size == 0 and not hasattr(operand, "dtype"):
        return array.astype(np.int64)
    # NumPy makes floats of Python integers that no integer type of its own holds together.
    codes = np.asarray(operand, dtype=object) if array.dtype == float and not hasattr(operand, "dtype") else array
    if codes.dtype == object and all(_is_whole(code) for code in codes.flat):
        return _within_int64(codes)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}.dtype={array.dtype} is not an integer type: encode values first, fxp.encode(x, fmt)")
    return _within_int64(array) if array.dtype.kind == "u" and array.itemsize == 8 else array


def _is_whole(number: object) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


def _within_int64(codes: Codes) -> Codes:
    """Return integers as int64 where all fit, else as Python integers."""
    least, most = (int(codes.min()), int(codes.max())) if codes.size else (0, 0)
    if least >= -(2**63) and most < 2**63:
        return codes.astype(np.int64)
    return np.asarray(np.frompyfunc(int, 1, 1)(codes), dtype=object)


def _bias(bias: ArrayLike, channels: int) -> Codes:
    initial = _integers("bias", bias)
    if initial.size not in (1, channels) or initial.ndim > 1:
        raise ValueError(f"bias.shape={initial.shape} does not match: pass one integer, or one for each of {channels}")
    return np.broadcast_to(initial, (channels,))


def _geometry(stride: Pair, padding: Pair | Sequence[Pair], dilation: Pair, groups: int) -> carriers.Geometry:
    if not _is_whole(groups) or groups < 1:
        raise ValueError(f"groups={groups!r} is not an integer of at least 1: see fxp.conv2d")
    sides = _entries(padding)
    top_bottom, left_right = sides if len(sides) == 2 else (padding, padding)
    return carriers.Geometry(
        stride=_pair("stride", stride, 1),
        padding=(_pair("padding", top_bottom, 0), _pair("padding", left_right, 0)),
        dilation=_pair("dilation", dilation, 1),
        groups=int(groups),
    )


def _pair(name: str, value: Any, least: int) -> tuple[int, int]:
    both = _entries(value) or (value, value)
    if len(both) != 2 or not all(_is_whole(number) and number >= least for number in both):
        raise ValueError(f"{name}={value!r} is not an integer of at least {least}, or a pair: see fxp.conv2d")
    return int(both[0]), int(both[1])


def _entries(value: Any) -> tuple[Any, ...]:
    """Return the entries of a sequence or of an array of axes; nothing for one number."""
    return tuple(value) if isinstance(value, Sequence) or np.ndim(value) else ()


def _check_convolution(x: Codes, w: Codes, geometry: carriers.Geometry) -> None:
    if x.ndim != 4 or w.ndim != 4:
        raise ValueError(f"x.shape={x.shape}, w.shape={w.shape} are not (N, C, H, W) and (O, C/groups, KH, KW)")
    groups = geometry.groups
    if x.shape[1] != w.shape[1] * groups or len(w) % groups:
        raise ValueError(
            f"x.shape={x.shape}, w.shape={w.shape}, groups={groups} do not match: "
            "x has C channels, w has C/groups, and O is a multiple of groups"
        )
    if min(w.shape[2:]) < 1 or min(geometry.output_size(x.shape[2:], w.shape[2:])) < 1:
        raise ValueError(f"w.shape={w.shape} does not fit x.shape={x.shape}: pad the image or use a smaller kernel")
