"""Second moments of LMS over all draws there are: states enumerated, sequences enumerated, and long runs of growth."""

from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from sims.measure import Measurement, Trial, measures

__all__ = [
    "error_after_one_update",
    "exponent_below_radius",
    "gauss_hermite",
    "memory_step_limit",
    "moments_before_feedback",
    "point_radius",
    "second_moment_of_two_steps",
    "signs_radius",
    "signs_step_limit",
    "weight_errors",
]

Floats = NDArray[np.float64]
Law = tuple[Floats, Floats]

SIGNS: Law = (np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
RUNS, ITERATIONS = 400, 500


def gauss_hermite(count: int) -> Law:
    """Return points and weights with the moments of a standard Gaussian below the degree 2·count."""
    points, weights = np.polynomial.hermite_e.hermegauss(count)
    return points, weights / weights.sum()


@measures("second_moment_of_two_steps")
def second_moment_of_two_steps(step_size: float, coefficient: float, *, trial: Trial) -> Measurement:
    """Return the mean square of the weight error after two iterations, over all draws."""
    del trial
    errors, probabilities = weight_errors(gauss_hermite(6), [1.0, coefficient], 1, 0, step_size, 2)
    return Measurement.enumerated(probabilities @ errors[-1, :, 0] ** 2)


@measures("moments_before_feedback")
def moments_before_feedback(updates: int, step_size: float, coefficient: float, *, trial: Trial) -> Measurement:
    """Return the mean square of the weight error after the first updates that a delay lets pass, over all draws."""
    del trial
    errors, probabilities = weight_errors(gauss_hermite(4), [1.0, coefficient], 1, updates - 1, step_size, updates)
    return Measurement.enumerated(probabilities @ errors[-1, :, 0] ** 2)


@measures("signs_radius")
def signs_radius(step_size: float, coefficient: float, *, trial: Trial) -> Measurement:
    """Return the largest eigenvalue of the map of second moments in each state."""
    del trial
    return Measurement.enumerated(point_radius(SIGNS, [1.0, coefficient], 1, 0, step_size))


@measures("signs_step_limit")
def signs_step_limit(coefficient: float, *, trial: Trial) -> Measurement:
    """Return the step size at which that eigenvalue is one."""
    del trial
    return Measurement.enumerated(_crossing(partial(point_radius, SIGNS, [1.0, coefficient], 1, 0)))


@measures("memory_step_limit")
def memory_step_limit(coefficient: float, *, trial: Trial) -> Measurement:
    """Return the same for Gaussian draws, by as many points as its moments need."""
    del trial
    return Measurement.enumerated(_crossing(partial(point_radius, gauss_hermite(6), [1.0, coefficient], 1, 0)))


@measures("error_after_one_update")
def error_after_one_update(step_size: float, coefficient: float, *, trial: Trial) -> Measurement:
    """Return the mean square error after one update of the optimal weight, over all signs."""
    del trial
    draws = np.array(list(product((-1.0, 1.0), repeat=4))).T
    oldest, middle, newest = draws[1:] + coefficient * draws[:-1]
    optimum = np.mean(middle * oldest) / np.mean(oldest**2)
    weight = optimum + step_size * (middle - optimum * oldest) * oldest
    return Measurement.enumerated(np.mean((newest - weight * middle) ** 2))


@measures("exponent_below_radius")
def exponent_below_radius(step_size: float, coefficient: float, *, trial: Trial) -> Measurement:
    """Return the growth of the logarithm of a weight error, of independent runs."""
    draws = trial.rng.choice([-1.0, 1.0], (trial.samples(RUNS), ITERATIONS + 1))
    samples = draws[:, 1:] + coefficient * draws[:, :-1]
    growth = np.log(np.abs(1 - step_size * samples**2)).mean(axis=1)
    return Measurement.mean(growth, false_alarm=trial.false_alarm)


def weight_errors(
    law: Law, average: list[float], taps: int, delay: int, step_size: float, updates: int
) -> tuple[Floats, Floats]:
    """Return weight errors, shape (updates + D + 1, sequences, taps), from ones on, and each sequence's probability."""
    points, weights = law
    count = taps + len(average) + updates - 2
    draws = np.array(list(product(points, repeat=count)))
    probabilities = np.array(list(product(weights, repeat=count))).prod(axis=1)
    samples = np.lib.stride_tricks.sliding_window_view(draws, len(average), axis=1) @ np.array(average)[::-1]
    errors = [np.ones((len(draws), taps))] * (delay + 1)
    for n in range(updates):
        regressor = samples[:, n : n + taps][:, ::-1]
        late = errors[n]
        errors.append(errors[-1] - step_size * np.sum(regressor * late, axis=1, keepdims=True) * regressor)
    return np.array(errors), probabilities


def point_radius(law: Law, average: list[float], taps: int, delay: int, step_size: float) -> float:
    """Return the spectral radius of the map of E[v vᵀ; state], v all D + 1 errors, states the draws still needed."""
    points, weights = law
    remembered, size = taps + len(average) - 2, taps * (delay + 1)
    states = list(product(range(len(points)), repeat=remembered))
    places = {state: place for place, state in enumerate(states)}
    step = np.zeros((len(states), size**2, len(states), size**2))
    for state, newest in product(states, range(len(points))):
        draws = (newest, *state)
        change = _change(points[list(draws)], average, taps, delay, step_size)
        step[places[draws[:remembered]], :, places[state], :] += weights[newest] * np.kron(change, change)
    return float(np.max(np.abs(np.linalg.eigvals(step.reshape(len(states) * size**2, -1)))))


def _change(draws: Floats, average: list[float], taps: int, delay: int, step_size: float) -> Floats:
    """Return the matrix from (v_(n+D), …, v_n) to (v_(n+D+1), …, v_(n+1)), of draws with the newest first."""
    regressor = np.array([np.dot(average, draws[tap : tap + len(average)]) for tap in range(taps)])
    change = np.eye(taps * (delay + 1), k=-taps)
    change[:taps, :taps] = np.eye(taps)
    change[:taps, -taps:] -= step_size * np.outer(regressor, regressor)
    return change


def _crossing(radius: Callable[[float], float]) -> float:
    step = 0.1
    while radius(step) < 1:
        step *= 1.1
    return float(brentq(lambda each: radius(each) - 1, step / 1.1, step, xtol=1e-14))
