"""Moments of the total error of dithered rounding at a constant input."""

import numpy as np
from numpy.typing import NDArray

from fxp.formats import Format
from fxp.quantization import encode
from sims.measure import Measurement, Trial, measures

__all__ = ["dither_rectangular", "dither_subtractive", "dither_triangular", "dither_whiteness"]

WIDE = Format(16, 0)  # no overflow
SAMPLES = 200_000
UNIFORMS = {"rectangular": 1, "triangular": 2}
REACH = 2.0  # steps: dither of two steps and the rounding move no output farther
FloatArray = NDArray[np.float64]


@measures("dither_rectangular")
def dither_rectangular(fraction: float, by: str, *, trial: Trial) -> Measurement:
    """Return mean and mean square of the total error, of added noise or of STOCHASTIC rounding."""
    if by == "STOCHASTIC":
        constant: FloatArray = np.full(trial.samples(SAMPLES), fraction)
        return _moments(encode(constant, WIDE, rounding=by, rng=trial.rng) - constant, trial)
    return _moments(_total_error(fraction, _noise("rectangular", trial)), trial)


@measures("dither_triangular")
def dither_triangular(fraction: float, *, trial: Trial) -> Measurement:
    """Return mean and mean square of the total error."""
    return _moments(_total_error(fraction, _noise("triangular", trial)), trial)


@measures("dither_subtractive")
def dither_subtractive(fraction: float, dither: str, *, trial: Trial) -> Measurement:
    """Return mean and mean square of the total error after the dither is subtracted."""
    noise = _noise(dither, trial)
    return _moments(_total_error(fraction, noise) - noise, trial)


@measures("dither_whiteness")
def dither_whiteness(fraction: float, next_fraction: float, dither: str, *, trial: Trial) -> Measurement:
    """Return the mean product of the total errors of two samples."""
    first, second = (_total_error(part, _noise(dither, trial)) for part in (fraction, next_fraction))
    return Measurement.mean(first * second, false_alarm=trial.false_alarm)


def _moments(errors: FloatArray, trial: Trial) -> Measurement:
    """Return mean and mean square with intervals that hold for errors of few values, some of them rare."""
    scaled = np.stack([errors / REACH, (errors / REACH) ** 2], axis=1)
    measured = Measurement.mean(scaled, false_alarm=trial.false_alarm, bounds=(-1, 1))
    return measured.map(lambda ends: np.asarray(ends * (REACH, REACH**2)))


def _noise(dither: str, trial: Trial) -> FloatArray:
    return np.asarray(trial.rng.uniform(-0.5, 0.5, (UNIFORMS[dither], trial.samples(SAMPLES))).sum(axis=0))


def _total_error(fraction: float, noise: FloatArray) -> FloatArray:
    return np.asarray(encode(fraction + noise, WIDE) - fraction)
