"""The system that learns an angle where its output has collapsed to zero: a polynomial in the weights."""

import numpy as np
from numpy.typing import NDArray

from fxp.backprop.polar import symmetric

__all__ = ["collapsed_form", "collapsed_gradient", "collapsed_hessian"]

Floats = NDArray[np.float64]


def collapsed_form(w: Floats) -> Floats:
    """Return P with C = π²/3 + w₃²·P near w₃ = 0: half of r⁴·sin 2φ·(1 + cos 2φ/4)."""
    return np.asarray(w[..., 0] * w[..., 1] * (5 * w[..., 0] ** 2 + 3 * w[..., 1] ** 2) / 4)


def _form_slopes(w: Floats) -> tuple[Floats, Floats]:
    a, b = w[..., 0], w[..., 1]
    return np.asarray(3 * b * (5 * a**2 + b**2) / 4), np.asarray(a * (5 * a**2 + 9 * b**2) / 4)


def collapsed_gradient(w: Floats) -> Floats:
    """Return the gradient of w₃²·P."""
    third = w[..., 2]
    first, second = _form_slopes(w)
    return np.stack([third**2 * first, third**2 * second, 2 * third * collapsed_form(w)], axis=-1)


def collapsed_hessian(w: Floats) -> Floats:
    """Return the matrix of second derivatives of w₃²·P."""
    a, b, third = w[..., 0], w[..., 1], w[..., 2]
    squared = third**2
    mixed = 3 * (5 * a**2 + 3 * b**2) / 4
    matrix = symmetric(squared * 7.5 * a * b, squared * mixed, squared * 4.5 * a * b)
    for row, slope in enumerate(_form_slopes(w)):
        matrix[..., row, 2] = matrix[..., 2, row] = 2 * third * slope
    matrix[..., 2, 2] = 2 * collapsed_form(w)
    return matrix
