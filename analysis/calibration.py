"""Ranges of weights and activations, measured on held-out images."""

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from analysis.folding import fold_batch_norm
from analysis.layers import Layer, no_layers, watching

__all__ = ["Calibration", "Progress", "Reader", "as_images", "calibrate", "image_batches", "inference_form", "readers"]

Counts = NDArray[np.int64]
Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Calibration:
    """Ranges of a network's layers, powers of two, one entry a layer in call order.

    Parameters
    ----------
    layers : tuple of str
        Names as in `module.named_modules()`.
    weight_ranges : tuple of float
        Smallest 2^r that is not below the largest magnitude.
    activation_ranges : tuple of float
        Smallest 2^r that is not below the chosen quantile of the magnitudes over the layer's input tensor.
    activation_signed : tuple of bool
        Whether that tensor was negative anywhere.
    tensors : tuple of int
        Index of the first layer that reads the same tensor.
    """

    layers: tuple[str, ...]
    weight_ranges: tuple[float, ...]
    activation_ranges: tuple[float, ...]
    activation_signed: tuple[bool, ...]
    tensors: tuple[int, ...]


def calibrate(
    module: nn.Module,
    images: Any,
    *,
    quantile: float = 0.9999,
    input_range: float | None = 1.0,
    batch: int = 250,
    progress: Progress | None = None,
) -> Calibration:
    """Return the power-of-two ranges of all weights and activations (exact for the images given).

    The quantile is that of all elements of all images: the range is the smallest 2^r with a fraction of at least
    `quantile` of the magnitudes ≤ 2^r. Exponents are counted, so that memory does not grow with the number of images. A
    tensor that is zero throughout gets the range 1; where zeros alone make up the quantile the largest decides.

    Parameters
    ----------
    module : nn.Module
        Network of nn.Conv1d, nn.Conv2d, nn.Conv3d and nn.Linear layers, each called once; batch norms are folded
        first; it is not changed.
    images : array_like, (N, …)
        Held-out images: floats on the input grid, or uint8 codes, which stand for code/256.
    quantile : float
        Fraction of the elements that the range covers, above 0 and up to 1.
    input_range : float or None
        Range of layers that read the images themselves, a power of two: 1 for codes/256, whatever the largest pixel
        seen; None to measure it like the others.
    batch : int
        Images of one forward pass, at least 1.
    progress : callable, optional
        Called with the number of images done and their total.

    Returns
    -------
    Calibration
        The ranges.

    Raises
    ------
    ValueError
        An argument is out of its domain, a pixel exceeds `input_range`, a layer is called twice, or the module has
        layers that cannot be read.

    Examples
    --------
    >>> import torch
    >>> layer = torch.nn.Linear(2, 1)
    >>> _ = layer.weight.data.copy_(torch.tensor([[0.3, -0.6]]))
    >>> calibrate(torch.nn.Sequential(torch.nn.Flatten(), layer), np.array([[[0, 128]]], dtype=np.uint8))
    Calibration(layers=('1',), weight_ranges=(1.0,), activation_ranges=(1.0,), activation_signed=(False,), tensors=(0,))
    """
    if not 0 < quantile <= 1:
        raise ValueError(f"quantile={quantile} is not above 0 and up to 1: give a fraction such as 0.9999")
    network, pixels = inference_form(module), as_images(images)
    _check_input_range(input_range, pixels)
    layers, inputs = readers(network, pixels), _Inputs()
    with watching(network, inputs.see), torch.no_grad():
        for part in image_batches(pixels, network, batch=batch, progress=progress):
            network(part)
    measured = [_quantile_range(inputs.exponents[reader.name], quantile) for reader in layers]
    return Calibration(
        layers=tuple(reader.name for reader in layers),
        weight_ranges=tuple(_peak_range(reader.weight) for reader in layers),
        activation_ranges=tuple(
            float(input_range) if reader.reads_image and input_range else each
            for reader, each in zip(layers, measured, strict=True)
        ),
        activation_signed=tuple(inputs.signed[reader.name] for reader in layers),
        tensors=tuple(reader.tensor for reader in layers),
    )


def as_images(images: Any) -> Tensor:
    """Return images as a floating-point tensor: uint8 codes become code/256, floats stay as they are.

    Parameters
    ----------
    images : array_like, (N, …)
        At least one image; the first axis counts them.

    Returns
    -------
    Tensor
        Same shape; float32 for codes.

    Raises
    ------
    ValueError
        The values are neither uint8 nor floating point, not finite, or there is no image.

    Examples
    --------
    >>> as_images(np.array([[0, 64, 255]], dtype=np.uint8))
    tensor([[0.0000, 0.2500, 0.9961]])
    """
    values = images.detach() if isinstance(images, Tensor) else _as_tensor(np.asarray(images))
    if values.ndim < 2 or values.numel() == 0:
        raise ValueError(f"images.shape={tuple(values.shape)} holds no images: give (N, C, H, W) with N of at least 1")
    if values.dtype == torch.uint8:
        return values.to(torch.float32) / 256
    if not values.is_floating_point():
        raise _wrong_type(values.dtype)
    if not bool(torch.isfinite(values).all()):
        raise ValueError("images has values that are not finite: remove NaN and infinity")
    return values


def _as_tensor(values: np.ndarray[Any, Any]) -> Tensor:
    if values.dtype not in (np.uint8, np.float16, np.float32, np.float64):
        raise _wrong_type(values.dtype)
    return torch.from_numpy(np.require(values, requirements=["C", "W"]))


def _wrong_type(dtype: object) -> ValueError:
    return ValueError(f"images.dtype={dtype} is not uint8 or floating point: give codes as uint8 or pixels as floats")


def inference_form(module: nn.Module) -> nn.Module:
    """Return a copy as it computes at inference: evaluation mode, batch norm folded, nothing done in place.

    Parameters
    ----------
    module : nn.Module
        Its dtype is kept, except that half precision becomes float32.

    Returns
    -------
    nn.Module
        A copy that asks for no gradients of its parameters.

    Raises
    ------
    ValueError
        A batch norm cannot be folded (`analysis.fold_batch_norm`).
    """
    normalised = any(isinstance(part, nn.BatchNorm2d) for part in module.modules())
    network = fold_batch_norm(module) if normalised else copy.deepcopy(module).eval()
    for part in network.modules():
        if hasattr(part, "inplace"):
            part.inplace = False  # type: ignore[assignment]
    dtype = next((weight.dtype for weight in network.parameters()), torch.float32)
    return network.to(torch.promote_types(dtype, torch.float32)).requires_grad_(requires_grad=False)


def image_batches(
    pixels: Tensor, network: nn.Module, *, batch: int, progress: Progress | None = None
) -> Iterator[Tensor]:
    """Yield images (N, …) in batches of the network's dtype, and report progress(done, total) after each.

    Parameters
    ----------
    pixels : Tensor, (N, …)
        Images as `as_images` returns them.
    network : nn.Module
        Whose parameters' dtype and device the batches take.
    batch : int
        Images of one batch, at least 1; the last may have fewer.
    progress : callable, optional
        Called with the number of images done and their total.

    Yields
    ------
    Tensor
        (batch, …)

    Raises
    ------
    ValueError
        `batch` is below 1.
    """
    if batch < 1:
        raise ValueError(f"batch={batch} is not at least 1: give the number of images of one pass")
    like = next(network.parameters())
    for start in range(0, len(pixels), batch):
        yield pixels[start : start + batch].to(like)
        if progress is not None:
            progress(min(start + batch, len(pixels)), len(pixels))


@dataclass(frozen=True)
class Reader:
    """A layer, and the first layer that reads the same input tensor (its own index where it is the first)."""

    name: str
    weight: Tensor
    tensor: int
    reads_image: bool


def readers(network: nn.Module, pixels: Tensor) -> list[Reader]:
    """Return the layers in call order with what they read, seen on one image whose tensors are all kept alive."""
    found: list[Reader] = []
    inputs: list[Tensor] = []

    def see(name: str, layer: Layer, x: Tensor, _: Tensor) -> None:
        if any(layer.weight is reader.weight for reader in found):
            raise ValueError(
                f"layer={name!r} computes with weights that were used before: give every call its own layer"
            )
        inputs.append(x)
        tensor = next(index for index, seen in enumerate(inputs) if seen is x)
        found.append(Reader(name, layer.weight, tensor, _same_values(x, image)))

    image = next(image_batches(pixels[:1], network, batch=1))
    with watching(network, see), torch.no_grad():
        try:
            network(image)
        except (RuntimeError, IndexError) as error:
            raise ValueError(f"images.shape={tuple(pixels.shape)} does not pass through the module: {error}") from error
    if not found:
        raise no_layers(network)
    return found


def _same_values(x: Tensor, image: Tensor) -> bool:
    """Whether x is the image itself or a reshaped view of it, as after nn.Flatten."""
    return x.data_ptr() == image.data_ptr() and x.numel() == image.numel()


def _count_exponents(x: Tensor) -> Counts:
    """Return how many |x| are zero (entry 0), and how many have ⌈log2 |x|⌉ = entry − bias, subnormals the least.

    On the bits of the float: adding a mantissa of ones carries into the exponent unless |x| is a power of two.
    """
    integer, mantissa_bits, entries = (torch.int32, 23, 256) if x.dtype == torch.float32 else (torch.int64, 52, 2048)
    exponents = (x.detach().abs().view(integer) + (2**mantissa_bits - 1)) >> mantissa_bits
    counts: Counts = torch.bincount(exponents.flatten(), minlength=entries).numpy()
    return counts


@dataclass(frozen=True)
class _Inputs:
    """What the forward passes put into each layer: counts of exponents, and whether anything was negative."""

    exponents: dict[str, Counts] = field(default_factory=dict)
    signed: dict[str, bool] = field(default_factory=dict)

    def see(self, name: str, _: Layer, x: Tensor, __: Tensor) -> None:
        low, high = (float(end) for end in torch.aminmax(x))
        if not (math.isfinite(low) and math.isfinite(high)):
            raise ValueError(f"layer={name!r} reads values that are not finite: check the module's weights")
        self.exponents[name] = self.exponents.get(name, 0) + _count_exponents(x)
        self.signed[name] = self.signed.get(name, False) or low < 0


def _quantile_range(counts: Counts, quantile: float) -> float:
    covered = np.cumsum(counts)
    if covered[-1] == counts[0]:
        return 1.0
    entry = int(np.argmax(covered >= quantile * covered[-1]))
    if entry == 0:
        entry = int(np.flatnonzero(counts)[-1])
    bias = len(counts) // 2 - 1
    return math.ldexp(1.0, entry - bias)


def _peak_range(weight: Tensor) -> float:
    return _quantile_range(_count_exponents(weight), 1.0)


def _check_input_range(input_range: float | None, pixels: Tensor) -> None:
    if input_range is None:
        return
    if not (math.isfinite(input_range) and input_range > 0 and math.frexp(input_range)[0] == 0.5):
        raise ValueError(
            f"input_range={input_range} is not a power of two: give one such as 1.0, or None to measure it"
        )
    peak = float(pixels.abs().max())
    if peak > input_range:
        raise ValueError(
            f"input_range={input_range} is below the largest pixel {peak}: give a wider range, or None to measure it"
        )
