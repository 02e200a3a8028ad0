"""A small nonlinear system that learns the angle of a point on the unit circle: its mean square error and slopes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.arguments import reals
from fxp.backprop.collapse import collapsed_form, collapsed_gradient, collapsed_hessian
from fxp.backprop.polar import (
    polar_cost,
    polar_curvatures,
    polar_of,
    polar_slopes,
    rotation_curvature,
    rotation_slopes,
    scale_curvature,
    scale_slopes,
)

__all__ = [
    "angle_cost",
    "angle_gradient",
    "angle_hessian",
    "collapsed_angle_cost",
]

Floats = NDArray[np.float64]

LARGEST = 1e12  # of the scale g: |q| comes too near to 1 beyond
SMALL = 1e-5  # of the scale: below, four orders of it are beyond float64 beside two


def angle_cost(weights: ArrayLike) -> Floats:
    r"""Return the mean square error of the system that learns an angle (exact).

    .. math::

        C = \frac{\pi^2}{3} + \bar y^2 + 4\left[\mathrm{Li}_2(|q|^2) + \Re\,\mathrm{Li}_2(q^2)\right]
            - 2\,\Im\left[\mathrm{Li}_2(-q e^{2i\varphi}) - \mathrm{Li}_2(-q e^{-2i\varphi})\right]

    with φ the polar angle of (w₁, w₂), g = w₃(w₁² + w₂²), s = √(1 + ig), q = (s − 1)/(s + 1) and the mean output
    ȳ = 4·ln|(1 + s)/2|. The system is x = (cos θ, sin θ), y₁ = (w₁x₁ + w₂x₂)², y₂ = ln(1 + (w₃y₁)²), its target the
    angle θ itself, C = E[(θ − y₂)²].

    Assumptions: θ is uniform on (−π, π].

    Parameters
    ----------
    weights : array_like of float, shape (..., 3)
        w₁, w₂, w₃, with \|g\| at most 1e12.

    Returns
    -------
    ndarray of float64, shape (...)
        In rad², to about 1e-15 of its value.

    Raises
    ------
    ValueError
        A weight is no finite number, there are not three, or g is larger.

    References
    ----------
    Derivation: :ref:`derivation-angle_cost`.

    Examples
    --------
    >>> angle_cost([0.9547247, -0.8316406, 0.7071791]).round(7)
    np.float64(3.0629215)
    >>> angle_cost([[0.5, 0.5, 0.0], [0.5, 0.5, 1.0]]).round(4)
    array([3.2899, 3.4176])
    """
    return polar_cost(polar_of(_checked(weights)))


def angle_gradient(weights: ArrayLike) -> Floats:
    r"""Return the gradient of `angle_cost` over the weights (exact).

    With the slopes over the logarithm of the scale and over the polar angle,

    .. math::

        \frac{\partial C}{\partial w_1} = \frac{2 w_1}{r^2}\, g \frac{\partial C}{\partial g}
            - \frac{w_2}{r^2} \frac{\partial C}{\partial \varphi}, \qquad
        \frac{\partial C}{\partial \varphi} = 2\,(y_2|_{\theta = \pi} - \bar y)

    It is also the mean of the instantaneous gradients that back-propagation gives.

    Assumptions: as `angle_cost`.

    Parameters
    ----------
    weights : array_like of float, shape (..., 3)
        As for `angle_cost`.

    Returns
    -------
    ndarray of float64, shape (..., 3)
        Rad² by unit of each weight.

    Raises
    ------
    ValueError
        As `angle_cost`.

    References
    ----------
    Derivation: :ref:`derivation-angle_gradient`.

    Examples
    --------
    >>> angle_gradient([0.9547247, -0.8316406, 0.7071791])[0].round(7)
    np.float64(0.0081538)
    """
    w = _checked(weights)
    polar = polar_of(w)
    by_scale, by_angle = polar_slopes(polar)
    near = np.abs(polar.g) < SMALL
    safe = np.where(near[..., None], 1.0, w)
    exact = by_scale[..., None] * scale_slopes(safe) + by_angle[..., None] * rotation_slopes(safe)
    return np.where(near[..., None], collapsed_gradient(w), exact)


def angle_hessian(weights: ArrayLike) -> Floats:
    r"""Return the matrix of second derivatives of `angle_cost` over the weights (exact).

    The cost is constant along the curve (c·w₁, c·w₂, w₃/c²). At a minimum one eigenvalue is therefore zero, and near a
    minimum it may well be negative.

    Assumptions: as `angle_cost`.

    Parameters
    ----------
    weights : array_like of float, shape (..., 3)
        As for `angle_cost`.

    Returns
    -------
    ndarray of float64, shape (..., 3, 3)
        Symmetric.

    Raises
    ------
    ValueError
        As `angle_cost`.

    References
    ----------
    Derivation: :ref:`derivation-angle_curvature`.

    Examples
    --------
    >>> hessian = angle_hessian([0.9547247, -0.8316406, 0.7071791])
    >>> hessian[0, 0].round(5), np.linalg.eigvalsh(hessian).round(4)
    (np.float64(2.11537), array([-0.0078,  1.2648,  4.4342]))
    """
    w = _checked(weights)
    polar = polar_of(w)
    near = (np.abs(polar.g) < SMALL)[..., None, None]
    safe = np.where(near[..., 0], 1.0, w)
    by_scale, by_angle = (slope[..., None, None] for slope in polar_slopes(polar))
    twice_scale, mixed, twice_angle = (each[..., None, None] for each in polar_curvatures(polar))
    scale, angle = scale_slopes(safe), rotation_slopes(safe)
    crossed = _outer(scale, angle)
    exact = (
        twice_scale * _outer(scale, scale)
        + mixed * (crossed + np.swapaxes(crossed, -1, -2))
        + twice_angle * _outer(angle, angle)
        + by_scale * scale_curvature(safe)
        + by_angle * rotation_curvature(safe)
    )
    return np.where(near, collapsed_hessian(w), exact)


def collapsed_angle_cost(weights: ArrayLike) -> Floats:
    r"""Return the cost where the system has nearly collapsed to a constant output (asymptotic in w₃ → 0).

    .. math:: C = \frac{\pi^2}{3} + \tfrac{1}{2} w_3^2 r^4 \sin 2\varphi\,(1 + \tfrac{1}{4} \cos 2\varphi)

    r and φ are the polar coordinates of (w₁, w₂). Every point with w₃ = 0 and w₁w₂ > 0 is a local minimum: a continuum
    of them, at which the output is zero whatever the input. The error is of order g⁴.

    Assumptions: as `angle_cost`.

    Parameters
    ----------
    weights : array_like of float, shape (..., 3)
        As for `angle_cost`.

    Returns
    -------
    ndarray of float64, shape (...)
        In rad².

    Raises
    ------
    ValueError
        As `angle_cost`.

    References
    ----------
    Derivation: :ref:`derivation-collapsed_angle_cost`.

    Examples
    --------
    >>> w = [0.5, 0.4, 0.01]
    >>> collapsed_angle_cost(w).round(9), angle_cost(w).round(9)
    (np.float64(3.289876784), np.float64(3.289876784))
    """
    w = _checked(weights)
    return np.asarray(math.pi**2 / 3 + w[..., 2] ** 2 * collapsed_form(w))[()]


def _checked(weights: ArrayLike) -> Floats:
    w = reals("weights", weights, remedy="give w1, w2, w3")
    if w.ndim == 0 or w.shape[-1] != 3:
        raise ValueError(f"weights of shape {w.shape} are not w1, w2, w3 along the last axis: give three")
    with np.errstate(over="ignore"):
        largest = np.max(np.abs(w[..., 2]) * (w[..., 0] ** 2 + w[..., 1] ** 2), initial=0.0)
    if not largest <= LARGEST:
        raise ValueError(f"weights with w3*(w1**2 + w2**2) = {largest:g} are beyond {LARGEST:g}: scale them down")
    return w


def _outer(first: Floats, second: Floats) -> Floats:
    return np.asarray(first[..., :, None] * second[..., None, :])
