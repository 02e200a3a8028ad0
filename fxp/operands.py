"""Integer operands of products: checked once, at the public edge."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp import inputs

__all__ = ["initial_values", "integers"]

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
        It does not hold integers, or is a torch tensor, a sparse matrix or a masked array.
    ValueError
        It is a nested sequence whose rows differ in length.

    Examples
    --------
    >>> integers("x", [1, 2**64]).dtype
    dtype('O')
    """
    array = inputs.array_of(name, operand)
    codes = inputs.integers(operand, array)
    if codes is None:
        raise TypeError(f"{name}.dtype={array.dtype} is not an integer type: encode values first, fxp.encode(x, fmt)")
    if codes.dtype.kind != "u" or codes.itemsize < 8:
        return codes
    return codes.astype(np.int64 if codes.max(initial=0) < 2**63 else object)


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
