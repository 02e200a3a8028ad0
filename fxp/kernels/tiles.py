"""Saturating sums of products, a tile of rows and columns at a time, on the vectors of :mod:`fxp.kernels.lanes`.

Output (g, m, n) sums ``x[starts[g, m] + offsets[k]] * w[g, k, n]`` over k upwards, as in the kernels of accumulation.
Rows are gathered, or listed without their zeros, once for all columns; the weights come packed as `fxp.packing`
describes, in panels of one or two vectors of columns. A kernel computes the tiles from `first` to before `last`, in the
order of groups and rows.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fxp.kernels.lanes import LANES, NARROW_LANES, ROWS, saturate_blocks, saturate_listed

__all__ = ["LISTED_ROWS", "count_units", "list_units", "saturate_in_blocks", "saturate_in_halves"]

Codes = NDArray[Any]
ROWS_1, ROWS_2 = ROWS[1], ROWS[2]
LISTED_ROWS = 32  # that use weights in turn, while those are near


@njit(cache=True, nogil=True)
def gather(x: Codes, start: int, offsets: Codes, run: int, rows: Codes, r: int) -> None:
    """Fill row r with the operands at `start` plus `offsets`, of which each `run` are neighbours."""
    for k in range(0, offsets.size, run):
        place, here = np.uint64(start + offsets[k]), np.uint64(k)  # unsigned: no test for places from the end
        for j in range(np.uint64(run)):
            rows[r, here + j] = x[place + j]


@njit(cache=True, nogil=True)
def saturate_in_blocks(
    first: int,
    last: int,
    x: Codes,
    starts: Codes,
    offsets: Codes,
    run: int,
    zero: int,
    dots: Codes,
    steps: Codes,
    shifts: Codes,
    ends: Codes,
    initial: Codes,
    excess: Codes,
    limits: Codes,
    codes: Codes,
) -> tuple[int, int, int]:
    """Fill `codes` (G, M, N) with sums that are clamped at every step, and count what became of them.

    Parameters
    ----------
    first, last : int
        Tiles.
    x : uint8 or int16 array, one axis
        Operands plus `zero`.
    starts, offsets : int64 arrays, shapes (G, M) and (K,)
        Where they lie; each `run` of the offsets follow one another.
    dots, steps, shifts : arrays, shapes (G, panels, …)
        Packed weights, by panel as `saturate_blocks` takes them.
    ends : int64 array
        Blocks.
    initial, excess : int32 arrays, shape (G, panels, lanes)
        Biases within the limits, and what was cut off from them.
    limits : int64 array
        Least and most.

    Returns
    -------
    tuple of int
        Outputs of which a prefix is out of range, of which the exact sum is, and bundles that needed single steps.
    """
    rows = codes.shape[1]
    lanes = initial.shape[2]
    height = ROWS_1 if lanes == LANES else ROWS_2
    tiles = (rows + height - 1) // height
    operands = np.zeros((height, steps.shape[2]), x.dtype)
    sizes = operands if zero == 0 and x.itemsize == 1 else np.zeros((height, steps.shape[2]), x.dtype)
    registers = np.empty((3, height, lanes), np.int32)
    held, changed, drift = registers[0], registers[1], registers[2]
    overflowed = persistent = slow = 0
    biased, clamped = excess.any(), True
    for tile in range(first, last):
        g, top = tile // tiles, tile % tiles * height
        valid = min(height, rows - top)
        for r in range(height):
            gather(x, starts[g, top + min(r, valid - 1)], offsets, run, operands, r)
        if sizes is not operands:
            for r in range(height):
                for k in range(offsets.size):
                    sizes[r, k] = abs(np.int64(operands[r, k]) - zero)
        for p in range(initial.shape[1]):
            fill(initial, g, p, held)
            if clamped or biased:
                fill(excess, g, p, changed)
                fill(excess, g, p, drift)
            panel = g * initial.shape[1] + p
            bundles = block_tile(held, changed, drift, operands, sizes, dots, steps, shifts, ends, limits, panel, zero)
            clamped = bundles > 0
            if clamped or biased:
                overflowed += marked(changed, valid)
                persistent += outside_of(held, drift, valid, limits)
                slow += bundles
            keep(held, 0, codes, g, top, p)
    return overflowed, persistent, slow


@njit(cache=True, nogil=True)
def fill(biases: Codes, g: int, p: int, registers: Codes) -> None:
    """Start every row of the registers with the biases of a panel."""
    group, panel = np.uint64(g), np.uint64(p)
    for r in range(np.uint64(registers.shape[0])):
        for n in range(np.uint64(registers.shape[1])):
            registers[r, n] = biases[group, panel, n]


@njit(cache=True, nogil=True)
def keep(registers: Codes, raised: int, codes: Codes, g: int, top: int, p: int) -> None:
    """Store the registers of a tile, less what they were `raised` by, as far as rows and columns go."""
    group, left = np.uint64(g), np.uint64(p * registers.shape[1])
    columns = np.uint64(min(registers.shape[1], codes.shape[2] - p * registers.shape[1]))
    for r in range(np.uint64(min(registers.shape[0], codes.shape[1] - top))):
        row = np.uint64(top) + r
        for n in range(columns):
            codes[group, row, left + n] = np.int32(registers[r, n]) - np.int32(raised)


@njit(cache=True, nogil=True)
def block_tile(
    held: Codes,
    changed: Codes,
    drift: Codes,
    operands: Codes,
    sizes: Codes,
    dots: Codes,
    steps: Codes,
    shifts: Codes,
    ends: Codes,
    limits: Codes,
    panel: int,
    zero: int,
) -> Any:
    """Call `saturate_blocks` for the shape of a tile, which is a constant of its code."""
    if held.shape[1] == LANES:
        return saturate_blocks(held, changed, drift, operands, sizes, dots, steps, shifts, ends, limits, panel, zero, 1)
    return saturate_blocks(held, changed, drift, operands, sizes, dots, steps, shifts, ends, limits, panel, zero, 2)


@njit(cache=True, nogil=True)
def count_units(first: int, last: int, x: Codes, unit: int, zero: int, counts: Codes) -> None:
    """Count the operands that are not zero in each `unit` of x, from the one numbered `first` to before `last`."""
    for u in range(first, last):
        count = 0
        for j in range(np.uint64(unit)):
            count += x[np.uint64(u * unit) + j] != zero
        counts[u] = count


@njit(cache=True, nogil=True)
def list_units(first: int, last: int, x: Codes, unit: int, zero: int, ends: Codes, lists: Codes) -> None:
    """List the operands that are not zero, with their places; those of unit u from ``ends[u]`` on."""
    for u in range(first, last):
        place, count, end = np.uint64(u * unit), np.uint64(ends[u]), np.uint64(ends[u + 1])
        while count < end:  # and no further: behind it lies what another thread lists
            lists[count] = entry(np.int64(x[place]) - zero, np.int64(place))
            count += np.uint64(x[place] != zero)
            place += np.uint64(1)


@njit(cache=True, nogil=True)
def list_row(x: Codes, start: int, offsets: Codes, run: int, zero: int, lists: Codes, begin: int) -> Any:
    """List the operands of a row that are not zero, with their numbers, from `begin` on; return how many they are."""
    count = np.uint64(begin)
    for k in range(0, offsets.size, run):
        place = np.uint64(start + offsets[k])
        for j in range(np.uint64(run)):
            code = np.int64(x[place + j]) - zero
            lists[count] = entry(code, k + np.int64(j))
            count += np.uint64(code != 0)
    return np.int64(count) - begin


@njit(cache=True, nogil=True)
def entry(code: Any, place: Any) -> Any:
    """Return an entry of the lists that `saturate_listed` takes."""
    return (code & 0xFFFF) | ((place & 0xFFFF) << 16)


@njit(cache=True, nogil=True)
def saturate_in_halves(
    first: int,
    last: int,
    x: Codes,
    starts: Codes,
    offsets: Codes,
    run: int,
    unit: int,
    lists: Codes,
    ends: Codes,
    zero: int,
    w: Codes,
    check: int,
    initial: Codes,
    excess: Codes,
    limits: Codes,
    codes: Codes,
) -> int:
    """Fill `codes` (G, M, N) as `saturate_in_blocks` does, in lanes of 16 bits, which hold every product.

    Parameters
    ----------
    unit : int
        A length of which places where neighbours begin, and `run`, are multiples; 0 where lists are to be made here.
    lists, ends : int32 array, one axis, and int64 array, shape (units + 1,)
        The operands that are not zero, and where those of each unit begin and end.
    w : int16 array, shape (G, panels, K, lanes)
        Packed weights.
    check : int
        As `saturate_listed` takes it.

    Returns
    -------
    int
        Outputs of which a prefix is out of range.
    """
    rows, lanes = codes.shape[1], initial.shape[2]
    tiles = (rows + LISTED_ROWS - 1) // LISTED_ROWS
    raised = 2**15 - 1 - limits[1]
    least = limits[0] + raised
    here, width = unit == 0, offsets.size + 1  # one more, as what follows a row's last entry is overwritten
    length = offsets.size if here else run
    if here:
        lists, ends = np.empty(LISTED_ROWS * width, np.int32), np.empty(LISTED_ROWS, np.int64)
    registers = np.empty((3, LISTED_ROWS, lanes), np.int16)
    held, shadows, changed = registers[0], registers[1], registers[2]
    lifted, outside = (initial + raised).astype(np.int16), (excess != 0).astype(np.int16)
    overflowed = 0
    for tile in range(first, last):
        g, top = tile // tiles, tile % tiles * LISTED_ROWS
        valid = min(LISTED_ROWS, rows - top)
        if here:
            for r in range(valid):
                ends[r] = r * width + list_row(x, starts[g, top + r], offsets, run, zero, lists, r * width)
        for p in range(initial.shape[1]):
            fill(lifted, g, p, held)
            fill(lifted, g, p, shadows)
            fill(outside, g, p, changed)
            weights = (g * initial.shape[1] + p) * w.shape[2]
            for k in range(0, offsets.size, length):
                for r in range(valid):
                    if here:
                        origin, begin, end = 0, r * width, ends[r]
                    else:
                        origin = starts[g, top + r] + offsets[k]
                        begin, end = ends[origin // unit], ends[(origin + length) // unit]
                    count = end - begin
                    listed(held, shadows, changed, r, lists, begin, count, origin, w, weights + k, least, check)
            overflowed += marked(changed, valid)
            keep(held, raised, codes, g, top, p)
    return overflowed


@njit(cache=True, nogil=True, inline="always")
def listed(
    held: Codes,
    shadows: Codes,
    changed: Codes,
    r: int,
    lists: Codes,
    begin: int,
    count: int,
    origin: int,
    w: Codes,
    first: int,
    least: int,
    check: int,
) -> None:
    """Call `saturate_listed` for the shape of a row, which is a constant of its code."""
    if held.shape[1] == NARROW_LANES:
        saturate_listed(held, shadows, changed, r, lists, begin, count, origin, w, first, least, check, 1)
    else:
        saturate_listed(held, shadows, changed, r, lists, begin, count, origin, w, first, least, check, 2)


@njit(cache=True, nogil=True)
def marked(changed: Codes, rows: int) -> int:
    """Return how many registers of the first rows were clamped."""
    total = 0
    for r in range(np.uint64(rows)):
        for n in range(np.uint64(changed.shape[1])):
            total += changed[r, n] != 0
    return total


@njit(cache=True, nogil=True)
def outside_of(held: Codes, drift: Codes, rows: int, limits: Codes) -> int:
    """Return how many exact sums of the first rows are out of range."""
    total, least, most = 0, limits[0], limits[1]
    for r in range(np.uint64(rows)):
        for n in range(np.uint64(held.shape[1])):
            exact = held[r, n] + drift[r, n]
            total += (exact < least) | (exact > most)
    return total
