"""What rounding twice costs, against every accumulator of a period of short multipliers."""

import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fxp
from fxp.formats import Format
from fxp.requantizers.multipliers import FixedPointMultiplier, quantize_multiplier

BITS = 6  # of a multiplier that the 31 bits hold: products repeat their fractions after 2**(BITS + shift) accumulators
SHIFTS = range(1, 6)
MULTIPLIERS = range(2 ** (BITS - 1) + 1, 2**BITS, 6)


def errors(rounding, multiplier, right_shift, sign=1):
    """Return code − exact product for a period of accumulators, as numerators over 2**(BITS + right_shift)."""
    scale = FixedPointMultiplier(multiplier << (31 - BITS), -right_shift)
    accumulators = sign * np.arange(1, 2 ** (BITS + right_shift) + 1)
    codes = fxp.Requantizer.tflite(scale, rounding=rounding, output=Format(16, 0)).apply(accumulators)
    return codes.astype(int) * 2 ** (BITS + right_shift) - accumulators * multiplier


def moments(numerators, right_shift):
    unit, count = 2 ** (BITS + right_shift), len(numerators)
    mean = Fraction(int(numerators.sum()), count * unit)
    return mean, Fraction(int((numerators**2).sum()), count * unit**2) - mean**2


@pytest.mark.parametrize("right_shift", SHIFTS)
@pytest.mark.parametrize("multiplier", MULTIPLIERS)
def test_over_a_period_the_rate_is_exact(multiplier, right_shift):
    once = errors("SINGLE", multiplier, right_shift)
    for rounding in ("DOUBLE", "DOUBLE_UPWARD"):
        differ = (errors(rounding, multiplier, right_shift) != once).mean()
        assert differ == fxp.double_rounding_rate(right_shift)


@pytest.mark.parametrize("right_shift", SHIFTS)
@pytest.mark.parametrize("multiplier", MULTIPLIERS)
def test_over_a_period_rounding_twice_adds_a_mean_and_no_variance(multiplier, right_shift):
    once = moments(errors("SINGLE", multiplier, right_shift), right_shift)
    for rounding, sign in (("DOUBLE", 1), ("DOUBLE_UPWARD", 1)):
        twice = moments(errors(rounding, multiplier, right_shift, sign), right_shift)
        predicted = fxp.requantization_error(rounding, right_shift, sign=sign)
        assert twice[0] - once[0] == Fraction(predicted.mean)
        assert twice[1] == once[1] == Fraction(1 - Fraction(1, 4 ** (BITS + right_shift))) / 12


@pytest.mark.parametrize("right_shift", SHIFTS)
def test_negative_accumulators_mirror_positive_ones_but_for_ties_of_the_product(right_shift):
    positive, negative = (errors("DOUBLE", 37, right_shift, sign) for sign in (1, -1))
    assert (positive != -negative).mean() <= 2.0**-BITS
    assert fxp.requantization_error("DOUBLE", right_shift, sign=-1).mean == -(2.0 ** -(right_shift + 1))


@given(st.integers(-(2**27), 2**27), st.floats(2.0**-20, 0.999), st.sampled_from(list(fxp.MultiplierRounding)))
def test_no_code_is_beyond_the_bound(accumulator, scale, rounding):
    made = quantize_multiplier(scale)
    exact = accumulator * Fraction(scale)
    if made.shift <= 0 and abs(exact) < 2**15 - 1:
        code = fxp.Requantizer.tflite(scale, rounding=rounding, output=Format(16, 0)).apply(accumulator)
        bound = fxp.requantization_error_bound(-made.shift, float(abs(exact)), rounding=rounding)
        assert abs(int(code) - exact) <= float(bound) * (1 + 2.0**-50)


def test_shifts_that_round_once():
    assert fxp.double_rounding_rate(0) == 0
    assert fxp.requantization_error("DOUBLE", 0) == fxp.requantization_error("SINGLE_AWAY", 0)
    assert fxp.requantization_error_bound(0, 0, rounding="DOUBLE") == 0.5
    assert fxp.requantization_error_bound(3, 0) == 0.5


def test_symmetric_data_turn_the_mean_into_variance():
    apart, together = fxp.requantization_error("DOUBLE", 2, sign=1), fxp.requantization_error("double", 2)
    assert together.mean == 0
    assert together.variance == apart.power


@given(st.floats(2.0**-30, 2.0**30))
def test_multipliers_keep_their_bound(scale):
    made = quantize_multiplier(scale)
    fraction = np.frexp(scale)[0]
    assert abs(made.value / Fraction(scale) - 1) <= Fraction(float(fxp.multiplier_error_bound(fraction))) * (
        1 + Fraction(1, 2**50)
    )


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: fxp.double_rounding_rate(-1), "right_shift=-1 is not an integer of at least 0: count the bits"),
        (lambda: fxp.double_rounding_rate([1, 32]), "right_shift=[1, 32] is not between 0 and 31"),
        (lambda: fxp.requantization_error("TWICE", 1), "rounding='TWICE' is not known: one of DOUBLE, DOUBLE_UPWARD"),
        (lambda: fxp.requantization_error("DOUBLE", 1, sign=0), "sign=0 is neither 1 nor -1"),
        (lambda: fxp.requantization_error_bound(1, -1.0), "magnitude=-1.0 is not"),
        (lambda: fxp.multiplier_error_bound(0.25), "fraction=0.25 is not"),
    ],
)
def test_refusals(call, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        call()
