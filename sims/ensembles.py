"""Ensembles of adaptive filters: many runs of the (delayed) LMS algorithm in floating point, and their means.

A run draws its input from a seed of its own, and the sums over runs are taken in one order: results do not depend on
the number of threads. A run whose weights leave a bound is frozen and counted, so that no number is ever infinite.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
from numba import config, njit
from numpy.typing import NDArray

from fxp.arguments import POSITIVE, one, reals, whole_numbers
from fxp.filters.predictors import Predictor, optimal_predictor
from fxp.processes import Process

__all__ = ["BLOCK", "BOUND", "ESTIMATES", "Curve", "Ensemble", "Ensembles", "Regressors", "simulate"]

Floats = NDArray[np.float64]

BOUND = 1e9  # of a weight; e⁴ of a frozen run is still far from overflow
BLOCK = 32  # runs whose sums are one partial sum
ESTIMATES = ("squared", "controlled", "conditional")  # of the error power
POWERS = len(ESTIMATES)
ESCAPED = 1e3  # distance of the mean filter from the optimum beyond which it is no help as a control


class Regressors(StrEnum):
    """Where the regressors come from."""

    DELAY_LINE = "delay_line"
    INDEPENDENT = "independent"


@dataclass(frozen=True)
class Ensemble:
    """What is simulated: runs of one adaptive predictor that start from zero weights.

    Parameters
    ----------
    process : Process
        What is predicted. Independent regressors are Gaussian and have its correlation matrix, and the desired value
        is that of its optimal predictor with independent Gaussian noise of its error's power.
    step_size : float
        μ, positive.
    taps, delay : int
        Weights, at least 1; clock periods by which error and regressor of an update are late, at least 0.
    regressors : Regressors or str
        Those of the delay line, or independent ones.
    factor : {1, 2}
        The update is w + factor·μ·e·x.
    sign : {1, −1}
        −1 takes the error as y − d, and steps against it: the same weights.
    runs, iterations : int
        At least 2, and more than the delay.
    seed : int
        Not negative.

    Raises
    ------
    ValueError
        A number is outside its range; the first such is named.

    Examples
    --------
    >>> Ensemble(Process([1.0]), 0.1, factor=2).gain
    0.2
    """

    process: Process
    step_size: float
    taps: int = 3
    delay: int = 0
    regressors: Regressors = Regressors.DELAY_LINE
    factor: int = 1
    sign: int = 1
    runs: int = 1000
    iterations: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        one("step_size", reals("step_size", self.step_size, minimum=POSITIVE, remedy="give μ"))
        least = {"taps": 1, "delay": 0, "runs": 2, "seed": 0}
        for name, minimum in least.items():
            one(name, whole_numbers(name, getattr(self, name), minimum=minimum, remedy="give a whole number"))
        remedy = "give more than the delay"
        one("iterations", whole_numbers("iterations", self.iterations, minimum=self.delay + 1, remedy=remedy))
        object.__setattr__(self, "regressors", Regressors(self.regressors))
        if self.factor not in (1, 2):
            raise ValueError(f"factor={self.factor!r} is not 1 or 2: 2 steps along the gradient of e²")
        if self.sign not in (1, -1):
            raise ValueError(f"sign={self.sign!r} is not 1 or -1: -1 takes the error as y − d")

    @property
    def gain(self) -> float:
        """What multiplies e·x: factor·μ."""
        return self.factor * self.step_size

    @cached_property
    def correlation(self) -> Floats:
        """R, the autocorrelation matrix of the regressor."""
        return self.process.correlation_matrix(self.taps)

    @cached_property
    def optimum(self) -> Predictor:
        """The weights of least error power."""
        return optimal_predictor(self.process, self.taps)

    @cached_property
    def mean_filter(self) -> Floats:
        r"""Weights E[w_n] for independent regressors, for each iteration; those of the optimum where they diverge.

        From v_{n+1} = v_n − μ·R·v_{n−D}. Any fixed weights serve as a control variate; these leave least to chance.
        """
        best = np.array(self.optimum.weights)
        errors = np.tile(-best, (self.iterations, 1))
        with np.errstate(over="ignore", invalid="ignore"):
            for n in range(self.delay, self.iterations - 1):
                errors[n + 1] = errors[n] - self.gain * self.correlation @ errors[n - self.delay]
        return best + np.where(np.max(np.abs(errors)) <= ESCAPED, errors, 0.0)

    @cached_property
    def mean_filter_power(self) -> Floats:
        """Error power of the mean filter, which is known: J_min + v̄ᵀRv̄."""
        distance = self.mean_filter - np.array(self.optimum.weights)
        return np.asarray(self.optimum.mse + np.einsum("ni,ij,nj->n", distance, self.correlation, distance))

    def draw(self, run: int) -> tuple[Floats, Floats]:
        """Return regressors and desired values of one run, a row for each iteration, from a seed of its own.

        Parameters
        ----------
        run : int
            Its number, from 0.
        """
        rng = np.random.default_rng((self.seed, run))
        if self.regressors is Regressors.INDEPENDENT:
            draws = rng.standard_normal((self.iterations, self.taps + 1))
            x = draws[:, :-1] @ np.linalg.cholesky(self.correlation).T
            return x, x @ np.array(self.optimum.weights) + self.optimum.mse**0.5 * draws[:, -1]
        signal = self.process.sample(rng, self.iterations + self.taps)
        windows = np.lib.stride_tricks.sliding_window_view(signal[:-1], self.taps)
        return np.ascontiguousarray(windows[:, ::-1]), signal[self.taps :]


@dataclass(frozen=True)
class Curve:
    """A mean over runs with its standard error, for each iteration.

    Parameters
    ----------
    mean, error : ndarray of float64, shape (iterations, …)
        Both finite.
    """

    mean: Floats
    error: Floats

    @classmethod
    def of_sums(cls, sums: Floats, squares: Floats, runs: int) -> Curve:
        """Return that of sums of numbers and of their squares over independent runs."""
        mean = sums / runs
        variance = np.maximum(squares / runs - mean * mean, 0.0) * (runs / (runs - 1))
        return cls(mean, np.sqrt(variance / runs))


@dataclass(frozen=True)
class Ensembles:
    """What the runs of an ensemble did, iteration by iteration.

    Parameters
    ----------
    squared : Curve
        e².
    controlled : Curve
        The same mean with less noise: e² less that of a fixed filter on the same input, whose power is known. The fixed
        filter follows the mean weights.
    conditional : Curve
        J_min + vᵀRv with the weight error v of each run: the error power that its weights have on input of their own.
    typical : ndarray of float64, shape (iterations,)
        The geometric mean of the latter: what most runs do where few large ones make the mean.
    weights : Curve
        Of shape (iterations, taps).
    tails : ndarray of float64, shape (runs, 3)
        Means over the second half of the iterations, run by run, of the first three.
    frozen_at : ndarray of int64, shape (runs,)
        Iteration whose update would have taken a weight beyond the bound, −1 in most runs.
    """

    squared: Curve
    controlled: Curve
    conditional: Curve
    typical: Floats
    weights: Curve
    tails: Floats
    frozen_at: NDArray[np.int64]

    @classmethod
    def of_sums(cls, sums: Floats, tails: Floats, frozen_at: NDArray[np.int64]) -> Ensembles:
        """Return the means of sums over runs, in columns as :func:`adapt` makes them.

        Parameters
        ----------
        sums : ndarray of float64, shape (iterations, 7 + 2·taps)
            Over all runs.
        tails, frozen_at : ndarray
            Of each run.
        """
        runs = len(frozen_at)
        squared, controlled, conditional = (
            Curve.of_sums(sums[:, 2 * k], sums[:, 2 * k + 1], runs) for k in range(POWERS)
        )
        weights, squares = np.split(sums[:, 2 * POWERS + 1 :], 2, axis=1)
        typical, filters = np.exp(sums[:, 2 * POWERS] / runs), Curve.of_sums(weights, squares, runs)
        return cls(squared, controlled, conditional, typical, filters, tails, frozen_at)

    @property
    def frozen(self) -> int:
        """How many runs left the bound."""
        return int(np.count_nonzero(self.frozen_at >= 0))

    @property
    def first_frozen(self) -> int | None:
        """The iteration at which the first of them did."""
        return int(self.frozen_at[self.frozen_at >= 0].min()) if self.frozen else None

    def steady(self, estimate: str) -> tuple[float, float]:
        """Return the mean over runs and the second half of the iterations, and its standard error.

        Parameters
        ----------
        estimate : {"squared", "controlled", "conditional"}
            Of the error power.
        """
        values = self.tails[:, ESTIMATES.index(estimate)]
        return float(values.mean()), float(values.std(ddof=1) / len(values) ** 0.5)


def simulate(
    ensemble: Ensemble, *, threads: int | None = None, progress: Callable[[int, int], object] = lambda *_: None
) -> Ensembles:
    """Return what the runs of an ensemble do (deterministic; the same for any number of threads).

    Parameters
    ----------
    ensemble : Ensemble
        What to simulate.
    threads : int, optional
        As NUMBA_NUM_THREADS says where left out, one a core where it is not set.
    progress : callable
        Called with the number of runs done and their total.

    Examples
    --------
    >>> ensemble = Ensemble(Process([0.1, 0.5, -0.5, 0.1]), 0.05, regressors="independent", runs=400, iterations=400)
    >>> found = simulate(ensemble)
    >>> found.frozen, bool(abs(found.conditional.mean[-1] - 0.367) < 0.003)
    (0, True)
    """
    starts = range(0, ensemble.runs, BLOCK)
    _ = ensemble.mean_filter_power  # here, not in the threads
    total, tails, frozen = np.zeros(()), [], []
    threads = config.NUMBA_NUM_THREADS if threads is None else threads  # type: ignore[attr-defined]
    with ThreadPoolExecutor(threads) as pool:
        for start, (sums, tail, left) in zip(
            starts, pool.map(lambda first: _block(ensemble, first), starts), strict=True
        ):
            total = total + sums
            tails.append(tail)
            frozen.append(left)
            progress(start + len(left), ensemble.runs)
    return Ensembles.of_sums(total, np.concatenate(tails), np.concatenate(frozen))


def _block(ensemble: Ensemble, first: int) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return the sums of some runs; the tails of each, and when it was frozen."""
    best = np.array(ensemble.optimum.weights)
    sums = np.zeros((ensemble.iterations, 2 * POWERS + 1 + 2 * ensemble.taps))
    runs = range(first, min(first + BLOCK, ensemble.runs))
    tails = np.zeros((len(runs), POWERS))
    frozen = [
        adapt(
            *ensemble.draw(run),
            ensemble.gain,
            ensemble.sign,
            ensemble.delay,
            (best, ensemble.correlation, ensemble.optimum.mse),
            (ensemble.mean_filter, ensemble.mean_filter_power),
            BOUND,
            sums,
            tail,
        )
        for run, tail in zip(runs, tails, strict=True)
    ]
    return sums, tails, np.array(frozen, dtype=np.int64)


@njit(cache=True, nogil=True)
def adapt(
    x: Floats,
    d: Floats,
    gain: float,
    sign: int,
    delay: int,
    least: tuple[Floats, Floats, float],
    control: tuple[Floats, Floats],
    bound: float,
    sums: Floats,
    tails: Floats,
) -> int:
    """Adapt one filter from zero weights, and add its powers and weights to the sums.

    Parameters
    ----------
    x : ndarray of float64, shape (iterations, taps)
        Regressors.
    d : ndarray of float64, shape (iterations,)
        Desired values.
    gain, sign, delay : float, int, int
        The update of iteration n adds sign·gain·e·x of iteration n − delay, where e = sign·(d − y).
    least : tuple
        w*, R and J_min.
    control : tuple
        The weights of the fixed filter and its error power, for each iteration.
    bound : float
        Largest magnitude of a weight; an update beyond it is left out, and all that follow.
    sums : ndarray of float64, shape (iterations, 7 + 2·taps)
        Increased by e², by what the other two estimates of its mean are, each with its square; by the logarithm of the
        last; by the weights, and by their squares.
    tails : ndarray of float64, shape (3,)
        Increased by the means of the three estimates over the second half of the iterations.

    Returns
    -------
    int
        Iteration of the first update that was left out, or −1.
    """
    best, correlation, floor = least
    other, power = control
    iterations, taps = x.shape
    w, proposed = np.zeros(taps), np.zeros(taps)
    errors = np.zeros(delay + 1)
    frozen_at, half = -1, iterations // 2
    for n in range(iterations):
        y, fixed, excess = 0.0, 0.0, 0.0
        for k in range(taps):
            y += w[k] * x[n, k]
            fixed += other[n, k] * x[n, k]
            for j in range(taps):
                excess += (w[k] - best[k]) * correlation[k, j] * (w[j] - best[j])
        e = sign * (d[n] - y)
        controlled = e * e - (d[n] - fixed) * (d[n] - fixed) + power[n]
        conditional = floor + excess
        row = sums[n]
        for place, value in enumerate((e * e, controlled, conditional)):
            row[2 * place] += value
            row[2 * place + 1] += value * value
            if n >= half:
                tails[place] += value / (iterations - half)
        row[6] += np.log(conditional)
        for k in range(taps):
            row[7 + k] += w[k]
            row[7 + taps + k] += w[k] * w[k]
        errors[n % (delay + 1)] = e
        if n >= delay and frozen_at < 0:
            step = sign * (gain * errors[(n - delay) % (delay + 1)])
            for k in range(taps):
                proposed[k] = w[k] + step * x[n - delay, k]
                if not abs(proposed[k]) <= bound:
                    frozen_at = n
            if frozen_at < 0:
                w[:] = proposed
    return frozen_at
