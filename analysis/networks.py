"""Torch modules read as fixed-point networks."""

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from analysis.layers import Layer, no_layers, watching
from fxp.costs import LayerShape

__all__ = ["layer_shapes"]


def layer_shapes(module: nn.Module, input_shape: Sequence[int]) -> list[LayerShape]:
    """Return the shapes of the convolution and linear layers that one forward pass calls, in call order.

    The pass runs in evaluation mode on a copy without memory (torch's meta device): no weights are read, so the module
    may itself be made under ``torch.device("meta")``. Batch norm is neither folded nor counted.

    Parameters
    ----------
    module : nn.Module
        Any module of one input whose layers are nn.Conv1d, nn.Conv2d, nn.Conv3d and nn.Linear (with stride, padding,
        dilation and groups); it is not changed. A linear layer on (1, T, F) computes T times its outputs.
    input_shape : sequence of int
        Shape of one input with its batch axis of 1, for instance (1, 3, 224, 224).

    Returns
    -------
    list of LayerShape
        One a call: a layer that is called twice is listed twice, each time with all of its weights. Names are those of
        `module.named_modules()`; `activations` are the elements of the layer's input tensor.

    Raises
    ------
    ValueError
        The shape is not of one input, the module does not run on it, its forward calls no layer that can be counted,
        or it calls one with weights that cannot (transposed convolutions, recurrent and attention layers, …).

    Examples
    --------
    >>> from torch import nn
    >>> for shape in layer_shapes(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(72, 10)), (1, 3, 5, 5)):
    ...     print(shape)
    LayerShape(name='0', dot_length=27, dots=72, weights=216, activations=75, biases=8)
    LayerShape(name='2', dot_length=72, dots=10, weights=720, activations=72, biases=10)
    """
    shape = _one_input(input_shape)
    shapes: list[LayerShape] = []
    hollow = _without_memory(module).eval()
    dtype = next((weight.dtype for weight in hollow.parameters()), torch.float32)
    with watching(hollow, lambda name, layer, x, y: shapes.append(_shape(name, layer, x, y))), torch.no_grad():
        try:
            hollow(torch.empty(shape, dtype=dtype, device="meta"))
        except (RuntimeError, NotImplementedError, TypeError) as error:
            raise ValueError(
                f"input_shape={shape} does not pass through the module on the meta device: {error}"
            ) from error
    if not shapes:
        raise no_layers(module)
    return shapes


def _one_input(input_shape: Sequence[int]) -> tuple[int, ...]:
    shape = tuple(input_shape)
    whole = all(isinstance(size, int | np.integer) and size > 0 for size in shape)
    if len(shape) < 2 or shape[0] != 1 or not whole:
        raise ValueError(f"input_shape={shape} is not the shape of one input: give (1, …), for instance (1, 3, 32, 32)")
    return tuple(map(int, shape))


def _without_memory(module: nn.Module) -> nn.Module:
    """Return a deep copy whose parameters and buffers are on the meta device; their values are never copied."""
    parameters = {id(each): nn.Parameter(_hollow(each), requires_grad=False) for each in module.parameters()}
    buffers = {id(each): _hollow(each) for each in module.buffers()}
    return copy.deepcopy(module, {**buffers, **parameters})


def _hollow(values: Tensor) -> Tensor:
    return torch.empty_like(values, device="meta")


def _shape(name: str, layer: Layer, x: Tensor, y: Tensor) -> LayerShape:
    outputs = layer.weight.shape[0]
    return LayerShape(
        name,
        dot_length=layer.weight.numel() // outputs,
        dots=y.numel(),
        weights=layer.weight.numel(),
        activations=x.numel(),
        biases=0 if layer.bias is None else outputs,
    )
