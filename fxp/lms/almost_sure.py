"""Almost-sure stability of delayed LMS: the growth of one run in the long run, which no moment tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import stdtrit

from fxp.arguments import one, real_numbers, whole_numbers
from fxp.lms.limits import mean_square_step_limit
from fxp.lms.spectra import update_scale, update_steps
from fxp.processes import Process, require_process

__all__ = [
    "AlmostSureLimit",
    "LyapunovExponent",
    "almost_sure_step_limit",
    "lyapunov_exponent",
]

Floats = NDArray[np.float64]

MISS = "give the probability of a miss"
BURN_IN = 10  # one in so many iterations is not counted
GRID = 1.25
FIRST_STEP = 0.25  # of the mean-square limit of independent regressors
CLOSE = 1e-9
FARTHEST = 40  # in steps of the grid


@dataclass(frozen=True)
class LyapunovExponent:
    """Long-run growth of the logarithm of a run's weight error, in an iteration: an estimate with its interval.

    Parameters
    ----------
    value : float
        Mean over the runs; minus infinity where a weight error became zero.
    low, high : float
        Ends of the interval.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class AlmostSureLimit:
    """Step size at which almost all runs cease to converge: an estimate with its interval.

    Parameters
    ----------
    step_size : float
        At which the estimated exponent is zero.
    low, high : float
        At which the upper, and the lower, end of the exponent's interval is zero.
    """

    step_size: float
    low: float
    high: float


def lyapunov_exponent(
    process: Process,
    taps: int,
    step_size: float,
    *,
    rng: np.random.Generator,
    delay: int = 0,
    factor: int = 1,
    runs: int = 64,
    iterations: int = 20_000,
    false_alarm: float = 1e-6,
) -> LyapunovExponent:
    r"""Return the top Lyapunov exponent of the weight errors of a delayed LMS predictor (estimate, by simulation).

    .. math:: \lambda = \lim_{n \to \infty} \frac1n \ln \lVert v_n \rVert, \qquad
        v_{n+1} = v_n - f \mu\,x_{n-D} x_{n-D}^T v_{n-D}

    Almost every run converges where it is negative. By Jensen's inequality it is at most half of the logarithm of
    :meth:`fxp.MomentOperator.spectral_radius`: the mean square may grow where almost every run converges.

    Assumptions: runs are long enough for the direction of v to be stationary after a tenth of them.

    Parameters
    ----------
    process : Process
        Input, autoregressive parts included.
    taps : int
        N, at least 1.
    step_size : float
        μ of the update w + f·μ·e·x, positive.
    rng : numpy.random.Generator
        Draws the input.
    delay : int
        Iterations D by which the update is late, at least 0.
    factor : {1, 2}
        f of the update.
    runs, iterations : int
        Independent runs, at least 2, and the length of each, at least 10.
    false_alarm : float
        Probability that the interval misses, for runs whose growth is Gaussian.

    Returns
    -------
    LyapunovExponent
        In an iteration.

    Raises
    ------
    TypeError
        `process` is not a Process, or `rng` no Generator.
    ValueError
        An argument is out of range.

    References
    ----------
    H. Furstenberg, H. Kesten, Products of random matrices, Ann. Math. Statist. 31 (1960) 457-469. Derivation:
    :ref:`derivation-exponent_below_radius`.

    Examples
    --------
    >>> from fxp import gaussian_tap_exponent
    >>> white = Process([1.0])
    >>> found = lyapunov_exponent(white, 1, 1.0, rng=np.random.default_rng(), runs=50, iterations=2000)
    >>> bool(found.low < gaussian_tap_exponent(1.0) < found.high)
    True
    """
    step = one("step_size", update_steps(step_size, factor))
    grown = _growth(process, taps, delay, runs, iterations, rng)
    return _interval(grown(step), false_alarm)


def almost_sure_step_limit(
    process: Process,
    taps: int,
    *,
    rng: np.random.Generator,
    delay: int = 0,
    factor: int = 1,
    runs: int = 64,
    iterations: int = 20_000,
    false_alarm: float = 1e-6,
) -> AlmostSureLimit:
    """Return the step size at which :func:`fxp.lyapunov_exponent` turns positive (estimate, by simulation).

    All step sizes are tried on the same draws.

    Parameters
    ----------
    process : Process
        Input, autoregressive parts included.
    taps : int
        N, at least 1.
    rng : numpy.random.Generator
        Draws the input.
    delay : int
        Iterations D by which the update is late, at least 0.
    factor : {1, 2}
        f of the update w + f·μ·e·x.
    runs, iterations : int
        Independent runs, at least 2, and the length of each, at least 10.
    false_alarm : float
        Probability that the interval of the exponent misses, at either end.

    Returns
    -------
    AlmostSureLimit
        The first crossing from zero on that is seen in steps of a quarter.

    Raises
    ------
    TypeError
        `process` is not a Process, or `rng` no Generator.
    ValueError
        An argument is out of range.

    Examples
    --------
    >>> found = almost_sure_step_limit(Process([1.0]), 1, rng=np.random.default_rng(), iterations=2000)
    >>> bool(found.low < 2.4212 < found.high)
    True
    """
    scale = update_scale(factor)
    grown = _growth(process, taps, delay, runs, iterations, rng)
    first = FIRST_STEP * float(mean_square_step_limit(process.correlation_matrix(taps), delay=delay))

    def limit(end: str) -> float:
        return _first_root(lambda step: float(getattr(_interval(grown(step), false_alarm), end)), first) / scale

    return AlmostSureLimit(limit("value"), low=limit("high"), high=limit("low"))


def _growth(
    process: Process, taps: int, delay: int, runs: int, iterations: int, rng: np.random.Generator
) -> Callable[[float], Floats]:
    """Return the exponent of each run, of draws that are made once, as a function of the weight of e·x."""
    require_process(process)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng={rng!r} is not a numpy.random.Generator: pass numpy.random.default_rng(seed)")
    minima = {"taps": 1, "delay": 0, "runs": 2, "iterations": BURN_IN}
    given = {"taps": taps, "delay": delay, "runs": runs, "iterations": iterations}
    width, late, count, length = (
        one(name, whole_numbers(name, value, minimum=minima[name], remedy="give a count"))
        for name, value in given.items()
    )
    x = process.sample(rng, (count, length + width))
    return cache(partial(_exponents, x, width, late))


def _interval(exponents: Floats, false_alarm: float) -> LyapunovExponent:
    if not 0 < one("false_alarm", real_numbers("false_alarm", false_alarm, remedy=MISS)) < 1:
        raise ValueError(f"false_alarm={false_alarm} is not between 0 and 1: {MISS}")
    if not np.all(np.isfinite(exponents)):
        return LyapunovExponent(-np.inf, -np.inf, -np.inf)
    count, mean = len(exponents), float(np.mean(exponents))
    reach = -float(stdtrit(count - 1, false_alarm / 2)) * float(np.std(exponents, ddof=1)) / count**0.5
    return LyapunovExponent(mean, mean - reach, mean + reach)


def _first_root(function: Callable[[float], float], step: float) -> float:
    for _ in range(FARTHEST):
        if function(step) > 0:
            return float(brentq(function, step / GRID, step, xtol=CLOSE * step))
        step *= GRID
    raise ArithmeticError(f"step_size={step}: no step up to it makes the weight errors grow")


@njit(cache=True, nogil=True)
def _exponents(x: Floats, taps: int, delay: int, step: float) -> Floats:  # pragma: no cover
    """Return the growth of each row's weight error, from an arbitrary start, without the burn-in."""
    runs, length = x.shape
    iterations = length - taps
    begin = iterations // BURN_IN
    exponents = np.empty(runs)
    for run in range(runs):
        errors = np.ones((delay + 1, taps))
        grown = 0.0
        for n in range(iterations):
            if n == begin:
                grown = -np.log(np.sqrt(np.sum(errors * errors)))
            old, newest = n % (delay + 1), (n + delay) % (delay + 1)
            product = 0.0
            for tap in range(taps):
                product += x[run, n + taps - 1 - tap] * errors[old, tap]
            size = 0.0
            for tap in range(taps):
                errors[old, tap] = errors[newest, tap] - step * product * x[run, n + taps - 1 - tap]
                size = max(size, abs(errors[old, tap]))
            if size > 1e100 or size < 1e-100:
                total = np.sqrt(np.sum(errors * errors))
                if total == 0.0:
                    grown = -np.inf
                    break
                errors /= total
                grown += np.log(total)
        exponents[run] = (grown + np.log(np.sqrt(np.sum(errors * errors)))) / (iterations - begin)
    return exponents
