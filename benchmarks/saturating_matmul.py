"""A product of matrices in 16 bits that saturate at every step: ``python -m benchmarks saturating_matmul``.

The data overflows: 65,471 of the 65,536 outputs leave 16 bits on the way, 46,415 at the end.
"""

from collections.abc import Iterator

import numpy as np

from benchmarks.tables import Table
from benchmarks.timing import Contestant, compare, peers
from fxp import Accumulator, matmul

SIDE = 256
BITS = 16
LEAST, MOST = -(2 ** (BITS - 1)), 2 ** (BITS - 1) - 1


def loop(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Return what NumPy makes of a loop over k, operands and register in int32."""
    register = np.zeros((len(x), w.shape[1]), np.int32)
    for k in range(len(w)):
        register += np.multiply.outer(x[:, k], w[k])
        np.clip(register, LEAST, MOST, out=register)
    return register


def apytypes_contestant(x: np.ndarray, w: np.ndarray) -> Contestant:
    from apytypes import APyFixedAccumulatorContext, APyFixedArray, OverflowMode, QuantizationMode

    left, right = (APyFixedArray.from_array(codes, int_bits=8, frac_bits=0) for codes in (x, w))

    def product() -> object:
        modes = {"quantization": QuantizationMode.TRN, "overflow": OverflowMode.SAT}
        with APyFixedAccumulatorContext(int_bits=BITS, frac_bits=0, **modes):
            return left @ right

    name, remark = "APyTypes, accumulator context", "it does not saturate the sum"
    return Contestant(name, product, lambda array: array.to_numpy(), remark)


def fxpmath_contestant(x: np.ndarray, w: np.ndarray) -> Contestant:
    from fxpmath import Fxp

    left, right = (Fxp(codes, signed=True, n_word=8, n_frac=0) for codes in (x, w))
    out = Fxp(np.zeros((SIDE, SIDE)), signed=True, n_word=BITS, n_frac=0, overflow="saturate")
    name, remark = "fxpmath, 16-bit output", "it saturates the finished sum only"
    return Contestant(name, lambda: left.dot(right, out=out), lambda number: number.val, remark)


PEERS = {"apytypes": apytypes_contestant, "fxpmath": fxpmath_contestant}


def tables() -> Iterator[Table]:
    x, w = np.random.default_rng(0).integers(-128, 128, (2, SIDE, SIDE), np.int8)
    x32, w32, register = x.astype(np.int32), w.astype(np.int32), Accumulator(BITS)
    contestants = [
        Contestant("NumPy, loop over k", lambda: loop(x32, w32), np.asarray),
        Contestant("fxp.matmul", lambda: matmul(x, w, accumulator=register), lambda result: result.codes),
        *peers(PEERS, x, w),
    ]
    title = f"{SIDE}³ product of 8-bit matrices, {BITS}-bit accumulator saturating at every step"
    yield compare(title, contestants, loop(x32, w32), work=SIDE**3)
