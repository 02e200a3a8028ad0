"""Data-flow graphs: units that take time, joined by edges with registers; graphs of networkx, read and checked."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from fxp.inputs import is_integer

if TYPE_CHECKING:
    import networkx

__all__ = [
    "Edge",
    "FlowGraph",
    "FlowPath",
    "Node",
    "every_loop_has_a_register",
    "exact_time",
    "load_networkx",
    "order",
    "read_graph",
    "require_node",
]

Node = Hashable
Edge = tuple[int, int, int]


@dataclass(frozen=True)
class FlowPath:
    """Units that data pass one after the other.

    Parameters
    ----------
    nodes : tuple
        The units, in order; of a loop the first is not repeated.
    delay : Fraction
        Time that they take together.
    registers : int
        Registers between them; of a loop also those between the last and the first.
    """

    nodes: tuple[Node, ...]
    delay: Fraction
    registers: int


@dataclass(frozen=True)
class FlowGraph:
    """A data-flow graph in integers.

    Parameters
    ----------
    nodes : tuple
        Names of the units.
    delays : tuple of int
        Time that each takes, in units of 1/`scale`.
    edges : tuple of (int, int, int)
        Places of tail and head among the nodes, and registers.
    scale : int
        How many units of time make one of the user's.
    """

    nodes: tuple[Node, ...]
    delays: tuple[int, ...]
    edges: tuple[Edge, ...]
    scale: int

    def time(self, units: int) -> Fraction:
        """Return a time in the user's unit."""
        return Fraction(units, self.scale)

    def path(self, places: Iterable[int], *, closed: bool = False) -> FlowPath:
        """Return the path, or the loop, through some nodes, over the edges with the fewest registers."""
        at = tuple(places)
        registers = self.fewest_registers()
        steps = pairwise((*at, at[0]) if closed else at)
        total = sum(self.delays[place] for place in at)
        return FlowPath(
            tuple(self.nodes[place] for place in at), self.time(total), sum(registers[each] for each in steps)
        )

    def fewest_registers(self) -> dict[tuple[int, int], int]:
        """Return the registers between neighbours, over the edge that has the fewest of several."""
        return {(tail, head): registers for tail, head, registers in sorted(self.edges, key=lambda edge: -edge[2])}


def load_networkx() -> Any:
    """Return networkx, on first use.

    Raises
    ------
    ModuleNotFoundError
        It is not installed.
    """
    try:
        return import_module("networkx")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("networkx is not installed: python -m pip install 'fxp[graphs]'") from error


def exact_time(name: str, value: object) -> Fraction:
    """Return a time as the fraction that is meant: a float stands for the decimal number that it prints as.

    Parameters
    ----------
    name : str
        What the caller calls it, for the message.
    value : int, float or Fraction
        Finite and at least 0.

    Raises
    ------
    ValueError
        It is no such number.

    Examples
    --------
    >>> exact_time("adder_delay", 0.1)
    Fraction(1, 10)
    """
    rule = "is not a finite number of at least 0: give a time as int, float or Fraction"
    try:
        time = Fraction("" if isinstance(value, bool | str) else str(value))
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(f"{name}={value!r} {rule}") from error
    if time < 0:
        raise ValueError(f"{name}={value!r} {rule}")
    return time


def read_graph(graph: networkx.DiGraph) -> FlowGraph:
    """Return a graph of networkx in integers, once it is found sound.

    Parameters
    ----------
    graph : networkx.DiGraph or networkx.MultiDiGraph
        Each node has a ``delay``, the time that its unit takes, each edge ``registers``.

    Returns
    -------
    FlowGraph
        Exact.

    Raises
    ------
    TypeError
        `graph` is not a directed graph of networkx.
    ValueError
        It has no node, a delay or a number of registers is missing or no such number, or a cycle has no register.

    Examples
    --------
    >>> import networkx
    >>> counter = networkx.DiGraph()
    >>> counter.add_node("add", delay=0.5)
    >>> counter.add_edge("add", "add", registers=1)
    >>> read_graph(counter)
    FlowGraph(nodes=('add',), delays=(1,), edges=((0, 0, 1),), scale=2)
    """
    networkx = load_networkx()
    if not (isinstance(graph, networkx.Graph) and graph.is_directed()):
        raise TypeError(
            f"graph={graph!r} is not a directed graph of networkx: build a networkx.DiGraph or fxp.lms_graph"
        )
    if not len(graph):
        raise ValueError(f"graph={graph!r} has no node: add units with their delays")
    delays = [exact_time(f"graph.nodes[{node!r}]['delay']", data.get("delay")) for node, data in graph.nodes(data=True)]
    scale = math.lcm(*(delay.denominator for delay in delays))
    places = {node: place for place, node in enumerate(graph)}
    edges = tuple((places[tail], places[head], registers) for tail, head, registers in _registers(graph))
    flow = FlowGraph(tuple(graph), tuple(int(delay * scale) for delay in delays), edges, scale)
    order(flow)
    return flow


def order(flow: FlowGraph) -> list[int]:
    """Return the places of the nodes so that each comes after those that it waits for within a cycle of the clock.

    Raises
    ------
    ValueError
        There is no such order: a cycle has no register.

    Examples
    --------
    >>> order(FlowGraph(("a", "b"), (1, 1), ((1, 0, 0),), 1))
    [1, 0]
    """
    networkx, bare = load_networkx(), _bare(flow)
    try:
        return list(networkx.topological_sort(bare))
    except networkx.NetworkXUnfeasible as error:
        names = [str(flow.nodes[tail]) for tail, _ in networkx.find_cycle(bare)]
        walk = " → ".join([*names, names[0]])
        raise ValueError(f"graph has the cycle {walk} without a register: give one of its edges a register") from error


def every_loop_has_a_register(flow: FlowGraph) -> bool:
    """Return whether there is such an order.

    Examples
    --------
    >>> every_loop_has_a_register(FlowGraph(("a",), (1,), ((0, 0, 0),), 1))
    False
    """
    return bool(load_networkx().is_directed_acyclic_graph(_bare(flow)))


def require_node(name: str, node: Node, flow: FlowGraph) -> int:
    """Return the place of a node.

    Parameters
    ----------
    name : str
        What the caller calls it, for the message.
    node : hashable
        The node's name.
    flow : FlowGraph
        Where it must be.

    Raises
    ------
    ValueError
        The graph has no such node.

    Examples
    --------
    >>> require_node("source", "b", FlowGraph(("a", "b"), (1, 1), (), 1))
    1
    """
    if node not in flow.nodes:
        raise ValueError(f"{name}={node!r} is not a node of the graph: one of {', '.join(map(str, flow.nodes))}")
    return flow.nodes.index(node)


def _bare(flow: FlowGraph) -> networkx.DiGraph:
    """Return the graph of the edges without a register."""
    bare = load_networkx().DiGraph()
    bare.add_nodes_from(range(len(flow.nodes)))
    bare.add_edges_from((tail, head) for tail, head, registers in flow.edges if registers == 0)
    return bare


def _registers(graph: networkx.DiGraph) -> Iterator[tuple[Node, Node, int]]:
    for tail, head, data in graph.edges(data=True):
        registers = data.get("registers")
        if not is_integer(registers) or registers < 0:
            raise ValueError(
                f"graph.edges[{tail!r}, {head!r}]['registers']={registers!r} is not an integer of at least 0: give the "
                "number of registers on the edge"
            )
        yield tail, head, int(registers)
