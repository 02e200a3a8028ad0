"""Drawings of LMS predictors unit by unit: registers as bars, the slowest path in colour."""

from collections.abc import Mapping
from itertools import pairwise

import networkx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fxp import critical_path, iteration_bound, slowest_path

__all__ = ["lms_figure"]

Point = tuple[float, float]
Positions = dict[str, Point]

SIGNS = {"multiply": "×", "add": "+", "subtract": "−", "scale": "×μ", "shift": "≫μ", "input": "", "wire": ""}
COLUMN, LINE, BUS, UPDATE, WEIGHT, PRODUCT = 3.0, 6.0, 4.6, 3.6, 2.4, 1.4
ABOVE_BUS = 0.4  # of the way from a tap to its update: clear of the line down to the product, and of the bus
SLOW, REST = "tab:red", "0.35"
BAR, GAP = 0.22, 0.14
LABELS = {"x": (-14, -3), "y": (7, -4)}


def lms_figure(graphs: Mapping[str, networkx.DiGraph]) -> Figure:
    """Return a figure with one drawing above the other, each with its critical path and its iteration bound.

    A bar is a register. The slowest path without a register is drawn in red, and what it passes.

    Parameters
    ----------
    graphs : mapping of str to networkx.DiGraph
        Title and graph of each drawing, :func:`fxp.lms_graph` or :func:`fxp.retime` of one.

    Returns
    -------
    matplotlib.figure.Figure
        To be saved or shown.

    Raises
    ------
    ValueError
        There is no graph, or one is not sound.

    Examples
    --------
    >>> from fxp import lms_graph
    >>> graph = lms_graph(taps=2, multiplier_delay=2, adder_delay=1)
    >>> len(lms_figure({"two taps": graph}).axes)
    1
    """
    if not graphs:
        raise ValueError("graphs={} holds no graph: give at least one")
    columns = max(len(_taps(graph)) for graph in graphs.values())
    figure = Figure(figsize=(1.5 * columns + 3.6, 4.3 * len(graphs)), layout="constrained")
    axes = figure.subplots(len(graphs), squeeze=False)[:, 0]
    for axis, (title, graph) in zip(axes, graphs.items(), strict=True):
        _draw(axis, graph)
        figures = f"critical path {critical_path(graph)}, iteration bound {iteration_bound(graph)}"
        axis.set_title(f"{title}: {figures}", fontsize="medium")
    return figure


def _draw(axis: Axes, graph: networkx.DiGraph) -> None:
    positions, slow = _positions(graph), slowest_path(graph).nodes
    slow_edges = {edge for edge in pairwise(slow) if graph.edges[edge]["registers"] == 0}
    for tail, head, registers in graph.edges(data="registers"):
        route = _route(tail, head, positions)
        _draw_line(axis, route, slow=(tail, head) in slow_edges)
        _draw_registers(axis, *_register_place(tail, head, route), registers)
    for name, operation in graph.nodes(data="operation"):
        _draw_unit(axis, name, SIGNS[operation], positions[name], SLOW if name in slow else REST)
    axis.set_aspect("equal")
    axis.set_axis_off()


def _draw_unit(axis: Axes, name: str, sign: str, position: Point, colour: str) -> None:
    """Draw a circle with the sign of an operation, a dot where there is none, and the name of inputs and outputs."""
    if sign:
        axis.plot(*position, "o", markersize=18, markerfacecolor="white", markeredgecolor=colour, zorder=2)
        axis.annotate(sign, position, ha="center", va="center", color=colour, fontsize="small", zorder=3)
    else:
        axis.plot(*position, "o", markersize=3, color=colour, zorder=2)
    if name in LABELS or name.startswith("weight"):
        label, offset = name.replace("weight ", "w"), LABELS.get(name, (-24, 7))
        axis.annotate(label, position, offset, textcoords="offset points", color=colour, fontsize="small")


def _draw_line(axis: Axes, route: list[Point], *, slow: bool) -> None:
    """Draw a line with an arrow at its end, over the others where it is slow."""
    colour, order = (SLOW, 1.5) if slow else (REST, 1.0)
    axis.plot(*zip(*route, strict=True), color=colour, linewidth=1, zorder=order)
    arrow = {"arrowstyle": "-|>", "color": colour, "shrinkB": 9, "linewidth": 1}
    axis.annotate("", route[-1], _before(route), arrowprops=arrow, zorder=order)


def _register_place(tail: str, head: str, route: list[Point]) -> tuple[tuple[Point, Point], float]:
    """Return the part of a route on which its registers stand, and where: clear of the bus and of arrowheads."""
    parts = list(pairwise(route))
    if tail == "step":
        return parts[-1], 0.4
    over_bus = tail.startswith("tap") and head.startswith("update")
    return max(parts, key=_length), ABOVE_BUS if over_bus else 0.5


def _draw_registers(axis: Axes, part: tuple[Point, Point], at: float, registers: int) -> None:
    """Draw a bar for each register around a place of a straight line, from 0 at its start to 1 at its end."""
    start, end = (np.array(point) for point in part)
    along = (end - start) / _length(part)
    across = BAR * np.array([-along[1], along[0]])
    for number in range(registers):
        middle = start + at * (end - start) + (number - (registers - 1) / 2) * GAP * along
        axis.plot(*zip(middle + across, middle - across, strict=True), color="black", linewidth=2, zorder=4)


def _length(part: tuple[Point, Point]) -> float:
    return float(np.hypot(*np.subtract(*part)))


def _before(route: list[Point]) -> Point:
    """Return the point shortly before the end of a route."""
    (x, y), (end_x, end_y) = route[-2:]
    return (x + end_x) / 2, (y + end_y) / 2


def _route(tail: str, head: str, positions: Positions) -> list[Point]:
    """Return the corners of an edge: a bus for the scaled error, a way around for the input, else a straight line."""
    (x, y), (end_x, end_y) = positions[tail], positions[head]
    if tail == head:
        return [(x, y), (x + 0.7, y), (x + 0.7, y + 0.75), (x, y + 0.75), (x, y)]
    if tail == "step":
        return [(x, y), (x, BUS), (end_x, BUS), (end_x, end_y)]
    if (tail, head) == ("x", "error"):
        lowest = min(height for _, height in positions.values()) - 0.8
        return [(x, y), (x, lowest), (end_x, lowest), (end_x, end_y)]
    return [(x, y), (end_x, end_y)]


def _positions(graph: networkx.DiGraph) -> Positions:
    """Return where each unit stands: a column a tap, the sums below, error and step to the right."""
    taps = _taps(graph)
    positions: Positions = {"x": (COLUMN - 1.6, LINE)}
    for k in taps:
        here = COLUMN * k
        positions |= {f"tap {k}": (here, LINE), f"product {k}": (here, PRODUCT)}
        positions |= {f"update {k}": (here + 1.2, UPDATE), f"weight {k}": (here + 1.2, WEIGHT)}
    positions |= _sums(graph, positions)
    height, right = min(y for _, y in positions.values()), COLUMN * len(taps)
    x, y = positions[next(graph.predecessors("y"))]
    return positions | {"y": (x + 1.2, y - 0.8), "error": (right + 2.8, height), "step": (right + 2.8, UPDATE)}


def _sums(graph: networkx.DiGraph, products: Positions) -> Positions:
    """Return places of the adders: below their operands where these are alike, else beside the sum that goes on."""
    positions, levels = dict(products), dict.fromkeys(products, 0)
    for name in networkx.topological_sort(graph.subgraph(_adders(graph))):
        operands = list(graph.predecessors(name))
        (x, _), (other_x, _) = (positions[each] for each in operands)
        level, other = (levels[each] for each in operands)
        levels[name] = max(level, other) + (level == other)
        where = (x + other_x) / 2 if level == other and level else max(x, other_x)
        positions[name] = where, PRODUCT - 1.2 * levels[name]
    return {name: positions[name] for name in _adders(graph)}


def _adders(graph: networkx.DiGraph) -> list[str]:
    return [name for name in graph if name.startswith("sum")]


def _taps(graph: networkx.DiGraph) -> list[int]:
    return list(range(1, 1 + sum(name.startswith("tap") for name in graph)))
