"""Generalised Pareto laws fitted to excesses over thresholds, for all resamplings of the images at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Excesses", "ParetoFit", "exceedance"]

LEAST_SHAPE, MOST_SHAPE = -0.5, 1.0
SHAPE_SPREAD = 0.2
NEGATIVE_GRID, POSITIVE_GRID = 48, 72

Floats = NDArray[np.float64]
Codes = NDArray[Any]


def exceedance(excess: ArrayLike, shape: ArrayLike, scale: ArrayLike) -> Floats:
    r"""Return the share of a generalised Pareto law above `excess`: :math:`(1 + \xi y/\beta)^{-1/\xi}`.

    Parameters
    ----------
    excess : array_like of float
        y above the threshold, at least 0.
    shape, scale : array_like of float
        ξ, with 0 for the exponential law, and β, positive; they broadcast with `excess`.

    Returns
    -------
    ndarray of float64
        Between 0 and 1; 0 beyond the end −β/ξ of a law with ξ < 0.

    References
    ----------
    Derivation: :ref:`derivation-threshold_stability`.

    Examples
    --------
    >>> print(exceedance([0.0, 1.0, 2.0], -0.5, 1.0))
    [1.   0.25 0.  ]
    """
    y, xi, beta = np.broadcast_arrays(*(np.asarray(given, np.float64) for given in (excess, shape, scale)))
    moved = xi * y / beta
    inside = moved > -1
    logarithm = np.log1p(np.where(inside, moved, 0.0))
    exponent = np.divide(logarithm, xi, out=np.array(y / beta), where=xi != 0)
    return np.where(inside, np.exp(-exponent), 0.0)


@dataclass(frozen=True, eq=False)
class ParetoFit:
    """Fitted laws of each channel, for each resampling.

    Parameters
    ----------
    share, shape, scale : ndarray of float64, shape (resamplings, channels)
        ζ = share of the values above the threshold, ξ and β.
    """

    share: Floats
    shape: Floats
    scale: Floats

    def above(self, excess: Floats) -> Floats:
        """Return the probability of a value so far above the thresholds, for excesses of shape (channels,)."""
        return np.asarray(self.share * exceedance(excess, self.shape, self.scale))


@dataclass(frozen=True, eq=False)
class Excesses:
    """Excesses over one threshold a channel, with the images that they are from.

    Parameters
    ----------
    excess : ndarray of float64, shape (channels, exceedances)
        Above the threshold of the channel, positive.
    owners : ndarray of int, shape (channels, exceedances)
        Image of each.
    images, positions : int
        How many images, and values of a channel in each.
    """

    excess: Floats
    owners: Codes
    images: int
    positions: int

    def fit(self, weights: Floats, centers: Floats) -> ParetoFit:
        r"""Return the laws of greatest likelihood where image i counts `weights[b, i]` times.

        For each θ = ξ/β the likelihood is greatest at :math:`\xi = \overline{\ln(1 + \theta y)}`, which leaves
        :math:`-\ln(\xi/\theta) - \xi - 1` to maximise over θ (Grimshaw). Along that curve a normal law of ξ around a
        center with deviation 0.2 weighs against as many independent excesses as there are images: those of one image
        come together.

        Parameters
        ----------
        weights : ndarray of float64, shape (resamplings, images)
            Not negative; the sum of a row is positive.
        centers : ndarray of float64, shape (resamplings,)
            Of the law of ξ: 0 for the estimate; drawn from it, so that resamplings spread as much as what is believed.
        """
        events = weights @ self._events
        total = np.maximum(events, 1e-300)[..., None]
        shapes = np.einsum("bi,cgi->bcg", weights, self._logarithms, optimize=True) / total
        shape, scale = _at_peak(self._merit(shapes, centers[:, None, None]), shapes, shapes / self._ratios)
        some = events > 0  # a resampling may leave a channel without excesses, and its law without a share
        share = events / (weights.sum(axis=1, keepdims=True) * self.positions)
        return ParetoFit(share, np.where(some, shape, 0.0), np.where(some, scale, 1.0))

    def _merit(self, shapes: Floats, centers: Floats) -> Floats:
        inside = (shapes >= LEAST_SHAPE) & (shapes <= MOST_SHAPE)
        with np.errstate(divide="ignore", invalid="ignore"):
            likelihood = -np.log(shapes / self._ratios) - shapes
        pull = ((shapes - centers) / SHAPE_SPREAD) ** 2 / (2 * self.images)
        return np.where(inside, likelihood - pull, -np.inf)

    @cached_property
    def _ratios(self) -> Floats:
        """Grid of θ, (channels, grid): down to −1/y_max, where the law would end at the largest excess."""
        near_end = -(1 - np.geomspace(1e-4, 0.999, NEGATIVE_GRID))
        largest = self.excess.max(axis=1, keepdims=True)
        middle = self.excess.mean(axis=1, keepdims=True)
        return np.concatenate([near_end / largest, np.geomspace(1e-4, 20, POSITIVE_GRID) / middle], axis=1)

    @cached_property
    def _logarithms(self) -> Floats:
        """Sums of ln(1 + θy) over the excesses of each image, (channels, grid, images)."""
        channels, grid = self._ratios.shape
        sums = np.empty((channels, grid, self.images))
        for sum_, ratios, excess, owners in zip(sums, self._ratios, self.excess, self.owners, strict=True):
            for row, ratio in zip(sum_, ratios, strict=True):
                row[:] = np.bincount(owners, np.log1p(ratio * excess), minlength=self.images)
        return sums

    @cached_property
    def _events(self) -> Floats:
        """Excesses of each image, (images, channels)."""
        counts = [np.bincount(owners, minlength=self.images) for owners in self.owners]
        return np.stack(counts, axis=1).astype(np.float64)


def _at_peak(merit: Floats, *curves: Floats) -> list[Floats]:
    """Return each curve where the merit, on the last axis, is greatest: between grid points, by a parabola."""
    best = np.clip(merit.argmax(axis=-1), 1, merit.shape[-1] - 2)[..., None]
    before, here, after = (np.take_along_axis(merit, best + step, axis=-1) for step in (-1, 0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        offset = (before - after) / (before - 2 * here + after) / 2
    offset = np.where(np.isfinite(offset), np.clip(offset, -1, 1), 0.0)
    left = best + np.where(offset < 0, -1, 0)
    part = np.where(offset < 0, 1 + offset, offset)
    values = [
        (1 - part) * np.take_along_axis(curve, left, axis=-1) + part * np.take_along_axis(curve, left + 1, axis=-1)
        for curve in curves
    ]
    return [value[..., 0] for value in values]
