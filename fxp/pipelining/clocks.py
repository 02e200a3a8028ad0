"""How fast a data-flow graph can be clocked: critical path, iteration bound, throughput and latency."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fxp.pipelining.difference_bounds import integer_type, solve_bounds
from fxp.pipelining.flow_graphs import FlowGraph, FlowPath, Node, order, read_graph, require_node

if TYPE_CHECKING:
    import networkx

__all__ = ["critical_path", "iteration_bound", "latency", "slowest_loop", "slowest_path", "throughput"]


def critical_path(graph: networkx.DiGraph) -> Fraction:
    """Return the time of the slowest path without a register: the shortest clock period of the graph as it is (exact).

    Assumptions: registers take no time; a unit puts out its result its delay after the last of its operands came.

    Parameters
    ----------
    graph : networkx.DiGraph or networkx.MultiDiGraph
        Each node with a ``delay``, each edge with ``registers``, or :func:`fxp.lms_graph`.

    Returns
    -------
    Fraction
        In the unit of the delays.

    Raises
    ------
    TypeError, ValueError
        The graph is not sound: see :func:`fxp.slowest_path`.

    References
    ----------
    K. K. Parhi, VLSI Digital Signal Processing Systems, chapter 3. Derivation: :ref:`derivation-lms_path_chain`.

    Examples
    --------
    >>> from fxp import lms_graph
    >>> print(critical_path(lms_graph(taps=3, multiplier_delay=10, adder_delay=1)))
    34
    """
    return slowest_path(graph).delay


def slowest_path(graph: networkx.DiGraph) -> FlowPath:
    """Return the path without a register that takes longest (exact).

    Parameters
    ----------
    graph : networkx.DiGraph or networkx.MultiDiGraph
        Each node with a ``delay``, a finite number of at least 0, each edge with ``registers``, an integer of at least
        0. Floats stand for the decimal numbers that they print as.

    Returns
    -------
    FlowPath
        Its nodes, and their delay together.

    Raises
    ------
    TypeError
        `graph` is not a directed graph of networkx.
    ValueError
        It has no node, a delay or a number of registers is missing or out of range, or a cycle has no register; the
        text names it.

    Examples
    --------
    >>> from fxp import lms_graph
    >>> slowest_path(lms_graph(taps=1, multiplier_delay=10, adder_delay=1, delay=1)).nodes
    ('step', 'update 1', 'weight 1')
    """
    flow = read_graph(graph)
    settled, causes = _settled(flow)
    place: int | None = max(range(len(settled)), key=settled.__getitem__)
    nodes: list[int] = []
    while place is not None:
        nodes.append(place)
        place = causes[place]
    return flow.path(reversed(nodes))


def iteration_bound(graph: networkx.DiGraph) -> Fraction:
    r"""Return the period that no retiming and no schedule of the graph's loops can beat (exact).

    .. math:: T_\infty = \max_{\text{loops } \ell} \frac{\sum_{v \in \ell} d_v}{\sum_{e \in \ell} w_e}

    with the delays d of the units and the registers w of the edges. Whole registers may not reach it:
    :func:`fxp.min_period`.

    Parameters
    ----------
    graph : networkx.DiGraph or networkx.MultiDiGraph
        As for :func:`fxp.slowest_path`.

    Returns
    -------
    Fraction
        In the unit of the delays; 0 where no loop takes time.

    Raises
    ------
    TypeError, ValueError
        The graph is not sound: see :func:`fxp.slowest_path`.

    References
    ----------
    M. Renfors, Y. Neuvo, The maximum sampling rate of digital filters under hardware speed constraints, IEEE Trans.
    Circuits Syst. 28 (1981) 196-202. Derivation: :ref:`derivation-lms_iteration_bound`.

    Examples
    --------
    >>> from fxp import lms_graph
    >>> iteration_bound(lms_graph(taps=3, multiplier_delay=10, adder_delay=1, delay=2))
    Fraction(34, 3)
    """
    loop = slowest_loop(graph)
    return Fraction(0) if loop is None else loop.delay / loop.registers


def slowest_loop(graph: networkx.DiGraph) -> FlowPath | None:
    """Return the loop with the most time a register, None where no loop takes time (exact).

    The bound is raised to the ratio of any loop that exceeds it, until none does: the last one is the slowest.

    Parameters
    ----------
    graph : networkx.DiGraph or networkx.MultiDiGraph
        As for :func:`fxp.slowest_path`.

    Returns
    -------
    FlowPath or None
        Its nodes, their delay together, and the registers of the loop.

    Raises
    ------
    TypeError, ValueError
        The graph is not sound: see :func:`fxp.slowest_path`.

    Examples
    --------
    >>> from fxp import lms_graph
    >>> slowest_loop(lms_graph(taps=1, multiplier_delay=2, adder_delay=1, step="shift", delay=9)).nodes
    ('weight 1',)
    """
    flow = read_graph(graph)
    slowest, ratio = None, Fraction(0)
    while cycle := _slower_loop(flow, ratio):
        slowest = flow.path(cycle, closed=True)
        ratio = slowest.delay * flow.scale / slowest.registers
    return slowest


def throughput(graph: networkx.DiGraph) -> Fraction:
    """Return the samples in a unit of time at the fastest clock of the graph as it is, one a clock period (exact).

    Parameters
    ----------
    graph : networkx.DiGraph or networkx.MultiDiGraph
        As for :func:`fxp.slowest_path`.

    Returns
    -------
    Fraction
        The reciprocal of the critical path.

    Raises
    ------
    TypeError, ValueError
        The graph is not sound: see :func:`fxp.slowest_path`; or no unit takes time.

    Examples
    --------
    >>> from fxp import lms_graph
    >>> throughput(lms_graph(taps=3, multiplier_delay=10, adder_delay=1))
    Fraction(1, 34)
    """
    period = critical_path(graph)
    if period == 0:
        raise ValueError("critical_path=0 is not positive: give a unit of the graph a delay")
    return 1 / period


def latency(graph: networkx.DiGraph, source: Node, target: Node) -> Fraction:
    r"""Return the time from a sample at the source to its result at the target, at the graph's fastest clock (exact).

    .. math:: (r_\text{target} - r_\text{source})\,T + t_\text{target}

    with the clock periods r by which retiming delayed a unit (its ``lag``, 0 in a graph that was not retimed), the
    critical path T, and the time t after the clock edge at which the target has settled. Delays of the algorithm, such
    as a predictor's delay line, are none of the latency: take the tap with the newest sample for its source, since
    retiming may use the register before it.

    Parameters
    ----------
    graph : networkx.DiGraph or networkx.MultiDiGraph
        As for :func:`fxp.slowest_path`.
    source, target : hashable
        Nodes of the graph.

    Returns
    -------
    Fraction
        In the unit of the delays.

    Raises
    ------
    TypeError, ValueError
        The graph is not sound: see :func:`fxp.slowest_path`; or it has no such node.

    Examples
    --------
    >>> from fxp import lms_graph
    >>> print(latency(lms_graph(taps=3, multiplier_delay=10, adder_delay=1), "tap 1", "y"))
    12
    """
    flow = read_graph(graph)
    settled, _ = _settled(flow)
    require_node("source", source, flow)
    last = settled[require_node("target", target, flow)]
    cycles = graph.nodes[target].get("lag", 0) - graph.nodes[source].get("lag", 0)
    return flow.time(cycles * max(settled) + last)


def _settled(flow: FlowGraph) -> tuple[list[int], list[int | None]]:
    """Return when each unit has settled after a clock edge, and which unit it waited for last."""
    settled = list(flow.delays)
    causes: list[int | None] = [None] * len(settled)
    entering: dict[int, list[int]] = {}
    for tail, head, registers in flow.edges:
        if registers == 0:
            entering.setdefault(head, []).append(tail)
    for head in order(flow):
        for tail in entering.get(head, ()):
            arrival = settled[tail] + flow.delays[head]
            if arrival > settled[head]:
                settled[head], causes[head] = arrival, tail
    return settled, causes


def _slower_loop(flow: FlowGraph, ratio: Fraction) -> tuple[int, ...]:
    """Return a loop with more units of time a register than a ratio; nothing where there is none."""
    count = len(flow.nodes)
    fewest = flow.fewest_registers()
    slack = {
        (tail, head): ratio.numerator * registers - ratio.denominator * flow.delays[tail]
        for (tail, head), registers in fewest.items()
    }
    bounds: NDArray[Any] = np.zeros((count, count), integer_type(max(map(abs, slack.values()), default=0)))
    given = np.zeros((count, count), bool)
    for place, value in slack.items():
        bounds[place], given[place] = value, True
    return solve_bounds(bounds, given).cycle
