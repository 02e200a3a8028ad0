"""The exact product of 8-bit matrices, and of 32-bit ones: ``python -m benchmarks exact_matmul``."""

from collections.abc import Iterator

import numpy as np

from benchmarks.tables import Table
from benchmarks.timing import Contestant, compare, peers
from fxp import matmul

SIDE, WIDE_SIDE = 256, 128


def floats(x: np.ndarray, w: np.ndarray, kind: type) -> Contestant:
    """Return NumPy's product of operands that are floats already."""
    values, weights = x.astype(kind), w.astype(kind)
    return Contestant(f"NumPy, {kind.__name__}, converted before", lambda: values @ weights, np.asarray)


def apytypes_contestant(x: np.ndarray, w: np.ndarray) -> Contestant:
    from apytypes import APyFixedArray

    left, right = (APyFixedArray.from_array(codes, int_bits=8, frac_bits=0) for codes in (x, w))
    return Contestant("APyTypes", lambda: left @ right, lambda array: array.to_numpy())


def fxpmath_contestant(x: np.ndarray, w: np.ndarray) -> Contestant:
    from fxpmath import Fxp

    left, right = (Fxp(codes, signed=True, n_word=8, n_frac=0) for codes in (x, w))
    return Contestant("fxpmath", lambda: left.dot(right), lambda number: number.val)


PEERS = {"apytypes": apytypes_contestant, "fxpmath": fxpmath_contestant}


def bytes_table(rng: np.random.Generator) -> Table:
    x, w = rng.integers(-128, 128, (2, SIDE, SIDE), np.int8)
    wide = x.astype(np.int64), w.astype(np.int64)
    contestants = [
        floats(x, w, np.float64),
        floats(x, w, np.float32),
        Contestant("NumPy, int64", lambda: wide[0] @ wide[1], np.asarray),
        Contestant("fxp.matmul", lambda: matmul(x, w), lambda result: result.codes),
        *peers(PEERS, x, w),
    ]
    return compare(f"{SIDE}³ product of 8-bit matrices, exact", contestants, wide[0] @ wide[1], work=SIDE**3)


def wide_table(rng: np.random.Generator) -> Table:
    x, w = rng.integers(-(2**31), 2**31, (2, WIDE_SIDE, WIDE_SIDE))
    objects = x.astype(object), w.astype(object)
    right = objects[0] @ objects[1]
    contestants = [
        Contestant("NumPy, Python integers", lambda: objects[0] @ objects[1], np.asarray),
        Contestant("NumPy, int64", lambda: x @ w, np.asarray, "the sums wrap"),
        Contestant("fxp.matmul", lambda: matmul(x, w), lambda result: result.codes),
    ]
    return compare(f"{WIDE_SIDE}³ product of 32-bit matrices, exact", contestants, right, work=WIDE_SIDE**3, turns=3)


def tables() -> Iterator[Table]:
    rng = np.random.default_rng(0)
    yield bytes_table(rng)
    yield wide_table(rng)
