"""Products of integers as the kernels of limited sums read them."""

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fxp import carriers
from fxp.kernels.accumulation import UNROLLED
from fxp.packing import BlockWeights, HalfWeights, block_weights, half_weights, operand_kind
from fxp.sharing import shared

__all__ = ["Products", "Weights"]

LANES = 16  # fewer columns than this leave vector units idle
WORTH_THREADS = 2**25  # products below which starting a thread takes longer than what it saves
PART = 2**20  # operands that are gathered at a time, so that memory stays bounded

Codes = NDArray[Any]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Weights:
    """One operand of sums of products, all that follows from it being computed once.

    Parameters
    ----------
    w : ndarray of int, shape (G, K, N)
        Codes, k in the declared order.
    initial : ndarray of int, shape (G, N)
        Biases.
    low, high : int
        Range of the codes of the other operand.
    """

    w: Codes
    initial: Codes
    low: int
    high: int

    @functools.cached_property
    def limits(self) -> tuple[Codes, Codes]:
        """P− and P+ without the bias, each of shape (G, N)."""
        columns = self.w.swapaxes(1, 2).reshape(self.initial.size, self.w.shape[1])
        minus, plus = carriers.subset_limits(columns, self.low, self.high)
        return minus.reshape(self.initial.shape), plus.reshape(self.initial.shape)

    @functools.cached_property
    def reach(self) -> int:
        """Largest distance of any sum of a bias and some products from zero, at most."""
        minus, plus = self.limits
        return int((plus - minus + abs(self.initial.astype(object))).max(initial=0))

    @functools.cached_property
    def operand_kind(self) -> tuple[Any, int] | None:
        """Type and zero of the other operand in the kernels of tiles, None where they do not hold it."""
        return operand_kind(self.low, self.high, self.w)

    @functools.cached_property
    def blocks(self) -> BlockWeights:
        """Weights packed for blocks."""
        return block_weights(self.w, *(self.operand_kind or (np.int16, 0)))

    @functools.cached_property
    def halves(self) -> HalfWeights:
        """Weights packed for lanes of 16 bits."""
        return half_weights(self.w, (self.operand_kind or (np.int16, 0))[1], self.low, self.high)

    def places(self, chosen: slice) -> Self:
        """Return the codes of some places, without bias."""
        return replace(self, w=self.w[:, chosen], initial=np.zeros_like(self.initial))

    def part(self, groups: Mask, columns: Mask) -> Self:
        """Return those of the chosen groups and columns."""
        return replace(self, w=self.w[groups][..., columns], initial=self.initial[groups][:, columns])


@dataclass(frozen=True, eq=False)
class Products:
    """The products x[starts[g, m] + offsets[k]] · w[g, k, n] of each output (g, m, n), k in the declared order.

    Parameters
    ----------
    x : ndarray of int, one axis
        Codes of one operand.
    starts : ndarray of int, shape (G, M)
        Where the operands of a row begin in `x`.
    offsets : ndarray of int, shape (K,)
        Where they go on from there.
    weights : Weights
        The other operand, and the biases.
    exact : callable, optional
        Returns the exact sums with the biases, shape (G, M, N), on a fast carrier.
    threads : int, optional
        Threads that share the rows of a large product; as many as Numba may use by default.
    """

    x: Codes
    starts: Codes
    offsets: Codes
    weights: Weights
    exact: Callable[[], Codes] | None
    threads: int | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (G, M, N) of the outputs."""
        return *self.starts.shape, self.weights.w.shape[2]

    @property
    def neighbours(self) -> int:
        """Number of consecutive products, the same for all, whose operands are neighbours in `x`."""
        jumps = np.flatnonzero(np.diff(self.offsets) != 1) + 1
        return int(np.gcd.reduce(jumps, initial=self.offsets.size))

    def rows(self, chosen: slice) -> Self:
        """Return the products of some rows."""
        return replace(self, starts=np.ascontiguousarray(self.starts[:, chosen]), exact=None)

    def starting_at(self) -> Codes:
        """Return the biases as an int64 array of the shape of the outputs."""
        return np.array(np.broadcast_to(self.weights.initial[:, None], self.shape), dtype=np.int64)

    def tiles(self, length: int) -> Iterator[Self]:
        """Yield the products of each tile of `length`, without bias."""
        for first in range(0, self.offsets.size, length):
            places = slice(first, first + length)
            yield replace(self, offsets=self.offsets[places], weights=self.weights.places(places), exact=None)

    def part(self, groups: Mask, columns: Mask) -> Self:
        """Return the products of the chosen groups and columns."""
        return replace(self, starts=self.starts[groups], weights=self.weights.part(groups, columns), exact=None)

    def padded(self) -> Self:
        """Return these and as many products of zero as the kernel's passes are longer."""
        more = -self.offsets.size % UNROLLED
        longer = np.pad(self.weights.w, ((0, 0), (0, more), (0, 0)))
        return replace(
            self, offsets=np.pad(self.offsets, (0, more)), weights=replace(self.weights, w=longer), exact=None
        )

    def share(self, count: int, run: Callable[[int, int], Any]) -> list[Any]:
        """Return the results of `run` (first, last) for parts of range(count), on as many threads as are worth it."""
        return shared(count, run, self.threads if math.prod(self.shape) * self.offsets.size >= WORTH_THREADS else 1)

    def run(self, kernel: Callable[..., None], lane: type, settings: tuple[Any, ...], *out: Codes) -> None:
        """Run a kernel on operands of one integer type; over rows as lanes where columns are too few for vectors."""
        x: Codes = self.x.astype(lane, copy=False)
        w: Codes = self.weights.w.astype(lane, copy=False)
        groups, rows, columns = self.shape
        if columns >= LANES or rows <= columns:
            operands = x, self.starts, self.offsets, np.ascontiguousarray(w)
            self.share(groups * rows, lambda first, last: kernel(first, last, *operands, *settings, *out))
            return
        length = self.offsets.size
        flat = np.ascontiguousarray(w.swapaxes(1, 2)).reshape(-1)
        starts, offsets = np.arange(groups * columns).reshape(groups, columns) * length, np.arange(length)

        def turn(first: int, last: int) -> None:
            part = slice(first, last)
            read = x[self.starts[:, None, part] + self.offsets[:, None]]
            turned = [np.ascontiguousarray(array[:, part].swapaxes(1, 2)) for array in out]
            kernel(0, groups * columns, flat, starts, offsets, read, *settings, *turned)
            for array, result in zip(out, turned, strict=True):
                array[:, part] = result.swapaxes(1, 2)

        step = max(1, PART // max(1, groups * length))

        def run_turned(first: int, last: int) -> None:
            for start in range(first, last, step):
                turn(start, min(start + step, last))

        self.share(rows, run_turned)
