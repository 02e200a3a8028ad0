"""How many registers a loop needs for a clock, and where in T_M/T_A each answer holds."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import compress, groupby
from operator import not_
from typing import TYPE_CHECKING, Literal

from fxp.arguments import one, whole_numbers
from fxp.pipelining.flow_graphs import FlowGraph, every_loop_has_a_register, exact_time, read_graph
from fxp.pipelining.lms_graphs import lms_graph
from fxp.pipelining.retiming import fastest, lags_for

if TYPE_CHECKING:
    import networkx

__all__ = ["DelayRegion", "loop_delay_regions", "min_loop_delay"]


@dataclass(frozen=True)
class DelayRegion:
    """A range of T_M/T_A, the time of a multiplication in additions, in which one loop delay is the least.

    Parameters
    ----------
    low : int
        Where it begins, included.
    high : int or None
        Where it ends, excluded; None where it goes on for ever.
    delay : int
        The least loop delay there, clock periods.
    """

    low: int
    high: int | None
    delay: int


@dataclass(frozen=True)
class _Loop:
    """A graph without its loop delay, and for each edge whether it carries that."""

    flow: FlowGraph
    marks: tuple[bool, ...]

    def delayed(self, delay: int) -> FlowGraph:
        """Return the graph with a loop delay."""
        edges = zip(self.flow.edges, self.marks, strict=True)
        return replace(self.flow, edges=tuple((tail, head, own + delay * mark) for (tail, head, own), mark in edges))

    def without_delayed_edges(self) -> FlowGraph:
        """Return the graph as if the loop delay had no end."""
        return replace(self.flow, edges=tuple(compress(self.flow.edges, map(not_, self.marks))))

    def delay_that_suffices(self, lags: list[int]) -> int:
        """Return a delay that leaves a register on each delayed edge under lags that do for the other edges."""
        marked = compress(self.flow.edges, self.marks)
        return max(0, *(1 + lags[tail] - lags[head] - registers for tail, head, registers in marked))


def min_loop_delay(graph: networkx.DiGraph, period: float | Fraction) -> int:
    """Return the least loop delay D with which retiming reaches a clock period (exact).

    The delay that the graph has does not matter: the answer is the whole D, as in ``fxp.lms_graph(…, delay=D)``.

    Assumptions: those of :func:`fxp.retime`; paths from input to output may gain registers.

    Parameters
    ----------
    graph : networkx.DiGraph or networkx.MultiDiGraph
        As for :func:`fxp.slowest_path`, with ``delayed=True`` on the edges that carry the loop delay, whose number of
        registers is ``graph.graph["delay"]`` (0 where that is missing), or :func:`fxp.lms_graph`.
    period : float or Fraction
        Clock period, in the unit of the delays.

    Returns
    -------
    int
        Clock periods, 0 or more.

    Raises
    ------
    TypeError
        `graph` is not a directed graph of networkx.
    ValueError
        The graph is not sound or has no delayed edge, or no loop delay reaches the period: a unit or a loop without
        the delay is slower.

    References
    ----------
    Derivation: :ref:`derivation-loop_delay_at_multiplier_clock`.

    Examples
    --------
    >>> min_loop_delay(lms_graph(taps=3, multiplier_delay=10, adder_delay=1), 10)
    4
    """
    loop, time = _read_loop(graph), exact_time("period", period)
    rest = loop.without_delayed_edges()
    solution = lags_for(rest, time)
    if solution.cycle:
        raise ValueError(
            f"period={period} is not at least {fastest(rest).period}, which the units and the loops without the delay "
            "need: no loop delay reaches it; give that or more"
        )
    enough = loop.delay_that_suffices(solution.values.tolist())
    return bisect_left(range(enough), True, key=lambda delay: _reaches(loop.delayed(delay), time))


def loop_delay_regions(
    *,
    taps: int,
    adders: Literal["chain", "tree"] = "chain",
    step: Literal["multiplier", "shift"] = "multiplier",
) -> tuple[DelayRegion, ...]:
    """Return the least loop delay of an LMS predictor that is clocked once a multiplication, for every T_M/T_A (exact).

    A clock period of T_M holds no addition beside a multiplication, and ⌊T_M/T_A⌋ additions: the answer changes at
    integers only, and for the last time where one period holds all additions in a row. Below T_M/T_A = 1 there is none,
    since an addition alone takes longer.

    Parameters
    ----------
    taps : int
        Number of weights, at least 1.
    adders : {"chain", "tree"}
        As for :func:`fxp.lms_graph`.
    step : {"multiplier", "shift"}
        As for :func:`fxp.lms_graph`.

    Returns
    -------
    tuple of DelayRegion
        From T_M/T_A = 1 upwards, without gaps.

    Raises
    ------
    ValueError
        An argument is out of range, or another word.

    References
    ----------
    Derivation: :ref:`derivation-loop_delay_at_multiplier_clock`.

    Examples
    --------
    >>> [(region.low, region.high, region.delay) for region in loop_delay_regions(taps=3)]
    [(1, 2, 6), (2, 3, 5), (3, None, 4)]
    """

    def least(ratio: int) -> int:
        graph = lms_graph(taps=taps, multiplier_delay=ratio, adder_delay=1, adders=adders, step=step)
        return min_loop_delay(graph, ratio)

    count = one("taps", whole_numbers("taps", taps, minimum=1, remedy="give the number of weights"))
    runs = [(delay, next(ratios)) for delay, ratios in groupby(range(1, count + 1), least)]
    highs = [*(low for _, low in runs[1:]), None]
    return tuple(DelayRegion(low, high, delay) for (delay, low), high in zip(runs, highs, strict=True))


def _reaches(flow: FlowGraph, period: Fraction) -> bool:
    return every_loop_has_a_register(flow) and not lags_for(flow, period).cycle


def _read_loop(graph: networkx.DiGraph) -> _Loop:
    """Return a graph as it was before retiming, without its loop delay."""
    flow = read_graph(graph)
    marks = tuple(bool(mark) for _, _, mark in graph.edges(data="delayed", default=False))
    if not any(marks):
        raise ValueError("graph has no edge with delayed=True: mark those that carry the loop delay")
    name, lags = "graph.graph['delay']", [lag for _, lag in graph.nodes(data="lag", default=0)]
    delay = one(name, whole_numbers(name, graph.graph.get("delay", 0), minimum=0, remedy="give clock periods"))
    loop = _Loop(flow, marks).delayed(-delay)
    edges = tuple((tail, head, registers + lags[tail] - lags[head]) for tail, head, registers in loop.edges)
    for tail, head, registers in edges:
        if registers < 0:
            walk = f"{flow.nodes[tail]} → {flow.nodes[head]}"
            raise ValueError(f"{name}={delay} is more than the registers of {walk}: give the one that all carry")
    return _Loop(replace(flow, edges=edges), marks)
