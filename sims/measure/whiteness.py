"""Moments and correlations of the error of rounding Gaussian samples."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from fxp.formats import Format
from fxp.quantization import encode
from sims.measure import Measurement, Trial, measures
from sims.measure.roundoff import moments

__all__ = [
    "error_correlation",
    "error_whiteness",
    "error_whiteness_input",
    "error_whiteness_power",
    "input_error_correlation",
    "rounding_error_gaussian",
]

WIDE = Format(16, 0)  # no overflow
SAMPLES = 200_000
FloatArray = NDArray[np.float64]


@measures("rounding_error_gaussian")
def rounding_error_gaussian(std_steps: float, mean_steps: float, rounding: str, *, trial: Trial) -> Measurement:
    """Return mean and variance of the error."""
    samples = mean_steps + std_steps * trial.rng.standard_normal(trial.samples(SAMPLES))
    return moments(_error(samples, rounding), trial)


@measures("input_error_correlation")
def input_error_correlation(std_steps: float, mean_steps: float, rounding: str, *, trial: Trial) -> Measurement:
    """Return the sample correlation of the input and the error."""
    samples = mean_steps + std_steps * trial.rng.standard_normal(trial.samples(SAMPLES))
    return _correlation(samples, _error(samples, rounding), trial)


@measures("error_correlation")
def error_correlation(std_steps: float, correlation: float, mean_steps: float, *, trial: Trial) -> Measurement:
    """Return the sample correlation of the errors of independent pairs of correlated samples."""
    return _correlation(*_pair_errors(std_steps, correlation, mean_steps, trial), trial)


@measures("error_whiteness_power")
def error_whiteness_power(std_steps: float, mean_steps: float, *, trial: Trial) -> Measurement:
    """Return the power of the error over 1/12, less one."""
    samples = mean_steps + std_steps * trial.rng.standard_normal(trial.samples(SAMPLES))
    return Measurement.mean(12 * _error(samples) ** 2 - 1, false_alarm=trial.false_alarm)


@measures("error_whiteness_input")
def error_whiteness_input(std_steps: float, mean_steps: float, *, trial: Trial) -> Measurement:
    """Return the covariance of input and error, over the deviation of the input and √(1/12)."""
    normal = trial.rng.standard_normal(trial.samples(SAMPLES))
    errors = _error(mean_steps + std_steps * normal)
    return Measurement.mean(sqrt(12) * normal * errors, false_alarm=trial.false_alarm)


@measures("error_whiteness")
def error_whiteness(std_steps: float, correlation: float, mean_steps: float, *, trial: Trial) -> Measurement:
    """Return the covariance of the errors of independent pairs of correlated samples, over 1/12."""
    first, second = _pair_errors(std_steps, correlation, mean_steps, trial)
    products = (first - first.mean()) * (second - second.mean())
    return Measurement.mean(12 * products, false_alarm=trial.false_alarm)


def _error(samples: FloatArray, rounding: str = "HALF_EVEN") -> FloatArray:
    return np.asarray(encode(samples, WIDE, rounding=rounding) - samples)


def _pair_errors(std: float, correlation: float, mean: float, trial: Trial) -> tuple[FloatArray, FloatArray]:
    first, fresh = trial.rng.standard_normal((2, trial.samples(SAMPLES)))
    second = correlation * first + sqrt(1 - correlation**2) * fresh
    return _error(mean + std * first), _error(mean + std * second)


def _correlation(first: FloatArray, second: FloatArray, trial: Trial) -> Measurement:
    """Return the correlation coefficient, with the interval of its influence function."""
    one, other = ((samples - samples.mean()) / samples.std() for samples in (first, second))
    coefficient = np.mean(one * other)
    influences = one * other - coefficient * (one**2 + other**2) / 2
    return Measurement.mean(influences + coefficient, false_alarm=trial.false_alarm)
