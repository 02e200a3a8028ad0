"""Choosing the step size and the bits of the weights of an LMS filter."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fxp.arguments import POSITIVE, one, reals
from fxp.formats import Rounding
from fxp.lms.spectra import autocorrelation_matrix
from fxp.lms.words import finite_precision_excess, largest_stall
from fxp.roundoff import rounding_error

__all__ = ["best_step_size", "weight_bits_for_excess"]

FEWEST_BITS, MOST_BITS = 2, 60


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
        An argument is out of range, or the mode has a mean.

    References
    ----------
    Derivation: :ref:`derivation-lms_best_step`.

    Examples
    --------
    >>> import numpy as np
    >>> round(best_step_size(np.eye(3), minimum_mse=1.0, weight_step=2**-10), 6)
    0.000399
    """
    matrix = autocorrelation_matrix(R)
    if matrix.ndim != 2:
        raise ValueError(f"R of shape {matrix.shape} is not one matrix: call once for each")
    least = one("minimum_mse", reals("minimum_mse", minimum_mse, minimum=POSITIVE, remedy="give J_min"))
    step = one("weight_step", reals("weight_step", weight_step, minimum=POSITIVE, remedy="give the weights' step"))
    error = rounding_error(rounding)
    if error.mean or Rounding.of(rounding) is Rounding.TOWARD_ZERO:
        raise ValueError(f"rounding={rounding!r} moves the weights: take STOCHASTIC or a HALF mode")
    return float(step * math.sqrt(error.variance * len(matrix) / (least * np.trace(matrix))))


def weight_bits_for_excess(
    R: ArrayLike,
    step_size: float,
    *,
    minimum_mse: float,
    excess: float,
    largest_weight: float,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    delay: int = 0,
    factor: int = 1,
) -> int:
    """Return the fewest bits of the weights with which the excess stays within a limit (asymptotic, i.i.d. regressors).

    The weights are signed words of the range [−2^k, 2^k), the smallest that holds the largest weight; the excess is
    that of :func:`fxp.finite_precision_excess`, and bits with which the update stalls are not enough.

    Parameters
    ----------
    R, step_size, minimum_mse, rounding, delay, factor
        As in :func:`fxp.finite_precision_excess`.
    excess : float
        Mean square error above the least one that is allowed, positive.
    largest_weight : float
        Largest magnitude that a weight takes, transients included, positive.

    Returns
    -------
    int
        Between 2 and 60.

    Raises
    ------
    ValueError
        As :func:`fxp.finite_precision_excess`; or no number of bits is enough, because gradient noise alone exceeds the
        limit.

    References
    ----------
    Derivation: :ref:`derivation-lms_weight_rounding`.

    Examples
    --------
    >>> from fxp import Process
    >>> R = Process([0.1, 0.5, -0.5, 0.1]).correlation_matrix(3)
    >>> weight_bits_for_excess(R, 2**-6, minimum_mse=0.352, excess=0.005, largest_weight=0.9)
    8
    """
    allowed = one("excess", reals("excess", excess, minimum=POSITIVE, remedy="give the excess that is allowed"))
    largest = one(
        "largest_weight", reals("largest_weight", largest_weight, minimum=POSITIVE, remedy="give the largest weight")
    )
    range_bits, mode = math.ceil(math.log2(largest)) + 1, Rounding.of(rounding)

    def within(bits: int) -> bool:
        options: Any = {"minimum_mse": minimum_mse, "rounding": mode, "delay": delay, "factor": factor}
        found = finite_precision_excess(R, step_size, weight_step=2.0 ** (range_bits - bits), **options)
        return bool(found.total <= allowed)

    if not within(MOST_BITS):
        raise ValueError(
            f"excess={allowed:g} is not enough for the noise of the gradient: allow more, or take a smaller step size"
        )
    update_rms = factor * step_size * math.sqrt(minimum_mse * float(np.asarray(R)[0, 0]))
    fewest = max(FEWEST_BITS, range_bits - math.floor(math.log2(2 * largest_stall(mode) * update_rms)))
    return fewest + bisect_left(range(fewest, MOST_BITS), True, key=within)
