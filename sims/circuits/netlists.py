"""Netlists of adder cells: grown wire by wire, counted, and simulated on many operands at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cell", "Gate", "Netlist", "ONE", "Sketch", "Wire", "Word", "ZERO", "from_plane", "simulate", "to_plane"]

Wire = int
Word = tuple[Wire, ...]
IntArray = NDArray[np.int64]

ZERO: Wire = 0
ONE: Wire = 1
FIRST_FREE: Wire = 2


class Cell(StrEnum):
    """What a gate computes; the half adder with a carry stands for a full adder with one input tied to one."""

    NOT = "not"
    AND = "and"
    NAND = "nand"
    HALF_ADDER = "half adder"
    HALF_ADDER_WITH_CARRY = "half adder with carry"
    FULL_ADDER = "full adder"


@dataclass(frozen=True)
class Gate:
    """A cell between wires; adders give the sum first, then the carry."""

    cell: Cell
    inputs: Word
    outputs: Word


@dataclass(frozen=True)
class Netlist:
    """Gates between input words and one output word, all with the least significant wire first.

    Parameters
    ----------
    inputs : tuple of tuple of int
        Wires of each input word. Wires 0 and 1 are the constants.
    output : tuple of int
        Wires of the result.
    gates : tuple of Gate
        In an order in which every wire is driven before it is read.
    """

    inputs: tuple[Word, ...]
    output: Word
    gates: tuple[Gate, ...]

    def count(self, *cells: Cell) -> int:
        """Return how many gates are one of `cells` (exact)."""
        return sum(gate.cell in cells for gate in self.gates)


class Sketch:
    """A netlist that grows."""

    def __init__(self) -> None:
        self._inputs: list[Word] = []
        self._gates: list[Gate] = []
        self._free = FIRST_FREE

    def input(self, bits: int) -> Word:
        """Return the wires of a new input word."""
        self._inputs.append(self._wires(bits))
        return self._inputs[-1]

    def place(self, cell: Cell, *inputs: Wire) -> Word:
        """Return the output wires of a new gate."""
        outputs = self._wires(1 if cell in (Cell.NOT, Cell.AND, Cell.NAND) else 2)
        self._gates.append(Gate(cell, inputs, outputs))
        return outputs

    def netlist(self, output: Sequence[Wire]) -> Netlist:
        """Return what was grown so far."""
        return Netlist(tuple(self._inputs), tuple(output), tuple(self._gates))

    def _wires(self, count: int) -> Word:
        wires = tuple(range(self._free, self._free + count))
        self._free += count
        return wires


def simulate(netlist: Netlist, operands: Sequence[IntArray]) -> IntArray:
    """Return the output of a netlist for many operands (exact).

    Parameters
    ----------
    netlist : Netlist
        With an output of at most 63 bits.
    operands : sequence of ndarray of int64, shape (samples,)
        One array for each input word; the word takes its lowest bits, so that negative numbers are in two's complement.

    Returns
    -------
    ndarray of int64, shape (samples,)
        The output word as an unsigned number.

    Raises
    ------
    ValueError
        The number of operands is not that of the input words.

    Examples
    --------
    >>> sketch = Sketch()
    >>> first, second = sketch.input(1), sketch.input(1)
    >>> adder = sketch.netlist(sketch.place(Cell.HALF_ADDER, *first, *second))
    >>> simulate(adder, [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])]).tolist()
    [0, 1, 1, 2]
    """
    if len(operands) != len(netlist.inputs):
        raise ValueError(f"{len(operands)} operands for {len(netlist.inputs)} input words: give one each")
    planes = {ZERO: 0, ONE: -1}
    for word, values in zip(netlist.inputs, operands, strict=True):
        planes.update((wire, to_plane(values >> bit & 1)) for bit, wire in enumerate(word))
    for gate in netlist.gates:
        results = _LOGIC[gate.cell](*(planes[wire] for wire in gate.inputs))
        planes.update(zip(gate.outputs, results, strict=True))
    samples = len(operands[0])
    total = np.zeros(samples, np.int64)
    for place, wire in enumerate(netlist.output):
        total += from_plane(planes[wire], samples) << place
    return total


def to_plane(bits: IntArray) -> int:
    """Return one bit of all samples as a Python integer, whose operators then work on all samples at once.

    Parameters
    ----------
    bits : ndarray of int64, shape (samples,)
        Zeros and ones.

    Returns
    -------
    int
        Bit k is that of sample k.
    """
    return int.from_bytes(np.packbits(bits.astype(np.uint8), bitorder="little").tobytes(), "little")


def from_plane(plane: int, samples: int) -> IntArray:
    """Return the bits of all samples of a plane.

    Parameters
    ----------
    plane : int
        Bit k is that of sample k; negative where the bits above the last sample are set.
    samples : int
        How many.

    Returns
    -------
    ndarray of int64, shape (samples,)
        Zeros and ones.
    """
    size = -(-samples // 8)
    packed = (plane & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    return np.unpackbits(np.frombuffer(packed, np.uint8), count=samples, bitorder="little").astype(np.int64)


_LOGIC: dict[Cell, Callable[..., tuple[int, ...]]] = {
    Cell.NOT: lambda a: (~a,),
    Cell.AND: lambda a, b: (a & b,),
    Cell.NAND: lambda a, b: (~(a & b),),
    Cell.HALF_ADDER: lambda a, b: (a ^ b, a & b),
    Cell.HALF_ADDER_WITH_CARRY: lambda a, b: (~(a ^ b), a | b),
    Cell.FULL_ADDER: lambda a, b, c: (a ^ b ^ c, a & b | c & (a ^ b)),
}
