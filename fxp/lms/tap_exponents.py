"""Growth of LMS with one tap in closed form: the case in which almost-sure stability needs no simulation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import dawsn, roots_legendre

from fxp.arguments import POSITIVE, reals

__all__ = ["gaussian_tap_exponent"]

Floats = NDArray[np.float64]

TAIL = 8.0
_NODES, _WEIGHTS = roots_legendre(100)


def gaussian_tap_exponent(a: ArrayLike) -> Floats:
    r"""Return E[ln|1 − a g²|] of a standard Gaussian g: growth of LMS with one tap and white input (exact).

    .. math:: \ln a - \gamma - \ln 2 + 4 \int_0^{1/\sqrt{2a}} F(t)\,dt

    with Dawson's integral F and Euler's constant γ; a = f·μ·σ². It is zero at a = 2.4212, where the mean square has
    been unstable for long: that is stable below 2/3.

    Assumptions: one tap, no delay, independent Gaussian samples of variance σ².

    Parameters
    ----------
    a : array_like of float
        Step size times variance, positive.

    Returns
    -------
    ndarray of float64
        In the shape of `a`, logarithmic growth in an iteration.

    Raises
    ------
    ValueError
        A value is not positive.

    References
    ----------
    Derivation: :ref:`derivation-gaussian_tap_exponent`.

    Examples
    --------
    >>> gaussian_tap_exponent([0.5, 1.0, 3.0]).round(6)
    array([-0.484627, -0.416992,  0.143859])
    """
    steps = reals("a", a, minimum=POSITIVE, remedy="give step size times variance")
    end = 1 / np.sqrt(2 * steps)
    return np.asarray(np.log(steps / 2) - np.euler_gamma + 4 * _dawson_integral(end))


def _dawson_integral(end: Floats) -> Floats:
    """Return the integral from 0, beyond where Dawson's function is close to 1/(2t) in logarithms of t."""
    near, ratio = np.minimum(end, TAIL), np.log(np.maximum(end, TAIL) / TAIL)
    places = (1 + _NODES) / 2
    points, tail = near[..., None] * places, TAIL * np.exp(ratio[..., None] * places)
    return np.asarray((near * (dawsn(points) @ _WEIGHTS) + ratio * ((tail * dawsn(tail)) @ _WEIGHTS)) / 2)
