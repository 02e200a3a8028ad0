"""Hypothesis strategies: small integer networks of every kind of operation, and images for them."""

from collections.abc import Callable
from math import log2
from typing import Any

import numpy as np
from hypothesis import strategies as st

from fxp.carriers import Geometry
from fxp.formats import Format, Rounding
from fxp.networks import (
    Addition,
    AveragePooling,
    Flattening,
    IntegerNetwork,
    MaxPooling,
    Operation,
    Product,
    Rectification,
    Requantization,
)

DETERMINISTIC = [mode for mode in Rounding if mode is not Rounding.STOCHASTIC]
Shape = tuple[int, ...]

# Eight bits are what the fast carriers take: half of the draws.
activation_bits = st.just(8) | st.integers(1, 16)
weight_bits = st.just(8) | st.integers(1, 12)
roundings = st.sampled_from(DETERMINISTIC)
sides = st.integers(1, 6)
images = st.tuples(st.integers(1, 4), sides, sides)
shapes = images | images | images | st.tuples(st.integers(1, 8))


@st.composite
def formats(draw: st.DrawFn, frac_bits: st.SearchStrategy[int]) -> Format:
    return Format(draw(activation_bits), draw(frac_bits), signed=draw(st.booleans()))


@st.composite
def networks(draw: st.DrawFn, most: int = 6) -> IntegerNetwork:
    """Draw a network of 1 to `most` operations; each reads any of the results before it."""
    network = None
    entering = draw(formats(st.integers(-3, 12))), draw(shapes)
    shape_of: dict[str, Shape] = {"input": entering[1]}
    operations: tuple[Operation, ...] = ()
    for number in range(draw(st.integers(1, most))):
        source = draw(st.sampled_from([*shape_of, *[list(shape_of)[-1]] * 4]))
        kinds = _possible(network, source, shape_of)
        operation, shape = draw(draw(st.sampled_from(kinds))(f"step{number}", source, shape_of, network))
        operations, shape_of[operation.name] = (*operations, operation), shape
        network = IntegerNetwork(*entering, operations)
    assert network is not None
    return network


Made = tuple[Operation, Shape]
Maker = Callable[[str, str, dict[str, Shape], IntegerNetwork | None], st.SearchStrategy[Made]]


def _possible(network: IntegerNetwork | None, source: str, shape_of: dict[str, Shape]) -> list[Maker]:
    """Kinds of operation that fit a tensor's shape, and whose sums stay within the 62 bits of a network."""
    bits = network.values[source].word_bits if network else 16
    if bits > 42:
        return [requantizations]
    everywhere = [*[requantizations] * 3, additions, additions, rectifications]
    if len(shape_of[source]) == 1:
        return [linears, linears, *everywhere]
    averages = [average_poolings] * 2 if bits <= 30 else []
    return [*[convolutions] * 3, *everywhere, max_poolings, max_poolings, *averages, flattenings]


@st.composite
def convolutions(draw: st.DrawFn, name: str, source: str, shape_of: dict[str, Shape], _: Any) -> Made:
    channels, *size = shape_of[source]
    groups = draw(st.sampled_from([count for count in range(1, channels + 1) if channels % count == 0]))
    axes = [draw(_axes(extent)) for extent in size]
    (kernel, stride, padding, dilation) = (tuple(axis[part] for axis in axes) for part in range(4))
    geometry = Geometry(stride, padding, dilation, groups)
    outputs = groups * draw(st.integers(1, 3))
    made = draw(_products(name, source, (outputs, channels // groups, *kernel), geometry))
    return made, (outputs, *geometry.output_size(tuple(size), kernel))


@st.composite
def _axes(draw: st.DrawFn, extent: int) -> tuple[int, int, tuple[int, int], int]:
    """Kernel, stride, padding and dilation along one axis, with at least one output."""
    padding = draw(st.sampled_from([(0, 0), (1, 1), (0, 1), (2, 0), (2, 1)]))
    dilation = draw(st.integers(1, 2))
    longest = (extent + sum(padding) - 1) // dilation + 1
    return draw(st.integers(1, min(3, longest))), draw(st.integers(1, 3)), padding, dilation


@st.composite
def linears(draw: st.DrawFn, name: str, source: str, shape_of: dict[str, Shape], _: Any) -> Made:
    outputs = draw(st.integers(1, 5))
    return draw(_products(name, source, (outputs, *shape_of[source]), Geometry())), (outputs,)


@st.composite
def _products(draw: st.DrawFn, name: str, source: str, shape: Shape, geometry: Geometry) -> Product:
    fmt = Format(draw(weight_bits), draw(st.integers(-2, 12)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weights = rng.integers(fmt.min_code, fmt.max_code, shape, endpoint=True)
    bias = rng.integers(-1, 1, shape[0], endpoint=True) * rng.integers(
        0, draw(st.sampled_from([1, 100, 2**22])), shape[0]
    )
    return Product(name, source, weights, bias, fmt, geometry)


@st.composite
def additions(draw: st.DrawFn, name: str, source: str, shape_of: dict[str, Shape], network: Any) -> Made:
    """Draw the sum with any tensor of the shape, itself among them, whose grid is not too far for 62 bits."""
    values = network.values if network else {}
    fitting = [
        other
        for other, shape in shape_of.items()
        if shape == shape_of[source]
        and (other == source or values[other].word_bits <= 42)
        and (other == source or abs(values[other].frac_bits - values[source].frac_bits) <= 15)
    ]
    operands = draw(st.permutations([source, draw(st.sampled_from(fitting))]))
    return Addition(name, *operands), shape_of[source]


def rectifications(name: str, source: str, shape_of: dict[str, Shape], _: Any) -> st.SearchStrategy[Made]:
    return st.just((Rectification(name, source), shape_of[source]))


@st.composite
def requantizations(draw: st.DrawFn, name: str, source: str, shape_of: dict[str, Shape], network: Any) -> Made:
    """Draw a format that takes some of the codes' upper bits, or a finer one than the source's."""
    value = network.values[source] if network else None
    grid, span = (value.frac_bits, int(log2(max(value.high, -value.low, 1)))) if value else (8, 8)
    fmt = draw(formats(st.integers(grid - span - 2, grid + 3) | st.integers(grid - span, grid)))
    return Requantization(name, source, fmt, draw(roundings)), shape_of[source]


@st.composite
def max_poolings(draw: st.DrawFn, name: str, source: str, shape_of: dict[str, Shape], _: Any) -> Made:
    places, shape = draw(_windows(shape_of[source]))
    return MaxPooling(name, source, *places), shape


@st.composite
def average_poolings(draw: st.DrawFn, name: str, source: str, shape_of: dict[str, Shape], _: Any) -> Made:
    places, shape = draw(_windows(shape_of[source]))
    return AveragePooling(name, source, *places, draw(st.sampled_from([8, 16, 24]))), shape


@st.composite
def _windows(draw: st.DrawFn, shape: Shape) -> tuple[tuple[tuple[int, int], ...], Shape]:
    kernel = tuple(draw(st.integers(1, min(extent, 4))) for extent in shape[1:])
    stride = tuple(draw(st.integers(1, 3)) for _ in kernel)
    padding = tuple(draw(st.integers(0, extent // 2)) for extent in kernel)
    after = (
        (extent + 2 * both - side) // step + 1
        for extent, both, side, step in zip(shape[1:], padding, kernel, stride, strict=True)
    )
    return (kernel, stride, padding), (shape[0], *after)


def flattenings(name: str, source: str, shape_of: dict[str, Shape], _: Any) -> st.SearchStrategy[Made]:
    return st.just((Flattening(name, source), (int(np.prod(shape_of[source])),)))


@st.composite
def images_for(draw: st.DrawFn, network: IntegerNetwork, counts: st.SearchStrategy[int]) -> Any:
    """Draw images of random codes, and of the extreme ones."""
    fmt, shape = network.input_format, (draw(counts), *network.input_shape)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ends = [fmt.min_code, fmt.max_code]
    match draw(st.sampled_from(["any", "ends", "one end"])):
        case "any":
            return rng.integers(*ends, shape, endpoint=True)
        case "ends":
            return rng.choice(ends, shape)
    return np.full(shape, rng.choice(ends))


@st.composite
def residual_networks(draw: st.DrawFn) -> IntegerNetwork:
    """Draw networks of 1 to 3 blocks: convolution, perhaps the block's input added, requantised to at most 8 bits."""
    entering = Format(8, draw(st.integers(0, 8)), signed=draw(st.booleans()))
    shape = draw(images)
    operations: list[Operation] = []
    source = "input"
    for number in range(draw(st.integers(1, 3))):
        known = IntegerNetwork(entering, shape, (*operations, Rectification("any", source))).values
        fmt = Format(draw(st.integers(2, 7)), draw(st.integers(-1, 8)))
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        weights = rng.integers(fmt.min_code, fmt.max_code, (shape[0], shape[0], 3, 3), endpoint=True)
        bias = rng.integers(-500, 500, shape[0])
        operations.append(Product(f"conv{number}", source, weights, bias, fmt, Geometry(padding=((1, 1), (1, 1)))))
        grid = known[source].frac_bits + fmt.frac_bits
        if draw(st.booleans()):
            operands = draw(st.permutations([f"conv{number}", source]))
            operations.append(Addition(f"add{number}", *operands))
            grid = max(grid, known[source].frac_bits)
        target = Format(
            draw(st.just(8) | st.integers(1, 8)), grid - draw(st.integers(-1, 12)), signed=draw(st.integers(0, 3)) == 0
        )
        operations.append(Requantization(f"codes{number}", operations[-1].name, target, draw(roundings)))
        source = f"codes{number}"
    return IntegerNetwork(entering, shape, tuple(operations))
