"""Which conditional moments of delayed LMS there are, and in which polynomials of the draws each of them lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement

import numpy as np

from fxp.lms.polynomials import Degrees, Recurrence, recurrence
from fxp.processes import Process

__all__ = ["Layout", "OperatorSize", "Pair", "is_symmetric", "layout"]

Pair = tuple[int | None, int | None]
Bound = tuple[int, ...]

ENTRY_BYTES = 12  # a float64 and its column, an int32
BUILDING = 3  # a matrix, its sorted copy, and what goes into it, at the same time
KRYLOV_VECTORS = 60
FACTORED = 2000  # unknowns up to which the equations of a steady state are solved by factors, as full as can be


@dataclass(frozen=True)
class OperatorSize:
    """What a moment operator takes, counted before anything is built.

    Parameters
    ----------
    states : int
        Products of polynomials of the draws that conditional moments have components on, of all pairs of weights.
    unknowns : int
        Numbers that one step maps to as many: a matrix of taps × taps for each state.
    memory_bytes : int
        Upper bound of what matrices and vectors occupy while the operator is built and used.
    """

    states: int
    unknowns: int
    memory_bytes: int


@dataclass(frozen=True)
class Layout:
    """Degrees of all moments of the weight errors v_0 … v_D, the oldest first, given the draws before time τ.

    A pair (j, k) stands for E[v_j v_kᵀ | draws], (j, None) for E[v_j | draws], and (None, None) for the constant one.

    Parameters
    ----------
    taps, order, delay : int
        N, the order q of the moving average, and D.
    driven : bool
        Whether the least error drives the weights: only then are there first moments.
    independent : bool
        Whether all draws are new in each iteration: moments do not depend on them then.
    law : Recurrence
        Of a draw.
    """

    taps: int
    order: int
    delay: int
    driven: bool
    independent: bool
    law: Recurrence

    @property
    def symbols(self) -> int:
        """Number L of draws that a regressor depends on."""
        return self.taps + self.order

    @cached_property
    def moments(self) -> dict[Pair, Degrees]:
        """Degrees in the draws g_(τ−1) … g_(τ−L) of each moment."""
        return {pair: self._degrees(self._past(pair), self._future(pair), 0) for pair in self._pairs()}

    @cached_property
    def errors(self) -> dict[int | None, Degrees]:
        """Degrees in g_τ … g_(τ−L) of E[ε v_k | draws], and with k = None of E[ε | draws], ε the error at time τ."""
        partners: list[int | None] = [*range(self.delay + 1), *([None] if self.driven else [])]
        return {k: self._error_degrees(k) for k in partners}

    @cached_property
    def square(self) -> Degrees:
        """Degrees in g_τ … g_(τ−L) of E[ε² | draws]."""
        return self._degrees(_doubled(self._error_past), _doubled(self._error_future), 0)

    @cached_property
    def update(self) -> Degrees:
        """Degrees in g_τ … g_(τ−L) of x E[ε² | draws]."""
        past = _sum(self.square.past, tuple(min(1, max(0, i - 1)) for i in range(self.symbols + 2)))
        future = _sum(self._error_future, (0, *self._asked_for(self.delay, self.symbols)))
        return self._degrees(past, future, 1)

    @cached_property
    def size(self) -> OperatorSize:
        """What the operator takes (memory: upper bound)."""
        states = sum(degrees.count for degrees in self.moments.values())
        unknowns = sum(self.width(pair) * degrees.count for pair, degrees in self.moments.items())
        errors = sum((1 if k is None else self.taps) * degrees.count for k, degrees in self.errors.items())
        vectors = 8 * (KRYLOV_VECTORS * unknowns + 3 * errors)
        factors = ENTRY_BYTES * min(unknowns, FACTORED) ** 2 if self.driven else 0
        return OperatorSize(states, unknowns, BUILDING * ENTRY_BYTES * self._entries(unknowns) + vectors + factors)

    def components(self, pair: Pair) -> int:
        """Return how many components a moment has."""
        return int(self.taps ** sum(index is not None for index in pair))

    def width(self, pair: Pair) -> int:
        """Return how many of them differ: E[v_j v_jᵀ] is symmetric, which rounding errors would not keep."""
        return self.taps * (self.taps + 1) // 2 if is_symmetric(pair) else self.components(pair)

    def _pairs(self) -> Iterator[Pair]:
        yield from combinations_with_replacement(range(self.delay + 1), 2)
        if self.driven:
            yield from ((j, None) for j in (*range(self.delay + 1), None))

    def _entries(self, unknowns: int) -> int:
        """Return at most how many entries the matrices have."""
        links = (self.order + 1) * (2 if self.law.symmetric else 3)
        products = 0
        for k, degrees in self.errors.items():
            inner, uses = (1, 2) if k is None else (self.taps, 4 if k == self.delay else 2)
            products += degrees.count * self.taps * inner * uses
        products += self.taps * (self.errors[0].count + self.square.count + self.taps * self.update.count)
        if self.driven:
            products += (sum(degrees.count for degrees in self.errors.values())) * self.taps * 2
        return unknowns + links * products

    def _past(self, pair: Pair) -> Bound:
        return _sum(*(self._put_in(index) for index in pair))

    def _future(self, pair: Pair) -> Bound:
        return _sum(*(self._asked_for(index, self.symbols) for index in pair))

    def _put_in(self, index: int | None) -> Bound:
        """Return the degrees of v_index in the i newest draws.

        Its last update was D − index iterations before that of v_D. The newest draw of an update is in the least error
        alone, as one factor, and that is in one update of a lineage.
        """
        if index is None or self.independent:
            return (0,) * (self.symbols + 1)
        draws = [i - (self.delay - index) for i in range(self.symbols + 1)]
        if not self.driven:
            return tuple(self._rounds(each - 1) for each in draws)
        return tuple(self._rounds(each) - (each > 0 and (each - 1) % (self.delay + 1) == 0) for each in draws)

    def _asked_for(self, index: int | None, symbols: int) -> Bound:
        """Return the degrees in the m oldest draws by which v_index comes to be multiplied: first in `index` steps."""
        return tuple(self._rounds(m - (index or 0)) for m in range(symbols + 1))

    def _rounds(self, draws: int) -> int:
        """Return the degree of updates D + 1 iterations apart, which are those of one lineage of weights."""
        return 2 * max(0, -(-draws // (self.delay + 1)))

    @property
    def _error_past(self) -> Bound:
        first = 1 if self.driven else 0
        return (0, first, *(1 + degree for degree in self._put_in(0)[1:]))

    @property
    def _error_future(self) -> Bound:
        """Return the degrees that an error meets: one of the regressor, then those of the new weights."""
        return (0, *(1 + degree for degree in self._asked_for(self.delay, self.symbols)))

    def _error_degrees(self, k: int | None) -> Degrees:
        past, future = (0, *self._put_in(k)), self._asked_for(k, self.symbols + 1)
        return self._degrees(_sum(self._error_past, past), _sum(self._error_future, future), 1)

    def _degrees(self, past: Bound, future: Bound, parity: int) -> Degrees:
        return Degrees(past, future, self.law.largest_degree, parity if self.law.symmetric else None)


def layout(process: Process, taps: int, delay: int, *, driven: bool, independent: bool) -> Layout:
    """Return the layout of the moments of delayed LMS that is fed with a moving average.

    Examples
    --------
    >>> layout(Process([0.1, 0.5, -0.5, 0.1]), 3, 0, driven=False, independent=False).size.states
    4052
    """
    order = len(np.trim_zeros(process.moving_average)) - 1
    largest = 4 * (taps + order) + 4
    return Layout(taps, order, delay, driven, independent, recurrence(process.drive, largest))


def is_symmetric(pair: Pair) -> bool:
    """Return whether it is the moment of a weight error with itself."""
    return pair[0] is not None and pair[0] == pair[1]


def _doubled(bound: Bound) -> Bound:
    return _sum(bound, bound)


def _sum(first: Bound, second: Bound) -> Bound:
    return tuple(a + b for a, b in zip(first, second, strict=True))
