"""Total errors of dithered rounding against finely sampled dither, every level of it."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp.dither import dithered_error
from fxp.formats import Format
from fxp.quantization import encode
from fxp.reference import shift_round
from fxp.roundoff import RoundingError, rounding_error

LEVELS = 2**8
fractions = st.integers(0, LEVELS - 1).map(lambda part: part / LEVELS)
dithers = st.sampled_from(["rectangular", "triangular"])


def noise(dither):
    """All values, each equally likely, of dither on a grid so fine and so placed that no sum meets a threshold."""
    rectangular = (np.arange(LEVELS) + 0.5) / LEVELS - 0.5
    return rectangular if dither == "rectangular" else np.add.outer(rectangular, rectangular + 2.0**-12).ravel()


def enumerated(dither, fraction, *, subtractive=False):
    """Mean and variance of the total error over all values of the dither."""
    values = noise(dither)
    errors = encode(fraction + values, Format(8, 0)) - fraction - (values if subtractive else 0)
    return errors.mean(), errors.var()


@given(dithers, fractions)
def test_the_dither_of_a_fine_grid_leaves_these_moments(dither, fraction):
    """On the grid of the fractions the dither is continuous but for one level: 1/256 of a step."""
    error = dithered_error(dither, fraction=fraction)
    assert enumerated(dither, fraction) == pytest.approx((error.mean, error.variance), abs=2 / LEVELS)


@given(fractions)
def test_rectangular_dither_of_the_grid_is_exact(fraction):
    error = dithered_error("rectangular", fraction=fraction)
    assert enumerated("rectangular", fraction) == pytest.approx((error.mean, error.variance), abs=1e-12)


@given(dithers, fractions)
def test_subtracted_dither_leaves_a_uniform_error(dither, fraction):
    error = dithered_error(dither, fraction=fraction, subtractive=True)
    assert enumerated(dither, fraction, subtractive=True) == pytest.approx((error.mean, error.variance), abs=2 / LEVELS)


@given(st.integers(0, 63))
def test_rectangular_dither_is_stochastic_rounding(part):
    """All draws u of STOCHASTIC, at a number of six fractional bits: the variance of the rounded number."""
    rounded = [shift_round(part, 6, "STOCHASTIC", Fraction(draw, 64)) for draw in range(64)]
    error = dithered_error("rectangular", fraction=part / 64)
    assert error == RoundingError(float(np.mean(rounded) - part / 64), float(np.var(rounded)))


@pytest.mark.parametrize("dither", ["rectangular", "triangular"])
@pytest.mark.parametrize("subtractive", [False, True])
def test_averages_are_those_of_the_fractions(dither, subtractive):
    """Simpson's rule is exact for a parabola."""
    ends_and_middle = [
        dithered_error(dither, fraction=part, subtractive=subtractive).variance
        for part in (0, 0.5, math.nextafter(1, 0))
    ]
    average = dithered_error(dither, subtractive=subtractive)
    assert average == RoundingError(0.0, pytest.approx(np.dot(ends_and_middle, [1, 4, 1]) / 6))


def test_the_average_of_rectangular_dither_is_that_of_stochastic_rounding():
    assert dithered_error("rectangular") == rounding_error("STOCHASTIC")


@pytest.mark.parametrize("subtractive", [False, True])
def test_unknown_dither_is_refused(subtractive):
    with pytest.raises(ValueError, match=r"dither='gaussian' is not known: choose one of rectangular, triangular"):
        dithered_error("gaussian", subtractive=subtractive)


@pytest.mark.parametrize("fraction", [-0.1, 1.5, math.nan, "0.5"])
def test_what_is_no_fraction_is_refused(fraction):
    with pytest.raises(ValueError, match=r"fraction=.* is not .*: give the part of the input above the lower code"):
        dithered_error("triangular", fraction=fraction)


def test_a_whole_step_is_no_fraction():
    with pytest.raises(ValueError, match=r"fraction=1.0 is not below 1: give the part"):
        dithered_error("rectangular", fraction=1, subtractive=True)


def test_fractions_are_given_one_at_a_time():
    with pytest.raises(ValueError, match=r"^fraction of shape \(2,\) is not one number: call once for each$"):
        dithered_error("rectangular", fraction=[0.1, 0.2])


def test_what_is_no_bool_is_refused():
    with pytest.raises(TypeError, match=r"^subtractive=1 is not a bool: pass subtractive=True or subtractive=False$"):
        dithered_error("rectangular", subtractive=1)
