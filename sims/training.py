"""Trains the networks of the experiments: ``python -m sims.training convnet --dataset cifar10``.

Stochastic gradient descent with a one-cycle schedule on the training images (45,000 for CIFAR-10, 55,000 for MNIST),
random crops and, but for digits, mirror images; the accuracy on the 5,000 held-out images is printed after every epoch,
the test set is not touched. A run that is stopped continues where its last complete epoch ended and gives the weights
it would have given.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional as F

from analysis.folding import fold_batch_norm
from fxp.files import replacing
from sims import datasets, networks
from sims.reporting import one_line_errors

__all__ = ["Recipe", "accuracy", "train"]


@dataclass(frozen=True)
class Recipe:
    """What a training run depends on, besides the data; shifts of up to 4 pixels as in He et al., section 4.2."""

    network: str
    epochs: int
    seed: int = 0
    batch: int = 128
    peak_rate: float = 0.2
    weight_decay: float = 5e-4
    shift: int = 4
    mirror: bool = True


def augmented(images: NDArray[np.uint8], rng: np.random.Generator, recipe: Recipe) -> NDArray[np.uint8]:
    """Return the images (N, C, H, W) shifted by as many pixels as the recipe allows, mirrored with probability ½."""
    (count, _, height, width), most = images.shape, recipe.shift
    padded = np.pad(images, ((0, 0), (0, 0), (most, most), (most, most)), mode="reflect")
    rows = rng.integers(0, 2 * most + 1, (count, 1)) + np.arange(height)
    columns = rng.integers(0, 2 * most + 1, (count, 1)) + np.arange(width)
    if recipe.mirror:
        mirrored = rng.random(count) < 0.5
        columns[mirrored] = columns[mirrored, ::-1]
    at = np.arange(count)[:, None, None]
    taken: NDArray[np.uint8] = padded.transpose(0, 2, 3, 1)[at, rows[:, :, None], columns[:, None, :]]
    return taken.transpose(0, 3, 1, 2)


def batches(data: datasets.ImageSet, recipe: Recipe, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the batches of one epoch; they depend on the recipe's seed and the epoch alone."""
    rng = np.random.default_rng([recipe.seed, epoch])
    order = rng.permutation(len(data.labels))
    for start in range(0, len(order) - recipe.batch + 1, recipe.batch):
        chosen = order[start : start + recipe.batch]
        yield (
            as_input(augmented(data.images[chosen], rng, recipe)),
            torch.from_numpy(data.labels[chosen].astype(np.int64)),
        )


def as_input(images: NDArray[np.uint8]) -> Tensor:
    """Return unsigned 8-bit image codes as the float32 values code / 256 that the networks read."""
    return torch.from_numpy(images).to(torch.float32, memory_format=torch.channels_last) / 256


@torch.inference_mode()
def accuracy(module: nn.Module, data: datasets.ImageSet, *, batch: int = 500) -> float:
    """Return the fraction of images that the module classifies as labelled, in float32."""
    module.eval()
    right = 0
    for start in range(0, len(data.labels), batch):
        guess = module(as_input(data.images[start : start + batch])).argmax(1).numpy()
        right += int((guess == data.labels[start : start + batch]).sum())
    return right / len(data.labels)


def train(recipe: Recipe, data: datasets.Dataset, checkpoint: Path) -> nn.Module:
    """Return the trained network, batch norm not yet folded; continue from `checkpoint` where it exists.

    Raises
    ------
    ValueError
        The checkpoint belongs to another recipe, or the images have other channels than the network reads.
    """
    torch.manual_seed(recipe.seed)
    module = networks.architecture(recipe.network)(batch_norm=True)
    _check_channels(recipe.network, module, data)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.SGD(
        module.parameters(), lr=0.0, momentum=0.9, weight_decay=recipe.weight_decay, nesterov=True
    )
    first = _restore(module, optimizer, recipe, checkpoint)
    for epoch in range(first, recipe.epochs):
        started = time.perf_counter()
        loss = _run_epoch(module, optimizer, recipe, data.train, epoch)
        _store(module, optimizer, recipe, checkpoint, epoch + 1)
        seconds = time.perf_counter() - started
        score = accuracy(module, data.held_out)
        print(f"epoch {epoch + 1}/{recipe.epochs}  loss {loss:.4f}  held-out {score:.2%}  {seconds:.0f} s", flush=True)
    return module


def _check_channels(network: str, module: nn.Module, data: datasets.Dataset) -> None:
    reads, have = next(module.parameters()).shape[1], data.train.images.shape[1]
    if reads != have:
        raise ValueError(
            f"network={network!r} reads images of {reads} channels, not the {have} of {data.title}: choose another "
            "data set"
        )


def _run_epoch(
    module: nn.Module, optimizer: torch.optim.Optimizer, recipe: Recipe, data: datasets.ImageSet, epoch: int
) -> float:
    module.train()
    steps = len(data.labels) // recipe.batch
    losses = torch.zeros(steps)
    for step, (images, labels) in enumerate(
        track(batches(data, recipe, epoch), f"epoch {epoch + 1}", steps, transient=True)
    ):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(recipe, (epoch + step / steps) / recipe.epochs)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = module(images)
        loss = F.cross_entropy(logits.float(), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses[step] = loss.detach()
    return float(losses.mean())


def learning_rate(recipe: Recipe, progress: float) -> float:
    """Return the rate at a fraction of the run: up in a line over the first fifth, then down in a line to zero."""
    return recipe.peak_rate * min(progress / 0.2, (1 - progress) / 0.8)


def _store(module: nn.Module, optimizer: torch.optim.Optimizer, recipe: Recipe, checkpoint: Path, epoch: int) -> None:
    state = {
        "recipe": asdict(recipe),
        "epoch": epoch,
        "module": module.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    with replacing(checkpoint) as draft:
        torch.save(state, draft)


def _restore(module: nn.Module, optimizer: torch.optim.Optimizer, recipe: Recipe, checkpoint: Path) -> int:
    if not checkpoint.exists():
        return 0
    state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
    if state["recipe"] != asdict(recipe):
        raise ValueError(f"checkpoint={str(checkpoint)!r} is of {state['recipe']}: move it away or repeat its recipe")
    module.load_state_dict(state["module"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["epoch"])


class TrainingSet(StrEnum):
    """The image sets to train on."""

    CIFAR10 = "cifar10"
    MNIST = "mnist"
    EMBEDDED = "embedded"


AUGMENTATION: dict[str, dict[str, Any]] = {
    TrainingSet.MNIST: {"shift": 2, "mirror": False},  # a mirrored digit is none, and few have room for more
}


app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    network: Annotated[networks.Network, typer.Argument(help="what to train")],
    dataset: Annotated[TrainingSet, typer.Option(help="images to train on")] = TrainingSet.CIFAR10,
    data: Annotated[Path | None, typer.Option(help="folder of the data; else $FXP_DATA, else the user cache")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="passes over the training images")] = 40,
    peak_rate: Annotated[float, typer.Option(min=0, help="highest learning rate; 0.1 for the embedded set")] = 0.2,
    seed: Annotated[int, typer.Option(min=0, help="of the initial weights, the order and the augmentation")] = 0,
    runs: Annotated[Path, typer.Option(help="folder of the checkpoint and of the weights")] = Path("runs"),
) -> None:
    """Train a network; the weights, folded, are written to RUNS/NETWORK-DATASET.npz."""
    with one_line_errors():
        images = _images(dataset, data)
        recipe = Recipe(network.value, epochs, seed, peak_rate=peak_rate, **AUGMENTATION.get(dataset, {}))
        name = f"{network}-{dataset}"
        folded = fold_batch_norm(train(recipe, images, runs / f"{name}.pt"))
        about = {"data": images.title, "held_out_accuracy": accuracy(folded, images.held_out), **asdict(recipe)}
        networks.save_weights(folded, str(runs / f"{name}.npz"), about=about)
    typer.echo(f"{runs / f'{name}.npz'}: held-out accuracy {about['held_out_accuracy']:.2%}")


def _images(dataset: TrainingSet, folder: Path | None) -> datasets.Dataset:
    match dataset:
        case TrainingSet.CIFAR10:
            return datasets.load_cifar10(folder)
        case TrainingSet.MNIST:
            return datasets.load_mnist(folder)
        case TrainingSet.EMBEDDED:
            return datasets.embedded()


if __name__ == "__main__":
    app(prog_name="python -m sims.training")
