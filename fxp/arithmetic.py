"""Element-wise arithmetic on codes, with the growth of their formats: add, subtract, multiply, shift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.formats import MAX_WORD_BITS, Format, Overflow, Rounding, format_of
from fxp.inputs import INT64_WORD_BITS, array_of, codes_of, element, integers, require_format, require_memory
from fxp.rescaling import draws_of, rescale
from fxp.spans import Span

__all__ = ["FixedPoint", "add", "multiply", "shift", "subtract"]


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """An array of fixed-point numbers: codes and their format.

    Parameters
    ----------
    codes : ndarray of int64, or of Python integers where `format` is wider than 63 bits
        Codes.
    format : Format
        Their format.

    Examples
    --------
    >>> FixedPoint(np.array([64]), Format(8, 7)).format.frac_bits
    7
    """

    codes: NDArray[Any]
    format: Format


def add(
    a: ArrayLike,
    a_format: Format,
    b: ArrayLike,
    b_format: Format,
    *,
    target: Format | None = None,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
    rng: np.random.Generator | None = None,
) -> FixedPoint:
    """Return the sums of two arrays of codes: exact in the grown format, or rounded once into `target`.

    The grown format has the finer grid of the two, and the shortest word that holds every sum of their numbers; it is
    signed if either is.

    Parameters
    ----------
    a, b : array_like of int
        Codes, of shapes that broadcast.
    a_format, b_format : Format
        Their formats.
    target : Format, optional
        Format of the result. The exact sum is rounded first, then brought into it.
    rounding, overflow, rng
        How, as in :func:`fxp.encode`; without `target` there is nothing to round.

    Returns
    -------
    FixedPoint
        Codes in the shape to which the operands broadcast, and their format.

    Raises
    ------
    TypeError
        An operand does not hold integers, or a format is no Format.
    ValueError
        A code is outside its format; the shapes do not match; the grown format has more than 128 bits, and there is no
        `target`; STOCHASTIC without `rng`.
    OverflowError
        A result is outside `target` and the overflow mode is ERROR; the message names the first exact code.
    MemoryError
        There are more results than the machine holds.

    Examples
    --------
    >>> total = add([127, -128], Format(8, 7), [3, 1], Format(4, 2, signed=False))
    >>> total.codes, str(total.format)
    (array([223, -96]), 'sfix11_En7')
    >>> add([127], Format(8, 7), [127], Format(8, 7), target=Format(8, 7)).codes
    array([127])
    """
    left, right = _pair(a, a_format, b, b_format)
    span = a_format.span + b_format.span
    codes = _on_grid(left, a_format, span) + _on_grid(right, b_format, span)
    return _finish("sum", codes, span, target, rounding, overflow, rng)


def subtract(
    a: ArrayLike,
    a_format: Format,
    b: ArrayLike,
    b_format: Format,
    *,
    target: Format | None = None,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
    rng: np.random.Generator | None = None,
) -> FixedPoint:
    """Return the differences a - b of two arrays of codes: exact in the grown format, or rounded once into `target`.

    The grown format has the finer grid of the two, and the shortest word that holds every difference; it is signed.

    Parameters, Returns, Raises
        As in :func:`add`.

    Examples
    --------
    >>> difference = subtract([0, 255], Format(8, 0, signed=False), [255, 0], Format(8, 0, signed=False))
    >>> difference.codes, str(difference.format)
    (array([-255,  255]), 'sfix9')
    """
    left, right = _pair(a, a_format, b, b_format)
    span = a_format.span - b_format.span
    codes = _on_grid(left, a_format, span) - _on_grid(right, b_format, span)
    return _finish("difference", codes, span, target, rounding, overflow, rng)


def multiply(
    a: ArrayLike,
    a_format: Format,
    b: ArrayLike,
    b_format: Format,
    *,
    target: Format | None = None,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
    rng: np.random.Generator | None = None,
) -> FixedPoint:
    """Return the products of two arrays of codes: exact in the grown format, or rounded once into `target`.

    The grown format is ``a_format.product(b_format)``.

    Parameters, Returns, Raises
        As in :func:`add`.

    Examples
    --------
    >>> product = multiply([-128], Format(8, 7), [-128], Format(8, 7))
    >>> product.codes, str(product.format)
    (array([16384]), 'sfix16_En14')
    >>> multiply([100], Format(8, 7), [3], Format(4, 3), target=Format(8, 7), rounding="FLOOR").codes
    array([37])
    """
    left, right = _pair(a, a_format, b, b_format)
    span = a_format.span * b_format.span
    kind = _dtype(span)
    codes: NDArray[Any] = left.astype(kind) * right.astype(kind)
    return _finish("product", codes, span, target, rounding, overflow, rng)


def shift(
    codes: ArrayLike,
    fmt: Format,
    bits: ArrayLike,
    *,
    target: Format | None = None,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
    rng: np.random.Generator | None = None,
) -> FixedPoint:
    """Return the numbers times ``2**bits``: exact in the grown format, or rounded once into `target`.

    A shift to the left keeps the grid, and the word grows by `bits`; a shift to the right keeps the codes, and the grid
    becomes finer, so that no bit is lost. In a register of unchanged format a right shift is one with ``target=fmt``
    and ``rounding="FLOOR"``, a left shift one with ``target=fmt`` and ``overflow="WRAP"``.

    Parameters
    ----------
    codes : array_like of int
        Codes of `fmt`, of any shape.
    fmt : Format
        Their format.
    bits : int or array_like of int
        Places to the left, -128 to 128; to the right where negative. One for all, or of a shape that broadcasts; then
        the format has the range and the grid that the largest and the smallest need together.
    target, rounding, overflow, rng
        As in :func:`add`.

    Returns
    -------
    FixedPoint
        Codes in the shape to which `codes` and `bits` broadcast, and their format.

    Raises
    ------
    TypeError
        `codes` or `bits` do not hold integers, or a format is no Format.
    ValueError
        A code is outside its format, or a number of places beyond 128; the shapes do not match; the grown format has
        more than 128 bits, and there is no `target`; STOCHASTIC without `rng`.
    OverflowError, MemoryError
        As in :func:`add`.

    Examples
    --------
    >>> left, right = shift([5, -5], Format(8, 7), 2), shift([5, -5], Format(8, 7), -2)
    >>> (left.codes, str(left.format)), (right.codes, str(right.format))
    ((array([ 20, -20]), 'sfix10_En7'), (array([ 5, -5]), 'sfix8_En9'))
    >>> shift([5, -5], Format(8, 7), -2, target=Format(8, 7), rounding="FLOOR").codes
    array([ 1, -2])
    """
    numbers, places = codes_of("codes", codes, "fmt", fmt), _places(bits)
    _require_shapes("codes", numbers, "bits", places)
    least, most = (int(places.min()), int(places.max())) if places.size else (0, 0)
    span = fmt.span.shifted(least, most)
    kind = _dtype(span)
    shifted = numbers.astype(kind) << (places - min(least, 0)).astype(kind)
    return _finish("result", shifted, span, target, rounding, overflow, rng)


def _pair(a: ArrayLike, a_format: Format, b: ArrayLike, b_format: Format) -> tuple[NDArray[Any], NDArray[Any]]:
    left, right = codes_of("a", a, "a_format", a_format), codes_of("b", b, "b_format", b_format)
    _require_shapes("a", left, "b", right)
    return left, right


def _require_shapes(a_name: str, a: NDArray[Any], b_name: str, b: NDArray[Any]) -> None:
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise ValueError(
            f"{a_name}.shape={a.shape}, {b_name}.shape={b.shape} do not match: pass shapes that broadcast"
        ) from None
    require_memory("codes", shape)


def _places(bits: ArrayLike) -> NDArray[np.int64]:
    array = array_of("bits", bits)
    places = integers(bits, array)
    if places is None:
        raise TypeError(f"bits of dtype {array.dtype} are not integers: pass whole numbers of places")
    outside = np.asarray((places < -MAX_WORD_BITS) | (places > MAX_WORD_BITS), dtype=bool)
    if np.any(outside):
        raise ValueError(
            f"{element('bits', places, outside)} is not between {-MAX_WORD_BITS} and {MAX_WORD_BITS}: "
            "no word is longer; move the binary point of the format instead"
        )
    return places.astype(np.int64)


def _dtype(span: Span) -> type:
    """Return int64 where it holds the range and everything that is added up to it, else the type of Python integers."""
    return np.int64 if span.word_bits <= INT64_WORD_BITS else object


def _on_grid(codes: NDArray[Any], fmt: Format, span: Span) -> NDArray[Any]:
    return np.asarray(codes.astype(_dtype(span)) << (span.frac_bits - fmt.frac_bits), dtype=_dtype(span))


def _finish(
    name: str,
    codes: NDArray[Any],
    span: Span,
    target: Format | None,
    rounding: Rounding | str,
    overflow: Overflow | str,
    rng: np.random.Generator | None,
) -> FixedPoint:
    """Return exact codes in the shortest format that holds `span`, or brought into `target`."""
    exact: NDArray[Any] = np.asarray(codes, dtype=_dtype(span))  # NumPy makes scalars of arrays without dimensions
    rounding, overflow = Rounding.of(rounding), Overflow.of(overflow)
    if target is None:
        return FixedPoint(exact, format_of(f"the {name}", span))
    require_format("target", target)
    draws = draws_of(rounding, rng, exact.shape)
    return FixedPoint(
        rescale(name, exact, draws, span.frac_bits - target.frac_bits, target, rounding, overflow), target
    )
