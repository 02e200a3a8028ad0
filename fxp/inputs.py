"""Numbers and codes at the public edge: arrays that NumPy does not misread, and the element that is at fault."""

import math
import os
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.formats import Format

__all__ = [
    "INT64_WORD_BITS",
    "array_of",
    "code_of",
    "codes_of",
    "element",
    "integers",
    "is_integer",
    "magnitude",
    "object_array",
    "require_format",
    "require_memory",
]

INT64_WORD_BITS = 63
ELEMENT_BYTES = 8  # of int64, of float64 and of a reference to a Python integer
_REMEDIES = {
    "torch": "convert it, tensor.numpy(force=True)",
    "scipy": "convert it, matrix.toarray()",
    "numpy": "fill what is masked, array.filled(value)",
}


def array_of(name: str, operand: ArrayLike) -> NDArray[Any]:
    """Return `operand` as an array, of whatever dtype.

    Parameters
    ----------
    name : str
        What the caller calls it, for the message.
    operand : array_like
        Of any shape and kind.

    Raises
    ------
    TypeError
        `operand` is a torch tensor, a sparse matrix or a masked array, which NumPy would misread or strip.
    ValueError
        `operand` is a nested sequence whose rows differ in length.
    MemoryError
        It has more elements than the machine holds; a broadcast array may, which takes no memory itself.

    Examples
    --------
    >>> array_of("x", range(3))
    array([0, 1, 2])
    """
    kind = type(operand)
    package = kind.__module__.partition(".")[0]
    if package in ("torch", "scipy") or isinstance(operand, np.ma.MaskedArray):
        raise TypeError(f"{name} of type {package}.{kind.__name__} is not a plain array: {_REMEDIES[package]}")
    try:
        array = np.asarray(operand)
    except ValueError as error:
        raise ValueError(f"{name} is not an array: its rows differ in length; pass rows of one length") from error
    require_memory(name, array.shape)
    return array


def integers(operand: ArrayLike, array: NDArray[Any]) -> NDArray[Any] | None:
    """Return what `operand` holds as integers, in a dtype of NumPy or as Python integers; None where it holds others.

    Parameters
    ----------
    operand : array_like
        What the user passed. A list of integers that no NumPy type holds together comes as floats from NumPy.
    array : ndarray
        The same as an array.

    Examples
    --------
    >>> integers([2**64, -1], np.asarray([2**64, -1]))
    array([18446744073709551616, -1], dtype=object)
    """
    listed = not hasattr(operand, "dtype")
    if listed and array.size == 0:
        return array.astype(np.int64)  # NumPy makes floats of an empty list
    if listed and array.dtype == np.float64:
        array = np.asarray(operand, dtype=object)
    if array.dtype == object and all(is_integer(item) for item in array.flat):
        return _shortest(object_array([int(item) for item in array.flat], array.shape))
    return array if array.dtype.kind in "iu" else None


def is_integer(item: object) -> bool:
    """Return whether a value is an integer of Python or NumPy, and no bool."""
    return isinstance(item, int | np.integer) and not isinstance(item, bool)


def _shortest(array: NDArray[Any]) -> NDArray[Any]:
    """Return Python integers as int64 where all fit."""
    inside = all(-(2**63) <= item < 2**63 for item in array.flat)
    return array.astype(np.int64) if inside else array


def codes_of(name: str, operand: ArrayLike, format_name: str, fmt: Format) -> NDArray[Any]:
    """Return the codes of a format: int64, or Python integers where it is wider than 63 bits.

    Parameters
    ----------
    name, format_name : str
        What the caller calls the two, for the message.
    operand : array_like of int
        Codes, of any shape.
    fmt : Format
        Their format.

    Raises
    ------
    TypeError
        `operand` does not hold integers, or `fmt` is not a Format.
    ValueError
        A code is outside the format; the first such is named.

    Examples
    --------
    >>> codes_of("codes", [1, -2], "fmt", Format(64, 0))
    array([1, -2], dtype=object)
    """
    require_format(format_name, fmt)
    array = array_of(name, operand)
    codes = integers(operand, array)
    if codes is None:
        raise TypeError(f"{name} of dtype {array.dtype} are not integers: encode numbers first, or convert with astype")
    outside = np.asarray((codes < fmt.min_code) | (codes > fmt.max_code), dtype=bool)
    if np.any(outside):
        raise ValueError(
            f"{element(name, codes, outside)} is not between {fmt.min_code} and {fmt.max_code}: "
            f"{format_name}={fmt} has no such code; check which format the codes are in"
        )
    return codes.astype(np.int64 if fmt.word_bits <= INT64_WORD_BITS else object, copy=False)


def require_format(name: str, fmt: Format) -> None:
    """Raise TypeError unless `fmt` is a Format.

    Examples
    --------
    >>> require_format("fmt", Format(8, 7))
    """
    if not isinstance(fmt, Format):
        raise TypeError(f"{name}={fmt!r} is not a Format: pass fxp.Format(word_bits, frac_bits) or Format.parse(text)")


def magnitude(codes: NDArray[Any]) -> int:
    """Return the greatest absolute value of integers, 0 where there are none.

    Examples
    --------
    >>> magnitude(np.array([-128, 127], np.int8))
    128
    """
    return max(-int(codes.min(initial=0)), int(codes.max(initial=0)))


def code_of(name: str, code: int, fmt: Format) -> int:
    """Return one integer that has to be a code of a format.

    Raises
    ------
    TypeError
        It is no integer.
    ValueError
        It is no code of the format.

    Examples
    --------
    >>> code_of("zero_point", 3, Format(8, 0))
    3
    """
    if not is_integer(code):
        raise TypeError(f"{name}={code!r} is not an integer: give a code of {fmt}")
    if not fmt.min_code <= code <= fmt.max_code:
        raise ValueError(f"{name}={code} is not between {fmt.min_code} and {fmt.max_code}: give a code of {fmt}")
    return int(code)


def require_memory(name: str, shape: tuple[int, ...]) -> None:
    """Raise MemoryError where the machine's memory does not hold an array of this shape, of 64 bits an element.

    Asked before anything is computed, because an array that only just fits makes the machine swap first.

    Examples
    --------
    >>> require_memory("codes", (1000, 1000))
    """
    needed = math.prod(shape) * ELEMENT_BYTES
    if needed > (present := _memory_bytes()):
        raise MemoryError(
            f"{name}.shape={shape} is not at most what this machine holds: it takes {needed / 2**30:,.0f} GiB in words "
            f"of 64 bits, of which there are {present / 2**30:,.0f}; take it in parts"
        )


@cache
def _memory_bytes() -> float:
    """Return how much memory the machine has; no limit where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return math.inf


def element(name: str, array: NDArray[Any], where: NDArray[np.bool_]) -> str:
    """Return ``name[i, j]=value`` for the first element of `array` that is marked.

    Examples
    --------
    >>> element("x", np.array([1.0, np.nan]), np.array([False, True]))
    'x[1]=nan'
    """
    index = np.unravel_index(int(np.argmax(where)), array.shape)
    position = f"[{', '.join(str(i) for i in index)}]" if index else ""
    return f"{name}{position}={array[index]}"


def object_array(items: Sequence[object], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return an array of Python objects, none of which NumPy converts.

    Examples
    --------
    >>> object_array([1, 2**70], (2,))
    array([1, 1180591620717411303424], dtype=object)
    """
    out = np.empty(len(items), dtype=object)
    out[:] = items
    return out.reshape(shape)
