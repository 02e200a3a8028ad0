"""Kernels of sums in limited registers, called as they are, against the specification."""

import numpy as np
import pytest

from fxp import reference
from fxp.formats import Overflow
from fxp.kernels.accumulation import UNROLLED, bring_into_range, dropped, prefixes, running, saturating, step
from fxp.kernels.layers import rounding_offsets
from fxp.registers import Accumulator
from tests.strategies import DETERMINISTIC

SILENT = [mode for mode in Overflow if mode is not Overflow.ERROR]
SHAPE = 2, 5, 3
CHOSEN = range(2, 9)  # of the rows of both groups


@pytest.fixture(scope="module")
def operands():
    """Return x, starts, offsets, w and initial values: few bits, in no order."""
    rng, length = np.random.default_rng(4), 2 * UNROLLED
    places = rng.integers(0, 20, SHAPE[:2]), rng.permutation(20)[:length]
    weights = rng.integers(-9, 10, (SHAPE[0], length, SHAPE[2]))
    return rng.integers(-9, 10, 40), *places, weights, rng.integers(-20, 21, SHAPE)


def specified(operands, accumulator):
    """Return what becomes of each chosen output."""
    x, starts, offsets, w, initial = operands
    return {
        (g, m, n): reference.accumulate(
            [int(x[starts[g, m] + offset]) * int(w[g, k, n]) for k, offset in enumerate(offsets)],
            accumulator,
            initial=int(initial[g, m, n]),
        )
        for g, m, n in np.ndindex(SHAPE)
        if g * SHAPE[1] + m in CHOSEN
    }


def require(found, expected, untouched):
    """Compare the chosen outputs, and see that the others are as before."""
    for index, before in np.ndenumerate(untouched):
        assert found[index] == expected.get(index, before), index


def as_lanes(operands, lane):
    x, starts, offsets, w, initial = operands
    return (x.astype(lane), starts, offsets, w.astype(lane)), initial.astype(lane)


@pytest.mark.parametrize("lane", [np.int32, np.int64])
@pytest.mark.parametrize("bits", [6, 8])
def test_saturating(operands, lane, bits):
    expected = specified(operands, accumulator := Accumulator(bits))
    factors, initial = as_lanes(operands, lane)
    codes, changed = initial.copy(), np.zeros(SHAPE, lane)
    limits = (lane(limit) for limit in accumulator.range_of(accumulator.word))
    saturating(lane)(CHOSEN.start, CHOSEN.stop, *factors, *limits, codes, changed)
    require(codes, {index: item.code for index, item in expected.items()}, initial)
    require(changed != 0, {index: item.overflowed for index, item in expected.items()}, np.zeros(SHAPE, bool))


@pytest.mark.parametrize("drop_bits", [0, 2])
@pytest.mark.parametrize("mode", SILENT)
def test_step(operands, mode, drop_bits):
    accumulator = Accumulator(6, overflow=mode, drop_bits=drop_bits, rounding="HALF_ODD")
    expected, (*factors, initial) = specified(operands, accumulator), operands
    codes, changed = initial.copy(), np.zeros(SHAPE, bool)
    dropping = drop_bits, rounding_offsets(accumulator.rounding, drop_bits)
    limits = accumulator.range_of(accumulator.word)
    step(CHOSEN.start, CHOSEN.stop, *factors, *dropping, *limits, mode.value, codes, changed)
    require(codes, {index: item.code for index, item in expected.items()}, initial)
    require(changed, {index: item.overflowed for index, item in expected.items()}, np.zeros(SHAPE, bool))


@pytest.mark.parametrize("drop_bits", [0, 2])
@pytest.mark.parametrize("lane", [np.int32, np.int64])
def test_prefixes(operands, lane, drop_bits):
    accumulator = Accumulator(20, drop_bits=drop_bits, rounding="FLOOR")
    expected = specified(operands, accumulator)
    factors, initial = as_lanes(operands, lane)
    sums, lowest, highest = (initial.copy() for _ in range(3))
    if drop_bits:
        dropping = drop_bits, rounding_offsets(accumulator.rounding, drop_bits)
        prefixes(CHOSEN.start, CHOSEN.stop, *factors, *dropping, sums, lowest, highest)
    else:
        running(lane)(CHOSEN.start, CHOSEN.stop, *factors, sums, lowest, highest)
    require(sums, {index: item.prefixes[-1] for index, item in expected.items()}, initial)
    require(lowest, {index: min(item.prefixes) for index, item in expected.items()}, initial)
    require(highest, {index: max(item.prefixes) for index, item in expected.items()}, initial)


@pytest.mark.parametrize("mode", DETERMINISTIC)
def test_dropped_bits_of_every_small_product(mode):
    for shift in range(7):
        offsets = rounding_offsets(mode, shift)
        for product in range(-200, 201):
            assert dropped(product, shift, offsets) == reference.shift_round(product, shift, mode), (product, shift)


@pytest.mark.parametrize("mode", SILENT)
@pytest.mark.parametrize("bits", [2, 4])
def test_bring_into_range(bits, mode):
    accumulator, values, chosen = Accumulator(bits, overflow=mode), np.arange(-40, 41), range(1, 80)
    word, codes = accumulator.word, np.full(values.size, 99)
    least, most = accumulator.range_of(word)
    outside = bring_into_range(chosen.start, chosen.stop, values, least, most, mode.value, codes)
    assert codes.tolist() == [99, *(reference.overflow(int(values[i]), word, mode) for i in chosen), 99]
    assert outside == len(chosen) - (most - least + 1)
