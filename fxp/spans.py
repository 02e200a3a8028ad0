"""Ranges of codes on a grid, and what sums, products and shifts make of them: integers of any size."""

from dataclasses import dataclass
from typing import Self

__all__ = ["Span"]


@dataclass(frozen=True)
class Span:
    """The codes from `low` to `high` on the grid of step ``2**-frac_bits``.

    Operators give the range of the exact results, every pair of operands being possible; both ends are reached.

    Parameters
    ----------
    low, high : int
        Ends, low <= high, of any size.
    frac_bits : int
        Bits after the binary point.
    signed : bool
        Whether the codes are in two's complement; never False with a negative `low`.

    Examples
    --------
    >>> Span(-8, 7, 3, True) + Span(0, 3, 1, False)
    Span(low=-8, high=19, frac_bits=3, signed=True)
    >>> Span(-8, 7, 3, True) * Span(-8, 7, 0, True)
    Span(low=-56, high=64, frac_bits=3, signed=True)
    """

    low: int
    high: int
    frac_bits: int
    signed: bool

    @property
    def word_bits(self) -> int:
        """Bits of the shortest word that holds both ends, at least 1."""
        magnitude = max(self.high, ~self.low)
        return max(magnitude.bit_length() + self.signed, 1)

    def __neg__(self) -> Self:
        return type(self)(-self.high, -self.low, self.frac_bits, True)

    def __add__(self, other: Self) -> Self:
        frac_bits = max(self.frac_bits, other.frac_bits)
        left, right = self.on_grid(frac_bits), other.on_grid(frac_bits)
        return type(self)(left.low + right.low, left.high + right.high, frac_bits, self.signed or other.signed)

    def __sub__(self, other: Self) -> Self:
        return self + -other

    def __mul__(self, other: Self) -> Self:
        corners = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return type(self)(min(corners), max(corners), self.frac_bits + other.frac_bits, self.signed or other.signed)

    def on_grid(self, frac_bits: int) -> Self:
        """Return the same range on a grid that is as fine or finer."""
        left = frac_bits - self.frac_bits
        return type(self)(self.low << left, self.high << left, frac_bits, self.signed)

    def repeated(self, count: int) -> Self:
        """Return the range of the sums of `count` codes."""
        return type(self)(self.low * count, self.high * count, self.frac_bits, self.signed)

    def shifted(self, least: int, most: int) -> Self:
        """Return the range of the codes times ``2**least`` to ``2**most``, on the coarsest grid that holds them all."""
        finer = max(-least, 0)
        left = most + finer
        return type(self)(self.low << left, self.high << left, self.frac_bits + finer, self.signed)
