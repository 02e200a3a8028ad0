"""Of all paths between two units those with the fewest registers, and of these the slowest: what retiming rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp.pipelining.difference_bounds import integer_type
from fxp.pipelining.flow_graphs import FlowGraph

__all__ = ["PathTable", "path_table"]

Integers = NDArray[Any]


@dataclass(frozen=True, eq=False)
class PathTable:
    """Paths between all pairs of nodes, tail by head; the path from a node to itself is the node alone.

    Parameters
    ----------
    exists : ndarray of bool, shape (n, n)
        Whether there is a path.
    registers : ndarray of int, shape (n, n)
        The fewest registers of a path.
    delays : ndarray of int, shape (n, n)
        The longest time of a path with so few registers, both ends included, in the graph's units.
    """

    exists: NDArray[np.bool_]
    registers: Integers
    delays: Integers

    def places(self, flow: FlowGraph, tail: int, head: int) -> list[int]:
        """Return the places of the nodes of such a path."""
        fewest, walk = flow.fewest_registers(), [tail]
        while walk[-1] != head:
            here = walk[-1]
            left = self.registers[here, head], self.delays[here, head] - flow.delays[here]
            walk.append(
                next(
                    after
                    for (before, after), registers in fewest.items()
                    if before == here
                    and self.exists[after, head]
                    and (registers + self.registers[after, head], self.delays[after, head]) == left
                )
            )
        return walk


def path_table(flow: FlowGraph) -> PathTable:
    """Return the table of a graph (exact).

    Floyd and Warshall on one integer for both: registers in the high digits, time, of which more is better, in the low.

    Examples
    --------
    >>> table = path_table(FlowGraph(("a", "b"), (3, 4), ((0, 1, 0), (1, 0, 2)), 1))
    >>> table.registers.tolist(), table.delays.tolist()
    ([[0, 0], [2, 0]], [[3, 7], [7, 4]])
    """
    count, base = len(flow.nodes), sum(flow.delays) + 1
    far = 4 * base * (sum(registers for _, _, registers in flow.edges) + 1)
    keys: Integers = np.full((count, count), far, integer_type(4 * far))
    np.fill_diagonal(keys, 0)
    for tail, head, registers in flow.edges:
        keys[tail, head] = min(keys[tail, head], registers * base - flow.delays[tail])
    for between in range(count):
        np.minimum(keys, keys[:, between, None] + keys[None, between], out=keys)
    fewest = -(-keys // base)
    delays = fewest * base - keys + np.array(flow.delays, keys.dtype)
    return PathTable(keys < far // 2, fewest, delays)
