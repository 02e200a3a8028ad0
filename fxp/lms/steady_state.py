"""What LMS leaves in the error when it has converged, for independent Gaussian regressors."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.arguments import require_shapes
from fxp.inputs import element
from fxp.lms.limits import gain_limit
from fxp.lms.modes import Floats, delays, gain_and_slope
from fxp.lms.spectra import eigenvalues, update_steps

__all__ = ["misadjustment", "stable_steps"]

OUTSIDE = ("raise", "warn")


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
    ndarray of float64
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
    array(0.6)
    """
    values, late, steps = eigenvalues(R), delays(delay), update_steps(step_size, factor)
    require_shapes(R=values[..., 0], step_size=steps, delay=late)
    steps, stable = stable_steps(values, late, steps, factor=factor, outside=outside)
    gain = gain_and_slope(steps[..., None] * values, late[..., None])[0].sum(axis=-1)
    return np.where(stable, gain / (1 - gain), np.inf)


def stable_steps(
    values: Floats, late: NDArray[np.int64], steps: Floats, *, factor: int, outside: str
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the steps, half of the limit in place of those that are not below it, and which ones are below.

    Raises
    ------
    ValueError
        A step is not below the limit, and `outside` is "raise"; or `outside` is another word.

    Examples
    --------
    >>> stable_steps(np.array([1.0]), np.array(0), np.array(0.5), factor=1, outside="raise")
    (array(0.5), array(True))
    """
    if outside not in OUTSIDE:
        raise ValueError(f"outside={outside!r} is not one of {', '.join(OUTSIDE)}: choose one")
    steps, limit = np.broadcast_arrays(steps, gain_limit(values, late))
    stable = steps < limit
    if not stable.all():
        worst = element("step_size", steps / factor, ~stable)
        end = limit[~stable].flat[0] / factor
        message = (
            f"{worst} is not below {end:.7g}, the mean-square limit of independent Gaussian regressors: the error has "
            "no steady state; take a smaller step size"
        )
        if outside == "raise":
            raise ValueError(message)
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    return np.where(stable, steps, limit / 2), np.asarray(stable)
