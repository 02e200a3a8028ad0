"""Sums of products of integer codes: dot, matmul and conv2d, exact or in an accumulator of limited width."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp import carriers
from fxp.inputs import is_integer
from fxp.limited_convolutions import LimitedConvolution
from fxp.limited_sums import limited
from fxp.operands import initial_values, integers
from fxp.products import Products, Weights
from fxp.registers import Accumulation, Accumulator, Prefixes

__all__ = ["Accumulation", "Accumulator", "Prefixes", "conv2d", "dot", "matmul"]

Codes = NDArray[Any]
Pair = int | Sequence[int] | NDArray[np.integer[Any]]


def dot(
    x: ArrayLike,
    w: ArrayLike,
    *,
    accumulator: Accumulator | None = None,
    bias: ArrayLike | None = None,
    prefixes: bool = False,
) -> Accumulation:
    """Return the sums of products of the last axis of `x` with the vector `w`: exact, or in an accumulator.

    Parameters
    ----------
    x : array_like of int, shape (…, K)
        Codes.
    w : array_like of int, shape (K,)
        Codes.
    accumulator : Accumulator, optional
        The register that sums the products, k upwards; without one, sums are exact.
    bias : int, optional
        Initial value of each sum, on the accumulator's grid.
    prefixes : bool
        Whether to return the exact sums and the limits of all their prefixes too; with an accumulator only.

    Returns
    -------
    Accumulation
        `codes` of shape (…).

    Raises
    ------
    TypeError
        An operand does not hold integers, or an option is of another kind.
    ValueError
        Shapes do not match, or prefixes are asked of exact sums.
    OverflowError
        The accumulator's mode is ERROR, and a value that it looks at is out of range.

    Examples
    --------
    >>> int(dot([1, 2, 3], [4, 5, -6], bias=10).codes)
    6
    >>> limited = dot([100, 100, -100], [1, 1, 1], accumulator=Accumulator(8))
    >>> int(limited.codes), limited.overflowed, limited.persistent, limited.transient
    (27, 1, 0, 1)
    """
    _check(accumulator, prefixes)
    left, right = integers("x", x), integers("w", w)
    if left.ndim < 1 or right.ndim != 1 or left.shape[-1] != right.shape[0]:
        raise ValueError(f"x.shape={left.shape}, w.shape={right.shape} do not match: pass x (…, K) and w (K,)")
    rows = left.reshape(math.prod(left.shape[:-1]), left.shape[-1])
    return _multiplied(rows, right[:, None], bias, accumulator, prefixes, left.shape[:-1])


def matmul(
    x: ArrayLike,
    w: ArrayLike,
    *,
    accumulator: Accumulator | None = None,
    bias: ArrayLike | None = None,
    prefixes: bool = False,
) -> Accumulation:
    """Return the matrix product of integer codes: exact, or in an accumulator.

    Parameters
    ----------
    x : array_like of int, shape (…, M, K)
        Codes.
    w : array_like of int, shape (K, N)
        Codes.
    accumulator, prefixes
        As in :func:`dot`.
    bias : array_like of int, shape (N,) or one for all, optional
        Initial values of the sums, on the accumulator's grid.

    Returns
    -------
    Accumulation
        `codes` of shape (…, M, N).

    Raises
    ------
    TypeError, ValueError, OverflowError
        As :func:`dot`.

    Examples
    --------
    >>> matmul([[1, 2], [3, 4]], [[5], [-6]]).codes.tolist()
    [[-7], [-9]]
    >>> matmul([[1, 2], [3, 4]], [[5], [-6]], accumulator=Accumulator(4, overflow="WRAP")).codes.tolist()
    [[-7], [7]]
    """
    _check(accumulator, prefixes)
    left, right = integers("x", x), integers("w", w)
    if left.ndim < 2 or right.ndim != 2 or left.shape[-1] != right.shape[0]:
        raise ValueError(f"x.shape={left.shape}, w.shape={right.shape} do not match: pass x (…, M, K) and w (K, N)")
    return _multiplied(left, right, bias, accumulator, prefixes, (*left.shape[:-1], right.shape[1]))


def conv2d(
    x: ArrayLike,
    w: ArrayLike,
    *,
    accumulator: Accumulator | None = None,
    bias: ArrayLike | None = None,
    stride: Pair = 1,
    padding: Pair | Sequence[Pair] = 0,
    dilation: Pair = 1,
    groups: int = 1,
    prefixes: bool = False,
) -> Accumulation:
    """Return the two-dimensional convolution (correlation, as in networks) of codes: exact, or in an accumulator.

    Parameters
    ----------
    x : array_like of int, shape (N, C, H, W)
        Codes.
    w : array_like of int, shape (O, C/groups, KH, KW)
        Codes.
    accumulator : Accumulator, optional
        The register that sums the products in its declared order; without one, sums are exact.
    bias : array_like of int, shape (O,) or one for all, optional
        Initial values of the sums, on the accumulator's grid.
    stride, dilation : int or pair of int
        At least 1.
    padding : int, pair of int, or ((top, bottom), (left, right))
        Rows and columns of zeros around the image.
    groups : int
        Number of groups of channels that are convolved apart.
    prefixes : bool
        As in :func:`dot`.

    Returns
    -------
    Accumulation
        `codes` of logical shape (N, O, OH, OW), any strides.

    Raises
    ------
    TypeError, ValueError, OverflowError
        As :func:`dot`.

    Examples
    --------
    >>> image = np.arange(9).reshape(1, 1, 3, 3)
    >>> conv2d(image, np.ones((1, 1, 2, 2), int), padding=((1, 0), (0, 0))).codes[0, 0].tolist()
    [[1, 3], [8, 12], [20, 24]]
    """
    _check(accumulator, prefixes)
    left, right = integers("x", x), integers("w", w)
    geometry = _geometry(stride, padding, dilation, groups)
    _check_convolution(left, right, geometry)
    initial = initial_values(bias, len(right))
    x_low, x_high = carriers.code_range(left)
    if accumulator is not None:
        limit = LimitedConvolution(right, initial, geometry, accumulator, x_low=x_low, x_high=x_high)
        return limit(left, prefixes=prefixes)
    convolution = carriers.ExactConvolution(right, initial, geometry, x_low=x_low, x_high=x_high)
    return Accumulation(convolution(left))


def _check(accumulator: object, prefixes: object) -> None:
    if accumulator is not None and not isinstance(accumulator, Accumulator):
        raise TypeError(f"accumulator={accumulator!r} is not an Accumulator: pass fxp.Accumulator(word_bits), or None")
    if not isinstance(prefixes, bool | np.bool_):
        raise TypeError(f"prefixes={prefixes!r} is not a bool: pass prefixes=True or prefixes=False")
    if prefixes and accumulator is None:
        raise ValueError(
            "prefixes=True is not for exact sums: pass an accumulator, which declares the order of products"
        )


def _multiplied(
    x: Codes,
    w: Codes,
    bias: ArrayLike | None,
    accumulator: Accumulator | None,
    prefixes: bool,
    shape: tuple[int, ...],
) -> Accumulation:
    """Return x (…, M, K) @ w (K, N) in outputs of the given shape."""
    (length, columns), rows = w.shape, math.prod(x.shape[:-1])
    initial = initial_values(bias, columns)
    if accumulator is None:
        return Accumulation(carriers.matmul(x, w, None if bias is None else initial).reshape(shape))
    low, high = carriers.code_range(x)
    products = Products(
        x=np.ascontiguousarray(x).reshape(-1),
        starts=np.arange(rows)[None] * length,
        offsets=np.arange(length),
        weights=Weights(w[None], initial[None], low, high),
        exact=lambda: carriers.matmul(x, w, initial).reshape(1, rows, columns),
    )
    return limited(products, accumulator, lambda outputs: outputs.reshape(shape), prefixes=prefixes)


def _geometry(stride: Pair, padding: Pair | Sequence[Pair], dilation: Pair, groups: int) -> carriers.Geometry:
    if not is_integer(groups) or groups < 1:
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
    if len(both) != 2 or not all(is_integer(number) and number >= least for number in both):
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
