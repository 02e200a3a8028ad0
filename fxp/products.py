"""Products of integers as the kernels of limited sums read them."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fxp import carriers
from fxp.kernels.accumulation import UNROLLED

__all__ = ["Products"]

LANES = 16  # fewer columns than this leave vector units idle
PART = 2**20  # operands that are gathered at a time, so that memory stays bounded

Codes = NDArray[Any]
Mask = NDArray[np.bool_]


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
    w : ndarray of int, shape (G, K, N)
        Codes of the other operand.
    initial : ndarray of int, shape (G, N)
        Biases.
    exact : callable, optional
        Returns the exact sums with the biases, shape (G, M, N), on a fast carrier.
    """

    x: Codes
    starts: Codes
    offsets: Codes
    w: Codes
    initial: Codes
    exact: Callable[[], Codes] | None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (G, M, N) of the outputs."""
        return *self.starts.shape, self.w.shape[2]

    @functools.cached_property
    def limits(self) -> tuple[Codes, Codes]:
        """P− and P+ without the bias, each of shape (G, N), for the codes that are in `x`."""
        low, high = (int(self.x.min()), int(self.x.max())) if self.x.size else (0, 0)
        columns = self.w.swapaxes(1, 2).reshape(self.initial.size, self.offsets.size)
        minus, plus = carriers.subset_limits(columns, low, high)
        return minus.reshape(self.initial.shape), plus.reshape(self.initial.shape)

    def starting_at(self) -> Codes:
        """Return the biases as an int64 array of the shape of the outputs."""
        return np.array(np.broadcast_to(self.initial[:, None], self.shape), dtype=np.int64)

    def tiles(self, length: int) -> Iterator[Self]:
        """Yield the products of each tile of `length`, without bias."""
        nothing = np.zeros_like(self.initial)
        for first in range(0, self.offsets.size, length):
            places = slice(first, first + length)
            yield replace(self, offsets=self.offsets[places], w=self.w[:, places], initial=nothing, exact=None)

    def columns(self, chosen: Mask) -> Self:
        """Return the products of the chosen columns, for one group."""
        return replace(self, w=self.w[:, :, chosen], initial=self.initial[:, chosen], exact=None)

    def padded(self) -> Self:
        """Return these and as many products of zero as the kernel's passes are longer."""
        more = -self.offsets.size % UNROLLED
        return replace(
            self, offsets=np.pad(self.offsets, (0, more)), w=np.pad(self.w, ((0, 0), (0, more), (0, 0))), exact=None
        )

    def run(self, kernel: Callable[..., None], lane: type, settings: tuple[Any, ...], *out: Codes) -> None:
        """Run a kernel on operands of one integer type; over rows as lanes where columns are too few for vectors."""
        x: Codes = self.x.astype(lane, copy=False)
        w: Codes = self.w.astype(lane, copy=False)
        groups, rows, columns = self.shape
        if columns >= LANES or rows <= columns:
            kernel(x, self.starts, self.offsets, np.ascontiguousarray(w), *settings, *out)
            return
        length = self.offsets.size
        flat = np.ascontiguousarray(w.swapaxes(1, 2)).reshape(-1)
        starts, offsets = np.arange(groups * columns).reshape(groups, columns) * length, np.arange(length)
        step = max(1, PART // max(1, groups * length))
        for part in (slice(first, first + step) for first in range(0, rows, step)):
            read = x[self.starts[:, None, part] + self.offsets[:, None]]
            turned = [np.ascontiguousarray(array[:, part].swapaxes(1, 2)) for array in out]
            kernel(flat, starts, offsets, read, *settings, *turned)
            for array, result in zip(out, turned, strict=True):
                array[:, part] = result.swapaxes(1, 2)
