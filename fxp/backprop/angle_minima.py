"""The least cost of the system that learns an angle, and all weights that have it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from fxp.arguments import POSITIVE, one, reals
from fxp.backprop.angle_costs import angle_cost
from fxp.backprop.polar import polar_of, polar_slopes

__all__ = ["AngleMinimum", "angle_minimum", "best_angle"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AngleMinimum:
    r"""The least cost, and all weights that have it.

    Parameters
    ----------
    cost : float
        In rad².
    scale : float
        \|g\| = \|w₃\|·(w₁² + w₂²).
    angle : float
        Polar angle of (w₁, w₂), between −π/2 and 0; the opposite direction is as good.
    """

    cost: float
    scale: float
    angle: float

    def weights(self, radius: float, *, flipped: bool = False, negative: bool = False) -> Floats:
        """Return the weights of least cost at a distance √(w₁² + w₂²) from zero: any radius does, and either sign.

        Parameters
        ----------
        radius : float
            Positive.
        flipped : bool
            Take −w₁ and −w₂.
        negative : bool
            Take −w₃.

        Returns
        -------
        ndarray of float64, shape (3,)

        Raises
        ------
        ValueError
            The radius is no positive number.

        Examples
        --------
        >>> angle_minimum().weights(1.0).round(6)
        array([ 0.752611, -0.658465,  1.128648])
        """
        r = one("radius", reals("radius", radius, minimum=POSITIVE, remedy="give the distance of (w1, w2) from zero"))
        first = -r if flipped else r
        third = self.scale / r**2
        return np.array(
            [first * math.cos(self.angle), first * math.sin(self.angle), -third if negative else third],
        )


def best_angle(scale: float) -> float:
    r"""Return the angle φ of (w₁, w₂) at which `angle_cost` is least, of all weights of one scale (exact).

    The slope over φ is twice what the output at the cut θ = π exceeds the mean output ȳ by. It is zero at two angles
    between −π/2 and π/2, and rises at the negative one:

    .. math:: g^2 \cos^4 \varphi = e^{\bar y} - 1, \qquad -\pi/2 < \varphi < 0

    Assumptions: as `angle_cost`.

    Parameters
    ----------
    scale : float
        \|g\| = \|w₃\|·(w₁² + w₂²), between 1e-5 and 1e12.

    Returns
    -------
    float
        In rad; φ ± π is as good.

    Raises
    ------
    ValueError
        The scale is out of range.

    References
    ----------
    Derivation: :ref:`derivation-best_angle`.

    Examples
    --------
    >>> round(best_angle(1.1337), 4)
    -0.7191
    """
    remedy = "give |w3|*(w1**2 + w2**2)"
    g = one("scale", reals("scale", scale, minimum=1e-5, maximum=1e12, remedy=remedy))
    mean = float(polar_of(np.array([1.0, 0.0, g])).mean_output)
    return -math.acos(math.expm1(mean) ** 0.25 / math.sqrt(g))


@cache
def angle_minimum() -> AngleMinimum:
    r"""Return the least cost and the weights that have it (exact to rounding).

    Along the curve of the angles that are best at each scale, `best_angle`, the slope over the scale vanishes once
    between 0.001 and 1000; that it does so once only is read off a scan, not proven. The other local minima are at
    w₃ = 0: `collapsed_angle_cost`.

    Assumptions: as `angle_cost`.

    Returns
    -------
    AngleMinimum

    References
    ----------
    Derivation: :ref:`derivation-best_angle`.

    Examples
    --------
    >>> best = angle_minimum()
    >>> round(best.cost, 7), round(best.scale, 4), round(best.angle, 4)
    (3.0629057, 1.1286, -0.7188)
    """
    scale = float(brentq(_slope_along_valley, 0.1, 10.0, xtol=1e-14))
    weights = _valley(scale)
    return AngleMinimum(float(angle_cost(weights)), scale, math.atan2(weights[1], weights[0]))


def _valley(scale: float) -> Floats:
    """Return weights of that scale whose angle is the best one."""
    angle = best_angle(scale)
    return np.array([math.cos(angle), math.sin(angle), scale])


def _slope_along_valley(scale: float) -> float:
    return float(polar_slopes(polar_of(_valley(scale)))[0])
