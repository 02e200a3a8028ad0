"""Ensembles of delayed LMS on independent Gaussian regressors, and the steady state of their moments."""

from collections import deque
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky

from sims.measure import Measurement, Trial, measures
from sims.measure.lms import correlated, growth, mean_matrix, moment_matrix, steady_excess

__all__ = [
    "learning_curve",
    "mean_square_time_constant",
    "mean_time_constant",
    "misadjustment",
    "small_step_misadjustment",
    "white_learning_curve",
]

Floats = NDArray[np.float64]

RUNS = 8_000
RUNS_OF_A_CURVE = 25_000  # of few iterations: the first ones have long tails
SETTLED = 300  # iterations: fifteen of the slowest time constants of the domain, which leave 1e-6 of the start
AVERAGED = 60


@measures("misadjustment")
def misadjustment(taps: int, correlation: float, step_size: float, delay: int, *, trial: Trial) -> Measurement:
    """Return the mean excess of many runs, each averaged over its end."""
    R = correlated(taps, correlation, 1.0)
    runs = _run(R, step_size, delay, np.zeros(taps), RUNS, trial)
    total = sum(excess for n, excess in zip(range(SETTLED + AVERAGED), runs, strict=False) if n >= SETTLED)
    return Measurement.mean(total / AVERAGED, false_alarm=trial.false_alarm)


@measures("small_step_misadjustment")
def small_step_misadjustment(
    taps: int, correlation: float, step_size: float, delay: int, *, trial: Trial
) -> Measurement:
    """Return the excess in steady state."""
    del trial
    return Measurement.enumerated(steady_excess(correlated(taps, correlation, 1.0), step_size, delay))


@measures("mean_square_time_constant")
def mean_square_time_constant(taps: int, step_size: float, *, trial: Trial) -> Measurement:
    """Return in how many iterations the second moments fall to 1/e, in the long run."""
    del trial
    return Measurement.enumerated(-1 / growth(moment_matrix(np.eye(taps), step_size, 0)))


@measures("mean_time_constant")
def mean_time_constant(step_size: float, *, trial: Trial) -> Measurement:
    """Return in how many iterations the mean of one weight falls to 1/e, in the long run, at a delay of one."""
    del trial
    return Measurement.enumerated(-1 / growth(mean_matrix(np.eye(1), step_size, 1)))


@measures("learning_curve")
def learning_curve(taps: int, correlation: float, step_size: float, delay: int, *, trial: Trial) -> Measurement:
    """Return the mean square error of many runs from weights of error one, at some iterations."""
    R = correlated(taps, correlation, 1.0)
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
