"""Bit-true measurements of requantisers: the loops of the presets on random accumulators and random scales."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp.kernels.requantization import quantized_multiplier, requantize_fixed, requantize_float
from sims.measure import Measurement, Trial, measures
from sims.measure.roundoff import moments

__all__ = [
    "double_rounding_error",
    "double_rounding_rate",
    "double_rounding_symmetric",
    "float_requantizer_deviation",
    "multiplier_error",
    "requantizer_deviation",
]

SAMPLES = 200_000
SCALES = 100_000
ACCUMULATOR_BITS = 24
WIDE = (-(2**31), 2**31 - 1)  # no saturation
ROUNDINGS = {"DOUBLE": (True, True), "DOUBLE_UPWARD": (True, False), "SINGLE": (False, False)}

Codes = NDArray[Any]


@measures("multiplier_error")
def multiplier_error(fraction: float, *, trial: Trial) -> Measurement:
    """Return the largest relative error of the multipliers of scales from a fraction on, in any binade."""
    near = fraction * (1 + trial.rng.uniform(0, 2.0**-22, trial.samples(20_000)))
    scales = np.ldexp(near, trial.rng.integers(-20, 20, near.size))
    pairs = np.array([quantized_multiplier(scale, False) for scale in scales])
    exact = np.ldexp(scales, 62 - pairs[:, 1]).astype(np.int64)  # whole: a float64 has 53 bits
    return Measurement.largest(np.abs(pairs[:, 0] * 2**31 - exact) / 2.0**62 / near)


@measures("double_rounding_rate")
def double_rounding_rate(right_shift: int, *, trial: Trial) -> Measurement:
    """Return the share of codes that differ between two roundings and one."""
    accumulators, multipliers = _drawn(trial)
    twice, once = (_codes(accumulators, multipliers, right_shift, name) for name in ("DOUBLE", "SINGLE"))
    return Measurement.proportion((twice != once).sum(), twice.size, false_alarm=trial.false_alarm)


@measures("double_rounding_error")
def double_rounding_error(right_shift: int, *, trial: Trial) -> Measurement:
    """Return mean and variance of the error, rounding by rounding, of positive and of negative accumulators."""
    accumulators, multipliers = _drawn(trial)
    positive = np.abs(accumulators)
    errors = [
        _errors(sign * positive, multipliers, right_shift, rounding) for rounding in ROUNDINGS for sign in (1, -1)
    ]
    return moments(np.stack(errors, axis=1), trial)


@measures("double_rounding_symmetric")
def double_rounding_symmetric(right_shift: int, *, trial: Trial) -> Measurement:
    """Return mean and variance of the error of two roundings, accumulators of either sign."""
    return moments(_errors(*_drawn(trial), right_shift, "DOUBLE"), trial)


@measures("requantizer_deviation")
def requantizer_deviation(right_shift: int, magnitude_bits: int, *, trial: Trial) -> Measurement:
    """Return the largest distance of a code from scale times accumulator: two roundings, then one."""
    scales = np.ldexp(trial.rng.uniform(0.5, 1, trial.samples(SCALES)), -right_shift)
    multipliers = np.array([quantized_multiplier(scale, False)[0] for scale in scales])
    accumulators = _up_to(2.0**magnitude_bits, scales, trial)

    codes = [_codes(accumulators, multipliers, right_shift, rounding) for rounding in ("DOUBLE", "SINGLE")]
    return Measurement.largest(np.abs(np.stack(codes, axis=1) - (scales * accumulators)[:, None]))


@measures("float_requantizer_deviation")
def float_requantizer_deviation(magnitude_bits: int, *, trial: Trial) -> Measurement:
    """Return the largest distance of a code from scale times accumulator in float32."""
    parts = trial.rng.uniform(0.5, 1, (3, trial.samples(SAMPLES))).astype(np.float32)
    parts[0] /= np.float32(64)
    factors = parts[0] * parts[1] / parts[2]
    exact = parts[0].astype(np.float64) * parts[1] / parts[2]
    accumulators = _up_to(2.0**magnitude_bits, exact, trial)
    codes = np.empty((1, factors.size, 1), np.int64)
    requantize_float(accumulators.reshape(codes.shape), factors, np.float32(1), 0, *WIDE, codes)
    return Measurement.largest(np.abs(codes.ravel() - exact * accumulators))


def _drawn(trial: Trial) -> tuple[Codes, Codes]:
    """Return accumulators of either sign, and as many multipliers."""
    count, most = trial.samples(SAMPLES), 2**ACCUMULATOR_BITS
    return trial.rng.integers(-most, most, count, endpoint=True), trial.rng.integers(2**30, 2**31, count)


def _up_to(magnitude: float, scales: NDArray[np.float64], trial: Trial) -> Codes:
    """Return accumulators whose scaled magnitude is at most what is given."""
    accumulators: Codes = np.trunc(trial.rng.uniform(-1, 1, scales.size) * magnitude / scales).astype(np.int64)
    return accumulators


def _codes(accumulators: Codes, multipliers: Codes, right_shift: int, rounding: str) -> Codes:
    """Return the codes, each accumulator with a multiplier of its own."""
    shape = (1, multipliers.size, 1)
    codes, outside = np.empty(shape, np.int64), np.empty(shape, np.bool_)
    shifts = np.full(multipliers.size, -right_shift)
    requantize_fixed(
        accumulators.reshape(shape), multipliers, shifts, *ROUNDINGS[rounding], *WIDE, 0, *WIDE, codes, outside
    )
    assert not outside.any()
    return codes.ravel()


def _errors(accumulators: Codes, multipliers: Codes, right_shift: int, rounding: str) -> NDArray[np.float64]:
    """Return code less exact product, in steps: their difference is taken in integers."""
    unit = 2 ** (31 + right_shift)
    codes = _codes(accumulators, multipliers, right_shift, rounding)
    errors: NDArray[np.float64] = (codes * unit - accumulators * multipliers) / unit
    return errors
