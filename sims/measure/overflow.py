"""Bit-true measurements of how often sums of products overflow, and of how overflows of one image come together."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp.accumulators import Accumulator, dot
from sims.measure import Measurement, Trial, measures

__all__ = [
    "design_effect",
    "overflow_tail",
    "product_cumulants",
    "register_overflow",
    "saddlepoint_overflow",
    "threshold_stability",
]

TERM_DEVIATION = 64
SCALE = 2**14
DIGIT_BITS = 12
EVENT_BITS = 4

Codes = NDArray[Any]


@measures("register_overflow")
def register_overflow(word_bits: int, largest: int, *, trial: Trial) -> Measurement:
    """Return how many of the sums −largest, …, largest a register reports as overflowed."""
    del trial
    sums = np.arange(-largest, largest + 1)
    halves = np.stack([sums // 2, sums - sums // 2], axis=-1)
    register = Accumulator(word_bits, every_step=False)
    return Measurement.enumerated(dot(halves, [1, 1], accumulator=register).persistent)


@measures("threshold_stability")
def threshold_stability(shape: float, threshold: int, excess: int, *, trial: Trial) -> Measurement:
    """Return which share of the sums that reach a threshold exceeds it by so much.

    The sums are of two digits of codes with a Pareto law.
    """
    uniform = 1 - trial.rng.random(trial.samples(400_000))
    codes = np.floor(SCALE * (uniform**-shape - 1) / shape).astype(np.int64)
    digits = np.stack([codes >> DIGIT_BITS, codes & (2**DIGIT_BITS - 1)], axis=-1)
    sums = dot(digits, [2**DIGIT_BITS, 1]).codes
    reached, exceeded = ((sums >= level).sum() for level in (threshold, threshold + excess))
    return Measurement.proportion(exceeded, int(reached), false_alarm=trial.false_alarm)


@measures("overflow_tail")
def overflow_tail(deviation: int, depth: float, *, trial: Trial) -> Measurement:
    """Return the logarithm to base 2 of the share of sums of two products that are beyond `depth` deviations².

    Operands are Gaussian codes. Their sum is at least the level, or below its negative.
    """
    count, level = trial.samples(1_500_000), int(np.ceil(depth * deviation**2))
    sums = _dots(_gaussian(trial, deviation, (count, 2)), _gaussian(trial, deviation, (count, 2)))
    happened = ((sums >= level) | (sums < -level)).sum()
    return Measurement.proportion(happened, count, false_alarm=trial.false_alarm).map(np.log2)


@measures("product_cumulants")
def product_cumulants(length: int, *, trial: Trial) -> Measurement:
    """Return the excess kurtosis of sums of products of Gaussian codes, whose variance is known."""
    size = trial.samples(800_000), length
    sums = _dots(_gaussian(trial, TERM_DEVIATION, size), _gaussian(trial, TERM_DEVIATION, size))
    standard = sums / (length**0.5 * TERM_DEVIATION**2)
    return Measurement.mean(standard**4 - 3, false_alarm=trial.false_alarm)


@measures("saddlepoint_overflow")
def saddlepoint_overflow(length: int, mean: int, level: int, *, trial: Trial) -> Measurement:
    """Return the share of sums of Gaussian codes, added to a mean, that are at least `level` or below −`level`."""
    count = trial.samples(400_000)
    sums = dot(_gaussian(trial, TERM_DEVIATION, (count, length)), np.ones(length, np.int64), bias=mean).codes
    happened = ((sums >= level) | (sums < -level)).sum()
    return Measurement.proportion(happened, count, false_alarm=trial.false_alarm)


@measures("design_effect")
def design_effect(outputs: int, common: float, *, trial: Trial) -> Measurement:
    """Return the variance of the overflows of an image over that of as many independent outputs.

    In a share `common` of the images all outputs see the same patch. One sum in 16 overflows five bits.
    """
    images = trial.samples(20_000)
    patches = trial.rng.integers(0, 2**EVENT_BITS, (images, outputs))
    alike = trial.rng.random(images) < common
    patches[alike] = patches[alike, :1]
    sums = dot(np.stack([patches, np.ones_like(patches)], axis=-1), [1, 1]).codes
    share = 2.0**-EVENT_BITS
    events = (sums >= 2**EVENT_BITS).sum(axis=1)
    return Measurement.variance(events / (outputs * share * (1 - share)) ** 0.5, false_alarm=trial.false_alarm)


def _gaussian(trial: Trial, deviation: int, size: tuple[int, ...]) -> Codes:
    return np.rint(trial.rng.normal(0, deviation, size)).astype(np.int64)


def _dots(x: Codes, w: Codes) -> Codes:
    """Return the dot product of each row of one array with that of the other, whose products are exact."""
    sums: Codes = dot(x * w, np.ones(x.shape[1], np.int64)).codes
    return sums
