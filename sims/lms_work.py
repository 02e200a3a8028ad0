"""Work on several operators and ensembles at once; results come in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from numba import config

from sims.reporting import Report

__all__ = ["worked"]

Item = TypeVar("Item")
Found = TypeVar("Found")


def worked(
    items: Sequence[Item], work: Callable[[Item], Found], what: str, report: Report = lambda *_: None
) -> tuple[Found, ...]:
    """Return ``work(item)`` of each item, by as many threads as NUMBA_NUM_THREADS says.

    Parameters
    ----------
    items : sequence
        What to work on.
    work : callable
        Releases the interpreter's lock most of its time.
    what : str
        What is done, for the report.
    report : callable
        Called with what is done, how many of it, and of how many.

    Examples
    --------
    >>> worked([1, 2, 3], str, "numbers")
    ('1', '2', '3')
    """
    found = []
    with ThreadPoolExecutor(config.NUMBA_NUM_THREADS) as pool:  # type: ignore[attr-defined]
        for done, result in enumerate(pool.map(work, items), start=1):
            found.append(result)
            report(what, done, len(items))
    return tuple(found)
