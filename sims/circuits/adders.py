"""Adds bits, words and columns of bits with the cells of a netlist."""

from collections.abc import Callable, Mapping, Sequence

from sims.circuits.netlists import ONE, ZERO, Cell, Sketch, Wire, Word

__all__ = ["Adder", "Columns", "add", "compress", "constant", "fitted", "trimmed", "whole"]

Adder = Callable[[Sketch, Wire, Wire, Wire], Word]
Columns = Mapping[int, Sequence[Wire]]


def whole(sketch: Sketch, *bits: Wire) -> Word:
    """Return sum and carry of three bits by a full adder, whether or not one of them is a constant."""
    return sketch.place(Cell.FULL_ADDER, *bits)


def trimmed(sketch: Sketch, *bits: Wire) -> Word:
    """Return sum and carry of at most three bits by the smallest cell: constants take no inputs."""
    wires = [bit for bit in bits if bit not in (ZERO, ONE)]
    ones = bits.count(ONE)
    match len(wires), ones:
        case 0, _:
            return (ones & 1, ones >> 1)
        case 1, 1:
            return (*sketch.place(Cell.NOT, *wires), wires[0])
        case 1, _:
            return (wires[0], ones >> 1)
        case 2, 0:
            return sketch.place(Cell.HALF_ADDER, *wires)
        case 2, 1:
            return sketch.place(Cell.HALF_ADDER_WITH_CARRY, *wires)
        case _:
            return sketch.place(Cell.FULL_ADDER, *wires)


def constant(value: int, width: int) -> Word:
    """Return the wires of a constant modulo 2^width."""
    return tuple(ONE if value >> place & 1 else ZERO for place in range(width))


def fitted(word: Word, width: int) -> Word:
    """Return an unsigned word with zeros on top, or without its top, at a width."""
    return (word + (ZERO,) * (width - len(word)))[:width]


def add(sketch: Sketch, a: Word, b: Word, adder: Adder, *, lowest: Adder | None = None, carry: Wire = ZERO) -> Word:
    """Return a + b + carry, unsigned, by a ripple at the width of the longer word, and the carry-out on top.

    Parameters
    ----------
    sketch : Sketch
        Takes the cells.
    a, b : tuple of int
        Words.
    adder, lowest : callable
        The cell of every place, and that of the lowest one where it differs.
    carry : int
        Wire of the carry-in.

    Returns
    -------
    tuple of int
        One wire more than the longer word.
    """
    width = max(len(a), len(b))
    total: Word = ()
    for p, q in zip(fitted(a, width), fitted(b, width), strict=True):
        cell = adder if total or lowest is None else lowest
        bit, carry = cell(sketch, p, q, carry)
        total += (bit,)
    return (*total, carry)


def compress(sketch: Sketch, columns: Columns, width: int, height: int) -> Columns:
    """Return columns of at most `height` bits with the same sum modulo 2^width.

    Full adders take three bits of a column, oldest first, and return one and a carry; where one bit too many is left, a
    half adder takes two.

    Parameters
    ----------
    sketch : Sketch
        Takes the cells.
    columns : mapping of int to sequence of int
        Wires by place; constant ones are taken last.
    width : int
        Columns from this place on are dropped.
    height : int
        At least 1.

    Returns
    -------
    mapping of int to sequence of int
        Wires by place.
    """
    shorter: dict[int, Sequence[Wire]] = {}
    carries: list[Wire] = []
    for place in range(width):
        bits = sorted([*columns.get(place, ()), *carries], key=lambda bit: bit == ONE)
        carries = []
        while len(bits) > height:
            taken = 3 if len(bits) > height + 1 else 2
            bit, carry = trimmed(sketch, *bits[:taken])
            bits = [*bits[taken:], bit]
            carries.append(carry)
        shorter[place] = bits
    return shorter
