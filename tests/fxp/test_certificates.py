"""Proofs that sums fit, one step on either side of where they end."""

import numpy as np
import pytest

from fxp import conv2d, matmul, reference
from fxp.carriers import Geometry
from fxp.formats import Overflow
from fxp.limited_convolutions import LimitedConvolution
from fxp.registers import Accumulator
from tests.fxp.test_limited_sums import SILENT, check

BESIDE_THE_ENDS = [sign * code for sign in (-1, 1) for code in range(126, 131)]  # of a register of 8 bits


@pytest.mark.parametrize("bias", [0, 5, -5])
@pytest.mark.parametrize(
    "widths",
    [
        {"word_bits": 8},
        {"word_bits": 8, "tile": 1, "outer_bits": 12},
        {"word_bits": 12, "tile": 1, "outer_bits": 8},
        {"word_bits": 8, "tile": 2, "outer_bits": 8},
    ],
    ids=["alone", "inner", "outer", "both"],
)
@pytest.mark.parametrize("mode", SILENT)
def test_sums_at_the_ends_of_a_register_are_certified_and_those_beyond_are_not(widths, mode, bias):
    """Every operand is as large as the proof takes it to be, with its bias and without."""
    accumulator = Accumulator(overflow=mode, **widths)
    for total in BESIDE_THE_ENDS:
        for x in ([[total]], [[total - bias]]):
            check(
                lambda prefixes, row=x: matmul(row, [[1]], bias=bias, accumulator=accumulator, prefixes=prefixes),
                reference.matmul_products(np.array(x), np.array([[1]])),
                accumulator,
                bias,
            )


@pytest.mark.parametrize("every_step", [True, False])
def test_error_mode_raises_from_the_first_code_beyond_the_register(every_step):
    accumulator = Accumulator(8, overflow=Overflow.ERROR, every_step=every_step)
    for total in BESIDE_THE_ENDS:
        if -128 <= total <= 127:
            assert matmul([[total]], [[1]], accumulator=accumulator).codes.tolist() == [[total]]
        else:
            with pytest.raises(OverflowError, match=r"^codes\[0, 0\] is out of range: "):
                matmul([[total]], [[1]], accumulator=accumulator)


@pytest.mark.parametrize("proven", [0, 1])
def test_groups_that_are_not_certified_are_summed_on_their_own_operands(proven):
    x, w = np.arange(-9, 9).reshape(1, 2, 3, 3), np.full((2, 1, 1, 1), 40)
    w[proven] = 1
    accumulator = Accumulator(8)
    check(
        lambda prefixes: conv2d(x, w, groups=2, accumulator=accumulator, prefixes=prefixes),
        reference.conv2d_products(x, w, order=accumulator.order, groups=2),
        accumulator,
    )


def test_nothing_is_certified_where_bits_are_dropped():
    w, bias = np.ones((1, 1, 1, 1), int), np.zeros(1, int)
    for drop_bits, proven in ((0, True), (1, False)):
        accumulator = Accumulator(16, drop_bits=drop_bits)
        layer = LimitedConvolution(w, bias, Geometry(), accumulator, x_low=0, x_high=1)
        assert layer.certified.tolist() == [proven]
