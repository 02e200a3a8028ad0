"""Operations of networks in integers, each with the shape and the proven range of its result."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from numpy.typing import NDArray

from fxp.carriers import Geometry, product_limits
from fxp.formats import Format, Rounding

__all__ = [
    "INPUT",
    "Addition",
    "AveragePooling",
    "Flattening",
    "MaxPooling",
    "Operation",
    "Product",
    "Rectification",
    "Requantization",
    "Value",
    "common_grid",
    "ends",
    "needed_bits",
    "require_names",
    "shape_of",
    "sources_of",
    "value_of",
]

Codes = NDArray[Any]
Pair = tuple[int, int]
Shape = tuple[int, ...]

INPUT = "input"


@dataclass(frozen=True)
class Value:
    """What is known of a tensor of codes before any image is seen: value = code · 2**−frac_bits, low ≤ code ≤ high."""

    low: int
    high: int
    frac_bits: int

    @property
    def word_bits(self) -> int:
        """Bits of the smallest format that holds every code."""
        return max(1, max(-self.low - 1, self.high).bit_length() + (self.low < 0))

    @property
    def format(self) -> Format:
        """Smallest format that holds every code."""
        return Format(self.word_bits, self.frac_bits, signed=self.low < 0)


@dataclass(frozen=True, eq=False)
class Product:
    """Convolution, or linear layer, whose sums are kept in full width.

    Parameters
    ----------
    name, source : str
        Name of the result and of the operand.
    weights : ndarray of int, shape (O, C/groups, KH, KW) or (O, K)
        Codes; two axes make a linear layer.
    bias : ndarray of int, shape (O,)
        Codes on the grid of the sums: frac_bits of the operand plus those of the weights.
    weight_format : Format
        Format of the weights.
    geometry : Geometry
        Stride, padding, dilation and groups of a convolution.

    Raises
    ------
    ValueError
        Weights or bias are not integers of these shapes, or a weight is not within its format.
    """

    name: str
    source: str
    weights: Codes
    bias: Codes
    weight_format: Format
    geometry: Geometry = field(default_factory=Geometry)

    def __post_init__(self) -> None:
        for part, codes in (("weights", self.weights), ("bias", self.bias)):
            if codes.dtype.kind not in "iu":
                raise ValueError(
                    f"{part}.dtype={codes.dtype} of {self.name!r} is not an integer type: encode them first"
                )
        if self.weights.ndim not in (2, 4) or self.bias.shape != self.weights.shape[:1]:
            raise ValueError(
                f"weights.shape={self.weights.shape} and bias.shape={self.bias.shape} of {self.name!r} are not "
                "(O, C/groups, KH, KW) or (O, K), and (O,): reshape them"
            )
        low, high = ends(self.weights)
        if low < self.weight_format.min_code or high > self.weight_format.max_code:
            raise ValueError(
                f"weights of {self.name!r} span {low} to {high}, not within {self.weight_format}: encode them"
            )


@dataclass(frozen=True)
class Addition:
    """Exact sum of two tensors, both shifted left to the finer grid.

    Parameters
    ----------
    name, source, other : str
        Names of the result and of the operands, of one shape; they may be the same.
    """

    name: str
    source: str
    other: str


@dataclass(frozen=True)
class Rectification:
    """Negative codes become zero (ReLU).

    Parameters
    ----------
    name, source : str
        Name of the result and of the operand.
    """

    name: str
    source: str


@dataclass(frozen=True)
class Requantization:
    """Arithmetic shift to another format with a rounding mode, then saturation; an unsigned format rectifies too.

    Parameters
    ----------
    name, source : str
        Name of the result and of the operand.
    format : Format
        Format of the result; a grid finer than the operand's shifts left, without rounding.
    rounding : Rounding or str
        Deterministic mode.

    Raises
    ------
    ValueError
        The mode is STOCHASTIC, or no mode.

    Examples
    --------
    >>> from fxp import IntegerNetwork
    >>> halve = Requantization("codes", "input", Format(3, 0, signed=False))
    >>> IntegerNetwork(Format(8, 1), (5,), (halve,)).run([[-9, 1, 3, 4, 99]])
    array([[0, 0, 2, 2, 7]], dtype=uint8)
    """

    name: str
    source: str
    format: Format
    rounding: Rounding = Rounding.HALF_EVEN

    def __post_init__(self) -> None:
        object.__setattr__(self, "rounding", Rounding.of(self.rounding))
        if self.rounding is Rounding.STOCHASTIC:
            raise ValueError(f"rounding=STOCHASTIC of {self.name!r} draws random numbers: choose a deterministic mode")


@dataclass(frozen=True)
class MaxPooling:
    """Largest code of each window; padding never wins.

    Parameters
    ----------
    name, source : str
        Name of the result and of the operand, (C, H, W).
    kernel, stride : (int, int)
        Rows and columns of the window and of its steps, at least 1.
    padding : (int, int)
        Rows and columns around the operand on each side, up to half the kernel.
    """

    name: str
    source: str
    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)


@dataclass(frozen=True)
class AveragePooling:
    """Exact sum of each window, padding counted as zero, divided by the size of the window.

    Where the size is a power of two the division moves the binary point; else it is a multiplication by the nearest
    `multiplier_bits`-bit fixed-point number, exact in full width.

    Parameters
    ----------
    name, source : str
        Name of the result and of the operand, (C, H, W).
    kernel, stride, padding : (int, int)
        As in `MaxPooling`.
    multiplier_bits : int
        Word length of the multiplier, at least 2.

    Raises
    ------
    ValueError
        `multiplier_bits` is below 2.

    Examples
    --------
    >>> AveragePooling("mean", "input", (3, 3), (1, 1)).multiplier
    (58254, 19)
    """

    name: str
    source: str
    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)
    multiplier_bits: int = 16

    def __post_init__(self) -> None:
        if self.multiplier_bits < 2:
            raise ValueError(f"multiplier_bits={self.multiplier_bits} of {self.name!r} is not at least 2: give more")

    @property
    def multiplier(self) -> tuple[int, int]:
        """Integer m and binary places k with m · 2**−k ≈ 1 / size, exact where the size is a power of two."""
        size = self.kernel[0] * self.kernel[1]
        whole_bits = (size - 1).bit_length()
        if size == 1 << whole_bits:
            return 1, whole_bits
        places = self.multiplier_bits + whole_bits - 1
        return ((2 << places) // size + 1) // 2, places


@dataclass(frozen=True)
class Flattening:
    """All axes but the first made one, channels first.

    Parameters
    ----------
    name, source : str
        Name of the result and of the operand.
    """

    name: str
    source: str


Operation = Product | Addition | Rectification | Requantization | MaxPooling | AveragePooling | Flattening


def sources_of(operation: Operation) -> tuple[str, ...]:
    """Return the names that an operation reads, once for each operand."""
    return (operation.source, operation.other) if isinstance(operation, Addition) else (operation.source,)


def require_names(operations: Sequence[Operation]) -> None:
    """Raise ValueError where a name is used twice, or read before it is computed."""
    known = {INPUT}
    for operation in operations:
        for source in sources_of(operation):
            if source not in known:
                raise ValueError(f"source={source!r} of {operation.name!r} is not computed before it: reorder")
        if operation.name in known:
            raise ValueError(f"name={operation.name!r} is used twice: give each operation its own")
        known.add(operation.name)


def shape_of(operation: Operation, x: Shape, other: Shape = ()) -> Shape:
    """Return the shape of an operation's result for one image; ValueError where the operands do not fit."""
    match operation:
        case Product():
            return _product_shape(operation, x)
        case MaxPooling() | AveragePooling():
            return _pooled_shape(operation, x)
        case Flattening():
            return (prod(x),)
        case Addition() if x != other:
            raise ValueError(f"operation={operation.name!r} adds shape={x} and shape={other}: give both one shape")
        case _:
            return x


def _product_shape(operation: Product, x: Shape) -> Shape:
    (outputs, depth, *kernel), groups = operation.weights.shape, operation.geometry.groups
    if not kernel and x == (depth,):
        return (outputs,)
    if not kernel or len(x) != 3 or x[0] != depth * groups or outputs % groups:
        raise ValueError(
            f"operation={operation.name!r} with weights.shape={operation.weights.shape} and groups={groups} does not "
            f"fit shape={x}: give weights (O, C/groups, KH, KW) for (C, H, W), (O, K) for (K,)"
        )
    return (outputs, *operation.geometry.output_size((x[1], x[2]), (kernel[0], kernel[1])))


def _pooled_shape(operation: MaxPooling | AveragePooling, x: Shape) -> Shape:
    axes = tuple(zip(operation.kernel, operation.stride, operation.padding, strict=True))
    if len(x) != 3 or any(kernel < 1 or stride < 1 or not 0 <= 2 * both <= kernel for kernel, stride, both in axes):
        raise ValueError(
            f"operation={operation.name!r} does not fit shape={x}: pool (C, H, W) with padding up to half the kernel"
        )
    return (
        x[0],
        *((size + 2 * both - kernel) // stride + 1 for size, (kernel, stride, both) in zip(x[1:], axes, strict=True)),
    )


def needed_bits(operations: Sequence[Operation], values: dict[str, Value]) -> Iterator[tuple[str, int]]:
    """Yield the bits of the widest number that computing each result takes, the input's too."""
    for name, value in values.items():
        yield name, value.word_bits
    for operation in operations:
        if isinstance(operation, Requantization):
            source = values[operation.source]
            finer = operation.format.frac_bits - source.frac_bits
            yield operation.name, source.word_bits + finer if finer > 0 else -finer


def value_of(operation: Operation, x: Value, other: Value | None = None) -> Value:
    """Return proven limits and grid of an operation's result."""
    match operation:
        case Product():
            low, high = product_limits(operation.weights, x.low, x.high, operation.bias)
            return Value(low, high, x.frac_bits + operation.weight_format.frac_bits)
        case Addition():
            assert other is not None
            left, other_left, grid = common_grid(x, other)
            return Value(
                (x.low << left) + (other.low << other_left), (x.high << left) + (other.high << other_left), grid
            )
        case Rectification():
            return Value(max(x.low, 0), max(x.high, 0), x.frac_bits)
        case Requantization():
            return Value(operation.format.min_code, operation.format.max_code, operation.format.frac_bits)
        case AveragePooling():
            multiplier, places = operation.multiplier
            most = operation.kernel[0] * operation.kernel[1] * multiplier
            return Value(min(x.low, 0) * most, max(x.high, 0) * most, x.frac_bits + places)
        case MaxPooling() | Flattening():
            return x


def common_grid(x: Value, other: Value) -> tuple[int, int, int]:
    """Return the left shifts that bring two tensors to the finer of their grids, and that grid's fractional bits."""
    grid = max(x.frac_bits, other.frac_bits)
    return grid - x.frac_bits, grid - other.frac_bits, grid


def ends(codes: Codes) -> tuple[int, int]:
    """Return the lowest and the highest code that there is; zeros where there is none."""
    return (int(codes.min()), int(codes.max())) if codes.size else (0, 0)
