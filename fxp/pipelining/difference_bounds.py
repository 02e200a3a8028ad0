"""Systems of difference bounds, r(u) − r(v) ≤ b(u, v): a solution, or a cycle of bounds that contradict each other."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Solution", "integer_type", "solve_bounds"]

Integers = NDArray[Any]
_MAX_INT = 2**62


@dataclass(frozen=True, eq=False)
class Solution:
    """What became of a system.

    Parameters
    ----------
    values : ndarray of int
        Numbers r, the least of them 0, that satisfy all bounds; without meaning where there is a cycle.
    cycle : tuple of int
        Unknowns u, v, …, of which the bounds b(u, v), b(v, …), … back to u add up to less than 0; empty where there is
        a solution.
    """

    values: Integers
    cycle: tuple[int, ...] = ()


def solve_bounds(bounds: Integers, given: NDArray[np.bool_]) -> Solution:
    """Return numbers r with r[u] − r[v] ≤ bounds[u, v] wherever one is given, or a cycle that shows that none do.

    Bellman and Ford: n rounds suffice for n unknowns, and what still sinks in the last one hangs on a contradiction.

    Parameters
    ----------
    bounds : ndarray of int, shape (n, n)
        Largest differences; n at least 1.
    given : ndarray of bool, shape (n, n)
        Which of them count.

    Returns
    -------
    Solution
        Exact.

    Examples
    --------
    >>> bounds = np.array([[0, -2], [3, 0]])
    >>> solve_bounds(bounds, np.eye(2) == 0).values
    array([0, 2])
    >>> solve_bounds(-bounds, np.eye(2) == 0).cycle
    (0, 1)
    """
    count = len(bounds)
    largest = int(np.max(np.abs(bounds), where=given, initial=0))
    far = (count + 1) * largest + 1  # binds nothing: no value sinks below −count · largest
    limits: Integers = np.where(given, bounds, far).astype(integer_type(2 * far))
    values, causes = np.zeros(count, limits.dtype), np.arange(count)
    for _ in range(count):
        candidates = values + limits
        best = candidates.argmin(axis=1)
        lower = candidates[np.arange(count), best]
        sinking = lower < values
        if not sinking.any():
            return Solution(values - values.min())
        causes[sinking] = best[sinking]
        values = np.minimum(values, lower)
    return Solution(values, _cycle(causes, int(np.argmax(sinking))))


def integer_type(largest: int) -> type[Any]:
    """Return int64 where it holds numbers of that magnitude, else object, for Python's integers.

    Examples
    --------
    >>> integer_type(2**40), integer_type(2**70)
    (<class 'numpy.int64'>, <class 'object'>)
    """
    return np.int64 if largest < _MAX_INT else object


def _cycle(causes: NDArray[np.int64], start: int) -> tuple[int, ...]:
    """Return the cycle that following the causes runs into."""
    for _ in causes:
        start = int(causes[start])
    cycle, following = [start], int(causes[start])
    while following != start:
        cycle.append(following)
        following = int(causes[following])
    return tuple(cycle)
