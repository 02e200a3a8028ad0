"""One step of all conditional moments of delayed LMS: the map, and which of the moments take part in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fxp.kernels.sparse import Matrix, iterate
from fxp.lms.moment_layouts import Pair, is_symmetric

__all__ = ["MomentSystem", "needed", "triangle"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

NARROW = 2**31  # entries whose places are numbers of 32 bits


@dataclass(frozen=True, eq=False)
class MomentSystem:
    """The map z → A z + μ H G z + μ² Q K F G z of the moments z, for any step size μ.

    Parameters
    ----------
    kept : csr_array
        A: what the moments are without an update.
    errors : csr_array
        G: moments of the error with each of the weights, from the moments z.
    squares : csr_array
        F: that of the squared error, from those of the error. The first is its average over the draws.
    updates : csr_array
        K: the regressor times the moment of the squared error.
    crossed : csr_array
        H: what an update adds to moments of the new weights with those that there are.
    squared : csr_array
        Q: what its square adds to the moment of the new weights, from K.
    offsets : mapping of pair to int
        Number of the first component of each moment, its average over the draws.
    components : int
        How many components there are of all moments.
    numbers : ndarray of int64
        Which of them z has, ascending.
    taps : int
        N.
    """

    kept: sp.csr_array
    errors: sp.csr_array
    squares: sp.csr_array
    updates: sp.csr_array
    crossed: sp.csr_array
    squared: sp.csr_array
    offsets: Mapping[Pair, int]
    components: int
    numbers: Integers
    taps: int

    @property
    def unknowns(self) -> int:
        """Length of z."""
        return len(self.numbers)

    def step(self, moments: Floats, step_size: float) -> Floats:
        """Return the moments one iteration later."""
        return self._run(moments, step_size, 1)[1]

    def trajectory(self, moments: Floats, step_size: float, iterations: int) -> tuple[Floats, Floats, Floats]:
        """Return E[v_0] (none without a least error), E[v_0 v_0ᵀ] and E[ε²] by iterations, from these moments on."""
        seen, _ = self._run(moments, step_size, iterations)
        half = self.taps * (self.taps + 1) // 2
        second = (triangle(self.taps) @ seen[:, :half].T).T.reshape(iterations, self.taps, self.taps)
        return seen[:, half:-1], second, seen[:, -1]

    def start(self, second: Floats, mean: Floats) -> Floats:
        """Return the moments of weight errors that are the same in all iterations up to now, whatever the draws."""
        moments = np.zeros(self.components)
        parts = {2: second.ravel(), 1: mean, 0: np.ones(1)}
        for pair, place in self.offsets.items():
            part = second[np.triu_indices(self.taps)] if is_symmetric(pair) else parts[2 - pair.count(None)]
            moments[place : place + len(part)] = part
        return moments[self.numbers]

    def squared_error(self, moments: Floats) -> float:
        """Return E[ε²]."""
        return float(self._run(moments, 0.0, 1)[0][0, -1])

    def matrix(self, step_size: float) -> sp.csr_array:
        """Return the map as one matrix."""
        square = self.squared @ (self.updates @ (self.squares @ self.errors))
        return sp.csr_array(self.kept + step_size * (self.crossed @ self.errors + step_size * square))

    @cached_property
    def watched(self) -> Integers:
        """Places of E[v_0 v_0ᵀ], row by row from the diagonal on, and of E[v_0] where there is one."""
        widths: dict[Pair, int] = {(0, 0): self.taps * (self.taps + 1) // 2, (0, None): self.taps}
        wanted = [self.offsets[pair] + np.arange(width) for pair, width in widths.items() if pair in self.offsets]
        return np.searchsorted(self.numbers, np.concatenate(wanted))

    def _run(self, moments: Floats, step_size: float, iterations: int) -> tuple[Floats, Floats]:
        seen, last = iterate(self._matrices, float(step_size), moments, iterations, self.watched)
        return seen, last

    @cached_property
    def _matrices(self) -> tuple[Matrix, ...]:
        matrices = (self.kept, self.errors, self.squares, self.updates, self.crossed, self.squared)
        return tuple((each.data, _unsigned(each.indices), _unsigned(each.indptr)) for each in matrices)


def needed(system: MomentSystem) -> MomentSystem:
    """Return a system without what stays zero, and what is never asked for, whatever the weights at the start.

    What is asked for is E[v_0], E[v_0 v_0ᵀ] and E[ε²].
    """
    begun = system.start(np.ones((system.taps, system.taps)), np.ones(system.taps)) != 0
    asked = np.zeros(system.unknowns, dtype=bool)
    asked[system.watched] = True
    kept, error, square, update = (
        first & second
        for first, second in zip(_closed(system, begun, _reached), _closed(system, asked, _asked_for), strict=True)
    )
    return replace(
        system,
        kept=_part(system.kept, kept, kept),
        errors=_part(system.errors, error, kept),
        squares=_part(system.squares, square, error),
        updates=_part(system.updates, update, square),
        crossed=_part(system.crossed, kept, error),
        squared=_part(system.squared, kept, update),
        numbers=system.numbers[kept],
    )


def triangle(taps: int) -> sp.csr_array:
    """Return the matrix from the upper triangle of a symmetric matrix, row by row, to all of it."""
    places = np.zeros((taps, taps), np.int64)
    places[np.triu_indices(taps)] = np.arange(taps * (taps + 1) // 2)
    columns = np.maximum(places, places.T).reshape(-1)
    return sp.csr_array((np.ones(taps**2), (np.arange(taps**2), columns)))


def _closed(
    system: MomentSystem, flags: Flags, grown: Callable[[MomentSystem, Flags], tuple[Flags, ...]]
) -> tuple[Flags, ...]:
    """Return the flags of moments, errors, squares and updates after so many steps that no moment joins them."""
    while True:
        found = grown(system, flags)
        if np.array_equal(found[0], flags):
            return found
        flags = found[0]


def _reached(system: MomentSystem, moments: Flags) -> tuple[Flags, ...]:
    """Return the moments that are not zero by one more step, and what of errors, squares and updates is on the way."""
    error = _touched(system.errors, moments)
    square = _touched(system.squares, error)
    update = _touched(system.updates, square)
    following = _touched(system.kept, moments) | _touched(system.crossed, error) | _touched(system.squared, update)
    return moments | following, error, square, update


def _asked_for(system: MomentSystem, moments: Flags) -> tuple[Flags, ...]:
    """Return the moments that are asked for by one more step, and what of errors, squares and updates is on the way."""
    update = _touched(system.squared.T, moments)
    square = _touched(system.updates.T, update)
    square[0] = True
    error = _touched(system.squares.T, square) | _touched(system.crossed.T, moments)
    return moments | _touched(system.kept.T, moments) | _touched(system.errors.T, error), error, square, update


def _touched(matrix: sp.sparray, flags: Flags) -> Flags:
    """Return which rows have an entry in a column with a flag."""
    return np.asarray(abs(matrix) @ flags.astype(np.float64) > 0)


def _part(matrix: sp.csr_array, rows: Flags, columns: Flags) -> sp.csr_array:
    """Return some rows and columns, with places of 32 bits where these are enough."""
    part = matrix[rows][:, columns]
    width = np.int32 if part.nnz < NARROW else np.int64
    return sp.csr_array((part.data, part.indices.astype(width), part.indptr.astype(width)), shape=part.shape)


def _unsigned(places: NDArray[np.signedinteger]) -> NDArray[np.unsignedinteger]:
    return places.view(f"u{places.itemsize}")
