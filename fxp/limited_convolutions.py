"""Convolutions with fixed weights in an accumulator of limited width, for any number of batches of images."""

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp import carriers
from fxp.formats import Overflow
from fxp.limited_sums import certified, limited, without_steps
from fxp.products import Products, Weights
from fxp.registers import Accumulation, Accumulator

__all__ = ["LimitedConvolution"]

Codes = NDArray[Any]
Mask = NDArray[np.bool_]


class LimitedConvolution:
    """Convolution with fixed weights in an accumulator; what weights and input range decide is prepared once.

    Its results are those of :func:`fxp.conv2d` with the same arguments. A linear layer (O, K) is a convolution of 1×1
    images: weights (O, K, 1, 1), images (N, K, 1, 1). Any number of threads may call one object at the same time; pass
    `threads=1` where they do, so that a call stays on its own.

    Parameters
    ----------
    w : ndarray of int, shape (O, C/groups, KH, KW)
        Weight codes.
    bias : ndarray of int, shape (O,)
        Initial values of the sums.
    geometry : Geometry
        Stride, padding, dilation and groups.
    accumulator : Accumulator
        Width and modes.
    x_low, x_high : int
        Proven range of the input codes: a certificate from it holds for all batches.

    Examples
    --------
    >>> layer = LimitedConvolution(
    ...     np.ones((1, 2, 1, 1), int), np.array([0]), carriers.Geometry(), Accumulator(8), x_low=0, x_high=255
    ... )
    >>> layer(np.array([[100, 50], [20, 30]], np.uint8)[:, :, None, None]).codes.reshape(-1).tolist()
    [127, 50]
    >>> layer.certified.tolist()
    [False]
    """

    def __init__(
        self,
        w: Codes,
        bias: Codes,
        geometry: carriers.Geometry,
        accumulator: Accumulator,
        *,
        x_low: int,
        x_high: int,
    ) -> None:
        self.geometry, self.accumulator, self.kernel = geometry, accumulator, w.shape[1:]
        self.exact = functools.cache(lambda: carriers.ExactConvolution(w, bias, geometry, x_low=x_low, x_high=x_high))
        groups = geometry.groups
        axes = (0, 2, 3, 4, 1) if accumulator.order == "channel_row_column" else (0, 3, 4, 2, 1)
        grouped = w.reshape(groups, len(w) // groups, *self.kernel).transpose(axes)
        ordered = grouped.reshape(groups, math.prod(self.kernel), grouped.shape[-1])
        self.weights = Weights(ordered, bias.reshape(groups, grouped.shape[-1]), x_low, x_high)

    @functools.cached_property
    def certified(self) -> Mask:
        """Outputs channels (O,) that no input of the range takes out of the accumulator's, in any order of products."""
        return certified(self.weights, self.accumulator).reshape(-1)

    def __call__(self, x: Codes, *, prefixes: bool = False, threads: int | None = None) -> Accumulation:
        """Return the sums of input codes (N, C, H, W), in any memory layout, and what became of them.

        Parameters
        ----------
        x : ndarray of int, shape (N, C, H, W)
            Codes within the range.
        prefixes : bool
            Whether to return the exact sums and the limits of all their prefixes too.
        threads : int, optional
            Threads that share the rows of a large product; 1 stays on the caller's, None is as many as Numba may use.
        """
        groups, columns = self.weights.initial.shape
        height, width = self.geometry.output_size(x.shape[2:], self.kernel[1:])

        def arrange(sums: Codes) -> Codes:
            apart = sums.reshape(groups, len(x), height, width, columns)
            return apart.transpose(1, 0, 4, 2, 3).reshape(len(x), groups * columns, height, width)

        def exact() -> Codes:
            apart = self.exact()(x).reshape(len(x), groups, columns, height, width)
            return apart.transpose(1, 0, 3, 4, 2).reshape(groups, len(x) * height * width, columns)

        outcome = None if prefixes else without_steps(exact, self.weights, self.accumulator)
        if outcome is not None and not (outcome.persistent and self.accumulator.overflow is Overflow.ERROR):
            return outcome.arranged(arrange)
        padded = np.pad(x.transpose(0, 2, 3, 1), ((0, 0), *self.geometry.padding, (0, 0)))
        starts, offsets = _windows(padded.shape, self.kernel, (height, width), self.geometry, self.accumulator.order)
        products = Products(padded.reshape(-1), starts, offsets, self.weights, exact, threads)
        return limited(products, self.accumulator, arrange, prefixes=prefixes)


def _windows(
    shape: tuple[int, ...],
    kernel: Sequence[int],
    size: tuple[int, int],
    geometry: carriers.Geometry,
    order: str,
) -> tuple[Codes, Codes]:
    """Return where windows start in a flat image of shape (N, H, W, C), by group, and the places of a kernel."""
    row, column = shape[2] * shape[3], shape[3]
    groups, images = np.arange(geometry.groups) * kernel[0], np.arange(shape[0]) * shape[1] * row
    down, right = np.arange(size[0]) * geometry.stride[0] * row, np.arange(size[1]) * geometry.stride[1] * column
    channels = np.arange(kernel[0])
    rows, columns = (np.arange(kernel[k + 1]) * geometry.dilation[k] * (row, column)[k] for k in (0, 1))
    places = (channels, rows, columns) if order == "channel_row_column" else (rows, columns, channels)
    starts = functools.reduce(np.add.outer, (groups, images, down, right))
    offsets = functools.reduce(np.add.outer, places)
    return starts.reshape(len(groups), len(images) * math.prod(size)), offsets.reshape(-1)
