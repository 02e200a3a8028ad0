"""Products of a network in accumulators of limited width: their range, and whether the width can be seen at all."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp import reference
from fxp.accumulators import conv2d, matmul
from fxp.carriers import Epilogue, product_limits, subset_limits
from fxp.formats import Overflow
from fxp.operations import Product, Value
from fxp.registers import Accumulation, Accumulator

__all__ = ["accumulating", "is_exact", "is_unseen", "limited_value"]

Codes = NDArray[Any]
CLAMPS = (Overflow.SATURATE, Overflow.SATURATE_SYMMETRIC)
WRAPS = (Overflow.WRAP, Overflow.WRAP_SIGN_MAGNITUDE)


def is_exact(product: Product, x: Value, accumulator: Accumulator) -> bool:
    """Return whether no value of any register can be out of range, whatever the operands within their limits."""
    if accumulator.drop_bits:
        return False
    minus, plus = subset_limits(product.weights, x.low, x.high)
    bias = product.bias.astype(object)
    fits = _is_within(minus + bias, plus + bias, accumulator.range_of(accumulator.last_word))
    return fits and (accumulator.tile is None or _is_within(minus, plus, accumulator.range_of(accumulator.word)))


def is_unseen(product: Product, x: Value, accumulator: Accumulator, requantizer: Epilogue) -> bool:
    """Return whether a requantiser gives the same codes for all sums that can be, whether they are clamped or not.

    It is monotone: what lies beyond an end of the register has one code where that end and the last sum have.
    """
    if accumulator.every_step or accumulator.overflow not in CLAMPS or accumulator.drop_bits or accumulator.tile:
        return False
    minus, plus = subset_limits(product.weights, x.low, x.high)
    bias, code = product.bias.astype(object), requantizer.apply
    least, most = accumulator.range_of(accumulator.word)
    return all(code(high) == code(min(high, most)) for high in plus + bias) and all(
        code(low) == code(max(low, least)) for low in minus + bias
    )


def limited_value(product: Product, x: Value, accumulator: Accumulator) -> Value:
    """Return proven limits of the codes that an accumulator leaves, on the grid of the products.

    A register that clamps, or starts again from zero, stays between the limits of all partial sums; one that wraps may
    hold anything. A dropped bit moves each product by less than one step.
    """
    low, high = product_limits(product.weights, x.low, x.high, product.bias)
    least, most = accumulator.range_of(accumulator.last_word)
    drop = accumulator.drop_bits
    if drop:
        terms = product.weights[0].size + 1
        low, high = (low >> drop) - terms, -(-high >> drop) + terms
    if accumulator.overflow not in WRAPS:
        least, most = max(least, low), min(most, high)
    return Value(least << drop, most << drop, x.frac_bits + product.weight_format.frac_bits)


def accumulating(
    product: Product, accumulator: Accumulator | None, *, prefixes: bool
) -> Callable[[Codes], Accumulation]:
    """Return the function that sums a product of operands (N, C, H, W) or (N, K); without an accumulator exactly.

    A bias on the grid of the products loses the accumulator's dropped bits as they do, by its rounding mode.
    """
    bias = product.bias if accumulator is None else _initial(product.bias, accumulator)
    asked = prefixes and accumulator is not None
    if product.weights.ndim == 2:
        return lambda x: matmul(x, product.weights.T, accumulator=accumulator, bias=bias, prefixes=asked)
    geometry = product.geometry
    return lambda x: conv2d(
        x,
        product.weights,
        accumulator=accumulator,
        bias=bias,
        stride=geometry.stride,
        padding=geometry.padding,
        dilation=geometry.dilation,
        groups=geometry.groups,
        prefixes=asked,
    )


def _initial(bias: Codes, accumulator: Accumulator) -> Codes:
    coarse = (reference.shift_round(int(code), accumulator.drop_bits, accumulator.rounding) for code in bias)
    return np.fromiter(coarse, np.int64, len(bias)) if accumulator.drop_bits else bias


def _is_within(low: Codes, high: Codes, limits: tuple[int, int]) -> bool:
    return bool((low >= limits[0]).all() and (high <= limits[1]).all())
