"""Sums of products of codes with zero points, exact: the accumulators that requantisers take."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp import operands
from fxp.accumulators import Pair, conv2d, matmul
from fxp.inputs import element

__all__ = ["affine_conv2d", "affine_matmul"]

Codes = NDArray[Any]
LIMIT = 2**16  # of codes and zero points: 2**29 products of their differences stay in int64


def affine_matmul(
    x: ArrayLike,
    w: ArrayLike,
    *,
    x_zero_point: int = 0,
    w_zero_point: ArrayLike = 0,
    bias: ArrayLike | None = None,
) -> Codes:
    r"""Return the sums of products of codes less their zero points (exact), from the product of the codes themselves.

    .. math::
       \sum_k (x_k - z_x)(w_k - z_w) = \sum_k x_k w_k - z_x \sum_k w_k - z_w \sum_k x_k + K z_x z_w

    The first sum is a product of codes as they are stored; the second and the fourth do not depend on the input, and
    hardware adds them to the bias.

    Parameters
    ----------
    x : array_like of int, shape (…, M, K)
        Codes of the input, of up to 16 bits.
    w : array_like of int, shape (K, N)
        Codes of the weights, of up to 16 bits.
    x_zero_point : int
        Code of the real number 0 in `x`.
    w_zero_point : int or array_like of int, shape (N,)
        Code of the real number 0 in `w`, for all or one a column.
    bias : int or array_like of int, shape (N,), optional
        On the grid of the products.

    Returns
    -------
    ndarray of int64, shape (…, M, N)
        The accumulators; a :class:`fxp.Requantizer` checks that they are in int32.

    Raises
    ------
    TypeError
        An operand does not hold integers.
    ValueError
        Shapes do not match, or a code or zero point is of more than 16 bits.

    Examples
    --------
    >>> affine_matmul([[10, 20]], [[3], [5]], x_zero_point=8, w_zero_point=4, bias=100)
    array([[110]])
    """
    codes, weights = _narrow("x", x), _narrow("w", w)
    raw = matmul(codes, weights, bias=bias).codes.astype(np.int64)
    x_zero, w_zero = (
        _zero_points("x_zero_point", x_zero_point, 1),
        _zero_points("w_zero_point", w_zero_point, raw.shape[-1]),
    )
    of_weights = weights.sum(axis=0, dtype=np.int64)
    of_input = codes.sum(axis=-1, keepdims=True, dtype=np.int64)
    corrected: Codes = raw - x_zero * of_weights - w_zero * of_input + codes.shape[-1] * x_zero * w_zero
    return corrected


def affine_conv2d(
    x: ArrayLike,
    w: ArrayLike,
    *,
    x_zero_point: int = 0,
    w_zero_point: ArrayLike = 0,
    bias: ArrayLike | None = None,
    stride: Pair = 1,
    padding: Pair | Sequence[Pair] = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Codes:
    """Return the convolution of codes less their zero points (exact); what is padded stands for the real number 0.

    Parameters
    ----------
    x : array_like of int, shape (N, C, H, W)
        Codes of the input, of up to 16 bits.
    w : array_like of int, shape (O, C/groups, KH, KW)
        Codes of the weights, of up to 16 bits.
    x_zero_point : int
        Code of the real number 0 in `x`, which libraries pad with.
    w_zero_point : int or array_like of int, shape (O,)
        Code of the real number 0 in `w`, for all or one a channel.
    bias : int or array_like of int, shape (O,), optional
        On the grid of the products.
    stride, padding, dilation, groups
        As in :func:`fxp.conv2d`.

    Returns
    -------
    ndarray of int64, shape (N, O, H', W')
        The accumulators; a :class:`fxp.Requantizer` checks that they are in int32.

    Raises
    ------
    TypeError
        An operand does not hold integers.
    ValueError
        Shapes do not match, or a code or zero point is of more than 16 bits.

    Examples
    --------
    >>> affine_conv2d([[[[10, 20]]]], [[[[3, 5, 7]]]], x_zero_point=8, padding=(0, 1)).tolist()
    [[[[94, 66]]]]
    """
    codes, weights = _narrow("x", x), _narrow("w", w)
    x_zero = _zero_points("x_zero_point", x_zero_point, 1)
    w_zero = _zero_points("w_zero_point", w_zero_point, len(weights)).reshape(-1, *[1] * (weights.ndim - 1))
    options: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return conv2d(codes - x_zero, weights - w_zero, bias=bias, **options).codes.astype(np.int64)


def _narrow(name: str, operand: ArrayLike) -> Codes:
    codes = operands.integers(name, operand)
    wide = np.asarray((codes < -LIMIT) | (codes > LIMIT), dtype=bool)
    if wide.any():
        raise ValueError(f"{element(name, codes, wide)} is not of 16 bits: subtract zero points, and use fxp.matmul")
    return codes


def _zero_points(name: str, zero_points: ArrayLike, channels: int) -> Codes:
    codes = _narrow(name, zero_points).astype(np.int64)
    if codes.ndim > 1 or codes.size not in (1, channels):
        wanted = "one integer" if channels == 1 else f"one integer, or one for each of {channels}"
        raise ValueError(f"{name}.shape={codes.shape} does not match: pass {wanted}")
    return codes.reshape(-1)
