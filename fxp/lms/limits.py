"""How large the step of LMS may be, for independent regressors: in the mean, and in the mean square."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.arguments import require_shapes
from fxp.lms.modes import Floats, delays, gain_and_slope, mean_square_mode_limit, mode_limit
from fxp.lms.spectra import eigenvalues, update_scale

__all__ = ["gain_limit", "mean_square_step_limit", "mean_step_limit"]

CLOSE = 1e-14  # relative: below, a Newton step is a rounding error
LONGEST = 100  # iterations, of which about six are needed


def mean_step_limit(R: ArrayLike, *, delay: ArrayLike = 0, factor: int = 1) -> Floats:
    r"""Return the step size below which the mean of the weights converges (exact for independent regressors).

    .. math:: \mu < \frac{2}{f \lambda_{\max}} \sin \frac{\pi}{2(2D+1)}

    for the update :math:`w_{n+1} = w_n + f \mu\,e_{n-D}\,x_{n-D}`. Weights whose mean converges may have a variance
    that grows without end: :func:`fxp.mean_square_step_limit`.

    Assumptions: regressors that are independent of one another from one iteration to the next, of any law.

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
    G. Long, F. Ling, J. G. Proakis, The LMS algorithm with delayed coefficient adaptation, IEEE Trans. Acoust., Speech,
    Signal Process. 37 (1989) 1397-1405. Derivation: :ref:`derivation-mean_step_limit`.

    Examples
    --------
    >>> from fxp import Process
    >>> R = Process([0.1, 0.5, -0.5, 0.1]).correlation_matrix(3)
    >>> mean_step_limit(R, delay=[0, 1, 5]).round(4)
    array([2.2895, 1.1447, 0.3258])
    """
    values, late = _modes_and_delays(R, delay)
    return mode_limit(late) / (update_scale(factor) * values[..., -1])


def mean_square_step_limit(R: ArrayLike, *, delay: ArrayLike = 0, factor: int = 1) -> Floats:
    r"""Return the step size below which the mean square of the error converges (exact, i.i.d. Gaussian regressors).

    The root of

    .. math:: \sum_{i=1}^{N} \frac{\sin\theta_i \cos\psi_i}{\sin(\psi_i - \theta_i)} = 1, \qquad
        \theta_i = \arcsin \tfrac{f \mu \lambda_i}{2}, \quad \psi_i = \tfrac\pi4 - \tfrac{(2D+1)\,\theta_i}{2}

    below the pole of the largest eigenvalue, :math:`\theta_N = \psi_N`. Without a delay it is that of
    :math:`\sum \mu\lambda_i/(2 - 2\mu\lambda_i) = 1`.

    Assumptions: regressors x_n that are independent from one iteration to the next, and Gaussian of zero mean. Those of
    a delay line are not independent, and :func:`fxp.operator_step_limit` has their limit: of the example below, less
    than half without a delay; of the same process driven by signs, more.

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
    Without a delay: A. Feuer, E. Weinstein, Convergence analysis of LMS filters with uncorrelated Gaussian data, IEEE
    Trans. Acoust., Speech, Signal Process. 33 (1985) 222-230. Derivation: :ref:`derivation-mean_square_step_limit`.

    Examples
    --------
    >>> from fxp import Process
    >>> R = Process([0.1, 0.5, -0.5, 0.1]).correlation_matrix(3)
    >>> mean_square_step_limit(R, delay=[0, 1, 5]).round(4)
    array([0.6588, 0.4785, 0.2339])
    """
    values, late = _modes_and_delays(R, delay)
    return gain_limit(values, late) / update_scale(factor)


def gain_limit(values: Floats, late: NDArray[np.int64]) -> Floats:
    """Return the step size at which the gains of the modes add up to one, of eigenvalues in ascending order.

    It lies between the limits of the largest mode's mean at delays of D + 1 and of D + 1 + N. In u = upper end/μ, the
    reciprocal of the sum is nearly a straight line: Newton's steps, each halved that leaves the bracket.

    Examples
    --------
    >>> gain_limit(np.array([1.0]), np.array(0)).round(12)  # a/(2 − 2a) = 1
    np.float64(0.666666666667)
    """
    taps = values.shape[-1]
    upper = mean_square_mode_limit(late) / values[..., -1]
    most, late = upper[..., None] * values, late[..., None]
    low, high = np.ones(upper.shape), upper * values[..., -1] / mode_limit(late[..., 0] + 1 + taps)
    u = high
    for _ in range(LONGEST):
        gains, slopes = gain_and_slope(most / u[..., None], late)
        gain, slope = gains.sum(axis=-1), (slopes * most).sum(axis=-1)
        low, high = np.where(gain < 1, low, u), np.where(gain < 1, u, high)
        newton = u - (1 - gain) * gain * u * u / slope
        following = np.where((newton >= low) & (newton <= high), newton, (low + high) / 2)
        moved = np.abs(following - u) > CLOSE * u
        u = following
        if not moved.any():
            break
    return np.asarray(upper / u)


def _modes_and_delays(R: ArrayLike, delay: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    values, late = eigenvalues(R), delays(delay)
    require_shapes(R=values[..., 0], delay=late)
    return values, late
