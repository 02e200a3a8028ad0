"""Autocorrelation matrices at the public edge, and their modes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fxp.arguments import POSITIVE, reals
from fxp.lms.modes import Floats

__all__ = ["autocorrelation_matrix", "eigenvalues", "update_scale", "update_steps"]

REMEDY = "give E[x xᵀ] of the regressor, as Process.correlation_matrix does"
ASYMMETRY = 1e-9  # relative to the largest entry: what rounding errors of a product leave
NEGATIVE = 1e-9  # relative to the largest eigenvalue: likewise
FACTORS = (1, 2)


def autocorrelation_matrix(R: ArrayLike) -> Floats:
    """Return autocorrelation matrices where they are symmetric, not negative definite anywhere, and not zero.

    Parameters
    ----------
    R : array_like of float, shape (..., N, N)
        One matrix, or several.

    Raises
    ------
    ValueError
        It is no such matrix; the text says why.

    Examples
    --------
    >>> autocorrelation_matrix([[2.0, 1.0], [1.0, 2.0]]).shape
    (2, 2)
    """
    return _checked(R)[0]


def eigenvalues(R: ArrayLike) -> Floats:
    """Return the eigenvalues of autocorrelation matrices in ascending order; a matrix may be singular.

    Parameters
    ----------
    R : array_like of float, shape (..., N, N)
        Symmetric, positive semidefinite and not zero.

    Returns
    -------
    ndarray of float64, shape (..., N)
        None below 0.

    Raises
    ------
    ValueError
        It is no such matrix; the text says why.

    Examples
    --------
    >>> eigenvalues([[2.0, 1.0], [1.0, 2.0]]).round(12)
    array([1., 3.])
    """
    return _checked(R)[1]


def update_scale(factor: int) -> int:
    """Return the factor of the update where it is one of a convention: 1, or 2 for a step along the gradient of e².

    Raises
    ------
    ValueError
        It is another number.

    Examples
    --------
    >>> update_scale(2)
    2
    """
    if isinstance(factor, bool | np.bool_) or np.ndim(factor) or factor not in FACTORS:
        raise ValueError(
            f"factor={factor!r} is not 1 or 2: the update is w + μ·e·x, or w + 2·μ·e·x; scale the step size"
        )
    return factor


def update_steps(step_size: ArrayLike, factor: int) -> Floats:
    """Return the weight of e·x in the update: step size times factor, positive.

    Raises
    ------
    ValueError
        A step size is not positive, or the factor is not 1 or 2.

    Examples
    --------
    >>> update_steps([0.1, 0.2], 2)
    array([0.2, 0.4])
    """
    return reals("step_size", step_size, minimum=POSITIVE, remedy="give a positive step size") * update_scale(factor)


def _checked(R: ArrayLike) -> tuple[Floats, Floats]:
    matrices = reals("R", R, remedy=REMEDY)
    if matrices.ndim < 2 or matrices.shape[-1] != matrices.shape[-2] or not matrices.size:
        raise ValueError(f"R of shape {matrices.shape} is not a square matrix, or an array of them: {REMEDY}")
    transposed = np.swapaxes(matrices, -1, -2)
    if np.any(np.abs(matrices - transposed) > ASYMMETRY * np.max(np.abs(matrices), axis=(-1, -2), keepdims=True)):
        raise ValueError(f"R is not symmetric: {REMEDY}")
    values = np.linalg.eigvalsh(matrices)
    smallest, largest = values[..., 0], values[..., -1]
    if np.any(largest <= 0):
        raise ValueError(f"R has no positive eigenvalue: there is nothing to adapt to; {REMEDY}")
    if np.any(smallest < -NEGATIVE * largest):
        raise ValueError(f"R has the eigenvalue {np.min(smallest):.6g}, not at least 0: {REMEDY}")
    return matrices, np.maximum(values, 0.0)
