"""The accumulator as a register of limited width, and what it leaves of a sum."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fxp.formats import Format, Overflow, Rounding

__all__ = ["Accumulation", "Accumulator", "Prefixes"]

MIN_BITS, MAX_BITS = 2, 63
MAX_DROP_BITS = 63
ORDERS = ("row_column_channel", "channel_row_column")

Codes = NDArray[Any]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Accumulator:
    """A two's complement register that sums products one by one, and what it does when it overflows.

    The register starts at the bias, an integer on its own grid, which is brought into range as every later value is.
    Each product loses its lowest `drop_bits` bits, so that the register's grid is 2^drop_bits times coarser than that
    of the products. With `every_step` each value is brought into range, else only the finished sum is.

    With a `tile`, products are taken in groups of `tile` consecutive ones, of which the last may be shorter. Each group
    is summed in a register of `word_bits` that starts at zero, and what it holds at the end of the group is added to a
    second register, of `outer_bits`, which starts at the bias. Mode and `every_step` hold for both registers.

    Zeros of a convolution's padding are products as others are, so that all outputs have the same tiles.

    Parameters
    ----------
    word_bits : int
        Width of the register, bits, 2 to 63, signed whatever the operands.
    overflow : Overflow or str
        What becomes of a value out of range: outside ±max_code for SATURATE_SYMMETRIC, else outside the word.
    every_step : bool
        Whether every value is brought into range, or only the finished sum.
    order : {"row_column_channel", "channel_row_column"}
        Order of a convolution's products, the last named innermost; matrix products run over k upwards.
    drop_bits : int
        Lowest bits that each product loses, 0 to 63.
    rounding : Rounding or str
        How they are dropped; any mode but STOCHASTIC.
    tile : int, optional
        Number of products that are summed before the outer register, at least 1.
    outer_bits : int, optional
        Width of the outer register, bits, 2 to 63; with a tile, and only then.

    Raises
    ------
    TypeError
        An argument is of another kind.
    ValueError
        A number or a mode is not among those allowed, or a tile and outer bits are not given together.

    Examples
    --------
    >>> Accumulator(16, overflow="WRAP").word
    Format(16, 0)
    """

    word_bits: int
    overflow: Overflow | str = field(default=Overflow.SATURATE, kw_only=True)
    every_step: bool = field(default=True, kw_only=True)
    order: Literal["row_column_channel", "channel_row_column"] = field(default="row_column_channel", kw_only=True)
    drop_bits: int = field(default=0, kw_only=True)
    rounding: Rounding | str = field(default=Rounding.FLOOR, kw_only=True)
    tile: int | None = field(default=None, kw_only=True)
    outer_bits: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("word_bits", _whole("word_bits", self.word_bits, MIN_BITS, MAX_BITS))
        self._set("overflow", Overflow.of(self.overflow))
        self._set("rounding", Rounding.of(self.rounding))
        self._set("drop_bits", _whole("drop_bits", self.drop_bits, 0, MAX_DROP_BITS))
        if not isinstance(self.every_step, bool | np.bool_):
            raise TypeError(f"every_step={self.every_step!r} is not a bool: pass every_step=True or every_step=False")
        self._set("every_step", bool(self.every_step))
        if self.order not in ORDERS:
            raise ValueError(f"order={self.order!r} is not an order of products: choose one of {', '.join(ORDERS)}")
        if self.rounding is Rounding.STOCHASTIC:
            raise ValueError("rounding=STOCHASTIC is not repeatable: dropped bits need a mode without draws")
        self._set_tile()

    def _set_tile(self) -> None:
        if (self.tile is None) != (self.outer_bits is None):
            raise ValueError(
                f"tile={self.tile}, outer_bits={self.outer_bits} is not a pair: give the number of products of a tile "
                "together with the width of the register that sums the tiles, or neither"
            )
        if self.tile is not None:
            self._set("tile", _whole("tile", self.tile, 1, None))
            self._set("outer_bits", _whole("outer_bits", self.outer_bits, MIN_BITS, MAX_BITS))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @property
    def word(self) -> Format:
        """Format of the register that products are added to."""
        return Format(self.word_bits, 0)

    @property
    def last_word(self) -> Format:
        """Format of the register that holds the result: the outer one where there are tiles."""
        return Format(self.outer_bits or self.word_bits, 0)

    def range_of(self, word: Format) -> tuple[int, int]:
        """Return the lowest and the highest value that a register of this word holds under the overflow mode."""
        return -word.max_code if self.overflow is Overflow.SATURATE_SYMMETRIC else word.min_code, word.max_code


@dataclass(frozen=True, eq=False)
class Prefixes:
    """Exact sums of each output: what the registers would hold if they were wide enough.

    Parameters
    ----------
    sums : ndarray of int
        Exact sum of the bias and of all products after dropping bits.
    lowest, highest : ndarray of int
        Least and greatest value that the register of the result would take: the bias, and the sum after each product,
        or after each tile.
    tile_lowest, tile_highest : ndarray of int, or None
        Least and greatest value that the register of the tiles would take, over all tiles, the zeros that they start
        at among them; None without tiles.
    overflowed, persistent, transient : ndarray of bool
        Outputs of which some of these values is out of range; of which the exact sum is; and the rest.
    """

    sums: Codes
    lowest: Codes
    highest: Codes
    tile_lowest: Codes | None
    tile_highest: Codes | None
    overflowed: Mask
    persistent: Mask
    transient: Mask


@dataclass(frozen=True, eq=False)
class Accumulation:
    """Sums of products and what became of them in the accumulator.

    The counts are of the exact sums in the declared order: of the bias and of products whose low bits are dropped, as
    if the registers were wide enough. Where no output overflowed, all codes are exact.

    Parameters
    ----------
    codes : ndarray of int
        The sums: int32 where the proven bound fits, else int64, else Python integers; any memory layout.
    overflowed : int or None
        Outputs of which some prefix of the exact sum is out of the accumulator's range: the bias, or the sum after any
        product; with tiles, the sum after any product of a tile, or after any tile in the outer register. None where a
        wrapping or end-only accumulator was not asked for its prefixes.
    persistent : int
        Outputs whose exact final sum is out of range.
    transient : int or None
        The rest: prefixes out of range, the final sum within. Without a limit all three counts are zero.
    prefixes : Prefixes or None
        The exact sums of each output, where asked for.
    """

    codes: Codes
    overflowed: int | None = 0
    persistent: int = 0
    transient: int | None = 0
    prefixes: Prefixes | None = None


def _whole(name: str, value: object, least: int, most: int | None) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name}={value!r} is not an integer: pass a whole number")
    if value < least or (most is not None and value > most):
        rule = f"at least {least}" if most is None else f"between {least} and {most}"
        raise ValueError(f"{name}={value} is not {rule}: see fxp.Accumulator")
    return int(value)
