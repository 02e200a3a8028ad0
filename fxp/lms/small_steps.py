"""LMS with small steps and rounded weights: excess, the step size that balances it, and bias."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from fxp.formats import Rounding
from fxp.lms.certificates import require_certified
from fxp.lms.limits import mean_square_step_limit, mean_step_limit
from fxp.lms.modes import Floats
from fxp.lms.stalls import rounded_update, with_gain
from fxp.lms.steady_state import MEAN_SQUARE_LIMIT
from fxp.lms.word_arguments import positive, regular_matrix, require_moving, update_of
from fxp.roundoff import rounding_error

__all__ = ["best_step_size", "small_step_excess", "weight_drift"]


def small_step_excess(
    R: ArrayLike,
    step_size: float,
    *,
    minimum_mse: float,
    weight_step: float,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    textbook: bool = False,
) -> float:
    r"""Return the excess of small steps, gradient and rounded weights (asymptotic as the step size falls, any delay).

    .. math:: \tfrac12 \kappa \mu J_{\min} \operatorname{tr} R + \frac{N \sigma_c^2}{2 \kappa \mu}

    with κ and σ_c² of :func:`fxp.rounded_update` at ρ = q/(2·μ·√(J_min·tr R/N)); textbook: 1 and q²/12 (STOCHASTIC
    q²/6).

    Assumptions: as :func:`fxp.finite_precision_excess`; μ·tr R far below 1/(1 + D).

    Parameters
    ----------
    R, step_size, minimum_mse, weight_step, rounding
        As in :func:`fxp.finite_precision_excess`; only modes without a mean.
    textbook : bool
        Take the noise of large updates whatever the stall.

    Returns
    -------
    float
        In the unit of the mean square error.

    Raises
    ------
    ValueError
        An argument is out of range, the mode has a mean, or the update stalls: ρ is above 2 (STOCHASTIC 100), unless
        `textbook` says not to care; or the step size is not below :func:`fxp.mean_square_step_limit`, even without a
        delay.

    References
    ----------
    Derivation: :ref:`derivation-lms_small_step_words`.

    Examples
    --------
    >>> import numpy as np
    >>> excess = small_step_excess(np.eye(3), 2**-6, minimum_mse=1.0, weight_step=2**-7, textbook=True)
    >>> round(excess, 5), round(2**-6 * 3 / 2 + 3 * 2**-14 / 12 / (2 * 2**-6), 5)
    (0.02393, 0.02393)
    """
    matrix, step, mode = regular_matrix(R), positive("step_size", step_size), Rounding.of(rounding)
    _require_below(step, mean_square_step_limit(matrix), MEAN_SQUARE_LIMIT)
    least, weight = positive("minimum_mse", minimum_mse), positive("weight_step", weight_step)
    stall = weight / (2 * step * math.sqrt(least * matrix[0, 0]))
    rounded = update_of(mode, textbook=textbook)(stall)
    if rounded.mean != 0:
        raise ValueError(f"rounding={rounding!r} has a mean, which moves the weights: see fxp.weight_drift")
    if not textbook:
        require_moving(stall, mode, textbook=False)
    gained = float(rounded.gain) * step
    noise = weight**2 * float(rounded.variance)
    return float(gained * least * np.trace(matrix) / 2 + len(matrix) * noise / (2 * gained))


def best_step_size(
    R: ArrayLike, *, minimum_mse: float, weight_step: float, rounding: Rounding | str = Rounding.STOCHASTIC
) -> float:
    r"""Return the step size at which the textbook's excess of small steps is least (exact of that formula).

    .. math:: \mu^* = \sigma_c \sqrt{\frac{N}{J_{\min} \operatorname{tr} R}}, \qquad
        \tfrac12 \mu^* J_{\min} \operatorname{tr} R + \frac{N \sigma_c^2}{2 \mu^*} =
        \sigma_c \sqrt{N J_{\min} \operatorname{tr} R}

    with σ_c² = q²/6 for STOCHASTIC and q²/12 for the HALF modes: gradient noise and rounded weights add as much. The
    stall indicator there is :math:`q/(2\sigma_c)`, always: √1.5 or √3. Updates are then about as large as the weights'
    step, where the noise of rounding is less than q²/12 or q²/6: the excess at μ* is below that formula, and a smaller
    step size lowers it still, though little. Of the HALF modes the update then has lost a fifth of its gain, and at
    smaller step sizes nearly all: take this step size as the smallest.

    Parameters
    ----------
    R : array_like of float, shape (N, N)
        Autocorrelation matrix of the regressor.
    minimum_mse : float
        Least mean square error, positive.
    weight_step : float
        Distance q of neighbouring weights, positive.
    rounding : Rounding or str
        Mode of the weights: STOCHASTIC or one of the HALF modes.

    Returns
    -------
    float
        μ of w + μ·e·x; half of it where the update is w + 2·μ·e·x.

    Raises
    ------
    ValueError
        An argument is out of range, the mode has a mean, or μ* is not below :func:`fxp.mean_square_step_limit`.

    References
    ----------
    Derivation: :ref:`derivation-lms_best_step`.

    Examples
    --------
    >>> import numpy as np
    >>> round(best_step_size(np.eye(3), minimum_mse=1.0, weight_step=2**-10), 6)
    0.000399
    """
    matrix, least, step = regular_matrix(R), positive("minimum_mse", minimum_mse), positive("weight_step", weight_step)
    error = rounding_error(with_gain(rounding))
    if error.mean:
        raise ValueError(f"rounding={rounding!r} has a mean, which moves the weights: take STOCHASTIC or a HALF mode")
    best = float(step * math.sqrt(error.variance * len(matrix) / (least * np.trace(matrix))))
    limit = float(mean_square_step_limit(matrix))
    if best >= limit:
        raise ValueError(
            f"weight_step={step:g} is so coarse that the best step size, {best:.4g}, is not below {limit:.4g}, the "
            f"{MEAN_SQUARE_LIMIT}: make it finer"
        )
    return best


def weight_drift(
    R: ArrayLike, step_size: float, *, weight_step: float, rounding: Rounding | str = Rounding.FLOOR
) -> Floats:
    r"""Return the bias E[w] − w* of weights that are rounded down or up (asymptotic for updates of many steps).

    .. math:: E[w] - w^* = \mp \frac{q}{2 \mu} R^{-1} \mathbf{1}

    Rounding takes half a step at each update, and the bias grows until the gradient gives as much back: at any delay.

    Assumptions: regressors that are independent from one iteration to the next; updates of many steps. Up to a stall
    indicator of 0.4 the bias is at most a hundredth smaller.

    Parameters
    ----------
    R : array_like of float, shape (N, N)
        Autocorrelation matrix of the regressor, symmetric, positive definite, of equal entries on its diagonal.
    step_size : float
        μ, positive; 2·μ where the update is w + 2·μ·e·x.
    weight_step : float
        Distance q of neighbouring weights, positive.
    rounding : Rounding or str
        Mode of the weights, any but TOWARD_ZERO; one without a mean leaves no bias.

    Returns
    -------
    ndarray of float64, shape (N,)
        In the unit of the weights.

    Raises
    ------
    ValueError
        An argument is out of range, or the step size is not below :func:`fxp.mean_step_limit`, even without a delay.

    References
    ----------
    Derivation: :ref:`derivation-lms_weight_drift`.

    Examples
    --------
    >>> import numpy as np
    >>> weight_drift(np.eye(2) / 4, 2**-4, weight_step=2**-10)
    array([-0.03125, -0.03125])
    """
    matrix, step = regular_matrix(R), positive("step_size", step_size)
    _require_below(step, mean_step_limit(matrix), "limit of the mean without a delay")
    each = float(rounded_update(0.0, rounding=rounding).mean) * positive("weight_step", weight_step) / step
    return np.asarray(np.linalg.solve(matrix, np.full(len(matrix), each)))


def _require_below(step: float, limit: Floats, named: str) -> None:
    require_certified(np.asarray(step), limit, named=named, outside="raise")
