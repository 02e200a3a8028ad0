"""Bit-true measurements that could refute a claim: one module a room, none of which imports a prediction.

A measurement registers under the name of its claim with `measures`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from analysis.rooms import ROOMS
from sims.measure.measurement import Measurement

__all__ = ["Measure", "Measurement", "Trial", "measurement_of", "measures"]

Measure = Callable[..., Measurement]
_MEASURES: dict[str, Measure] = {}


@dataclass(frozen=True)
class Trial:
    """What a measurement may draw, and how sure its interval must be.

    Parameters
    ----------
    rng : numpy.random.Generator
        The only source of randomness.
    false_alarm : float
        The probability that one interval misses the true value.
    effort : int
        Multiplies the sample sizes: 1, more with ``--deep``.
    """

    rng: np.random.Generator
    false_alarm: float = 1e-9
    effort: int = 1

    def samples(self, count: int) -> int:
        """Return how many samples to draw where `count` do at the usual effort."""
        return count * self.effort


def measures(name: str) -> Callable[[Measure], Measure]:
    """Register a function as the measurement of the claim `name`.

    Parameters
    ----------
    name : str
        The claim's.

    Returns
    -------
    callable
        The decorator; it returns the function as it is.

    Raises
    ------
    ValueError
        Another function already measures that claim.
    """

    def register(measure: Measure) -> Measure:
        if name in _MEASURES:
            raise ValueError(
                f"name={name!r} is measured by {_MEASURES[name].__module__} already: one measurement a claim"
            )
        _MEASURES[name] = measure
        return measure

    return register


def measurement_of(name: str) -> Measure:
    """Return the measurement of a claim: a function of the claim's arguments and ``trial``.

    Parameters
    ----------
    name : str
        The claim's.

    Returns
    -------
    callable
        Takes the arguments of the claim's domain and ``trial``, a Trial, by keyword; returns a Measurement.

    Raises
    ------
    ValueError
        No room measures the claim.
    """
    for room in ROOMS:
        import_module(f"sims.measure.{room}")
    if name not in _MEASURES:
        raise ValueError(f"name={name!r} has no measurement: register one with @measures({name!r}) in sims/measure")
    return _MEASURES[name]
