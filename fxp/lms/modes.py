r"""One mode of delayed LMS: the recursion v_(n+1) = v_n − a v_(n−D), with a = μλ for an eigenvalue λ of R.

With θ = asin(a/2) and ψ = π/4 − (2D + 1)θ/2, everything about a mode is a ratio of sines: ψ falls to zero where the
mean becomes unstable, and to θ where the mean square does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.arguments import POSITIVE, reals, require_shapes, whole_numbers

__all__ = [
    "Floats",
    "delays",
    "gain_and_slope",
    "mean_square_mode_limit",
    "mode_energy",
    "mode_gain",
    "mode_limit",
]

Floats = NDArray[np.float64]

STEP = "give the step size times an eigenvalue"


def delays(delay: ArrayLike) -> NDArray[np.int64]:
    """Return delays of the update where they are numbers of iterations, at least 0.

    Raises
    ------
    ValueError
        A delay is no such number.

    Examples
    --------
    >>> delays([0, 5])
    array([0, 5])
    """
    return whole_numbers("delay", delay, minimum=0, remedy="give the iterations by which the update is late")


def mode_limit(delay: ArrayLike) -> Floats:
    r"""Return the a below which a mode decays (exact): :math:`2 \sin \frac{\pi}{2(2D+1)}`.

    Parameters
    ----------
    delay : array_like of int
        Iterations D by which the update is late, at least 0.

    Returns
    -------
    ndarray of float64
        In the shape of `delay`.

    Raises
    ------
    ValueError
        A delay is out of range.

    References
    ----------
    Derivation: :ref:`derivation-mean_step_limit`.

    Examples
    --------
    >>> mode_limit([0, 1]).round(12)
    array([2., 1.])
    """
    return np.asarray(2 * np.sin(np.pi / (4.0 * delays(delay) + 2)))


def mean_square_mode_limit(delay: ArrayLike) -> Floats:
    r"""Return the a below which a mode's own gain is finite (exact): :math:`2 \sin \frac{\pi}{2(2D+3)}`.

    It is the limit of the mean with one more iteration of delay.

    Parameters
    ----------
    delay : array_like of int
        Iterations D by which the update is late, at least 0.

    Returns
    -------
    ndarray of float64
        In the shape of `delay`.

    Raises
    ------
    ValueError
        A delay is out of range.

    References
    ----------
    Derivation: :ref:`derivation-mode_gain`.

    Examples
    --------
    >>> mean_square_mode_limit(0).round(12)
    np.float64(1.0)
    """
    return np.asarray(2 * np.sin(np.pi / (4.0 * delays(delay) + 6)))


def mode_energy(a: ArrayLike, delay: ArrayLike = 0) -> Floats:
    r"""Return the energy h = Σ k_n² of the impulse response of a mode (exact).

    .. math:: h_D(a) = \frac{\cot \psi}{2 \sin 2\theta}, \qquad
        \theta = \arcsin \tfrac a2, \quad \psi = \tfrac\pi4 - \tfrac{(2D+1)\theta}{2}

    White noise of power q at the input of the mode gives it the power h·q.

    Parameters
    ----------
    a : array_like of float
        Step size times eigenvalue, above 0 and below :func:`mode_limit`.
    delay : array_like of int
        Iterations D by which the update is late, at least 0.

    Returns
    -------
    ndarray of float64
        The arguments broadcast.

    Raises
    ------
    ValueError
        An argument is out of range, or the shapes do not broadcast.

    References
    ----------
    Derivation: :ref:`derivation-mode_energy`.

    Examples
    --------
    >>> mode_energy(0.5)  # 1/(a(2 − a))
    array(1.33333333)
    """
    steps, late = _steps(a, delay, mode_limit(delay), minimum=POSITIVE)
    angle, margin = _angles(steps, late)
    return np.asarray(1 / (np.tan(margin) * 2 * np.sin(2 * angle)))


def mode_gain(a: ArrayLike, delay: ArrayLike = 0) -> Floats:
    r"""Return what a mode adds to the power of the error, over the whole of it (exact, i.i.d. Gaussian regressors).

    .. math:: g = \frac{a^2 h}{1 - a^2 h} = \frac{\sin\theta \cos\psi}{\sin(\psi - \theta)}

    Parameters
    ----------
    a : array_like of float
        Step size times eigenvalue, at least 0 and below :func:`mean_square_mode_limit`.
    delay : array_like of int
        Iterations D by which the update is late, at least 0.

    Returns
    -------
    ndarray of float64
        The arguments broadcast.

    Raises
    ------
    ValueError
        An argument is out of range, or the shapes do not broadcast.

    References
    ----------
    Derivation: :ref:`derivation-mode_gain`.

    Examples
    --------
    >>> mode_gain(0.5)  # a/(2 − 2a)
    array(0.5)
    """
    steps, late = _steps(a, delay, mean_square_mode_limit(delay), minimum=0)
    return gain_and_slope(steps, late)[0]


def gain_and_slope(a: Floats, delay: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return the gain of a mode and its derivative by a, of arguments that are known to be in range.

    Examples
    --------
    >>> gain, slope = gain_and_slope(np.array(0.5), np.array(0))
    >>> slope  # 1/(2(1 − a)²)
    array(2.)
    """
    angle, margin = _angles(a, delay)
    distance = np.sin(margin - angle)
    gain = np.sin(angle) * np.cos(margin) / distance
    # of sin θ cos ψ / sin(ψ − θ), with dψ = −(2D + 1)/2 dθ and dθ = da/(2 cos θ)
    by_angle = (np.sin(2 * margin) + (delay + 0.5) * np.sin(2 * angle)) / 2
    return np.asarray(gain), np.asarray(by_angle / distance**2 / (2 * np.cos(angle)))


def _angles(a: Floats, delay: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return θ and ψ."""
    angle = np.asarray(np.arcsin(a / 2))
    return angle, np.asarray(np.pi / 4 - (delay + 0.5) * angle)


def _steps(a: ArrayLike, delay: ArrayLike, limit: Floats, *, minimum: float) -> tuple[Floats, NDArray[np.int64]]:
    require_shapes(a=a, delay=delay)
    steps = reals("a", a, minimum=minimum, remedy=STEP)
    beyond = np.flatnonzero(steps >= limit)
    if len(beyond):
        first, end = (
            np.broadcast_to(each, np.broadcast(steps, limit).shape).flat[beyond[0]] for each in (steps, limit)
        )
        raise ValueError(f"a={first} is not below {end:.7g}: the mode is unstable; take a smaller step size")
    return steps, delays(delay)
