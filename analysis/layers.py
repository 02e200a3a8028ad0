"""The convolution and linear layers of a torch module, in the order in which its forward calls them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

__all__ = ["Layer", "no_layers", "watching"]

Layer = nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear
_NORMS = (nn.LayerNorm,)


@contextmanager
def watching(module: nn.Module, seen: Callable[[str, Layer, Tensor, Tensor], Tensor | None]) -> Iterator[None]:
    """Call `seen(name, layer, input, output)` each time a forward pass calls a convolution or linear layer.

    Parameters
    ----------
    module : nn.Module
        The hooks sit on it inside the block only.
    seen : callable
        What it returns, unless None, takes the place of the layer's output.

    Yields
    ------
    None
        Run the forward passes inside the block.

    Raises
    ------
    ValueError
        From the forward pass, when it calls a module with weight matrices that is no convolution or linear layer.
    """
    handles = [handle for name, part in module.named_modules() for handle in _hooked(name, part, seen)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def no_layers(module: nn.Module) -> ValueError:
    """Return the error of a forward pass in which `watching` saw nothing."""
    return ValueError(
        f"module={type(module).__name__} calls no convolution or linear layer in its forward: "
        "functional calls are not seen; use nn.Conv1d, nn.Conv2d, nn.Conv3d and nn.Linear"
    )


def _hooked(name: str, part: nn.Module, seen: Callable[..., Tensor | None]) -> Iterator[Any]:
    if isinstance(part, Layer):
        title = name or type(part).__name__
        yield part.register_forward_hook(lambda layer, inputs, output: seen(title, layer, inputs[0], output))
    elif not isinstance(part, _NORMS) and any(weight.ndim > 1 for weight in part.parameters(recurse=False)):
        yield part.register_forward_pre_hook(lambda *_: _refuse(name, part))


def _refuse(name: str, part: nn.Module) -> None:
    raise ValueError(
        f"layer={name!r} is a {type(part).__name__} with weights of its own: only convolution (not transposed) and "
        "linear layers are read; write it with nn.Conv1d, nn.Conv2d, nn.Conv3d or nn.Linear"
    )
