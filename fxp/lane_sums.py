"""Sums that saturate at every step, in the lanes that are fastest for their width and operands.

In lanes of 16 bits, where they hold the register and every product; else in blocks that are summed at once where it is
certain that no register leaves its limits on the way. Where so narrow registers seldom reach their limits, which a
sample of rows tells, blocks are faster for them too.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp.formats import Overflow
from fxp.kernels.lanes import BUNDLE, CHECKS, LANES, ROWS
from fxp.kernels.tiles import LISTED_ROWS, count_units, list_units, saturate_in_blocks, saturate_in_halves
from fxp.packing import HALF_LIMIT
from fxp.products import Products
from fxp.registers import Accumulator

__all__ = ["LaneSums", "fits_lanes", "in_lanes"]

COLUMNS = 4  # fewer than this leave most lanes of a vector empty
REACH = 2**28  # of sums: what a block adds to them, twice, stays within 32 bits
SHORT = 16  # neighbours, of which fewer are not worth a list for all rows
LONG = 2**16  # products that places in lists tell apart
SAMPLE = 256  # of so many rows one is tried in blocks
WORTH_SAMPLE = 2**25  # products below which a sample takes longer than what it saves
SELDOM = 0.05  # bundles that go product by product, of which a larger share makes blocks slower than lanes of 16 bits

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
    narrow = accumulator.word_bits <= 16 and products.offsets.size <= LONG
    narrow = narrow and products.weights.halves.reach <= HALF_LIMIT
    if narrow and not _seldom_doubtful(products, accumulator, x):
        return LaneSums(codes, _in_halves(products, accumulator, x, codes), None)
    overflowed, persistent, _ = _in_blocks(products, accumulator, x, codes)
    return LaneSums(codes, overflowed, persistent)


def _operands(products: Products) -> Codes:
    kind, zero = products.weights.operand_kind or (np.int16, 0)
    x = products.x
    return x.astype(np.int8).view(np.uint8) ^ np.uint8(zero) if zero else x.astype(kind, copy=False)


def _seldom_doubtful(products: Products, accumulator: Accumulator, x: Codes) -> bool:
    """Return whether the work is large and, in a sample of its rows, few bundles go product by product."""
    if math.prod(products.shape) * products.offsets.size < WORTH_SAMPLE:
        return False
    sample, blocks = replace(products.rows(slice(0, None, SAMPLE)), threads=1), products.weights.blocks
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
    check = _check(packed.reach, int(limits[1] - limits[0]))
    settings = *_lists(products, x, packed.zero), packed.zero, packed.w, check
    initial = _initial(products, panels, lanes, limits)
    return sum(_shared(saturate_in_halves, products, LISTED_ROWS, x, *settings, *initial, codes))


def _check(reach: int, span: int) -> int:
    """Return after how many products, of this `reach`, a register may be compared with its shadow.

    A clamp parts the two by what it cuts off. They agree again only after a register has crossed the whole `span`
    between its limits to be clamped at the other, or after 2^16 has been cut off.
    """
    return next(size for size in CHECKS if size == 1 or size * reach <= min(span, 2**16 - 1))


def _lists(products: Products, x: Codes, zero: int) -> tuple[int, Codes, Codes]:
    """Return a length, the operands that are not zero, and where those of each such length begin; 0 where too short."""
    unit = _unit(products)
    if unit < SHORT:
        return 0, np.empty(0, np.int32), np.empty(0, np.int64)
    ends = np.zeros(len(x) // unit + 1, np.int64)
    products.share(len(ends) - 1, lambda first, last: count_units(first, last, x, unit, zero, ends[1:]))
    np.cumsum(ends, out=ends)
    lists = np.empty(ends[-1], np.int32)
    products.share(len(ends) - 1, lambda first, last: list_units(first, last, x, unit, zero, ends, lists))
    return unit, lists, ends


def _unit(products: Products) -> int:
    """Return a length of which all places where neighbours begin, and their number, are multiples; or 1."""
    run = products.neighbours
    places = products.offsets[::run], products.starts[:, :2].reshape(-1)
    unit = int(np.gcd.reduce(np.concatenate(places), initial=run))
    return 1 if (products.starts % unit).any() else unit


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
