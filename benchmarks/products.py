"""Time exact products of integer codes beside float32 and torch's quantised ones: ``python benchmarks/products.py``.

All of a table run in one process, in turns, so that a busy machine or a changing clock hits all; run it on an idle
machine. Each call of fxp counts whole: bounds, preparation of the weights, spot checks. torch's quantised convolution
has its weights packed and its operands wrapped beforehand.
"""

import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch

import fxp

TURNS = 15
SIDE = 256
IMAGES, CHANNELS, SIZE = 64, 64, 32
QUANTISED_STEP = 1024.0


def medians(contestants: dict[str, Callable[[], object]], calls: int) -> dict[str, float]:
    """Return the median seconds of a call of each contestant, run in turns of some calls each."""
    seconds = {name: [] for name in contestants}
    for _ in range(TURNS + 1):
        for name, contestant in contestants.items():
            for _ in range(calls):
                start = time.perf_counter()
                contestant()
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(spent[calls:]) for name, spent in seconds.items()}


def report(title: str, measured: dict[str, float], work: int) -> None:
    print(f"\n{title}; median of {TURNS} turns")
    print(f"  {'':42} {'ms':>8} {'GMAC/s':>8} {'time/fxp':>9}")
    first = next(iter(measured.values()))
    for name, seconds in measured.items():
        print(f"  {name:42} {seconds * 1e3:8.3f} {work / seconds / 1e9:8.1f} {seconds / first:9.2f}")


def matrix_products(rng: np.random.Generator) -> dict[str, Callable[[], object]]:
    x, w = rng.integers(-128, 128, (2, SIDE, SIDE), np.int8)
    x32, w32 = x.astype(np.float32), w.astype(np.float32)
    np.testing.assert_array_equal(fxp.matmul(x, w).codes, x.astype(np.int64) @ w.astype(np.int64))
    return {
        "fxp.matmul, exact, int8 codes": lambda: fxp.matmul(x, w),
        "NumPy (BLAS), float32": lambda: np.matmul(x32, w32),
    }


def convolutions(rng: np.random.Generator) -> dict[str, Callable[[], object]]:
    x = rng.integers(0, 256, (IMAGES, CHANNELS, SIZE, SIZE), np.uint8)
    w = rng.integers(-128, 128, (CHANNELS, CHANNELS, 3, 3), np.int8)
    last = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    quantised, packed = quantised_operands(x, w)
    quantised_last = quantised.contiguous(memory_format=torch.channels_last)
    x32, w32 = (
        torch.from_numpy(codes.astype(np.float32)).contiguous(memory_format=torch.channels_last) for codes in (x, w)
    )
    convolve = torch.ops.quantized.conv2d
    sums = torch.nn.functional.conv2d(x32.double(), w32.double(), padding=1).numpy()
    np.testing.assert_array_equal(fxp.conv2d(x, w, padding=1).codes, sums)
    return {
        "fxp.conv2d, exact, NCHW": lambda: fxp.conv2d(x, w, padding=1),
        "torch quantised, uint8 output, NCHW": lambda: convolve(quantised, packed, QUANTISED_STEP, 0),
        "torch float32, channels last": lambda: torch.nn.functional.conv2d(x32, w32, padding=1),
        "fxp.conv2d, exact, channels last": lambda: fxp.conv2d(last, w, padding=1),
        "torch quantised, uint8 output, channels last": lambda: convolve(quantised_last, packed, QUANTISED_STEP, 0),
    }


def quantised_operands(x: np.ndarray, w: np.ndarray) -> tuple[torch.Tensor, object]:
    """Return torch's quantised tensor of the codes x, and its packed weights for padding 1."""
    ones, zeros = torch.ones(len(w), dtype=torch.float64), torch.zeros(len(w), dtype=torch.int64)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="torch.quantize_per_tensor", category=UserWarning)  # deprecated
        images = torch._make_per_tensor_quantized_tensor(torch.from_numpy(x), 1.0, 0)
        kernels = torch._make_per_channel_quantized_tensor(torch.from_numpy(w), ones, zeros, 0)
    return images, torch.ops.quantized.conv2d_prepack(kernels, None, [1, 1], [1, 1], [1, 1], 1)


def main() -> None:
    rng = np.random.default_rng(0)
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}")
    report(f"{SIDE}×{SIDE} by {SIDE}×{SIDE}", medians(matrix_products(rng), calls=50), SIDE**3)
    title = f"{CHANNELS}→{CHANNELS} channels, 3×3, {SIZE}×{SIZE}, {IMAGES} images, uint8 × int8"
    with torch.inference_mode():
        work = IMAGES * CHANNELS**2 * 9 * SIZE**2
        report(title, medians(convolutions(rng), calls=3), work)


if __name__ == "__main__":
    main()
