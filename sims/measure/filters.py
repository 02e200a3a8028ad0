"""Predictors and filters on codes: every draw there is where draws are signs, else independent runs of the process."""

from itertools import product
from math import log2

import numpy as np
from numpy.typing import NDArray

from fxp.accumulators import Accumulator, matmul
from fxp.formats import Format
from fxp.processes import Process
from fxp.quantization import encode, quantize
from sims.measure import Measurement, Trial, measures
from sims.measure.costs import cost_printed_ceil

__all__ = [
    "error_covariance",
    "filter_output_error",
    "fir_noise",
    "moving_average_correlation",
    "optimal_predictor",
    "predictor_bits",
    "predictor_cost",
    "predictor_loss",
    "weight_error_power",
]

Floats = NDArray[np.float64]
Values = tuple[float, ...]

SAMPLES = 50_000
MANY_SAMPLES = 200_000
EXACT = Format(12, 6)  # holds all values of moving averages of signs whose coefficients are multiples of 1/8
INPUT = Format(6, 0)
FINE_BITS = 10  # the noise is measured at this word length, where errors are uniform
DROP = 40


@measures("moving_average_correlation")
def moving_average_correlation(process: Process, lag: int, *, trial: Trial) -> Measurement:
    """Return the mean product of two samples so far apart, over independent runs."""
    x = process.sample(trial.rng, (trial.samples(SAMPLES), lag + 1))
    return Measurement.mean(x[:, 0] * x[:, -1], false_alarm=trial.false_alarm)


@measures("optimal_predictor")
def optimal_predictor(moving_average: Values, *, trial: Trial) -> Measurement:
    """Return the least mean square of x_n less any combination of two samples before, over all draws of signs."""
    del trial
    past, present = _sign_driven(moving_average)
    return Measurement.enumerated(np.mean((present - past @ _fitted(past, present)) ** 2))


@measures("weight_error_power")
def weight_error_power(moving_average: Values, w_format: Format, *, trial: Trial) -> Measurement:
    """Return what rounding the fitted weights adds to the mean square error, by sums of codes over all draws."""
    del trial
    past, present = _sign_driven(moving_average)
    weights = _fitted(past, present)
    predicted = _filtered(encode(past, EXACT), EXACT, weights, w_format)
    least = np.mean((present - past @ weights) ** 2)
    return Measurement.enumerated(np.mean((present - predicted) ** 2) - least)


@measures("fir_noise")
def fir_noise(weights: Values, process: Process, x_frac_bits: int, w_frac_bits: int, *, trial: Trial) -> Measurement:
    """Return the noise power, dB, of codes of samples times codes of weights that were moved within their cells."""
    x = process.sample(trial.rng, (trial.samples(SAMPLES), len(weights)))
    noise = _noise(
        x, np.array(weights), Format(x_frac_bits + 4, x_frac_bits), Format(w_frac_bits + 3, w_frac_bits), trial
    )
    return Measurement.power_db(noise, false_alarm=trial.false_alarm)


@measures("predictor_bits")
def predictor_bits(
    process: Process, taps: int, loss_db: float, x_range: int, w_range: int, *, trial: Trial
) -> Measurement:
    """Return the word length at which noise is what the loss allows, from the noise of finer words, 6 dB a bit."""
    past, present = _runs(process, taps, trial.samples(SAMPLES), trial)
    weights = _normal_equations(process, taps)
    x_format, w_format = (Format(FINE_BITS, FINE_BITS - 1 - int(log2(end))) for end in (x_range, w_range))
    noise = _noise(past, weights, x_format, w_format, trial)
    ratio = Measurement.power_ratio_db(noise, present - past @ weights, false_alarm=trial.false_alarm)
    allowed = log2(10 ** (loss_db / 10) - 1)
    return ratio.map(lambda db: FINE_BITS + (db / 10 * log2(10) - allowed) / 2)


@measures("error_covariance")
def error_covariance(word_bits: int, frac_bits: int, correlation: float, *, trial: Trial) -> Measurement:
    """Return the mean product of the errors of independent pairs of correlated samples."""
    fmt = Format(word_bits, frac_bits)
    first, fresh = trial.rng.standard_normal((2, trial.samples(MANY_SAMPLES)))
    second = correlation * first + np.sqrt(1 - correlation**2) * fresh
    errors = [quantize(samples, fmt) - samples for samples in (first, second)]
    return Measurement.mean(errors[0] * errors[1], false_alarm=trial.false_alarm)


@measures("predictor_loss")
def predictor_loss(process: Process, x_format: Format, w_format: Format, *, trial: Trial) -> Measurement:
    """Return the mean square error, dB, of two taps by sums of codes, over independent runs."""
    past, present = _runs(process, 2, trial.samples(MANY_SAMPLES), trial)
    predicted = _filtered(encode(past, x_format), x_format, _normal_equations(process, 2), w_format)
    return Measurement.power_db(present - predicted, false_alarm=trial.false_alarm)


@measures("filter_output_error")
def filter_output_error(weight_codes: tuple[int, int], drop_bits: int, *, trial: Trial) -> Measurement:
    """Return the mean square of what an accumulator that drops bits of the products misses, over all inputs."""
    del trial
    inputs = np.array(list(product(range(INPUT.min_code, INPUT.max_code + 1), repeat=2)))
    kernel = np.array(weight_codes)[:, np.newaxis]
    kept = matmul(inputs, kernel, accumulator=Accumulator(DROP, drop_bits=drop_bits)).codes[:, 0]
    return Measurement.enumerated(np.mean((kept - matmul(inputs, kernel).codes[:, 0] / 2**drop_bits) ** 2))


@measures("predictor_cost")
def predictor_cost(word_bits: int, *, trial: Trial) -> Measurement:
    """Return the full adders of circuits that were shown to compute three products and their sum, by sign."""
    return cost_printed_ceil(3, word_bits, word_bits, trial=trial)


def _sign_driven(moving_average: Values) -> tuple[Floats, Floats]:
    """Return two past samples and the present one for all draws of signs, which are equally likely."""
    order = len(moving_average)
    draws = np.array(list(product((-1.0, 1.0), repeat=order + 2)))
    x = np.stack([draws[:, lag : lag + order] @ np.array(moving_average) for lag in range(3)], axis=1)
    return x[:, 1:], x[:, 0]


def _runs(process: Process, taps: int, runs: int, trial: Trial) -> tuple[Floats, Floats]:
    """Return past samples, the latest first, and the present one, of independent runs."""
    x = process.sample(trial.rng, (runs, taps + 1))
    return x[:, -2::-1], x[:, -1]


def _normal_equations(process: Process, taps: int) -> Floats:
    return np.asarray(np.linalg.solve(process.correlation_matrix(taps), process.autocorrelation(taps)[1:]))


def _fitted(past: Floats, present: Floats) -> Floats:
    return np.asarray(np.linalg.lstsq(past, present, rcond=None)[0])


def _filtered(codes: NDArray[np.int64], x_format: Format, weights: Floats, w_format: Format) -> Floats:
    """Return the values of exact sums of codes."""
    sums = matmul(codes, encode(weights, w_format)[:, np.newaxis]).codes[:, 0]
    return np.asarray(sums * (x_format.step * w_format.step))


def _noise(x: Floats, weights: Floats, x_format: Format, w_format: Format, trial: Trial) -> Floats:
    """Return what rounding adds to sums of products, with weights that fall anywhere in their cells in each run."""
    moved = weights + w_format.step * trial.rng.uniform(-0.5, 0.5, x.shape)
    codes = encode(x, x_format) * encode(moved, w_format)
    return np.asarray(codes.sum(axis=1) * (x_format.step * w_format.step) - (moved * x).sum(axis=1))
