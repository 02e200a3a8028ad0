"""Integer networks beside float32 inference of the same folded networks: ``python -m benchmarks inference``.

On CIFAR-10 where it is at hand, else the convolutional network on the embedded set.
"""

import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import nn

import analysis
import fxp
from benchmarks.tables import Table
from benchmarks.timing import Contestant, compare
from sims import datasets, networks, training

BATCHES = (50, 100, 250, 500)
BITS = (8, 4)
IMAGES, CALIBRATING = 500, 500


@torch.inference_mode()
def infer(module: nn.Module, images: np.ndarray, batch: int) -> None:
    """Run float32 inference, channels last."""
    for start in range(0, len(images), batch):
        module(training.as_input(images[start : start + batch]))


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def best_batch(module: nn.Module, images: np.ndarray) -> int:
    """Return the batch that float32 inference is fastest with."""
    infer(module, images, BATCHES[0])
    return min(BATCHES, key=lambda batch: seconds(lambda: infer(module, images, batch)))


def contestants(module: nn.Module, data: datasets.Dataset, images: np.ndarray) -> Iterator[Contestant]:
    batch = best_batch(module, images)
    yield Contestant(f"torch float32, batch {batch}", lambda: infer(module, images, batch))
    held_out = data.held_out.images[:CALIBRATING]
    calibration = analysis.calibrate(module, held_out)
    for bits in BITS:
        assignment = fxp.uniform(calibration.layers, bits)
        network = analysis.to_integer(module, held_out, assignment, calibration=calibration)
        yield Contestant(f"fxp, {bits} bits", lambda network=network: network.run(images))


def tables() -> Iterator[Table]:
    data = datasets.cifar10_or_embedded()
    images = data.test.images[:IMAGES]
    for name in ("convnet", "resnet20") if data.name == "cifar10" else ("convnet",):
        module = networks.load(name, data.name).to(memory_format=torch.channels_last)
        title = f"{name}, {len(images)} images of {data.title}"
        yield compare(title, list(contestants(module, data, images)), turns=5)
