"""Shows that a circuit computes its dot product."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from sims.circuits.dot_products import Operands
from sims.circuits.netlists import Netlist, simulate

__all__ = ["checked", "random_operands", "signed_value"]

IntArray = NDArray[np.int64]
EXHAUSTIVE_BITS = 12


def checked(netlist: Netlist, operands: Operands, rng: np.random.Generator, *, samples: int = 512) -> Netlist:
    """Return the netlist as it is, once its sums have equalled those of integers.

    All operands are tried where they have at most 12 bits together, else samples that start with the extreme ones.

    Parameters
    ----------
    netlist : Netlist
        Inputs x and w of each product in turn.
    operands : Operands
        What it multiplies; sums of at most 63 bits.
    rng : numpy.random.Generator
        Draws the operands.
    samples : int
        How many sums, at least 4.

    Returns
    -------
    Netlist
        The argument.

    Raises
    ------
    ArithmeticError
        A sum is wrong.
    """
    words = random_operands(operands, rng, samples=samples)
    exact = (words[::2] * words[1::2]).sum(axis=0)
    found = signed_value(simulate(netlist, list(words)), operands)
    if wrong := int(np.count_nonzero(found != exact)):
        raise ArithmeticError(
            f"{wrong} of {exact.size} sums of {operands} are wrong: the circuit is not what it counts"
        )
    return netlist


def random_operands(operands: Operands, rng: np.random.Generator, *, samples: int) -> IntArray:
    """Return operands x and w of each product in turn: all of them where they are few, else extremes and draws.

    Parameters
    ----------
    operands : Operands
        Word lengths and signs.
    rng : numpy.random.Generator
        Draws them.
    samples : int
        How many, at least 4.

    Returns
    -------
    ndarray of int64, shape (2·length, samples)
        Codes.
    """
    ranges = [_codes(operands.x_bits, operands.x_signed), _codes(operands.w_bits, operands.w_signed)]
    if operands.length * operands.product_bits <= EXHAUSTIVE_BITS:
        return np.array(list(product(*ranges * operands.length)), dtype=np.int64).T
    x, w = (rng.integers(each.start, each.stop, (operands.length, samples)) for each in ranges)
    for place, (x_end, w_end) in enumerate(product(*((each[0], each[-1]) for each in ranges))):
        x[:, place], w[:, place] = x_end, w_end
    return np.stack([x, w], axis=1).reshape(-1, samples)


def signed_value(sums: IntArray, operands: Operands) -> IntArray:
    """Return unsigned output words as the numbers that they stand for, in two's complement where an operand is signed.

    Parameters
    ----------
    sums : ndarray of int64
        Words of `operands.output_bits` bits.
    operands : Operands
        What was multiplied.

    Returns
    -------
    ndarray of int64
        Of the shape of `sums`.
    """
    negative = operands.signed & (sums >> operands.output_bits - 1).astype(bool)
    return sums - (negative.astype(np.int64) << operands.output_bits)


def _codes(bits: int, signed: bool) -> range:
    low = -(1 << bits - 1) if signed else 0
    return range(low, low + (1 << bits))
