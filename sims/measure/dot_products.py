"""Dot products of quantised operands: drawn, or added up over every combination of operands."""

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from fxp.formats import Format, Overflow, Rounding
from fxp.quantization import quantize
from fxp.signals import Signal
from sims.measure import Measurement, Trial, measures
from sims.measure.sqnr import full_range, runs

__all__ = ["cross_term", "floor_bias_power", "sqnr_dot_fixed", "sqnr_dot_inputs", "sqnr_dot_quantized"]

Floats = NDArray[np.float64]
WIDE = Format(20, 0)
LATTICE = np.arange(-20.0, 20.0, 1 / 32) + 1 / 64  # steps; symmetric within each, so that errors have no mean


@measures("sqnr_dot_inputs")
def sqnr_dot_inputs(x_bits: int, w_bits: int, length: int, x: Signal, w: Signal, *, trial: Trial) -> Measurement:
    """Return the SQNR, dB, of exact sums of products of operands in the words that end at their peaks."""
    shape = runs(length, trial), length
    inputs, weights = x.sample(trial.rng, shape), w.sample(trial.rng, shape)
    y = (inputs * weights).sum(axis=1)
    rounded = quantize(inputs, full_range(x, x_bits)) * quantize(weights, full_range(w, w_bits))
    return Measurement.power_ratio_db(y, rounded.sum(axis=1) - y, false_alarm=trial.false_alarm)


@measures("cross_term")
def cross_term(x_step_to_rms: float, w_step_to_rms: float, *, trial: Trial) -> Measurement:
    """Return what the product of both errors adds to the noise of a product, dB, over a fine lattice of operands."""
    del trial
    x, x_error, x_weight = _rounded_lattice(x_step_to_rms)
    w, w_error, w_weight = _rounded_lattice(w_step_to_rms)
    weight = np.outer(x_weight, w_weight)
    alone = np.outer(x_error**2, w**2) + np.outer(x**2, w_error**2)
    both = (np.outer(x + x_error, w + w_error) - np.outer(x, w)) ** 2
    return Measurement.enumerated(10 * np.log10((weight * both).sum() / (weight * alone).sum()))


def _rounded_lattice(step_to_rms: float) -> tuple[Floats, Floats, Floats]:
    """Return values of a Gaussian on a lattice, in steps, their errors and their probabilities."""
    weight = np.exp(-((LATTICE * step_to_rms) ** 2) / 2)
    return LATTICE, quantize(LATTICE, WIDE) - LATTICE, weight / weight.sum()


@measures("floor_bias_power")
def floor_bias_power(weights: tuple[float, ...], frac_bits: int, x: Signal, *, trial: Trial) -> Measurement:
    """Return how much more noise FLOOR makes than rounding to nearest, in steps², for the same inputs."""
    fmt = Format(frac_bits + 5, frac_bits, signed=x.signed)
    inputs = x.sample(trial.rng, (trial.samples(50_000), len(weights)))
    floor, nearest = (
        ((quantize(inputs, fmt, rounding=mode) - inputs) @ weights / fmt.step) ** 2 for mode in ("FLOOR", "HALF_EVEN")
    )
    return Measurement.mean(floor - nearest, false_alarm=trial.false_alarm)


@measures("sqnr_dot_quantized")
def sqnr_dot_quantized(
    length: int,
    x_format: Format,
    x: tuple[float, ...],
    w_format: Format,
    w: tuple[float, ...],
    rounding: Rounding,
    overflow: Overflow,
    *,
    trial: Trial,
) -> Measurement:
    """Return the SQNR, dB, over every combination of equally likely values."""
    del trial
    inputs, weights = np.array(x), np.array(w)
    codes = (
        quantize(values, fmt, rounding=rounding, overflow=overflow)
        for values, fmt in ((inputs, x_format), (weights, w_format))
    )
    exact, rounded = np.multiply.outer(inputs, weights), np.multiply.outer(*codes)
    return _enumerated_db([exact.ravel()] * length, [(rounded - exact).ravel()] * length)


@measures("sqnr_dot_fixed")
def sqnr_dot_fixed(
    weights: tuple[float, ...],
    w_format: Format,
    x_format: Format,
    x: tuple[float, ...],
    rounding: Rounding,
    overflow: Overflow,
    *,
    trial: Trial,
) -> Measurement:
    """Return the SQNR, dB, of the given weights over every combination of input values."""
    del trial
    inputs = np.array(x)
    codes = quantize(inputs, x_format, rounding=rounding, overflow=overflow)
    taps = zip(weights, quantize(weights, w_format, rounding=rounding, overflow=overflow), strict=True)
    errors = [rounded * codes - weight * inputs for weight, rounded in taps]
    return _enumerated_db([weight * inputs for weight in weights], errors)


def _enumerated_db(terms: list[Floats], errors: list[Floats]) -> Measurement:
    """Return the ratio of the powers of all sums that take one number of each array."""
    power, noise = (np.mean(reduce(np.add.outer, arrays) ** 2) for arrays in (terms, errors))
    return Measurement.enumerated(10 * np.log10(power / noise))
