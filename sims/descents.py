"""Stochastic gradient descent on the system that learns an angle, in floats or with the weights in words."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fxp.backprop.angle_costs import angle_cost
from fxp.backprop.angle_minima import angle_minimum
from fxp.formats import Format

__all__ = ["Descent", "End", "Update", "descend", "end_of", "outputs"]

Floats = NDArray[np.float64]

BEYOND = 5e3  # a weight of this size does not come back, and its scale still has a closed form
COLLAPSED = 0.05  # largest scale of an output that counts as zero


class Update(StrEnum):
    """How a descent writes its weights."""

    FLOAT = "float"
    NEAREST = "nearest"
    STOCHASTIC = "stochastic"


class End(StrEnum):
    """Where a descent ends."""

    GLOBAL = "global minimum"
    COLLAPSED = "collapsed, w3 = 0"
    ELSEWHERE = "elsewhere"
    DIVERGED = "diverged"


@dataclass(frozen=True, eq=False)
class Descent:
    """The path of the weights.

    Parameters
    ----------
    steps : ndarray of int64, shape (records,)
        After how many updates each record was taken.
    weights : ndarray of float64, shape (records, 3)
        The records; those from a divergence on repeat the last weights before it.
    diverged_at : int or None
        The update that made a weight larger than 5000, or no number.
    still_since : int
        The last update that changed a weight.
    """

    steps: NDArray[np.int64]
    weights: Floats
    diverged_at: int | None
    still_since: int


def descend(
    start: Floats,
    angles: Floats,
    step_size: float,
    *,
    factor: float = 1.0,
    word: Format | None = None,
    update: Update = Update.FLOAT,
    rng: np.random.Generator | None = None,
    records: int = 200,
) -> Descent:
    """Return the path of w + μ·factor·(θ − y)·∂y/∂w, one update an angle.

    Parameters
    ----------
    start : ndarray of float64, shape (3,)
        The first weights.
    angles : ndarray of float64, shape (n,)
        Training samples, in this order.
    step_size : float
        μ.
    factor : float
        1, or 2 for a step along the slope of the squared error.
    word : Format, optional
        Signed one of the weights, for `update` other than FLOAT: they saturate.
    update : Update
        FLOAT; or round each new weight to the nearest of the word's values, ties to even, or to one of both
        neighbours, with the probability of the fraction.
    rng : numpy.random.Generator, optional
        Draws for STOCHASTIC: one a weight and update.
    records : int
        How many times the path is recorded, the start included.

    Raises
    ------
    ValueError
        A word or a generator is missing where the update needs it.
    """
    if (update is Update.FLOAT) != (word is None):
        raise ValueError(f"update={update.value} and word={word} do not fit: a word goes with nearest or stochastic")
    if update is Update.STOCHASTIC and rng is None:
        raise ValueError("rng=None draws nothing: give a generator to update=stochastic")
    draws = np.full((1, 3), 0.5) if rng is None or update is not Update.STOCHASTIC else rng.random((len(angles), 3))
    steps = np.unique(np.linspace(0, len(angles), records).astype(np.int64))
    grid = (1.0, 0.0, 0.0) if word is None else (word.step, word.min, word.max)
    path, diverged, still = _path(
        start.astype(np.float64), angles, factor * step_size, steps, grid, word is not None, draws
    )
    return Descent(steps, path, None if diverged < 0 else int(diverged), int(still))


def end_of(descent: Descent) -> End:
    """Return where a descent ended."""
    last = descent.weights[-1]
    if descent.diverged_at is not None:
        return End.DIVERGED
    if angle_cost(last) < (angle_minimum().cost + np.pi**2 / 3) / 2:
        return End.GLOBAL
    collapsed = abs(last[2]) * (last[0] ** 2 + last[1] ** 2) < COLLAPSED and last[0] * last[1] > 0
    return End.COLLAPSED if collapsed else End.ELSEWHERE


def outputs(weights: Floats, angles: Floats) -> Floats:
    """Return the output of the system at angles."""
    inner = weights[2] * (weights[0] * np.cos(angles) + weights[1] * np.sin(angles)) ** 2
    return np.asarray(np.log1p(inner**2))


@njit(cache=True)
def _path(start, angles, step_size, steps, grid, in_words, draws):  # type: ignore[no-untyped-def]
    """Return records of the path, the update that diverged or -1, and the last one that changed anything."""
    step, low, high = grid
    weights, new = start.copy(), np.empty(3)
    path = np.empty((len(steps), 3))
    record, still = 0, 0
    for number in range(len(angles)):
        while record < len(steps) and steps[record] == number:
            path[record] = weights
            record += 1
        first, second = np.cos(angles[number]), np.sin(angles[number])
        sum1 = weights[0] * first + weights[1] * second
        square = sum1 * sum1
        sum2 = weights[2] * square
        error = angles[number] - np.log1p(sum2 * sum2)
        back2 = -error * 2 * sum2 / (1 + sum2 * sum2)
        back1 = back2 * weights[2] * 2 * sum1
        new[0] = weights[0] - step_size * back1 * first
        new[1] = weights[1] - step_size * back1 * second
        new[2] = weights[2] - step_size * back2 * square
        for place in range(3):
            if not abs(new[place]) < BEYOND:
                path[record:] = weights
                return path, number, still
            if in_words:
                new[place] = _on_grid(new[place] / step, draws[number % len(draws), place], len(draws) > 1) * step
                new[place] = min(max(new[place], low), high)
            if new[place] != weights[place]:
                still = number + 1
            weights[place] = new[place]
    path[record:] = weights
    return path, -1, still


@njit(cache=True)
def _on_grid(steps, draw, stochastic):  # type: ignore[no-untyped-def]
    lower = np.floor(steps)
    if not stochastic:
        return np.round(steps)
    return lower + (draw < steps - lower)
