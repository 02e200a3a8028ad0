"""The networks of the experiments, and the weights that were trained here."""

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch
from torch import nn

from fxp.files import replacing
from sims.architectures import BasicBlock, alexnet_cifar10, convnet, lenet5, resnet18, resnet20, vgg11

__all__ = [
    "BasicBlock",
    "Network",
    "alexnet_cifar10",
    "architecture",
    "convnet",
    "lenet5",
    "load",
    "resnet18",
    "resnet20",
    "save_weights",
    "vgg11",
    "weights_about",
]


class Network(StrEnum):
    """The networks that come with trained weights."""

    CONVNET = "convnet"
    LENET5 = "lenet5"
    RESNET20 = "resnet20"


TRAINED: dict[str, Callable[..., nn.Module]] = {
    Network.CONVNET: convnet,
    Network.LENET5: lenet5,
    Network.RESNET20: resnet20,
}


def load(network: str, dataset: str) -> nn.Module:
    """Return a trained network, folded, in evaluation mode: the float reference of the experiments.

    Parameters
    ----------
    network : {"convnet", "lenet5", "resnet20"}
        Architecture.
    dataset : {"cifar10", "mnist", "embedded"}
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
