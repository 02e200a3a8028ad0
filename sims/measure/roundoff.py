"""Mean and variance of the rounding error, mode by mode: of all codes there are, and of continuous samples."""

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp.formats import Format
from fxp.quantization import cast, encode
from fxp.reference import shift_round
from sims.measure import Measurement, Trial, measures

__all__ = [
    "moments",
    "rounding_error_continuous",
    "rounding_error_directed",
    "rounding_error_half_up",
    "rounding_error_nearest",
    "rounding_error_stochastic",
    "rounding_error_stochastic_continuous",
    "rounding_error_toward_zero",
    "rounding_error_toward_zero_continuous",
]

KEPT_BITS = 3  # eight codes are kept: either parity, either sign
WIDE = Format(16, 0)  # no overflow
SAMPLES = 200_000


@measures("rounding_error_directed")
def rounding_error_directed(rounding: str, dropped_bits: int, *, trial: Trial) -> Measurement:
    """Return mean and variance of the error over all codes of a word that loses its fraction."""
    del trial
    return _enumerated(rounding, dropped_bits)


@measures("rounding_error_half_up")
def rounding_error_half_up(rounding: str, dropped_bits: int, *, trial: Trial) -> Measurement:
    """Return mean and variance of the error over all codes of a word that loses its fraction."""
    del trial
    return _enumerated(rounding, dropped_bits)


@measures("rounding_error_nearest")
def rounding_error_nearest(rounding: str, dropped_bits: int, *, trial: Trial) -> Measurement:
    """Return mean and variance of the error over all codes of a word that loses its fraction."""
    del trial
    return _enumerated(rounding, dropped_bits)


@measures("rounding_error_toward_zero")
def rounding_error_toward_zero(dropped_bits: int, *, trial: Trial) -> Measurement:
    """Return mean and variance of the error over all codes of a word that loses its fraction."""
    del trial
    return _enumerated("TOWARD_ZERO", dropped_bits)


@measures("rounding_error_stochastic")
def rounding_error_stochastic(dropped_bits: int, *, trial: Trial) -> Measurement:
    """Return mean and variance of the error over all codes, each with all draws u of as many bits as are dropped."""
    del trial
    scale = 2**dropped_bits
    draws = [Fraction(draw, scale) for draw in range(scale)]
    rounded = [[shift_round(code, dropped_bits, "STOCHASTIC", u) for u in draws] for code in range(-scale, scale)]
    return _exact_moments(np.array(rounded) * scale - np.arange(-scale, scale)[:, None], dropped_bits)


@measures("rounding_error_continuous")
def rounding_error_continuous(rounding: str, *, trial: Trial) -> Measurement:
    """Return mean and variance of the error of uniform samples."""
    return _sampled(rounding, 8, trial)


@measures("rounding_error_toward_zero_continuous")
def rounding_error_toward_zero_continuous(half_range: int, *, trial: Trial) -> Measurement:
    """Return mean and variance of the error of uniform samples."""
    return _sampled("TOWARD_ZERO", half_range, trial)


@measures("rounding_error_stochastic_continuous")
def rounding_error_stochastic_continuous(half_range: int, *, trial: Trial) -> Measurement:
    """Return mean and variance of the error of uniform samples, each rounded once."""
    return _sampled("STOCHASTIC", half_range, trial)


def moments(errors: NDArray[np.float64], trial: Trial) -> Measurement:
    """Return mean and variance of independent samples, each with its interval."""
    mean = Measurement.mean(errors, false_alarm=trial.false_alarm)
    variance = Measurement.variance(errors, false_alarm=trial.false_alarm)
    return Measurement(
        np.stack([mean.value, variance.value]),
        np.stack([mean.low, variance.low]),
        np.stack([mean.high, variance.high]),
        errors.size,
    )


def _sampled(rounding: str, half_range: int, trial: Trial) -> Measurement:
    samples = trial.rng.uniform(-half_range, half_range, trial.samples(SAMPLES))
    return moments(encode(samples, WIDE, rounding=rounding, rng=trial.rng) - samples, trial)


def _enumerated(rounding: str, dropped_bits: int) -> Measurement:
    source = Format(KEPT_BITS + dropped_bits, dropped_bits)
    codes = np.arange(source.min_code, source.max_code + 1)
    return _exact_moments(cast(codes, source, WIDE, rounding=rounding) * 2**dropped_bits - codes, dropped_bits)


def _exact_moments(errors: NDArray[Any], dropped_bits: int) -> Measurement:
    """Return mean and variance of all errors, given in steps of the source."""
    mean = Fraction(int(errors.sum()), errors.size * 2**dropped_bits)
    square = Fraction(int((errors**2).sum()), errors.size * 4**dropped_bits)
    return Measurement.enumerated([float(mean), float(square - mean**2)])
