"""Proofs that sums fit, one step on either side of where they end."""

import numpy as np
import pytest

from fxp import matmul, reference
from fxp.formats import Overflow
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
