"""Lossy overflow against its definition: clamp the sum, requantise, compare the codes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxp import reference
from fxp.formats import Format, Rounding
from fxp.operations import Requantization
from fxp.overflow.losses import lossy_values
from fxp.overflow.peaks import overflow_values

MODES = [mode for mode in Rounding if mode is not Rounding.STOCHASTIC]
SUMS = np.arange(-300, 301)


def code(total: int, target: Format, frac_bits: int, rounding: Rounding) -> int:
    shift = frac_bits - target.frac_bits
    rounded = reference.shift_round(total, shift, rounding) if shift >= 0 else total << -shift
    return min(max(rounded, target.min_code), target.max_code)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(MODES),
    st.integers(-2, 4),
    st.booleans(),
    st.integers(1, 5),
    st.integers(-40, 40),
    st.integers(0, 2),
)
def test_lossy_is_where_a_clamp_changes_the_code(rounding, shift, signed, word_bits, addend, left):
    target = Format(word_bits, 0, signed=signed)
    requantization = Requantization("codes", "sum", target, rounding)
    found = lossy_values(SUMS, requantization, frac_bits=shift, addend=addend, left=left)
    assert (found <= overflow_values(SUMS, SUMS)).all()
    for bits in range(2, 11):
        low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        clamped = np.clip(SUMS, low, high)
        changed = [
            code((int(a) << left) + addend, target, shift, rounding)
            != code((int(b) << left) + addend, target, shift, rounding)
            for a, b in zip(SUMS, clamped, strict=True)
        ]
        assert ((found >= 2 ** (bits - 1)) == changed).all()


def test_addends_have_one_for_each_sum():
    target = Requantization("codes", "sum", Format(4, 0, signed=False))
    found = lossy_values(np.array([[400], [400]]), target, frac_bits=4, addend=np.array([[0], [100]]))
    assert found.tolist() == [[233], [133]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda r: lossy_values([1.5], r, frac_bits=4), TypeError, "sums.dtype=float64 is not an integer type"),
        (lambda r: lossy_values([1], r, frac_bits=4, addend=0.5), TypeError, "addend.dtype=float64 is not an integer"),
        (lambda r: lossy_values([1], r, frac_bits=4, left=-1), ValueError, "left=-1 is negative"),
        (
            lambda _: lossy_values([1], Requantization("codes", "sum", Format(17, 0)), frac_bits=4),
            ValueError,
            "word_bits=17 of the codes is over 16: requantise to fewer",
        ),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call(Requantization("codes", "sum", Format(4, 0)))


def test_sums_that_leave_the_finer_grid_are_refused():
    with pytest.raises(
        ValueError, match=r"^sums of up to 1099511627776 with left=30 and an addend of up to 0 leave 62"
    ):
        lossy_values([2**40], Requantization("c", "s", Format(8, 0)), frac_bits=0, left=30)
