"""Claims on the total error of dithered rounding."""

import numpy as np
from numpy.typing import NDArray

from analysis import dither as derivations
from analysis.claims.claim import Claim
from analysis.domain import Choice, Reals
from fxp.dither import dithered_error

__all__ = ["CLAIMS"]

Moments = NDArray[np.float64]
UNIT = "steps, steps²"
FRACTION = Reals(0, 1)
OFF_CODES = Reals(0.2, 0.45)  # where rounding without dither has an error
DITHERS = Choice("rectangular", "triangular")


def _moments(dither: str, fraction: float, *, subtractive: bool = False) -> Moments:
    error = dithered_error(dither, fraction=fraction, subtractive=subtractive)
    return np.array([error.mean, error.power])


def _rectangular(fraction: float, by: str) -> Moments:
    del by
    return _moments("rectangular", fraction)


def _rectangular_derived(fraction: float, by: str) -> Moments:
    del by
    return np.array([0, derivations.dither_rectangular().value(f=fraction)])


def _sum_of_powers(fraction: float, by: str) -> Moments:
    """Adds the powers of dither and rounding, 1/12 each: right on average only."""
    del fraction, by
    return np.array([0, 1 / 6])


def _rounding_alone(fraction: float, by: str) -> Moments:
    """Takes the power 1/12 of rounding without dither."""
    del fraction, by
    return np.array([0, 1 / 12])


def _triangular(fraction: float) -> Moments:
    return _moments("triangular", fraction)


def _triangular_derived(fraction: float) -> Moments:
    """Use the derivation for f below a half, and its mirror image above."""
    del fraction
    return np.array([0, derivations.dither_triangular().value()])


def _dither_alone(fraction: float) -> Moments:
    """Takes the power 1/6 of the dither, without that of the rounding."""
    del fraction
    return np.array([0, 1 / 6])


def _as_rectangular(fraction: float) -> Moments:
    """Takes rectangular dither, whose noise depends on the input."""
    return _moments("rectangular", fraction)


def _subtractive(fraction: float, dither: str) -> Moments:
    return _moments(dither, fraction, subtractive=True)


def _subtractive_derived(fraction: float, dither: str) -> Moments:
    del fraction, dither
    return np.array([0, derivations.dither_subtractive().value()])


def _not_subtracted(fraction: float, dither: str) -> Moments:
    """Leaves the dither in the output."""
    return _moments(dither, fraction)


def _white(fraction: float, next_fraction: float, dither: str) -> float:
    """Multiply the means: at given inputs independent dither leaves nothing else."""
    return dithered_error(dither, fraction=fraction).mean * dithered_error(dither, fraction=next_fraction).mean


def _white_derived(fraction: float, next_fraction: float, dither: str) -> float:
    del fraction, next_fraction, dither
    return derivations.dither_whiteness().value()


def _undithered(fraction: float, next_fraction: float, dither: str) -> float:
    """Takes the product of the errors without dither."""
    del dither
    return (round(fraction) - fraction) * (round(next_fraction) - next_fraction)


CLAIMS = (
    Claim(
        "dither_rectangular",
        "Rectangular dither, and STOCHASTIC rounding alike, leave no mean and the variance f(1 − f).",
        "exact",
        derivations.dither_rectangular().assumptions,
        derivations.dither_rectangular,
        _rectangular,
        {"fraction": FRACTION, "by": Choice("added noise", "STOCHASTIC")},
        (_sum_of_powers, _rounding_alone),
        "derivation-dither_rectangular",
        unit=UNIT,
        derived=_rectangular_derived,
        cases=8,
    ),
    Claim(
        "dither_triangular",
        "Triangular dither leaves no mean and the variance 1/4, whatever the input.",
        "exact",
        derivations.dither_triangular().assumptions,
        derivations.dither_triangular,
        _triangular,
        {"fraction": FRACTION},
        (_dither_alone, _as_rectangular),
        "derivation-dither_triangular",
        unit=UNIT,
        derived=_triangular_derived,
    ),
    Claim(
        "dither_subtractive",
        "Dither that is subtracted again leaves no mean and the variance 1/12, whatever the input.",
        "exact",
        derivations.dither_subtractive().assumptions,
        derivations.dither_subtractive,
        _subtractive,
        {"fraction": FRACTION, "dither": DITHERS},
        (_not_subtracted,),
        "derivation-dither_subtractive",
        unit=UNIT,
        derived=_subtractive_derived,
    ),
    Claim(
        "dither_whiteness",
        "The total errors of two samples with independent dither do not correlate, whatever the samples.",
        "exact",
        derivations.dither_whiteness().assumptions,
        derivations.dither_whiteness,
        _white,
        {"fraction": OFF_CODES, "next_fraction": OFF_CODES, "dither": DITHERS},
        (_undithered,),
        "derivation-dither_whiteness",
        unit="steps²",
        derived=_white_derived,
        cases=8,
    ),
)
