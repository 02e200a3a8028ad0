"""Rules of thumb for LMS with small steps, that need the power of the regressor alone; each with its hypotheses."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fxp.arguments import require_shapes
from fxp.lms.limits import gain_limit
from fxp.lms.modes import Floats, delays
from fxp.lms.spectra import autocorrelation_matrix, update_scale, update_steps

__all__ = ["small_step_limit", "small_step_misadjustment", "textbook_step_limit"]


def textbook_step_limit(R: ArrayLike, *, factor: int = 1) -> Floats:
    r"""Return the textbooks' limit of the step size, 2/(f·tr R) (lower bound on the mean's limit without a delay).

    The trace is at least the largest eigenvalue, so that the mean of the weights converges below it. Their mean square
    need not, not even at independent regressors: its limit may be a third of that, :func:`fxp.small_step_limit`.

    Assumptions: no delay; regressors that are independent of one another from one iteration to the next.

    Parameters
    ----------
    R : array_like of float, shape (..., N, N)
        Autocorrelation matrix of the regressor, symmetric, positive semidefinite, not zero.
    factor : {1, 2}
        f of the update: 2 is a step along the gradient of e².

    Returns
    -------
    ndarray of float64, or one float64
        Of the leading axes of `R`; 1 over its unit.

    Raises
    ------
    ValueError
        An argument is out of range.

    References
    ----------
    S. Haykin, Adaptive Filter Theory, chapter on LMS. Derivation: :ref:`derivation-textbook_step_limit`.

    Examples
    --------
    >>> from fxp import Process
    >>> textbook_step_limit(Process([0.1, 0.5, -0.5, 0.1]).correlation_matrix(3)).round(3)
    np.float64(1.282)
    """
    return 2 / (update_scale(factor) * _power(R))


def small_step_limit(R: ArrayLike, *, delay: ArrayLike = 0, factor: int = 1) -> Floats:
    r"""Return the step size at which one mode of the regressor's whole power is stable, without a delay 2/(3·f·tr R).

    It is a lower bound on :func:`fxp.mean_square_step_limit`, equal to it where R has one eigenvalue that is not zero:
    the gain of a mode over its a rises with a, so that the gains of several modes are together at most that of one mode
    of their sum.

    Assumptions: regressors x_n that are independent from one iteration to the next, and Gaussian of zero mean. For a
    delay line it is no bound: of the process of the example the limit is 0.305.

    Parameters
    ----------
    R : array_like of float, shape (..., N, N)
        Autocorrelation matrix of the regressor, symmetric, positive semidefinite, not zero.
    delay : array_like of int
        Iterations D by which the update is late, at least 0.
    factor : {1, 2}
        f of the update: 2 is a step along the gradient of e².

    Returns
    -------
    ndarray of float64, or one float64
        The leading axes of `R` broadcast with `delay`; 1 over the unit of R.

    Raises
    ------
    ValueError
        An argument is out of range, or the shapes do not broadcast.

    References
    ----------
    Derivation: :ref:`derivation-small_step_limit`.

    Examples
    --------
    >>> from fxp import Process
    >>> small_step_limit(Process([0.1, 0.5, -0.5, 0.1]).correlation_matrix(3)).round(3)
    np.float64(0.427)
    """
    power, late = _power(R), delays(delay)
    require_shapes(R=power, delay=late)
    return gain_limit(power[..., None], late) / update_scale(factor)


def small_step_misadjustment(R: ArrayLike, step_size: ArrayLike, *, factor: int = 1) -> Floats:
    r"""Return ½·f·μ·tr R, the misadjustment of small steps (asymptotic as the step size falls to zero, any delay).

    It is below the misadjustment of independent Gaussian regressors at every step size.

    Assumptions: an error of the optimal weights that is independent of the regressors; μ·tr R far below 1/(1 + D).

    Parameters
    ----------
    R : array_like of float, shape (..., N, N)
        Autocorrelation matrix of the regressor, symmetric, positive semidefinite, not zero.
    step_size : array_like of float
        μ of the update :math:`w_{n+1} = w_n + f \mu\,e_{n-D}\,x_{n-D}`, positive.
    factor : {1, 2}
        f of the update: 2 is a step along the gradient of e².

    Returns
    -------
    ndarray of float64, or one float64
        A ratio; the leading axes of `R` broadcast with `step_size`.

    Raises
    ------
    ValueError
        An argument is out of range, or the shapes do not broadcast.

    References
    ----------
    Derivation: :ref:`derivation-small_step_misadjustment`.

    Examples
    --------
    >>> small_step_misadjustment(np.eye(3), 0.01)
    np.float64(0.015)
    """
    power, steps = _power(R), update_steps(step_size, factor)
    require_shapes(R=power, step_size=steps)
    return steps * power / 2


def _power(R: ArrayLike) -> Floats:
    return np.asarray(np.trace(autocorrelation_matrix(R), axis1=-2, axis2=-1))
