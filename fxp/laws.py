"""Probability laws as points and weights that integrate any piecewise smooth function over them."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

__all__ = ["Gaussian", "Laplace", "Law", "Samples", "ScipyLaw", "Sinusoid", "Uniform"]

Floats = NDArray[np.float64]
_DYADIC = 2.0 ** -np.arange(1.0, 201.0)
_NEAR = 1e-12
_LAST_DEVIATION = 38.5  # the density beyond is below the smallest float64


class Law(Protocol):
    """A law with a density: an expectation is a sum of Gauss-Legendre rules over intervals."""

    def panels(self) -> Floats:
        """Return increasing edges, from the least value to the greatest, between which the law is smooth."""
        ...

    def nodes(self, low: Floats, high: Floats, order: int) -> tuple[Floats, Floats]:
        """Return points and weights, (intervals, order) each: E[g(x); low <= x < high] = sum of weights * g(points)."""
        ...

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        """Return independent draws."""
        ...

    def scaled(self, factor: float) -> "Law | Samples":
        """Return the law of `factor` times the value, factor > 0."""
        ...


@dataclass(frozen=True)
class Uniform:
    """Uniform on [low, high]."""

    low: float
    high: float

    def panels(self) -> Floats:  # noqa: D102
        return np.array([self.low, self.high])

    def nodes(self, low: Floats, high: Floats, order: int) -> tuple[Floats, Floats]:  # noqa: D102
        points, lengths = _legendre(low, high, order)
        return points, lengths / (self.high - self.low)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:  # noqa: D102
        return rng.uniform(self.low, self.high, shape)

    def scaled(self, factor: float) -> Self:  # noqa: D102
        return type(self)(self.low * factor, self.high * factor)


@dataclass(frozen=True)
class Gaussian:
    """Gaussian of this mean and standard deviation, given that it is above `low`; in so many panels a deviation."""

    mean: float
    deviation: float
    low: float = -math.inf
    panels_a_deviation: int = field(default=2, repr=False)

    @property
    def _mass(self) -> float:
        return float(ndtr((self.mean - self.low) / self.deviation))

    def panels(self) -> Floats:  # noqa: D102
        last = math.floor(_LAST_DEVIATION * self.panels_a_deviation)
        edges = self.mean + self.deviation * (np.arange(-last, last + 1.0) / self.panels_a_deviation)
        inside = edges[edges > self.low]
        return np.asarray(np.r_[self.low, inside] if math.isfinite(self.low) else inside)

    def nodes(self, low: Floats, high: Floats, order: int) -> tuple[Floats, Floats]:  # noqa: D102
        return _weighted(self._density, low, high, order)

    def _density(self, x: Floats) -> Floats:
        z = (x - self.mean) / self.deviation
        return np.exp(-0.5 * z * z) / (math.sqrt(2 * math.pi) * self.deviation * self._mass)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:  # noqa: D102
        upper_tail = 1.0 - rng.random(shape)
        return np.asarray(self.mean - self.deviation * ndtri(upper_tail * self._mass))

    def scaled(self, factor: float) -> Self:  # noqa: D102
        return replace(self, mean=self.mean * factor, deviation=self.deviation * factor, low=self.low * factor)


@dataclass(frozen=True)
class Laplace:
    """Two-sided exponential of zero mean; `scale` is the mean magnitude."""

    scale: float

    def panels(self) -> Floats:  # noqa: D102
        edges = np.r_[np.arange(8.0), np.arange(8.0, 705.0, 8.0)]
        return np.asarray(self.scale * np.r_[-edges[:0:-1], edges])

    def nodes(self, low: Floats, high: Floats, order: int) -> tuple[Floats, Floats]:  # noqa: D102
        return _weighted(self._density, low, high, order)

    def _density(self, x: Floats) -> Floats:
        return np.exp(-np.abs(x) / self.scale) / (2 * self.scale)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:  # noqa: D102
        return rng.laplace(0.0, self.scale, shape)

    def scaled(self, factor: float) -> Self:  # noqa: D102
        return type(self)(self.scale * factor)


@dataclass(frozen=True)
class Sinusoid:
    """A sine wave of this peak at a uniformly random phase."""

    peak: float

    def panels(self) -> Floats:  # noqa: D102
        # The density has a pole at the peaks: panels in the phase that halve toward it
        ends = np.pi / 16 * np.r_[0.0, 2.0 ** -np.arange(24.0, 0.0, -1.0)]
        phases = np.r_[ends, np.pi / 16 * np.arange(1, 16), np.pi - ends[::-1]]
        return np.unique(-self.peak * np.cos(phases))

    def nodes(self, low: Floats, high: Floats, order: int) -> tuple[Floats, Floats]:  # noqa: D102
        phases, lengths = _legendre(self._phase(low), self._phase(high), order)
        # The sine of a point near the peak rounds onto it: a value that has probability zero, and a code of its own
        inside = math.nextafter(self.peak, 0.0)
        return np.clip(self.peak * np.sin(phases), -inside, inside), lengths / np.pi

    def _phase(self, x: Floats) -> Floats:
        return np.arcsin(np.clip(x / self.peak, -1.0, 1.0))

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:  # noqa: D102
        return np.asarray(self.peak * np.sin(2 * np.pi * rng.random(shape)))

    def scaled(self, factor: float) -> Self:  # noqa: D102
        return type(self)(self.peak * factor)


@dataclass(frozen=True)
class ScipyLaw:
    """`scale` times a frozen continuous distribution of scipy.stats; equal to another only if it holds the same one."""

    distribution: Any
    scale: float = 1.0

    def __str__(self) -> str:
        name, arguments = self.distribution.dist.name, (*self.distribution.args, *self.distribution.kwds.values())
        shape = f"({', '.join(f'{argument:.4g}' for argument in arguments)})" if arguments else ""
        return f"{name}{shape}" if self.scale == 1 else f"{self.scale:.4g} {name}{shape}"

    def panels(self) -> Floats:  # noqa: D102
        law = self.distribution
        ends = np.asarray(law.support(), dtype=np.float64)
        ends = ends[np.isfinite(ends)]
        quantiles = np.r_[law.ppf(_DYADIC), law.isf(_DYADIC)]
        # A pole of the density may be at an end: no points so near that float64 rounds them onto it
        apart = np.all(np.abs(quantiles[:, np.newaxis] - ends) > _NEAR * np.abs(ends), axis=1)
        return self.scale * np.unique(np.r_[ends, quantiles[apart]])

    def nodes(self, low: Floats, high: Floats, order: int) -> tuple[Floats, Floats]:  # noqa: D102
        return _weighted(self._density, low, high, order)

    def _density(self, x: Floats) -> Floats:
        return np.asarray(self.distribution.pdf(x / self.scale) / self.scale)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:  # noqa: D102
        return np.asarray(self.scale * self.distribution.rvs(size=shape, random_state=rng))

    def scaled(self, factor: float) -> Self:  # noqa: D102
        return type(self)(self.distribution, self.scale * factor)


@dataclass(frozen=True, eq=False)
class Samples:
    """Each of these values equally likely; equal only to itself."""

    values: Floats = field(repr=False)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:  # noqa: D102
        return rng.choice(self.values, shape)

    def scaled(self, factor: float) -> Self:  # noqa: D102
        return type(self)(self.values * factor)


def _weighted(density: Callable[[Floats], Floats], low: Floats, high: Floats, order: int) -> tuple[Floats, Floats]:
    points, lengths = _legendre(low, high, order)
    return points, lengths * density(points)


def _legendre(low: Floats, high: Floats, order: int) -> tuple[Floats, Floats]:
    """Return the points and weights of the Gauss-Legendre rule on each interval, (intervals, order) each."""
    points, weights = _rule(order)
    half = (high - low)[:, np.newaxis] / 2
    return low[:, np.newaxis] + half * (1 + points), half * weights


@lru_cache
def _rule(order: int) -> tuple[Floats, Floats]:
    points, weights = np.polynomial.legendre.leggauss(order)
    return points, weights
