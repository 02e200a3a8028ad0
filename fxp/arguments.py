"""Checks of array arguments at the public edge of the closed forms; every message names the value and the rule."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["reals", "whole_numbers"]


def whole_numbers(name: str, values: ArrayLike, *, minimum: int, remedy: str) -> NDArray[np.int64]:
    """Return the values as int64, all at least `minimum`.

    Parameters
    ----------
    name : str
        What the caller calls them, for the message.
    values : array_like of int
        Of any shape; no bool, no float, also none that is whole.
    minimum : int
        Least value that is allowed.
    remedy : str
        What to do instead, for the message.

    Returns
    -------
    ndarray of int64
        In the shape of `values`.

    Raises
    ------
    ValueError
        A value is of another kind, below the minimum or beyond int64; the first such is named.

    Examples
    --------
    >>> whole_numbers("length", [1, 64], minimum=1, remedy="give a count")
    array([ 1, 64])
    """
    numbers = np.asarray(values)
    rule = f"is not an integer of at least {minimum}: {remedy}"
    if numbers.dtype.kind not in "iu":
        raise ValueError(f"{name}={values!r} {rule}")
    wrong = (numbers < minimum) | (numbers > np.iinfo(np.int64).max)
    if wrong.any():
        raise ValueError(f"{name}={numbers[wrong][0]} {rule}")
    return numbers.astype(np.int64)


def reals(
    name: str, values: ArrayLike, *, remedy: str, minimum: float = -np.inf, maximum: float = np.inf
) -> NDArray[np.float64]:
    """Return the values as float64, all finite and between `minimum` and `maximum`.

    Parameters
    ----------
    name : str
        What the caller calls them, for the message.
    values : array_like of float
        Of any shape.
    remedy : str
        What to do instead, for the message.
    minimum, maximum : float
        Ends that are allowed.

    Returns
    -------
    ndarray of float64
        In the shape of `values`.

    Raises
    ------
    ValueError
        A value is no real number, NaN, infinite or beyond an end; the first such is named.

    Examples
    --------
    >>> reals("par_db", 4.77, minimum=0, remedy="give a ratio in dB")
    array(4.77)
    """
    numbers = np.asarray(values)
    if numbers.dtype.kind not in "iuf":
        raise ValueError(f"{name}={values!r} is not a real number: {remedy}")
    numbers = numbers.astype(np.float64)
    wrong = ~(np.isfinite(numbers) & (minimum <= numbers) & (numbers <= maximum))
    if wrong.any():
        raise ValueError(f"{name}={numbers[wrong][0]} is not {_range(minimum, maximum)}: {remedy}")
    return numbers


def _range(minimum: float, maximum: float) -> str:
    if np.isfinite(minimum) and np.isfinite(maximum):
        return f"between {minimum:g} and {maximum:g}"
    return f"finite and at least {minimum:g}" if np.isfinite(minimum) else "finite"
