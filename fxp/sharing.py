"""Work shared among threads, for kernels that release the interpreter's lock."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from numba import config

__all__ = ["shared"]

PARTS = 4  # a thread, so that one that is held up leaves its later parts to the others


def shared(count: int, run: Callable[[int, int], Any], threads: int | None = None) -> list[Any]:
    """Return the results of ``run(first, last)`` for consecutive parts of range(count), in order.

    Threads are Python's own, started for the call: several may not enter Numba's parallel loops at the same time.

    Parameters
    ----------
    count : int
        Number of items.
    run : callable
        Computes some of them.
    threads : int, optional
        At most as many threads; by default as NUMBA_NUM_THREADS says, one a core where it is not set. One stays on the
        caller's thread, in one part.

    Examples
    --------
    >>> shared(10, range, threads=1)
    [range(0, 10)]
    """
    threads = config.NUMBA_NUM_THREADS if threads is None else threads  # type: ignore[attr-defined]
    parts = min(count, threads * PARTS)
    if threads == 1 or parts < 2:
        return [run(0, count)]
    ends = [count * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, ends[:-1], ends[1:]))
