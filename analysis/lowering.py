"""A torch module and a precision assignment made into a network of integers."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np
import torch
from torch import fx, nn
from torch.fx.passes.shape_prop import ShapeProp
from torch.nn import functional as F

from analysis.calibration import Calibration, Progress, as_images, calibrate, inference_form
from fxp.carriers import Geometry
from fxp.formats import Format, Overflow, Rounding
from fxp.networks import (
    INPUT,
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
from fxp.precision import PrecisionAssignment
from fxp.quantization import encode

__all__ = ["to_integer"]


def to_integer(
    module: nn.Module,
    held_out_images: Any,
    assignment: PrecisionAssignment,
    *,
    calibration: Calibration | None = None,
    input_format: Format = Format(8, 8, signed=False),  # noqa: B008 - a frozen value
    rounding: Rounding | str = Rounding.HALF_EVEN,
    multiplier_bits: int = 16,
    progress: Progress | None = None,
) -> IntegerNetwork:
    """Return the network of integers that computes a module at given word lengths.

    Each tensor that a layer reads is requantised once, to the bits that the assignment gives it on the power-of-two
    range of the calibration, unsigned where it cannot be negative; all that read it read these codes. Weights are
    signed and rounded half to even; biases are rounded half to even to the grid of the sums. Everything between is
    exact: sums, residual additions on the finer grid, averages before their division.

    Parameters
    ----------
    module : nn.Module
        Traceable by torch.fx, of nn.Conv2d, nn.Linear, ReLU, addition, max and average pooling, flattening, dropout
        and batch norm after a convolution (folded first); it is not changed.
    held_out_images : array_like, (N, C, H, W) or (N, K)
        Images for the ranges, as in `analysis.calibrate`: not those that the network is tested on.
    assignment : PrecisionAssignment
        Bits of each layer's weights and of its input tensor, in call order. Layers that read one tensor share its
        bits. Image codes are requantised where their first entry is below their own word length.
    calibration : Calibration, optional
        Ranges to use instead of measuring them.
    input_format : Format
        Format of the image codes; a pixel is its value.
    rounding : Rounding or str
        Mode of all requantisations, deterministic.
    multiplier_bits : int
        Word length of the multiplier where an average is not over a power of two, 2 to 24.
    progress : callable, optional
        Called with the number of images done and their total while ranges are measured.

    Returns
    -------
    IntegerNetwork
        Takes image codes, returns the codes of the logits in full width.

    Raises
    ------
    ValueError
        The module has an operation without an integer form, or an argument does not fit it.

    Examples
    --------
    >>> import fxp
    >>> from torch import nn
    >>> module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))
    >>> images = np.random.default_rng(0).integers(0, 256, (20, 1, 4, 4), dtype=np.uint8)
    >>> network = to_integer(module, images, fxp.uniform(range(2), 6))
    >>> network.run(images).shape
    (20, 3)
    """
    mode = Rounding.of(rounding)
    if mode is Rounding.STOCHASTIC:
        raise ValueError("rounding=STOCHASTIC draws random numbers: a network of integers needs a deterministic mode")
    if not 2 <= multiplier_bits <= 24:
        raise ValueError(f"multiplier_bits={multiplier_bits} is not between 2 and 24: choose another word length")
    network, pixels = inference_form(module), as_images(held_out_images)
    if calibration is None:
        calibration = calibrate(network, pixels, input_range=_image_range(input_format), progress=progress)
    _check_assignment(assignment, calibration)
    traced = fx.symbolic_trace(network)
    traced.graph.eliminate_dead_code()
    like = next(network.parameters())
    ShapeProp(traced).propagate(pixels[:1].to(like))
    lowering = _Lowering(traced, assignment, calibration, input_format, mode, multiplier_bits)
    return IntegerNetwork(input_format, tuple(pixels.shape[1:]), lowering.operations())


def _image_range(fmt: Format) -> float:
    return 2.0 ** (fmt.int_bits - fmt.signed)


def _check_assignment(assignment: PrecisionAssignment, calibration: Calibration) -> None:
    layers = calibration.layers
    if len(assignment.weight_bits) != len(layers):
        raise ValueError(
            f"assignment has {len(assignment.weight_bits)} layers, the module {len(layers)}: {', '.join(layers)}"
        )
    for index, first in enumerate(calibration.tensors):
        if assignment.activation_bits[index] != assignment.activation_bits[first]:
            raise ValueError(
                f"activation_bits of {layers[first]!r} and {layers[index]!r} differ, but both read one tensor: "
                "give them the same bits"
            )


@dataclass(frozen=True)
class _Lowering:
    """Walks the traced graph; what a node computes is found in `_RULES`."""

    traced: fx.GraphModule
    assignment: PrecisionAssignment
    calibration: Calibration
    input_format: Format
    rounding: Rounding
    multiplier_bits: int

    def operations(self) -> tuple[Operation, ...]:
        """Return the operations in the order of the graph."""
        demands = self._demands()
        names: dict[fx.Node, str] = {}
        found: list[Operation] = []
        formats: dict[str, Format] = {INPUT: self.input_format}
        for node in self.traced.graph.nodes:
            if node.op == "output":
                return tuple(found)
            if node.op == "get_attr" or not _is_tensor(node):
                continue
            names[node] = INPUT if node.op == "placeholder" else self._append(found, node, names, formats, demands)
            target = demands.get(node)
            if target is not None:
                codes = f"{_title(node)}.codes"
                found.append(Requantization(codes, names[node], target, self.rounding))
                names[node], formats[codes] = codes, target
        raise AssertionError("a traced graph has an output")

    def _append(
        self,
        found: list[Operation],
        node: fx.Node,
        names: dict[fx.Node, str],
        formats: dict[str, Format],
        demands: dict[fx.Node, Format],
    ) -> str:
        """Append what a node computes, and return the name of its result."""
        kind = _kind(self.traced, node)
        sources = [names[source] for source in node.all_input_nodes if _is_tensor(source)]
        if kind == "identity" or (kind == "relu" and node in demands and not demands[node].signed):
            return sources[0]
        if kind == "layer":
            made: Operation = self._product(node, sources[0], formats)
        else:
            made = _RULES[kind](_title(node), sources, _Arguments(self.traced, node), self.multiplier_bits)
        found.append(made)
        if isinstance(made, MaxPooling | Flattening) and sources[0] in formats:
            formats[made.name] = formats[sources[0]]
        return made.name

    def _product(self, node: fx.Node, source: str, formats: dict[str, Format]) -> Product:
        layer = self.traced.get_submodule(str(node.target))
        assert isinstance(layer, nn.Conv2d | nn.Linear)
        index = self.calibration.layers.index(str(node.target))
        bits = self.assignment.weight_bits[index]
        weight_format = Format(bits, bits - 1 - _exponent(self.calibration.weight_ranges[index]))
        weights = encode(layer.weight.detach().double().numpy(), weight_format)
        grid = Format(63, formats[source].frac_bits + weight_format.frac_bits)
        initial = np.zeros(len(weights)) if layer.bias is None else layer.bias.detach().double().numpy()
        bias = encode(initial, grid, overflow=Overflow.ERROR)
        narrow = weights.astype(np.int8 if bits <= 8 else np.int64)
        return Product(str(node.target), source, narrow, bias, weight_format, _geometry(layer))

    def _demands(self) -> dict[fx.Node, Format]:
        """Return the format of each tensor that layers read, moved to where its codes are first known."""
        demands: dict[fx.Node, Format] = {}
        for node in reversed(self.traced.graph.nodes):
            kind = _kind(self.traced, node) if node.op.startswith("call") and _is_tensor(node) else ""
            if kind == "layer":
                read = node.all_input_nodes[0]
                demands.setdefault(read, self._activation_format(str(node.target), read))
            moved = kind in ("max_pool", "flatten", "identity") and node in demands
            if moved and len(node.all_input_nodes[0].users) == 1:
                demands[node.all_input_nodes[0]] = demands.pop(node)
        return {node: target for node, target in demands.items() if not self._is_enough(node, target)}

    def _is_enough(self, node: fx.Node, target: Format) -> bool:
        """Whether the image codes are as short as the assignment asks for."""
        return node.op == "placeholder" and target.word_bits >= self.input_format.word_bits

    def _activation_format(self, layer: str, read: fx.Node) -> Format:
        index = self.calibration.layers.index(layer)
        bits = self.assignment.activation_bits[index]
        image = _leads_to_image(self.traced, read)
        span = _image_range(self.input_format) if image else self.calibration.activation_ranges[index]
        signed = self.input_format.signed if image else not _is_never_negative(self.traced, read)
        return Format(bits, bits - signed - _exponent(span), signed=signed)


def _exponent(span: float) -> int:
    return round(log2(span))


def _geometry(layer: nn.Conv2d | nn.Linear) -> Geometry:
    if isinstance(layer, nn.Linear):
        return Geometry()
    if layer.padding_mode != "zeros" or isinstance(layer.padding, str):
        raise ValueError(
            f"padding={layer.padding!r}, {layer.padding_mode!r} has no integer form: pad with numbers of zeros"
        )
    (top, left), (row, column), (down, right) = layer.padding, layer.stride, layer.dilation
    return Geometry((row, column), ((top, top), (left, left)), (down, right), layer.groups)


def _is_tensor(node: fx.Node) -> bool:
    return "tensor_meta" in node.meta


def _shape(node: fx.Node) -> torch.Size:
    return node.meta["tensor_meta"].shape  # type: ignore[no-any-return]


def _title(node: fx.Node) -> str:
    """Return the name of the module that a node calls first, else its own; "image" for the input."""
    if node.op == "placeholder":
        return "image"
    return str(node.target) if node.op == "call_module" and _is_first_call(node) else node.name


def _is_first_call(node: fx.Node) -> bool:
    return next(other for other in node.graph.nodes if other.target == node.target) is node


_MODULES: dict[type[nn.Module], str] = {
    nn.Conv2d: "layer",
    nn.Linear: "layer",
    nn.ReLU: "relu",
    nn.MaxPool2d: "max_pool",
    nn.AvgPool2d: "average_pool",
    nn.AdaptiveAvgPool2d: "adaptive_pool",
    nn.Flatten: "flatten",
    nn.Identity: "identity",
    nn.Dropout: "identity",
    nn.Dropout2d: "identity",
}
_FUNCTIONS: dict[Any, str] = {
    F.relu: "relu",
    torch.relu: "relu",
    operator.add: "add",
    operator.iadd: "add",
    torch.add: "add",
    F.max_pool2d: "max_pool",
    F.avg_pool2d: "average_pool",
    F.adaptive_avg_pool2d: "adaptive_pool",
    torch.flatten: "flatten",
    F.dropout: "identity",
}
_METHODS = {
    "relu": "relu",
    "relu_": "relu",
    "add": "add",
    "add_": "add",
    "flatten": "flatten",
    "view": "flatten",
    "reshape": "flatten",
    "contiguous": "identity",
}


def _kind(traced: fx.GraphModule, node: fx.Node) -> str:
    """Return what a node computes, by the names of `_RULES`."""
    if node.op == "call_module":
        kind = _MODULES.get(type(traced.get_submodule(str(node.target))))
    else:
        kind = (_FUNCTIONS if node.op == "call_function" else _METHODS).get(node.target)  # type: ignore[arg-type]
    if kind is None:
        what = type(traced.get_submodule(str(node.target))).__name__ if node.op == "call_module" else node.target
        raise ValueError(
            f"operation={node.name!r} ({what}) has no integer form: use convolution, linear, ReLU, addition, max or "
            "average pooling, flattening, dropout and batch norm"
        )
    return kind


def _leads_to_image(traced: fx.GraphModule, node: fx.Node) -> bool:
    """Whether a node has the codes of the image, perhaps in another shape."""
    while node.op != "placeholder":
        if _kind(traced, node) not in ("flatten", "identity"):
            return False
        node = node.all_input_nodes[0]
    return True


def _is_never_negative(traced: fx.GraphModule, node: fx.Node) -> bool:
    if node.op == "placeholder":
        return False
    kind = _kind(traced, node)
    sources = [source for source in node.all_input_nodes if _is_tensor(source)]
    return kind == "relu" or (kind != "layer" and all(_is_never_negative(traced, source) for source in sources))


@dataclass(frozen=True)
class _Arguments:
    """The settings of a node, whether a module holds them or a call passes them."""

    traced: fx.GraphModule
    node: fx.Node

    def get(self, name: str, default: Any = None) -> Any:
        """Return a setting by its name, which modules and functions of torch share."""
        if self.node.op == "call_module":
            return getattr(self.traced.get_submodule(str(self.node.target)), name, default)
        normalised = self.node.normalized_arguments(self.traced, normalize_to_only_use_kwargs=True)
        return (normalised.kwargs if normalised else self.node.kwargs).get(name, default)

    def pair(self, name: str, default: Any = None) -> tuple[int, int]:
        """Return a setting that is one number or two."""
        value = self.get(name, default)
        value = default if value is None or value == () else value
        return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))

    def refuse(self, **plain: Any) -> None:
        """Raise ValueError where a setting is not the plain one."""
        for name, expected in plain.items():
            if self.get(name, expected) != expected:
                raise ValueError(
                    f"{name}={self.get(name)!r} of {self.node.name!r} has no integer form here: use {name}={expected!r}"
                )


def _addition(name: str, sources: list[str], arguments: _Arguments, _: int) -> Operation:
    arguments.refuse(alpha=1)
    if len(arguments.node.args) != 2 or len(sources) not in (1, 2) or len(set(map(type, arguments.node.args))) != 1:
        raise ValueError(f"operation={name!r} adds something that is not a tensor: put constants into a bias")
    shapes = {tuple(_shape(source)) for source in arguments.node.all_input_nodes}
    if len(shapes) > 1:
        raise ValueError(f"operation={name!r} adds tensors of shapes {shapes}: broadcasting has no integer form here")
    return Addition(name, sources[0], sources[-1])


def _max_pooling(name: str, sources: list[str], arguments: _Arguments, _: int) -> Operation:
    arguments.refuse(dilation=1, ceil_mode=False, return_indices=False)
    kernel = arguments.pair("kernel_size")
    return MaxPooling(name, sources[0], kernel, arguments.pair("stride", kernel), arguments.pair("padding", 0))


def _average_pooling(name: str, sources: list[str], arguments: _Arguments, multiplier_bits: int) -> Operation:
    arguments.refuse(ceil_mode=False, divisor_override=None)
    kernel, padding = arguments.pair("kernel_size"), arguments.pair("padding", 0)
    if padding != (0, 0):
        arguments.refuse(count_include_pad=True)
    return AveragePooling(name, sources[0], kernel, arguments.pair("stride", kernel), padding, multiplier_bits)


def _adaptive_pooling(name: str, sources: list[str], arguments: _Arguments, multiplier_bits: int) -> Operation:
    before, after = _shape(arguments.node.all_input_nodes[0])[2:], _shape(arguments.node)[2:]
    if before[0] % after[0] or before[1] % after[1]:
        raise ValueError(f"operation={name!r} makes {tuple(before)} into {tuple(after)}: its windows are not all alike")
    kernel = (before[0] // after[0], before[1] // after[1])
    return AveragePooling(name, sources[0], kernel, kernel, (0, 0), multiplier_bits)


def _flattening(name: str, sources: list[str], arguments: _Arguments, _: int) -> Operation:
    shape = _shape(arguments.node)
    if len(shape) != 2 or shape[0] != 1:
        raise ValueError(
            f"operation={name!r} makes the shape {tuple(shape)}: only (N, everything else) has an integer form"
        )
    return Flattening(name, sources[0])


_RULES: dict[str, Callable[[str, list[str], _Arguments, int], Operation]] = {
    "relu": lambda name, sources, *_: Rectification(name, sources[0]),
    "add": _addition,
    "max_pool": _max_pooling,
    "average_pool": _average_pooling,
    "adaptive_pool": _adaptive_pooling,
    "flatten": _flattening,
}
