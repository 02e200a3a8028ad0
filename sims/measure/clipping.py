"""The best clip level by trying many, and the word length at which a measured SQNR crosses a wanted one."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from fxp.formats import Format
from fxp.quantization import encode
from fxp.signals import Signal
from sims.measure import Measurement, Trial, measures
from sims.measure.quantizers import gaussian_points

__all__ = ["bits_for_sqnr", "optimal_clip", "optimal_clip_additive"]

POINTS_A_LEVEL = 16384
CLIPS = 160
DRAWS = 200_000


@measures("optimal_clip_additive")
def optimal_clip_additive(*, word_bits: int, rectified: bool, rms: float, trial: Trial) -> Measurement:
    """Return the level of the least sum of granular and overload noise of the additive model, of a fine scale."""
    spacing = rms / trial.samples(POINTS_A_LEVEL)
    upper = spacing * np.arange(int(12 * rms / spacing))
    middle, probability = upper[:-1] + spacing / 2, -np.diff(ndtr(-upper / rms)) * (1 if rectified else 2)
    tails = [np.cumsum((probability * middle**k)[::-1])[::-1] for k in range(3)]
    overload = tails[2] - 2 * upper[:-1] * tails[1] + upper[:-1] ** 2 * tails[0]
    step = upper[:-1] * 2.0 ** (-word_bits if rectified else 1 - word_bits)
    noise = step**2 / 12 * probability.sum() + overload
    return Measurement.enumerated(upper[int(np.argmin(noise))])


@measures("optimal_clip")
def optimal_clip(*, word_bits: int, rms: float, laplace: bool, trial: Trial) -> Measurement:
    """Return the best SQNR, dB, of signed words on a Gaussian or Laplace signal, of all clip levels of a fine scale."""
    words, points = Format(word_bits, 0), _laplace_points if laplace else gaussian_points
    clips = rms * np.geomspace(1.0, 8.0, trial.samples(CLIPS))
    in_steps = rms * 2.0 ** (word_bits - 1) / clips
    return Measurement.enumerated(max(_sqnr_db(words, *points(each, min(1.0, each) / 32)) for each in in_steps))


def _laplace_points(rms: float, spacing: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middles of intervals out to 16 rms, and the probability of each interval."""
    upper = spacing * np.arange(int(np.ceil(16 * rms / spacing)) + 1)
    probability = -np.diff(np.exp(-np.sqrt(2) * upper / rms)) / 2
    middles = (upper[1:] + upper[:-1]) / 2
    return np.concatenate([-middles[::-1], middles]), np.concatenate([probability[::-1], probability])


def _sqnr_db(words: Format, x: NDArray[np.float64], probability: NDArray[np.float64]) -> float:
    error = encode(x, words) - x
    return float(10 * np.log10((probability @ x**2) / (probability @ error**2)))


@measures("bits_for_sqnr")
def bits_for_sqnr(*, sqnr_db: float, signal: Signal, trial: Trial) -> Measurement:
    """Return the word length at which the SQNR, measured at two lengths about it, is the wanted one."""
    low = int(sqnr_db // 6)
    x = signal.sample(trial.rng, trial.samples(DRAWS))
    shorter, longer = (_full_range_sqnr(x, bits, signal.peak, trial) for bits in (low, low + 2))
    slope = (float(longer.value) - float(shorter.value)) / 2
    value, least, most = (low + (sqnr_db - end) / slope for end in (shorter.value, shorter.high, shorter.low))
    return Measurement(value, least, most, x.size)


def _full_range_sqnr(x: NDArray[np.float64], bits: int, peak: float, trial: Trial) -> Measurement:
    codes = Format(bits, 0)
    scaled = x * (2.0 ** (bits - 1) / peak)
    return Measurement.power_ratio_db(scaled, encode(scaled, codes) - scaled, false_alarm=trial.false_alarm / 2)
