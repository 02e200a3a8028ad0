"""The networks of the experiments as plain torch modules, and the weights that were trained here."""

import json
from collections import OrderedDict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from fxp.files import replacing

__all__ = ["BasicBlock", "architecture", "convnet", "load", "resnet20", "save_weights", "weights_about"]


def convnet(*, batch_norm: bool = False) -> nn.Sequential:
    """Return 3×3 convolutions 32-32-pool-64-64-pool-128-128-pool and fully connected 256-256-10, for 3×32×32 images.

    Parameters
    ----------
    batch_norm : bool
        Normalise after each convolution, as in training; the default is the folded form that the weights belong to.

    Returns
    -------
    nn.Sequential
        Layers named conv1..conv6 and fc1..fc3.
    """
    widths = (3, 32, 32, 64, 64, 128, 128)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (before, after) in enumerate(pairwise(widths), start=1):
        layers[f"conv{number}"] = _conv(before, after, 3, batch_norm=batch_norm)
        layers[f"norm{number}"] = _norm(after, batch_norm=batch_norm)
        layers[f"relu{number}"] = nn.ReLU()
        if number % 2 == 0:
            layers[f"pool{number // 2}"] = nn.MaxPool2d(2)
    layers["flatten"] = nn.Flatten()
    for number, (before, after) in enumerate(pairwise((128 * 4 * 4, 256, 256, 10)), start=1):
        if number > 1:
            layers[f"relu{number + 5}"] = nn.ReLU()
        layers[f"fc{number}"] = nn.Linear(before, after)
    return nn.Sequential(layers)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut; the shortcut is a 1×1 projection where the shape changes.

    Parameters
    ----------
    before, after : int
        Channels of the input and of the output.
    stride : int
        Stride of the first convolution and of the projection.
    batch_norm : bool
        Normalise after each convolution.
    """

    def __init__(self, before: int, after: int, *, stride: int, batch_norm: bool) -> None:
        super().__init__()
        self.conv1 = _conv(before, after, 3, stride=stride, batch_norm=batch_norm)
        self.norm1 = _norm(after, batch_norm=batch_norm)
        self.relu1 = nn.ReLU()
        self.conv2 = _conv(after, after, 3, batch_norm=batch_norm)
        self.norm2 = _norm(after, batch_norm=batch_norm)
        self.projection: nn.Module | None = None
        if stride > 1 or before != after:
            projection = _conv(before, after, 1, stride=stride, batch_norm=batch_norm)
            self.projection = nn.Sequential(OrderedDict(conv=projection, norm=_norm(after, batch_norm=batch_norm)))
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output, (N, after, H / stride, W / stride)."""
        y = self.norm2(self.conv2(self.relu1(self.norm1(self.conv1(x)))))
        shortcut = x if self.projection is None else self.projection(x)
        out: Tensor = self.relu2(y + shortcut)
        return out


def resnet20(*, batch_norm: bool = False) -> nn.Sequential:
    """Return the residual network of 20 layers for 3×32×32 images: nine basic blocks of 16, 32 and 64 channels.

    Parameters
    ----------
    batch_norm : bool
        Normalise after each convolution, as in training; the default is the folded form that the weights belong to.

    Returns
    -------
    nn.Sequential
        The network; its shortcuts are 1×1 projections where the shape changes.

    References
    ----------
    He et al., Deep residual learning for image recognition, 2016, section 4.2 (there with parameter-free shortcuts).
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv1"] = _conv(3, 16, 3, batch_norm=batch_norm)
    layers["norm1"] = _norm(16, batch_norm=batch_norm)
    layers["relu1"] = nn.ReLU()
    before = 16
    for stage, after in enumerate((16, 32, 64), start=1):
        for number in range(1, 4):
            stride = 2 if stage > 1 and number == 1 else 1
            layers[f"block{stage}_{number}"] = BasicBlock(before, after, stride=stride, batch_norm=batch_norm)
            before = after
    layers["pool"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    layers["fc"] = nn.Linear(64, 10)
    return nn.Sequential(layers)


def _conv(before: int, after: int, kernel: int, *, stride: int = 1, batch_norm: bool) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel, stride=stride, padding=kernel // 2, bias=not batch_norm)


def _norm(channels: int, *, batch_norm: bool) -> nn.Module:
    return nn.BatchNorm2d(channels) if batch_norm else nn.Identity()


TRAINED: dict[str, Callable[..., nn.Module]] = {"convnet": convnet, "resnet20": resnet20}


def load(network: str, dataset: str) -> nn.Module:
    """Return a trained network, folded, in evaluation mode: the float reference of the experiments.

    Parameters
    ----------
    network : {"convnet", "resnet20"}
        Architecture.
    dataset : {"cifar10", "embedded"}
        Image set it was trained on.

    Returns
    -------
    nn.Module
        float32 module with the weights as stored (float16 values).

    Raises
    ------
    ValueError
        No weights of this pair come with the package.
    """
    module = architecture(network)()
    with np.load(_weights_file(network, dataset), allow_pickle=False) as stored:
        state = {key: torch.from_numpy(stored[key].astype(np.float32)) for key in stored.files if key != "about"}
    module.load_state_dict(state)
    return module.eval()


def weights_about(network: str, dataset: str) -> dict[str, object]:
    """Return how stored weights were trained: data, epochs, seed and held-out accuracy."""
    with np.load(_weights_file(network, dataset), allow_pickle=False) as stored:
        return dict(json.loads(str(stored["about"])))


def save_weights(module: nn.Module, path: str, *, about: dict[str, object]) -> None:
    """Write the parameters of a folded module as float16 arrays, with the JSON text `about` beside them."""
    arrays = {key: value.detach().numpy().astype(np.float16) for key, value in module.state_dict().items()}
    with replacing(path) as draft:
        np.savez_compressed(draft, allow_pickle=False, about=np.array(json.dumps(about)), **arrays)


def architecture(network: str) -> Callable[..., nn.Module]:
    """Return the function that makes a network of this name; ValueError where it is not among the trained ones."""
    if network not in TRAINED:
        raise ValueError(f"network={network!r} is not among the trained ones: choose one of {', '.join(TRAINED)}")
    return TRAINED[network]


def _weights_file(network: str, dataset: str) -> Path:
    folder = Path(__file__).parent / "weights"
    file = folder / f"{network}-{dataset}.npz"
    if not file.is_file():
        have = sorted(entry.name for entry in folder.glob("*.npz"))
        raise ValueError(f"network={network!r} has no weights for dataset={dataset!r}: stored are {', '.join(have)}")
    return file
