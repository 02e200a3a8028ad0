"""A torch module and a precision assignment made into a network of integers."""

import operator
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from math import frexp
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import fx, nn
from torch.fx.passes.shape_prop import ShapeProp
from torch.nn import functional as F

from analysis.calibration import Calibration, Progress, as_images, calibrate, inference_form, readers
from analysis.layers import Layer, no_layers
from fxp.carriers import Geometry
from fxp.formats import Format, Overflow, Rounding
from fxp.networks import IntegerNetwork
from fxp.operations import (
    INPUT,
    Addition,
    AveragePooling,
    Flattening,
    MaxPooling,
    Operation,
    Product,
    Rectification,
    Requantization,
)
from fxp.precision import PrecisionAssignment, require_assignment
from fxp.quantization import encode

__all__ = ["to_integer"]

BYTE = Format(8, 8, signed=False)


def to_integer(
    module: nn.Module,
    held_out_images: Any,
    assignment: PrecisionAssignment,
    *,
    calibration: Calibration | None = None,
    input_format: Format = BYTE,
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
        and batch norm after a convolution (folded first), with one tensor in and one out; it is not changed.
    held_out_images : array_like, (N, C, H, W) or (N, K)
        Images for the ranges, as in `analysis.calibrate`: not those that the network is tested on.
    assignment : PrecisionAssignment
        Bits of each layer's weights and of its input tensor, in call order. Layers that read one tensor share its
        bits. Codes stay as they are where their bits suffice: an image of 8 bits is requantised for 7, not for 12.
    calibration : Calibration, optional
        Ranges to use instead of measuring them, powers of two. Measured ranges cover 99.99 % of the elements: what they
        clip stays however many the bits; `analysis.calibrate(module, images, quantile=1.0)` clips nothing.
    input_format : Format
        Format of the image codes; a pixel is its value. Held-out images of uint8 stand for the default, ufix8_En8.
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
    TypeError
        `assignment` is not a PrecisionAssignment.
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
    require_assignment(assignment)
    mode = Rounding.of(rounding)
    if mode is Rounding.STOCHASTIC:
        raise ValueError("rounding=STOCHASTIC draws random numbers: a network of integers needs a deterministic mode")
    if not 2 <= multiplier_bits <= 24:
        raise ValueError(f"multiplier_bits={multiplier_bits} is not between 2 and 24: choose another word length")
    pixels = as_images(held_out_images)
    if input_format != BYTE and getattr(held_out_images, "dtype", None) in (np.dtype(np.uint8), torch.uint8):
        raise ValueError(
            f"held_out_images.dtype=uint8 stands for {BYTE}, not {input_format}: give the pixels as floats"
        )
    _check_pixels(pixels, input_format)
    _check_in_place(fx.symbolic_trace(module))
    network = inference_form(_as_root(module))
    if not any(isinstance(part, Layer) for part in network.modules()):
        raise no_layers(module)
    if calibration is None:
        calibration = calibrate(network, pixels, input_range=_image_range(input_format), progress=progress)
    _check_calibration(calibration, network, pixels)
    _check_assignment(assignment, calibration)
    traced = fx.symbolic_trace(network)
    traced.graph.eliminate_dead_code()
    ShapeProp(traced).propagate(pixels[:1].to(next(network.parameters())))
    lowering = _Lowering(traced, assignment, calibration, input_format, mode, multiplier_bits)
    return IntegerNetwork(input_format, tuple(pixels.shape[1:]), lowering.operations())


def _check_pixels(pixels: torch.Tensor, fmt: Format) -> None:
    low, high = (float(end) for end in torch.aminmax(pixels))
    if low < fmt.min or high > fmt.max + fmt.step:
        raise ValueError(
            f"held_out_images span {low:g} to {high:g}, not within input_format={fmt}: "
            "give the format of their codes, fxp.Format.for_range(low, high, word_bits)"
        )


def _as_root(module: nn.Module) -> nn.Module:
    """Return a module that calls the given one where that is a layer itself, under the name that `calibrate` gives."""
    return nn.Sequential(OrderedDict({type(module).__name__: module})) if isinstance(module, Layer) else module


def _check_in_place(traced: fx.GraphModule) -> None:
    """Refuse what changes a tensor that is read afterwards: the graph shows the tensor as it was before."""
    order = {node: index for index, node in enumerate(traced.graph.nodes)}
    for node in traced.graph.nodes:
        changed = node.all_input_nodes[0] if _is_in_place(traced, node) else None
        if changed and (not node.users or any(order[user] > order[node] for user in changed.users)):
            raise ValueError(
                f"operation={node.name!r} changes {changed.name!r} in place, which is read again: use the result"
            )


def _is_in_place(traced: fx.GraphModule, node: fx.Node) -> bool:
    if node.op == "call_module":
        return bool(getattr(traced.get_submodule(str(node.target)), "inplace", False))
    name = getattr(node.target, "__name__", str(node.target))
    named = name.endswith("_") and not name.startswith("_")
    called = node.op in ("call_function", "call_method")
    return called and (named or node.target is operator.iadd or bool(node.kwargs.get("inplace")))


def _image_range(fmt: Format) -> float:
    return 2.0 ** (fmt.int_bits - fmt.signed)


def _check_calibration(calibration: Calibration, network: nn.Module, pixels: torch.Tensor) -> None:
    found = readers(network, pixels)
    names, tensors = tuple(reader.name for reader in found), tuple(reader.tensor for reader in found)
    if tuple(calibration.layers) != names or tuple(calibration.tensors) != tensors:
        raise ValueError(
            f"calibration.layers={calibration.layers} reading tensors {calibration.tensors} are not the module's, "
            f"{names} reading {tensors}: calibrate this module"
        )
    for part in ("weight_ranges", "activation_ranges"):
        for name, span in zip(names, getattr(calibration, part), strict=True):
            if not span > 0 or frexp(span)[0] != 0.5:
                raise ValueError(f"calibration.{part}={span} of {name!r} is not a power of two: round it up to one")
    _check_shared("activation_ranges", calibration.activation_ranges, calibration)


def _check_assignment(assignment: PrecisionAssignment, calibration: Calibration) -> None:
    layers = calibration.layers
    if len(assignment.weight_bits) != len(layers):
        raise ValueError(
            f"assignment has {len(assignment.weight_bits)} layers, the module {len(layers)}: {', '.join(layers)}"
        )
    _check_shared("activation_bits", assignment.activation_bits, calibration)


def _check_shared(what: str, values: tuple[float, ...], calibration: Calibration) -> None:
    layers = calibration.layers
    for index, first in enumerate(calibration.tensors):
        if values[index] != values[first]:
            raise ValueError(
                f"{what}={values[first]} of {layers[first]!r} and {values[index]} of {layers[index]!r} differ, but "
                "both read one tensor: give them the same"
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
    found: list[Operation] = field(default_factory=list)
    results: dict[fx.Node, str] = field(default_factory=dict)  # what those after a node read
    formats: dict[str, Format] = field(default_factory=dict)  # of the results that layers may read

    def operations(self) -> tuple[Operation, ...]:
        """Return the operations in the order of the graph."""
        demands = self._demands()
        self.formats[INPUT] = self.input_format
        for node in self.traced.graph.nodes:
            if node.op == "placeholder" or (node.op.startswith("call") and _is_tensor(node)):
                self.results[node] = INPUT if node.op == "placeholder" else self._computed(node, demands.get(node))
                if node in demands and not self._holds(demands[node], self.results[node]):
                    self.results[node] = self._requantised(node, demands[node])
            elif node.op == "output" and not isinstance(node.args[0], fx.Node):
                raise ValueError(f"module returns {node.args[0]}: return one tensor, the logits")
        return tuple(self.found)

    def _computed(self, node: fx.Node, demand: Format | None) -> str:
        """Append what a node computes, and return the name of its result."""
        kind, settings = _kind(self.traced, node), _Settings(self.traced, node)
        sources = [self._result(source, node) for source in node.all_input_nodes if _is_tensor(source)]
        if kind == "identity":
            settings.refuse(training=False)
        # Saturation to the unsigned codes of a rectified tensor is the rectification.
        if kind == "identity" or (kind == "relu" and demand is not None):
            return sources[0]
        if kind == "layer":
            made: Operation = self._product(node, sources[0])
        else:
            made = _RULES[kind](self._free(_title(node)), sources, settings, self.multiplier_bits)
        self.found.append(made)
        if isinstance(made, MaxPooling | Flattening) and sources[0] in self.formats:
            self.formats[made.name] = self.formats[sources[0]]
        return made.name

    def _result(self, source: fx.Node, reader: fx.Node) -> str:
        if source not in self.results:
            raise ValueError(f"operation={reader.name!r} reads the constant {source.name!r}: put constants into a bias")
        return self.results[source]

    def _requantised(self, node: fx.Node, target: Format) -> str:
        codes = self._free(f"{_title(node)}.codes")
        self.found.append(Requantization(codes, self.results[node], target, self.rounding))
        self.formats[codes] = target
        return codes

    def _free(self, title: str) -> str:
        """Return the title, with a number where another result has it."""
        taken = {INPUT, *(operation.name for operation in self.found)}
        return next(name for name in _numbered(title) if name not in taken)

    def _product(self, node: fx.Node, source: str) -> Product:
        layer = self.traced.get_submodule(str(node.target))
        assert isinstance(layer, nn.Conv2d | nn.Linear)
        index = self.calibration.layers.index(str(node.target))
        bits = self.assignment.weight_bits[index]
        weight_format = Format(bits, bits - 1 - _exponent(self.calibration.weight_ranges[index]))
        weights = encode(layer.weight.double().numpy(), weight_format)
        narrow = weights.astype(np.int8 if bits <= 8 else np.int64)
        bias = _bias_codes(layer, str(node.target), self.formats[source].frac_bits + weight_format.frac_bits)
        return Product(self._free(str(node.target)), source, narrow, bias, weight_format, _geometry(layer))

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
        return demands

    def _holds(self, target: Format, result: str) -> bool:
        """Whether a format has the value of every code of a result, as that of 12 bits has of 8-bit images."""
        codes = self.formats.get(result)
        if codes is None or target.frac_bits < codes.frac_bits:
            return False
        return bool(target.min <= codes.min and codes.max <= target.max)

    def _activation_format(self, layer: str, read: fx.Node) -> Format:
        index = self.calibration.layers.index(layer)
        bits = self.assignment.activation_bits[index]
        image = _leads_to_image(self.traced, read)
        span = _image_range(self.input_format) if image else self.calibration.activation_ranges[index]
        signed = not self._is_never_negative(read)
        return Format(bits, bits - signed - _exponent(span), signed=signed)

    def _is_never_negative(self, node: fx.Node) -> bool:
        if not node.op.startswith("call"):
            return node.op == "placeholder" and not self.input_format.signed
        kind = _kind(self.traced, node)
        sources = (source for source in node.all_input_nodes if _is_tensor(source))
        return kind == "relu" or (kind != "layer" and all(self._is_never_negative(source) for source in sources))


def _numbered(title: str) -> Iterator[str]:
    yield title
    yield from (f"{title}_{number}" for number in count(2))


def _bias_codes(layer: nn.Conv2d | nn.Linear, name: str, frac_bits: int) -> NDArray[np.int64]:
    """Return the bias on the grid of the sums."""
    if layer.bias is None:
        return np.zeros(len(layer.weight), np.int64)
    try:
        return encode(layer.bias.double().numpy(), Format(63, frac_bits), overflow=Overflow.ERROR)
    except OverflowError as error:
        raise ValueError(
            f"bias of {name!r} is not within 63 bits on the grid of its sums, 2**-{frac_bits}: use fewer bits"
        ) from error


def _exponent(span: float) -> int:
    return frexp(span)[1] - 1


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
            f"operation={_title(node)!r} ({what}) has no integer form: use nn.Conv2d, nn.Linear, ReLU, addition, "
            "max or average pooling, flattening, dropout and batch norm"
        )
    return kind


def _leads_to_image(traced: fx.GraphModule, node: fx.Node) -> bool:
    """Whether a node has the codes of the image, perhaps in another shape."""
    while node.op != "placeholder":
        if _kind(traced, node) not in ("flatten", "identity"):
            return False
        node = node.all_input_nodes[0]
    return True


# Positions of the settings in a call; methods have the same as functions.
_POSITIONS: dict[str, tuple[str, ...]] = {
    "max_pool": ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices"),
    "average_pool": (
        "input",
        "kernel_size",
        "stride",
        "padding",
        "ceil_mode",
        "count_include_pad",
        "divisor_override",
    ),
    "add": ("input", "other"),
}


@dataclass(frozen=True)
class _Settings:
    """The settings of a node, whether a module holds them or a call passes them."""

    traced: fx.GraphModule
    node: fx.Node

    def get(self, name: str, default: Any = None) -> Any:
        """Return a setting by its name, which modules and functions of torch share."""
        if self.node.op == "call_module":
            return getattr(self.traced.get_submodule(str(self.node.target)), name, default)
        passed = dict(zip(_POSITIONS.get(_kind(self.traced, self.node), ()), self.node.args, strict=False))
        return (passed | self.node.kwargs).get(name, default)

    def pair(self, name: str, default: Any = None) -> tuple[int, int]:
        """Return a setting that is one number or two."""
        value = self.get(name)
        value = default if value is None or value == [] or value == () else value
        return (value, value) if isinstance(value, int) else (int(value[0]), int(value[-1]))

    def refuse(self, **plain: Any) -> None:
        """Raise ValueError where a setting is not the plain one."""
        for name, expected in plain.items():
            if self.get(name, expected) != expected:
                raise ValueError(
                    f"{name}={self.get(name)!r} of {_title(self.node)!r} has no integer form here: "
                    f"use {name}={expected!r}"
                )


def _addition(name: str, sources: list[str], settings: _Settings, _: int) -> Operation:
    settings.refuse(alpha=1)
    operands = [settings.get("input"), settings.get("other")]
    if not all(isinstance(operand, fx.Node) and _is_tensor(operand) for operand in operands):
        raise ValueError(f"operation={name!r} adds something that is not a tensor: put constants into a bias")
    shapes = [tuple(_shape(operand)) for operand in operands]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"operation={name!r} adds tensors of shapes {shapes[0]} and {shapes[1]}: broadcasting has no integer form, "
            "give both one shape"
        )
    return Addition(name, sources[0], sources[-1])


def _max_pooling(name: str, sources: list[str], settings: _Settings, _: int) -> Operation:
    settings.refuse(dilation=1, ceil_mode=False, return_indices=False)
    kernel = settings.pair("kernel_size")
    return MaxPooling(name, sources[0], kernel, settings.pair("stride", kernel), settings.pair("padding", 0))


def _average_pooling(name: str, sources: list[str], settings: _Settings, multiplier_bits: int) -> Operation:
    settings.refuse(ceil_mode=False, divisor_override=None)
    kernel, padding = settings.pair("kernel_size"), settings.pair("padding", 0)
    if padding != (0, 0):
        settings.refuse(count_include_pad=True)
    return AveragePooling(name, sources[0], kernel, settings.pair("stride", kernel), padding, multiplier_bits)


def _adaptive_pooling(name: str, sources: list[str], settings: _Settings, multiplier_bits: int) -> Operation:
    before, after = _shape(settings.node.all_input_nodes[0])[2:], _shape(settings.node)[2:]
    if before[0] % after[0] or before[1] % after[1]:
        raise ValueError(f"operation={name!r} makes {tuple(before)} into {tuple(after)}: its windows are not all alike")
    kernel = (before[0] // after[0], before[1] // after[1])
    return AveragePooling(name, sources[0], kernel, kernel, (0, 0), multiplier_bits)


def _flattening(name: str, sources: list[str], settings: _Settings, _: int) -> Operation:
    shape = _shape(settings.node)
    if len(shape) != 2 or shape[0] != 1:
        raise ValueError(
            f"operation={name!r} makes the shape {tuple(shape)}: only (N, everything else) has an integer form"
        )
    return Flattening(name, sources[0])


_RULES: dict[str, Callable[[str, list[str], _Settings, int], Operation]] = {
    "relu": lambda name, sources, *_: Rectification(name, sources[0]),
    "add": _addition,
    "max_pool": _max_pooling,
    "average_pool": _average_pooling,
    "adaptive_pool": _adaptive_pooling,
    "flatten": _flattening,
}
