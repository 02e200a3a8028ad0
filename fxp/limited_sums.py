"""Sums of products in accumulators of limited width: by a proof where one holds, else step by step.

A sum that stays within the register in any order needs no simulation: its limits follow from the weights. Wrapping, or
looking at the finished sum only, needs one operation on exact sums. What remains is done product by product, in lanes
of int32 where no intermediate leaves them, else of int64, and in Python integers where even those cannot be proven to
suffice.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp import carriers, reference
from fxp.formats import Format, Overflow, Rounding
from fxp.inputs import magnitude, require_memory
from fxp.kernels import accumulation
from fxp.kernels.layers import rounding_offsets
from fxp.lane_sums import fits_lanes, in_lanes
from fxp.products import Products, Weights
from fxp.registers import Accumulation, Accumulator, Prefixes
from fxp.sharing import shared

__all__ = ["certified", "limited", "without_steps"]

WORTH_THREADS = 2**17  # sums below which starting a thread takes longer than what it saves
WIDE = 31  # bits of a register that no sum in lanes leaves
PROVEN = 2**62  # where the limits of all sums lie within, no step of any register leaves int64

Codes = NDArray[Any]
Mask = NDArray[np.bool_]


def limited(
    products: Products, accumulator: Accumulator, arrange: Callable[[Codes], Codes], *, prefixes: bool
) -> Accumulation:
    """Return what an accumulator makes of sums of products; equal to :func:`fxp.reference.accumulate`.

    Parameters
    ----------
    products : Products
        Operands and biases.
    accumulator : Accumulator
        Width and modes.
    arrange : callable
        Brings an array of outputs (G, M, N) into the caller's shape.
    prefixes : bool
        Whether to return the exact sums and the limits of all prefixes.

    Raises
    ------
    OverflowError
        The mode is ERROR, and a value that it looks at is out of range; the message names the first such output.
    MemoryError
        The machine does not hold the outputs.
    """
    require_memory("codes", products.shape)
    if not _is_proven(products, accumulator):
        return _by_reference(products, accumulator, arrange, prefixes=prefixes)
    outcome = _outcome(products, accumulator)
    uncounted = accumulator.tile and not accumulator.every_step  # finished tiles are in no count
    if accumulator.overflow is Overflow.ERROR and (outcome.overflowed or outcome.persistent or uncounted):
        outside = arrange(_outside(products, accumulator))
        if outside.any():
            raise _overflow_error(outside, accumulator)
    details = _prefixes(products, accumulator) if prefixes else None
    return outcome.arranged(arrange, details)


@dataclass(frozen=True, eq=False)
class Outcome:
    """Codes of sums, and how many of them had a prefix, or have the exact sum, out of range.

    Parameters
    ----------
    codes : ndarray of int, shape (G, M, N)
        What the register of the result holds.
    overflowed : int or None
        Outputs of which a prefix is out of range; None where only finished sums were looked at.
    persistent : int
        Outputs of which the exact sum is.
    """

    codes: Codes
    overflowed: int | None
    persistent: int

    def arranged(self, arrange: Callable[[Codes], Codes], details: Prefixes | None = None) -> Accumulation:
        """Return codes, counts and details in the caller's shape; without knowledge of prefixes, no count of them."""
        overflowed = self.overflowed if details is None else int(np.count_nonzero(details.overflowed))
        transient = None if overflowed is None else overflowed - self.persistent
        shaped = None if details is None else _arranged(details, arrange)
        return Accumulation(arrange(self.codes), overflowed, self.persistent, transient, shaped)


def without_steps(exact: Callable[[], Codes], weights: Weights, accumulator: Accumulator) -> Outcome | None:
    """Return the outcome where exact sums are all that it takes: one operation on each, or none; else None.

    Parameters
    ----------
    exact : callable
        Returns the exact sums of :class:`Products`.
    weights : Weights
        Their weights, biases and the range of the other operand.
    accumulator : Accumulator
        Width and modes.
    """
    kind = carriers.output_dtype(*accumulator.range_of(accumulator.last_word))
    if certified(weights, accumulator).all():
        sums = exact()
        codes = sums if sums.dtype == np.int32 else sums.astype(kind, copy=False)
        return Outcome(codes, 0 if _looks_at_steps(accumulator) else None, 0)
    if _looks_at_steps(accumulator) or accumulator.tile or accumulator.drop_bits or weights.reach > PROVEN:
        return None
    sums = np.ascontiguousarray(exact())
    codes = np.empty(sums.shape, kind)
    return Outcome(codes, None, _bring(sums, accumulator.word, accumulator, codes))


def _outcome(products: Products, accumulator: Accumulator) -> Outcome:
    exact: Callable[[], Codes] = functools.cache(lambda: _exact_sums(products, accumulator))
    at_once = without_steps(exact, products.weights, accumulator)
    if at_once is not None:
        return at_once
    chosen = _doubtful(products, accumulator)
    doubtful = products if chosen is None else products.part(*chosen)
    if fits_lanes(doubtful, accumulator):
        sums = in_lanes(doubtful, accumulator)
        codes, overflowed, persistent = sums.codes, sums.overflowed, sums.persistent
        if doubtful.exact is None or doubtful.weights.reach > carriers.FLOAT32_LIMIT:  # blocks beat other carriers
            exact = lambda: in_lanes(doubtful, Accumulator(WIDE)).codes  # noqa: E731
    else:
        codes, outside = _codes(doubtful, accumulator)
        overflowed, persistent = int(np.count_nonzero(outside)), None
    if persistent is None:
        persistent = int(np.count_nonzero(_is_outside(exact(), accumulator))) if overflowed else 0
    if chosen is not None:
        groups, columns = chosen
        part, codes = codes, _exact_sums(products, accumulator).astype(codes.dtype)
        codes[np.ix_(groups, np.ones(products.shape[1], bool), columns)] = part
    return Outcome(codes, overflowed if _looks_at_steps(accumulator) else None, persistent)


def _doubtful(products: Products, accumulator: Accumulator) -> tuple[Mask, Mask] | None:
    """Return the groups and the columns that are not proven to fit, where they are few enough to be done apart."""
    fits = certified(products.weights, accumulator)
    groups, columns = (~np.asarray(fits.all(axis=axis)) for axis in (1, 0))
    few = np.count_nonzero(groups) * np.count_nonzero(columns) * 2 <= fits.size
    return (groups, columns) if few and products.exact is not None else None


def _outside(products: Products, accumulator: Accumulator) -> Mask:
    """Return of which outputs a value that the register looked at is out of range."""
    if _looks_at_steps(accumulator) or accumulator.tile:
        return _codes(products, accumulator)[1]
    return _is_outside(_exact_sums(products, accumulator), accumulator)


def _looks_at_steps(accumulator: Accumulator) -> bool:
    """Return whether steps matter: a wrapped sum is the same whether its steps were wrapped or not."""
    return accumulator.every_step and accumulator.overflow is not Overflow.WRAP


def _is_proven(products: Products, accumulator: Accumulator) -> bool:
    """Return whether int64 holds every operand, product and sum, in any register, and a product while it is rounded.

    Dropping bits moves no product away from zero, and no mode but ERROR moves a value out of range away from it.
    """
    rounded = products.weights.reach + (1 << accumulator.drop_bits)
    fits = products.weights.reach <= PROVEN and rounded < 2**63
    return fits and object not in (products.x.dtype, products.weights.w.dtype)


def _codes(products: Products, accumulator: Accumulator) -> tuple[Codes, Mask]:
    """Return the codes, and the outputs of which a value that the register looked at was out of range."""
    kind = carriers.output_dtype(*accumulator.range_of(accumulator.last_word))
    codes, outside = (_tiled if accumulator.tile else _untiled)(products, accumulator)
    return codes.astype(kind, copy=False), outside


def certified(weights: Weights, accumulator: Accumulator) -> Mask:
    """Return of which columns (G, N) it is proven that no sum of bias and products leaves a register, in any order.

    Parameters
    ----------
    weights : Weights
        Codes, biases, and the range of the other operand.
    accumulator : Accumulator
        Register; where it drops bits, nothing is proven.
    """
    (minus, plus), (least, most) = weights.limits, accumulator.range_of(accumulator.last_word)
    fits = (minus + weights.initial >= least) & (plus + weights.initial <= most)
    if accumulator.tile:
        inner_least, inner_most = accumulator.range_of(accumulator.word)
        fits &= (minus >= inner_least) & (plus <= inner_most)
    return fits.astype(bool) & (accumulator.drop_bits == 0)


def _untiled(products: Products, accumulator: Accumulator) -> tuple[Codes, Mask]:
    """Return the codes of one register that starts at the bias, and which were out of range."""
    if not _looks_at_steps(accumulator):
        return _brought(_exact_sums(products, accumulator), accumulator.word, accumulator)
    initial, outside = _brought(products.weights.initial[:, None].astype(np.int64), accumulator.word, accumulator)
    codes, changed = _stepped(products, accumulator, initial)
    return codes, outside | changed


def _tiled(products: Products, accumulator: Accumulator) -> tuple[Codes, Mask]:
    """Return the codes of the outer register, and which were out of range in either."""
    total, outside = products.starting_at(), np.zeros(products.shape, bool)
    every_step, word = _looks_at_steps(accumulator), accumulator.last_word
    if every_step:
        total, outside = _brought(total, word, accumulator)
    for tile in products.tiles(accumulator.tile or 1):
        held, changed = _untiled(tile, accumulator)
        total = total + held
        outside |= changed
        if every_step:
            total, changed = _brought(total, word, accumulator)
            outside |= changed
    total, changed = _brought(total, word, accumulator)
    return total, outside | changed


def _brought(values: Codes, word: Format, accumulator: Accumulator) -> tuple[Codes, Mask]:
    """Return what the overflow mode makes of values, and which were out of range."""
    least, most = accumulator.range_of(word)
    values = np.ascontiguousarray(values)
    codes = np.empty(values.shape, np.int64)
    _bring(values, word, accumulator, codes)
    return codes, (values < least) | (values > most)


def _bring(values: Codes, word: Format, accumulator: Accumulator, codes: Codes) -> int:
    """Fill `codes` with what the overflow mode makes of values, and return how many are out of range."""
    mode = Overflow.of(accumulator.overflow).value
    flat, out, limits = values.reshape(-1), codes.reshape(-1), accumulator.range_of(word)
    threads = None if flat.size >= WORTH_THREADS else 1
    return sum(
        shared(
            flat.size,
            lambda first, last: accumulation.bring_into_range(first, last, flat, *limits, mode, out),
            threads,
        )
    )


def _stepped(products: Products, accumulator: Accumulator, initial: Codes) -> tuple[Codes, Mask]:
    """Return the codes after all steps from initial values in range, and which were out of range on the way."""
    start = np.broadcast_to(initial, products.shape)
    least, most = accumulator.range_of(accumulator.word)
    mode = Overflow.of(accumulator.overflow)
    if accumulator.drop_bits or mode not in (Overflow.SATURATE, Overflow.SATURATE_SYMMETRIC, Overflow.ERROR):
        codes, changed = start.copy(), np.zeros(products.shape, bool)
        products.run(accumulation.step, np.int64, (*_dropping(accumulator), least, most, mode.value), codes, changed)
        return codes, changed
    lane = _lane(products, most)
    narrow, marks = start.astype(lane, order="C"), np.zeros(products.shape, lane)
    products.padded().run(accumulation.saturating(lane), lane, (lane(least), lane(most)), narrow, marks)
    return narrow, marks != 0


def _lane(products: Products, most: int) -> Any:
    """Return int32 where it holds the operands, and a register of at most -1 - `most` and one product more."""
    widest = _widest(products)
    return np.int32 if max(*widest, most + 1 + widest[0] * widest[1]) < 2**31 else np.int64


def _widest(products: Products) -> tuple[int, int]:
    """Return the greatest absolute values of both operands."""
    return magnitude(products.x), magnitude(products.weights.w)


def _dropping(accumulator: Accumulator) -> tuple[int, tuple[int, int, int]]:
    return accumulator.drop_bits, rounding_offsets(Rounding.of(accumulator.rounding), accumulator.drop_bits)


def _exact_sums(products: Products, accumulator: Accumulator) -> Codes:
    """Return the exact sums of the products after dropping bits, with the biases."""
    if products.exact is not None and accumulator.drop_bits == 0:
        return products.exact()
    return _exact_prefixes(products, accumulator)[0]


def _exact_prefixes(products: Products, accumulator: Accumulator) -> tuple[Codes, Codes, Codes]:
    """Return the exact sums, and the lowest and the highest prefix of each."""
    if accumulator.drop_bits:
        sums, lowest, highest = (products.starting_at() for _ in range(3))
        products.run(accumulation.prefixes, np.int64, _dropping(accumulator), sums, lowest, highest)
        return sums, lowest, highest
    lane = np.int32 if max(products.weights.reach, *_widest(products)) < 2**31 else np.int64
    sums, lowest, highest = (products.starting_at().astype(lane) for _ in range(3))
    products.padded().run(accumulation.running(lane), lane, (), sums, lowest, highest)
    return sums, lowest, highest


def _prefixes(products: Products, accumulator: Accumulator) -> Prefixes:
    if not accumulator.tile:
        sums, lowest, highest = _exact_prefixes(products, accumulator)
        return _marked(sums, lowest, highest, None, accumulator)
    sums, tile_lowest, tile_highest = (products.starting_at(), *np.zeros((2, *products.shape), np.int64))
    lowest, highest = sums, sums
    for tile in products.tiles(accumulator.tile):
        total, low, high = _exact_prefixes(tile, accumulator)
        sums = sums + total
        lowest, highest = np.minimum(lowest, sums), np.maximum(highest, sums)
        tile_lowest, tile_highest = np.minimum(tile_lowest, low), np.maximum(tile_highest, high)
    return _marked(sums, lowest, highest, (tile_lowest, tile_highest), accumulator)


def _marked(
    sums: Codes, lowest: Codes, highest: Codes, tiles: Sequence[Codes] | None, accumulator: Accumulator
) -> Prefixes:
    """Return exact sums and limits of prefixes, in the register of the result and in that of the tiles, with marks."""
    overflowed = _is_outside(lowest, accumulator) | _is_outside(highest, accumulator)
    if tiles is not None:
        least, most = accumulator.range_of(accumulator.word)
        overflowed = overflowed | (tiles[0] < least) | (tiles[1] > most)
    persistent = _is_outside(sums, accumulator)
    transient = overflowed & ~persistent
    inner = tiles or (None, None)
    return Prefixes(sums, lowest, highest, inner[0], inner[1], overflowed, persistent, transient)


def _is_outside(values: Codes, accumulator: Accumulator) -> Mask:
    least, most = accumulator.range_of(accumulator.last_word)
    return np.asarray((values < least) | (values > most))


def _by_reference(
    products: Products, accumulator: Accumulator, arrange: Callable[[Codes], Codes], *, prefixes: bool
) -> Accumulation:
    """Return the same in Python integers."""
    results, outside = np.empty(products.shape, object), np.zeros(products.shape, bool)
    for g, m, n in np.ndindex(*products.shape):
        factors = products.x[products.starts[g, m] + products.offsets].tolist()
        terms = [int(x) * int(w) for x, w in zip(factors, products.weights.w[g, :, n], strict=True)]
        try:
            results[g, m, n] = reference.accumulate(terms, accumulator, initial=int(products.weights.initial[g, n]))
        except OverflowError:
            outside[g, m, n] = True
    if outside.any():
        raise _overflow_error(arrange(outside), accumulator)
    kind = carriers.output_dtype(*accumulator.range_of(accumulator.last_word))
    codes, sums, lowest, highest, *tiles = (
        _each(of, results)
        for of in (
            lambda result: result.code,
            lambda result: result.prefixes[-1],
            lambda result: min(result.prefixes),
            lambda result: max(result.prefixes),
            lambda result: min((0, *result.tile_prefixes)),
            lambda result: max((0, *result.tile_prefixes)),
        )
    )
    details = _marked(sums, lowest, highest, tiles if accumulator.tile else None, accumulator)
    overflowed = int(np.count_nonzero(details.overflowed)) if _looks_at_steps(accumulator) else None
    outcome = Outcome(codes.astype(kind), overflowed, int(np.count_nonzero(details.persistent)))
    return outcome.arranged(arrange, details if prefixes else None)


def _each(of: Callable[[Any], int], results: Codes) -> Codes:
    return np.asarray(np.frompyfunc(of, 1, 1)(results), dtype=object)


def _overflow_error(outside: Mask, accumulator: Accumulator) -> OverflowError:
    first = f"[{', '.join(str(place) for place in np.argwhere(outside)[0])}]" if outside.ndim else ""
    widths = f"{accumulator.word_bits} bits" + (f" and {accumulator.outer_bits} bits" if accumulator.tile else "")
    return OverflowError(
        f"codes{first} is out of range: its sum leaves the accumulator of {widths} on the way or at the end; "
        "widen it, or choose another overflow mode"
    )


def _arranged(details: Prefixes, arrange: Callable[[Codes], Codes]) -> Prefixes:
    arrays = {entry.name: getattr(details, entry.name) for entry in fields(details)}
    shaped: dict[str, Any] = {name: None if array is None else arrange(array) for name, array in arrays.items()}
    return Prefixes(**shaped)
