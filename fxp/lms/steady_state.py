"""What LMS leaves in the error when it has converged, for independent Gaussian regressors."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from fxp.arguments import require_shapes
from fxp.lms.certificates import require_certified
from fxp.lms.limits import gain_limit
from fxp.lms.modes import Floats, delays, gain_and_slope
from fxp.lms.spectra import eigenvalues, update_steps

__all__ = ["MEAN_SQUARE_LIMIT", "excess_of", "misadjustment"]

MEAN_SQUARE_LIMIT = "mean-square limit of independent Gaussian regressors"


def misadjustment(
    R: ArrayLike,
    step_size: ArrayLike,
    *,
    delay: ArrayLike = 0,
    factor: int = 1,
    outside: Literal["raise", "warn"] = "raise",
) -> Floats:
    r"""Return the excess of the mean square error over the least, in steady state (exact, i.i.d. Gaussian regressors).

    .. math:: M = \frac{G}{1 - G}, \qquad G = \sum_{i=1}^{N} \frac{\sin\theta_i \cos\psi_i}{\sin(\psi_i - \theta_i)},
        \quad \theta_i = \arcsin \tfrac{f \mu \lambda_i}{2}, \quad \psi_i = \tfrac\pi4 - \tfrac{(2D+1)\,\theta_i}{2}

    Without a delay :math:`G = \sum \mu\lambda_i/(2 - 2\mu\lambda_i)`; for a small step size M is half of f·μ·tr R at
    every delay.

    Assumptions: regressors x_n that are independent from one iteration to the next, and Gaussian of zero mean; an error
    of the optimal weights that is independent of them.

    Parameters
    ----------
    R : array_like of float, shape (..., N, N)
        Autocorrelation matrix of the regressor, symmetric, positive semidefinite, not zero.
    step_size : array_like of float
        μ of the update :math:`w_{n+1} = w_n + f \mu\,e_{n-D}\,x_{n-D}`, positive.
    delay : array_like of int
        Iterations D by which the update is late, at least 0.
    factor : {1, 2}
        f of the update: 2 is a step along the gradient of e².
    outside : {"raise", "warn"}
        What to do about a step size that is not below :func:`fxp.mean_square_step_limit`, where the error has no steady
        state: raise ValueError, or warn and return infinity.

    Returns
    -------
    ndarray of float64, or one float64
        A ratio; the leading axes of `R` broadcast with `step_size` and `delay`.

    Raises
    ------
    ValueError
        An argument is out of range, or the shapes do not broadcast.

    Warns
    -----
    RuntimeWarning
        A step size is not below the limit, and `outside` is "warn".

    References
    ----------
    Derivation: :ref:`derivation-misadjustment`.

    Examples
    --------
    >>> misadjustment(np.eye(3), 0.2)  # three times 0.2/1.6
    np.float64(0.6)
    """
    values, late, steps = eigenvalues(R), delays(delay), update_steps(step_size, factor)
    require_shapes(R=values[..., 0], step_size=steps, delay=late)
    limit = gain_limit(values, late)
    stable = require_certified(steps / factor, limit / factor, named=MEAN_SQUARE_LIMIT, outside=outside)
    steps = np.where(stable, steps, limit / 2)  # any that is stable, in place of those that are not
    gain = gain_and_slope(steps[..., None] * values, late[..., None])[0].sum(axis=-1)
    return excess_of(np.where(stable, gain, 1.0))


def excess_of(gain: Floats) -> Floats:
    """Return G/(1 − G), infinite where rounding errors let G reach one.

    Examples
    --------
    >>> excess_of(np.array([0.5, 1.0]))
    array([ 1., inf])
    """
    with np.errstate(divide="ignore"):
        return gain / np.maximum(1 - gain, 0.0)
