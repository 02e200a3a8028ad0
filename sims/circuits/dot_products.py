"""Circuits of dot products: array multipliers with a ripple accumulator or an adder tree, and carry-save columns."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product

from sims.circuits.adders import Adder, Columns, add, compress, constant, fitted, trimmed, whole
from sims.circuits.netlists import ONE, ZERO, Cell, Netlist, Sketch, Wire, Word

__all__ = ["SIGNS", "STRUCTURES", "Operands", "carry_save", "dadda", "dadda_heights", "ripple", "tree"]

SIGNS = {"unsigned": (False, False), "mixed": (False, True), "signed": (True, True)}


@dataclass(frozen=True)
class Operands:
    """The operands of a dot product of `length` products x·w.

    Parameters
    ----------
    length : int
        Products, at least 1.
    x_bits, w_bits : int
        Word lengths, at least 1.
    x_signed, w_signed : bool
        Two's complement, or unsigned.
    """

    length: int
    x_bits: int
    w_bits: int
    x_signed: bool
    w_signed: bool

    @property
    def product_bits(self) -> int:
        """Width of one product."""
        return self.x_bits + self.w_bits

    @property
    def output_bits(self) -> int:
        """Width that holds every sum: one product's, and ⌈log2 length⌉."""
        return self.product_bits + (self.length - 1).bit_length()

    @property
    def signed(self) -> bool:
        """Whether the sum is in two's complement."""
        return self.x_signed or self.w_signed

    def complemented(self, i: int, j: int) -> bool:
        """Return whether the product of bit i of x and bit j of w has a negative weight: one of the two is a sign."""
        x_sign = self.x_signed and i == self.x_bits - 1
        w_sign = self.w_signed and j == self.w_bits - 1
        return x_sign != w_sign


def ripple(operands: Operands, adder: Adder = whole, *, lowest: Adder | None = None) -> Netlist:
    """Return array multipliers whose products are added one after the other at the final width.

    Parameters
    ----------
    operands : Operands
        What is multiplied.
    adder : callable
        The cell of the multipliers and of the accumulator, `whole` or `trimmed`.
    lowest : callable
        The cell of the accumulator's lowest bit where it differs: its carry-in is zero.

    Returns
    -------
    Netlist
        Inputs x and w of each product in turn.
    """
    sketch = Sketch()
    products = [_extended(sketch, word, operands) for word in _products(sketch, operands, adder)]
    total = reduce(lambda a, b: add(sketch, a, b, adder, lowest=lowest)[:-1], products)
    return sketch.netlist(total)


def tree(operands: Operands, adder: Adder = whole) -> Netlist:
    """Return array multipliers whose products are added in a balanced tree, each sum one bit wider than its terms.

    Parameters
    ----------
    operands : Operands
        What is multiplied.
    adder : callable
        The cell of the multipliers and of the tree, `whole` or `trimmed`.

    Returns
    -------
    Netlist
        Inputs x and w of each product in turn. Signed products are raised by half their range, so that the whole tree
        is unsigned; the sum is lowered again by a constant.
    """
    sketch = Sketch()
    words = list(_products(sketch, operands, adder))
    while len(words) > 1:
        sums = [add(sketch, a, b, adder) for a, b in zip(words[::2], words[1::2], strict=False)]
        words = sums + words[2 * len(sums) :]
    total = fitted(words[0], operands.output_bits)
    return sketch.netlist(_lowered(sketch, total, operands.length * _raised(operands)))


def carry_save(operands: Operands, heights: Sequence[int] = (1,)) -> Netlist:
    """Return the partial products of the whole sum in columns, compressed until each column holds one bit.

    Parameters
    ----------
    operands : Operands
        What is multiplied.
    heights : sequence of int
        The tallest column after each pass, the last 1: (1,) compresses column by column, `dadda_heights` in levels.

    Returns
    -------
    Netlist
        Inputs x and w of each product in turn. What the complemented partial products of signed operands
        (Baugh–Wooley) add too much is taken off by one constant for the whole sum. Carries beyond the output are
        dropped.
    """
    sketch = Sketch()
    width = operands.output_bits
    partial: dict[int, list[Wire]] = defaultdict(list)
    for x, w in _inputs(sketch, operands):
        for i, j in _places(operands):
            partial[i + j].append(_partial_product(sketch, x, w, i, j, operands))
    excess = operands.length * sum(1 << i + j for i, j in _places(operands) if operands.complemented(i, j))
    for place, bit in enumerate(constant(-excess, width)):
        partial[place] += [ONE] * bit
    columns: Columns = partial
    for height in heights:
        columns = compress(sketch, columns, width, height)
    return sketch.netlist([(*columns[place], ZERO)[0] for place in range(width)])


def dadda(operands: Operands) -> Netlist:
    """Return the carry-save circuit whose columns are compressed in Dadda's levels.

    Parameters
    ----------
    operands : Operands
        What is multiplied.

    Returns
    -------
    Netlist
        As `carry_save`.
    """
    return carry_save(operands, dadda_heights(operands.length * min(operands.x_bits, operands.w_bits)))


def dadda_heights(tallest: int) -> tuple[int, ...]:
    """Return the heights below `tallest` that Dadda's passes aim at: …, 9, 6, 4, 3, 2 and 1.

    Parameters
    ----------
    tallest : int
        Bits of the tallest column, at least 1.

    Returns
    -------
    tuple of int
        Falling, the last 1.

    Examples
    --------
    >>> dadda_heights(16)
    (13, 9, 6, 4, 3, 2, 1)
    """
    heights = [1, 2]
    while heights[-1] * 3 // 2 < tallest:
        heights.append(heights[-1] * 3 // 2)
    return tuple(reversed(heights))


def _inputs(sketch: Sketch, operands: Operands) -> Iterator[tuple[Word, Word]]:
    for _ in range(operands.length):
        yield sketch.input(operands.x_bits), sketch.input(operands.w_bits)


def _places(operands: Operands) -> Iterator[tuple[int, int]]:
    return product(range(operands.x_bits), range(operands.w_bits))


def _partial_product(sketch: Sketch, x: Word, w: Word, i: int, j: int, operands: Operands) -> Wire:
    """Return the wire of x_i·w_j, complemented where its weight is negative: −b = (1 − b) − 1."""
    cell = Cell.NAND if operands.complemented(i, j) else Cell.AND
    return sketch.place(cell, x[i], w[j])[0]


def _products(sketch: Sketch, operands: Operands, adder: Adder) -> Iterator[Word]:
    """Yield the products, signed ones raised by half their range, with the rows of the array along the shorter word."""
    turned = Operands(operands.length, operands.w_bits, operands.x_bits, operands.w_signed, operands.x_signed)
    for x, w in _inputs(sketch, operands):
        if operands.w_bits <= operands.x_bits:
            yield _array_product(sketch, x, w, operands, adder)
        else:
            yield _array_product(sketch, w, x, turned, adder)


def _array_product(sketch: Sketch, x: Word, w: Word, operands: Operands, adder: Adder) -> Word:
    """Return x·w from x_bits·w_bits adder cells, raised by 2^(product_bits − 1) where an operand is signed.

    What the complemented partial products add too much is 2^(product_bits − 1) − 2^(x_bits − 1) − 2^(w_bits − 1), the
    last two where that word is signed. The last two enter at inputs of the array that are zero otherwise.
    """
    upper = constant(operands.x_signed << len(x) - 1, len(x))
    low: Word = ()
    for j in range(len(w)):
        row = tuple(_partial_product(sketch, x, w, i, j, operands) for i in range(len(x)))
        carry = ONE if operands.w_signed and j == len(w) - 1 else ZERO
        bit, *upper_bits = add(sketch, row, upper, adder, carry=carry)
        low, upper = (*low, bit), tuple(upper_bits)
    return low + upper


def _raised(operands: Operands) -> int:
    """Return how much too large an array leaves a product: half its range where an operand is signed."""
    return operands.signed << operands.product_bits - 1


def _lowered(sketch: Sketch, word: Word, raised: int) -> Word:
    """Return a word less a constant: no more than an inverter where that is its top bit."""
    return add(sketch, word, constant(-raised, len(word)), trimmed)[:-1]


def _extended(sketch: Sketch, word: Word, operands: Operands) -> Word:
    """Return a product at the width of the output."""
    lowered = _lowered(sketch, word, _raised(operands))
    top = lowered[-1] if operands.signed else ZERO
    return lowered + (top,) * (operands.output_bits - len(word))


def _trimmed_ripple(operands: Operands) -> Netlist:
    return ripple(operands, trimmed)


def _trimmed_tree(operands: Operands) -> Netlist:
    return tree(operands, trimmed)


STRUCTURES: dict[str, Callable[[Operands], Netlist]] = {
    "ripple": _trimmed_ripple,
    "tree": _trimmed_tree,
    "columns": carry_save,
    "Dadda": dadda,
}
