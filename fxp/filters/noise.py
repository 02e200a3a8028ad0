"""Round-off noise of a filter by models of the errors: white input errors, weights rounded at random or as they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.arguments import reals, require_shapes
from fxp.sum_moments import taps_of

__all__ = ["fir_noise", "weight_error_power"]

Floats = NDArray[np.float64]


def fir_noise(weights: ArrayLike, input_power: ArrayLike, x_step: ArrayLike, w_step: ArrayLike) -> Floats:
    r"""Return the noise power of a filter with rounded inputs and weights (asymptotic in the steps).

    .. math:: \|w\|^2 \frac{\Delta_x^2}{12} + N\,E[x^2]\,\frac{\Delta_w^2}{12}

    The first term is exact for white errors, whatever the correlation of x. The second is the mean over weights that
    fall anywhere in their cells; weights that are known have :func:`weight_error_power` instead.

    Assumptions: rounding to nearest, no overload; input errors uniform, white and uncorrelated with x; weight errors
    uniform, of zero mean and independent; the product of both errors is left out; products and sum are exact.

    Parameters
    ----------
    weights : array_like of float, (..., N)
        Weights w along the last axis.
    input_power : array_like of float
        E[x²], not negative.
    x_step, w_step : array_like of float
        Steps Δ of the formats of inputs and weights, not negative: 0 leaves a part out.

    Returns
    -------
    ndarray of float64
        Power in the square of the output's unit; the shape of `weights` without its last axis, broadcast with the
        other arguments.

    Raises
    ------
    ValueError
        An argument is outside its range.

    References
    ----------
    Derivation: :ref:`derivation-fir_noise`.

    Examples
    --------
    >>> print(fir_noise([0.5, -0.5], 1.0, x_step=2**-7, w_step=2**-7) * 2**14)
    0.20833333333333334
    """
    taps = taps_of("weights", weights)
    power = reals("input_power", input_power, minimum=0, remedy="give E[x²]")
    steps = [
        reals(name, step, minimum=0, remedy="give the step of the format")
        for name, step in (("x_step", x_step), ("w_step", w_step))
    ]
    gain = (taps**2).sum(axis=-1)
    require_shapes(filters=gain, input_power=power, x_step=steps[0], w_step=steps[1])
    noise: Floats = (gain * steps[0] ** 2 + taps.shape[-1] * power * steps[1] ** 2) / 12
    return noise


def weight_error_power(weights: ArrayLike, rounded_weights: ArrayLike, correlation_matrix: ArrayLike) -> float:
    r"""Return the noise power that rounded weights make of exact inputs (exact).

    .. math:: (w - \hat w)^T R\,(w - \hat w)

    Nothing about it is random once the weights are fixed. To the error of a predictor it adds as a power where w are
    the optimal weights, whose error is uncorrelated with x.

    Assumptions: x is stationary with this autocorrelation matrix; no law is assumed.

    Parameters
    ----------
    weights, rounded_weights : array_like of float, shape (N,)
        Weights w and ŵ.
    correlation_matrix : array_like of float, shape (N, N)
        R of the regressor: ``Process.correlation_matrix(N)``.

    Returns
    -------
    float
        Power in the square of the output's unit.

    Raises
    ------
    ValueError
        The shapes do not match, or a number is not finite.

    References
    ----------
    Derivation: :ref:`derivation-weight_error_power`.

    Examples
    --------
    >>> weight_error_power([0.5, 0.5], [0.25, 0.75], [[1.0, -0.5], [-0.5, 1.0]])
    0.1875
    """
    exact, rounded = taps_of("weights", weights), taps_of("rounded_weights", rounded_weights)
    matrix = reals("correlation_matrix", correlation_matrix, remedy="give R, N by N")
    if exact.ndim != 1 or rounded.shape != exact.shape or matrix.shape != (len(exact), len(exact)):
        raise ValueError(
            f"shapes {exact.shape}, {rounded.shape} and {matrix.shape} of weights, rounded_weights and "
            "correlation_matrix are not (N,), (N,) and (N, N): give one filter and R of its taps"
        )
    change = rounded - exact
    return float(change @ matrix @ change)
