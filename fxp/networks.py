"""Networks in integers alone: run, described, saved and loaded."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from functools import cached_property
from math import prod
from typing import Any, BinaryIO
from zipfile import is_zipfile

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.carriers import Epilogue, ExactConvolution, Geometry, product_limits, single_threaded
from fxp.files import replacing
from fxp.formats import Format, Rounding
from fxp.kernels.layers import code_dtype, max_pool, sum_pool

__all__ = [
    "Addition",
    "AveragePooling",
    "Flattening",
    "IntegerNetwork",
    "MaxPooling",
    "Operation",
    "Product",
    "Rectification",
    "Requantization",
    "Value",
]

Codes = NDArray[Any]
Pair = tuple[int, int]
Shape = tuple[int, ...]

INPUT = "input"
MAX_SUM_BITS = 62
BATCH = (
    100  # images that one thread takes through all layers at a time: few enough for its cache, many for little overhead
)


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
        low, high = _ends(self.weights)
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
_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in Operation.__args__}


@dataclass(frozen=True, eq=False)
class IntegerNetwork:
    """A network of integer operations; images enter as codes, the codes of its last operation are the logits.

    Parameters
    ----------
    input_format : Format
        Format of the image codes.
    input_shape : tuple of int
        Shape of one image, (C, H, W) or (K,).
    operations : tuple of Operation
        In the order of computation; each reads "input" or the names of earlier ones.

    Raises
    ------
    ValueError
        A name is missing or used twice, an operation does not fit the shape it reads, or a sum could need more than
        62 bits.

    Examples
    --------
    >>> weights = np.array([[1, -2]], dtype=np.int8)
    >>> layer = Product("fc", "input", weights, np.array([3]), Format(3, 1))
    >>> network = IntegerNetwork(Format(8, 8, signed=False), (2,), (layer,))
    >>> network.run([[10, 4]]).tolist(), str(network.output_format)
    ([[5]], 'sfix10_En9')
    """

    input_format: Format
    input_shape: tuple[int, ...]
    operations: tuple[Operation, ...]

    def __post_init__(self) -> None:
        for name in ("input_shape", "operations"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.operations:
            raise ValueError("operations=() compute nothing: give at least one")
        if len(self.input_shape) not in (1, 3) or min(self.input_shape) < 1:
            raise ValueError(f"input_shape={self.input_shape} is not (C, H, W) or (K,): give the shape of one image")
        _check_names(self.operations)
        for name, shape in self.shapes.items():
            if min(shape) < 1:
                raise ValueError(f"operation={name!r} makes shape={shape}, without elements: use a smaller window")
        for name, bits in _needed_bits(self.operations, self.values):
            if bits > MAX_SUM_BITS:
                raise ValueError(
                    f"operation={name!r} may need {bits} bits, over {MAX_SUM_BITS}: use fewer bits before it"
                )

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """Shape of one image's input and of the result of each operation, by name."""
        known = {INPUT: self.input_shape}
        for operation in self.operations:
            known[operation.name] = _shape_of(operation, *(known[source] for source in _sources(operation)))
        return known

    @cached_property
    def values(self) -> dict[str, Value]:
        """Range and grid of the input and of the result of each operation, by name (proven bounds)."""
        entering = Value(self.input_format.min_code, self.input_format.max_code, self.input_format.frac_bits)
        known = {INPUT: entering}
        for operation in self.operations:
            known[operation.name] = _value_of(operation, *(known[source] for source in _sources(operation)))
        return known

    @property
    def output_format(self) -> Format:
        """Smallest format that holds every logit."""
        return self.values[self.operations[-1].name].format

    def run(
        self,
        image_codes: ArrayLike,
        *,
        threads: int | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Codes:
        """Return the codes of the logits (exact; no float takes part in their definition).

        Parameters
        ----------
        image_codes : array_like of int, shape (N, ``*input_shape``)
            Codes within the input format.
        threads : int, optional
            Threads that share the images; as many as there are cores by default.
        progress : callable, optional
            Called with the number of images done and their total.

        Returns
        -------
        ndarray of int, shape (N, classes)
            Codes on the grid of `output_format`.

        Raises
        ------
        ValueError
            Shape, type or range of the codes do not fit the input format, or `threads` is below 1.
        """
        if threads is not None and threads < 1:
            raise ValueError(f"threads={threads} is not at least 1: give a number of threads, or None for all cores")
        images = self._checked(image_codes)
        parts = [images[start : start + BATCH] for start in range(0, len(images), BATCH)] or [images]
        logits: list[Codes] = []
        assert self._steps  # prepared here once, not by every thread at the same time
        with single_threaded() as prepare, ThreadPoolExecutor(threads or _cores(), initializer=prepare) as pool:
            for result in pool.map(self._run_part, parts):
                logits.append(result)
                if progress is not None:
                    progress(min(len(logits) * BATCH, len(images)), len(images))
        return np.concatenate(logits)

    def _checked(self, image_codes: ArrayLike) -> Codes:
        images = np.asarray(image_codes)
        if images.dtype.kind not in "iu":
            raise ValueError(f"image_codes.dtype={images.dtype} is not an integer type: encode the images first")
        if images.shape[1:] != self.input_shape or not images.ndim:
            raise ValueError(f"image_codes.shape={images.shape} is not (N, *{self.input_shape}): reshape the images")
        low, high = self.input_format.min_code, self.input_format.max_code
        narrow = code_dtype(low, high)
        if images.dtype != narrow or (np.iinfo(narrow).min, np.iinfo(narrow).max) != (low, high):
            first, last = _ends(images)
            if first < low or last > high:
                raise ValueError(
                    f"image_codes span {first} to {last}, not within {self.input_format}: encode the images in it"
                )
        return images.astype(narrow, copy=False)

    def _run_part(self, images: Codes) -> Codes:
        known = {INPUT: images}
        for step in self._steps:
            known[step.name] = step.compute(*(known[source] for source in step.sources))
            for name in step.done:
                del known[name]
        return known[self.operations[-1].name]

    @cached_property
    def _steps(self) -> tuple["_Step", ...]:
        return tuple(_with_last_reads(list(_plan(self)), self.operations[-1].name))

    def __str__(self) -> str:
        """Return a table of the operations: name, kind, weights, result and its range."""
        rows = [("name", "kind", "weights", "result", "range")]
        rows.append((INPUT, "", "", str(self.input_format), _span(self.values[INPUT])))
        for operation in self.operations:
            value = self.values[operation.name]
            weights = str(operation.weight_format) if isinstance(operation, Product) else ""
            rows.append((operation.name, type(operation).__name__, weights, str(value.format), _span(value)))
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
        return "\n".join(lines)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to an .npz file, whole or not at all; it holds arrays and JSON text, no pickle.

        Parameters
        ----------
        path : path-like
            File to write or to replace; its folder is made where it is missing.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        described = [_describe(operation) for operation in self.operations]
        header = {"input_format": str(self.input_format), "input_shape": self.input_shape, "operations": described}
        arrays = {
            f"{operation.name}.{part}": _narrow(getattr(operation, part))
            for operation in self.operations
            if isinstance(operation, Product)
            for part in ("weights", "bias")
        }
        with replacing(path) as draft, draft.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, network=np.array(json.dumps(header, default=int)), **arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "IntegerNetwork":
        """Return the network that `save` wrote: it gives the same codes.

        Parameters
        ----------
        path : path-like
            File to read.

        Returns
        -------
        IntegerNetwork
            Operations, formats and codes as saved.

        Raises
        ------
        OSError
            The file cannot be opened: FileNotFoundError where there is none.
        ValueError
            The file is not one that `save` wrote.
        """
        with open(path, "rb") as file:
            try:
                return cls(**_stored(file))
            except Exception as error:
                reason = " ".join(str(error).split())
                raise ValueError(
                    f"path={str(path)!r} is not a saved integer network: {reason}; save it again"
                ) from error


def _sources(operation: Operation) -> tuple[str, ...]:
    return (operation.source, operation.other) if isinstance(operation, Addition) else (operation.source,)


def _check_names(operations: Sequence[Operation]) -> None:
    known = {INPUT}
    for operation in operations:
        for source in _sources(operation):
            if source not in known:
                raise ValueError(f"source={source!r} of {operation.name!r} is not computed before it: reorder")
        if operation.name in known:
            raise ValueError(f"name={operation.name!r} is used twice: give each operation its own")
        known.add(operation.name)


def _shape_of(operation: Operation, x: Shape, other: Shape = ()) -> Shape:
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


def _needed_bits(operations: Sequence[Operation], values: dict[str, Value]) -> Iterator[tuple[str, int]]:
    """Yield the bits of the widest number that computing each result takes, the input's too."""
    for name, value in values.items():
        yield name, value.word_bits
    for operation in operations:
        if isinstance(operation, Requantization):
            source = values[operation.source]
            finer = operation.format.frac_bits - source.frac_bits
            yield operation.name, source.word_bits + finer if finer > 0 else -finer


def _value_of(operation: Operation, x: Value, other: Value | None = None) -> Value:
    match operation:
        case Product():
            low, high = product_limits(operation.weights, x.low, x.high, operation.bias)
            return Value(low, high, x.frac_bits + operation.weight_format.frac_bits)
        case Addition():
            assert other is not None
            left, other_left, grid = _common_grid(x, other)
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


def _common_grid(x: Value, other: Value) -> tuple[int, int, int]:
    """Return the left shifts that bring two tensors to the finer of their grids, and that grid's fractional bits."""
    grid = max(x.frac_bits, other.frac_bits)
    return grid - x.frac_bits, grid - other.frac_bits, grid


@dataclass(frozen=True)
class _Step:
    """One pass over the codes: an operation, or a product with the addition and the requantisation that follow."""

    name: str
    sources: tuple[str, ...]
    compute: Callable[..., Codes]
    done: tuple[str, ...] = ()


def _plan(network: IntegerNetwork) -> Iterator[_Step]:
    """Yield the steps in order; what only one requantisation reads is computed in the same pass."""
    by_name = {operation.name: operation for operation in network.operations}
    readers = Counter(source for operation in network.operations for source in _sources(operation))

    def alone(name: str, kind: Any) -> bool:
        return readers[name] == 1 and isinstance(by_name.get(name), kind)

    absorbed: set[str] = set()
    fused: dict[str, _Step] = {}
    for operation in network.operations:
        if isinstance(operation, Requantization) and alone(operation.source, Product | Addition):
            before = by_name[operation.source]
            if isinstance(before, Addition) and alone(before.other, Product) and not alone(before.source, Product):
                before = Addition(before.name, before.other, before.source)
            product = before if isinstance(before, Product) else by_name.get(_sources(before)[0])
            if isinstance(product, Product) and (product is before or alone(product.name, Product)):
                fused[operation.name] = _fused_step(network, operation, before, product)
                absorbed |= {before.name, product.name}
    for operation in network.operations:
        if operation.name not in absorbed:
            yield fused.get(operation.name) or _single_step(network, operation)


def _fused_step(network: IntegerNetwork, last: Requantization, before: Operation, product: Product) -> _Step:
    unit = _unit(network, product)
    if before is product:
        epilogue = _epilogue(last, network.values[product.name].frac_bits)
        return _Step(last.name, (product.source,), lambda x: _on_unit(unit, product, x, epilogue))
    addend = _sources(before)[1]
    left, other_left, grid = _common_grid(network.values[product.name], network.values[addend])
    epilogue = _epilogue(last, grid, sum_left=left, addend_left=other_left)
    return _Step(last.name, (product.source, addend), lambda x, other: _on_unit(unit, product, x, epilogue, other))


def _epilogue(last: Requantization, grid: int, *, sum_left: int = 0, addend_left: int = 0) -> Epilogue:
    shift = grid - last.format.frac_bits
    more = max(-shift, 0)
    codes = last.format
    return Epilogue(max(shift, 0), last.rounding, codes.min_code, codes.max_code, sum_left + more, addend_left + more)


def _unit(network: IntegerNetwork, product: Product) -> ExactConvolution:
    x = network.values[product.source]
    weights = product.weights if product.weights.ndim == 4 else product.weights[:, :, None, None]
    return ExactConvolution(weights, product.bias, product.geometry, x_low=x.low, x_high=x.high)


def _on_unit(
    unit: ExactConvolution, product: Product, x: Codes, epilogue: Epilogue | None = None, addend: Codes | None = None
) -> Codes:
    """Run a product; a linear layer is a convolution of 1×1 images."""
    flat = product.weights.ndim == 2
    operand = x[:, :, None, None] if flat else x
    other = addend[:, :, None, None] if flat and addend is not None else addend
    codes = unit(operand) if epilogue is None else unit.finished(operand, epilogue, other)
    return codes[:, :, 0, 0] if flat else codes


def _single_step(network: IntegerNetwork, operation: Operation) -> _Step:
    compute: Callable[..., Codes]
    match operation:
        case Product():
            unit = _unit(network, operation)
            compute = lambda x: _on_unit(unit, operation, x)  # noqa: E731
        case Addition():
            left, other_left, _ = _common_grid(*(network.values[source] for source in _sources(operation)))
            compute = lambda x, other: (x.astype(np.int64) << left) + (other.astype(np.int64) << other_left)  # noqa: E731
        case Rectification():
            compute = lambda x: np.maximum(x, 0)  # noqa: E731
        case Requantization():
            compute = _epilogue(operation, network.values[operation.source].frac_bits).finish
        case MaxPooling():
            compute = lambda x: max_pool(x, operation.kernel, operation.stride, operation.padding)  # noqa: E731
        case AveragePooling():
            compute = lambda x: (  # noqa: E731
                sum_pool(x, operation.kernel, operation.stride, operation.padding) * operation.multiplier[0]
            )
        case Flattening():
            compute = lambda x: x.reshape(len(x), prod(x.shape[1:]))  # noqa: E731
    return _Step(operation.name, _sources(operation), compute)


def _with_last_reads(steps: Sequence[_Step], result: str) -> Iterator[_Step]:
    """Yield the steps, each with the names that nothing reads after it, so that their memory is freed."""
    for index, step in enumerate(steps):
        later = {source for other in steps[index + 1 :] for source in other.sources} | {result}
        done = tuple(name for name in dict.fromkeys(step.sources) if name not in later)
        yield _Step(step.name, step.sources, step.compute, done)


def _span(value: Value) -> str:
    step = 2.0**-value.frac_bits
    return f"[{value.low * step:g}, {value.high * step:g}]"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _narrow(codes: Codes) -> Codes:
    return codes.astype(code_dtype(*_ends(codes)))


def _ends(codes: Codes) -> tuple[int, int]:
    return (int(codes.min()), int(codes.max())) if codes.size else (0, 0)


def _describe(operation: Operation) -> dict[str, Any]:
    """Return an operation as JSON values; arrays are stored apart."""
    plain: dict[str, Any] = {"kind": type(operation).__name__}
    for part in fields(operation):
        value = getattr(operation, part.name)
        match value:
            case np.ndarray():
                continue
            case Format():
                plain[part.name] = str(value)
            case Rounding():
                plain[part.name] = value.name
            case Geometry():
                plain[part.name] = [value.stride, value.padding, value.dilation, value.groups]
            case _:
                plain[part.name] = value
    return plain


def _stored(file: BinaryIO) -> dict[str, Any]:
    """Return the arguments of IntegerNetwork from an open .npz file; any exception where it holds something else."""
    if not is_zipfile(file):
        raise ValueError("it is no .npz archive")
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        header = json.loads(str(arrays["network"]))
        return {
            "input_format": Format.parse(header["input_format"]),
            "input_shape": header["input_shape"],
            "operations": tuple(_rebuild(text, arrays) for text in header["operations"]),
        }


def _rebuild(described: dict[str, Any], stored: Any) -> Operation:
    parts = dict(described)
    kind = _KINDS[parts.pop("kind")]
    for key, value in parts.items():
        if key in ("format", "weight_format"):
            parts[key] = Format.parse(value)
        elif key == "rounding":
            parts[key] = Rounding.of(value)
        elif key == "geometry":
            stride, padding, dilation, groups = value
            top_bottom, left_right = (tuple(both) for both in padding)
            parts[key] = Geometry(tuple(stride), (top_bottom, left_right), tuple(dilation), groups)
        elif isinstance(value, list):
            parts[key] = tuple(value)
    if kind is Product:
        for part in ("weights", "bias"):
            parts[part] = stored[f"{parts['name']}.{part}"]
    operation: Operation = kind(**parts)
    return operation
