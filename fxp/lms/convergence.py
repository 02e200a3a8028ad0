"""How fast LMS learns: time constants of the mean of the weights, and of the mean square of the error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from fxp.arguments import one
from fxp.lms.certificates import require_certified
from fxp.lms.limits import mean_square_step_limit
from fxp.lms.modes import Floats, delays
from fxp.lms.spectra import eigenvalues, update_steps
from fxp.lms.steady_state import MEAN_SQUARE_LIMIT

__all__ = ["TimeConstants", "time_constants"]

HALVINGS = 40  # of the range of z: what is closer to the mean's own decay than that does not differ from it
LEAST = 1e-12  # of the largest eigenvalue: a mode below adapts to nothing that could be seen


@dataclass(frozen=True, eq=False)
class TimeConstants:
    """Iterations in which what is left falls to 1/e, in the long run.

    Parameters
    ----------
    mean : ndarray of float64, shape (N,)
        Of E[w − w*] along each eigenvector of R, in ascending order of the eigenvalues; infinite where one is zero.
    mean_square : float
        Of the mean square error above its steady state, the slowest.
    """

    mean: Floats
    mean_square: float

    def __post_init__(self) -> None:
        self.mean.setflags(write=False)


def time_constants(R: ArrayLike, step_size: float, *, delay: int = 0, factor: int = 1) -> TimeConstants:
    r"""Return the time constants of LMS, in iterations (exact, i.i.d. Gaussian regressors).

    .. math:: \tau = -1 / \ln |z|

    with the largest root of :math:`z^{D+1} - z^D + a = 0` for the mean of a mode, a = f·μ·λ, and for the mean square
    error the largest root of

    .. math:: \sum_{i=1}^{N} \frac{a_i^2 h_i(z)}{z^{D+1} - a_i^2 h_i(z)} = 1, \qquad
        h_i(z) = \sum_{n \ge 0} k_{i,n}^2 z^{-n}

    with the impulse response k of the mode. For small steps they are 1/a of each mode, and half of that of the slowest.

    Assumptions: regressors x_n that are independent from one iteration to the next; for the mean square Gaussian, of
    zero mean, and starting weights that are wrong along every eigenvector.

    Parameters
    ----------
    R : array_like of float, shape (N, N)
        Autocorrelation matrix of the regressor, symmetric, positive semidefinite, not zero.
    step_size : float
        μ of the update :math:`w_{n+1} = w_n + f \mu\,e_{n-D}\,x_{n-D}`, positive and below
        :func:`fxp.mean_square_step_limit`.
    delay : int
        Iterations D by which the update is late, at least 0.
    factor : {1, 2}
        f of the update: 2 is a step along the gradient of e².

    Returns
    -------
    TimeConstants
        Iterations.

    Raises
    ------
    ValueError
        An argument is out of range.

    References
    ----------
    Derivation: :ref:`derivation-mean_time_constant` and :ref:`derivation-mean_square_time_constant`.

    Examples
    --------
    >>> constants = time_constants(np.diag([0.5, 1.0]), 0.01)
    >>> constants.mean.round(1), round(constants.mean_square, 1)
    (array([199.5,  99.5]), 100.3)
    """
    step, late, values = one("step_size", update_steps(step_size, factor)), one("delay", delays(delay)), eigenvalues(R)
    if values.ndim != 1:
        raise ValueError(f"R of {values.shape[:-1]} matrices is not one: call once for each")
    limit = mean_square_step_limit(R, delay=late, factor=factor)
    require_certified(np.asarray(step / factor), limit, named=MEAN_SQUARE_LIMIT, outside="raise")
    radii = np.array([_largest_root(a, late) for a in step * values])
    active = step * values[values > LEAST * values[-1]]
    with np.errstate(divide="ignore"):
        return TimeConstants(_time(radii), float(_time(np.asarray(_mean_square_radius(active, late)))))


def _time(radius: Floats) -> Floats:
    """Return iterations until a power falls to 1/e: none of zero, without end of one."""
    return np.abs(1 / np.log(radius))


def _largest_root(a: float, late: int) -> float:
    """Return the largest |z| with z^(D+1) − z^D + a = 0."""
    return float(np.max(np.abs(np.roots([1.0, -1.0, *[0.0] * (late - 1), a] if late else [1.0, a - 1.0]))))


def _mean_square_radius(a: Floats, late: int) -> float:
    """Return the z at which the modes pass on as much power of the error as they get, one iteration being worth 1/z."""

    def excess(z: float) -> float:
        passed = a**2 * np.array([_weighted_energy(each, late, z) for each in a]) / z ** (late + 1)
        return 1.0 if np.any(passed >= 1) else float((passed / (1 - passed)).sum()) - 1

    slowest = max(_largest_root(each, late) for each in a) ** 2
    above = 1.0
    if excess(above) >= 0:  # by a rounding error at the limit
        return above
    for _ in range(HALVINGS):
        below = (slowest + above) / 2
        if excess(below) > 0:
            return cast(float, brentq(excess, below, above, xtol=1e-15))
        above = below
    return above


def _weighted_energy(a: float, late: int, z: float) -> float:
    """Return Σ k_n² z^(−n), of the autocorrelation of k_n z^(−n/2): it solves D + 1 linear equations.

    For z above the square of the largest root: below it the sum diverges.
    """
    b = z**-0.5
    fed_back = a * b ** (late + 1)
    equations = np.eye(late + 1)
    for lag in range(1, late + 1):
        equations[lag, lag - 1] -= b
        equations[lag, late + 1 - lag] += fed_back
    equations[0, 0] -= b**2 + fed_back**2
    equations[0, late] += 2 * b * fed_back
    return float(np.linalg.solve(equations, np.eye(late + 1)[0])[0])
