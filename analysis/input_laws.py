"""Laws of the inputs of a small system, as points with probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.arguments import reals, whole_numbers

__all__ = ["Law"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Law:
    """Points of the inputs with their probabilities, over which a mean is a weighted sum.

    Parameters
    ----------
    points : ndarray of float64, shape (inputs, n)
        One row an input.
    probabilities : ndarray of float64, shape (n,)
        Not negative, of sum one.

    Raises
    ------
    ValueError
        The shapes do not agree, or the probabilities are none.
    """

    points: Floats
    probabilities: Floats

    def __post_init__(self) -> None:
        points = np.atleast_2d(reals("points", self.points, remedy="give one row an input"))
        weights = reals("probabilities", self.probabilities, minimum=0, remedy="give probabilities")
        if weights.shape != points.shape[1:] or abs(weights.sum() - 1) > 1e-9:
            raise ValueError(
                f"probabilities of shape {weights.shape} and sum {weights.sum():g} do not weigh points of shape "
                f"{points.shape}: give one a column, of sum 1"
            )
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "probabilities", weights)

    @classmethod
    def uniform(cls, low: float, high: float, *, count: int = 256) -> Law:
        """Return one input, uniform between two ends (Gauss–Legendre: exact for polynomials of degree 2·count − 1).

        Examples
        --------
        >>> law = Law.uniform(0, 1, count=3)
        >>> round(float(law.probabilities @ law.points[0] ** 5), 12)
        0.166666666667
        """
        number = int(whole_numbers("count", count, minimum=1, remedy="give a number of points"))
        nodes, weights = np.polynomial.legendre.leggauss(number)
        return cls((low + high) / 2 + (high - low) / 2 * nodes, weights / 2)

    @classmethod
    def gaussian(cls, inputs: int = 1, *, count: int = 32) -> Law:
        """Return independent Gaussian inputs of unit power (Gauss–Hermite, `count` points each).

        Examples
        --------
        >>> law = Law.gaussian(2, count=4)
        >>> round(float(law.probabilities @ (law.points[0] * law.points[1]) ** 2), 12)
        1.0
        """
        number = int(whole_numbers("count", count, minimum=1, remedy="give a number of points"))
        axes = int(whole_numbers("inputs", inputs, minimum=1, remedy="give a number of inputs"))
        nodes, weights = np.polynomial.hermite_e.hermegauss(number)
        grid = np.meshgrid(*[nodes] * axes, indexing="ij")
        masses = np.meshgrid(*[weights / weights.sum()] * axes, indexing="ij")
        return cls(np.array([each.ravel() for each in grid]), np.prod(masses, axis=0).ravel())

    @classmethod
    def samples(cls, points: ArrayLike) -> Law:
        """Return the law of equally likely samples: means over it are sample means."""
        rows = np.atleast_2d(reals("points", points, remedy="give one row an input"))
        return cls(rows, np.full(rows.shape[1], 1 / max(rows.shape[1], 1)))
