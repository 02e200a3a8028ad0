"""The best linear predictor of a stationary process: normal equations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import toeplitz

from fxp.arguments import one, reals, whole_numbers
from fxp.processes import Process

__all__ = ["Predictor", "optimal_predictor"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Predictor:
    """A linear predictor of x_n from x_(n−h), …, x_(n−h−N+1), and how well it does without rounding.

    Parameters
    ----------
    weights : tuple of float
        w_1 … w_N, that of the latest sample first.
    mse : float
        Mean square of the prediction error, in the unit of x².
    power : float
        E[x²].
    horizon : int
        Samples h from the latest one seen to the predicted one.

    Examples
    --------
    >>> round(Predictor((0.5,), mse=0.75, power=1.0).prediction_gain_db, 4)
    1.2494
    """

    weights: tuple[float, ...]
    mse: float
    power: float
    horizon: int = 1

    @property
    def taps(self) -> int:
        """Number of weights."""
        return len(self.weights)

    @property
    def prediction_gain_db(self) -> float:
        """Power over mean square error, dB; infinite where nothing is left to predict."""
        return math.inf if self.mse == 0 else 10 * math.log10(self.power / self.mse)

    @property
    def lags(self) -> NDArray[np.int64]:
        """How long before x_n the regressor's samples lie: h … h + N − 1."""
        return self.horizon + np.arange(self.taps)


def optimal_predictor(process: Process | ArrayLike, taps: int, *, horizon: int = 1) -> Predictor:
    r"""Return the linear predictor of least mean square error (exact to rounding).

    .. math:: R\,w = p, \qquad \mathrm{MSE} = r_0 - p^T w, \qquad R_{ij} = r_{|i-j|}, \quad p_i = r_{h+i-1}

    Assumptions: x is stationary with zero mean; no law is assumed.

    Parameters
    ----------
    process : Process or array_like of float
        The process, or its autocorrelation r_0 … r_L with L at least horizon + taps − 1.
    taps : int
        Number of weights N, at least 1.
    horizon : int
        Samples h from the latest one seen to the predicted one, at least 1.

    Returns
    -------
    Predictor
        Weights, mean square error and prediction gain. The error is a difference: where it is below 1e-13 of the power
        its digits are rounding.

    Raises
    ------
    ValueError
        An argument is outside its range, or the autocorrelation is too short or not that of a process.

    References
    ----------
    N. Wiener, Extrapolation, Interpolation, and Smoothing of Stationary Time Series, 1949; N. Levinson, 1947.
    Derivations: :ref:`derivation-optimal_predictor`, :ref:`derivation-three_tap_predictor`.

    Examples
    --------
    >>> from fxp import Process
    >>> predictor = optimal_predictor(Process([0.1, 0.5, -0.5, 0.1]), 3)
    >>> np.round(predictor.weights, 6), round(predictor.mse, 7)
    (array([-0.679161, -0.412655, -0.179161]), 0.3520014)
    >>> optimal_predictor([1.0, 0.5, 0.25], 2).weights
    (0.5, 0.0)
    """
    count = one("taps", whole_numbers("taps", taps, minimum=1, remedy="give the number of weights"))
    ahead = one("horizon", whole_numbers("horizon", horizon, minimum=1, remedy="predict at least one sample ahead"))
    lags = _autocorrelation(process, count + ahead)
    matrix, cross = toeplitz(lags[:count]), lags[ahead:]
    if np.linalg.eigvalsh(matrix)[0] <= 0:
        raise ValueError(
            f"process={lags} has no positive definite autocorrelation matrix of {count} samples: give r_0 … of a "
            "process, or fewer taps"
        )
    weights = np.linalg.solve(matrix, cross)
    return Predictor(tuple(weights.tolist()), max(float(lags[0] - weights @ cross), 0.0), float(lags[0]), ahead)


def _autocorrelation(process: Process | ArrayLike, count: int) -> Floats:
    if isinstance(process, Process):
        return process.autocorrelation(count - 1)
    lags = reals("process", process, remedy="give a Process, or r_0 … r_L")
    if lags.ndim != 1 or len(lags) < count:
        raise ValueError(f"process of shape {lags.shape} is not an autocorrelation r_0 … r_{count - 1}: give more lags")
    return lags[:count]
