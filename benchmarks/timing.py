"""Contestants timed side by side: one process, in turns, medians, and how many of their results are wrong.

In turns, so that a busy machine or a changing clock hits all; of some calls each, because the memory that one frees
decides how many page faults the next call of the other pays for. Run it on an idle machine: a thread that waits for its
turn on a core delays the whole call.
"""

import importlib.util
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.tables import Row, Table

TURNS = 9
SLICE = 0.02  # seconds of a turn, after which no other call of the contestant begins
MOST_CALLS = 50


@dataclass(frozen=True)
class Contestant:
    """A library's way to do some work.

    `codes` makes integers of what `call` returns, where they are to be compared with the right ones; `remark` says what
    the library does otherwise.
    """

    name: str
    call: Callable[[], object]
    codes: Callable[[object], np.ndarray] | None = None
    remark: str = ""


def peers(makers: Mapping[str, Callable[..., Contestant]], *operands: np.ndarray) -> Iterator[Contestant]:
    """Yield the contestants of the libraries that are installed; a line names those that are not."""
    for library, maker in makers.items():
        if importlib.util.find_spec(library):
            yield maker(*operands)
        else:
            print(f"{library} is not installed: python -m pip install -c constraints.txt '.[bench]'", file=sys.stderr)


def compare(
    title: str, contestants: list[Contestant], right: np.ndarray | None = None, *, work: int = 0, turns: int = TURNS
) -> Table:
    """Return the table of contestants, the first of which is the line that the others are measured by."""
    wrong = [wrong_results(contestant, right) for contestant in contestants]
    seconds = medians([contestant.call for contestant in contestants], turns)
    rows = (
        Row(contestant.name, spent, work / spent / 1e9 if work else None, count, contestant.remark)
        for contestant, spent, count in zip(contestants, seconds, wrong, strict=True)
    )
    return Table(title, tuple(rows), None if right is None else right.size)


def wrong_results(contestant: Contestant, right: np.ndarray | None) -> int | None:
    """Return how many results are not the right ones; this call also compiles what is compiled at first use."""
    result = contestant.call()
    if right is None or contestant.codes is None:
        return None
    return int(np.count_nonzero(contestant.codes(result) != right))


def medians(calls: list[Callable[[], object]], turns: int) -> list[float]:
    """Return the median seconds of each call."""
    turns_of_each = zip(*([list(turn(call)) for call in calls] for _ in range(turns)), strict=True)
    return [statistics.median(spent for turn_ in each for spent in turn_) for each in turns_of_each]


def turn(call: Callable[[], object]) -> Iterator[float]:
    """Yield the seconds of some calls in a row."""
    began = time.perf_counter()
    for _ in range(MOST_CALLS):
        started = time.perf_counter()
        call()
        ended = time.perf_counter()
        yield ended - started
        if ended - began > SLICE:
            return
