"""A million float64 numbers to 8 bits, half to even, saturating: ``python -m benchmarks encode``."""

from collections.abc import Iterator

import numpy as np

from benchmarks.tables import Table
from benchmarks.timing import Contestant, compare, peers
from fxp import Format, encode

SIZE = 10**6
FORMAT = Format(8, 6)
SCALE = 2.0**FORMAT.frac_bits


def plain(x: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(x * SCALE), FORMAT.min_code, FORMAT.max_code).astype(np.int8)


def in_place(x: np.ndarray, scratch: np.ndarray, codes: np.ndarray) -> np.ndarray:
    np.multiply(x, SCALE, out=scratch)
    np.rint(scratch, out=scratch)
    np.clip(scratch, FORMAT.min_code, FORMAT.max_code, out=scratch)
    np.copyto(codes, scratch, casting="unsafe")
    return codes


def torch_contestant(x: np.ndarray) -> Contestant:
    import torch

    numbers, limits = torch.from_numpy(x), (FORMAT.min_code, FORMAT.max_code)
    return Contestant("torch, one line", lambda: (numbers * SCALE).round_().clamp_(*limits).to(torch.int8), np.asarray)


def apytypes_contestant(x: np.ndarray) -> Contestant:
    from apytypes import APyFixedArray, OverflowMode, QuantizationMode

    word = {"int_bits": FORMAT.int_bits, "frac_bits": FORMAT.frac_bits}
    modes = {"quantization": QuantizationMode.RND_CONV, "overflow": OverflowMode.SAT}
    return Contestant(
        "APyTypes, from_float and cast",
        lambda: APyFixedArray.from_float(x, int_bits=8, frac_bits=52).cast(**word, **modes),
        lambda array: array.to_numpy() * SCALE,
    )


def fxpmath_contestant(x: np.ndarray) -> Contestant:
    from fxpmath import Fxp

    word = {"signed": True, "n_word": FORMAT.word_bits, "n_frac": FORMAT.frac_bits}
    modes = {"rounding": "around", "overflow": "saturate"}
    return Contestant("fxpmath", lambda: Fxp(x, **word, **modes), lambda number: number.val)


PEERS = {"torch": torch_contestant, "apytypes": apytypes_contestant, "fxpmath": fxpmath_contestant}


def tables() -> Iterator[Table]:
    x = np.random.default_rng(0).normal(size=SIZE)
    scratch, codes = np.empty(SIZE), np.empty(SIZE, np.int8)
    contestants = [
        Contestant("NumPy, one line", lambda: plain(x), np.asarray),
        Contestant("NumPy, in place", lambda: in_place(x, scratch, codes), np.asarray),
        Contestant("fxp.encode, int64 codes", lambda: encode(x, FORMAT), np.asarray),
        *peers(PEERS, x),
    ]
    yield compare("10⁶ float64 to 8 bits, half to even, saturating", contestants, plain(x))
