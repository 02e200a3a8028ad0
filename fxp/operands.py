"""Integer operands of products: checked once, at the public edge."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["initial_values", "integers", "is_whole"]

Codes = NDArray[Any]


def integers(name: str, operand: ArrayLike) -> Codes:
    """Return an operand as an array of integers: int64 at most, or Python integers where int64 does not hold them.

    Parameters
    ----------
    name : str
        What the caller calls it, for the message.
    operand : array_like of int
        Of any shape; no bool, no float, also none that is whole.

    Raises
    ------
    TypeError
        It does not hold integers.

    Examples
    --------
    >>> integers("x", [1, 2**64]).dtype
    dtype('O')
    """
    array = np.asarray(operand)
    if array.size == 0 and not hasattr(operand, "dtype"):
        return array.astype(np.int64)
    # NumPy makes floats of Python integers that no integer type of its own holds together.
    codes = np.asarray(operand, dtype=object) if array.dtype == float and not hasattr(operand, "dtype") else array
    if codes.dtype == object and all(is_whole(code) for code in codes.flat):
        return _within_int64(codes)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}.dtype={array.dtype} is not an integer type: encode values first, fxp.encode(x, fmt)")
    return _within_int64(array) if array.dtype.kind == "u" and array.itemsize == 8 else array


def initial_values(bias: ArrayLike | None, channels: int) -> Codes:
    """Return the bias of each channel; zeros for None.

    Raises
    ------
    TypeError
        It does not hold integers.
    ValueError
        It is neither one integer nor one for each channel.

    Examples
    --------
    >>> initial_values(7, 3)
    array([7, 7, 7])
    """
    initial = integers("bias", 0 if bias is None else bias)
    if initial.size not in (1, channels) or initial.ndim > 1:
        raise ValueError(f"bias.shape={initial.shape} does not match: pass one integer, or one for each of {channels}")
    return np.broadcast_to(initial, (channels,))


def is_whole(number: object) -> bool:
    """Return whether a number is an integer of Python or NumPy, and no bool."""
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


def _within_int64(codes: Codes) -> Codes:
    """Return integers as int64 where all fit, else as Python integers."""
    least, most = (int(codes.min()), int(codes.max())) if codes.size else (0, 0)
    if least >= -(2**63) and most < 2**63:
        return codes.astype(np.int64)
    return np.asarray(np.frompyfunc(int, 1, 1)(codes), dtype=object)
