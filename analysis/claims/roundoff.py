"""Claims on mean and variance of the rounding error, mode by mode."""

import numpy as np
from numpy.typing import NDArray

from analysis import roundoff
from analysis.claims.claim import Claim
from analysis.domain import Choice, Integers
from fxp.roundoff import RoundingError, rounding_error

__all__ = ["CLAIMS"]

Moments = NDArray[np.float64]
UNIT = "steps, steps²"
BITS = Integers(1, 10)
CONTINUOUS = Choice("FLOOR", "CEIL", "HALF_UP", "HALF_DOWN", "HALF_TOWARD_ZERO", "HALF_AWAY", "HALF_EVEN", "HALF_ODD")


def _moments(error: RoundingError) -> Moments:
    return np.array([error.mean, error.variance])


def _of_mode(rounding: str, dropped_bits: int) -> Moments:
    return _moments(rounding_error(rounding, dropped_bits=dropped_bits))


def _as_continuous(rounding: str, dropped_bits: int) -> Moments:
    """Takes the input for continuous: 1/12 of nearest and directed modes, however few bits are dropped."""
    del dropped_bits
    return _moments(rounding_error(rounding))


def _mirrored(rounding: str, dropped_bits: int) -> Moments:
    """Has the sign of the mean reversed: error taken as input − rounded."""
    return _of_mode(rounding, dropped_bits) * (-1, 1)


def _without_bias(rounding: str, dropped_bits: int) -> Moments:
    """Leaves out the mean."""
    return _of_mode(rounding, dropped_bits) * (0, 1)


def _directed(rounding: str, dropped_bits: int) -> Moments:
    sign = {"FLOOR": -1, "CEIL": 1}[rounding]
    mean = roundoff.rounding_error_directed_mean().value(k=dropped_bits, s=sign)
    return np.array([mean, roundoff.rounding_error_directed().value(k=dropped_bits)])


def _half_up(rounding: str, dropped_bits: int) -> Moments:
    sign = {"HALF_UP": 1, "HALF_DOWN": -1}[rounding]
    mean = roundoff.rounding_error_half_up_mean().value(k=dropped_bits, s=sign)
    return np.array([mean, roundoff.rounding_error_half_up().value(k=dropped_bits)])


def _nearest(rounding: str, dropped_bits: int) -> Moments:
    del rounding
    return np.array([0, roundoff.rounding_error_nearest().value(k=dropped_bits)])


def _variance_of_half_up(rounding: str, dropped_bits: int) -> Moments:
    """Takes the variance of HALF_UP: forgets that the ties to both sides spread more."""
    del rounding
    return _of_mode("HALF_UP", dropped_bits) * (0, 1)


def _toward_zero(dropped_bits: int) -> Moments:
    return _of_mode("TOWARD_ZERO", dropped_bits)


def _toward_zero_derived(dropped_bits: int) -> Moments:
    return np.array([0, roundoff.rounding_error_toward_zero().value(k=dropped_bits)])


def _floor_without_mean(dropped_bits: int) -> Moments:
    """Takes the variance of FLOOR and no mean: leaves out that the sign of the data turns the mean into noise."""
    return _without_bias("FLOOR", dropped_bits)


def _floor(dropped_bits: int) -> Moments:
    """Takes truncation of the magnitude for truncation of the two's complement."""
    return _of_mode("FLOOR", dropped_bits)


def _stochastic(dropped_bits: int) -> Moments:
    return _of_mode("STOCHASTIC", dropped_bits)


def _stochastic_derived(dropped_bits: int) -> Moments:
    return np.array([0, roundoff.rounding_error_stochastic().value(k=dropped_bits)])


def _stochastic_as_nearest(dropped_bits: int) -> Moments:
    """Takes 1/12 as for rounding to nearest: half of the variance is that of the draws."""
    del dropped_bits
    return np.array([0, 1 / 12])


def _stochastic_as_continuous(dropped_bits: int) -> Moments:
    """Takes the input for continuous: 1/6, however few bits are dropped."""
    return _as_continuous("STOCHASTIC", dropped_bits)


def _continuous(rounding: str) -> Moments:
    return _moments(rounding_error(rounding))


def _continuous_derived(rounding: str) -> Moments:
    centre = {"FLOOR": -0.5, "CEIL": 0.5}.get(rounding, 0.0)
    mean = roundoff.rounding_error_continuous_mean().value(c=centre)
    return np.array([mean, roundoff.rounding_error_continuous().value()])


def _continuous_without_bias(rounding: str) -> Moments:
    """Leaves out the mean of FLOOR and CEIL."""
    return _continuous(rounding) * (0, 1)


def _largest_error(rounding: str) -> Moments:
    """Takes the largest error of nearest, half a step, for the rms."""
    return np.array([_continuous(rounding)[0], 0.25])


def _continuous_toward_zero(half_range: int) -> Moments:
    del half_range
    return _moments(rounding_error("TOWARD_ZERO"))


def _continuous_toward_zero_derived(half_range: int) -> Moments:
    del half_range
    return np.array([0, roundoff.rounding_error_toward_zero_continuous().value()])


def _continuous_stochastic(half_range: int) -> Moments:
    del half_range
    return _moments(rounding_error("STOCHASTIC"))


def _continuous_stochastic_derived(half_range: int) -> Moments:
    del half_range
    return np.array([0, roundoff.rounding_error_stochastic_continuous().value()])


def _continuous_nearest(half_range: int) -> Moments:
    """Takes 1/12, as if every mode without mean rounded to nearest."""
    del half_range
    return np.array([0, 1 / 12])


CLAIMS = (
    Claim(
        "rounding_error_directed",
        "FLOOR and CEIL of k dropped bits have mean ∓(1 − 2⁻ᵏ)/2 and variance (1 − 4⁻ᵏ)/12.",
        "exact",
        roundoff.rounding_error_directed().assumptions,
        roundoff.rounding_error_directed,
        _of_mode,
        {"rounding": Choice("FLOOR", "CEIL"), "dropped_bits": BITS},
        (_as_continuous, _mirrored),
        "derivation-rounding_error_directed",
        unit=UNIT,
        derived=_directed,
    ),
    Claim(
        "rounding_error_half_up",
        "HALF_UP and HALF_DOWN of k dropped bits have mean ±2⁻ᵏ/2 and variance (1 − 4⁻ᵏ)/12.",
        "exact",
        roundoff.rounding_error_half_up().assumptions,
        roundoff.rounding_error_half_up,
        _of_mode,
        {"rounding": Choice("HALF_UP", "HALF_DOWN"), "dropped_bits": BITS},
        (_as_continuous, _mirrored, _without_bias),
        "derivation-rounding_error_half_up",
        unit=UNIT,
        derived=_half_up,
    ),
    Claim(
        "rounding_error_nearest",
        "Rounding k dropped bits to nearest with balanced ties has no mean and the variance (1 + 2·4⁻ᵏ)/12.",
        "exact",
        roundoff.rounding_error_nearest().assumptions,
        roundoff.rounding_error_nearest,
        _of_mode,
        {"rounding": Choice("HALF_EVEN", "HALF_ODD", "HALF_AWAY", "HALF_TOWARD_ZERO"), "dropped_bits": BITS},
        (_as_continuous, _variance_of_half_up),
        "derivation-rounding_error_nearest",
        unit=UNIT,
        derived=_nearest,
        cases=8,
    ),
    Claim(
        "rounding_error_toward_zero",
        "TOWARD_ZERO of k dropped bits of symmetric data has no mean, and the mean of FLOOR within its variance.",
        "exact",
        roundoff.rounding_error_toward_zero().assumptions,
        roundoff.rounding_error_toward_zero,
        _toward_zero,
        {"dropped_bits": BITS},
        (_floor_without_mean, _floor),
        "derivation-rounding_error_toward_zero",
        unit=UNIT,
        derived=_toward_zero_derived,
    ),
    Claim(
        "rounding_error_stochastic",
        "STOCHASTIC of k dropped bits has no mean and the variance (1 − 4⁻ᵏ)/6, twice that of HALF_UP.",
        "exact",
        roundoff.rounding_error_stochastic().assumptions,
        roundoff.rounding_error_stochastic,
        _stochastic,
        {"dropped_bits": Integers(1, 6)},
        (_stochastic_as_nearest, _stochastic_as_continuous),
        "derivation-rounding_error_stochastic",
        unit=UNIT,
        derived=_stochastic_derived,
        cases=5,
    ),
    Claim(
        "rounding_error_continuous",
        "Rounding continuous input to nearest, down or up has the variance 1/12 and the mean 0, −1/2 or 1/2.",
        "exact",
        roundoff.rounding_error_continuous().assumptions,
        roundoff.rounding_error_continuous,
        _continuous,
        {"rounding": CONTINUOUS},
        (_continuous_without_bias, _largest_error),
        "derivation-rounding_error_continuous",
        unit=UNIT,
        derived=_continuous_derived,
        cases=8,
    ),
    Claim(
        "rounding_error_toward_zero_continuous",
        "TOWARD_ZERO of continuous data symmetric about zero has no mean and the variance 1/3.",
        "exact",
        roundoff.rounding_error_toward_zero_continuous().assumptions,
        roundoff.rounding_error_toward_zero_continuous,
        _continuous_toward_zero,
        {"half_range": Integers(1, 32)},
        (_continuous_nearest,),
        "derivation-rounding_error_toward_zero_continuous",
        unit=UNIT,
        derived=_continuous_toward_zero_derived,
        cases=3,
    ),
    Claim(
        "rounding_error_stochastic_continuous",
        "STOCHASTIC of continuous input has no mean and the variance 1/6.",
        "exact",
        roundoff.rounding_error_stochastic_continuous().assumptions,
        roundoff.rounding_error_stochastic_continuous,
        _continuous_stochastic,
        {"half_range": Integers(1, 32)},
        (_continuous_nearest,),
        "derivation-rounding_error_stochastic_continuous",
        unit=UNIT,
        derived=_continuous_stochastic_derived,
        cases=3,
    ),
)
