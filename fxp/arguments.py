"""Checks of arguments at the public edge of the closed forms; every message names the value and the rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.inputs import array_of, element
from fxp.signals import Signal

__all__ = [
    "POSITIVE",
    "one",
    "real_numbers",
    "reals",
    "require_bool",
    "require_shapes",
    "require_signal",
    "require_word",
    "whole_numbers",
]

POSITIVE = float(np.finfo(np.float64).tiny)  # as the minimum of reals


def whole_numbers(name: str, values: ArrayLike, *, minimum: int, remedy: str) -> NDArray[np.int64]:
    """Return the values as int64, all at least `minimum`.

    Parameters
    ----------
    name : str
        What the caller calls them, for the message.
    values : array_like of int
        Of any shape; a float that is whole counts as the integer it is, a bool does not.
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
    >>> whole_numbers("length", [1, 64.0], minimum=1, remedy="give a count")
    array([ 1, 64])
    """
    numbers = array_of(name, values)
    rule = f"is not an integer of at least {minimum}: {remedy}"
    if numbers.dtype.kind not in "iuf":
        raise ValueError(f"{name}={values!r} {rule}")
    # 2**63 is a float64, 2**63 - 1 is not
    wrong = (numbers < minimum) | (
        numbers >= 2.0**63 if numbers.dtype.kind == "f" else numbers > np.iinfo(np.int64).max
    )
    wrong |= numbers != np.trunc(numbers)
    if wrong.any():
        raise ValueError(f"{element(name, numbers, wrong)} {rule}")
    return numbers.astype(np.int64)


def real_numbers(name: str, values: ArrayLike, *, remedy: str) -> NDArray[np.float64]:
    """Return the values as float64, infinities and NaN included.

    Parameters
    ----------
    name : str
        What the caller calls them, for the message.
    values : array_like of float
        Of any shape.
    remedy : str
        What to do instead, for the message.

    Returns
    -------
    ndarray of float64
        In the shape of `values`.

    Raises
    ------
    ValueError
        A value is no real number.

    Examples
    --------
    >>> real_numbers("snrs_db", [40, float("inf")], remedy="give a ratio in dB")
    array([40., inf])
    """
    numbers = array_of(name, values)
    if numbers.dtype.kind not in "iuf":
        raise ValueError(f"{name}={values!r} is not a real number: {remedy}")
    return numbers.astype(np.float64)


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
        Ends that are allowed; POSITIVE where the values must be above zero.

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
    numbers = real_numbers(name, values, remedy=remedy)
    wrong = ~(np.isfinite(numbers) & (minimum <= numbers) & (numbers <= maximum))
    if wrong.any():
        raise ValueError(f"{element(name, numbers, wrong)} is not {_range(minimum, maximum)}: {remedy}")
    return numbers


def one(name: str, number: NDArray[Any]) -> Any:
    """Return the number that an array holds, of no axes.

    Parameters
    ----------
    name : str
        What the caller calls it, for the message.
    number : ndarray
        As the checks above return it.

    Raises
    ------
    ValueError
        The array has an axis.

    Examples
    --------
    >>> one("step", reals("step", 0.25, remedy="give the width of a cell"))
    0.25
    """
    if number.ndim:
        raise ValueError(f"{name} of shape {number.shape} is not one number: call once for each")
    return number.item()


def require_shapes(**arrays: ArrayLike) -> None:
    """Raise ValueError unless the shapes of the arguments broadcast.

    Examples
    --------
    >>> require_shapes(output_bits=[8, 9, 10], length=64)
    """
    shapes = {name: array_of(name, values).shape for name, values in arrays.items()}
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError as error:
        named = ", ".join(f"{name} of {shape}" for name, shape in shapes.items() if shape)
        raise ValueError(f"shapes do not broadcast: {named}; give one shape, or axes of length 1") from error


def require_bool(name: str, value: bool) -> None:
    """Raise TypeError unless the value is a bool.

    Examples
    --------
    >>> require_bool("x_signed", True)
    """
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name}={value!r} is not a bool: pass {name}=True or {name}=False")


def require_signal(name: str, signal: Signal) -> None:
    """Raise TypeError unless `signal` is a Signal.

    Examples
    --------
    >>> require_signal("signal", Signal.gaussian())
    """
    if not isinstance(signal, Signal):
        raise TypeError(f"{name}={signal!r} is not a Signal: pass fxp.Signal.gaussian() or another")


def require_word(name: str, word: str, words: Iterable[str]) -> None:
    """Raise ValueError unless an argument is one of the words that it may be.

    Examples
    --------
    >>> require_word("adders", "tree", ("chain", "tree"))
    """
    allowed = tuple(words)
    if word not in allowed:
        raise ValueError(f"{name}={word!r} is not one of {', '.join(allowed)}: choose one")


def _range(minimum: float, maximum: float) -> str:
    if minimum == POSITIVE:
        return "finite and positive"
    if np.isfinite(minimum) and np.isfinite(maximum):
        return f"between {minimum:g} and {maximum:g}"
    return f"finite and at least {minimum:g}" if np.isfinite(minimum) else "finite"
