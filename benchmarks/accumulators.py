"""Convolutions in accumulators of limited width beside torch's quantised one: ``python -m benchmarks accumulators``.

8-bit data as after a ReLU. At 17 bits about one output in two thousand overflows, at 16 bits one in twelve; where all
overflow, operands and weights are at the upper ends of their ranges. A call of fxp counts whole, as in `convolution`.
The scalar loop is what one writes first; it runs on few images, so compare its GMAC/s.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from numba import njit, prange

from benchmarks.convolution import CHANNELS, IMAGES, QUANTISED_STEP, SIZE, channels_last, quantised_operands
from benchmarks.tables import Table
from benchmarks.timing import Contestant, compare
from fxp import Accumulator, conv2d

FEW = 4  # images of the scalar loop
MACS = CHANNELS**2 * 9 * SIZE**2  # of an image


@njit(parallel=True)
def loop(x: np.ndarray, w: np.ndarray, least: int, most: int) -> np.ndarray:
    """Return the sums of padded images (N, C, H, W), clamped after each product."""
    images, channels, height, width = x.shape
    codes = np.zeros((images, len(w), height - 2, width - 2), np.int32)
    for n in prange(images):
        for o in range(len(w)):
            for i in range(height - 2):
                for j in range(width - 2):
                    register = 0
                    for r in range(3):
                        for s in range(3):
                            for c in range(channels):
                                register += np.int64(x[n, c, i + r, j + s]) * w[o, c, r, s]
                                register = min(max(register, least), most)
                    codes[n, o, i, j] = register
    return codes


def limited(name: str, x: np.ndarray, w: np.ndarray, accumulator: Accumulator | None) -> Contestant:
    """Return a contestant whose remark says how many of its outputs overflow."""
    call = partial(conv2d, x, w, accumulator=accumulator, padding=1)
    result = call()
    share = "" if not result.overflowed else f"{result.overflowed / result.codes.size:.2%} of the outputs overflow"
    return Contestant(f"fxp.conv2d, {name}", call, remark=share)


def contestants(x: np.ndarray, w: np.ndarray) -> Iterator[Contestant]:
    planes, packed = quantised_operands(x, w)
    pixels, images = planes.contiguous(memory_format=torch.channels_last), channels_last(x)
    quantised = torch.ops.quantized.conv2d
    yield Contestant("torch quantised, channels last", lambda: quantised(pixels, packed, QUANTISED_STEP, 0))
    yield limited("exact", images, w, None)
    yield limited("27 bits, statically certified", images, w, Accumulator(27))
    for bits in (20, 17, 16, 15, 12):
        yield limited(f"{bits} bits saturating", images, w, Accumulator(bits))
    yield limited("17 bits, clamped at the end", images, w, Accumulator(17, every_step=False))
    yield limited("17 bits wrapping", images, w, Accumulator(17, overflow="WRAP"))
    top = np.full_like(images, 255), np.full_like(w, 127)
    yield limited("17 bits saturating, all at the top", *top, Accumulator(17))


def scalar(x: np.ndarray, w: np.ndarray) -> Iterator[Contestant]:
    padded, images = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), channels_last(x)
    yield Contestant("Numba, scalar loop with a clamp a step", lambda: loop(padded, w, -(2**16), 2**16 - 1), np.asarray)
    register = Accumulator(17)
    yield Contestant(
        "fxp.conv2d, 17 bits saturating",
        lambda: conv2d(images, w, accumulator=register, padding=1),
        lambda result: result.codes,
    )


def tables() -> Iterator[Table]:
    rng = np.random.default_rng(0)
    x = rng.normal(0, 60, (IMAGES, CHANNELS, SIZE, SIZE)).clip(0, 255).round().astype(np.uint8)
    w = rng.normal(0, 20, (CHANNELS, CHANNELS, 3, 3)).clip(-127, 127).round().astype(np.int8)
    shape = f"{CHANNELS}→{CHANNELS}, 3×3, {SIZE}×{SIZE}"
    with torch.inference_mode():
        title = f"convolution {shape}, {IMAGES} images, accumulators of limited width"
        yield compare(title, list(contestants(x, w)), work=IMAGES * MACS)
    few = list(scalar(x[:FEW], w))
    right = np.asarray(few[0].call())
    yield compare(f"convolution {shape}, {FEW} images, clamped at every step", few, right, work=FEW * MACS)
