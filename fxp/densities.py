"""The density of a signal's law, read from the law's own quadrature: its values, its entropy, its shape."""

import numpy as np
from numpy.typing import NDArray

from fxp.laws import Law, Samples
from fxp.signals import Signal

__all__ = [
    "central_range",
    "companded",
    "density",
    "differential_entropy",
    "is_log_concave",
    "nodes_between",
    "smooth_law",
]

Floats = NDArray[np.float64]
_RELATIVE_WIDTH = 1e-5
_PARTS = 8
_ORDER, _LOW_ORDER, _MANY = 16, 5, 4096
_SHAPE_CELLS = 512
_LOG_ROUNDING = 1e-9


def smooth_law(signal: Signal) -> Law:
    """Return the law of the values that are not zero, which must have a density.

    Raises
    ------
    ValueError
        The signal has no law, or its law is a list of samples.
    """
    law = signal.known_law
    if isinstance(law, Samples):
        raise ValueError(
            f"law={law} of {law.values.size} values is not a law with a density: "
            "fit a law to the samples and use Signal.from_law"
        )
    return law


def density(law: Law, x: Floats) -> Floats:
    """Return the density at interior points: the mass of a narrow interval over its width (1e-9 relative).

    Examples
    --------
    >>> from fxp.laws import Gaussian
    >>> density(Gaussian(0.0, 1.0), np.array([0.0]))
    array([0.39894228])
    """
    panels = law.panels()
    room = np.minimum(x - panels[0], panels[-1] - x)
    half = np.maximum(_RELATIVE_WIDTH * np.minimum(room, 1e-2 * np.ptp(panels)), 4 * np.spacing(np.abs(x)))
    low, high = x - half, x + half
    return np.asarray(law.nodes(low, high, 1)[1][:, 0] / (high - low))


def differential_entropy(signal: Signal) -> float:
    r"""Return :math:`h = -\int p \log_2 p`, bits, of the law of the values that are not zero (exact to about 1e-6).

    Raises
    ------
    ValueError
        The signal has no density.

    Examples
    --------
    >>> round(differential_entropy(Signal.uniform(-1.0, 1.0)), 12)
    1.0
    """
    law = smooth_law(signal)
    panels = law.panels()
    points, weights = (part.reshape(-1) for part in law.nodes(panels[:-1], panels[1:], _ORDER))
    densities = density(law, points)
    seen = densities > 0
    return float(-np.sum(weights[seen] * np.log2(densities[seen])))


def is_log_concave(law: Law) -> bool:
    """Return whether the law passes a test of log-concavity: its masses in 512 equal cells are log-concave.

    Every law with a concave logarithm of the density passes. The cells leave out tails of 1e-9 on either side.

    Examples
    --------
    >>> from fxp.laws import Laplace, Sinusoid
    >>> is_log_concave(Laplace(1.0)), is_log_concave(Sinusoid(1.0))
    (True, False)
    """
    edges = np.linspace(*central_range(law, 1e-9), _SHAPE_CELLS + 1)
    masses = _masses(law, edges)
    return bool(np.all(masses > 0) and np.all(np.diff(np.log(masses), 2) <= _LOG_ROUNDING))


def central_range(law: Law, tail: float) -> tuple[float, float]:
    """Return two values below and above which the law has at most the mass `tail`, near the innermost such values.

    Examples
    --------
    >>> from fxp.laws import Gaussian
    >>> central_range(Gaussian(0.0, 1.0), 1e-9)
    (-6.0, 6.0)
    """
    edges = _subdivided(law.panels())
    masses = _masses(law, edges)
    inside = np.flatnonzero((np.cumsum(masses) > tail) & (np.cumsum(masses[::-1])[::-1] > tail))
    return float(edges[inside[0]]), float(edges[inside[-1] + 1])


def companded(law: Law, count: int) -> Floats:
    """Return `count` values whose density is proportional to the cube root of the law's.

    Examples
    --------
    >>> from fxp.laws import Uniform
    >>> companded(Uniform(0.0, 1.0), 2)
    array([0.25, 0.75])
    """
    edges = _subdivided(law.panels())
    widths = np.diff(edges)
    roots = np.r_[0.0, np.cumsum(np.cbrt(_masses(law, edges) / widths) * widths)]
    return np.asarray(np.interp((np.arange(count) + 0.5) / count * roots[-1], roots, edges))


def nodes_between(signal: Signal, edges: Floats) -> tuple[Floats, Floats]:
    """Return points and weights as `Signal.nodes`, with fewer in each cell where the edges are many.

    Examples
    --------
    >>> points, weights = nodes_between(Signal.uniform(0.0, 1.0), np.arange(1.0, 5000.0) / 5000)
    >>> points.size, round(float(weights @ points), 12)
    (25001, 0.5)
    """
    law = signal.known_law
    if isinstance(law, Samples) or edges.size < _MANY:
        return signal.nodes(edges)
    panels = law.panels()
    cuts = np.union1d(panels, np.clip(edges, panels[0], panels[-1]))
    points, weights = (part.reshape(-1) for part in law.nodes(cuts[:-1], cuts[1:], _LOW_ORDER))
    return np.r_[0.0, points], np.r_[signal.zero_atom, (1 - signal.zero_atom) * weights]


def _subdivided(edges: Floats) -> Floats:
    """Return the edges with seven equally spaced ones between neighbours, where float64 has so many."""
    inner = edges[:-1, np.newaxis] + np.diff(edges)[:, np.newaxis] * (np.arange(_PARTS) / _PARTS)
    return np.unique(np.r_[inner.reshape(-1), edges[-1]])


def _masses(law: Law, edges: Floats) -> Floats:
    return np.asarray(law.nodes(edges[:-1], edges[1:], _ORDER)[1].sum(axis=1))
