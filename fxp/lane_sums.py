"""Sums that saturate at every step, in the lanes that are fastest for their width and operands.

In lanes of 16 bits, where they hold the register and every product; else in blocks that are summed at once where it is
certain that no register leaves its limits on the way. Where so narrow registers seldom reach their limits, which a
sample of rows tells, blocks are faster for them too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp.formats import Overflow
from fxp.kernels.lanes import BUNDLE, LANES, NARROW_LANES, NARROW_ROWS, ROWS
from fxp.kernels.tiles import saturate_in_blocks, saturate_in_halves
from fxp.packing import HALF_LIMIT
from fxp.products import Products
from fxp.registers import Accumulator

__all__ = ["LaneSums", "fits_lanes", "in_lanes"]

COLUMNS = 4  # fewer than this leave most lanes of a vector empty
REACH = 2**28  # of sums: what a block adds to them, twice, stays within 32 bits
SAMPLE = 32  # of so many tiles one is tried in blocks
SELDOM = 0.2  # bundles that go product by product, of which a larger share makes blocks slower than lanes of 16 bits

Codes = NDArray[Any]


@dataclass(frozen=True, eq=False)
class LaneSums:
    """Codes (G, M, N) of sums, how many have a prefix out of range, and the exact sum, where that is known."""

    codes: Codes
    overflowed: int
    persistent: int | None


def fits_lanes(products: Products, accumulator: Accumulator) -> bool:
    """Return whether these kernels are for such sums: clamped at every step, operands of 16 bits, sums far below 32."""
    saturates = accumulator.overflow in (Overflow.SATURATE, Overflow.SATURATE_SYMMETRIC, Overflow.ERROR)
    plain = saturates and accumulator.every_step and not accumulator.drop_bits and accumulator.tile is None
    weights, sizes = products.weights, (*products.shape, products.offsets.size)
    columns = products.shape[2] >= COLUMNS and 0 not in sizes
    return bool(plain and columns and weights.reach <= REACH and weights.operand_kind is not None)


def in_lanes(products: Products, accumulator: Accumulator) -> LaneSums:
    """Return the sums, in an accumulator that `fits_lanes`."""
    x, codes = _operands(products), np.empty(products.shape, np.int32)
    narrow = accumulator.word_bits <= 16 and products.weights.halves.reaches[1] <= HALF_LIMIT
    if narrow and not _seldom_doubtful(products, accumulator, x):
        return LaneSums(codes, _in_halves(products, accumulator, x, codes), None)
    overflowed, persistent, _ = _in_blocks(products, accumulator, x, codes)
    return LaneSums(codes, overflowed, persistent)


def _operands(products: Products) -> Codes:
    kind, zero = products.weights.operand_kind or (np.int16, 0)
    x = products.x
    return x.astype(np.int8).view(np.uint8) ^ np.uint8(zero) if zero else x.astype(kind, copy=False)


def _seldom_doubtful(products: Products, accumulator: Accumulator, x: Codes) -> bool:
    """Return whether, in a sample of rows, few bundles go product by product."""
    sample, blocks = products.rows(slice(0, None, SAMPLE)), products.weights.blocks
    *_, bundles = _in_blocks(sample, accumulator, x, np.empty(sample.shape, np.int32))
    _, panels, count, lanes = blocks.shifts.shape
    height = ROWS[lanes // LANES]
    registers = _tiles(sample, height) * height * panels * count * lanes // LANES
    return bool(bundles * BUNDLE <= SELDOM * registers)


def _in_blocks(products: Products, accumulator: Accumulator, x: Codes, codes: Codes) -> list[int]:
    """Fill `codes`; return the counts of `saturate_in_blocks`."""
    packed, limits = products.weights.blocks, np.array(accumulator.range_of(accumulator.word))
    _, panels, _, lanes = packed.shifts.shape
    settings = packed.zero, packed.dots, packed.steps, packed.shifts, packed.ends
    height, initial = ROWS[lanes // LANES], _initial(products, panels, lanes, limits)
    counts = _shared(saturate_in_blocks, products, height, x, *settings, *initial, codes)
    return [sum(count) for count in zip(*counts, strict=True)]


def _in_halves(products: Products, accumulator: Accumulator, x: Codes, codes: Codes) -> int:
    """Fill `codes`; return how many sums have a prefix out of range."""
    packed, limits = products.weights.halves, np.array(accumulator.range_of(accumulator.word))
    _, panels, _, lanes = packed.w.shape
    settings = packed.zero, packed.w, packed.check(int(limits[1] - limits[0]))
    height = NARROW_ROWS[lanes // NARROW_LANES]
    initial = _initial(products, panels, lanes, limits)
    return sum(_shared(saturate_in_halves, products, height, x, *settings, *initial, codes))


def _shared(kernel: Callable[..., Any], products: Products, height: int, x: Codes, *settings: Any) -> list[Any]:
    """Return what a kernel counts in each part of the tiles."""
    places = products.starts, products.offsets, products.neighbours
    return products.share(_tiles(products, height), lambda first, last: kernel(first, last, x, *places, *settings))


def _tiles(products: Products, height: int) -> int:
    groups, rows, _ = products.shape
    return groups * -(-rows // height)


def _initial(products: Products, panels: int, lanes: int, limits: Codes) -> tuple[Codes, Codes, Codes]:
    """Return the biases within the limits and what is cut off from them, by panel, and the limits."""
    biases = products.weights.initial.astype(np.int32)
    missing = panels * lanes - biases.shape[1]
    columns = np.pad(biases, ((0, 0), (0, missing))).reshape(len(biases), panels, lanes)
    initial = columns.clip(*limits).astype(np.int32)
    return initial, columns - initial, limits
