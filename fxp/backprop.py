"""A small nonlinear system that learns the angle of a point on the unit circle: its cost, slopes and least cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import spence

from fxp.arguments import POSITIVE, one, reals

__all__ = [
    "AngleMinimum",
    "angle_cost",
    "angle_gradient",
    "angle_hessian",
    "angle_minimum",
    "collapsed_angle_cost",
]

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

LARGEST = 1e50  # of the scale g, whose square must be a float64
SMALL = 1e-5  # of the scale: below, four orders of it are beyond float64 beside two


@dataclass(frozen=True, eq=False)
class _Polar:
    """Scale g = w₃(w₁² + w₂²), s = √(1 + ig) = cosh t + i·sinh t, q = (s − 1)/(s + 1), and e = exp(2iφ)."""

    g: Floats
    s: Complexes
    q: Complexes
    e: Complexes

    @property
    def modulus(self) -> Floats:
        return np.asarray(np.abs(self.q) ** 2)

    @property
    def excess(self) -> Floats:
        """Re s − 1 = cosh t − 1, without cancellation."""
        return np.asarray(2 * np.sinh(np.arcsinh(self.g) / 4) ** 2)

    @property
    def mean_output(self) -> Floats:
        """E[y₂] = 2·ln(cosh t·(1 + cosh t)/2)."""
        return np.asarray(2 * (np.log1p(self.excess) + np.log1p(self.excess / 2)))

    @property
    def output_at_cut(self) -> Floats:
        """y₂ at θ = π, where the target jumps."""
        return np.asarray(np.log1p((self.g * (1 + self.e.real) / 2) ** 2))


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
        w₁, w₂, w₃, with \|g\| at most 1e50.

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
    return _cost(_polar(_checked(weights)))


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
    polar = _polar(w)
    by_scale, by_angle = _slopes(polar)
    near = np.abs(polar.g) < SMALL
    safe = np.where(near[..., None], 1.0, w)
    exact = by_scale[..., None] * _scale_slopes(safe) + by_angle[..., None] * _angle_slopes(safe)
    return np.where(near[..., None], _collapsed_gradient(w), exact)


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
    polar = _polar(w)
    near = (np.abs(polar.g) < SMALL)[..., None, None]
    safe = np.where(near[..., 0], 1.0, w)
    by_scale, by_angle = (slope[..., None, None] for slope in _slopes(polar))
    twice_scale, mixed, twice_angle = (each[..., None, None] for each in _curvatures(polar))
    scale, angle = _scale_slopes(safe), _angle_slopes(safe)
    crossed = _outer(scale, angle)
    exact = (
        twice_scale * _outer(scale, scale)
        + mixed * (crossed + np.swapaxes(crossed, -1, -2))
        + twice_angle * _outer(angle, angle)
        + by_scale * _scale_curvature(safe)
        + by_angle * _angle_curvature(safe)
    )
    return np.where(near, _collapsed_hessian(w), exact)


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
    return np.asarray(math.pi**2 / 3 + w[..., 2] ** 2 * _form(w))[()]


@dataclass(frozen=True)
class AngleMinimum:
    """The least cost, and all weights that have it.

    Parameters
    ----------
    cost : float
        In rad².
    scale : float
        \\|g\\| = \\|w₃\\|·(w₁² + w₂²).
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


@cache
def angle_minimum() -> AngleMinimum:
    r"""Return the least cost and the weights that have it (exact to rounding; see below for what is proven).

    At any scale g the cost over φ is least where the output at the cut θ = π equals the mean output, which happens at
    two angles ±φ, of which the negative one is the minimum:

    .. math:: g^2 \cos^4 \varphi = e^{\bar y} - 1, \qquad -\pi/2 < \varphi < 0

    Along this curve, the slope over g vanishes once between 0.001 and 1000; that it does so once only is read off a
    scan, not proven. The other local minima are at w₃ = 0: `collapsed_angle_cost`.

    Assumptions: as `angle_cost`.

    Returns
    -------
    AngleMinimum

    References
    ----------
    Derivation: :ref:`derivation-angle_minimum`.

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
    mean = float(_polar(np.array([1.0, 0.0, scale])).mean_output)
    cosine = math.expm1(mean) ** 0.25 / math.sqrt(scale)
    return np.array([cosine, -math.sqrt(1 - cosine**2), scale])


def _slope_along_valley(scale: float) -> float:
    return float(_slopes(_polar(_valley(scale)))[0])


def _checked(weights: ArrayLike) -> Floats:
    w = reals("weights", weights, remedy="give w1, w2, w3")
    if w.ndim == 0 or w.shape[-1] != 3:
        raise ValueError(f"weights of shape {w.shape} are not w1, w2, w3 along the last axis: give three")
    with np.errstate(over="ignore"):
        largest = np.max(np.abs(w[..., 2]) * (w[..., 0] ** 2 + w[..., 1] ** 2), initial=0.0)
    if not largest <= LARGEST:
        raise ValueError(f"weights with w3*(w1**2 + w2**2) = {largest:g} are beyond {LARGEST:g}: scale them down")
    return w


def _polar(w: Floats) -> _Polar:
    g = w[..., 2] * (w[..., 0] ** 2 + w[..., 1] ** 2)
    s = np.sqrt(1 + 1j * g)
    return _Polar(np.asarray(g), np.asarray(s), np.asarray(1j * g / (s + 1) ** 2), np.exp(2j * _angle(w)))


def _angle(w: Floats) -> Floats:
    return np.asarray(np.arctan2(w[..., 1], w[..., 0]))


def _dilogarithm(z: ArrayLike) -> Complexes:
    return np.asarray(spence(1 - np.asarray(z, dtype=np.complex128)))


def _cost(polar: _Polar) -> Floats:
    q, e = polar.q, polar.e
    power = 4 * (_dilogarithm(polar.modulus).real + _dilogarithm(q**2).real)
    correlation = -2 * (_dilogarithm(-q * e) - _dilogarithm(-q / e)).imag
    return np.asarray(math.pi**2 / 3 + polar.mean_output**2 + power + correlation)[()]


def _log1p(z: Complexes) -> Complexes:
    """Return ln(1 + z), its real part without the cancellation that NumPy's has near z = 0."""
    near = np.log1p(np.where(np.abs(z) < 0.5, 2 * z.real + np.abs(z) ** 2, 0.0)) / 2
    far = np.log1p(z)
    return np.where(np.abs(z) < 0.5, near, far.real) + 1j * far.imag


def _mean_slopes(polar: _Polar) -> tuple[Floats, Floats]:
    """Return first and second derivative of the mean output over ln g."""
    inverse = 1 / polar.s
    t = np.arcsinh(polar.g) / 2
    first = 4 * np.sinh(1.5 * t) * np.sinh(t / 2) / np.cosh(2 * t)
    return np.asarray(first), np.asarray((inverse - inverse**3).real)


def _slopes(polar: _Polar) -> tuple[Floats, Floats]:
    """Return the derivatives of the cost over ln g and over φ."""
    inverse, q, e = 1 / polar.s, polar.q, polar.e
    mean, mean_slope = polar.mean_output, _mean_slopes(polar)[0]
    power = -8 * (np.log1p(-polar.modulus) * inverse.real + (_log1p(-(q**2)) * inverse).real)
    correlation = 2 * ((_log1p(q * e) - _log1p(q / e)) * inverse).imag
    return np.asarray(2 * mean * mean_slope + power + correlation), np.asarray(2 * (polar.output_at_cut - mean))


def _curvatures(polar: _Polar) -> tuple[Floats, Floats, Floats]:
    """Return the second derivatives of the cost: twice over ln g, over ln g and φ, and twice over φ."""
    inverse, q, e = 1 / polar.s, polar.q, polar.e
    falling = (inverse**3 - inverse) / 2  # derivative of 1/s over ln g
    mean, (first, second) = polar.mean_output, _mean_slopes(polar)
    modulus_slope = -2 * polar.modulus / (1 - polar.modulus) * inverse.real
    power = -8 * (
        modulus_slope * inverse.real
        + np.log1p(-polar.modulus) * falling.real
        + (_log1p(-(q**2)) * falling - 2 * q**2 / (1 - q**2) * inverse**2).real
    )
    turned = q * e / (1 + q * e) - q / e / (1 + q / e)
    correlation = 2 * ((_log1p(q * e) - _log1p(q / e)) * falling + turned * inverse**2).imag
    cosine, sine = (1 + e.real) / 2, e.imag / 2  # cos²φ, sinφ·cosφ
    inner = (polar.g * cosine) ** 2
    mixed = 2 * (2 * inner / (1 + inner) - first)
    twice_angle = -8 * polar.g**2 * cosine * sine / (1 + inner)
    return np.asarray(2 * (first**2 + mean * second) + power + correlation), np.asarray(mixed), np.asarray(twice_angle)


def _scale_slopes(w: Floats) -> Floats:
    """Return the gradient of ln g."""
    squared = w[..., 0] ** 2 + w[..., 1] ** 2
    return np.stack([2 * w[..., 0] / squared, 2 * w[..., 1] / squared, 1 / w[..., 2]], axis=-1)


def _angle_slopes(w: Floats) -> Floats:
    """Return the gradient of φ."""
    squared = w[..., 0] ** 2 + w[..., 1] ** 2
    return np.stack([-w[..., 1] / squared, w[..., 0] / squared, np.zeros_like(squared)], axis=-1)


def _scale_curvature(w: Floats) -> Floats:
    real, imaginary = _inverse_square(w)
    matrix = _symmetric(-2 * real, -2 * imaginary, 2 * real)
    matrix[..., 2, 2] = -1 / w[..., 2] ** 2
    return matrix


def _angle_curvature(w: Floats) -> Floats:
    real, imaginary = _inverse_square(w)
    return _symmetric(imaginary, -real, -imaginary)


def _inverse_square(w: Floats) -> tuple[Floats, Floats]:
    """Return cos 2φ/r² and sin 2φ/r², of which the second derivatives of ln r and φ are made."""
    fourth = (w[..., 0] ** 2 + w[..., 1] ** 2) ** 2
    return (w[..., 0] ** 2 - w[..., 1] ** 2) / fourth, 2 * w[..., 0] * w[..., 1] / fourth


def _symmetric(first: Floats, mixed: Floats, second: Floats) -> Floats:
    """Return matrices of 3 rows whose first two are given."""
    matrix = np.zeros((*np.shape(first), 3, 3))
    matrix[..., 0, 0], matrix[..., 1, 1] = first, second
    matrix[..., 0, 1] = matrix[..., 1, 0] = mixed
    return matrix


def _outer(first: Floats, second: Floats) -> Floats:
    return np.asarray(first[..., :, None] * second[..., None, :])


def _form(w: Floats) -> Floats:
    """Return P with C = π²/3 + w₃²·P near w₃ = 0: half of r⁴·sin 2φ·(1 + cos 2φ/4)."""
    return np.asarray(w[..., 0] * w[..., 1] * (5 * w[..., 0] ** 2 + 3 * w[..., 1] ** 2) / 4)


def _form_slopes(w: Floats) -> tuple[Floats, Floats]:
    a, b = w[..., 0], w[..., 1]
    return np.asarray(3 * b * (5 * a**2 + b**2) / 4), np.asarray(a * (5 * a**2 + 9 * b**2) / 4)


def _collapsed_gradient(w: Floats) -> Floats:
    third = w[..., 2]
    first, second = _form_slopes(w)
    return np.stack([third**2 * first, third**2 * second, 2 * third * _form(w)], axis=-1)


def _collapsed_hessian(w: Floats) -> Floats:
    a, b, third = w[..., 0], w[..., 1], w[..., 2]
    squared = third**2
    mixed = 3 * (5 * a**2 + 3 * b**2) / 4
    matrix = _symmetric(squared * 7.5 * a * b, squared * mixed, squared * 4.5 * a * b)
    for row, slope in enumerate(_form_slopes(w)):
        matrix[..., row, 2] = matrix[..., 2, row] = 2 * third * slope
    matrix[..., 2, 2] = 2 * _form(w)
    return matrix
