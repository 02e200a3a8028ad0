"""Accumulators of codes with zero points, against the sums that they are."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fxp

BYTES = st.integers(-128, 255)


@given(st.integers(0, 2**32), BYTES, st.lists(BYTES, min_size=3, max_size=3), st.integers(0, 9))
def test_matmul_is_the_sum_of_shifted_codes(seed, zero_x, zero_w, length):
    rng = np.random.default_rng(seed)
    x, w = rng.integers(0, 256, (2, 4, length)), rng.integers(-128, 128, (length, 3))
    bias = rng.integers(-1000, 1000, 3)
    wanted = (x - zero_x) @ (w - zero_w) + bias
    assert np.array_equal(fxp.affine_matmul(x, w, x_zero_point=zero_x, w_zero_point=zero_w, bias=bias), wanted)


@pytest.mark.parametrize("zero_w", [0, 3, [1, 2, 3, 4]])
def test_conv2d_pads_with_the_zero_point(zero_w):
    rng = np.random.default_rng(1)
    x, w = rng.integers(0, 256, (2, 2, 5, 6)), rng.integers(-128, 128, (4, 2, 3, 3))
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=9)
    options = {"x_zero_point": 9, "w_zero_point": zero_w, "bias": [1, 2, 3, 4], "stride": 2}
    result = fxp.affine_conv2d(x, w, padding=1, **options)
    assert np.array_equal(result, fxp.affine_conv2d(padded, w, **options))
    shifted = w - np.reshape(zero_w, (-1, 1, 1, 1))
    assert np.array_equal(result, fxp.conv2d(x - 9, shifted, bias=[1, 2, 3, 4], stride=2, padding=1).codes)


def test_a_layer_of_one_position_is_a_matmul():
    rng = np.random.default_rng(2)
    x, w = rng.integers(0, 256, (3, 8)), rng.integers(0, 256, (8, 4))
    zero_points = {"x_zero_point": 100, "w_zero_point": [1, 50, 128, 255], "bias": 7}
    convolution = fxp.affine_conv2d(x[:, :, None, None], w.T[:, :, None, None], **zero_points)
    assert np.array_equal(convolution[:, :, 0, 0], fxp.affine_matmul(x, w, **zero_points))


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"x_zero_point": [1, 2]}, ValueError, "x_zero_point.shape=(2,) does not match: pass one integer"),
        ({"w_zero_point": [1, 2]}, ValueError, "w_zero_point.shape=(2,) does not match: pass one integer, or one for"),
        ({"x_zero_point": 0.5}, TypeError, "x_zero_point.dtype=float64 is not an integer type"),
        ({"x_zero_point": 2**17}, ValueError, "x_zero_point=131072 is not of 16 bits"),
    ],
)
def test_refusals(options, error, text):
    with pytest.raises(error, match=re.escape(text)):
        fxp.affine_matmul([[1, 2]], [[1, 2, 3], [4, 5, 6]], **options)
    with pytest.raises(error, match=re.escape(text)):
        fxp.affine_conv2d([[[[1]], [[2]]]], [[[[1]], [[4]]], [[[2]], [[5]]], [[[3]], [[6]]]], **options)


def test_wide_codes_are_refused():
    with pytest.raises(ValueError, match=re.escape("x[0, 1]=70000 is not of 16 bits")):
        fxp.affine_matmul([[1, 70000]], [[1], [2]])
