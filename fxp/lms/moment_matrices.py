"""The matrices of one step of all conditional moments of delayed LMS, moment by moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fxp.lms.moment_layouts import Layout, Pair, is_symmetric
from fxp.lms.moment_systems import MomentSystem, needed, triangle
from fxp.lms.polynomials import multiplication, selection
from fxp.processes import Process

__all__ = ["full_system", "moment_system"]

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.int64]
Blocks = dict[tuple[Any, Any], sp.csr_array]


def moment_system(process: Process, moments: Layout) -> MomentSystem:
    """Return the matrices of those moments of a layout that take part (exact to rounding).

    Examples
    --------
    >>> from fxp import Signal
    >>> from fxp.lms.moment_layouts import layout
    >>> signs = Process([1.0], drive=Signal.from_samples([-1, 1]))
    >>> plain = layout(signs, 1, 0, driven=False, independent=False)
    >>> moment_system(signs, plain).matrix(0.25).toarray()  # (1 − μ)²
    array([[0.5625]])
    """
    return needed(full_system(process, moments))


def full_system(process: Process, moments: Layout) -> MomentSystem:
    """Return the matrices of all that a layout lists, zeros included."""
    parts = _Parts(process, moments)
    states = {pair: moments.width(pair) * each.count for pair, each in moments.moments.items()}
    errors = {k: (1 if k is None else moments.taps) * each.count for k, each in moments.errors.items()}
    square, update = {None: moments.square.count}, {None: moments.taps * moments.update.count}
    offsets = np.cumsum([0, *states.values()]).tolist()
    return MomentSystem(
        _assembled(_packed(parts, _unpacked(parts, _kept(parts))), states, states),
        _assembled(_unpacked(parts, _errors(parts)), errors, states),
        _assembled(_squares(parts), square, errors),
        _assembled(_updates(parts), update, square),
        _assembled(_packed(parts, _crossed(parts)), states, errors),
        _assembled(_packed(parts, _squared(parts)), states, update),
        dict(zip(states, offsets, strict=False)),
        offsets[-1],
        np.arange(offsets[-1]),
        moments.taps,
    )


class _Parts:
    """Degrees of a layout row by row, with the draws of one step, g_τ … g_(τ−L), as columns, and what multiplies."""

    def __init__(self, process: Process, moments: Layout) -> None:
        self.layout = moments
        self.now = {pair: np.pad(each.rows(), ((0, 0), (1, 0))) for pair, each in moments.moments.items()}
        self.next = {pair: np.pad(each.rows(), ((0, 0), (0, 1))) for pair, each in moments.moments.items()}
        self.errors = {k: each.rows() for k, each in moments.errors.items()}
        self.square, self.update = moments.square.rows(), moments.update.rows()
        average, taps = np.trim_zeros(np.array(process.moving_average)), moments.taps
        lagged = np.array([np.pad(average, (lag, taps - lag)) for lag in range(taps + 1)])
        self.regressor = lagged[1:]
        optimum = np.linalg.solve(process.correlation_matrix(taps), process.autocorrelation(taps)[1:])
        self.least_error = lagged[0] - optimum @ self.regressor

    def times_regressor(self, source: Integers, target: Integers) -> list[sp.csr_array]:
        """Return the matrices that multiply by each component of the regressor."""
        return [multiplication(source, target, factor, self.layout.law) for factor in self.regressor]

    def times_least_error(self, source: Integers, target: Integers) -> sp.csr_array:
        """Return the matrix that multiplies by the error of the optimal weights."""
        return multiplication(source, target, self.least_error, self.layout.law)


def _kept(parts: _Parts) -> Blocks:
    """v_j of the next step is v_(j+1) of this one, the newest without its update the newest."""
    newest = parts.layout.delay
    blocks: Blocks = {}
    for pair, rows in parts.next.items():
        j, k = (None if index is None else min(index + 1, newest) for index in pair)
        blocks[pair, (j, k)] = _each(selection(parts.now[j, k], rows), parts.layout.components(pair))
    return blocks


def _errors(parts: _Parts) -> Blocks:
    """E[ε v_k] = e_o E[v_k] − Xᵀ E[v_0 v_kᵀ], E[ε] = e_o − Xᵀ E[v_0]."""
    blocks: Blocks = {}
    for k, rows in parts.errors.items():
        first: Pair = (0, k)
        blocks[k, first] = -_contracted(parts.times_regressor(parts.now[first], rows), _inner(parts, k))
        if parts.layout.driven:
            mean = parts.times_least_error(parts.now[k, None], rows)
            blocks[k, (k, None)] = _each(mean, _inner(parts, k))
    return blocks


def _squares(parts: _Parts) -> Blocks:
    """E[ε²] = e_o E[ε] − Xᵀ E[ε v_0]."""
    blocks: Blocks = {(None, 0): -_contracted(parts.times_regressor(parts.errors[0], parts.square), 1)}
    if parts.layout.driven:
        blocks[None, None] = parts.times_least_error(parts.errors[None], parts.square)
    return blocks


def _updates(parts: _Parts) -> Blocks:
    return {(None, None): _outer(parts.times_regressor(parts.square, parts.update), 1)}


def _crossed(parts: _Parts) -> Blocks:
    """E[v_j ε] Xᵀ, to the new weights' own moment its transpose too, to their mean X E[ε]."""
    newest, taps = parts.layout.delay, parts.layout.taps
    blocks: Blocks = {}
    for j in range(newest):
        factors = parts.times_regressor(parts.errors[j + 1], parts.next[j, newest])
        blocks[(j, newest), j + 1] = _outer(factors, taps)
    corner = parts.times_regressor(parts.errors[newest], parts.next[newest, newest])
    blocks[(newest, newest), newest] = _outer(corner, taps) + _outer_before(corner, taps)
    if parts.layout.driven:
        blocks[(newest, None), None] = _outer(parts.times_regressor(parts.errors[None], parts.next[newest, None]), 1)
    return blocks


def _squared(parts: _Parts) -> Blocks:
    newest = parts.layout.delay, parts.layout.delay
    return {(newest, None): _outer(parts.times_regressor(parts.update, parts.next[newest]), parts.layout.taps)}


def _unpacked(parts: _Parts, blocks: Blocks) -> Blocks:
    """Return blocks that take the moment of a weight with itself as the triangle that is kept of it."""
    spread = triangle(parts.layout.taps)
    return {
        (row, column): sp.csr_array(block @ sp.kron(sp.eye_array(len(parts.now[column])), spread, format="csr"))
        if is_symmetric(column)
        else block
        for (row, column), block in blocks.items()
    }


def _packed(parts: _Parts, blocks: Blocks) -> Blocks:
    """Return blocks that give the moment of a weight with itself as the triangle that is kept of it."""
    spread = triangle(parts.layout.taps)
    kept = sp.csr_array(spread.T / spread.sum(axis=0)[:, None])
    return {
        (row, column): sp.csr_array(sp.kron(sp.eye_array(len(parts.next[row])), kept, format="csr") @ block)
        if is_symmetric(row)
        else block
        for (row, column), block in blocks.items()
    }


def _inner(parts: _Parts, k: int | None) -> int:
    return 1 if k is None else parts.layout.taps


def _each(matrix: sp.csr_array, width: int) -> sp.csr_array:
    """Return the matrix that does the same to each of `width` components."""
    return _summed([matrix], [np.eye(width)])


def _contracted(factors: list[sp.csr_array], width: int) -> sp.csr_array:
    """Return the matrix from components (a, b) to b: the sum over a of factor a."""
    return _summed(factors, [np.kron(row, np.eye(width)) for row in np.eye(len(factors))])


def _outer(factors: list[sp.csr_array], width: int) -> sp.csr_array:
    """Return the matrix from components a to (a, b), by factor b."""
    return _summed(factors, [np.kron(np.eye(width), row[:, None]) for row in np.eye(len(factors))])


def _outer_before(factors: list[sp.csr_array], width: int) -> sp.csr_array:
    """Return the matrix from components b to (a, b), by factor a."""
    return _summed(factors, [np.kron(row[:, None], np.eye(width)) for row in np.eye(len(factors))])


def _summed(factors: list[sp.csr_array], patterns: list[Floats]) -> sp.csr_array:
    """Return the sum of the Kronecker products of factors with patterns of zeros and ones, which do not overlap."""
    height, width = patterns[0].shape
    entries, rows, columns = [], [], []
    for factor, pattern in zip(factors, patterns, strict=True):
        below, beside = np.nonzero(pattern)
        found = factor.tocoo()
        entries.append(np.repeat(found.data, len(below)))
        rows.append((found.row[:, None] * height + below).ravel())
        columns.append((found.col[:, None] * width + beside).ravel())
    shape = (factors[0].shape[0] * height, factors[0].shape[1] * width)
    return sp.csr_array((np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))), shape=shape)


def _assembled(blocks: Blocks, rows: Mapping[Any, int], columns: Mapping[Any, int]) -> sp.csr_array:
    """Return one matrix of named blocks."""
    parts = [[blocks.get((row, column)) for column in columns] for row in rows]
    for row, (height, line) in enumerate(zip(rows.values(), parts, strict=True)):
        if all(block is None for block in line):
            parts[row][0] = sp.csr_array((height, next(iter(columns.values()))))
    for column, width in enumerate(columns.values()):
        if all(line[column] is None for line in parts):
            parts[0][column] = sp.csr_array((next(iter(rows.values())), width))
    matrix = sp.csr_array(sp.block_array(parts, format="csr"))
    matrix.eliminate_zeros()
    return matrix
