"""Noise of a format on a Gaussian signal, by encoding points that divide every step into a thousand."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from fxp.formats import Format, Rounding
from fxp.quantization import encode
from sims.measure import Measurement, Trial, measures

__all__ = ["gaussian_points", "quantizer_overload", "sqnr_quantizer"]

POINTS_A_STEP = 1024
REACH = 9.0


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
