"""Time `fxp.encode` of 10**6 float64 to 8 bits beside the plain NumPy line: ``python benchmarks/encode.py``.

Both run in one process, in turns of some calls each: in turns, so that a busy machine or a changing clock hits both; of
some calls, because the memory that one frees decides how many page faults the next call of the other pays for.
Run it on an idle machine: a thread that has to wait for its turn on a core delays the whole call.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np

from fxp import Format, encode

SIZE = 10**6
TURNS = 10
CALLS = 20
FORMAT = Format(8, 6)


def plain_numpy(x):
    return np.clip(np.rint(x * 2.0**FORMAT.frac_bits), FORMAT.min_code, FORMAT.max_code).astype(np.int8)


def fxp_encode(x):
    return encode(x, FORMAT)


def medians(contestants: list[Callable], x: np.ndarray) -> list[float]:
    """Return the median seconds of each contestant, run in turns."""
    seconds = [[] for _ in contestants]
    for _ in range(TURNS):
        for contestant, spent in zip(contestants, seconds, strict=True):
            for _ in range(CALLS):
                start = time.perf_counter()
                contestant(x)
                spent.append(time.perf_counter() - start)
    return [statistics.median(spent) for spent in seconds]


def main() -> None:
    x = np.random.default_rng(0).normal(size=SIZE)
    start = time.perf_counter()
    np.testing.assert_array_equal(fxp_encode(x), plain_numpy(x))
    print(f"first call (imports, compilation or its cache): {time.perf_counter() - start:.2f} s")
    ours, theirs = medians([fxp_encode, plain_numpy], x)
    print(f"encode {SIZE} float64 to {FORMAT}, half-even, saturating; median of {TURNS * CALLS}")
    print(f"  fxp.encode, int64 codes  {ours * 1e3:7.3f} ms")
    print(f"  NumPy, int8 codes        {theirs * 1e3:7.3f} ms")
    print(f"  ratio                    {ours / theirs:7.3f}")


if __name__ == "__main__":
    main()
