"""Circuits of dot products: what they compute, against integers, and what they are made of, against counts by hand."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.circuits.adders import add, compress, constant, fitted, trimmed, whole
from sims.circuits.checking import checked, random_operands, signed_value
from sims.circuits.dot_products import SIGNS, STRUCTURES, Operands, carry_save, dadda_heights, ripple, tree
from sims.circuits.netlists import ONE, ZERO, Cell, Netlist, Sketch, from_plane, simulate, to_plane

ADDERS = (Cell.HALF_ADDER, Cell.HALF_ADDER_WITH_CARRY, Cell.FULL_ADDER)
BUILDERS = {**STRUCTURES, "whole ripple": ripple, "whole tree": tree}

operands = st.builds(
    Operands,
    length=st.integers(1, 9),
    x_bits=st.integers(1, 6),
    w_bits=st.integers(1, 6),
    x_signed=st.booleans(),
    w_signed=st.booleans(),
)


def unsigned(length: int, x_bits: int, w_bits: int) -> Operands:
    return Operands(length, x_bits, w_bits, x_signed=False, w_signed=False)


def counts(netlist: Netlist) -> dict[str, int]:
    return {cell.name: count for cell in Cell if (count := netlist.count(cell))}


@given(operands=operands, name=st.sampled_from(list(BUILDERS)))
@settings(max_examples=150, deadline=None)
def test_every_structure_computes_the_dot_product(operands: Operands, name: str) -> None:
    checked(BUILDERS[name](operands), operands, np.random.default_rng(0), samples=64)


@pytest.mark.parametrize(("name", "signs"), list(product(BUILDERS, SIGNS)))
def test_all_operands_of_small_circuits(name: str, signs: str) -> None:
    for length, x_bits, w_bits in ((1, 4, 3), (1, 1, 1), (2, 2, 3), (3, 2, 2), (4, 1, 2)):
        shape = Operands(length, x_bits, w_bits, *SIGNS[signs])
        words = random_operands(shape, np.random.default_rng(0), samples=4)
        assert words.shape == (2 * length, 2 ** (length * (x_bits + w_bits)))
        assert len({tuple(column) for column in words.T}) == words.shape[1]
        checked(BUILDERS[name](shape), shape, np.random.default_rng(0))


def test_a_wrong_circuit_is_found() -> None:
    shape = unsigned(3, 4, 4)
    right = carry_save(shape)
    for place, gate in enumerate(right.gates):
        if gate.cell in ADDERS:
            swapped = type(gate)(gate.cell, gate.inputs, gate.outputs[::-1])
            wrong = Netlist(right.inputs, right.output, (*right.gates[:place], swapped, *right.gates[place + 1 :]))
            with pytest.raises(
                ArithmeticError, match="sums of Operands.* are wrong: the circuit is not what it counts"
            ):
                checked(wrong, shape, np.random.default_rng(0))


# 3 × 2 bits by hand: a row of 3 for each bit of the shorter word
def test_array_multiplier_by_hand() -> None:
    assert counts(ripple(unsigned(1, 3, 2))) == {"AND": 6, "FULL_ADDER": 6}
    assert counts(ripple(unsigned(1, 3, 2), trimmed)) == {"AND": 6, "HALF_ADDER": 2, "FULL_ADDER": 1}


def test_accumulator_by_hand() -> None:
    # three products of 2 × 2 bits: three arrays of 4, two adders of 4 + 2 bits
    assert ripple(unsigned(3, 2, 2)).count(Cell.FULL_ADDER) == 3 * 4 + 2 * 6
    lowest = ripple(unsigned(3, 2, 2), lowest=trimmed)
    assert counts(lowest) == {"AND": 12, "HALF_ADDER": 2, "FULL_ADDER": 3 * 4 + 2 * 5}


def test_tree_by_hand() -> None:
    # four products of 2 × 2 bits: four arrays of 4, two adders of 4 bits, one of 5
    assert tree(unsigned(4, 2, 2)).count(Cell.FULL_ADDER) == 4 * 4 + 2 * 4 + 5


def test_signs_complement_partial_products() -> None:
    mixed, signed = (ripple(Operands(1, 4, 3, *SIGNS[signs])) for signs in ("mixed", "signed"))
    assert (mixed.count(Cell.AND), mixed.count(Cell.NAND)) == (8, 4)
    assert (signed.count(Cell.AND), signed.count(Cell.NAND)) == (7, 5)


@given(length=st.integers(1, 8), x_bits=st.integers(2, 6), w_bits=st.integers(2, 6), dadda=st.booleans())
@settings(max_examples=60, deadline=None)
def test_full_adders_remove_one_bit_each(length: int, x_bits: int, w_bits: int, dadda: bool) -> None:
    shape = unsigned(length, x_bits, w_bits)
    circuit = carry_save(shape, dadda_heights(length * min(x_bits, w_bits)) if dadda else (1,))
    read = {wire for gate in circuit.gates for wire in gate.inputs} | set(circuit.output)
    dropped = sum(wire not in read for gate in circuit.gates for wire in gate.outputs)
    left = len(set(circuit.output) - {ZERO})
    assert circuit.count(Cell.FULL_ADDER) == circuit.count(Cell.AND) - left - dropped


@pytest.mark.parametrize(
    ("bits", "cells"),
    [("a", []), ("1a", [Cell.NOT]), ("01", []), ("11", []), ("11a", []), ("ab", [Cell.HALF_ADDER]),
     ("ab0", [Cell.HALF_ADDER]), ("1ab", [Cell.HALF_ADDER_WITH_CARRY]), ("abc", [Cell.FULL_ADDER])],
)  # fmt: skip
def test_trimmed_cells_add_up(bits: str, cells: list[Cell]) -> None:
    sketch = Sketch()
    word = sketch.input(3)
    wires = {"0": ZERO, "1": ONE, **dict(zip("abc", word, strict=True))}
    circuit = sketch.netlist(trimmed(sketch, *(wires[bit] for bit in bits)))
    assert [gate.cell for gate in circuit.gates] == cells
    values = np.arange(8)
    numbers = {"0": 0, "1": 1, "a": values & 1, "b": values >> 1 & 1, "c": values >> 2}
    assert simulate(circuit, [values]).tolist() == (sum(numbers[bit] for bit in bits) + 0 * values).tolist()


@pytest.mark.parametrize("cell", [whole, trimmed])
def test_words_of_all_widths_add_up(cell) -> None:
    sketch = Sketch()
    adder = sketch.netlist(add(sketch, sketch.input(3), sketch.input(2), cell, carry=ONE))
    a, b = np.meshgrid(np.arange(8), np.arange(4))
    np.testing.assert_array_equal(simulate(adder, [a.ravel(), b.ravel()]), (a + b + 1).ravel())


@pytest.mark.parametrize("height", [1, 2, 3, 6])
def test_compressed_columns_are_no_taller_and_keep_the_sum(height: int) -> None:
    sketch = Sketch()
    bits = sketch.input(7)
    columns = compress(sketch, {0: bits[:5], 1: (*bits[5:], ONE)}, 4, height)
    assert max(map(len, columns.values())) <= height
    values = np.arange(128)
    total = np.zeros_like(values)
    for place, column in columns.items():
        for wire in column:
            total += simulate(sketch.netlist([wire]), [values]) << place
    by_hand = sum(values >> bit & 1 for bit in range(5)) + 2 * sum(values >> bit & 1 for bit in (5, 6)) + 2
    np.testing.assert_array_equal(total, by_hand)


def test_dadda_heights() -> None:
    assert dadda_heights(20) == (19, 13, 9, 6, 4, 3, 2, 1)
    assert dadda_heights(3) == (2, 1)
    assert dadda_heights(1) == (2, 1)


def test_constants_and_fitted_words() -> None:
    assert constant(-2, 3) == (ZERO, ONE, ONE)
    assert fitted((5, 6), 3) == (5, 6, ZERO)
    assert fitted((5, 6), 1) == (5,)


@given(st.lists(st.integers(0, 1), min_size=1, max_size=40))
def test_planes_come_back(bits: list[int]) -> None:
    assert from_plane(to_plane(np.array(bits)), len(bits)).tolist() == bits
    assert from_plane(~to_plane(np.array(bits)), len(bits)).tolist() == [1 - bit for bit in bits]


def test_twos_complement_words() -> None:
    words = np.arange(16)
    assert signed_value(words, unsigned(1, 2, 2)).tolist() == words.tolist()
    signed = Operands(1, 2, 2, x_signed=True, w_signed=True)
    assert signed_value(words, signed).tolist() == [*range(8), *range(-8, 0)]


def test_extremes_are_among_the_samples() -> None:
    words = random_operands(Operands(4, 6, 5, x_signed=False, w_signed=True), np.random.default_rng(0), samples=8)
    assert words[:, :4].tolist() == [[0, 0, 63, 63], [-16, 15, -16, 15]] * 4


def test_one_operand_for_each_word() -> None:
    with pytest.raises(ValueError, match="1 operands for 2 input words: give one each"):
        simulate(ripple(unsigned(1, 2, 2)), [np.zeros(1, np.int64)])
