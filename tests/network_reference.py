"""Integer networks interpreted in Python integers: slow, one short function for each kind of operation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

import numpy as np

from fxp import reference
from fxp.networks import (
    Addition,
    AveragePooling,
    Flattening,
    IntegerNetwork,
    MaxPooling,
    Product,
    Rectification,
    Requantization,
)


@dataclass(frozen=True)
class Tensor:
    """Python integers of shape (N, C, H, W) or (N, K); value = code · 2**−frac_bits."""

    codes: Any
    frac_bits: int


def evaluate(
    network: IntegerNetwork, images: Any, *, product: Callable[[Product, Tensor], Tensor] | None = None
) -> dict[str, Tensor]:
    """Return the results of all operations by name; `product` computes products otherwise than exactly."""
    kinds = _KINDS if product is None else {**_KINDS, Product: product}
    known = {
        "input": Tensor(_filled(np.shape(images), lambda index: int(images[index])), network.input_format.frac_bits)
    }
    for operation in network.operations:
        names = [operation.source, operation.other] if isinstance(operation, Addition) else [operation.source]
        known[operation.name] = kinds[type(operation)](operation, *(known[name] for name in names))
    return known


def _product(operation: Product, x: Tensor) -> Tensor:
    linear = operation.weights.ndim == 2
    geometry = operation.geometry
    sums = reference.conv2d(
        _as_image(x.codes) if linear else x.codes,
        _as_image(operation.weights) if linear else operation.weights,
        stride=geometry.stride,
        padding=geometry.padding,
        dilation=geometry.dilation,
        groups=geometry.groups,
    )
    shape = sums.shape[:2] if linear else sums.shape
    biased = _filled(shape, lambda index: sums[(*index, 0, 0)[:4]] + int(operation.bias[index[1]]))
    return Tensor(biased, x.frac_bits + operation.weight_format.frac_bits)


def _addition(_: Addition, x: Tensor, other: Tensor) -> Tensor:
    grid = max(x.frac_bits, other.frac_bits)
    left, other_left = 2 ** (grid - x.frac_bits), 2 ** (grid - other.frac_bits)
    total = _filled(x.codes.shape, lambda index: x.codes[index] * left + other.codes[index] * other_left)
    return Tensor(total, grid)


def _rectification(_: Rectification, x: Tensor) -> Tensor:
    return Tensor(_filled(x.codes.shape, lambda index: max(x.codes[index], 0)), x.frac_bits)


def _requantization(operation: Requantization, x: Tensor) -> Tensor:
    target = operation.format
    shift = x.frac_bits - target.frac_bits

    def code(index: tuple[int, ...]) -> int:
        rounded = reference.shift_round(x.codes[index], shift, operation.rounding)
        return max(target.min_code, min(rounded, target.max_code))

    return Tensor(_filled(x.codes.shape, code), target.frac_bits)


def _max_pooling(operation: MaxPooling, x: Tensor) -> Tensor:
    return Tensor(_pooled(operation, x, max), x.frac_bits)


def _average_pooling(operation: AveragePooling, x: Tensor) -> Tensor:
    size = prod(operation.kernel)
    if size & (size - 1) == 0:
        return Tensor(_pooled(operation, x, sum), x.frac_bits + size.bit_length() - 1)
    places = 0
    while Fraction(2) ** (places + 1) / size < 2**operation.multiplier_bits:
        places += 1
    multiplier = reference.round_fraction(Fraction(2) ** places / size, "HALF_UP")
    sums = _pooled(operation, x, sum)
    return Tensor(_filled(sums.shape, lambda index: sums[index] * multiplier), x.frac_bits + places)


def _flattening(_: Flattening, x: Tensor) -> Tensor:
    count, *shape = x.codes.shape
    places = list(product(*(range(size) for size in shape)))
    return Tensor(_filled((count, len(places)), lambda index: x.codes[(index[0], *places[index[1]])]), x.frac_bits)


def _pooled(operation: MaxPooling | AveragePooling, x: Tensor, of: Callable[[Sequence[int]], int]) -> Any:
    count, channels, height, width = x.codes.shape
    (rows, columns), (down, right), (top, left) = operation.kernel, operation.stride, operation.padding
    shape = (count, channels, (height + 2 * top - rows) // down + 1, (width + 2 * left - columns) // right + 1)

    def pooled(index: tuple[int, ...]) -> int:
        n, c, i, j = index
        window = product(
            range(i * down - top, i * down - top + rows), range(j * right - left, j * right - left + columns)
        )
        return of([x.codes[n, c, h, v] for h, v in window if 0 <= h < height and 0 <= v < width])

    return _filled(shape, pooled)


def _filled(shape: tuple[int, ...], code: Callable[[tuple[int, ...]], int]) -> Any:
    out = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        out[index] = code(index)
    return out


def _as_image(codes: Any) -> Any:
    return codes.reshape(*codes.shape, 1, 1)


_KINDS: dict[type, Callable[..., Tensor]] = {
    Product: _product,
    Addition: _addition,
    Rectification: _rectification,
    Requantization: _requantization,
    MaxPooling: _max_pooling,
    AveragePooling: _average_pooling,
    Flattening: _flattening,
}
