"""Functions of the draws of a process as sums of orthonormal polynomials of their law."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fxp import laws
from fxp.signals import Signal

__all__ = ["Degrees", "Recurrence", "multiplication", "places", "recurrence", "selection"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

ROUNDING = 1e-12
LARGEST_CODE = 2.0**62


@dataclass(frozen=True)
class Recurrence:
    r"""Recurrence of the orthonormal polynomials of a law: :math:`g p_d = s_{d+1} p_{d+1} + c_d p_d + s_d p_{d-1}`.

    Parameters
    ----------
    centres : tuple of float
        c_0, c_1, …: all zero of a law that is symmetric about zero.
    steps : tuple of float
        0, s_1, s_2, …, one a centre; there are fewer than were asked for where the law has so few values.
    """

    centres: tuple[float, ...]
    steps: tuple[float, ...]

    @property
    def symmetric(self) -> bool:
        """Whether the law is that of its negative."""
        return not any(self.centres)

    @property
    def largest_degree(self) -> int:
        """Degree of the last polynomial."""
        return len(self.centres) - 1


def recurrence(drive: Signal, degree: int) -> Recurrence:
    """Return the recurrence up to a degree (exact for a Gaussian law and for samples, else to about 1e-12).

    Parameters
    ----------
    drive : Signal
        With a law.
    degree : int
        Largest one that is needed.

    Returns
    -------
    Recurrence
        Up to that degree, or to the number of values of the law less one.

    Examples
    --------
    >>> recurrence(Signal.from_samples([-1, 1]), 4)
    Recurrence(centres=(0.0, 0.0), steps=(0.0, 1.0))
    >>> np.square(recurrence(Signal.gaussian(), 3).steps).round(12)
    array([0., 1., 2., 3.])
    """
    law = drive.known_law
    if isinstance(law, laws.Gaussian) and law.low == -np.inf and not drive.zero_atom:
        return Recurrence((law.mean,) * (degree + 1), tuple(law.deviation * np.sqrt(np.arange(degree + 1.0))))
    points, weights = drive.nodes()
    values, places = np.unique(points[weights > 0], return_inverse=True)
    return _lanczos(values, np.bincount(places, weights[weights > 0]).astype(np.float64), degree)


def _lanczos(points: Floats, weights: Floats, degree: int) -> Recurrence:
    """Return the recurrence of a law of finitely many values."""
    scale = np.max(np.abs(points))
    rows: list[Floats] = [np.sqrt(weights / weights.sum())]
    centres: list[float] = []
    steps = [0.0]
    while True:
        row = points * rows[-1]
        centres.append(float(row @ rows[-1]))
        if len(centres) > degree:
            break
        for _ in range(2):  # once leaves what rounding errors of the long tails make
            row = row - np.stack(rows).T @ (np.stack(rows) @ row)
        steps.append(float(np.linalg.norm(row)))
        if len(rows) == len(points) or steps[-1] <= ROUNDING * scale:
            steps.pop()
            break
        rows.append(row / steps[-1])
    symmetric = max(map(abs, centres)) <= ROUNDING * scale
    return Recurrence((0.0,) * len(centres) if symmetric else tuple(centres), tuple(steps))


@dataclass(frozen=True)
class Degrees:
    """Degrees in successive symbols, the newest first: all whose sums stay within bounds from both ends.

    Parameters
    ----------
    past : tuple of int
        Entry i bounds the total degree in the i newest symbols: what earlier updates can have put in.
    future : tuple of int
        Entry m bounds the total degree in the m oldest symbols: what later updates can still ask for.
    cap : int
        Largest degree in one symbol.
    parity : int, optional
        Total degrees that occur: the even (0) or the odd (1) ones; all where it is None.

    Examples
    --------
    >>> Degrees((0, 4, 8), (0, 4, 8), 8, 0).rows().tolist()
    [[0, 0], [0, 2], [1, 1], [2, 0], [0, 4], [1, 3], [2, 2], [3, 1], [4, 0], [2, 4], [3, 3], [4, 2], [4, 4]]
    >>> Degrees((0, 4, 8), (0, 4, 8), 8, 0).count
    13
    """

    past: tuple[int, ...]
    future: tuple[int, ...]
    cap: int
    parity: int | None

    @property
    def symbols(self) -> int:
        """Number of symbols."""
        return len(self.past) - 1

    @cached_property
    def count(self) -> int:
        """How many there are, counted without listing them."""
        return sum(self._paths(total) for total in self._totals())

    def rows(self) -> Integers:
        """Return all of them, shape (count, symbols)."""
        return np.concatenate([np.zeros((0, self.symbols), np.int64), *map(self._listed, self._totals())])

    def _totals(self) -> range:
        most = min(self.past[-1], self.future[-1], self.cap * self.symbols)
        return range(0 if self.parity is None else self.parity, most + 1, 1 if self.parity is None else 2)

    def _ends(self, place: int, total: int) -> tuple[int, int]:
        """Return the least and the largest sum of the `place` newest degrees of those with a total."""
        left = self.symbols - place
        return total - min(self.future[left], self.cap * left), min(self.past[place], self.cap * place, total)

    def _paths(self, total: int) -> int:
        ways = [1] + [0] * total
        for place in range(1, self.symbols + 1):
            low, high = self._ends(place, total)
            sums = [0, *np.cumsum(np.array(ways, dtype=object)).tolist()]
            ways = [
                sums[reached + 1] - sums[max(0, reached - self.cap)] if low <= reached <= high else 0
                for reached in range(total + 1)
            ]
        return int(ways[total])

    def _listed(self, total: int) -> Integers:
        sums = np.zeros((1, 1), np.int64)
        for place in range(1, self.symbols + 1):
            low, high = self._ends(place, total)
            ends = np.arange(max(low, 0), high + 1)
            grown = ends - sums[:, -1:]
            row, column = np.nonzero((grown >= 0) & (grown <= self.cap))
            sums = np.c_[sums[row], ends[column]]
        return np.diff(sums, axis=1)


def multiplication(source: Integers, target: Integers, factor: Floats, law: Recurrence) -> sp.csr_array:
    """Return the matrix that multiplies by Σ factor_i·symbol_i and keeps the products in the target (exact).

    Parameters
    ----------
    source, target : ndarray of int, shape (count, symbols)
        Degrees of the products of polynomials before and after.
    factor : ndarray of float64, shape (symbols,)
        Weights of the symbols.
    law : Recurrence
        Of each symbol, up to the largest degree.

    Returns
    -------
    scipy.sparse.csr_array of float64, shape (len(target), len(source))

    Examples
    --------
    >>> line, law = np.arange(3)[:, None], Recurrence((0.0, 0.0, 0.0), (0.0, 1.0, 2.0))
    >>> multiplication(line, line, np.array([3.0]), law).toarray()
    array([[0., 3., 0.],
           [3., 0., 6.],
           [0., 6., 0.]])
    """
    centres, steps = np.array(law.centres), np.array(law.steps)
    entries, rows, columns = [np.zeros(0)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    powers = _powers(target, source)
    known, codes = target @ powers, source @ powers
    order = np.argsort(known)
    for symbol in np.flatnonzero(factor):
        for change in (-1, 1) if law.symmetric else (-1, 0, 1):
            degrees = source[:, symbol]
            column = np.flatnonzero((degrees + change >= 0) & (degrees + change <= law.largest_degree))
            weights = steps[degrees[column] + (change > 0)] if change else centres[degrees[column]]
            row = _located(known, order, codes[column] + change * powers[symbol])
            found = row >= 0
            entries.append(factor[symbol] * weights[found])
            rows.append(row[found])
            columns.append(column[found])
    where = np.concatenate(rows), np.concatenate(columns)
    return sp.csr_array((np.concatenate(entries), where), shape=(len(target), len(source)))


def selection(source: Integers, target: Integers) -> sp.csr_array:
    """Return the matrix that keeps those products of polynomials that are in the target.

    Examples
    --------
    >>> selection(np.array([[0], [1]]), np.array([[1], [2]])).toarray()
    array([[0., 1.],
           [0., 0.]])
    """
    row = places(target, source)
    found = row >= 0
    entries = (np.ones(np.count_nonzero(found)), (row[found], np.flatnonzero(found)))
    return sp.csr_array(entries, shape=(len(target), len(source)))


def places(table: Integers, rows: Integers) -> Integers:
    """Return where each row is in a table, −1 where it is not.

    Examples
    --------
    >>> places(np.array([[0, 2], [1, 1]]), np.array([[1, 1], [2, 0]]))
    array([ 1, -1])
    """
    powers = _powers(table, rows)
    known = table @ powers
    return _located(known, np.argsort(known), rows @ powers)


def _powers(first: Integers, second: Integers) -> Integers:
    """Return what makes codes of rows, and of rows with one degree more, that are all different."""
    base = 2 + max(int(first.max(initial=0)), int(second.max(initial=0)))
    assert float(base) ** first.shape[1] < LARGEST_CODE, "so many degrees do not pass the memory limit"
    return base ** np.arange(first.shape[1])


def _located(known: Integers, order: Integers, wanted: Integers) -> Integers:
    """Return where codes are among those that are known, which the order sorts; −1 where they are not."""
    if not len(known):
        return np.full(len(wanted), -1)
    found = order[np.minimum(np.searchsorted(known, wanted, sorter=order), len(known) - 1)]
    return np.where(known[found] == wanted, found, -1)
