"""Python integers in arrays against the specification."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp import reference
from fxp.formats import Format, Overflow, Rounding
from fxp.wide import overflow_each, round_each, significands
from tests.strategies import DETERMINISTIC

NO_DRAWS = np.empty(0)
WIDE = st.integers(-(2**200), 2**200)


def python_integers(codes):
    return np.array(list(codes), dtype=object)


@pytest.mark.parametrize("rounding", DETERMINISTIC)
@pytest.mark.parametrize("shift", range(-3, 8))
def test_every_code_of_eight_bits(rounding, shift):
    codes = python_integers(range(-128, 256))
    expected = [reference.shift_round(code, shift, rounding) for code in codes]
    assert round_each(codes, shift, rounding, NO_DRAWS).tolist() == expected
    shifts = python_integers([shift] * len(codes))
    assert round_each(codes, shifts, rounding, NO_DRAWS).tolist() == expected


@given(st.lists(st.tuples(WIDE, st.integers(-200, 300)), min_size=1, max_size=5), st.sampled_from(DETERMINISTIC))
def test_wide_codes_with_a_shift_each(pairs, rounding):
    codes, shifts = zip(*pairs, strict=True)
    rounded = round_each(python_integers(codes), python_integers(shifts), rounding, NO_DRAWS)
    assert rounded.tolist() == [reference.shift_round(*pair, rounding) for pair in pairs]
    assert all(type(code) is int for code in rounded)


@given(WIDE, st.integers(1, 300), st.sampled_from([-1, 0, 1]))
def test_ties_and_their_neighbours(floor, shift, beside):
    code = (floor << shift) + (1 << (shift - 1)) + beside
    for rounding in DETERMINISTIC:
        rounded = round_each(python_integers([code]), shift, rounding, NO_DRAWS)
        assert rounded.tolist() == [reference.shift_round(code, shift, rounding)]


@given(WIDE, st.integers(-5, 300), st.integers(0, 2**53 - 1), st.sampled_from([-1, 0, 1]))
def test_stochastic_rounding_at_and_beside_its_threshold(code, shift, draw, beside):
    fraction = reference.shift_round(code % (1 << max(shift, 0)), shift - 53, Rounding.FLOOR)
    near = min(max(fraction + beside, 0), 2**53 - 1)
    for threshold in (draw, near):
        u = threshold / 2**53
        rounded = round_each(python_integers([code]), shift, Rounding.STOCHASTIC, np.array([u]))
        assert rounded.tolist() == [reference.shift_round(code, shift, Rounding.STOCHASTIC, u)]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=5))
def test_significands_are_exact(x):
    codes, powers = significands(np.array(x))
    assert [code * Fraction(2) ** power for code, power in zip(codes, powers, strict=True)] == [Fraction(v) for v in x]


def test_infinities_are_beyond_every_format():
    for dtype in (np.float32, np.float64):
        codes, powers = significands(np.array([np.inf, -np.inf], dtype))
        values = [code * Fraction(2) ** power for code, power in zip(codes, powers, strict=True)]
        assert values[0] > Format(128, -1100, signed=False).max
        assert values[1] < Format(128, -1100).min


@given(st.lists(WIDE, max_size=4), st.integers(1, 128), st.booleans(), st.sampled_from(list(Overflow)[:-1]))
def test_codes_outside_are_limited_by_the_specification(codes, word_bits, signed, overflow):
    fmt = Format(word_bits, 0, signed=signed)
    array = python_integers(codes)
    everything = np.ones(len(codes), bool)
    assert overflow_each(array, everything, fmt, overflow).tolist() == [
        reference.overflow(c, fmt, overflow) for c in codes
    ]
    assert overflow_each(array, ~everything, fmt, overflow).tolist() == codes
