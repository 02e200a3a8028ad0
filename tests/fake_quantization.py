"""A module evaluated in float64 with its weights, biases and layer inputs rounded to the grids of an assignment."""

import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from analysis.calibration import Calibration
from fxp.formats import Format, Rounding
from fxp.precision import PrecisionAssignment

Layer = nn.Conv2d | nn.Linear


class Marked(nn.Module):
    """A module that says where a tensor that a layer reads is read by others too.

    `self.read_by(layer, x)` is x, but in the fake-quantised twin it is x on that layer's grid. `signed_inputs` names
    the layers whose input may be negative, `signed_with_the_image` those where that depends on the image,
    `image_readers` those that read the image itself; by default the first layer and those that read its tensor.
    """

    quantise: Callable[[str, Tensor], Tensor] | None = None
    signed_inputs: tuple[str, ...] = ()
    signed_with_the_image: tuple[str, ...] = ()
    image_readers: tuple[str, ...] | None = None

    def read_by(self, layer: str, x: Tensor) -> Tensor:
        return x if self.quantise is None else self.quantise(layer, x)


def fake_quantised(
    module: nn.Module,
    calibration: Calibration,
    assignment: PrecisionAssignment,
    *,
    input_format: Format,
    rounding: Rounding = Rounding.HALF_EVEN,
    multiplier_bits: int = 16,
) -> nn.Module:
    """Return the float64 twin of a module without batch norm: a pixel is its value, a logit is its value."""
    twin = _with_averages(copy.deepcopy(module).double().eval(), multiplier_bits)
    marks = module if isinstance(module, Marked) else Marked()
    first = tuple(name for name, tensor in zip(calibration.layers, calibration.tensors, strict=True) if tensor == 0)
    image_readers = first if marks.image_readers is None else marks.image_readers
    grids, entering = (
        {},
        _Grid(
            2.0 ** (input_format.int_bits - input_format.signed), input_format.word_bits, input_format.signed, rounding
        ),
    )
    for index, name in enumerate(calibration.layers):
        image = name in image_readers
        with_image = image or name in marks.signed_with_the_image
        signed = name in marks.signed_inputs or (with_image and input_format.signed)
        grid = _Grid(calibration.activation_ranges[index], assignment.activation_bits[index], signed, rounding)
        grids[name] = entering if with_image and grid.holds(entering) else grid
        entering = grids[name] if image else entering
        layer = twin.get_submodule(name)
        weights = _Grid(calibration.weight_ranges[index], assignment.weight_bits[index], True, Rounding.HALF_EVEN)
        _quantise_parameters(layer, weights, grids[name].step * weights.step)
        layer.register_forward_pre_hook(lambda _, inputs, name=name: grids[name](inputs[0]))
    twin.quantise = lambda name, x: grids[name](x)
    return twin


class _Grid:
    """Rounding to 2^bits steps of a range, then saturation."""

    def __init__(self, span: float, bits: int, signed: bool, rounding: Rounding) -> None:
        self.step = span * 2.0 ** (signed - bits)
        self.low, self.high = (-(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1) if signed else (0.0, 2.0**bits - 1)
        self.rounded = ROUNDED[rounding]

    def holds(self, other: "_Grid") -> bool:
        fits = self.low * self.step <= other.low * other.step and other.high * other.step <= self.high * self.step
        return fits and self.step <= other.step

    def __call__(self, x: Tensor) -> Tensor:
        return torch.clamp(self.rounded(x / self.step), self.low, self.high) * self.step


ROUNDED: dict[Rounding, Callable[[Tensor], Tensor]] = {
    Rounding.FLOOR: torch.floor,
    Rounding.CEIL: torch.ceil,
    Rounding.TOWARD_ZERO: torch.trunc,
    Rounding.HALF_UP: lambda x: torch.floor(x + 0.5),
    Rounding.HALF_DOWN: lambda x: torch.ceil(x - 0.5),
    Rounding.HALF_TOWARD_ZERO: lambda x: x.sign() * torch.ceil(x.abs() - 0.5),
    Rounding.HALF_AWAY: lambda x: x.sign() * torch.floor(x.abs() + 0.5),
    Rounding.HALF_EVEN: torch.round,
    Rounding.HALF_ODD: lambda x: torch.where(x - torch.floor(x) == 0.5, 2 * torch.floor(x / 2) + 1, torch.round(x)),
}


def _quantise_parameters(layer: Layer, weights: _Grid, bias_step: float) -> None:
    with torch.no_grad():
        layer.weight.copy_(weights(layer.weight))
        if layer.bias is not None:
            layer.bias.copy_(torch.round(layer.bias / bias_step) * bias_step)


def _with_averages(twin: nn.Module, multiplier_bits: int) -> nn.Module:
    for name, part in list(twin.named_modules()):
        if isinstance(part, nn.AvgPool2d | nn.AdaptiveAvgPool2d):
            twin.set_submodule(name, _Average(part, multiplier_bits))
    return twin


class _Average(nn.Module):
    """Average whose reciprocal of the count has a mantissa of so many bits."""

    def __init__(self, pool: nn.AvgPool2d | nn.AdaptiveAvgPool2d, bits: int) -> None:
        super().__init__()
        self.pool, self.bits = pool, bits

    def forward(self, x: Tensor) -> Tensor:
        if isinstance(self.pool, nn.AvgPool2d):
            kernel, stride, padding = self.pool.kernel_size, self.pool.stride, self.pool.padding
        else:
            kernel = stride = [
                before // after for before, after in zip(x.shape[2:], self.pool(x).shape[2:], strict=True)
            ]
            padding = 0
        sums = F.avg_pool2d(x, kernel, stride, padding, divisor_override=1)
        count = kernel * kernel if isinstance(kernel, int) else math.prod(kernel)
        mantissa, exponent = math.frexp(1 / count)
        return sums * math.ldexp(round(math.ldexp(mantissa, self.bits)), exponent - self.bits)
