"""What the closed forms and the exact moments say of an ensemble of LMS predictors, and how far the ensemble is off."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

import fxp
from fxp.lms.moments import MomentOperator
from sims.ensembles import BOUND, Ensemble, Ensembles, Regressors
from sims.intervals import DECIBELS

__all__ = [
    "DRIVES",
    "ESTIMATE",
    "Agreement",
    "Prediction",
    "agreement",
    "exact_misadjustment",
    "exact_moments",
    "gaussian_misadjustment",
    "predicted_curve",
    "process_of",
    "step_limit",
]

Floats = NDArray[np.float64]

DRIVES = {
    "gaussian": fxp.Signal.gaussian(),
    "uniform": fxp.Signal.uniform(-(3**0.5), 3**0.5),
    "sign": fxp.Signal.from_samples([-1, 1]),
}
SEEN = 0.1  # of the mean
LARGEST = BOUND**2  # of a predicted error power
BUILDING = Lock()  # an operator is built once, by whichever thread is first
MOST_WORK = 2e8  # unknowns times iterations of a trajectory, about ten seconds
ESTIMATE = {Regressors.DELAY_LINE: "controlled", Regressors.INDEPENDENT: "conditional"}  # with the least noise


@dataclass(frozen=True, eq=False)
class Prediction:
    """A learning curve that was predicted.

    Parameters
    ----------
    tier : str
        "gaussian", exact for independent regressors and for others an approximation, or "operator", exact moments.
    mse : ndarray of float64, shape (length,)
        E[e_n²]; shorter than the ensemble where it grows beyond all bounds.
    weights : ndarray of float64, shape (length, taps)
        E[w_n].
    stable : bool
        Whether the step size is below the limit of the tier.
    """

    tier: str
    mse: Floats
    weights: Floats
    stable: bool


@dataclass(frozen=True)
class Agreement:
    """How far a measured learning curve is from the predicted one.

    Parameters
    ----------
    horizon : int
        Iterations that were compared. Above the limit, those before the standard error reaches a tenth of the mean:
        then the power is that of runs which are too few to be seen.
    largest_db, error_db : float
        Largest distance, and the standard error of the measurement there, dB.
    largest_errors : float
        Largest distance in standard errors.
    """

    horizon: int
    largest_db: float
    error_db: float
    largest_errors: float


@cache
def process_of(moving_average: tuple[float, ...], autoregressive: tuple[float, ...], drive: str) -> fxp.Process:
    """Return a process whose draws are of unit power; the same object for the same arguments.

    Examples
    --------
    >>> process_of((1.0, 0.5), (), "sign").power
    1.25
    """
    return fxp.Process(moving_average, autoregressive, DRIVES[drive])


@cache
def exact_moments(process: fxp.Process, taps: int, delay: int, regressors: Regressors) -> MomentOperator | None:
    """Return the operator of the second moments, or None where there is none: it takes a moving average, and memory.

    Examples
    --------
    >>> exact_moments(fxp.Process([1.0], autoregressive=[0.5]), 2, 0, Regressors.DELAY_LINE) is None
    True
    """
    try:
        return fxp.moment_operator(process, taps, delay=delay, independent=regressors is Regressors.INDEPENDENT)
    except ValueError:
        return None


def step_limit(ensemble: Ensemble) -> tuple[str, float]:
    """Return the tier of the best mean-square limit that there is for an ensemble, and the limit.

    Examples
    --------
    >>> tier, limit = step_limit(Ensemble(fxp.Process([0.1, 0.5, -0.5, 0.1]), 0.1, delay=5))
    >>> tier, round(limit, 4)
    ('operator', 0.1799)
    """
    operator = _exact(ensemble)
    if operator is not None:
        return "operator", operator.step_limit(factor=ensemble.factor)
    limit = fxp.mean_square_step_limit(ensemble.correlation, delay=ensemble.delay, factor=ensemble.factor)
    return "gaussian", float(limit)


def exact_misadjustment(ensemble: Ensemble) -> float | None:
    """Return the misadjustment of a delay line by exact moments; None from their limit on, or where not found.

    Examples
    --------
    >>> process = process_of((0.1, 0.5, -0.5, 0.1), (), "gaussian")
    >>> round(exact_misadjustment(Ensemble(process, 0.05, delay=5)), 3)
    0.051
    """
    operator = _exact(ensemble)
    if operator is None or ensemble.step_size >= step_limit(ensemble)[1]:
        return None
    try:
        return float(operator.misadjustment(ensemble.step_size, factor=ensemble.factor))
    except ArithmeticError:  # no convergence
        return None


def gaussian_misadjustment(ensemble: Ensemble) -> float | None:
    """Return the misadjustment of independent Gaussian regressors, or None above their limit.

    Examples
    --------
    >>> process = process_of((0.1, 0.5, -0.5, 0.1), (), "gaussian")
    >>> round(gaussian_misadjustment(Ensemble(process, 0.05, delay=5)), 3)
    0.051
    """
    R, delay, factor = ensemble.correlation, ensemble.delay, ensemble.factor
    if ensemble.step_size >= fxp.mean_square_step_limit(R, delay=delay, factor=factor):
        return None
    return float(fxp.misadjustment(R, ensemble.step_size, delay=delay, factor=factor))


@cache
def predicted_curve(ensemble: Ensemble) -> Prediction:
    """Return the learning curve of an ensemble by the best tier."""
    operator, best = _exact(ensemble), np.array(ensemble.optimum.weights)
    if operator is None:
        return _gaussian_curve(ensemble, best)
    radius = operator.spectral_radius(ensemble.step_size, factor=ensemble.factor)
    longest = np.log(LARGEST) / np.log(radius) + ensemble.delay if radius > 1 else np.inf
    length = int(min(ensemble.iterations, longest, MOST_WORK / operator.driven_size.unknowns)) + 1
    with BUILDING:
        operator.trajectory(ensemble.step_size, 1, initial_error=-best)
    moments = operator.trajectory(ensemble.step_size, length, initial_error=-best, factor=ensemble.factor)
    return _cut("operator", moments.mse, best + moments.mean_error, ensemble, stable=radius < 1)


def _exact(ensemble: Ensemble) -> MomentOperator | None:
    """Return the operator of a delay line: for independent regressors the closed form is exact, and faster."""
    if ensemble.regressors is Regressors.INDEPENDENT:
        return None
    return exact_moments(ensemble.process, ensemble.taps, ensemble.delay, ensemble.regressors)


def _gaussian_curve(ensemble: Ensemble, best: Floats) -> Prediction:
    """Return the closed form's curve, as far as it stays finite."""
    limit = float(fxp.mean_square_step_limit(ensemble.correlation, delay=ensemble.delay, factor=ensemble.factor))
    length, above = ensemble.iterations, ensemble.step_size >= limit
    while True:
        try:
            curve = _certified_curve(ensemble, best, length, above=above)
        except ValueError:
            length = max(length // 2, 1)
        else:
            return _cut("gaussian", curve.mse, best + curve.mean_error, ensemble, stable=not above)


def _certified_curve(ensemble: Ensemble, best: Floats, length: int, *, above: bool) -> fxp.LearningCurve:
    with warnings.catch_warnings():
        if above:
            warnings.simplefilter("ignore", RuntimeWarning)
        return fxp.learning_curve(
            ensemble.correlation,
            ensemble.step_size,
            length,
            minimum_mse=ensemble.optimum.mse,
            initial_error=-best,
            delay=ensemble.delay,
            factor=ensemble.factor,
            outside="warn",
        )


def _cut(tier: str, mse: Floats, weights: Floats, ensemble: Ensemble, *, stable: bool) -> Prediction:
    inside = np.isfinite(mse) & (mse < LARGEST) & np.isfinite(weights).all(axis=1)
    length = min(int(np.argmin(inside)) if not inside.all() else len(mse), ensemble.iterations)
    return Prediction(tier, mse[:length], weights[:length], stable)


def agreement(found: Ensembles, predicted: Prediction, estimate: str) -> Agreement:
    """Return how far an estimate of the error power is from what was predicted, over the whole curve.

    Parameters
    ----------
    found : Ensembles
        Measured.
    predicted : Prediction
        Of the same ensemble.
    estimate : {"squared", "controlled", "conditional"}
        Which of them.
    """
    curve = getattr(found, estimate)
    length = len(predicted.mse)
    mean, error = curve.mean[:length], curve.error[:length]
    late = (error > SEEN * np.abs(mean)) & (not predicted.stable)
    horizon = max(int(np.argmax(late)) if late.any() else length, 1)
    mean, error, wanted = mean[:horizon], error[:horizon], predicted.mse[:horizon]
    distance_db = np.abs(DECIBELS * np.log(mean / wanted))
    worst = int(np.argmax(distance_db))
    noise = np.maximum(error, 1e-12 * wanted)  # before the first update all runs are alike
    return Agreement(
        horizon,
        float(distance_db[worst]),
        float(DECIBELS * error[worst] / mean[worst]),
        float(np.max(np.abs(mean - wanted) / noise)),
    )
