"""Runs every input, every order of the products and every start of small registers; floats that add integers."""

from collections.abc import Callable, Collection, Iterator
from itertools import count, permutations, product

import numpy as np
from numpy.typing import NDArray

from fxp import reference
from fxp.accumulators import Accumulator, dot
from fxp.formats import Format
from sims.measure import Measurement, Trial, measures

__all__ = [
    "block_certificate",
    "data_type_bits",
    "float_carrier_guard",
    "guaranteed_bits",
    "l1_bits",
    "lossless_bits",
    "lossless_every_step",
    "saturation_order",
    "wrap_commutes",
]

Row = tuple[int, ...]
IntArray = NDArray[np.int64]

WIDEST = 10  # more than the registers of these measurements need
RUNS = 400


@measures("guaranteed_bits")
def guaranteed_bits(x_bits: int, x_signed: bool, weights: Row, bias: int, *, trial: Trial) -> Measurement:
    """Return the width of the least register that no input overflows, in any order of the products."""
    del trial
    sums = _products_in_all_orders(Format(x_bits, 0, signed=x_signed), weights)
    return Measurement.enumerated(_least_width(lambda bits: not _any_overflows(sums, Accumulator(bits), bias)))


@measures("l1_bits")
def l1_bits(x_bits: int, x_signed: bool, weights: Row, *, trial: Trial) -> Measurement:
    """Return the same without a bias."""
    return guaranteed_bits(x_bits, x_signed, weights, 0, trial=trial)


@measures("data_type_bits")
def data_type_bits(length: int, x_bits: int, x_signed: bool, w_bits: int, *, trial: Trial) -> Measurement:
    """Return the width of the least register that holds all sums of so many products, extreme ones and drawn ones."""
    formats = Format(x_bits, 0, signed=x_signed), Format(w_bits, 0)
    extremes = product(*([fmt.min_code, fmt.max_code] for fmt in formats))
    operands = [([x] * length, [w] * length) for x, w in extremes]
    for _ in range(trial.samples(RUNS // 10)):
        x, w = (trial.rng.integers(fmt.min_code, fmt.max_code, length, endpoint=True) for fmt in formats)
        operands.append((x.tolist(), w.tolist()))
    sums = {(int(dot(x, w).codes),) for x, w in operands}
    return Measurement.enumerated(_least_width(lambda bits: not _any_overflows(sums, Accumulator(bits), 0)))


@measures("lossless_bits")
def lossless_bits(
    x_signed: bool, weights: Row, bias: int, target: Format, rounding: str, *, trial: Trial
) -> Measurement:
    """Return the width of the least register whose saturation of the finished sum changes the code of no input."""
    del trial
    sums = {(sum(terms),) for terms in _products(Format(3, 0, signed=x_signed), weights)}

    def suffices(bits: int) -> bool:
        return not _any_code_changes(sums, Accumulator(bits, every_step=False), bias, target, rounding)

    return Measurement.enumerated(_least_width(suffices))


@measures("lossless_every_step")
def lossless_every_step(
    x_signed: bool, weights: Row, bias: int, target: Format, rounding: str, *, trial: Trial
) -> Measurement:
    """Return the least width from which on clamping at every step, in any order, changes the code of no input."""
    del trial
    sums = _products_in_all_orders(Format(2, 0, signed=x_signed), weights)
    widths = range(WIDEST, 1, -1)
    changed = (bits for bits in widths if _any_code_changes(sums, Accumulator(bits), bias, target, rounding))
    return Measurement.enumerated(next(changed, 1) + 1)


@measures("block_certificate")
def block_certificate(word_bits: int, products: Row, *, trial: Trial) -> Measurement:
    """Return the least and the greatest value of a register from which no order of the products overflows."""
    del trial
    register = Accumulator(word_bits)
    orders = set(permutations(products))
    starts = range(register.word.min_code, register.word.max_code + 1)
    safe = [start for start in starts if not _any_overflows(orders, register, start)]
    return Measurement.enumerated([min(safe), max(safe)])


@measures("wrap_commutes")
def wrap_commutes(word_bits: int, drop_bits: int, products: Row, bias: int, *, trial: Trial) -> Measurement:
    """Return the least and the greatest code of a register that wraps at every step, over all orders."""
    del trial
    return _codes_of_all_orders(Accumulator(word_bits, overflow="WRAP", drop_bits=drop_bits), products, bias)


@measures("saturation_order")
def saturation_order(word_bits: int, products: Row, bias: int, *, trial: Trial) -> Measurement:
    """Return the least and the greatest code of a register that saturates at every step, over all orders."""
    del trial
    return _codes_of_all_orders(Accumulator(word_bits), products, bias)


@measures("float_carrier_guard")
def float_carrier_guard(unit: str, length: int, *, trial: Trial) -> Measurement:
    """Return how far sums of products are exact in a float unit: up to which reach, l1 norm and magnitude.

    The reach is the larger magnitude of the sums of the positive and of the negative products. Each number returned is
    one less than the least among the sums that came out wrong.
    """
    limit = 1 << (np.finfo(unit).nmant + 1)
    terms = np.concatenate([_edge_cases(limit, length), _drawn(limit, length, trial), _beyond(limit, length, trial)])
    rising = np.sort(terms, axis=1)
    exact = terms.sum(axis=1)
    wrong = np.zeros(len(terms), bool)
    for order in (terms, rising, rising[:, ::-1], trial.rng.permuted(terms, axis=1)):
        held = np.cumsum(order.astype(unit), axis=1)[:, -1]  # in the unit's own type, one addition after the other
        wrong |= held.astype(object) != exact.astype(object)
    plus, minus = (np.maximum(sign * terms, 0).sum(axis=1) for sign in (1, -1))
    guards = np.maximum(plus, minus), plus + minus, np.abs(exact)
    return Measurement.enumerated([int(guard[wrong].min()) - 1 for guard in guards])


def _products(x_format: Format, weights: Row) -> Iterator[Row]:
    """Yield the products of the weights with every input."""
    codes = range(x_format.min_code, x_format.max_code + 1)
    for inputs in product(codes, repeat=len(weights)):
        yield tuple(x * w for x, w in zip(inputs, weights, strict=True))


def _products_in_all_orders(x_format: Format, weights: Row) -> set[Row]:
    return {order for terms in _products(x_format, weights) for order in permutations(terms)}


def _least_width(suffices: Callable[[int], bool]) -> int:
    return next(bits for bits in count(2) if suffices(bits))


def _any_overflows(sums: Collection[Row], register: Accumulator, initial: int) -> bool:
    return any(reference.accumulate(terms, register, initial=initial).overflowed for terms in sums)


def _any_code_changes(sums: Collection[Row], register: Accumulator, bias: int, target: Format, rounding: str) -> bool:
    """Return whether the code of some sum shows that the register saturated."""
    wide = Format(40, 0)
    for terms in sums:
        held = reference.accumulate(terms, register, initial=bias).code
        exact = sum(terms, bias)
        codes = (reference.cast(total, wide, target, rounding=rounding) for total in (held, exact))
        if held != exact and next(codes) != next(codes):
            return True
    return False


def _codes_of_all_orders(register: Accumulator, products: Row, bias: int) -> Measurement:
    codes = [reference.accumulate(order, register, initial=bias).code for order in permutations(products)]
    return Measurement.enumerated([min(codes), max(codes)])


def _edge_cases(limit: int, length: int) -> IntArray:
    """Return products around the first gap of the floats, each followed by zeros."""
    within = [(limit, -limit, 0, 0), (limit - 1, 1, -limit, 0)]
    beyond = [(limit, 1, 0, 0), (limit, 1, -limit, -1)]
    cases = np.zeros((len(within) + len(beyond), length), np.int64)
    cases[:, :4] = [*within, *beyond]
    return cases


def _drawn(limit: int, length: int, trial: Trial) -> IntArray:
    """Return drawn products, the first of which brings the sum of the positive ones to the limit."""
    terms = trial.rng.integers(-limit // length, limit // length, (trial.samples(RUNS), length))
    terms[:, 0] = limit - np.maximum(terms[:, 1:], 0).sum(axis=1)
    return terms


def _beyond(limit: int, length: int, trial: Trial) -> IntArray:
    """Return drawn products that reach eight times as far."""
    reach = 8 * limit // length
    return trial.rng.integers(-reach, reach, (trial.samples(RUNS), length))
