"""The specification: fixed-point arithmetic in Python integers and Fractions, slow and meant to be read.

The kernels of :mod:`fxp.kernels` and the carriers equal these functions code for code. Nothing here limits the word
length, and no value passes through a float.
"""

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.formats import Format, Overflow, Rounding
from fxp.registers import Accumulator

Pair = int | tuple[int, int]
Padding = Pair | tuple[tuple[int, int], tuple[int, int]]


def round_fraction(value: Fraction | float, rounding: Rounding | str, u: Fraction | float | None = None) -> int:
    """Return the integer to which `value` rounds: exact.

    Parameters
    ----------
    value : Fraction, int or float
        Finite number, taken at its exact value.
    rounding : Rounding or str
        Mode.
    u : real number in [0, 1), optional
        Draw of STOCHASTIC: the value is rounded up where ``u < value - floor(value)``, compared exactly.

    Raises
    ------
    ValueError
        STOCHASTIC without `u`, or an unknown mode.

    Examples
    --------
    >>> round_fraction(Fraction(5, 2), "HALF_EVEN"), round_fraction(Fraction(5, 2), "HALF_UP")
    (2, 3)
    """
    mode = Rounding.of(rounding)
    exact = Fraction(value)
    floor = math.floor(exact)
    above = exact - floor
    return floor if above == 0 else floor + _rounds_up(mode, floor, above, u)


def _rounds_up(mode: Rounding, floor: int, above: Fraction, u: Fraction | float | None) -> bool:
    """Whether a number `above` (strictly between 0 and 1) the integer `floor` is rounded to floor + 1."""
    half = Fraction(1, 2)
    negative, odd = floor < 0, floor % 2 == 1
    match mode:
        case Rounding.FLOOR:
            return False
        case Rounding.CEIL:
            return True
        case Rounding.TOWARD_ZERO:
            return negative
        case Rounding.STOCHASTIC:
            if u is None:
                raise ValueError("u=None is not a draw: STOCHASTIC rounding needs a number of [0, 1)")
            return Fraction(u) < above
    if above != half:
        return above > half
    return {
        Rounding.HALF_UP: True,
        Rounding.HALF_DOWN: False,
        Rounding.HALF_TOWARD_ZERO: negative,
        Rounding.HALF_AWAY: not negative,
        Rounding.HALF_EVEN: odd,
        Rounding.HALF_ODD: not odd,
    }[mode]


def shift_round(code: int, shift: int, rounding: Rounding | str, u: Fraction | float | None = None) -> int:
    """Return ``code / 2**shift`` rounded to an integer: exact. A negative `shift` moves left.

    Examples
    --------
    >>> shift_round(-5, 1, "FLOOR"), shift_round(-5, -2, "FLOOR")
    (-3, -20)
    """
    return round_fraction(Fraction(code) / Fraction(2) ** shift, rounding, u)


def overflow(code: int, fmt: Format, mode: Overflow | str) -> int:
    """Return the code of `fmt` that `code` becomes: exact. :class:`fxp.Overflow` defines the modes.

    Raises
    ------
    OverflowError
        `code` is outside `fmt` and the mode is ERROR.

    Examples
    --------
    >>> fmt = Format(3, 0)
    >>> [overflow(4, fmt, mode) for mode in ("SATURATE", "ZERO", "WRAP", "WRAP_SM")]
    [3, 0, -4, 3]
    """
    mode = Overflow.of(mode)
    if mode is Overflow.SATURATE_SYMMETRIC and fmt.signed:
        return max(-fmt.max_code, min(code, fmt.max_code))
    if fmt.min_code <= code <= fmt.max_code:
        return code
    match mode:
        case Overflow.ERROR:
            raise OverflowError(f"code={code} is not between {fmt.min_code} and {fmt.max_code}: {fmt} cannot hold it")
        case Overflow.ZERO:
            return 0
        case Overflow.WRAP:
            return _wrap(code, fmt)
        case Overflow.WRAP_SIGN_MAGNITUDE:
            sign, lowest_deleted = code >> (fmt.word_bits - 1) & 1, code >> fmt.word_bits & 1
            return _wrap(-1 - code if fmt.signed and sign != lowest_deleted else code, fmt)
    return max(fmt.min_code, min(code, fmt.max_code))


def _wrap(code: int, fmt: Format) -> int:
    return (code - fmt.min_code) % (1 << fmt.word_bits) + fmt.min_code


def encode(
    x: Fraction | float,
    fmt: Format,
    *,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
    u: Fraction | float | None = None,
) -> int:
    """Return the code of the number `x`: rounded first, then brought into `fmt`; exact.

    Parameters
    ----------
    x : Fraction, int or float
        Number; an infinity is allowed where the overflow mode saturates.
    fmt : Format
        Target, of any word length.
    rounding, overflow : mode or str
        Modes.
    u : real number in [0, 1), optional
        Draw of STOCHASTIC.

    Raises
    ------
    ValueError
        `x` is NaN, or infinite without saturation; STOCHASTIC without `u`.
    OverflowError
        The rounded code is outside `fmt` and the overflow mode is ERROR.

    Examples
    --------
    >>> encode(Fraction(1, 3), Format(8, 7)), encode(7, Format(8, 7))
    (43, 127)
    """
    if isinstance(x, float) and not math.isfinite(x):
        return _encode_infinity(x, fmt, Overflow.of(overflow))
    return _bring_into(fmt, round_fraction(Fraction(x) * Fraction(2) ** fmt.frac_bits, rounding, u), overflow)


def _encode_infinity(x: float, fmt: Format, mode: Overflow) -> int:
    if math.isnan(x):
        raise ValueError("x=nan is not a number: no code stands for it; remove or replace it first")
    if mode not in (Overflow.SATURATE, Overflow.SATURATE_SYMMETRIC):
        raise ValueError(f"x={x} is not finite: {mode.name} has no code for it; use SATURATE")
    beyond = fmt.max_code + 1 if x > 0 else fmt.min_code - 1
    return _bring_into(fmt, beyond, mode)


def _bring_into(fmt: Format, code: int, mode: Overflow | str) -> int:
    return overflow(code, fmt, mode)


def decode(code: int, fmt: Format) -> Fraction:
    """Return the value of `code`, ``code * 2**-frac_bits``: exact.

    Raises
    ------
    ValueError
        `code` is outside `fmt`.

    Examples
    --------
    >>> decode(-3, Format(8, 7))
    Fraction(-3, 128)
    """
    if not fmt.min_code <= code <= fmt.max_code:
        raise ValueError(f"code={code} is not between {fmt.min_code} and {fmt.max_code}: {fmt} has no such code")
    return code / Fraction(2) ** fmt.frac_bits


def cast(
    code: int,
    source: Format,
    target: Format,
    *,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
    u: Fraction | float | None = None,
) -> int:
    """Return the code in `target` of the value that `code` has in `source`: exact.

    Raises
    ------
    ValueError
        `code` is outside `source`; STOCHASTIC without `u`.
    OverflowError
        The rounded code is outside `target` and the overflow mode is ERROR.

    Examples
    --------
    >>> cast(100, Format(8, 7), Format(4, 3))
    6
    """
    return encode(decode(code, source), target, rounding=rounding, overflow=overflow, u=u)


def dot(x: ArrayLike, w: ArrayLike) -> int:
    """Return the sum of products of two vectors of integers: exact, of any size.

    Examples
    --------
    >>> dot([1, 2, 3], [4, 5, 6])
    32
    """
    return sum(a * b for a, b in zip(_integers(x), _integers(w), strict=True))


def matmul(x: ArrayLike, w: ArrayLike) -> NDArray[np.object_]:
    """Return the matrix product of integers, x (..., M, K) by w (K, N), as Python integers (..., M, N): exact.

    Examples
    --------
    >>> matmul([[1, 2]], [[3], [4]])
    array([[11]], dtype=object)
    """
    return _sums(matmul_products(x, w))


def matmul_products(x: ArrayLike, w: ArrayLike) -> NDArray[np.object_]:
    """Return the products that make up each entry of a matrix product, by k, in an array (..., M, N, K): exact.

    Examples
    --------
    >>> matmul_products([[1, 2]], [[3], [4]])
    array([[[3, 8]]], dtype=object)
    """
    return np.asarray(_integers(x)[..., :, None, :] * _integers(w).T)


def conv2d(
    x: ArrayLike,
    w: ArrayLike,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> NDArray[np.object_]:
    """Return the two-dimensional correlation of integers as Python integers (N, O, OH, OW): exact.

    Parameters
    ----------
    x : array_like of int, (N, C, H, W)
        Images.
    w : array_like of int, (O, C / groups, KH, KW)
        Kernels, not flipped (the convention of neural networks).
    stride, dilation : int or (rows, columns)
        Steps of the output and of the kernel, at least 1.
    padding : int, (rows, columns) or ((top, bottom), (left, right))
        Zeros around the image.
    groups : int
        Number of groups; output channel o reads the input channels of group ``o // (O / groups)``.

    Examples
    --------
    >>> conv2d([[[[1, 2], [3, 4]]]], [[[[1, 1], [1, 1]]]], padding=((1, 0), (0, 0)))
    array([[[[3],
             [10]]]], dtype=object)
    """
    order = "channel_row_column"
    return _sums(conv2d_products(x, w, order=order, stride=stride, padding=padding, dilation=dilation, groups=groups))


def conv2d_products(
    x: ArrayLike,
    w: ArrayLike,
    *,
    order: str,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> NDArray[np.object_]:
    """Return the products that make up each output of :func:`conv2d`, in an array (N, O, OH, OW, K): exact.

    Parameters
    ----------
    x, w, stride, padding, dilation, groups
        As in :func:`conv2d`; K = C / groups * KH * KW, padded places being among them.
    order : {"row_column_channel", "channel_row_column"}
        Which comes first on the last axis: kernel row, kernel column, then input channel innermost; or channel first.

    Examples
    --------
    >>> conv2d_products([[[[1, 2]], [[3, 4]]]], [[[[1, 10]], [[1, 10]]]], order="row_column_channel").tolist()
    [[[[[1, 3, 20, 40]]]]]
    """
    images, kernels = _integers(x), _integers(w)
    images = _pad(images, *_ends(padding))
    (row_step, column_step), (row_tap, column_tap) = _pair(stride), _pair(dilation)
    outputs, depth, kernel_rows, kernel_columns = kernels.shape
    height = (images.shape[2] - row_tap * (kernel_rows - 1) - 1) // row_step + 1
    width = (images.shape[3] - column_tap * (kernel_columns - 1) - 1) // column_step + 1
    taps = _taps(order, depth, kernel_rows, kernel_columns)
    out = np.empty((len(images), outputs, height, width, len(taps)), dtype=object)
    for n, o, i, j in np.ndindex(*out.shape[:4]):
        first_channel = o // (outputs // groups) * depth
        for k, (c, r, s) in enumerate(taps):
            row, column = i * row_step + r * row_tap, j * column_step + s * column_tap
            out[n, o, i, j, k] = kernels[o, c, r, s] * images[n, first_channel + c, row, column]
    return out


def _taps(order: str, depth: int, rows: int, columns: int) -> list[tuple[int, int, int]]:
    """Return (channel, row, column) of the places of a kernel in the order of accumulation."""
    if order == "channel_row_column":
        return [(c, r, s) for c in range(depth) for r in range(rows) for s in range(columns)]
    return [(c, r, s) for r in range(rows) for s in range(columns) for c in range(depth)]


@dataclass(frozen=True)
class Accumulated:
    """One sum in an accumulator of limited width.

    Parameters
    ----------
    code : int
        What the register holds at the end.
    prefixes : tuple of int
        Exact values of the register of the result, as if it were wide enough: the initial value, then the sum after
        each product, or after each tile.
    tile_prefixes : tuple of int
        Exact values of the register of the tiles, after each product; nothing without tiles.
    overflowed, persistent : bool
        Whether any of these exact values is out of the range of its register, and whether the last prefix is.
    """

    code: int
    prefixes: tuple[int, ...]
    tile_prefixes: tuple[int, ...]
    overflowed: bool
    persistent: bool


def accumulate(products: Iterable[int], accumulator: Accumulator, *, initial: int = 0) -> Accumulated:
    """Return what becomes of a sum of products in an accumulator: the definition of :class:`fxp.Accumulator`.

    Parameters
    ----------
    products : iterable of int
        Products in the order of accumulation.
    accumulator : Accumulator
        Width, modes, dropped bits and tiles.
    initial : int
        Bias, on the grid of the accumulator; of the outer register where there are tiles.

    Raises
    ------
    OverflowError
        The mode is ERROR, and a value that it looks at is out of range.

    Examples
    --------
    >>> accumulate([100, 100, -100], Accumulator(8))
    Accumulated(code=27, prefixes=(0, 100, 200, 100), tile_prefixes=(), overflowed=True, persistent=False)
    """
    terms = [shift_round(item, accumulator.drop_bits, accumulator.rounding) for item in products]
    if accumulator.tile is None:
        return _accumulated(terms, terms, [], accumulator, initial)
    tiles = [terms[start : start + accumulator.tile] for start in range(0, len(terms), accumulator.tile)]
    held = [_held(tile, 0, accumulator.word, accumulator) for tile in tiles]
    inside = [total for tile in tiles for total in itertools.accumulate(tile)]
    return _accumulated(held, [sum(tile) for tile in tiles], inside, accumulator, initial)


def _accumulated(
    held: list[int], exact: list[int], inside: list[int], accumulator: Accumulator, initial: int
) -> Accumulated:
    """Return the result of a register that is given the terms `held`, of which `exact` are the true values."""
    word = accumulator.last_word
    prefixes = list(itertools.accumulate(exact, initial=initial))
    outside = [_is_outside(total, accumulator.word, accumulator) for total in inside]
    outside += [_is_outside(total, word, accumulator) for total in prefixes]
    code = _held(held, initial, word, accumulator)
    return Accumulated(code, tuple(prefixes), tuple(inside), any(outside), outside[-1])


def _held(terms: list[int], initial: int, word: Format, accumulator: Accumulator) -> int:
    """Return what a register holds after adding the terms to its initial value."""
    if not accumulator.every_step:
        return overflow(initial + sum(terms), word, accumulator.overflow)
    code = overflow(initial, word, accumulator.overflow)
    for term in terms:
        code = overflow(code + term, word, accumulator.overflow)
    return code


def _is_outside(total: int, word: Format, accumulator: Accumulator) -> bool:
    low, high = accumulator.range_of(word)
    return not low <= total <= high


def _sums(products: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the sums over the last axis."""
    out = np.empty(products.shape[:-1], dtype=object)
    for index in np.ndindex(*out.shape):
        out[index] = sum(products[index])
    return out


def _integers(array: ArrayLike) -> NDArray[np.object_]:
    """Return an array of Python integers, which cannot overflow."""
    items = np.asarray(array)
    out = np.empty(items.shape, dtype=object)
    for index, item in np.ndenumerate(items):
        out[index] = int(item)
    return out


def _pad(images: NDArray[np.object_], rows: tuple[int, int], columns: tuple[int, int]) -> NDArray[np.object_]:
    """Return the images with zeros around them (`numpy.pad` would put in int64 zeros, which overflow)."""
    count, channels, height, width = images.shape
    out = np.full((count, channels, height + sum(rows), width + sum(columns)), 0, dtype=object)
    out[:, :, rows[0] : rows[0] + height, columns[0] : columns[0] + width] = images
    return out


def _pair(value: Any) -> tuple[Any, Any]:
    return (value, value) if isinstance(value, int) else value


def _ends(padding: Padding) -> tuple[tuple[int, int], tuple[int, int]]:
    rows, columns = _pair(padding)
    return _pair(rows), _pair(columns)
