"""Claims on the error of rounding Gaussian samples: its moments, its correlations, and when it is white."""

from itertools import product
from math import ceil, copysign, exp, pi, sqrt

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from analysis import whiteness
from analysis.claims.claim import Claim
from analysis.derivation import Derivation
from analysis.domain import Choice, Reals
from fxp import whiteness as closed_form

__all__ = ["CLAIMS"]

Moments = NDArray[np.float64]
MEAN = Reals(-1, 1)
SMALL = Reals(0.2, 0.6)  # whose lower corner, with its mean of -1, refutes every wrong variant
MODES = Choice("HALF_EVEN", "FLOOR", "CEIL")
CENTRES = {"HALF_EVEN": 0.0, "FLOOR": -0.5, "CEIL": 0.5}
HARMONICS = 2  # over the deviation: the last one counts exp(−8π²)


def _gaussian(std_steps: float, mean_steps: float, rounding: str) -> Moments:
    error = closed_form.gaussian_rounding_error(std_steps, mean_steps=mean_steps, rounding=rounding)
    return np.array([error.mean, error.variance])


def _gaussian_derived(std_steps: float, mean_steps: float, rounding: str) -> Moments:
    """Take rounding down for rounding to nearest half a step below, which then goes down by half a step more."""
    centre = CENTRES[rounding]
    series = {"N": ceil(HARMONICS / std_steps), "mu": mean_steps + centre, "sigma": std_steps}
    mean = centre + whiteness.rounding_error_gaussian_mean().value(**series)
    return np.array([mean, whiteness.rounding_error_gaussian().value(**series)])


def _uniform(std_steps: float, mean_steps: float, rounding: str) -> Moments:
    """Takes the error for uniform over one step, however small the input."""
    del std_steps, mean_steps
    return np.array([CENTRES[rounding], 1 / 12])


def _without_alternation(std_steps: float, mean_steps: float, rounding: str) -> Moments:
    """Leaves out the sign (−1)ⁿ: thresholds where the codes are."""
    return _gaussian(std_steps, mean_steps + 0.5, rounding)


def _input(std_steps: float, mean_steps: float, rounding: str) -> float:
    return closed_form.input_error_correlation(std_steps, mean_steps=mean_steps, rounding=rounding)


def _input_derived(std_steps: float, mean_steps: float, rounding: str) -> float:
    variance = _gaussian_derived(std_steps, mean_steps, rounding)[1]
    series = {"N": ceil(HARMONICS / std_steps), "mu": mean_steps + CENTRES[rounding], "sigma": std_steps}
    return whiteness.input_error_correlation().value(**series, v_e=float(variance))


def _input_uncorrelated(std_steps: float, mean_steps: float, rounding: str) -> float:
    """Takes the error for uncorrelated with its input, however small the input."""
    del std_steps, mean_steps, rounding
    return 0.0


def _input_without_alternation(std_steps: float, mean_steps: float, rounding: str) -> float:
    """Leaves out the sign (−1)ⁿ: thresholds where the codes are."""
    return _input(std_steps, mean_steps + 0.5, rounding)


def _pair(std_steps: float, correlation: float, mean_steps: float) -> float:
    return closed_form.error_correlation(std_steps, correlation, mean_steps=mean_steps)


def _pair_derived(std_steps: float, correlation: float, mean_steps: float) -> float:
    variance = float(_gaussian_derived(std_steps, mean_steps, "HALF_EVEN")[1])
    place = {"sigma": std_steps, "rho": correlation, "mu": mean_steps, "v_e": variance}
    return _double_sum(whiteness.error_correlation(), _harmonics(std_steps, correlation), **place)


def _pair_white(std_steps: float, correlation: float, mean_steps: float) -> float:
    """Takes the errors of different samples for uncorrelated."""
    del std_steps, correlation, mean_steps
    return 0.0


def _pair_by_deviation(std_steps: float, correlation: float, mean_steps: float) -> float:
    """Takes 2σ² for the variance of the difference of the samples, which is 2σ²(1 − ρ)."""
    del mean_steps
    return 6 / pi**2 * copysign(exp(-4 * pi**2 * std_steps**2), correlation)


def _worst(std_steps: float, correlation: float, mean_steps: float) -> float:
    del mean_steps
    return closed_form.error_whiteness(std_steps, correlation).error_correlation


def _worst_derived(std_steps: float, correlation: float, mean_steps: float) -> float:
    del mean_steps
    harmonics = _harmonics(std_steps, correlation)
    return _double_sum(whiteness.error_whiteness(), harmonics, sigma=std_steps, r=correlation)


def _large_input_is_enough(std_steps: float, correlation: float, mean_steps: float) -> float:
    """Looks at the size of the samples, not of their difference: √q² for the factor q^(2(1−ρ))."""
    del correlation, mean_steps
    return 6 / pi**2 * exp(-4 * pi**2 * std_steps**2)


def _power(std_steps: float, mean_steps: float) -> float:
    del mean_steps
    return closed_form.error_whiteness(std_steps).power


def _power_derived(std_steps: float, mean_steps: float) -> float:
    del mean_steps
    return _sum(whiteness.error_whiteness_power(), std_steps)


def _power_of_uniform(std_steps: float, mean_steps: float) -> float:
    """Takes the error for uniform: no departure."""
    del std_steps, mean_steps
    return 0.0


def _power_at_twice_the_frequency(std_steps: float, mean_steps: float) -> float:
    """Takes the characteristic function at 4π for that at 2π."""
    return _power(2 * std_steps, mean_steps)


def _covariance(std_steps: float, mean_steps: float) -> float:
    del mean_steps
    return closed_form.error_whiteness(std_steps).input_correlation


def _covariance_derived(std_steps: float, mean_steps: float) -> float:
    del mean_steps
    return _sum(whiteness.error_whiteness_input(), std_steps)


def _covariance_without_derivative(std_steps: float, mean_steps: float) -> float:
    """Takes the characteristic function for its derivative: the departure of the power."""
    return _power(std_steps, mean_steps)


def _harmonics(std: float, correlation: float) -> int:
    return ceil(HARMONICS / (std * sqrt(1 - correlation**2)))


def _sum(derivation: Derivation, std: float) -> float:
    """Add up the terms of a closed form over its harmonics n."""
    return sum(derivation.value(n=n, sigma=std) for n in range(1, ceil(HARMONICS / std) + 1))


def _double_sum(derivation: Derivation, harmonics: int, **place: float) -> float:
    """Add up the terms of a closed form over its harmonics m and n."""
    symbols = sorted(derivation.result.free_symbols, key=str)
    term = sp.lambdify(symbols, derivation.result, "mpmath")
    points = ({"m": m, "n": n, **place} for m, n in product(range(1, harmonics + 1), repeat=2))
    return float(sum(term(*(point[symbol.name] for symbol in symbols)) for point in points))


CLAIMS = (
    Claim(
        "rounding_error_gaussian",
        "The error of rounding a Gaussian number has the moments that its characteristic function at 2πn gives.",
        "exact",
        whiteness.rounding_error_gaussian().assumptions,
        whiteness.rounding_error_gaussian,
        _gaussian,
        {"std_steps": SMALL, "mean_steps": MEAN, "rounding": MODES},
        (_uniform, _without_alternation),
        "derivation-rounding_error_gaussian",
        unit="steps, steps²",
        derived=_gaussian_derived,
        cases=8,
    ),
    Claim(
        "input_error_correlation",
        "The error of rounding a Gaussian number correlates with it as the derivative of that function says.",
        "exact",
        whiteness.input_error_correlation().assumptions,
        whiteness.input_error_correlation,
        _input,
        {"std_steps": SMALL, "mean_steps": MEAN, "rounding": MODES},
        (_input_uncorrelated, _input_without_alternation),
        "derivation-input_error_correlation",
        derived=_input_derived,
        cases=8,
    ),
    Claim(
        "error_correlation",
        "The rounding errors of two Gaussian samples correlate as the difference of the samples in steps says.",
        "exact",
        whiteness.error_correlation().assumptions,
        whiteness.error_correlation,
        _pair,
        {"std_steps": Reals(0.2, 1.5), "correlation": Reals(-0.98, 0.98), "mean_steps": MEAN},
        (_pair_white, _pair_by_deviation),
        "derivation-error_correlation",
        derived=_pair_derived,
        cases=10,
    ),
    Claim(
        "error_whiteness",
        "Whatever the mean, two errors have at most the covariance that a mean at half a step gives.",
        "bound",
        whiteness.error_whiteness().assumptions,
        whiteness.error_whiteness,
        _worst,
        {"std_steps": Reals(0.3, 1.5), "correlation": Reals(0.5, 0.98), "mean_steps": MEAN},
        (_large_input_is_enough,),
        "derivation-error_whiteness",
        derived=_worst_derived,
        cases=8,
    ),
    Claim(
        "error_whiteness_power",
        "Whatever the mean, the power of the error exceeds 1/12 by at most what a mean at half a step gives.",
        "bound",
        whiteness.error_whiteness_power().assumptions,
        whiteness.error_whiteness_power,
        _power,
        {"std_steps": Reals(0.3, 0.5), "mean_steps": Reals(0.4, 0.6)},
        (_power_of_uniform, _power_at_twice_the_frequency),
        "derivation-error_whiteness_power",
        derived=_power_derived,
    ),
    Claim(
        "error_whiteness_input",
        "Whatever the mean, input and error have at most the covariance that a mean at half a step gives.",
        "bound",
        whiteness.error_whiteness_input().assumptions,
        whiteness.error_whiteness_input,
        _covariance,
        {"std_steps": Reals(0.3, 0.5), "mean_steps": Reals(0.4, 0.6)},
        (_power_of_uniform, _covariance_without_derivative),
        "derivation-error_whiteness_input",
        derived=_covariance_derived,
    ),
)
