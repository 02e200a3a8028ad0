"""Costs of the system that learns an angle, in the scale of its output and the polar angle of its first weights."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import spence

__all__ = [
    "Polar",
    "polar_cost",
    "polar_curvatures",
    "polar_of",
    "polar_slopes",
    "rotation_curvature",
    "rotation_slopes",
    "scale_curvature",
    "scale_slopes",
    "symmetric",
]

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Polar:
    """Scale g = w₃(w₁² + w₂²), s = √(1 + ig) = cosh t + i·sinh t, q = (s − 1)/(s + 1), and e = exp(2iφ)."""

    g: Floats
    s: Complexes
    q: Complexes
    e: Complexes

    @property
    def modulus(self) -> Floats:
        """|q|²."""
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


def polar_of(w: Floats) -> Polar:
    """Return the coordinates of weights whose last axis is w₁, w₂, w₃."""
    g = w[..., 2] * (w[..., 0] ** 2 + w[..., 1] ** 2)
    s = np.sqrt(1 + 1j * g)
    return Polar(np.asarray(g), np.asarray(s), np.asarray(1j * g / (s + 1) ** 2), np.exp(2j * _angle(w)))


def _angle(w: Floats) -> Floats:
    return np.asarray(np.arctan2(w[..., 1], w[..., 0]))


def _dilogarithm(z: ArrayLike) -> Complexes:
    return np.asarray(spence(1 - np.asarray(z, dtype=np.complex128)))


def polar_cost(polar: Polar) -> Floats:
    """Return the mean square error."""
    q, e = polar.q, polar.e
    power = 4 * (_dilogarithm(polar.modulus).real + _dilogarithm(q**2).real)
    correlation = -2 * (_dilogarithm(-q * e) - _dilogarithm(-q / e)).imag
    return np.asarray(math.pi**2 / 3 + polar.mean_output**2 + power + correlation)[()]


def _mean_slopes(polar: Polar) -> tuple[Floats, Floats]:
    """Return first and second derivative of the mean output over ln g."""
    inverse = 1 / polar.s
    t = np.arcsinh(polar.g) / 2
    first = 4 * np.sinh(1.5 * t) * np.sinh(t / 2) / np.cosh(2 * t)
    return np.asarray(first), np.asarray((inverse - inverse**3).real)


def polar_slopes(polar: Polar) -> tuple[Floats, Floats]:
    """Return the derivatives of the cost over ln g and over φ."""
    inverse, q, e = 1 / polar.s, polar.q, polar.e
    mean, mean_slope = polar.mean_output, _mean_slopes(polar)[0]
    power = -8 * (np.log1p(-polar.modulus) * inverse.real + (_log1p(-(q**2)) * inverse).real)
    correlation = 2 * ((_log1p(q * e) - _log1p(q / e)) * inverse).imag
    return np.asarray(2 * mean * mean_slope + power + correlation), np.asarray(2 * (polar.output_at_cut - mean))


def polar_curvatures(polar: Polar) -> tuple[Floats, Floats, Floats]:
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


def scale_slopes(w: Floats) -> Floats:
    """Return the gradient of ln g."""
    squared = w[..., 0] ** 2 + w[..., 1] ** 2
    return np.stack([2 * w[..., 0] / squared, 2 * w[..., 1] / squared, 1 / w[..., 2]], axis=-1)


def rotation_slopes(w: Floats) -> Floats:
    """Return the gradient of φ."""
    squared = w[..., 0] ** 2 + w[..., 1] ** 2
    return np.stack([-w[..., 1] / squared, w[..., 0] / squared, np.zeros_like(squared)], axis=-1)


def scale_curvature(w: Floats) -> Floats:
    """Return the second derivatives of ln g."""
    real, imaginary = _inverse_square(w)
    matrix = symmetric(-2 * real, -2 * imaginary, 2 * real)
    matrix[..., 2, 2] = -1 / w[..., 2] ** 2
    return matrix


def rotation_curvature(w: Floats) -> Floats:
    """Return the second derivatives of φ."""
    real, imaginary = _inverse_square(w)
    return symmetric(imaginary, -real, -imaginary)


def _inverse_square(w: Floats) -> tuple[Floats, Floats]:
    """Return cos 2φ/r² and sin 2φ/r², of which the second derivatives of ln r and φ are made."""
    fourth = (w[..., 0] ** 2 + w[..., 1] ** 2) ** 2
    return (w[..., 0] ** 2 - w[..., 1] ** 2) / fourth, 2 * w[..., 0] * w[..., 1] / fourth


def symmetric(first: Floats, mixed: Floats, second: Floats) -> Floats:
    """Return matrices of 3 rows whose first two are given."""
    matrix = np.zeros((*np.shape(first), 3, 3))
    matrix[..., 0, 0], matrix[..., 1, 1] = first, second
    matrix[..., 0, 1] = matrix[..., 1, 0] = mixed
    return matrix


def _log1p(z: Complexes) -> Complexes:
    """Return ln(1 + z), its real part without the cancellation that NumPy's has near z = 0."""
    near = np.log1p(np.where(np.abs(z) < 0.5, 2 * z.real + np.abs(z) ** 2, 0.0)) / 2
    far = np.log1p(z)
    return np.where(np.abs(z) < 0.5, near, far.real) + 1j * far.imag
