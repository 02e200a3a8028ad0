"""Products of a network in accumulators of limited width: their range, and whether the width can be seen at all."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp import reference
from fxp.carriers import Epilogue, product_limits, subset_limits
from fxp.formats import Overflow
from fxp.limited_convolutions import LimitedConvolution
from fxp.limited_sums import certified
from fxp.lossless_widths import clamps_unseen
from fxp.operations import Product, Value
from fxp.products import Weights
from fxp.registers import Accumulation, Accumulator, Prefixes

__all__ = ["accumulating", "is_exact", "is_unseen", "limited_value"]

Codes = NDArray[Any]
CLAMPS = (Overflow.SATURATE, Overflow.SATURATE_SYMMETRIC)
WRAPS = (Overflow.WRAP, Overflow.WRAP_SIGN_MAGNITUDE)


def is_exact(product: Product, x: Value, accumulator: Accumulator) -> bool:
    """Return whether no value of any register can be out of range, whatever the operands within their limits."""
    rows = product.weights.reshape(1, len(product.bias), -1)
    return bool(certified(Weights(rows.swapaxes(1, 2), product.bias[None], x.low, x.high), accumulator).all())


def is_unseen(product: Product, x: Value, accumulator: Accumulator, requantizer: Epilogue) -> bool:
    """Return whether a requantiser gives the same codes for all sums that can be, whether they are clamped or not."""
    if accumulator.every_step or accumulator.overflow not in CLAMPS or accumulator.drop_bits or accumulator.tile:
        return False
    minus, plus = subset_limits(product.weights, x.low, x.high)
    bias, (least, most) = product.bias.astype(object), accumulator.range_of(accumulator.word)
    return all(
        clamps_unseen(low, high, least=least, most=most, requantize=requantizer.apply)
        for low, high in zip(minus + bias, plus + bias, strict=True)
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
    product: Product, x: Value, accumulator: Accumulator, *, prefixes: bool
) -> Callable[[Codes], Accumulation]:
    """Return the function that sums a product of operands (N, C, H, W) or (N, K), each call on its caller's thread.

    A bias on the grid of the products loses the accumulator's dropped bits as they do, by its rounding mode.
    """
    linear = product.weights.ndim == 2
    weights = product.weights[:, :, None, None] if linear else product.weights
    bias = _initial(product.bias, accumulator)
    layer = LimitedConvolution(weights, bias, product.geometry, accumulator, x_low=x.low, x_high=x.high)
    if linear:
        return lambda codes: _flat(layer(codes[:, :, None, None], prefixes=prefixes, threads=1))
    return lambda codes: layer(codes, prefixes=prefixes, threads=1)


def _initial(bias: Codes, accumulator: Accumulator) -> Codes:
    coarse = (reference.shift_round(int(code), accumulator.drop_bits, accumulator.rounding) for code in bias)
    return np.fromiter(coarse, np.int64, len(bias)) if accumulator.drop_bits else bias


def _flat(sums: Accumulation) -> Accumulation:
    """Return the sums of 1×1 images in the shape of a linear layer's."""
    seen = sums.prefixes
    if seen is not None:
        arrays = {entry.name: getattr(seen, entry.name) for entry in fields(seen)}
        flat: dict[str, Any] = {name: None if array is None else array[:, :, 0, 0] for name, array in arrays.items()}
        seen = Prefixes(**flat)
    return replace(sums, codes=sums.codes[:, :, 0, 0], prefixes=seen)
