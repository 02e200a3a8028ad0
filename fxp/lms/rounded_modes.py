"""Steady state of the modes of LMS whose updates are rounded: gains, noise and bias, at the error that they leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fxp.lms.limits import gain_limit
from fxp.lms.modes import Floats, mode_energy
from fxp.lms.stalls import RoundedUpdate

__all__ = ["Modes", "SteadyState", "Update"]

Update = Callable[[float], RoundedUpdate]

ITERATIONS = 200
SETTLED = 1e-15  # relative


@dataclass(frozen=True)
class SteadyState:
    """What rounded updates leave.

    Parameters
    ----------
    mse : float
        Mean square error.
    gains : float
        Sum G of the gains of the modes: the share of the error that feeds back.
    noise, drift : float
        Mean square error by noise and by bias of the weights, before it feeds back.
    stall, gain : float
        Stall indicator at this error, and what rounding makes of the step size there.
    """

    mse: float
    gains: float
    noise: float
    drift: float
    stall: float
    gain: float


@dataclass(frozen=True, eq=False)
class Modes:
    """Modes of the regressor that a filter sees.

    Parameters
    ----------
    values, vectors : ndarray of float64
        Eigenvalues, positive, and eigenvectors in columns.
    step : float
        Step size times factor.
    late : int
        Iterations by which the update is late.
    """

    values: Floats
    vectors: Floats
    step: float
    late: int

    def steady_state(self, update: Update, weight_step: float, floor: float, power: float) -> SteadyState:
        """Return the steady state whose error makes the very updates whose rounding leaves that error.

        Parameters
        ----------
        update : callable
            Mean, gain and variance of a rounded update for a stall indicator.
        weight_step : float
            Distance of neighbouring weights.
        floor : float
            Mean square error of the best fixed weights.
        power : float
            Of a datum.

        Raises
        ------
        ValueError
            The step size is not below the mean-square limit, or an update stalls beyond what `update` knows.
        """
        mse = floor
        for _ in range(ITERATIONS):
            stall = weight_step / (2 * self.step * float(np.sqrt(mse * power)))
            state = self._at(update(stall), weight_step, floor, stall)
            if abs(state.mse - mse) <= SETTLED * mse:
                break
            mse = state.mse
        return state

    def _at(self, rounded: RoundedUpdate, weight_step: float, floor: float, stall: float) -> SteadyState:
        gain = float(rounded.gain)
        a = self._stable(self.step * gain) * self.values
        energy = mode_energy(a, self.late)
        own = 1 - a**2 * energy
        bias = rounded.mean * weight_step * self.vectors.sum(axis=0) / a
        gains, noise, drift = (
            float((part / own).sum())
            for part in (
                a**2 * energy,
                self.values * energy * weight_step**2 * rounded.variance,
                self.values * bias**2,
            )
        )
        return SteadyState((floor + noise + drift) / (1 - gains), gains, noise, drift, stall, gain)

    def _stable(self, step: float) -> float:
        limit = float(gain_limit(self.values, np.asarray(self.late)))
        if step >= limit:
            raise ValueError(
                f"step_size of {step:.7g}, with its factor and the gain of the rounding, is not below {limit:.7g}, the "
                "mean-square limit of independent Gaussian regressors: take a smaller step size"
            )
        return step
