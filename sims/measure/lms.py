"""Runs delayed LMS on independent Gaussian regressors, and enumerates its moments.

A law of three points per axis has the moments of a Gaussian up to the fifth, so that a sum over its points is the exact
mean of what is of degree four: the moments of the weights after an update. Whether they grow is Gelfand's formula.
"""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky
from scipy.optimize import brentq
from scipy.signal import lfilter

from sims.measure import Measurement, Trial, measures

__all__ = [
    "learning_curve",
    "mean_square_lower_bound",
    "mean_square_step_limit",
    "mean_square_time_constant",
    "mean_step_limit",
    "mean_time_constant",
    "misadjustment",
    "mode_energy",
    "mode_gain",
    "small_step_limit",
    "small_step_misadjustment",
    "textbook_step_limit",
    "undelayed_gain",
    "white_learning_curve",
]

Floats = NDArray[np.float64]

SQUARINGS = 40
RESPONSE = 2**15
RUNS = 8_000
RUNS_OF_A_CURVE = 50_000  # of few iterations: the first ones have long tails
SETTLED = 300  # iterations: fifteen of the slowest time constants of the domain, which leave 1e-6 of the start
AVERAGED = 60


@measures("mean_step_limit")
def mean_step_limit(taps: int, correlation: float, power: float, delay: int, *, trial: Trial) -> Measurement:
    """Return the step size at which the mean of the weights begins to grow."""
    del trial
    R = _correlated(taps, correlation, power)
    return Measurement.enumerated(_limit(lambda step: _mean_matrix(R, step, delay)))


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
    excess = _steady_excess(np.eye(1), step, delay)
    return Measurement.enumerated(excess / (1 + excess))


@measures("undelayed_gain")
def undelayed_gain(step: float, *, trial: Trial) -> Measurement:
    """Return the same without a delay."""
    return mode_gain(step, 0, trial=trial)


@measures("mean_square_step_limit")
def mean_square_step_limit(taps: int, correlation: float, power: float, delay: int, *, trial: Trial) -> Measurement:
    """Return the step size at which the second moments of the weights begin to grow."""
    del trial
    R = _correlated(taps, correlation, power)
    return Measurement.enumerated(_limit(lambda step: _moment_matrix(R, step, delay)))


@measures("mean_square_lower_bound")
def mean_square_lower_bound(taps: int, correlation: float, delay: int, *, trial: Trial) -> Measurement:
    """Return the same at a power of one."""
    return mean_square_step_limit(taps, correlation, 1.0, delay, trial=trial)


@measures("small_step_limit")
def small_step_limit(taps: int, correlation: float, delay: int, *, trial: Trial) -> Measurement:
    """Return the same at a power of one."""
    return mean_square_step_limit(taps, correlation, 1.0, delay, trial=trial)


@measures("misadjustment")
def misadjustment(taps: int, correlation: float, step_size: float, delay: int, *, trial: Trial) -> Measurement:
    """Return the mean excess of many runs, each averaged over its end."""
    R = _correlated(taps, correlation, 1.0)
    runs = _run(R, step_size, delay, np.zeros(taps), RUNS, trial)
    total = sum(excess for n, excess in zip(range(SETTLED + AVERAGED), runs, strict=False) if n >= SETTLED)
    return Measurement.mean(total / AVERAGED, false_alarm=trial.false_alarm)


@measures("small_step_misadjustment")
def small_step_misadjustment(
    taps: int, correlation: float, step_size: float, delay: int, *, trial: Trial
) -> Measurement:
    """Return the excess in steady state."""
    del trial
    return Measurement.enumerated(_steady_excess(_correlated(taps, correlation, 1.0), step_size, delay))


@measures("mean_square_time_constant")
def mean_square_time_constant(taps: int, step_size: float, *, trial: Trial) -> Measurement:
    """Return in how many iterations the second moments fall to 1/e, in the long run."""
    del trial
    return Measurement.enumerated(-1 / _growth(_moment_matrix(np.eye(taps), step_size, 0)))


@measures("mean_time_constant")
def mean_time_constant(step_size: float, *, trial: Trial) -> Measurement:
    """Return in how many iterations the mean of one weight falls to 1/e, in the long run, at a delay of one."""
    del trial
    return Measurement.enumerated(-1 / _growth(_mean_matrix(np.eye(1), step_size, 1)))


@measures("learning_curve")
def learning_curve(taps: int, correlation: float, step_size: float, delay: int, *, trial: Trial) -> Measurement:
    """Return the mean square error of many runs from weights of error one, at some iterations."""
    R = _correlated(taps, correlation, 1.0)
    return _curve(R, step_size, delay, (0, delay, delay + 1, 2 * delay + 3, 24), trial)


@measures("white_learning_curve")
def white_learning_curve(taps: int, step_size: float, *, trial: Trial) -> Measurement:
    """Return the same for white regressors without a delay."""
    return _curve(np.eye(taps), step_size, 0, (1, 4, 24), trial)


def _curve(R: Floats, step_size: float, delay: int, places: tuple[int, ...], trial: Trial) -> Measurement:
    """Return 1 + E[vᵀRv], the power of the error given the weights, of which the first are all one."""
    runs = _run(R, step_size, delay, np.ones(len(R)), RUNS_OF_A_CURVE, trial)
    excess = {n: each for n, each in zip(range(max(places) + 1), runs, strict=False) if n in places}
    first = [n for n in places if n <= delay]  # the weights have not moved, and no run differs from another
    later = Measurement.mean(np.stack([excess[n] for n in places[len(first) :]], axis=1), false_alarm=trial.false_alarm)
    start = np.array([excess[n][0] for n in first])
    value, low, high = (np.r_[start, end] + 1 for end in (later.value, later.low, later.high))
    return Measurement(value, low, high, later.samples)


def _run(R: Floats, step_size: float, delay: int, start: Floats, count: int, trial: Trial) -> Iterator[Floats]:
    """Yield vᵀRv of independent runs at each iteration, with noise of power one in what is desired."""
    runs = trial.samples(count)
    root = cholesky(R, lower=True)
    weights = np.broadcast_to(start, (runs, len(start)))
    waiting: deque[Floats] = deque()
    while True:
        yield np.einsum("ri,ij,rj->r", weights, R, weights, optimize=True)
        x = trial.rng.standard_normal(weights.shape) @ root.T
        error = trial.rng.standard_normal(runs) - np.einsum("ri,ri->r", x, weights)
        waiting.append(step_size * error[:, None] * x)
        if len(waiting) > delay:
            weights = weights + waiting.popleft()


def _correlated(taps: int, correlation: float, power: float) -> Floats:
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


def _mean_matrix(R: Floats, step: float, delay: int) -> Floats:
    matrices, chances = _updates(R, step, delay)
    return np.asarray(np.tensordot(chances, matrices, 1))


def _moment_matrix(R: Floats, step: float, delay: int) -> Floats:
    """Return the matrix that takes the second moments of (v_n, …, v_(n−D)), each once, to the next ones."""
    matrices, chances = _updates(R, step, delay)
    size = matrices.shape[1]
    moments = np.tensordot(chances[:, None, None] * matrices, matrices, (0, 0)).transpose(0, 2, 1, 3)
    rows, columns = np.triu_indices(size)
    both = moments[rows, columns][:, rows, columns] + moments[rows, columns][:, columns, rows]
    return np.asarray(both / np.where(rows == columns, 2, 1))


def _steady_excess(R: Floats, step: float, delay: int) -> float:
    """Return E[vᵀRv] in steady state, with noise of power one in what is desired."""
    matrix = _moment_matrix(R, step, delay)
    rows, columns = np.triu_indices(len(R) * (delay + 1))
    new = (rows < len(R)) & (columns < len(R))
    source = np.zeros(len(rows))
    source[new] = step**2 * R[rows[new], columns[new]]
    steady = np.linalg.solve(np.eye(len(rows)) - matrix, source)[new]
    return float(np.sum(R[rows[new], columns[new]] * steady * np.where(rows == columns, 1, 2)[new]))


def _growth(matrix: Floats) -> float:
    """Return the logarithm of the spectral radius, from the norm of a very high power (Gelfand)."""
    growth = 0.0
    for doubling in range(SQUARINGS):
        size = np.linalg.norm(matrix)
        growth += np.log(size) / 2**doubling
        matrix = (matrix / size) @ (matrix / size)
    return float(growth + np.log(np.linalg.norm(matrix)) / 2**SQUARINGS)


def _limit(matrix: Callable[[float], Floats]) -> float:
    """Return the step size at which a matrix begins to grow."""
    high = 0.01
    while _growth(matrix(high)) < 0:
        high *= 1.5
    return float(brentq(lambda step: _growth(matrix(step)), high / 1.5, high, xtol=1e-13))
