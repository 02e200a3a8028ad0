"""Enumerates the moments of delayed LMS on independent Gaussian regressors.

A law of three points per axis has the moments of a Gaussian up to the fifth, so that a sum over its points is the exact
mean of what is of degree four: the moments of the weights after an update. Whether they grow is Gelfand's formula.
"""

from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky
from scipy.optimize import brentq
from scipy.signal import lfilter

from sims.measure import Measurement, Trial, measures

__all__ = [
    "correlated",
    "growth",
    "mean_matrix",
    "mean_square_lower_bound",
    "mean_square_step_limit",
    "mean_step_limit",
    "mode_energy",
    "mode_gain",
    "moment_matrix",
    "small_step_limit",
    "steady_excess",
    "textbook_step_limit",
    "undelayed_gain",
]

Floats = NDArray[np.float64]

SQUARINGS = 40
RESPONSE = 2**15


@measures("mean_step_limit")
def mean_step_limit(taps: int, correlation: float, power: float, delay: int, *, trial: Trial) -> Measurement:
    """Return the step size at which the mean of the weights begins to grow."""
    del trial
    R = correlated(taps, correlation, power)
    return Measurement.enumerated(_limit(lambda step: mean_matrix(R, step, delay)))


@measures("textbook_step_limit")
def textbook_step_limit(taps: int, correlation: float, power: float, *, trial: Trial) -> Measurement:
    """Return the same without a delay."""
    return mean_step_limit(taps, correlation, power, 0, trial=trial)


@measures("mode_energy")
def mode_energy(step: float, delay: int, *, trial: Trial) -> Measurement:
    """Return the sum of the squares of the response to a pulse."""
    del trial
    recursion = np.zeros(delay + 2)
    recursion[:2] = 1.0, -1.0
    recursion[delay + 1] += step
    response = lfilter([1.0], recursion, np.r_[1.0, np.zeros(RESPONSE)])
    return Measurement.enumerated(np.sum(response**2))


@measures("mode_gain")
def mode_gain(step: float, delay: int, *, trial: Trial) -> Measurement:
    """Return what one weight adds to the power of the error, over the whole of it, in steady state."""
    del trial
    excess = steady_excess(np.eye(1), step, delay)
    return Measurement.enumerated(excess / (1 + excess))


@measures("undelayed_gain")
def undelayed_gain(step: float, *, trial: Trial) -> Measurement:
    """Return the same without a delay."""
    return mode_gain(step, 0, trial=trial)


@measures("mean_square_step_limit")
def mean_square_step_limit(taps: int, correlation: float, power: float, delay: int, *, trial: Trial) -> Measurement:
    """Return the step size at which the second moments of the weights begin to grow."""
    del trial
    R = correlated(taps, correlation, power)
    return Measurement.enumerated(_limit(lambda step: moment_matrix(R, step, delay)))


@measures("mean_square_lower_bound")
def mean_square_lower_bound(taps: int, correlation: float, delay: int, *, trial: Trial) -> Measurement:
    """Return the same at a power of one."""
    return mean_square_step_limit(taps, correlation, 1.0, delay, trial=trial)


@measures("small_step_limit")
def small_step_limit(taps: int, correlation: float, delay: int, *, trial: Trial) -> Measurement:
    """Return the same at a power of one."""
    return mean_square_step_limit(taps, correlation, 1.0, delay, trial=trial)


def correlated(taps: int, correlation: float, power: float) -> Floats:
    """Return R of taps of equal power, any two of which have the same correlation."""
    return power * ((1 - correlation) * np.eye(taps) + correlation * np.ones((taps, taps)))


def _points(R: Floats) -> tuple[Floats, Floats]:
    """Return regressors and weights of a law that has the moments of the Gaussian one up to the fifth."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    axes = len(R)
    grid = np.array(list(product(nodes, repeat=axes)))
    chances = np.prod(list(product(weights / weights.sum(), repeat=axes)), axis=1)
    return grid @ cholesky(R, lower=True).T, chances


def _updates(R: Floats, step: float, delay: int) -> tuple[Floats, Floats]:
    """Return the matrices that take (v_n, …, v_(n−D)) to the next one, for each regressor, and their chances."""
    x, chances = _points(R)
    taps, size = len(R), len(R) * (delay + 1)
    matrices = np.tile(np.eye(size, k=-taps), (len(x), 1, 1))
    matrices[:, :taps, :taps] += np.eye(taps)
    matrices[:, :taps, size - taps :] -= step * x[:, :, None] * x[:, None, :]
    return matrices, chances


def mean_matrix(R: Floats, step: float, delay: int) -> Floats:
    """Return the matrix that takes the mean of (v_n, …, v_(n−D)) to the next one."""
    matrices, chances = _updates(R, step, delay)
    return np.asarray(np.tensordot(chances, matrices, 1))


def moment_matrix(R: Floats, step: float, delay: int) -> Floats:
    """Return the matrix that takes the second moments of (v_n, …, v_(n−D)), each once, to the next ones."""
    matrices, chances = _updates(R, step, delay)
    size = matrices.shape[1]
    moments = np.tensordot(chances[:, None, None] * matrices, matrices, (0, 0)).transpose(0, 2, 1, 3)
    rows, columns = np.triu_indices(size)
    both = moments[rows, columns][:, rows, columns] + moments[rows, columns][:, columns, rows]
    return np.asarray(both / np.where(rows == columns, 2, 1))


def steady_excess(R: Floats, step: float, delay: int) -> float:
    """Return E[vᵀRv] in steady state, with noise of power one in what is desired."""
    matrix = moment_matrix(R, step, delay)
    rows, columns = np.triu_indices(len(R) * (delay + 1))
    new = (rows < len(R)) & (columns < len(R))
    source = np.zeros(len(rows))
    source[new] = step**2 * R[rows[new], columns[new]]
    steady = np.linalg.solve(np.eye(len(rows)) - matrix, source)[new]
    return float(np.sum(R[rows[new], columns[new]] * steady * np.where(rows == columns, 1, 2)[new]))


def growth(matrix: Floats) -> float:
    """Return the logarithm of the spectral radius, from the norm of a very high power (Gelfand)."""
    total = 0.0
    for doubling in range(SQUARINGS):
        size = np.linalg.norm(matrix)
        total += np.log(size) / 2**doubling
        matrix = (matrix / size) @ (matrix / size)
    return float(total + np.log(np.linalg.norm(matrix)) / 2**SQUARINGS)


def _limit(matrix: Callable[[float], Floats]) -> float:
    """Return the step size at which a matrix begins to grow."""
    high = 0.01
    while growth(matrix(high)) < 0:
        high *= 1.5
    return float(brentq(lambda step: growth(matrix(step)), high / 1.5, high, xtol=1e-13))
