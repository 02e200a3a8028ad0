"""Published bounds against every word, the guaranteed widths, and the slack that their docstrings state."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp import Accumulator, Format, data_type_bits, guaranteed_bits, l1_bits

SIGNS = pytest.mark.parametrize("x_signed", [True, False])


def words(fmt, length):
    """Return every vector of codes, one a row."""
    codes = range(fmt.min_code, fmt.max_code + 1)
    return np.array(list(itertools.product(codes, repeat=length))).reshape(-1, length)


def needed_bits(sums):
    """Return the least width of a register that holds all sums; none has fewer than two bits."""
    low, high = int(sums.min()), int(sums.max())
    registers = (Accumulator(bits).word for bits in itertools.count(2))
    return next(word.word_bits for word in registers if word.min_code <= low and high <= word.max_code)


def power_and_rest(number):
    """Return 2**m and r of number = 2**m + r, r < 2**m."""
    power = 1 << (number.bit_length() - 1)
    return power, number - power


@SIGNS
@pytest.mark.parametrize(("x_bits", "w_bits", "length"), [*itertools.product((1, 2, 3), (1, 2, 3), (1, 2))])
def test_no_words_of_the_data_types_overflow_and_the_slack_is_as_stated(x_signed, x_bits, w_bits, length):
    x_format, w_format = Format(x_bits, 0, signed=x_signed), Format(w_bits, 0)
    needed = needed_bits(words(x_format, length) @ words(w_format, length).T)
    slack = data_type_bits(length, x_format, w_format) - needed
    if x_signed:
        assert slack == 0
    elif (x_bits, w_bits, length) == (1, 1, 1):
        assert slack == 1  # no accumulator has the one bit that would do
    else:
        power, rest = power_and_rest(length)
        assert slack == (rest * (2**x_bits - 1) <= power) + (x_bits == 1 and rest == 0)


@SIGNS
def test_the_slack_of_data_types_is_as_stated_for_long_sums(x_signed):
    for x_bits, w_bits, length in itertools.product((1, 2, 5, 8), (2, 8), range(1, 1200)):
        x_format, w_format = Format(x_bits, 0, signed=x_signed), Format(w_bits, 0)
        exact = guaranteed_bits(np.full((length, 1), w_format.min_code), x_format)[0]
        power, rest = power_and_rest(length)
        stated = 0 if x_signed else (rest * (2**x_bits - 1) <= power) + (x_bits == 1 and rest == 0)
        assert data_type_bits(length, x_format, w_format) == exact + stated


@SIGNS
@pytest.mark.parametrize("x_bits", [1, 2, 3])
def test_no_input_overflows_the_l1_bound_and_the_slack_is_as_stated(x_signed, x_bits):
    x_format = Format(x_bits, 0, signed=x_signed)
    inputs, weights = words(x_format, 3), words(Format(4, 0), 3)
    sums = inputs @ weights.T
    for bound, column, w in zip(l1_bits(weights.T, x_format), sums.T, weights.tolist(), strict=True):
        slack = bound - needed_bits(column)
        p, n = sum(v for v in w if v > 0), -sum(v for v in w if v < 0)
        if not x_signed:
            assert 0 <= slack <= 2
        elif p + n == 0 or (x_bits, p, n) == (1, 1, 0):
            assert slack == 0
        else:
            assert slack == (power_and_rest(p + n)[1] * 2 ** (x_bits - 1) < min(p, n + 1))


@given(
    x_bits=st.integers(1, 100),
    x_signed=st.booleans(),
    w_bits=st.integers(1, 100),
    length=st.integers(1, 8),
    data=st.data(),
)
def test_knowing_more_never_widens(x_bits, x_signed, w_bits, length, data):
    x_format, w_format = Format(x_bits, 0, signed=x_signed), Format(w_bits, 0)
    codes = st.integers(w_format.min_code, w_format.max_code)
    w = np.array(data.draw(st.lists(codes, min_size=length, max_size=length)), object)[:, None]
    known, typed = l1_bits(w, x_format)[0], data_type_bits(length, x_format, w_format)
    assert guaranteed_bits(w, x_format)[0] <= known <= typed
    assert known - guaranteed_bits(w, x_format)[0] <= 2 - x_signed


def test_unsigned_inputs_with_balanced_weights_have_two_bits_of_slack():
    w, x_format = [[2], [-2]], Format(8, 0, signed=False)
    assert (l1_bits(w, x_format)[0], guaranteed_bits(w, x_format)[0]) == (12, 10)


def test_kernels_of_convolutions_and_no_weights():
    w, x_format = np.arange(-12, 12).reshape(2, 3, 2, 2), Format(8, 0)
    np.testing.assert_array_equal(l1_bits(w, x_format), l1_bits(w.reshape(2, 12).T, x_format))
    assert l1_bits(np.zeros((0, 2), int), x_format).tolist() == [2, 2]


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((0, Format(8, 0), Format(8, 0)), ValueError, r"length=0 is not an integer of at least 1: give the number of"),
        ((2.5, Format(8, 0), Format(8, 0)), ValueError, r"length=2.5 is not an integer of at least 1"),
        ((True, Format(8, 0), Format(8, 0)), ValueError, r"length=True is not an integer of at least 1"),
        ((1, 8, Format(8, 0)), TypeError, r"x_format=8 is not a Format: pass fxp.Format\(word_bits, frac_bits\)"),
        ((1, Format(8, 0), "s8"), TypeError, r"w_format='s8' is not a Format"),
        (
            (1, Format(8, 0), Format(8, 0, signed=False)),
            ValueError,
            r"w_format=ufix8 is not signed: the bound is for signed weights; give guaranteed_bits the largest code",
        ),
    ],
)
def test_data_types_outside_the_bound_are_refused(arguments, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        data_type_bits(*arguments)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (([1], Format(8, 0)), ValueError, r"w.shape=\(1,\) is not \(K, N\) or \(O, C/groups, KH, KW\)"),
        (([[0.5]], Format(8, 0)), TypeError, r"w.dtype=float64 is not an integer type"),
        (([[1]], 8), TypeError, r"x_format=8 is not a Format"),
    ],
)
def test_weights_outside_the_bound_are_refused(arguments, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        l1_bits(*arguments)
