"""Numbers to codes and back: encode, decode, quantize, cast; every result is exact."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp import reference
from fxp.formats import Format, Overflow, Rounding
from fxp.inputs import INT64_WORD_BITS, array_of, codes_of, element, integers, object_array, require_format
from fxp.kernels.encode import PARALLEL_SIZE, encode_bits, saturating_encoder
from fxp.rescaling import draws_of, limits, overflow_error, rescale, rescale_each
from fxp.wide import significands

__all__ = ["cast", "decode", "encode", "quantize"]

FLOAT_BITS = 53
_DIRECTED = (Rounding.FLOOR, Rounding.CEIL, Rounding.STOCHASTIC)
_SATURATING = (Overflow.SATURATE, Overflow.SATURATE_SYMMETRIC)


def encode(
    x: ArrayLike,
    fmt: Format,
    *,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
    rng: np.random.Generator | None = None,
) -> NDArray[Any]:
    """Return the codes of `x` in `fmt`: exact for every finite number, first rounded, then brought into the format.

    Parameters
    ----------
    x : array_like of float16, float32, float64 or integers
        Numbers, of any shape; integers, of any size, are taken exactly, without a detour through float.
    fmt : Format
        Target.
    rounding, overflow : mode or str
        Modes, as members or by either name.
    rng : numpy.random.Generator, optional
        Source of STOCHASTIC: with ``u = rng.random(x.shape)`` an element is rounded up where its u is less than its
        fraction above the lower code, compared exactly.

    Returns
    -------
    ndarray of int64, or of Python integers where `fmt` is wider than 63 bits
        Codes, in the shape of `x`. Up to 63 bits a compiled kernel makes them; beyond, and for integers beyond 64 bits,
        it takes about a microsecond each.

    Raises
    ------
    TypeError
        `x` is of another kind: bool, complex, strings, other objects, torch tensors, sparse or masked arrays.
    ValueError
        `x` holds NaN, or an infinity without saturation; its rows differ in length; STOCHASTIC without `rng`.
    MemoryError
        `x` has more elements than the machine holds codes, as a broadcast array may.
    OverflowError
        A code is outside the format and the overflow mode is ERROR; the message names the first.

    Examples
    --------
    >>> encode([0.1, -0.7, 3.0], Format(8, 7))
    array([ 13, -90, 127])
    >>> encode(2**70 + 1, Format(100, 0))
    array(1180591620717411303425, dtype=object)
    """
    require_format("fmt", fmt)
    rounding, overflow = Rounding.of(rounding), Overflow.of(overflow)
    numbers = _numbers(x)
    draws = draws_of(rounding, rng, numbers.shape)
    if numbers.dtype.kind == "f":
        return _encode_floats(numbers, draws, fmt, rounding, overflow)
    return rescale("x", numbers, draws, -fmt.frac_bits, fmt, rounding, overflow)


@overload
def decode(codes: ArrayLike, fmt: Format, *, exact: Literal[False] = False) -> NDArray[np.float64]: ...
@overload
def decode(codes: ArrayLike, fmt: Format, *, exact: bool) -> NDArray[Any]: ...
def decode(codes: ArrayLike, fmt: Format, *, exact: bool = False) -> NDArray[Any]:
    """Return the values of `codes`, ``codes * 2**-frac_bits``: exact, as float64 or as Fractions.

    Parameters
    ----------
    codes : array_like of int
        Codes of `fmt`, of any shape.
    fmt : Format
        Their format.
    exact : bool
        Whether to return Fractions, which hold every value.

    Returns
    -------
    ndarray of float64, or of Fraction with `exact`
        Values, in the shape of `codes`.

    Raises
    ------
    TypeError
        `codes` are not integers.
    ValueError
        A code is outside the format, or without `exact` its value is no float64 (more than 53 significant bits, or an
        exponent out of reach).
    MemoryError
        There are more codes than the machine holds.

    Examples
    --------
    >>> decode([13, -90, 127], Format(8, 7))
    array([ 0.1015625, -0.703125 ,  0.9921875])
    >>> decode([2**60 + 1], Format(62, 1), exact=True)
    array([Fraction(1152921504606846977, 2)], dtype=object)
    """
    array = codes_of("codes", codes, "fmt", fmt)
    return _fractions(array, fmt) if exact else _values(array, fmt)


def quantize(
    x: ArrayLike,
    fmt: Format,
    *,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
    rng: np.random.Generator | None = None,
) -> NDArray[np.float64]:
    """Return the values of `fmt` that stand for `x`: ``decode(encode(x, fmt, ...), fmt)``, exact.

    Parameters, Raises
        As in :func:`encode` and :func:`decode`.

    Returns
    -------
    ndarray of float64
        Values, in the shape of `x`.

    Examples
    --------
    >>> quantize([0.1, -0.7, 3.0], Format(8, 7))
    array([ 0.1015625, -0.703125 ,  0.9921875])
    """
    return _values(encode(x, fmt, rounding=rounding, overflow=overflow, rng=rng), fmt)


def cast(
    codes: ArrayLike,
    source: Format,
    target: Format,
    *,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
    rng: np.random.Generator | None = None,
) -> NDArray[Any]:
    """Return the codes in `target` of the values that `codes` have in `source`: exact, in integers only.

    Parameters
    ----------
    codes : array_like of int
        Codes of `source`, of any shape.
    source, target : Format
        Formats.
    rounding, overflow, rng
        As in :func:`encode`.

    Returns
    -------
    ndarray of int64, or of Python integers where `target` is wider than 63 bits
        Codes, in the shape of `codes`.

    Raises
    ------
    TypeError
        `codes` are not integers.
    ValueError
        A code is outside `source`; STOCHASTIC without `rng`.
    MemoryError
        There are more codes than the machine holds.
    OverflowError
        A code is outside `target` and the overflow mode is ERROR; the message names the first.

    Examples
    --------
    >>> cast([100, -100], Format(8, 7), Format(4, 3))
    array([ 6, -6])
    """
    require_format("target", target)
    rounding, overflow = Rounding.of(rounding), Overflow.of(overflow)
    array = codes_of("codes", codes, "source", source)
    draws = draws_of(rounding, rng, array.shape)
    return rescale("codes", array, draws, source.frac_bits - target.frac_bits, target, rounding, overflow)


def _numbers(x: ArrayLike) -> NDArray[Any]:
    """Return `x` as an array of float32, float64, int64, uint64 or Python integers, with every value unchanged."""
    array = array_of("x", x)
    whole = integers(x, array)
    if whole is not None:
        narrow = whole.dtype.kind == "i" or whole.dtype.itemsize < 8
        return whole.astype(object if whole.dtype == object else np.int64 if narrow else np.uint64, copy=False)
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind != "f" or size > 8:
        raise TypeError(
            f"x of dtype {array.dtype} is not an array of float16, float32, float64 or integers: convert it; "
            "fxp.reference.encode takes Fractions, one at a time"
        )
    if not hasattr(x, "dtype"):
        _require_exact_integers(x, array)
    return array.astype(np.float64 if size == 8 else np.float32, copy=False)


def _require_exact_integers(x: ArrayLike, array: NDArray[np.float64]) -> None:
    """Refuse a list in which NumPy rounded an integer while making floats of integers and floats."""
    changed = (np.asarray(x, dtype=object) != array) & ~np.isnan(array)
    if np.any(changed):
        where = int(np.argmax(changed))
        integer = np.asarray(x, dtype=object).reshape(-1)[where]
        raise TypeError(f"x holds {integer}, an integer that is no float64, beside floats: encode integers apart")


def _encode_floats(
    numbers: NDArray[Any], draws: NDArray[np.float64], fmt: Format, rounding: Rounding, overflow: Overflow
) -> NDArray[Any]:
    x = np.ascontiguousarray(numbers).reshape(-1)
    if _scales_exactly(fmt, rounding):
        codes = np.empty(x.size, np.int64)
        kernel = saturating_encoder(rounding, parallel=x.size >= PARALLEL_SIZE)
        least, most = limits(fmt, overflow)
        nans, outside = kernel(x, draws, 2.0**fmt.frac_bits, float(least), float(most), codes)
        if not nans and (overflow in _SATURATING or not outside):
            return codes.reshape(numbers.shape)
    _require_numbers(numbers, overflow)
    if fmt.word_bits > INT64_WORD_BITS:
        codes, powers = significands(x)
        return rescale_each("x", numbers, codes, draws, -powers - fmt.frac_bits, fmt, rounding, overflow)
    return _encode_any_float(x, draws, fmt, rounding, overflow, numbers.shape)


def _scales_exactly(fmt: Format, rounding: Rounding) -> bool:
    """Whether float64 holds every code, and ``x * 2**frac_bits`` is exact or so small that rounding ignores its error.

    A product too large becomes an infinity, which saturates alike; one too small exists for negative `frac_bits` only,
    and matters only to modes that round every positive number up, or every negative one down.
    """
    least_exponent = 0 if rounding in _DIRECTED else -1022
    return fmt.word_bits <= FLOAT_BITS and least_exponent <= fmt.frac_bits <= 1023


def _require_numbers(numbers: NDArray[Any], overflow: Overflow) -> None:
    """Refuse NaN, and infinities unless the mode saturates."""
    if np.any(nan := np.isnan(numbers)):
        raise ValueError(
            f"{element('x', numbers, nan)} is not a number: no code stands for it; remove or replace it first"
        )
    if overflow not in _SATURATING and np.any(infinite := np.isinf(numbers)):
        raise ValueError(
            f"{element('x', numbers, infinite)} is not finite: {overflow.name} has no code for it; use SATURATE"
        )


def _encode_any_float(
    x: NDArray[Any],
    draws: NDArray[np.float64],
    fmt: Format,
    rounding: Rounding,
    overflow: Overflow,
    shape: tuple[int, ...],
) -> NDArray[Any]:
    codes = np.empty(x.size, np.int64)
    bits = x.astype(np.float64, copy=False).view(np.int64)
    first = encode_bits(bits, draws, fmt.frac_bits, *limits(fmt, overflow), rounding.value, overflow.value, codes)
    if overflow is Overflow.ERROR and first >= 0:
        raise overflow_error("x", x.reshape(shape), first, fmt)
    return codes.reshape(shape)


def _values(codes: NDArray[Any], fmt: Format) -> NDArray[np.float64]:
    """Return ``codes * 2**-frac_bits``, refusing what float64 cannot hold."""
    if fmt.word_bits <= FLOAT_BITS and -900 <= fmt.frac_bits <= 1022:
        return np.asarray(codes * 2.0**-fmt.frac_bits)
    values, lost = _nearest_values(codes, fmt)
    if np.any(lost):
        raise ValueError(
            f"{element('codes', codes, lost)} has no float64 value in {fmt}: decode is exact; "
            "decode(codes, fmt, exact=True) returns Fractions"
        )
    return values


def _nearest_values(codes: NDArray[Any], fmt: Format) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return values as float64, and a mark where they are not exact."""
    if fmt.word_bits > INT64_WORD_BITS:
        exact = _fractions(codes, fmt)
        nearest = object_array([_nearest_float(value) for value in exact.flat], codes.shape)
        return nearest.astype(np.float64), np.asarray(nearest != exact, dtype=bool)
    with np.errstate(over="ignore", under="ignore"):
        values = np.asarray(np.ldexp(codes.astype(np.float64), -fmt.frac_bits))
    return values, _lost(codes, values, fmt)


def _fractions(codes: NDArray[Any], fmt: Format) -> NDArray[Any]:
    return object_array([reference.decode(code, fmt) for code in codes.reshape(-1).tolist()], codes.shape)


def _nearest_float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")  # of either sign: it is refused


def _lost(codes: NDArray[np.int64], values: NDArray[np.float64], fmt: Format) -> NDArray[np.bool_]:
    """Mark the values that are not exactly ``codes * 2**-frac_bits``."""
    odd_part = np.abs(codes) // np.maximum(codes & -codes, 1)
    with np.errstate(over="ignore", under="ignore"):
        unscaled = np.ldexp(values, fmt.frac_bits)
    return np.asarray((odd_part >= 2**FLOAT_BITS) | (unscaled != codes.astype(np.float64)))
