"""The learning curve of LMS: what an ensemble of runs does on the average, iteration by iteration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from fxp.arguments import one, reals, require_word, whole_numbers
from fxp.lms.certificates import require_certified
from fxp.lms.limits import mean_square_step_limit
from fxp.lms.modes import Floats, delays, mode_gain
from fxp.lms.rules import small_step_limit
from fxp.lms.spectra import autocorrelation_matrix, update_steps
from fxp.lms.steady_state import MEAN_SQUARE_LIMIT, excess_of

__all__ = ["LearningCurve", "learning_curve"]

_LIMITS = {
    "small_step": (small_step_limit, "limit of small steps"),
    "gaussian": (mean_square_step_limit, MEAN_SQUARE_LIMIT),
}


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """What an ensemble of LMS runs does on the average.

    Parameters
    ----------
    mse : ndarray of float64, shape (iterations,)
        E[e_n²] for n = 0, 1, …: the error before the update that it causes.
    mean_error : ndarray of float64, shape (iterations, N)
        E[w_n − w*].
    minimum_mse : float
        Mean square error of the optimal weights.
    steady_mse : float
        To which the mean square error converges; infinite where it does not.
    tier : str
        What it rests on: "small_step", "gaussian" (exact for i.i.d. Gaussian regressors) or "operator".
    """

    mse: Floats
    mean_error: Floats
    minimum_mse: float
    steady_mse: float
    tier: str

    def __post_init__(self) -> None:
        for curve in (self.mse, self.mean_error):
            curve.setflags(write=False)

    @property
    def mse_db(self) -> Floats:
        """10 log10 of the mean square error, dB; minus infinity where nothing is wrong."""
        with np.errstate(divide="ignore"):
            return np.asarray(10 * np.log10(self.mse))


def learning_curve(
    R: ArrayLike,
    step_size: float,
    iterations: int,
    *,
    minimum_mse: float,
    initial_error: ArrayLike,
    delay: int = 0,
    factor: int = 1,
    tier: Literal["small_step", "gaussian"] = "gaussian",
    outside: Literal["raise", "warn"] = "raise",
) -> LearningCurve:
    r"""Return the mean square error and the mean weights of LMS at each iteration (exact, i.i.d. Gaussian regressors).

    With v = w − w* turned into the eigenvectors of R, and a = f·μ·λ of each mode,

    .. math:: v_{n+1} = v_n - a\,v_{n-D} + m_n, \qquad
        E[m_n^2] = a^2 E[v_{n-D}^2] + f \mu\,a\,E[e_{n-D}^2], \qquad E[e_n^2] = J_{\min} + \sum \lambda E[v_n^2]

    and m is white: the covariances of (v_n, …, v_{n−D}) are carried from one iteration to the next. The weights start
    at w_0 and stay there until the first error arrives, w_0 = … = w_D.

    Tier "small_step" keeps the mean of the modes, v_n = c_n v_0, and gives what is left of each the power ½·f·μ·J_min,
    which comes as the mean goes (asymptotic as the step size falls to zero):

    .. math:: E[e_n^2] = J_{\min} + \sum \lambda c_n^2 v_0^2 + \tfrac12 f \mu J_{\min} \sum \lambda (1 - c_n^2)

    Assumptions: regressors x_n that are independent from one iteration to the next, and Gaussian of zero mean; an error
    of the optimal weights that is independent of them. For a delay line it is an approximation for small steps.

    Parameters
    ----------
    R : array_like of float, shape (N, N)
        Autocorrelation matrix of the regressor, symmetric, positive semidefinite, not zero.
    step_size : float
        μ of the update :math:`w_{n+1} = w_n + f \mu\,e_{n-D}\,x_{n-D}`, positive.
    iterations : int
        Length of the curve, at least 1.
    minimum_mse : float
        J_min, mean square error of the optimal weights, at least 0.
    initial_error : array_like of float, shape (N,)
        w_0 − w*.
    delay : int
        Iterations D by which the update is late, at least 0.
    factor : {1, 2}
        f of the update: 2 is a step along the gradient of e².
    tier : {"gaussian", "small_step"}
        Exact for i.i.d. Gaussian regressors, or for small steps.
    outside : {"raise", "warn"}
        What to do about a step size that is not below :func:`fxp.mean_square_step_limit`: raise ValueError, or warn and
        return the curve that grows.

    Returns
    -------
    LearningCurve
        In the units of e² and of w.

    Raises
    ------
    ValueError
        An argument is out of range, or a growing curve leaves the range of floats.

    Warns
    -----
    RuntimeWarning
        The step size is not below the limit, and `outside` is "warn".

    References
    ----------
    Derivation: :ref:`derivation-learning_curve`.

    Examples
    --------
    >>> curve = learning_curve(np.eye(2), 0.1, 200, minimum_mse=1.0, initial_error=[3.0, 0.0], delay=1)
    >>> curve.mse[[0, 1, 2, -1]].round(4)
    array([10.   , 10.   ,  8.58 ,  1.141])
    >>> round(curve.steady_mse, 4)
    1.141
    """
    require_word("tier", tier, _LIMITS)
    step = one("step_size", update_steps(step_size, factor))
    count = one("iterations", whole_numbers("iterations", iterations, minimum=1, remedy="give the length of the curve"))
    late = one("delay", delays(delay))
    floor = one("minimum_mse", reals("minimum_mse", minimum_mse, minimum=0, remedy="give E[e²] of the optimal weights"))
    values, vectors, start = _modes(R, initial_error)
    limit, named = _LIMITS[tier]
    stable = require_certified(
        np.asarray(step / factor), limit(R, delay=late, factor=factor), named=named, outside=outside
    )
    with np.errstate(over="ignore", invalid="ignore"):
        response = _responses(step * values, late, count)
        if tier == "small_step":
            powers = (response * start) ** 2 + step * floor / 2 * (1 - response**2)
        else:
            powers = _powers(values, start, step, late, count, floor)
        mse = floor + powers @ values
    _require_finite(mse)
    steady = floor * (1 + _misadjustment(tier, values, step, late)) if stable else np.inf
    return LearningCurve(mse, (response * start) @ vectors.T, floor, steady, tier)


def _misadjustment(tier: str, values: Floats, step: float, late: int) -> float:
    if tier == "small_step":
        return float(step * values.sum() / 2)
    return float(excess_of(mode_gain(step * values, late).sum()))


def _modes(R: ArrayLike, initial_error: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return eigenvalues, eigenvectors and the initial error turned into them."""
    matrix = autocorrelation_matrix(R)
    start = reals("initial_error", initial_error, remedy="give w_0 − w*")
    if matrix.ndim != 2 or start.shape != matrix.shape[:1]:
        raise ValueError(
            f"R of shape {matrix.shape} and initial_error of {start.shape} are not one matrix and a weight for each of "
            "its rows: call once for each"
        )
    values, vectors = np.linalg.eigh(matrix)
    return np.maximum(values, 0.0), vectors, start @ vectors


def _responses(a: Floats, late: int, count: int) -> Floats:
    """Return c_n of each mode, from c_0 = … = c_D = 1."""
    response = np.ones((max(count, late + 1), len(a)))
    for n in range(late, count - 1):
        response[n + 1] = response[n] - a * response[n - late]
    return response[:count]


def _powers(values: Floats, start: Floats, step: float, late: int, count: int, floor: float) -> Floats:
    """Return E[v_n²] of each mode."""
    a = step * values
    shift = np.tile(np.eye(late + 1, k=-1), (len(a), 1, 1))
    shift[:, 0, 0] = 1
    shift[:, 0, late] -= a
    covariance = (start**2)[:, None, None] * np.ones_like(shift)
    powers = np.tile(start**2, (max(count, late + 1), 1))
    for n in range(late, count - 1):
        oldest = powers[n - late]
        covariance = shift @ covariance @ shift.swapaxes(1, 2)
        covariance[:, 0, 0] += a * (a * oldest + step * (floor + values @ oldest))
        powers[n + 1] = covariance[:, 0, 0]
    return powers[:count]


def _require_finite(mse: Floats) -> None:
    wrong = np.flatnonzero(~np.isfinite(mse))
    if len(wrong):
        raise ValueError(f"iterations={len(mse)} let the error grow beyond all floats at {wrong[0]}: ask for fewer")
