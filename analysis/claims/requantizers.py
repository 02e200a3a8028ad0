"""Claims on the roundings of requantisers."""

import numpy as np
from numpy.typing import NDArray

from analysis import requantizers
from analysis.claims.claim import Claim
from analysis.domain import Integers, Reals
from fxp.requantizers import errors as closed_form

__all__ = ["CLAIMS"]

Values = NDArray[np.float64]
ROUNDINGS = ("DOUBLE", "DOUBLE_UPWARD", "SINGLE")
SIGNS = (1, -1)
SHIFTS = Integers(1, 8)


def _multiplier(fraction: float) -> Values:
    return closed_form.multiplier_error_bound(fraction)


def _multiplier_derived(fraction: float) -> float:
    return requantizers.multiplier_error().value(q=fraction)


def _multiplier_near_one(fraction: float) -> float:
    """Takes half a unit of 2³¹ for the relative error, as if every fraction were one."""
    del fraction
    return 2.0**-32


def _multiplier_of_32_bits(fraction: float) -> float:
    """Counts the sign as a bit of precision: 32 bits after the point."""
    return float(_multiplier(fraction)) / 2


def _rate(right_shift: int) -> Values:
    return closed_form.double_rounding_rate(right_shift)


def _rate_derived(right_shift: int) -> float:
    return requantizers.double_rounding_rate().value(r=right_shift)


def _no_difference(right_shift: int) -> float:
    """Takes both published variants for one: ignores double rounding."""
    del right_shift
    return 0.0


def _every_code_below_a_tie(right_shift: int) -> float:
    """Forgets that the first rounding lifts only half of the numbers below a tie."""
    return 2.0**-right_shift


def _moments(right_shift: int) -> Values:
    errors = [
        closed_form.requantization_error(rounding, right_shift, sign=sign) for rounding in ROUNDINGS for sign in SIGNS
    ]
    return np.array([[error.mean for error in errors], [error.variance for error in errors]])


def _moments_derived(right_shift: int) -> Values:
    moved = (1, -1, 1, 1, 0, 0)
    means = [requantizers.double_rounding_mean().value(r=right_shift, s=s) for s in moved]
    return np.array([means, [requantizers.double_rounding_error().value()] * len(moved)])


def _half_up(right_shift: int) -> Values:
    """Takes the ties of RoundingDivideByPOT, away from zero, for ties upwards: one mean for both signs."""
    moments = _moments(right_shift)
    moments[0, 1] = moments[0, 0]
    return moments


def _rounded_once(right_shift: int) -> Values:
    """Ignores the first rounding: no mean."""
    return _moments(right_shift) * [[0], [1]]


def _two_noises(right_shift: int) -> Values:
    """Adds the variance of the first rounding, as if it were noise of its own."""
    moments = _moments(right_shift)
    moments[1, :4] += 4.0**-right_shift / 12
    return moments


def _symmetric(right_shift: int) -> Values:
    error = closed_form.requantization_error("DOUBLE", right_shift)
    return np.array([error.mean, error.variance])


def _symmetric_derived(right_shift: int) -> Values:
    return np.array([0, requantizers.double_rounding_symmetric().value(r=right_shift)])


def _symmetric_as_single(right_shift: int) -> Values:
    """Takes 1/12: forgets that the means of both signs spread."""
    del right_shift
    return np.array([0, 1 / 12])


def _symmetric_as_upward(right_shift: int) -> Values:
    """Takes the mean of ties upwards, which two signs do not cancel."""
    error = closed_form.requantization_error("DOUBLE_UPWARD", right_shift)
    return np.array([error.mean, error.variance])


def _deviation(right_shift: int, magnitude_bits: int) -> Values:
    magnitude = 2.0**magnitude_bits
    return np.array(
        [
            closed_form.requantization_error_bound(right_shift, magnitude, rounding=rounding)
            for rounding in ("DOUBLE", "SINGLE")
        ]
    )


def _deviation_derived(right_shift: int, magnitude_bits: int) -> Values:
    bound = requantizers.requantizer_deviation().value(r=right_shift, A=2.0**magnitude_bits)
    return np.array([bound, bound - 2.0 ** -(right_shift + 1)])


def _deviation_rounded_once(right_shift: int, magnitude_bits: int) -> Values:
    """Takes the bound of single rounding for both."""
    return np.repeat(_deviation(right_shift, magnitude_bits)[1], 2)


def _deviation_exact_factor(right_shift: int, magnitude_bits: int) -> Values:
    """Takes the multiplier for the exact scale."""
    del magnitude_bits
    return _deviation(right_shift, 0) - 2.0**-31


def _float_deviation(magnitude_bits: int) -> Values:
    return closed_form.requantization_error_bound(0, 2.0**magnitude_bits)


def _float_deviation_derived(magnitude_bits: int) -> float:
    return requantizers.float_requantizer_deviation().value(u=2.0**-24, A=2.0**magnitude_bits)


def _float_rounded_once(magnitude_bits: int) -> float:
    """Counts the rounding of the product only, with an exact factor."""
    return 0.5 + 2.0 ** (magnitude_bits - 24)


def _float_exact(magnitude_bits: int) -> float:
    """Takes float32 for exact, as it is on codes of 8 bits."""
    del magnitude_bits
    return 0.5


CLAIMS = (
    Claim(
        "multiplier_error",
        "A multiplier of 32 bits is within 2⁻³²/q of a scale with the fraction q, relatively.",
        "bound",
        requantizers.multiplier_error().assumptions,
        requantizers.multiplier_error,
        _multiplier,
        {"fraction": Reals(0.5, 1)},
        (_multiplier_near_one, _multiplier_of_32_bits),
        "derivation-multiplier_error",
        derived=_multiplier_derived,
    ),
    Claim(
        "double_rounding_rate",
        "Rounding twice and rounding once differ in 2^−(r+1) of the codes, r being the bits of the second rounding.",
        "exact",
        requantizers.double_rounding_rate().assumptions,
        requantizers.double_rounding_rate,
        _rate,
        {"right_shift": SHIFTS},
        (_no_difference, _every_code_below_a_tie),
        "derivation-double_rounding_rate",
        derived=_rate_derived,
    ),
    Claim(
        "double_rounding_error",
        "Rounding twice has the mean 2^−(r+1), away from zero or upwards as its ties, and no more variance than once.",
        "exact",
        requantizers.double_rounding_error().assumptions,
        requantizers.double_rounding_error,
        _moments,
        {"right_shift": SHIFTS},
        (_half_up, _rounded_once, _two_noises),
        "derivation-double_rounding_error",
        unit="steps, steps²",
        derived=_moments_derived,
    ),
    Claim(
        "double_rounding_symmetric",
        "On symmetric data rounding twice, ties away from zero, has no mean and the variance 1/12 + 4^−(r+1).",
        "exact",
        requantizers.double_rounding_symmetric().assumptions,
        requantizers.double_rounding_symmetric,
        _symmetric,
        {"right_shift": SHIFTS},
        (_symmetric_as_single, _symmetric_as_upward),
        "derivation-double_rounding_symmetric",
        unit="steps, steps²",
        derived=_symmetric_derived,
    ),
    Claim(
        "requantizer_deviation",
        "A code is within ½ + 2^−(r+1) + 2⁻³¹·A steps of the exact product of up to A steps, without 2^−(r+1) if the "
        "product is rounded once.",
        "bound",
        requantizers.requantizer_deviation().assumptions,
        requantizers.requantizer_deviation,
        _deviation,
        {"right_shift": Integers(1, 6), "magnitude_bits": Integers(8, 22)},
        (_deviation_rounded_once, _deviation_exact_factor),
        "derivation-requantizer_deviation",
        unit="steps",
        derived=_deviation_derived,
    ),
    Claim(
        "float_requantizer_deviation",
        "A code from float32 is within ½ + ((1 + 2⁻²⁴)⁴ − 1)·A steps of the exact product of up to A steps.",
        "bound",
        requantizers.float_requantizer_deviation().assumptions,
        requantizers.float_requantizer_deviation,
        _float_deviation,
        {"magnitude_bits": Integers(8, 22)},
        (_float_rounded_once, _float_exact),
        "derivation-float_requantizer_deviation",
        unit="steps",
        derived=_float_deviation_derived,
    ),
)
