"""Numbers to codes and back: encode, decode, quantize, cast; every result is exact."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.formats import Format, Overflow, Rounding
from fxp.kernels.encode import PARALLEL_SIZE, encode_bits, encode_codes, saturating_encoder

INT64_WORD_BITS = 63
FLOAT_BITS = 53
_NO_DRAWS = np.empty(0)
_DIRECTED = (Rounding.FLOOR, Rounding.CEIL, Rounding.STOCHASTIC)
_SATURATING = (Overflow.SATURATE, Overflow.SATURATE_SYMMETRIC)


def encode(
    x: ArrayLike,
    fmt: Format,
    *,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
    rng: np.random.Generator | None = None,
) -> NDArray[np.int64]:
    """Return the codes of `x` in `fmt`: exact for every finite number, first rounded, then brought into the format.

    Parameters
    ----------
    x : array_like of float16, float32, float64 or any integer type
        Numbers, of any shape; integers are taken exactly, without a detour through float.
    fmt : Format
        Target, of 1 to 63 bits.
    rounding, overflow : mode or str
        Modes, as members or by either name.
    rng : numpy.random.Generator, optional
        Source of STOCHASTIC: with ``u = rng.random(x.shape)`` an element is rounded up where its u is less than its
        fraction above the lower code, compared exactly.

    Returns
    -------
    ndarray of int64
        Codes, in the shape of `x`.

    Raises
    ------
    TypeError
        `x` is of another kind: bool, complex, strings, objects.
    ValueError
        `x` holds NaN, or an infinity without saturation; the format is wider than 63 bits; STOCHASTIC without `rng`.
    OverflowError
        A code is outside the format and the overflow mode is ERROR; the message names the first.

    Examples
    --------
    >>> encode([0.1, -0.7, 3.0], Format(8, 7))
    array([ 13, -90, 127])
    """
    _require_int64_codes("fmt", fmt)
    rounding, overflow = Rounding.of(rounding), Overflow.of(overflow)
    numbers = _numbers(x)
    draws = _draws(rounding, rng, numbers.shape)
    if numbers.dtype.kind == "f":
        codes = _encode_floats(numbers, draws, fmt, rounding, overflow)
    else:
        codes = _shift_codes("x", numbers, draws, -fmt.frac_bits, fmt, rounding, overflow)
    return codes.reshape(numbers.shape)


def decode(codes: ArrayLike, fmt: Format) -> NDArray[np.float64]:
    """Return the values of `codes`, ``codes * 2**-frac_bits``: exact, as float64.

    Parameters
    ----------
    codes : array_like of int
        Codes of `fmt`, of any shape.
    fmt : Format
        Their format, of 1 to 63 bits.

    Returns
    -------
    ndarray of float64
        Values, in the shape of `codes`.

    Raises
    ------
    TypeError
        `codes` are not integers.
    ValueError
        A code is outside the format, or its value is no float64 (more than 53 significant bits, or an exponent out of
        reach); the format is wider than 63 bits.

    Examples
    --------
    >>> decode([13, -90, 127], Format(8, 7))
    array([ 0.1015625, -0.703125 ,  0.9921875])
    """
    _require_int64_codes("fmt", fmt)
    return _values(_codes(codes, "fmt", fmt), fmt)


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
) -> NDArray[np.int64]:
    """Return the codes in `target` of the values that `codes` have in `source`: exact, in integers only.

    Parameters
    ----------
    codes : array_like of int
        Codes of `source`, of any shape.
    source, target : Format
        Formats of 1 to 63 bits.
    rounding, overflow, rng
        As in :func:`encode`.

    Returns
    -------
    ndarray of int64
        Codes, in the shape of `codes`.

    Raises
    ------
    TypeError
        `codes` are not integers.
    ValueError
        A code is outside `source`; a format is wider than 63 bits; STOCHASTIC without `rng`.
    OverflowError
        A code is outside `target` and the overflow mode is ERROR; the message names the first.

    Examples
    --------
    >>> cast([100, -100], Format(8, 7), Format(4, 3))
    array([ 6, -6])
    """
    _require_int64_codes("source", source)
    _require_int64_codes("target", target)
    rounding, overflow = Rounding.of(rounding), Overflow.of(overflow)
    array = _codes(codes, "source", source)
    draws = _draws(rounding, rng, array.shape)
    shift = source.frac_bits - target.frac_bits
    return _shift_codes("codes", array, draws, shift, target, rounding, overflow).reshape(array.shape)


def _require_int64_codes(name: str, fmt: Format) -> None:
    if not isinstance(fmt, Format):
        raise TypeError(f"{name}={fmt!r} is not a Format: pass fxp.Format(word_bits, frac_bits) or Format.parse(text)")
    if fmt.word_bits > INT64_WORD_BITS:
        raise ValueError(
            f"{name}={fmt} is not at most {INT64_WORD_BITS} bits wide: int64 codes hold no more; "
            "use fxp.reference, which works in Python integers of any size"
        )


def _numbers(x: ArrayLike) -> NDArray[Any]:
    """Return `x` as an array of float32, float64, int64 or uint64 in native byte order, with every value unchanged."""
    array = np.asarray(x)
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind not in "iuf" or (kind == "f" and size > 8):
        raise TypeError(
            f"x of dtype {array.dtype} is not an array of float16, float32, float64 or integers: convert it; "
            "fxp.reference.encode takes Fractions and integers of any size, one at a time"
        )
    if kind == "f" and not hasattr(x, "dtype"):
        _require_exact_integers(x, array)
    if kind == "f":
        return array.astype(np.float64 if size == 8 else np.float32, copy=False)
    return array.astype(np.uint64 if kind == "u" and size == 8 else np.int64, copy=False)


def _require_exact_integers(x: ArrayLike, array: NDArray[np.float64]) -> None:
    """Refuse a list in which NumPy rounded an integer while making floats of integers and floats."""
    changed = (np.asarray(x, dtype=object) != array) & ~np.isnan(array)
    if np.any(changed):
        where = int(np.argmax(changed))
        integer = np.asarray(x, dtype=object).reshape(-1)[where]
        raise TypeError(f"x holds {integer}, an integer that is no float64, beside floats: encode integers apart")


def _draws(rounding: Rounding, rng: np.random.Generator | None, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the draws of STOCHASTIC in C order, nothing for the other modes."""
    if rounding is not Rounding.STOCHASTIC:
        return _NO_DRAWS
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"rng={rng!r} is not a numpy.random.Generator: STOCHASTIC rounding draws from one; "
            "pass rng=numpy.random.default_rng(seed)"
        )
    return np.asarray(rng.random(shape)).reshape(-1)


def _limits(fmt: Format, overflow: Overflow) -> tuple[int, int]:
    symmetric = overflow is Overflow.SATURATE_SYMMETRIC and fmt.signed
    return -fmt.max_code if symmetric else fmt.min_code, fmt.max_code


def _encode_floats(
    numbers: NDArray[Any], draws: NDArray[np.float64], fmt: Format, rounding: Rounding, overflow: Overflow
) -> NDArray[np.int64]:
    x = np.ascontiguousarray(numbers).reshape(-1)
    if _scales_exactly(fmt, rounding):
        codes = np.empty(x.size, np.int64)
        kernel = saturating_encoder(rounding, parallel=x.size >= PARALLEL_SIZE)
        least, most = _limits(fmt, overflow)
        nans, outside = kernel(x, draws, 2.0**fmt.frac_bits, float(least), float(most), codes)
        if not nans and (overflow in _SATURATING or not outside):
            return codes
    _require_numbers(numbers, overflow)
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
            f"{_element('x', numbers, nan)} is not a number: no code stands for it; remove or replace it first"
        )
    if overflow not in _SATURATING and np.any(infinite := np.isinf(numbers)):
        raise ValueError(
            f"{_element('x', numbers, infinite)} is not finite: {overflow.name} has no code for it; use SATURATE"
        )


def _encode_any_float(
    x: NDArray[Any],
    draws: NDArray[np.float64],
    fmt: Format,
    rounding: Rounding,
    overflow: Overflow,
    shape: tuple[int, ...],
) -> NDArray[np.int64]:
    codes = np.empty(x.size, np.int64)
    bits = x.astype(np.float64, copy=False).view(np.int64)
    first = encode_bits(bits, draws, fmt.frac_bits, *_limits(fmt, overflow), rounding.value, overflow.value, codes)
    if overflow is Overflow.ERROR and first >= 0:
        raise _overflow_error("x", x.reshape(shape), first, fmt)
    return codes


def _shift_codes(
    name: str,
    numbers: NDArray[Any],
    draws: NDArray[np.float64],
    shift: int,
    fmt: Format,
    rounding: Rounding,
    overflow: Overflow,
) -> NDArray[np.int64]:
    """Return the integers ``numbers / 2**shift`` rounded and brought into `fmt`, flat."""
    flat = np.ascontiguousarray(numbers).reshape(-1)
    codes = np.empty(flat.size, np.int64)
    first = encode_codes(flat, draws, shift, *_limits(fmt, overflow), rounding.value, overflow.value, codes)
    if overflow is Overflow.ERROR and first >= 0:
        raise _overflow_error(name, numbers, first, fmt)
    return codes


def _overflow_error(name: str, numbers: NDArray[Any], first: int, fmt: Format) -> OverflowError:
    where = np.arange(numbers.size).reshape(numbers.shape) == first
    return OverflowError(
        f"{_element(name, numbers, where)} is outside {fmt}, which spans codes {fmt.min_code} to {fmt.max_code} "
        f"of step 2**{-fmt.frac_bits}: widen the format, or choose another overflow mode"
    )


def _element(name: str, array: NDArray[Any], where: NDArray[np.bool_]) -> str:
    """Return "x[i, j]=value" for the first element of `array` that is marked."""
    index = np.unravel_index(int(np.argmax(where)), array.shape)
    position = f"[{', '.join(str(i) for i in index)}]" if index else ""
    return f"{name}{position}={array[index]}"


def _codes(codes: ArrayLike, format_name: str, fmt: Format) -> NDArray[np.int64]:
    """Return `codes` as int64 after checking that they are integers of the format."""
    array = np.asarray(codes)
    if array.size == 0 and not hasattr(codes, "dtype"):
        return array.astype(np.int64)  # NumPy makes floats of an empty list
    if array.dtype.kind not in "iu":
        raise TypeError(f"codes of dtype {array.dtype} are not integers: encode numbers first, or convert with astype")
    outside = (array < fmt.min_code) | (array > fmt.max_code)
    if np.any(outside):
        raise ValueError(
            f"{_element('codes', array, outside)} is not between {fmt.min_code} and {fmt.max_code}: "
            f"{format_name}={fmt} has no such code; check which format the codes are in"
        )
    return array.astype(np.int64, copy=False)


def _values(codes: NDArray[np.int64], fmt: Format) -> NDArray[np.float64]:
    """Return ``codes * 2**-frac_bits``, refusing what float64 cannot hold."""
    if fmt.word_bits <= FLOAT_BITS and -900 <= fmt.frac_bits <= 1022:
        return np.asarray(codes * 2.0**-fmt.frac_bits)
    with np.errstate(over="ignore", under="ignore"):
        values = np.asarray(np.ldexp(codes.astype(np.float64), -fmt.frac_bits))
    lost = _lost(codes, values, fmt)
    if np.any(lost):
        raise ValueError(
            f"{_element('codes', codes, lost)} has no float64 value in {fmt}: decode is exact; "
            "use fewer bits, or fxp.reference.decode for a Fraction"
        )
    return values


def _lost(codes: NDArray[np.int64], values: NDArray[np.float64], fmt: Format) -> NDArray[np.bool_]:
    """Mark the values that are not exactly ``codes * 2**-frac_bits``."""
    odd_part = np.abs(codes) // np.maximum(codes & -codes, 1)
    with np.errstate(over="ignore", under="ignore"):
        unscaled = np.ldexp(values, fmt.frac_bits)
    return np.asarray((odd_part >= 2**FLOAT_BITS) | (unscaled != codes.astype(np.float64)))
