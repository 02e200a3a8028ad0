"""Counts the cells of circuits that were shown to compute their sums, the bits of memory images, and operations."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from fxp import reference
from sims.circuits.adders import add, trimmed, whole
from sims.circuits.checking import checked
from sims.circuits.dot_products import SIGNS, STRUCTURES, Operands, carry_save, dadda, ripple, tree
from sims.circuits.netlists import Cell, Netlist, Sketch
from sims.measure import Measurement, Trial, measures

__all__ = [
    "cost_biased",
    "cost_compressor",
    "cost_multiplier",
    "cost_printed",
    "cost_printed_ceil",
    "cost_published",
    "cost_tree",
    "energy_weighting",
    "gate_area",
    "gate_area_of_structures",
    "representational_cost",
]

IntArray = NDArray[np.int64]
Build = Callable[[Operands], Netlist]

SAMPLES = 256


@measures("cost_multiplier")
def cost_multiplier(activation_bits: int, weight_bits: int, *, trial: Trial) -> Measurement:
    """Return the full adders of one array multiplier, by sign."""
    return Measurement.enumerated(_full_adders(ripple, (1, activation_bits, weight_bits), trial))


@measures("cost_published")
def cost_published(length: int, activation_bits: int, weight_bits: int, *, trial: Trial) -> Measurement:
    """Return the full adders of array multipliers and a ripple accumulator, a full adder at every place, by sign."""
    return Measurement.enumerated(_full_adders(ripple, (length, activation_bits, weight_bits), trial))


@measures("cost_printed_ceil")
def cost_printed_ceil(length: int, activation_bits: int, weight_bits: int, *, trial: Trial) -> Measurement:
    """Return the full adders of the same, where half adders add the lowest bits, by sign."""
    return Measurement.enumerated(_full_adders(_with_half_adders, (length, activation_bits, weight_bits), trial))


@measures("cost_printed")
def cost_printed(length: int, activation_bits: int, weight_bits: int, *, trial: Trial) -> Measurement:
    """Return the same for a length that is a power of two."""
    return cost_printed_ceil(length, activation_bits, weight_bits, trial=trial)


@measures("cost_biased")
def cost_biased(length: int, activation_bits: int, weight_bits: int, *, trial: Trial) -> Measurement:
    """Return the same with one more product, which takes a bias times one."""
    return cost_printed_ceil(length + 1, activation_bits, weight_bits, trial=trial)


@measures("cost_tree")
def cost_tree(length: int, activation_bits: int, weight_bits: int, *, trial: Trial) -> Measurement:
    """Return the full adders of array multipliers and a balanced tree of adders, by sign."""
    return Measurement.enumerated(_full_adders(tree, (length, activation_bits, weight_bits), trial))


@measures("cost_compressor")
def cost_compressor(length: int, activation_bits: int, weight_bits: int, *, trial: Trial) -> Measurement:
    """Return the full adders of carry-save circuits, column by column and in Dadda's levels, by sign."""
    shape = length, activation_bits, weight_bits
    return Measurement.enumerated([_full_adders(build, shape, trial) for build in (carry_save, dadda)])


@measures("gate_area")
def gate_area(length: int, activation_bits: int, weight_bits: int, *, trial: Trial) -> Measurement:
    """Return the area of unsigned array multipliers and a tree without the inputs that are constant."""
    operands = Operands(length, activation_bits, weight_bits, x_signed=False, w_signed=False)
    return Measurement.enumerated(_area(_built(STRUCTURES["tree"], operands, trial)))


@measures("gate_area_of_structures")
def gate_area_of_structures(length: int, activation_bits: int, weight_bits: int, *, trial: Trial) -> Measurement:
    """Return the area of all structures, by sign, dB."""
    shape = length, activation_bits, weight_bits
    areas = [[_area(circuit) for circuit in _of_all_signs(build, shape, trial)] for build in STRUCTURES.values()]
    return Measurement.enumerated(10 * np.log10(areas))


@measures("energy_weighting")
def energy_weighting(
    channels: int, filters: int, side: int, biased: bool, mul_bits: int, add_bits: int, *, trial: Trial
) -> Measurement:
    """Return the operations of a 2×2 convolution, done one by one, times the cells that each takes."""
    x, w, bias = _convolution(channels, filters, side, biased, trial.rng)
    sums = np.empty((filters, side - 1, side - 1), np.int64)
    multiplications = additions = 0
    for o, r, c in np.ndindex(sums.shape):
        terms = [int(a) * int(b) for a, b in zip(x[:, r : r + 2, c : c + 2].flat, w[o].flat, strict=True)]
        multiplications += len(terms)
        total, *others = terms + ([int(bias[o])] if biased else [])
        for term in others:
            total += term
            additions += 1
        sums[o, r, c] = total
    exact = reference.conv2d(x[np.newaxis], w)[0]
    if not np.array_equal(sums, exact + bias[:, np.newaxis, np.newaxis] if biased else exact):
        raise ArithmeticError("the convolution that was counted is wrong")
    return Measurement.enumerated(multiplications * _multiplier_cells(mul_bits) + additions * _adder_cells(add_bits))


@measures("representational_cost")
def representational_cost(
    channels: int, filters: int, side: int, biased: bool, weight_bits: int, activation_bits: int, *, trial: Trial
) -> Measurement:
    """Return the bits of the images of a 2×2 convolution's weights, biases and input, from which they can be read."""
    x, w, bias = _convolution(channels, filters, side, biased, trial.rng)
    words = [(w, weight_bits), (bias, weight_bits), (x, activation_bits)]
    return Measurement.enumerated(sum(len(_image(codes % (1 << bits), bits)) for codes, bits in words))


def _of_all_signs(build: Build, shape: tuple[int, int, int], trial: Trial) -> Iterator[Netlist]:
    """Yield the circuits for unsigned operands, unsigned by signed ones, and signed ones."""
    return (_built(build, Operands(*shape, *signs), trial) for signs in SIGNS.values())


def _built(build: Build, operands: Operands, trial: Trial) -> Netlist:
    """Return a circuit whose sums were found right."""
    return checked(build(operands), operands, trial.rng, samples=trial.samples(SAMPLES))


def _full_adders(build: Build, shape: tuple[int, int, int], trial: Trial) -> list[int]:
    return [circuit.count(Cell.FULL_ADDER) for circuit in _of_all_signs(build, shape, trial)]


def _with_half_adders(operands: Operands) -> Netlist:
    return ripple(operands, lowest=trimmed)


def _area(circuit: Netlist) -> float:
    """Return the area in full adders; inverters count nothing."""
    half_adders = circuit.count(Cell.HALF_ADDER, Cell.HALF_ADDER_WITH_CARRY)
    return circuit.count(Cell.FULL_ADDER) + 0.25 * circuit.count(Cell.AND, Cell.NAND) + 0.625 * half_adders


def _multiplier_cells(bits: int) -> int:
    return ripple(Operands(1, bits, bits, x_signed=False, w_signed=False)).count(Cell.FULL_ADDER)


def _adder_cells(bits: int) -> int:
    sketch = Sketch()
    total = add(sketch, sketch.input(bits), sketch.input(bits), whole)
    return sketch.netlist(total).count(Cell.FULL_ADDER)


def _convolution(
    channels: int, filters: int, side: int, biased: bool, rng: np.random.Generator
) -> tuple[IntArray, IntArray, IntArray]:
    """Return input, weights and biases of a convolution with kernels of 2×2."""
    x = rng.integers(0, 256, (channels, side, side))
    w = rng.integers(-128, 128, (filters, channels, 2, 2))
    return x, w, rng.integers(-128, 128, filters * biased)


def _image(codes: IntArray, bits: int) -> str:
    """Return codes as a string of bits, from which they were read back."""
    image = "".join(f"{code:0{bits}b}" for code in codes.flat)
    read = [int(image[place : place + bits], 2) for place in range(0, len(image), bits)]
    if read != codes.ravel().tolist():
        raise ArithmeticError(f"{codes.size} codes of {bits} bits cannot be read back")
    return image
