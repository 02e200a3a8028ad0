"""The error of rounding Gaussian samples against sums over the codes: quadrature cell by cell, the other route."""

import math
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from fxp.whiteness import (
    ErrorWhiteness,
    error_correlation,
    error_whiteness,
    gaussian_rounding_error,
    input_error_correlation,
)

NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)
REACH = 9  # deviations: beyond them lies 2e-19
deviations = st.floats(0.05, 3)
means = st.floats(-2, 2)
correlations = st.floats(-0.9, 0.9)


def cells(std, mean):
    """Nodes and weights of an integral over the normal law, code by code; and the error at the nodes."""
    codes = np.arange(math.floor(mean - REACH * std) - 1, math.ceil(mean + REACH * std) + 2)[:, None]
    low = np.clip((codes - 0.5 - mean) / std, -REACH, REACH)
    high = np.clip((codes + 0.5 - mean) / std, -REACH, REACH)
    z = (low + high) / 2 + (high - low) / 2 * NODES
    weights = (high - low) / 2 * WEIGHTS * np.exp(-(z**2) / 2) / sqrt(2 * math.pi)
    return z.ravel(), weights.ravel(), (codes - mean - std * z).ravel()


def moments(std, mean):
    """Mean and variance of the error and its correlation with the input, by quadrature."""
    z, weights, error = cells(std, mean)
    first, second, product = (float(weights @ each) for each in (error, error**2, z * error))
    variance = second - first**2
    return first, variance, product / sqrt(variance)


def pair_covariance(std, rho, mean):
    """Covariance of two errors: the mean of the second one given the first input is a sum over its codes."""
    z, weights, error = cells(std, mean)
    centre, spread = mean + rho * std * z, std * sqrt(1 - rho**2)
    codes = np.arange(math.floor(mean - 15 * std) - 2, math.ceil(mean + 15 * std) + 3)
    above = ndtr((centre[:, None] - codes + 0.5) / spread)  # probability that the code or a larger one is taken
    given_first = codes[0] - 1 + above.sum(axis=1) - centre
    return float(weights @ (error * given_first)) - float(weights @ error) ** 2


@given(deviations, means)
def test_moments_equal_quadrature_over_the_codes(std, mean):
    expected = moments(std, mean)
    error = gaussian_rounding_error(std, mean_steps=mean)
    found = error.mean, error.variance, input_error_correlation(std, mean_steps=mean)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(st.floats(0.1, 2), correlations, means)
def test_the_correlation_of_errors_equals_quadrature_over_the_codes(std, rho, mean):
    expected = pair_covariance(std, rho, mean) / moments(std, mean)[1]
    assert error_correlation(std, rho, mean_steps=mean) == pytest.approx(expected, rel=1e-8, abs=1e-10)


@given(deviations, means)
def test_directed_modes_are_nearest_ones_half_a_step_away(std, mean):
    """Floor(x) = round(x − ½), so the error is that at mean μ − ½ and half a step lower; its variance is the same."""
    down = gaussian_rounding_error(std, mean_steps=mean, rounding="FLOOR")
    near = moments(std, mean - 0.5)
    assert (down.mean, down.variance) == pytest.approx((near[0] - 0.5, near[1]), abs=1e-12)
    up = gaussian_rounding_error(std, mean_steps=-mean, rounding="CEIL")
    assert (up.mean, up.variance) == pytest.approx((-down.mean, down.variance), abs=1e-12)


@given(deviations, correlations, means, st.integers(-1000, 1000))
def test_whole_steps_change_nothing(std, rho, mean, steps):
    here, there = (error_correlation(std, rho, mean_steps=each) for each in (mean, mean + steps))
    assert here == pytest.approx(there, abs=1e-8)


@given(deviations, means)
def test_independent_samples_have_uncorrelated_errors(std, mean):
    assert error_correlation(std, 0.0, mean_steps=mean) == 0


@given(deviations, correlations, means)
def test_no_mean_departs_more_than_half_a_step_does(std, rho, mean):
    worst = error_whiteness(std, rho)
    error = gaussian_rounding_error(std, mean_steps=mean)
    deviation = sqrt(error.variance)
    departures = ErrorWhiteness(
        power=abs(12 * error.power - 1),
        input_correlation=sqrt(12) * deviation * abs(input_error_correlation(std, mean_steps=mean)),
        error_correlation=12 * error.variance * abs(error_correlation(std, rho, mean_steps=mean)),
    )
    assert departures.power <= worst.power + 1e-12
    assert departures.input_correlation <= worst.input_correlation + 1e-12
    assert departures.error_correlation <= worst.error_correlation + 1e-12
    assert sqrt(12) * abs(error.mean) <= worst.power + 1e-12


@given(deviations, correlations)
def test_half_a_step_attains_the_departures(std, rho):
    worst = error_whiteness(std, rho)
    error = gaussian_rounding_error(std, mean_steps=0.5)
    assert 12 * error.power - 1 == pytest.approx(worst.power, abs=1e-12)
    covariance = 12 * error.variance * abs(error_correlation(std, rho, mean_steps=0.5))
    assert covariance == pytest.approx(worst.error_correlation, abs=1e-10)


@pytest.mark.parametrize("tolerance", [0.1, 0.01, 0.001])
@pytest.mark.parametrize("rho", [0.9, 0.99])
def test_the_short_rule_finds_the_white_deviation(rho, tolerance):
    """The rule of the docstring is the first of the terms; the next one is smaller by tolerance³."""
    rule = sqrt(math.log(6 / (math.pi**2 * tolerance)) / (4 * math.pi**2 * (1 - rho)))
    assert error_whiteness(1.002 * rule, rho).within(tolerance)
    assert not error_whiteness(0.99 * rule, rho).within(tolerance)


def test_bounds_that_the_docstrings_name():
    assert all(abs(input_error_correlation(0.55, mean_steps=mean)) < 0.01 for mean in np.linspace(0, 1, 41))
    assert all(abs(input_error_correlation(0.75, mean_steps=mean)) < 1e-4 for mean in np.linspace(0, 1, 41))


def test_every_departure_counts():
    for which in ("power", "input_correlation", "error_correlation"):
        departures = {"power": 0.0, "input_correlation": 0.0, "error_correlation": 0.0, which: 0.5}
        assert ErrorWhiteness(**departures).within(0.5)
        assert not ErrorWhiteness(**departures).within(0.49)


@pytest.mark.parametrize("std", [0.0, 0.009, -1.0])
def test_deviations_too_small_are_refused(std):
    for predict in (gaussian_rounding_error, input_error_correlation, error_whiteness):
        with pytest.raises(
            ValueError, match=r"std_steps=.* is not finite and at least 0\.01: an input that moves less"
        ):
            predict(std)


@pytest.mark.parametrize(
    ("std", "text"),
    [
        (math.nan, "std_steps=nan is not finite: give the deviation of the input, in steps"),
        (math.inf, "std_steps=inf is not finite: give the deviation"),
        ("a", "std_steps='a' is not a real number: give the deviation"),
        (np.ones(2), r"std_steps of shape \(2,\) is not one number: call once for each"),
    ],
)
def test_what_is_no_deviation_is_refused(std, text):
    for predict in (gaussian_rounding_error, input_error_correlation, error_whiteness):
        with pytest.raises(ValueError, match=f"^{text}"):
            predict(std)


def test_coefficients_are_given_one_at_a_time():
    with pytest.raises(ValueError, match=r"^correlation of shape \(2,\) is not one number: call once for each$"):
        error_whiteness(1.0, [0.1, 0.2])


@pytest.mark.parametrize("tolerance", [-1, math.nan, "all"])
def test_what_is_no_tolerance_is_refused(tolerance):
    with pytest.raises(ValueError, match=r"^tolerance=.* is not .*: give the largest departure that is allowed$"):
        error_whiteness(1.0).within(tolerance)


def test_a_mean_must_be_finite():
    with pytest.raises(ValueError, match=r"mean_steps=nan is not finite: give the mean"):
        gaussian_rounding_error(1.0, mean_steps=math.nan)


@pytest.mark.parametrize("rounding", ["TOWARD_ZERO", "STOCHASTIC"])
def test_modes_without_a_period_are_refused(rounding):
    with pytest.raises(ValueError, match=rf"rounding={rounding} is not a mode whose error is periodic in the input"):
        error_correlation(1.0, 0.5, rounding=rounding)


@pytest.mark.parametrize("rho", [1.5, -1.01, math.nan])
def test_coefficients_are_at_most_one(rho):
    with pytest.raises(ValueError, match=r"correlation=.* is not between -1 and 1: give a coefficient"):
        error_correlation(1.0, rho)


@pytest.mark.parametrize("rho", [1.0, -1.0, 1 - 1e-8])
def test_samples_that_are_the_same_are_refused(rho):
    with pytest.raises(ValueError, match=r"correlation=.* is not far enough from ±1: std_steps·√\(1 − correlation²\)"):
        error_whiteness(1.0, rho)
