"""Times an integer network against float32 inference of the same folded network: python -m benchmarks.inference."""

import argparse
import resource
import statistics
import time

import numpy as np
import torch
from torch import nn

import analysis
import fxp
from sims import datasets, networks, training

BATCHES = (50, 100, 250, 500)


def seconds(work, *arguments):
    """Return how long one call takes."""
    started = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - started


@torch.inference_mode()
def infer(module: nn.Module, images: np.ndarray, batch: int) -> None:
    """Run float32 inference, channels last."""
    for start in range(0, len(images), batch):
        module(training.as_input(images[start : start + batch]))


def compare(name: str, data: datasets.Dataset, *, bits: tuple[int, ...], repeats: int) -> None:
    """Print medians of interleaved runs, and their ratio to float32 at its best batch."""
    module = networks.load(name, data.name).to(memory_format=torch.channels_last)
    calibration = analysis.calibrate(module, data.held_out.images)
    integer = {
        b: analysis.to_integer(
            module, data.held_out.images, fxp.uniform(calibration.layers, b), calibration=calibration
        )
        for b in bits
    }
    images = data.test.images
    for network in integer.values():
        network.run(images[:200])
    floats: dict[int, list[float]] = {batch: [] for batch in BATCHES}
    integers: dict[int, list[float]] = {b: [] for b in bits}
    for _ in range(repeats):
        for batch in BATCHES:
            floats[batch].append(seconds(infer, module, images, batch))
        for b, network in integer.items():
            integers[b].append(seconds(network.run, images))
    batch, best = min(((key, statistics.median(times)) for key, times in floats.items()), key=lambda pair: pair[1])
    print(f"{name}, {data.title}, {len(images)} images: float32 {best:.2f} s (batch {batch})")
    for b, times in integers.items():
        median = statistics.median(times)
        print(f"  {b:2d} bits {median:.2f} s, ratio {median / best:.2f}")


def main() -> None:
    """Compare both networks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--bits", type=int, nargs="+", default=[8, 6, 4, 2])
    options = parser.parse_args()
    data = datasets.cifar10_or_embedded()
    print(f"threads: torch {torch.get_num_threads()}")
    for name in ("convnet", "resnet20") if data.name == "cifar10" else ("convnet",):
        compare(name, data, bits=tuple(options.bits), repeats=options.repeats)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
