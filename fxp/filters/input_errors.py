"""Joint moments of successive samples of a process and of the errors of quantising them, granular and overload apart.

Two routes, both exact: Mehler's series of Hermite coefficients where the process is Gaussian, and an enumeration of all
draws where it is a moving average of draws with few values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fxp.formats import Format, Overflow, Rounding
from fxp.laws import Gaussian, Samples
from fxp.processes import Process
from fxp.quantization import encode
from fxp.quantizers import ErrorPoints, error_points, require_resolved
from fxp.signals import Signal

__all__ = ["ErrorMoments", "InputErrors", "error_covariance", "input_errors"]

Floats = NDArray[np.float64]
LEFT_OUT = 1e-12  # of the power of an error: what Mehler's series may leave out
MAX_TERMS = 5000
FARTHEST = 13.0  # deviations: values beyond weigh less than 1e-18 in any coefficient
PHASE = 8.0  # of the last Hermite function across a panel, which 16 points integrate to rounding
MAX_COMBINATIONS = 2**20


@dataclass(frozen=True, eq=False)
class ErrorMoments:
    """Second moments of the quantisation errors e of N samples.

    Parameters
    ----------
    mean : float
        E[e].
    cross : ndarray of float64, shape (1 + N, N)
        E[x e]: the desired sample and the N samples by the N errors.
    power : ndarray of float64, shape (N, N)
        E[e e'].
    """

    mean: float
    cross: Floats
    power: Floats


@dataclass(frozen=True, eq=False)
class InputErrors:
    """A desired sample, the samples that it is predicted from, and the errors of quantising the latter.

    Parameters
    ----------
    correlation : ndarray of float64, shape (1 + N, 1 + N)
        Autocorrelation of the desired sample and the N samples.
    granular, total : ErrorMoments
        Of the errors of values inside of the range alone, and of all errors.
    overload_probability : float
        That one sample is outside.
    """

    correlation: Floats
    granular: ErrorMoments
    total: ErrorMoments
    overload_probability: float


@lru_cache(maxsize=512)
def input_errors(
    process: Process, lags: tuple[int, ...], fmt: Format, rounding: Rounding, overflow: Overflow
) -> InputErrors:
    """Return the joint moments of x_n, of x_(n−k) for the lags k, and of the errors of the latter in a format.

    Parameters
    ----------
    process : Process
        Gaussian, or a moving average of draws of few values.
    lags : tuple of int
        Positive, increasing.
    fmt : Format
        At most 32 bits, and 400 fractional bits either way.
    rounding, overflow : mode
        Members.

    Raises
    ------
    ValueError
        The process is of another kind or its samples are too alike, the format is out of range, or the overflow mode
        is ERROR.

    Examples
    --------
    >>> errors = input_errors(Process([1.0]), (1, 2), Format(4, 2), Rounding.HALF_EVEN, Overflow.SATURATE)
    >>> (errors.total.power * 1e3).round(3)
    array([[22.407,  0.058],
           [ 0.058, 22.407]])
    """
    require_resolved("x_format", fmt)
    if overflow is Overflow.ERROR:
        raise ValueError("overflow=ERROR has no loss: choose what becomes of values out of range")
    if _is_gaussian(process.drive):
        return _of_gaussian(process, lags, fmt, rounding, overflow)
    return _of_few_values(process, lags, fmt, rounding, overflow)


def error_covariance(
    fmt: Format,
    rms: float,
    correlation: float,
    *,
    rounding: Rounding = Rounding.HALF_EVEN,
    overflow: Overflow = Overflow.SATURATE,
) -> float:
    """Return E[e e'] of the quantisation errors of two jointly Gaussian samples of zero mean (exact to 1e-12 of E[e²]).

    By Mehler's series, the sum of ρ^k·c_k² over the Hermite coefficients c_k of the error.

    Parameters
    ----------
    fmt : Format
        At most 32 bits.
    rms : float
        Of both samples, positive.
    correlation : float
        Coefficient ρ of the samples; within ±0.994.
    rounding, overflow : mode
        Members; not ERROR.

    Raises
    ------
    ValueError
        The correlation is beyond.

    References
    ----------
    Derivation: :ref:`derivation-error_covariance`.

    Examples
    --------
    >>> round(error_covariance(Format(4, 3), 1.0, 0.5), 6)
    0.066647
    """
    terms = _terms(abs(correlation))
    series = _hermite_series(fmt, rms, rounding, overflow, terms)
    return float((series.granular + series.overload) ** 2 @ correlation ** np.arange(terms + 1.0))


@dataclass(frozen=True, eq=False)
class _Series:
    """Hermite coefficients and powers of both parts of an error."""

    granular: Floats
    overload: Floats
    granular_power: float
    overload_power: float
    overload_probability: float


def _is_gaussian(drive: Signal) -> bool:
    law = drive.known_law
    return isinstance(law, Gaussian) and law.low == -math.inf and drive.zero_atom == 0


def _of_gaussian(
    process: Process, lags: tuple[int, ...], fmt: Format, rounding: Rounding, overflow: Overflow
) -> InputErrors:
    correlation, rms = _window_correlation(process, lags)
    coefficients = correlation[1:, 1:] / rms**2
    apart = coefficients[~np.eye(len(lags), dtype=bool)]
    terms = _terms(float(np.max(np.abs(apart), initial=0.0)))
    series = _hermite_series(fmt, rms, rounding, overflow, terms)

    def moments(hermite: Floats, power: float) -> ErrorMoments:
        covariance = _mehler(hermite, coefficients)
        np.fill_diagonal(covariance, power)
        return ErrorMoments(float(hermite[0]), correlation[:, 1:] / rms * hermite[1], covariance)

    return InputErrors(
        correlation,
        moments(series.granular, series.granular_power),
        moments(series.granular + series.overload, series.granular_power + series.overload_power),
        series.overload_probability,
    )


def _window_correlation(process: Process, lags: tuple[int, ...]) -> tuple[Floats, float]:
    times = np.array((0, *lags))
    values = process.autocorrelation(int(times.max()))
    return values[np.abs(times[:, np.newaxis] - times)], math.sqrt(values[0])


def _mehler(hermite: Floats, coefficients: Floats) -> Floats:
    """Return Σ ρ^k c_k² for each correlation coefficient ρ, once for each value that occurs."""
    values, places = np.unique(coefficients, return_inverse=True)
    powers = np.arange(float(len(hermite)))
    sums = np.array([hermite**2 @ value**powers for value in values])
    return np.asarray(sums[places].reshape(coefficients.shape))


def _terms(correlation: float) -> int:
    """Return how many coefficients leave out `LEFT_OUT` of the power at most: ρ^terms of it."""
    if correlation == 0:
        return 1
    terms = max(math.ceil(math.log(LEFT_OUT) / math.log(correlation)), 1) if correlation < 1 else MAX_TERMS + 1
    if terms > MAX_TERMS:
        raise ValueError(
            f"process with samples of correlation {correlation:.6g} is not within ±{LEFT_OUT ** (1 / MAX_TERMS):.3f}, "
            "where the series of their errors is exact: take method='noise_model', or measure"
        )
    return terms


@lru_cache(maxsize=512)
def _hermite_series(fmt: Format, rms: float, rounding: Rounding, overflow: Overflow, terms: int) -> _Series:
    """Return E[e·He_k(x/σ)]/√k! for k = 0 … terms, of the error e of values of zero mean."""
    deviation = rms * 2.0**fmt.frac_bits
    panels = max(2, math.ceil(math.sqrt(2 * terms) / PHASE))
    law = Gaussian(0.0, deviation, panels_a_deviation=panels)
    points = error_points(fmt.word_bits, law, rounding, overflow, signed=fmt.signed)
    powers = points.weight * points.error**2
    outside = points.overloaded
    granular, overload = _coefficients(points, deviation, terms) / 2.0**fmt.frac_bits
    return _Series(
        granular,
        overload,
        float(np.sum(powers[~outside])) / 4.0**fmt.frac_bits,
        float(np.sum(powers[outside])) / 4.0**fmt.frac_bits,
        float(np.sum(points.weight[outside])),
    )


def _coefficients(points: ErrorPoints, deviation: float, terms: int) -> Floats:
    """Return the coefficients of the granular and of the overload error, by the recurrence of normed polynomials."""
    near = np.abs(points.value) < FARTHEST * deviation
    z, outside = points.value[near] / deviation, points.overloaded[near]
    error = points.weight[near] * points.error[near]
    parts = np.stack([np.where(outside, 0.0, error), np.where(outside, error, 0.0)])
    before, now = np.zeros_like(z), np.ones_like(z)
    found = np.empty((2, terms + 1))
    for k in range(terms + 1):
        found[:, k] = parts @ now
        before, now = now, (z * now - math.sqrt(k) * before) / math.sqrt(k + 1)
    return found


def _of_few_values(
    process: Process, lags: tuple[int, ...], fmt: Format, rounding: Rounding, overflow: Overflow
) -> InputErrors:
    if rounding is Rounding.STOCHASTIC:
        raise ValueError("rounding=STOCHASTIC is not enumerated for a drive of few values: choose a mode without draws")
    x, weight = _windows(process, lags)
    codes = encode(x[1:], fmt, rounding=rounding, overflow=overflow)
    unlimited = encode(x[1:], Format(53, fmt.frac_bits), rounding=rounding)
    inside = (unlimited >= fmt.min_code) & (unlimited <= fmt.max_code)
    errors = codes * fmt.step - x[1:]

    def moments(part: Floats) -> ErrorMoments:
        return ErrorMoments(float(part[0] @ weight), (x * weight) @ part.T, (part * weight) @ part.T)

    return InputErrors(
        (x * weight) @ x.T, moments(np.where(inside, errors, 0.0)), moments(errors), float(~inside[0] @ weight)
    )


def _windows(process: Process, lags: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return x_n and x_(n−k), shape (1 + N, combinations), for all combinations of draws, and their probabilities."""
    draws = lags[-1] + len(process.moving_average)
    if process.autoregressive or not isinstance(process.drive.known_law, Samples):
        raise ValueError(
            f"process={process} is neither Gaussian nor a moving average of draws of few values, for which the loss "
            "is known exactly: take method='noise_model', or measure"
        )
    values, weights = process.drive.nodes()
    levels, places = np.unique(values, return_inverse=True)
    chances = np.bincount(places, weights)
    levels, chances = levels[chances > 0], chances[chances > 0]
    if len(levels) ** draws > MAX_COMBINATIONS:
        raise ValueError(
            f"drive of {len(levels)} values has {len(levels)}^{draws} combinations, not at most {MAX_COMBINATIONS}: "
            "take method='noise_model', or measure"
        )
    grid = np.indices((len(levels),) * draws).reshape(draws, -1)
    g = levels[grid]
    x = np.stack([np.array(process.moving_average) @ g[lag : lag + len(process.moving_average)] for lag in (0, *lags)])
    return x, np.prod(chances[grid], axis=0)
