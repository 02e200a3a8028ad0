"""Guaranteed widths against every input in every order, and against the accumulator itself."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp import Accumulator, Format, guaranteed_bits, matmul, reference


def overflows(products, bits, initial):
    """Return whether any order of the products leaves a register."""
    limit = Accumulator(int(bits))
    orders = itertools.permutations(products)
    return any(reference.accumulate(order, limit, initial=initial).overflowed for order in orders)


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("weights", [(0, 0, 0), (1, 0, 0), (3, -4, 1), (-1, -1, -2), (7, 7, 2)])
@pytest.mark.parametrize("bias", [None, 0, 5, -9])
def test_no_input_overflows_in_any_order_and_one_bit_less_does(signed, weights, bias):
    x_format = Format(2, 1, signed=signed)
    (bits,) = guaranteed_bits(np.array(weights)[:, None], x_format, bias=bias)
    codes = range(x_format.min_code, x_format.max_code + 1)
    inputs = [[x * w for x, w in zip(xs, weights, strict=True)] for xs in itertools.product(codes, repeat=3)]
    assert not any(overflows(products, bits, bias or 0) for products in inputs)
    assert bits == 2 or any(overflows(products, bits - 1, bias or 0) for products in inputs)


@given(
    word_bits=st.integers(1, 40),
    signed=st.booleans(),
    shape=st.tuples(st.integers(0, 6), st.integers(1, 4)),
    weight_bits=st.integers(1, 40),
    data=st.data(),
)
def test_the_worst_inputs_reach_the_width(word_bits, signed, shape, weight_bits, data):
    def codes(low, high, size):
        return np.array(data.draw(st.lists(st.integers(low, high), min_size=size, max_size=size)), object)

    x_format, (length, columns) = Format(word_bits, 0, signed=signed), shape
    w = codes(-(1 << weight_bits - 1), (1 << weight_bits - 1) - 1, length * columns).reshape(shape)
    bias = codes(-(2**30), 2**30, columns)
    bits = guaranteed_bits(w, x_format, bias=bias)
    for n, width in enumerate(bits.tolist()):
        ends = [
            int(matmul(np.where(w[:, n] > 0, *sides)[None].astype(object), w, bias=bias).codes[0, n])
            for sides in itertools.permutations((x_format.min_code, x_format.max_code))
        ]
        assert all(-(1 << width - 1) <= end < 1 << width - 1 for end in ends)
        assert width == 2 or not all(-(1 << width - 2) <= end < 1 << width - 2 for end in ends)


def test_the_data_type_bound_has_slack_for_unsigned_inputs():
    """64 products of u8 by s8 need 22 bits, one less than the bound from data types alone."""
    assert guaranteed_bits(np.full((64, 1), -128), Format(8, 0, signed=False)).tolist() == [22]
    assert guaranteed_bits(np.full((64, 1), -128), Format(8, 0)).tolist() == [22]
    assert guaranteed_bits(np.full((64, 1), 127), Format(8, 0)).tolist() == [21]


def test_kernels_of_convolutions_and_wide_words():
    w = np.arange(-12, 12).reshape(2, 3, 2, 2)
    x_format = Format(8, 0, signed=False)
    np.testing.assert_array_equal(guaranteed_bits(w, x_format), guaranteed_bits(w.reshape(2, 12).T, x_format))
    assert guaranteed_bits([[2**70]], Format(128, 0)).tolist() == [70 + 128]
    assert guaranteed_bits(np.zeros((0, 3), int), x_format, bias=[0, 127, -129]).tolist() == [2, 8, 9]
    assert guaranteed_bits(np.zeros((3, 0), int), x_format).shape == (0,)


@pytest.mark.parametrize(
    ("w", "x_format", "bias", "kind", "message"),
    [
        ([1, 2], Format(8, 0), None, ValueError, r"w.shape=\(2,\) is not \(K, N\) or \(O, C/groups, KH, KW\): see"),
        ([[1.5]], Format(8, 0), None, TypeError, r"w.dtype=float64 is not an integer type"),
        ([[1]], 8, None, TypeError, r"x_format=8 is not a Format: pass fxp.Format\(word_bits, frac_bits\)"),
        ([[1]], Format(8, 0), [1, 2], ValueError, r"bias.shape=\(2,\) does not match: pass one integer, or one for"),
        ([[1]], Format(8, 0), 0.5, TypeError, r"bias.dtype=float64 is not an integer type"),
    ],
)
def test_bad_arguments_are_refused(w, x_format, bias, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        guaranteed_bits(w, x_format, bias=bias)
