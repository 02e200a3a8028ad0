"""The specification of requantisers against facts that others state: NumPy's float32, published corner cases."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp.formats import Rounding
from fxp.requantizers.reference import (
    clamp,
    float32,
    high_multiply,
    quantize_multiplier,
    reduced,
    scale_fixed,
    scale_float,
)

INT32 = st.integers(-(2**31), 2**31 - 1)
MODES = {"double": (True, Rounding.HALF_AWAY), "upward": (True, Rounding.HALF_UP), "single": (False, Rounding.HALF_UP)}


@given(st.fractions())
def test_float32_is_numpys(value):
    with np.errstate(all="ignore"):
        expected = np.float32(float(value)) if value.denominator == 1 or float(value) == value else None
    if expected is not None:
        assert float32(value) == float(expected)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_float32_of_every_float64(value):
    with np.errstate(all="ignore"):
        assert float32(Fraction(value)) == float(np.float32(value))


@given(INT32, st.floats(2.0**-60, 2.0**60, width=32), st.floats(2.0**-60, 2.0**60, width=32))
def test_scale_float_is_numpys_float32(code, factor, divisor):
    with np.errstate(over="ignore"):
        expected = np.float32(code) * np.float32(factor) / np.float32(divisor)
    assert expected.dtype == np.float32
    assert scale_float(code, factor, divisor) == float(expected)


def test_the_product_of_the_two_smallest_saturates_and_no_other():
    smallest, largest = -(2**31), 2**31 - 1
    assert high_multiply(smallest, smallest) == largest
    assert high_multiply(smallest, largest) == -largest
    assert high_multiply(smallest, smallest + 1) == largest
    assert high_multiply(largest, largest) == largest - 1


@given(INT32, INT32)
def test_high_multiply_is_the_instruction(a, b):
    """VQRDMULH: twice the product, plus a half of the upper word, of which the upper word is kept."""
    doubled = (2 * a * b + 2**31) >> 32
    assert high_multiply(a, b) == min(doubled, 2**31 - 1)


@given(st.floats(2.0**-31, 2.0**30, exclude_max=True))
def test_a_multiplier_stands_for_its_scale(scale):
    multiplier, shift = quantize_multiplier(scale)
    assert 2**30 <= multiplier < 2**31
    assert abs(Fraction(multiplier, 2**31) * Fraction(2) ** shift / Fraction(scale) - 1) <= Fraction(1, 2**31)


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        (0.0, (0, 0)),
        (1.0, (2**30, 1)),
        (0.5, (2**30, 0)),
        (math.nextafter(1.0, 0.0), (2**30, 1)),
        (1 - 2.0**-32, (2**30, 1)),
        (1 - 2.0**-31, (2**31 - 1, 0)),
        (0.5 + 2.0**-32, (2**30 + 1, 0)),
        (2.0**-32, (2**30, -31)),
        (math.nextafter(2.0**-32, 0.0), (2**30, -31)),
        ((1 - 2.0**-31) * 2.0**-32, (0, 0)),
        (5e-324, (0, 0)),
        (2.0**29, (2**30, 30)),
        (2.0**30, (2**30, 31)),
    ],
)
def test_corner_cases_of_multipliers(scale, expected):
    assert quantize_multiplier(scale) == expected


def test_saturated_multipliers():
    assert quantize_multiplier(2.0**29, saturate=True) == (2**30, 30)
    assert quantize_multiplier(2.0**30, saturate=True) == quantize_multiplier(1e300, saturate=True) == (2**31 - 1, 30)


@given(st.integers(0, 2**31 - 1))
def test_a_reduced_multiplier_has_16_bits(multiplier):
    short = reduced(multiplier)
    assert short % 2**16 == 0
    assert 0 <= short <= 0x7FFF << 16
    assert abs(short - multiplier) <= (2**15 if multiplier < 0x7FFF0000 else 2**16)


@given(INT32, st.integers(2**30, 2**31 - 1), st.integers(-31, 0), st.sampled_from(sorted(MODES)))
def test_scale_fixed_is_near_the_exact_product(code, multiplier, shift, name):
    double, ties = MODES[name]
    exact = Fraction(code * multiplier) * Fraction(2) ** (shift - 31)
    worst = Fraction(1, 2) + (Fraction(1, 2 ** (1 - shift)) if double and shift < 0 else 0)
    assert abs(scale_fixed(code, multiplier, shift, double=double, ties=ties) - exact) <= worst


@given(INT32, st.integers(1, 2**31 - 1), st.integers(-31, 0))
def test_double_rounding_is_symmetric_where_the_product_is_no_tie(code, multiplier, shift):
    if code * multiplier % 2**31 != 2**30 and code > -(2**31):
        scaled = [scale_fixed(each, multiplier, shift, double=True, ties=Rounding.HALF_AWAY) for each in (code, -code)]
        assert scaled[0] == -scaled[1]


def test_where_int32_ends():
    single, double = MODES["single"], MODES["double"]
    assert scale_fixed(2**31 - 1, 2**31 - 1, 0, double=double[0], ties=double[1]) == 2**31 - 2
    assert scale_fixed(2**30, 2**30, 1, double=double[0], ties=double[1]) is None
    assert scale_fixed(2**30 - 1, 2**30, 1, double=double[0], ties=double[1]) == 2**30 - 1
    assert scale_fixed(2**30, 2**30, 1, double=single[0], ties=single[1]) == 2**30
    assert scale_fixed(2**30, 2**30, 1, double=single[0], ties=single[1], within=(1 - 2**30, 2**30 - 1)) is None


def test_clamp_rounds_before_it_adds():
    assert clamp(Fraction(1, 2), 3, -128, 127) == 3
    assert clamp(Fraction(3, 2), 3, -128, 127) == 5
    assert clamp(-math.inf, 3, -128, 127) == -128
