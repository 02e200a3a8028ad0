"""An exact convolution beside torch's quantised and float32 ones: ``python -m benchmarks convolution``.

A call of fxp counts whole: bounds, preparation of the weights, spot checks. torch's quantised convolution has its
weights packed and its operands wrapped beforehand, and rescales its sums to 8 bits.
"""

import warnings
from collections.abc import Iterator

import numpy as np
import torch

from benchmarks.tables import Table
from benchmarks.timing import Contestant, compare
from fxp import conv2d

IMAGES, CHANNELS, SIZE = 64, 64, 32
QUANTISED_STEP = 1024.0


def quantised_operands(x: np.ndarray, w: np.ndarray) -> tuple[torch.Tensor, object]:
    """Return torch's quantised tensor of the codes x, and its packed weights for padding 1."""
    ones, zeros = torch.ones(len(w), dtype=torch.float64), torch.zeros(len(w), dtype=torch.int64)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="torch.quantize_per_tensor", category=UserWarning)  # deprecated
        images = torch._make_per_tensor_quantized_tensor(torch.from_numpy(x), 1.0, 0)
        kernels = torch._make_per_channel_quantized_tensor(torch.from_numpy(w), ones, zeros, 0)
    return images, torch.ops.quantized.conv2d_prepack(kernels, None, [1, 1], [1, 1], [1, 1], 1)


def channels_last(codes: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(codes.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


def contestants(x: np.ndarray, w: np.ndarray) -> list[Contestant]:
    last = channels_last(x)
    planes, packed = quantised_operands(x, w)
    pixels = planes.contiguous(memory_format=torch.channels_last)
    x32, w32 = (
        torch.from_numpy(codes.astype(np.float32)).contiguous(memory_format=torch.channels_last) for codes in (x, w)
    )
    quantised, plain = torch.ops.quantized.conv2d, torch.nn.functional.conv2d
    rescaled = {"remark": "sums rescaled to 8 bits"}
    return [
        Contestant("torch quantised, channels last", lambda: quantised(pixels, packed, QUANTISED_STEP, 0), **rescaled),
        Contestant("torch quantised, NCHW", lambda: quantised(planes, packed, QUANTISED_STEP, 0), **rescaled),
        Contestant("torch float32, channels last", lambda: plain(x32, w32, padding=1), np.asarray),
        Contestant("fxp.conv2d, channels last", lambda: conv2d(last, w, padding=1), lambda result: result.codes),
        Contestant("fxp.conv2d, NCHW", lambda: conv2d(x, w, padding=1), lambda result: result.codes),
    ]


def tables() -> Iterator[Table]:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (IMAGES, CHANNELS, SIZE, SIZE), np.uint8)
    w = rng.integers(-128, 128, (CHANNELS, CHANNELS, 3, 3), np.int8)
    exact = torch.nn.functional.conv2d(*(torch.from_numpy(codes).double() for codes in (x, w)), padding=1)
    title = f"convolution {CHANNELS}→{CHANNELS}, 3×3, {SIZE}×{SIZE}, {IMAGES} images, uint8 × int8, exact"
    with torch.inference_mode():
        yield compare(title, contestants(x, w), exact.numpy(), work=IMAGES * CHANNELS**2 * 9 * SIZE**2)
