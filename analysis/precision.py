"""Noise gains of a torch module: how much the rounding of each tensor can do to its decision."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from analysis.calibration import (
    Calibration,
    Progress,
    Reader,
    as_images,
    calibrate,
    image_batches,
    inference_form,
    readers,
)
from analysis.layers import Layer, watching
from fxp.precision import NoiseGains

__all__ = ["noise_gains"]

RIVALS_AT_ONCE = 16  # bounds the memory that the gradients of many classes take


def noise_gains(
    module: nn.Module,
    images: Any,
    *,
    kind: str = "bound",
    calibration: Calibration | None = None,
    batch: int = 25,
    progress: Progress | None = None,
) -> NoiseGains:
    r"""Return the noise gains of every layer's weights and input activations by the published bound (an estimate).

    With logits Z, decision ŷ and h the weights or the input activations of a layer,

    .. math::
        E = \mathbb{E}\Big[\sum_{i \ne \hat y} \frac{\sum_h |\partial (Z_i - Z_{\hat y}) / \partial h|^2}
            {24\, |Z_i - Z_{\hat y}|^2}\Big], \qquad
        G = 4 R^2 E \text{ (signed)}, \quad R^2 E \text{ (unsigned)}

    so that G·4^(−B) = Δ²·E. The expectation is the mean over the images; it **does not converge**: E[1/d²] diverges
    where margins d have a positive density at 0, so that the estimate is ruled by the smallest margins of the sample
    and grows with it. It ranks layers well and bounds the mismatch of the sample loosely. Biases have no gain. A
    tensor that several layers or a shortcut read has one gain, from all its paths. Deterministic.

    Parameters
    ----------
    module : nn.Module
        Network of nn.Conv1d, nn.Conv2d (zero padding) and nn.Linear layers, each called once, whose output is the
        logits (N, classes); batch norms are folded first; it is not changed.
    images : array_like, (N, …)
        Held-out images: floats on the input grid, or uint8 codes, which stand for code/256. 100 to 250 are usual.
    kind : str
        "bound".
    calibration : Calibration, optional
        Ranges of this module's layers; measured on `images` where left out, that of the images 1 unless a pixel
        exceeds it.
    batch : int
        Images of one pass, at least 1: time against memory.
    progress : callable, optional
        Called with the number of images done and their total.

    Returns
    -------
    NoiseGains
        Of kind "bound", layers in call order.

    Raises
    ------
    ValueError
        The two largest logits of an image are equal, which makes the bound infinite; the kind is unknown; the module
        has layers that cannot be read, calls one twice or puts out no logits; the calibration is of other layers.

    References
    ----------
    Sakr, Kim and Shanbhag, Analytical guarantees on numerical precision of deep neural networks, ICML 2017.

    Examples
    --------
    >>> layer = nn.Linear(1, 2, bias=False)
    >>> _ = layer.weight.data.copy_(torch.tensor([[1.0], [0.0]]))
    >>> gains = noise_gains(layer, torch.tensor([[0.5]]))
    >>> gains.weight_gains, gains.activation_gains  # E = 2·0.5²/(24·0.5²) and 1²/(24·0.5²)
    ((0.3333333333333333,), (0.16666666666666666,))
    """
    if kind != "bound":
        raise ValueError(f"kind={kind!r} is not supported: 'bound' is")
    network, pixels = inference_form(module), as_images(images)
    layers = readers(network, pixels)
    ranges = calibrate(network, pixels, input_range=_image_range(pixels)) if calibration is None else calibration
    if ranges.layers != tuple(layer.name for layer in layers):
        raise ValueError(f"calibration.layers={ranges.layers} are not those of the module: calibrate this module")
    weights, activations = _energies(network, layers, pixels, batch=batch, progress=progress)
    return NoiseGains(
        layers=ranges.layers,
        weight_ranges=ranges.weight_ranges,
        activation_ranges=ranges.activation_ranges,
        activation_signed=ranges.activation_signed,
        weight_gains=tuple(4 * R**2 * E for R, E in zip(ranges.weight_ranges, weights, strict=True)),
        activation_gains=tuple(
            (4 if signed else 1) * R**2 * E
            for R, E, signed in zip(ranges.activation_ranges, activations, ranges.activation_signed, strict=True)
        ),
        kind=kind,
        tensors=ranges.tensors,
    )


def _image_range(pixels: Tensor) -> float | None:
    """Return the range 1 of codes/256, or None, to measure it, for images that were normalised beyond it."""
    return 1.0 if bool((pixels.abs() <= 1).all()) else None


def _energies(
    network: nn.Module, layers: Sequence[Reader], pixels: Tensor, *, batch: int, progress: Progress | None
) -> tuple[list[float], list[float]]:
    """Return the mean E of each layer's weights and of its input tensor."""
    totals = torch.zeros(2, len(layers), dtype=torch.float64)
    start = 0
    for part in image_batches(pixels, network, batch=batch, progress=progress):
        totals += _energies_of_batch(network, layers, part, start)
        start += len(part)
    weights, activations = (totals / len(pixels)).tolist()
    return weights, [activations[layer.tensor] for layer in layers]


def _energies_of_batch(network: nn.Module, layers: Sequence[Reader], part: Tensor, start: int) -> Tensor:
    """Return the sums over the batch of E, (2, L): weights, and activations at the first readers."""
    passed = _Pass()
    with watching(network, passed.see), torch.enable_grad():
        logits = network(part.detach().requires_grad_())
    top, rivals, margins = _decisions(logits, start)
    first = [index for index, layer in enumerate(layers) if layer.tensor == index]
    totals = torch.zeros(2, len(layers), dtype=torch.float64)
    for chosen, distance in zip(
        torch.split(rivals, RIVALS_AT_ONCE, 1), torch.split(margins, RIVALS_AT_ONCE, 1), strict=True
    ):
        per_square = 1 / (24 * distance**2)
        to_inputs, to_outputs = _gradients(
            logits, top, chosen, [passed.inputs[index] for index in first], passed.outputs
        )
        for index, gradient in zip(first, to_inputs, strict=True):
            totals[1, index] += (per_square * _squares(gradient)).sum()
        for index, gradient in enumerate(to_outputs):
            squares = _weight_squares(passed.layers[index], passed.inputs[index].detach(), gradient)
            totals[0, index] += (per_square * squares).sum()
    return totals


@dataclass(frozen=True)
class _Pass:
    """Layers of one forward pass in call order, with the tensors that they read and put out."""

    layers: list[Layer] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)

    def see(self, _: str, layer: Layer, x: Tensor, y: Tensor) -> Tensor:
        self.layers.append(layer)
        self.inputs.append(x)
        self.outputs.append(y)
        return y.clone()  # what follows may write in place; the gradient is wanted at y


def _decisions(logits: Tensor, start: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the decision (N, 1), the other classes (N, K−1) and their distances from it, float64."""
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise ValueError(f"logits.shape={tuple(logits.shape)} is not (N, classes): give a module that puts out logits")
    top = logits.argmax(1, keepdim=True)
    rivals = (top + torch.arange(1, logits.shape[1], device=logits.device)) % logits.shape[1]
    margins = (logits.gather(1, top) - logits.gather(1, rivals)).detach().double()
    tied = torch.nonzero((margins == 0).any(1)).flatten()
    if len(tied):
        raise ValueError(
            f"images[{start + int(tied[0])}] has two largest logits that are equal, so that its bound is infinite: "
            "leave the image out"
        )
    return top, rivals, margins


def _gradients(
    logits: Tensor, top: Tensor, rivals: Tensor, inputs: Sequence[Tensor], outputs: Sequence[Tensor]
) -> tuple[list[Tensor], list[Tensor]]:
    """Return the gradients of Z_i − Z_ŷ with respect to inputs and outputs, each (N, rivals, …)."""
    with torch.enable_grad():
        margins = [(logits.gather(1, rival) - logits.gather(1, top)).sum() for rival in torch.split(rivals, 1, 1)]
    tensors = (*inputs, *outputs)
    each = [torch.autograd.grad(margin, tensors, retain_graph=True, materialize_grads=True) for margin in margins]
    stacked = [torch.stack(gradients, dim=1) for gradients in zip(*each, strict=True)]
    return stacked[: len(inputs)], stacked[len(inputs) :]


def _squares(gradient: Tensor) -> Tensor:
    """Return Σ g² over all but the first two axes, float64."""
    return gradient.flatten(2).square().sum(2, dtype=torch.float64)


def _weight_squares(layer: Layer, x: Tensor, gradient: Tensor) -> Tensor:
    """Return the squared norms (N, rivals) of each image's gradient of the weights, from that of the output.

    With the products of one output position in a column of u (F, P), and g (O, P) the gradient of the outputs, the
    weights' gradient is g·uᵀ; where positions are few, ‖g·uᵀ‖² = Σ (gᵀg)∘(uᵀu) takes fewer operations.
    """
    u, g = _columns(layer, x), _output_columns(layer, gradient)
    images, rivals, groups, outputs, positions = g.shape
    fan_in = u.shape[2]
    if positions * (fan_in + rivals * outputs) < rivals * outputs * fan_in:
        products = (g.mT @ g) * (u.mT @ u).unsqueeze(1)
        return products.flatten(2).sum(2, dtype=torch.float64).clamp_min(0)
    rows = g.transpose(1, 2).reshape(images, groups, rivals * outputs, positions)
    per_weight = (rows @ u.mT).reshape(images, groups, rivals, outputs * fan_in)
    return _squares(per_weight.transpose(1, 2))


def _columns(layer: Layer, x: Tensor) -> Tensor:
    """Return the inputs of every output position, (N, groups, F, P)."""
    if isinstance(layer, nn.Linear):
        return x.reshape(len(x), 1, -1, layer.in_features).mT
    if isinstance(layer, nn.Conv3d) or isinstance(layer.padding, str) or layer.padding_mode != "zeros":
        raise ValueError(f"layer={layer} is not a Conv1d or Conv2d that pads zeros by numbers: write it as such")
    flat = isinstance(layer, nn.Conv1d)
    unfolded = F.unfold(
        x.unsqueeze(2) if flat else x,
        kernel_size=(1, *layer.kernel_size) if flat else layer.kernel_size,
        dilation=(1, *layer.dilation) if flat else layer.dilation,
        padding=(0, *layer.padding) if flat else layer.padding,
        stride=(1, *layer.stride) if flat else layer.stride,
    )
    return unfolded.reshape(len(x), layer.groups, -1, unfolded.shape[2])


def _output_columns(layer: Layer, gradient: Tensor) -> Tensor:
    """Return the gradient of the outputs by position, (N, rivals, groups, O / groups, P)."""
    images, rivals = gradient.shape[:2]
    if isinstance(layer, nn.Linear):
        return gradient.reshape(images, rivals, 1, -1, layer.out_features).mT
    return gradient.reshape(images, rivals, layer.groups, layer.out_channels // layer.groups, -1)
