"""Registers moved so that the clock can run faster (Leiserson and Saxe), and proofs that it cannot run faster still."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from fxp.pipelining.clocks import iteration_bound
from fxp.pipelining.difference_bounds import Solution, solve_bounds
from fxp.pipelining.flow_graphs import FlowGraph, FlowPath, exact_time, read_graph
from fxp.pipelining.path_tables import PathTable, path_table

if TYPE_CHECKING:
    import networkx

__all__ = ["MinimumPeriod", "fastest", "lags_for", "min_period", "retime"]


@dataclass(frozen=True)
class MinimumPeriod:
    """The shortest clock period that retiming reaches, and why no shorter one is reached.

    The walk is closed, and its paths follow each other. Whatever path takes as long as `period` needs a register of its
    own at any shorter period; the walk has more such paths than registers, and retiming keeps the number of these.

    Parameters
    ----------
    period : Fraction
        In the unit of the delays.
    walk : tuple of FlowPath
        Each path ends at the node at which the next one begins, the last where the first begins; a path of one node
        is a unit that is as slow as the period.
    """

    period: Fraction
    walk: tuple[FlowPath, ...]

    @property
    def registers(self) -> int:
        """Registers of the whole walk, in every retiming."""
        return sum(path.registers for path in self.walk)

    @property
    def slow_paths(self) -> int:
        """Paths of the walk that take as long as the period or longer: more than there are registers."""
        return sum(path.delay >= self.period for path in self.walk)


def retime(graph: networkx.DiGraph, period: float | Fraction) -> networkx.DiGraph:
    r"""Return a copy of a graph whose registers are moved so that its critical path is at most a period (exact).

    .. math:: w_r(u \to v) = w(u \to v) + r(v) - r(u)

    A unit that lags r clock periods puts out the same values that much later. Loops keep their registers; paths from
    inputs to outputs may gain some, which :func:`fxp.latency` counts.

    Assumptions: registers are whole, may stand anywhere between units, and start at the values that the shifted
    sequences had, which are zeros where everything starts at zero.

    Parameters
    ----------
    graph : networkx.DiGraph or networkx.MultiDiGraph
        As for :func:`fxp.slowest_path`.
    period : float or Fraction
        Clock period, at least that of :func:`fxp.min_period`.

    Returns
    -------
    networkx.DiGraph or networkx.MultiDiGraph
        With the new ``registers`` of each edge, and for each node its ``lag`` in clock periods, 0 or more, added to the
        lag that it had.

    Raises
    ------
    TypeError
        `graph` is not a directed graph of networkx.
    ValueError
        The graph is not sound, or the period is too short: below the iteration bound, or not to be had with whole
        registers.

    References
    ----------
    C. E. Leiserson, J. B. Saxe, Retiming synchronous circuitry, Algorithmica 6 (1991) 5-35. Derivation:
    :ref:`derivation-loop_registers`.

    Examples
    --------
    >>> from fxp import critical_path, lms_graph
    >>> graph = lms_graph(taps=3, multiplier_delay=10, adder_delay=1, delay=2)
    >>> print(critical_path(graph), critical_path(retime(graph, 12)))
    21 12
    """
    flow, time = read_graph(graph), exact_time("period", period)
    solution = lags_for(flow, time)
    if solution.cycle:
        _refuse(graph, period, time)
    lags = dict(zip(flow.nodes, solution.values.tolist(), strict=True))
    retimed = graph.copy()
    for node, data in retimed.nodes(data=True):
        data["lag"] = data.get("lag", 0) + lags[node]
    for tail, head, data in retimed.edges(data=True):
        data["registers"] += lags[head] - lags[tail]
    return retimed


def min_period(graph: networkx.DiGraph) -> MinimumPeriod:
    """Return the shortest clock period that retiming reaches, with a certificate that no shorter one exists (exact).

    It is the delay of some path, found by bisection over all of them; just below it the bounds contradict each other
    around a closed walk, which is the certificate.

    Parameters
    ----------
    graph : networkx.DiGraph or networkx.MultiDiGraph
        As for :func:`fxp.slowest_path`.

    Returns
    -------
    MinimumPeriod
        Period and certificate. Without loops the period is the delay of the slowest unit.

    Raises
    ------
    TypeError, ValueError
        The graph is not sound: see :func:`fxp.slowest_path`.

    References
    ----------
    C. E. Leiserson, J. B. Saxe, Retiming synchronous circuitry, Algorithmica 6 (1991) 5-35. Derivation:
    :ref:`derivation-ring_period` and :ref:`derivation-period_with_two_delays`.

    Examples
    --------
    >>> from fxp import lms_graph
    >>> found = min_period(lms_graph(taps=3, multiplier_delay=10, adder_delay=1, delay=2))
    >>> print(found.period, found.slow_paths, found.registers)
    12 4 3
    """
    return fastest(read_graph(graph))


def fastest(flow: FlowGraph) -> MinimumPeriod:
    """Return the shortest clock period of a graph that was read, as :func:`fxp.min_period` does (exact).

    Examples
    --------
    >>> print(fastest(FlowGraph(("a", "b"), (1, 3), ((0, 1, 1), (1, 0, 0)), 2)).period)
    2
    """
    table = path_table(flow)
    candidates = np.unique(table.delays[table.exists]).tolist()
    best = candidates[bisect_left(candidates, True, key=lambda units: not _solve(table, units).cycle)]
    cycle = _solve(table, best - 1).cycle
    ends = zip(cycle, (*cycle[1:], cycle[0]), strict=True)
    return MinimumPeriod(flow.time(best), tuple(flow.path(table.places(flow, *pair)) for pair in ends))


def lags_for(flow: FlowGraph, period: Fraction) -> Solution:
    """Return the lags that give a graph that was read a critical path of at most a period, if there are any (exact).

    Examples
    --------
    >>> ring = FlowGraph(("a", "b"), (1, 3), ((0, 1, 0), (1, 0, 2)), 1)
    >>> lags_for(ring, Fraction(3)).values
    array([0, 1])
    """
    return _solve(path_table(flow), int(period * flow.scale))


def _solve(table: PathTable, units: int) -> Solution:
    """Return lags under which each path slower than a period has a register, and no path fewer than none."""
    return solve_bounds(table.registers - (table.delays > units), table.exists)


def _refuse(graph: networkx.DiGraph, period: object, time: Fraction) -> None:
    bound, found = iteration_bound(graph), min_period(graph)
    if time < bound:
        raise ValueError(
            f"period={period} is not at least {bound}, the iteration bound: give {found.period}, the shortest that "
            "retiming reaches, or more, or put more registers into the loops"
        )
    raise ValueError(
        f"period={period} is not at least {found.period}, the shortest that whole registers reach (iteration bound "
        f"{bound}): give that or more, or put more registers into the loops"
    )
