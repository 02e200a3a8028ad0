"""Numbers on one grid to codes of a format on another: kernels up to 63 bits, Python integers beyond."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp.formats import Format, Overflow, Rounding
from fxp.inputs import INT64_WORD_BITS, element
from fxp.kernels.encode import encode_codes
from fxp.wide import overflow_each, round_each

__all__ = ["draws_of", "limits", "overflow_error", "rescale", "rescale_each"]

_NO_DRAWS = np.empty(0)


def rescale(
    name: str,
    numbers: NDArray[Any],
    draws: NDArray[np.float64],
    shift: int,
    fmt: Format,
    rounding: Rounding,
    overflow: Overflow,
) -> NDArray[Any]:
    """Return the integers ``numbers / 2**shift`` rounded and brought into `fmt`: exact.

    Parameters
    ----------
    name : str
        What the caller calls the numbers, for the message.
    numbers : ndarray of int64, uint64 or Python integers
        Integers, of any shape.
    draws : ndarray of float64
        One draw a number, flat, for STOCHASTIC; else empty.
    shift : int
        Bits to drop, or to append where negative.
    fmt, rounding, overflow
        Target and modes.

    Returns
    -------
    ndarray of int64, or of Python integers where `fmt` is wider than 63 bits
        Codes, in the shape of `numbers`.

    Raises
    ------
    OverflowError
        A code is outside the format and the overflow mode is ERROR; the message names the first.

    Examples
    --------
    >>> rescale("codes", np.array([5, 100]), np.empty(0), 1, Format(4, 0), Rounding.FLOOR, Overflow.SATURATE)
    array([2, 7])
    """
    if fmt.word_bits > INT64_WORD_BITS or numbers.dtype == object:
        codes = numbers.reshape(-1).astype(object)
        return rescale_each(name, numbers, codes, draws, shift, fmt, rounding, overflow)
    flat = np.ascontiguousarray(numbers).reshape(-1)
    codes = np.empty(flat.size, np.int64)
    first = encode_codes(flat, draws, shift, *limits(fmt, overflow), rounding.value, overflow.value, codes)
    if overflow is Overflow.ERROR and first >= 0:
        raise overflow_error(name, numbers, first, fmt)
    return codes.reshape(numbers.shape)


def rescale_each(
    name: str,
    numbers: NDArray[Any],
    codes: NDArray[Any],
    draws: NDArray[np.float64],
    shift: int | NDArray[Any],
    fmt: Format,
    rounding: Rounding,
    overflow: Overflow,
) -> NDArray[Any]:
    """Return what :func:`rescale` returns, in Python integers.

    Parameters
    ----------
    name, numbers
        What the message names and shows.
    codes : ndarray of Python integers, flat
        Integers, as many as `numbers`.
    draws, fmt, rounding, overflow
        As in :func:`rescale`.
    shift : int, or ndarray of Python integers
        Bits to drop, for all or one a code.

    Examples
    --------
    >>> x, word = np.array([3.0]), Format(128, 100)
    >>> rescale_each("x", x, np.array([3], object), np.empty(0), -100, word, Rounding.FLOOR, Overflow.SATURATE)
    array([3802951800684688204490109616128], dtype=object)
    """
    rounded = round_each(codes, shift, rounding, draws)
    least, most = limits(fmt, overflow)
    outside = np.asarray((rounded < least) | (rounded > most), dtype=bool)
    if overflow is Overflow.ERROR and outside.any():
        raise overflow_error(name, numbers, int(outside.argmax()), fmt)
    limited = overflow_each(rounded, outside, fmt, overflow).reshape(numbers.shape)
    return limited.astype(object if fmt.word_bits > INT64_WORD_BITS else np.int64)


def draws_of(rounding: Rounding, rng: np.random.Generator | None, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the draws of STOCHASTIC in C order, nothing for the other modes.

    Raises
    ------
    ValueError
        The mode is STOCHASTIC and `rng` is not a generator.

    Examples
    --------
    >>> draws_of(Rounding.FLOOR, None, (2,)).size
    0
    """
    if rounding is not Rounding.STOCHASTIC:
        return _NO_DRAWS
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"rng={rng!r} is not a numpy.random.Generator: STOCHASTIC rounding draws from one; "
            "pass rng=numpy.random.default_rng(seed)"
        )
    return np.asarray(rng.random(shape)).reshape(-1)


def limits(fmt: Format, overflow: Overflow) -> tuple[int, int]:
    """Return the least and the greatest code that the overflow mode leaves as they are.

    Examples
    --------
    >>> limits(Format(8, 7), Overflow.SATURATE_SYMMETRIC)
    (-127, 127)
    """
    symmetric = overflow is Overflow.SATURATE_SYMMETRIC and fmt.signed
    return -fmt.max_code if symmetric else fmt.min_code, fmt.max_code


def overflow_error(name: str, numbers: NDArray[Any], first: int, fmt: Format) -> OverflowError:
    """Return the error that names element `first`, in C order, as outside the format.

    Examples
    --------
    >>> str(overflow_error("x", np.array([1, 300]), 1, Format(8, 0))).partition(",")[0]
    'x[1]=300 is outside sfix8'
    """
    where = np.arange(numbers.size).reshape(numbers.shape) == first
    return OverflowError(
        f"{element(name, numbers, where)} is outside {fmt}, which spans codes {fmt.min_code} to {fmt.max_code} "
        f"of step 2**{-fmt.frac_bits}: widen the format, or choose another overflow mode"
    )
