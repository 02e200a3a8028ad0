"""Joint moments of input errors: Mehler's series against integrals over thresholds, and enumerations against runs."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad_vec
from scipy.special import ndtr

from fxp import Format, Overflow, Process, Rounding, Signal, quantize, quantized_moments, quantizer_noise
from fxp.filters.input_errors import error_covariance, input_errors
from fxp.whiteness import error_correlation

NEAREST, SATURATE = Rounding.HALF_EVEN, Overflow.SATURATE


def covariance_by_price(fmt: Format, correlation: float) -> float:
    """Return E[e e'] of unit Gaussians: ∂E[QQ']/∂ρ is the density at all pairs of thresholds, ρ = sin θ."""
    thresholds = (np.arange(fmt.min_code, fmt.max_code) + 0.5) * fmt.step
    t, s = thresholds[:, None], thresholds

    def density(angle: float) -> float:
        exponent = -(t**2 + s**2 - 2 * t * s * np.sin(angle)) / (2 * np.cos(angle) ** 2)
        return float(np.exp(exponent).sum()) / (2 * np.pi)

    mean = fmt.min + fmt.step * np.sum(ndtr(-thresholds))
    codes = mean**2 + fmt.step**2 * quad_vec(density, 0, np.arcsin(correlation), epsabs=1e-13)[0]
    cross = correlation * fmt.step * np.exp(-(thresholds**2) / 2).sum() / np.sqrt(2 * np.pi)
    return float(codes - 2 * cross + correlation)


@given(bits=st.integers(1, 6), span=st.integers(-2, 3), correlation=st.floats(-0.9, 0.9))
def test_the_series_equals_the_integral_over_thresholds(bits, span, correlation):
    fmt = Format(bits, bits - 1 - span)
    found = error_covariance(fmt, 1.0, correlation)
    power = quantizer_noise(fmt, Signal.gaussian()).noise_power
    np.testing.assert_allclose(found, covariance_by_price(fmt, correlation), rtol=1e-9, atol=1e-10 * power)


@pytest.mark.parametrize("correlation", [-0.99, 0.97, 0.99])
def test_samples_that_are_much_alike(correlation):
    for fmt in (Format(4, 3), Format(6, 3), Format(8, 5)):
        expected = covariance_by_price(fmt, correlation)
        np.testing.assert_allclose(error_covariance(fmt, 1.0, correlation), expected, rtol=1e-8)


def test_without_overload_it_is_the_covariance_of_rounding_errors():
    found = error_covariance(Format(12, 1), 1.0, 0.95) / quantizer_noise(Format(12, 1), Signal.gaussian()).noise_power
    assert found == pytest.approx(error_correlation(2.0, 0.95), rel=1e-9)


@given(bits=st.integers(1, 8), span=st.integers(-1, 3), mode=st.sampled_from(list(Rounding)))
def test_one_sample_has_the_moments_of_a_quantiser(bits, span, mode):
    fmt, process = Format(bits, bits - 1 - span), Process([1.0, 0.5])
    errors = input_errors(process, (1,), fmt, mode, SATURATE)
    signal = Signal.gaussian(process.rms)
    moments, noise = (found(fmt, signal, rounding=mode) for found in (quantized_moments, quantizer_noise))
    assert errors.total.power[0, 0] == pytest.approx(moments.error_power, rel=1e-9)
    assert errors.granular.power[0, 0] == pytest.approx(noise.granular, rel=1e-9)
    assert errors.total.mean == pytest.approx(moments.mean_error, abs=1e-12)
    assert errors.total.cross[1, 0] == pytest.approx(moments.error_cross, rel=1e-6, abs=1e-10)
    assert errors.overload_probability == pytest.approx(noise.overload_probability, abs=1e-12)


@given(scale=st.integers(-8, 8))
def test_a_power_of_two_scales_all_moments(scale):
    coefficients = np.array([0.1, 0.5, -0.5, 0.1])
    one = input_errors(Process(coefficients), (1, 2), Format(4, 3), NEAREST, SATURATE)
    other = input_errors(Process(coefficients * 2.0**scale), (1, 2), Format(4, 3 - scale), NEAREST, SATURATE)
    np.testing.assert_allclose(other.total.power, one.total.power * 4.0**scale, rtol=1e-12)
    np.testing.assert_allclose(other.granular.cross, one.granular.cross * 4.0**scale, rtol=1e-9, atol=1e-14)


def test_draws_of_unequal_probabilities_are_enumerated():
    """All sixths of the law, each by itself, against the enumeration of three values with their probabilities."""
    values, coefficients, fmt = [-2.0, 0.0, 0.0, 0.0, 1.0, 1.0], np.array([0.7, -0.4]), Format(3, 1)
    process = Process(coefficients, drive=Signal.from_samples(values))
    draws = np.array(list(product(values, repeat=4)))
    x = np.stack([draws[:, lag : lag + 2] @ coefficients for lag in range(3)])
    errors = quantize(x[1:], fmt) - x[1:]
    found = input_errors(process, (1, 2), fmt, NEAREST, SATURATE)
    np.testing.assert_allclose(found.total.power, errors @ errors.T / len(draws), rtol=1e-12)
    np.testing.assert_allclose(found.total.cross, x @ errors.T / len(draws), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found.correlation, x @ x.T / len(draws), rtol=1e-12, atol=1e-15)
    assert found.total.mean == pytest.approx(errors[0].mean(), rel=1e-12)


@pytest.mark.parametrize(
    ("process", "fmt", "rounding", "overflow", "message"),
    [
        (Process([1.0], [0.999]), Format(4, 2), NEAREST, SATURATE, r"correlation 0.999 is not within ±0.994"),
        (
            Process([1.0], drive=Signal(np.inf, 0.5**0.5, law=Signal.gaussian().law, zero_atom=0.5)),
            Format(4, 2),
            NEAREST,
            SATURATE,
            "neither Gaussian nor a moving average",
        ),
        (Process([1.0], drive=Signal.uniform()), Format(4, 2), NEAREST, SATURATE, "neither Gaussian nor a moving"),
        (
            Process([1.0], [0.5], drive=Signal.from_samples([-1, 1])),
            Format(4, 2),
            NEAREST,
            SATURATE,
            "neither Gaussian nor a moving average",
        ),
        (
            Process([1.0] * 20, drive=Signal.from_samples([-1, 1])),
            Format(4, 2),
            NEAREST,
            SATURATE,
            r"drive of 2 values has 2\^22 combinations",
        ),
        (
            Process([1.0], drive=Signal.from_samples([-1, 1])),
            Format(4, 2),
            Rounding.STOCHASTIC,
            SATURATE,
            "STOCHASTIC is not enumerated",
        ),
        (Process([1.0]), Format(4, 2), NEAREST, Overflow.ERROR, "overflow=ERROR has no loss"),
        (Process([1.0]), Format(33, 2), NEAREST, SATURATE, "x_format=sfix33_En2 is not of at most 32 bits"),
    ],
)
def test_what_is_not_known_exactly_is_refused(process, fmt, rounding, overflow, message):
    with pytest.raises(ValueError, match=message):
        input_errors(process, (1, 2), fmt, rounding, overflow)
