"""Exact second moments of delayed LMS on a delay line: limit of the step size, curves, misadjustment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from fxp.arguments import one, reals, require_bool, whole_numbers
from fxp.lms.certificates import require_certified, require_outside
from fxp.lms.moment_layouts import Layout, OperatorSize, layout
from fxp.lms.moment_matrices import moment_system
from fxp.lms.moment_solvers import spectral_radius, stationary_moments
from fxp.lms.moment_systems import MomentSystem
from fxp.lms.spectra import update_scale, update_steps
from fxp.processes import Process, require_process

__all__ = ["MomentOperator", "MomentTrajectory", "moment_operator"]

Floats = NDArray[np.float64]
Outside = Literal["raise", "warn"]

MEMORY_LIMIT = 4 * 2**30
OPERATOR_LIMIT = "mean-square limit of this process"
FIRST_STEP = 0.25  # of 1/((2D + 1) tr R), well below the limits of independent regressors
GRID = 1.25
CLOSE = 1e-13


@dataclass(frozen=True, eq=False)
class MomentTrajectory:
    """Moments of LMS at the iterations from n = 0 on.

    Parameters
    ----------
    mean_error : ndarray of float64, shape (iterations, taps)
        E[v_n] of the weight error v_n = w_n − w*.
    error_moments : ndarray of float64, shape (iterations, taps, taps)
        E[v_n v_nᵀ].
    mse : ndarray of float64, shape (iterations,)
        E[e_n²], the learning curve.
    """

    mean_error: Floats
    error_moments: Floats
    mse: Floats

    def __post_init__(self) -> None:
        for moments in (self.mean_error, self.error_moments, self.mse):
            moments.setflags(write=False)

    @property
    def squared_norm(self) -> Floats:
        """E[‖v_n‖²]."""
        return np.asarray(np.trace(self.error_moments, axis1=1, axis2=2))


@dataclass(frozen=True)
class MomentOperator:
    """Exact second moments of a delayed LMS predictor, given the draws that its delay line holds.

    :func:`fxp.moment_operator` makes one, and says what it assumes.

    Parameters
    ----------
    process : Process
        Input, a moving average.
    taps, delay : int
        N and D.
    independent : bool
        Whether the regressor is drawn anew in each iteration.
    memory_limit : int
        Bytes that it may take.
    """

    process: Process
    taps: int
    delay: int
    independent: bool
    memory_limit: int

    def __post_init__(self) -> None:
        for name, minimum in (("taps", 1), ("delay", 0), ("memory_limit", 1)):
            number = whole_numbers(name, getattr(self, name), minimum=minimum, remedy="give a count")
            object.__setattr__(self, name, one(name, number))
        require_bool("independent", self.independent)
        _require_memory(self.process)
        _require_room(self.size, self.memory_limit)

    @cached_property
    def size(self) -> OperatorSize:
        """What `spectral_radius` and `step_limit` take, counted before anything is built."""
        return self._layout(driven=False).size

    @cached_property
    def driven_size(self) -> OperatorSize:
        """What `trajectory` and `misadjustment` take: the least error brings in one more draw, and first moments."""
        return self._layout(driven=True).size

    @property
    def minimum_mse(self) -> float:
        """Mean square error of the optimal weights, the least that fixed ones reach."""
        correlation = self.process.autocorrelation(self.taps)
        optimum = np.linalg.solve(self.process.correlation_matrix(self.taps), correlation[1:])
        return float(correlation[0] - optimum @ correlation[1:])

    def spectral_radius(self, step_size: float, *, factor: int = 1) -> float:
        """Return the factor by which an iteration multiplies the second moments, in the long run (exact).

        Below one, and only there, is LMS stable in the mean square.

        Parameters
        ----------
        step_size : float
            μ of the update w + f·μ·e·x, positive.
        factor : {1, 2}
            f of the update.

        Returns
        -------
        float
            Largest eigenvalue of the map of all moments of weight errors, the least error taken as zero.

        Raises
        ------
        ValueError
            An argument is out of range.

        Examples
        --------
        >>> from fxp import Process
        >>> operator = moment_operator(Process([1.0]), 1)
        >>> round(operator.spectral_radius(0.5), 12)  # 1 − 2μ + 3μ²
        0.75
        """
        return self._radius(one("step_size", update_steps(step_size, factor)))

    def step_limit(self, *, factor: int = 1) -> float:
        """Return the step size at which second moments cease to stay bounded, from zero on (exact).

        Above it may be other ranges of stable steps: it is the first crossing that steps of a quarter see.

        Parameters
        ----------
        factor : {1, 2}
            f of the update.

        Returns
        -------
        float
            μ at which the spectral radius is one.

        Raises
        ------
        ValueError
            `factor` is neither.

        Examples
        --------
        >>> from fxp import Process
        >>> process = Process([0.1, 0.5, -0.5, 0.1])
        >>> [round(moment_operator(process, 3, delay=delay).step_limit(), 4) for delay in (1, 5)]
        [0.3564, 0.1799]
        """
        return self._limit / update_scale(factor)

    def trajectory(
        self, step_size: float, iterations: int, *, initial_error: ArrayLike, factor: int = 1
    ) -> MomentTrajectory:
        """Return mean and second moments of the weight errors, and the mean square error, by iterations (exact).

        The error of the optimal weights depends on the draws that the weights depend on; nothing of that is left out.

        Parameters
        ----------
        step_size : float
            μ of the update w + f·μ·e·x, positive, above the limit too.
        iterations : int
            How many, at least 1.
        initial_error : array_like of float, shape (taps,)
            w_0 − w*; w_0 = … = w_D.
        factor : {1, 2}
            f of the update.

        Returns
        -------
        MomentTrajectory
            From n = 0 on.

        Raises
        ------
        ValueError
            An argument is out of range, the operator takes more memory than its limit, or growing moments leave the
        of floats.

        Examples
        --------
        >>> from fxp import Process
        >>> operator = moment_operator(Process([1.0, 0.5]), 1)
        >>> operator.trajectory(0.1, 3, initial_error=[-0.4]).mse.round(6)
        array([1.25    , 1.246094, 1.233031])
        """
        step = one("step_size", update_steps(step_size, factor))
        system, error = self._driven_system, self._error(initial_error)
        return MomentTrajectory(*_trajectory(system, error, step, _iterations(iterations)))

    def free_moments(self, step_size: float, iterations: int, *, initial_error: ArrayLike, factor: int = 1) -> Floats:
        """Return E[v_n v_nᵀ] of weight errors that no least error drives, by iterations (exact).

        What an input does that the optimal weights predict without an error; it grows as `spectral_radius` says.

        Parameters
        ----------
        step_size : float
            μ of the update w + f·μ·e·x, positive, above the limit too.
        iterations : int
            How many, at least 1.
        initial_error : array_like of float, shape (taps,)
            w_0 − w*; w_0 = … = w_D.
        factor : {1, 2}
            f of the update.

        Returns
        -------
        ndarray of float64, shape (iterations, taps, taps)
            From n = 0 on.

        Raises
        ------
        ValueError
            An argument is out of range, or growing moments leave the range of floats.

        Examples
        --------
        >>> from fxp import Process
        >>> moment_operator(Process([1.0]), 1).free_moments(0.5, 3, initial_error=[1.0]).ravel().round(12)
        array([1.    , 0.75  , 0.5625])
        """
        step = one("step_size", update_steps(step_size, factor))
        system, error = self._system, self._error(initial_error)
        return _trajectory(system, error, step, _iterations(iterations))[1]

    def misadjustment(self, step_size: float, *, factor: int = 1, outside: Outside = "raise") -> float:
        r"""Return the excess of the mean square error over that of the optimal weights, in steady state (exact).

        .. math:: M = \lim_{n \to \infty} E[e_n^2] / J_{\min} - 1

        It can be negative: weights that follow the draws may predict better than any that are fixed.

        Parameters
        ----------
        step_size : float
            μ of the update w + f·μ·e·x, positive.
        factor : {1, 2}
            f of the update.
        outside : {"raise", "warn"}
            What to do about a step size that is not below the limit: raise ValueError, or warn and return infinity.

        Returns
        -------
        float
            A ratio.

        Raises
        ------
        ValueError
            An argument is out of range, or the operator takes more memory than its limit.
        ArithmeticError
            No steady state was found: next to the limit, with a long delay and more than 2,000 unknowns.

        Warns
        -----
        RuntimeWarning
            The step size is not below the limit, and `outside` is "warn".

        Examples
        --------
        >>> from fxp import Process
        >>> operator = moment_operator(Process([0.1, 0.5, -0.5, 0.1]), 3, delay=5)
        >>> round(operator.misadjustment(0.05), 4)
        0.0505
        """
        step = one("step_size", update_steps(step_size, factor))
        require_outside(outside)
        if self._radius(step) >= 1:
            scale, limit = update_scale(factor), np.array(min(self._limit, step))
            require_certified(np.array(step) / scale, limit / scale, named=OPERATOR_LIMIT, outside=outside)
            return np.inf
        return self._driven_system.squared_error(stationary_moments(self._driven_system, step)) / self.minimum_mse - 1

    def _layout(self, *, driven: bool) -> Layout:
        return layout(self.process, self.taps, self.delay, driven=driven, independent=self.independent)

    @cached_property
    def _system(self) -> MomentSystem:
        return moment_system(self.process, self._layout(driven=False))

    @cached_property
    def _driven_system(self) -> MomentSystem:
        _require_room(self.driven_size, self.memory_limit)
        return moment_system(self.process, self._layout(driven=True))

    def _radius(self, step: float) -> float:
        return spectral_radius(self._system, step)

    @cached_property
    def _limit(self) -> float:
        step = FIRST_STEP / (self.process.power * self.taps * (2 * self.delay + 1))
        while self._radius(step) >= 1:
            step /= GRID
        while self._radius(step) < 1:
            step *= GRID
        return float(brentq(lambda each: self._radius(each) - 1, step / GRID, step, xtol=CLOSE * step))

    def _error(self, initial_error: ArrayLike) -> Floats:
        error = reals("initial_error", initial_error, remedy="give w_0 − w*")
        if error.shape != (self.taps,):
            raise ValueError(f"initial_error of shape {error.shape} is not of shape ({self.taps},): one a tap")
        return error


def moment_operator(
    process: Process,
    taps: int,
    *,
    delay: int = 0,
    independent: bool = False,
    memory_limit: int = MEMORY_LIMIT,
) -> MomentOperator:
    r"""Return the exact second moments of delayed LMS as a linear map (exact: no independence is assumed).

    With the regressor :math:`x_n = (x_{n-1}, \dots, x_{n-N})`, the weight errors v = w − w* and e° the error of the
    optimal weights w*,

    .. math:: v_{n+D+1} = v_{n+D} + \mu\,x_n (e^\circ_n - x_n^T v_n)

    The matrices are functions of the last N + q + 1 draws g of the process: a linear system with Markov jumps. What it
    maps is :math:`E[v_j v_k^T \mid g]`. Each update multiplies by at most four factors that are linear in the draws, so
    that these moments are polynomials in the draws; they are carried as coefficients on the orthonormal polynomials of
    the law of g. Degrees that earlier updates cannot have put in, and those that later updates average out, are left
    out, and nothing else is.

    Assumptions: the process is a moving average, x = Σ b_j g_(n−j), of independent draws g with moments of all orders;
    the desired signal is x_n, that of a predictor; weights start without knowledge of the draws.

    Parameters
    ----------
    process : Process
        Input, without an autoregressive part.
    taps : int
        N, at least 1.
    delay : int
        Iterations D by which the update is late, at least 0.
    independent : bool
        Draw the regressor, and what it predicts, anew in each iteration: what closed forms assume of a delay line.
    memory_limit : int
        Bytes that it may take: :class:`fxp.OperatorSize` is compared with it before anything is built.

    Returns
    -------
    MomentOperator
        Its methods: `spectral_radius`, `step_limit`, `trajectory`, `misadjustment`; `size` and `driven_size` tell what
        these take.

    Raises
    ------
    TypeError
        `process` is not a Process.
    ValueError
        An argument is out of range, the process has an autoregressive part, or the operator takes more memory than
        its limit.

    References
    ----------
    O. L. V. Costa, M. D. Fragoso, R. P. Marques, Discrete-Time Markov Jump Linear Systems, chapter 3. Derivation:
    :ref:`derivation-second_moment_of_two_steps`.

    Examples
    --------
    >>> from fxp import Process, mean_square_step_limit
    >>> process = Process([0.1, 0.5, -0.5, 0.1])
    >>> operator = moment_operator(process, 3, delay=5)
    >>> operator.size.unknowns, round(operator.step_limit(), 4)
    (801, 0.1799)
    >>> independent = moment_operator(process, 3, delay=5, independent=True).step_limit()
    >>> round(independent, 4), mean_square_step_limit(process.correlation_matrix(3), delay=5).round(4)
    (0.2339, np.float64(0.2339))
    """
    return MomentOperator(process, taps, delay, independent, memory_limit)


def _iterations(iterations: int) -> int:
    return int(one("iterations", whole_numbers("iterations", iterations, minimum=1, remedy="give how many")))


def _trajectory(system: MomentSystem, error: Floats, step: float, count: int) -> tuple[Floats, Floats, Floats]:
    """Return means, second moments and mean square errors of `count` iterations from weights that are wrong."""
    found = system.trajectory(system.start(np.outer(error, error), error), step, count)
    finite = np.logical_and.reduce([np.isfinite(each.reshape(count, -1)).all(axis=1) for each in found])
    if not finite.all():
        raise ValueError(
            f"iterations={count} let the moments grow beyond all floats at {np.argmin(finite)}: ask for fewer"
        )
    return found


def _require_memory(process: Process) -> None:
    require_process(process)
    if any(process.autoregressive):
        raise ValueError(
            f"autoregressive={process.autoregressive} is not empty: all draws of the past are remembered; cut the "
            "impulse response to a moving average, or take the closed forms of independent regressors"
        )


def _require_room(size: OperatorSize, memory_limit: int) -> None:
    if size.memory_bytes > memory_limit:
        raise ValueError(
            f"memory_limit={memory_limit} is less than the {size.memory_bytes} bytes of {size.unknowns} unknowns: "
            "raise it (fxp.moment_operator takes it), or take tier='gaussian', fewer taps, a shorter moving average "
            "or a drive of fewer values"
        )
