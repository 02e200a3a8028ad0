"""Noise of a format on a Gaussian signal, by encoding draws, or points that divide every step into a thousand."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from fxp.formats import Format, Overflow, Rounding
from fxp.quantization import encode, quantize
from sims.measure import Measurement, Trial, measures

__all__ = ["gaussian_points", "quantizer_overload", "sqnr_quantizer", "sqnr_quantizer_modes"]

POINTS_A_STEP = 1024
REACH = 9.0
DRAWS = 200_000
ROUNDINGS = (Rounding.HALF_EVEN, Rounding.FLOOR, Rounding.STOCHASTIC)


def gaussian_points(rms: float, spacing: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middles of intervals out to 9 rms, and the probability of each interval."""
    count = int(np.ceil(REACH * rms / spacing))
    upper = spacing * np.arange(count + 1)
    probability = -np.diff(ndtr(-upper / rms))
    middles = (upper[1:] + upper[:-1]) / 2
    return np.concatenate([-middles[::-1], middles]), np.concatenate([probability[::-1], probability])


@measures("sqnr_quantizer")
def sqnr_quantizer(*, word_bits: int, rms: float, rounding: Rounding, trial: Trial) -> Measurement:
    """Return signal over noise power, dB, of a saturating format that spans [-1, 1)."""
    fmt = Format(word_bits, word_bits - 1)
    x, probability = gaussian_points(rms, fmt.step / trial.samples(POINTS_A_STEP))
    error = encode(x, fmt, rounding=rounding) * fmt.step - x
    return Measurement.enumerated(10 * np.log10((probability @ x**2) / (probability @ error**2)))


@measures("quantizer_overload")
def quantizer_overload(*, word_bits: int, rms: float, rounding: Rounding, trial: Trial) -> Measurement:
    """Return the noise power, dB re 1, of the values whose code in a wider format is not one of the narrow format."""
    fmt, wide = Format(word_bits, word_bits - 1), Format(word_bits + 16, word_bits - 1)
    x, probability = gaussian_points(rms, fmt.step / trial.samples(POINTS_A_STEP))
    unlimited = encode(x, wide, rounding=rounding)
    outside = (unlimited < fmt.min_code) | (unlimited > fmt.max_code)
    error = encode(x, fmt, rounding=rounding) * fmt.step - x
    return Measurement.enumerated(10 * np.log10(probability[outside] @ error[outside] ** 2))


@measures("sqnr_quantizer_modes")
def sqnr_quantizer_modes(
    *, word_bits: int, rms: float, rectified: bool, overflow: Overflow, trial: Trial
) -> Measurement:
    """Return the SQNR, dB, of Gaussian draws, or what a ReLU leaves of them: to nearest, rounded down, stochastic."""
    word = Format(word_bits, word_bits - (not rectified), signed=not rectified)
    draws = rms * trial.rng.standard_normal(trial.samples(DRAWS))
    x = np.maximum(draws, 0.0) if rectified else draws
    modes = [{"rounding": each} for each in ROUNDINGS[:2]] + [{"rounding": ROUNDINGS[2], "rng": trial.rng}]
    errors = np.stack([quantize(x, word, overflow=overflow, **mode) - x for mode in modes], axis=1)
    return Measurement.power_ratio_db(np.stack([x] * len(modes), axis=1), errors, false_alarm=trial.false_alarm)
