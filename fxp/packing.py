"""Weights as the kernels of tiles read them: packed once, for any number of batches of the other operand."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp.inputs import magnitude
from fxp.kernels.lanes import LANES, NARROW_LANES, has_byte_products

__all__ = ["BlockWeights", "HalfWeights", "block_weights", "half_weights", "operand_kind"]

BLOCK = 32  # products: shorter blocks are certain more often, longer ones have fewer ends to test
HALF_LIMIT = 2**15 - 1

Codes = NDArray[Any]


@dataclass(frozen=True, eq=False)
class BlockWeights:
    """Weights as :func:`fxp.kernels.tiles.saturate_in_blocks` takes them."""

    dots: Codes
    steps: Codes
    shifts: Codes
    ends: Codes
    zero: int


@dataclass(frozen=True, eq=False)
class HalfWeights:
    """Weights as :func:`fxp.kernels.tiles.saturate_in_halves` takes them, and what no product is beyond."""

    w: Codes
    zero: int
    reach: int


def operand_kind(low: int, high: int, w: Codes) -> tuple[Any, int] | None:
    """Return type and zero of the other operand's codes in the kernels; None where 16 bits do not hold all.

    Bytes where the processor multiplies those faster, unsigned with 128 added to signed codes; else 16-bit integers,
    whose lowest code stays out, as its absolute value is none.

    Parameters
    ----------
    low, high : int
        Range of the operand's codes.
    w : ndarray of int
        Weights.
    """
    least, most = int(w.min(initial=0)), int(w.max(initial=0))
    bytes_hold = low >= -128 and high <= (127 if low < 0 else 255) and least >= -128 and most <= 127
    if bytes_hold and has_byte_products():
        return np.uint8, 128 if low < 0 else 0
    return (np.int16, 0) if max(-low, high, -least, most) <= HALF_LIMIT else None


def block_weights(w: Codes, kind: Any, zero: int) -> BlockWeights:
    """Return weights (G, K, N), K at least 1, for operands of this type and zero."""
    group, signed = (4, np.int8) if kind is np.uint8 else (2, np.int16)
    panels = _panels(w.astype(signed), group, LANES)
    groups, count, length, lanes = panels.shape
    pairs = panels.reshape(groups, count, length // group, group, lanes).swapaxes(3, 4)
    negative = np.minimum(pairs, np.negative(pairs, where=pairs > np.iinfo(signed).min, out=pairs.copy()))
    ends = np.linspace(0, length // group, max(1, round(length / BLOCK)) + 1).round().astype(np.int64)
    return BlockWeights(
        dots=np.ascontiguousarray(np.stack([pairs, negative], axis=3)),
        steps=panels.astype(np.int16).view(np.uint16).astype(np.int32),
        shifts=_shifts(panels, ends[:-1] * group, zero),
        ends=ends,
        zero=zero,
    )


def _shifts(panels: Codes, starts: Codes, zero: int) -> Codes:
    if zero == 0:
        groups, count, _, lanes = panels.shape
        return np.zeros((groups, count, starts.size, lanes), np.int32)
    return np.asarray(np.add.reduceat(panels, starts, axis=2, dtype=np.int32) * np.int32(-zero))


def half_weights(w: Codes, zero: int, low: int, high: int) -> HalfWeights:
    """Return weights (G, K, N) for operands from `low` to `high`."""
    return HalfWeights(_panels(w.astype(np.int16), 1, NARROW_LANES), zero, magnitude(w) * max(-low, high, 0))


def _panels(w: Codes, multiple: int, lanes: int) -> Codes:
    """Return weights (G, K, N) as (G, panels, K, lanes) of one or two vectors, zeros where the shape has grown."""
    groups, length, columns = w.shape
    vectors = -(-columns // lanes)
    lanes *= 1 + (vectors % 2 == 0)
    padded = np.pad(w, ((0, 0), (0, -length % multiple), (0, -columns % lanes)))
    return np.ascontiguousarray(padded.reshape(groups, padded.shape[1], -1, lanes).swapaxes(1, 2))
