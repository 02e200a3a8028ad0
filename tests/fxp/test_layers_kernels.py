"""What stands between products against the specification and against torch's pooling."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fxp import reference
from fxp.formats import Rounding
from fxp.kernels.layers import code_dtype, finish, max_pool, sum_pool
from tests.strategies import DETERMINISTIC

POOLINGS = [
    ((2, 2), (2, 2), (0, 0)),
    ((3, 3), (2, 2), (1, 1)),
    ((3, 2), (1, 3), (1, 0)),
    ((4, 4), (4, 4), (2, 2)),
    ((1, 5), (1, 1), (0, 2)),
    ((7, 6), (1, 1), (0, 0)),
]


def finished(sums, addend=None, *, sum_left=0, addend_left=0, shift=0, rounding=Rounding.FLOOR, low=-128, high=127):
    """Call `finish` with plain defaults."""
    places = {"sum_left": sum_left, "addend_left": addend_left, "shift": shift}
    return finish(sums, addend, **places, rounding=rounding, low=low, high=high)


@pytest.mark.parametrize("rounding", DETERMINISTIC)
def test_finish_rounds_as_the_specification_on_every_small_sum(rounding):
    sums = np.arange(-200, 200).reshape(4, 100)
    for shift in range(7):
        expected = [reference.shift_round(int(code), shift, rounding) for code in sums.flat]
        found = finished(sums, shift=shift, rounding=rounding, low=-999, high=999)
        np.testing.assert_array_equal(found.ravel(), expected)


@given(
    total=st.integers(-(2**61), 2**61),
    addend=st.integers(-(2**20), 2**20),
    addend_left=st.integers(0, 39),
    shift=st.integers(0, 62),
    rounding=st.sampled_from(DETERMINISTIC),
    ends=st.tuples(st.integers(-(2**62), 2**62), st.integers(-(2**62), 2**62)).map(sorted),
)
def test_finish_is_exact_up_to_63_bits(total, addend, addend_left, shift, rounding, ends):
    low, high = ends
    code = reference.shift_round(total + addend * 2**addend_left, shift, rounding)
    operands = np.array([[total]]), np.array([[addend]])
    found = finished(*operands, addend_left=addend_left, shift=shift, rounding=rounding, low=low, high=high)
    assert int(found[0, 0]) == min(max(code, low), high)


def test_finish_shifts_sums_left():
    assert finished(np.array([[-3, 5]]), sum_left=4, shift=1).tolist() == [[-24, 40]]


@pytest.mark.parametrize(
    "layout",
    [
        lambda codes: codes,
        lambda codes: np.moveaxis(np.moveaxis(codes, 1, -1).copy(), -1, 1),
        lambda codes: codes[::-1].copy()[::-1],
        lambda codes: np.repeat(codes, 2, axis=1)[:, ::2],
        lambda codes: np.broadcast_to(codes, codes.shape),
        lambda codes: codes.astype(np.int16),
    ],
)
def test_finish_takes_any_memory_layout_and_integer_type(layout):
    sums = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    addend = sums[::-1, ::-1]
    for rank in (4, 2):
        operands = (sums, addend) if rank == 4 else (sums[..., 0, 0], addend[..., 0, 0])
        found = finished(layout(operands[0]), layout(operands[1]), shift=1)
        np.testing.assert_array_equal(found, (operands[0] + operands[1]) // 2)
        assert found.dtype == np.int8


def test_finish_of_no_sums():
    assert finished(np.zeros((0, 3, 2, 2), np.int32)).shape == (0, 3, 2, 2)


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [
        (0, 255, np.uint8),
        (-1, 127, np.int8),
        (-128, 0, np.int8),
        (-129, 0, np.int16),
        (0, 256, np.uint16),
        (-1, 255, np.int16),
        (0, 65536, np.int32),
        (-1, 2**31, np.int64),
        (-(2**63), 2**63 - 1, np.int64),
    ],
)
def test_code_type_is_the_smallest_that_holds_the_codes(low, high, kind):
    assert code_dtype(low, high) is kind


def test_codes_beyond_int64_have_no_type():
    with pytest.raises(ValueError, match=r"codes from 0 to 9223372036854775808 are not within int64"):
        code_dtype(0, 2**63)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int32, np.int64])
@pytest.mark.parametrize(("kernel", "stride", "padding"), POOLINGS)
def test_pooling_equals_torch(kernel, stride, padding, kind):
    limits = np.iinfo(kind)
    low, high = max(limits.min, -(2**40)), min(limits.max, 2**40)
    codes = np.random.default_rng(1).integers(low, high, (2, 3, 7, 6), kind, endpoint=True)
    for laid in (codes, codes[:, :, ::-1, ::-1], np.moveaxis(np.moveaxis(codes, 1, -1).copy(), -1, 1)):
        values = torch.from_numpy(laid.astype(np.float64))
        largest = torch.nn.functional.max_pool2d(values, kernel, stride, padding).numpy()
        mean = torch.nn.functional.avg_pool2d(values, kernel, stride, padding, divisor_override=1).numpy()
        np.testing.assert_array_equal(max_pool(laid, kernel, stride, padding), largest)
        np.testing.assert_array_equal(sum_pool(laid, kernel, stride, padding), mean)
        assert max_pool(laid, kernel, stride, padding).dtype == kind
        assert sum_pool(laid, kernel, stride, padding).dtype == np.int64


def test_padding_never_wins():
    codes = np.full((1, 1, 2, 2), -7, np.int8)
    assert max_pool(codes, (2, 2), (1, 1), (1, 1)).tolist() == [[[[-7] * 3] * 3]]


def test_pooling_of_no_images():
    empty = np.zeros((0, 3, 4, 4), np.uint8)
    assert max_pool(empty, (2, 2), (2, 2), (0, 0)).shape == (0, 3, 2, 2)
    assert sum_pool(empty, (2, 2), (2, 2), (0, 0)).shape == (0, 3, 2, 2)
