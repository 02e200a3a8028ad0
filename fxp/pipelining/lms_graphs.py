"""The data-flow graph of an LMS predictor."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from fxp.arguments import one, require_word, whole_numbers
from fxp.pipelining.flow_graphs import exact_time, load_networkx

if TYPE_CHECKING:
    import networkx

__all__ = ["lms_graph"]

ADDERS = ("chain", "tree")
STEPS = ("multiplier", "shift")


def lms_graph(
    *,
    taps: int,
    multiplier_delay: float | Fraction,
    adder_delay: float | Fraction,
    adders: Literal["chain", "tree"] = "chain",
    step: Literal["multiplier", "shift"] = "multiplier",
    delay: int = 0,
) -> networkx.DiGraph:
    r"""Return the data-flow graph of an LMS predictor, not pipelined beyond the delay of its update (exact).

    .. math:: y_n = \sum_{k=1}^{N} w_{k,n} x_{n-k}, \quad e_n = x_n - y_n, \quad
        w_{k,n+1} = w_{k,n} + \mu\,e_{n-D}\,x_{n-D-k}

    Parameters
    ----------
    taps : int
        Number N of weights, at least 1.
    multiplier_delay, adder_delay : float or Fraction
        Times T_M and T_A of a multiplication and of an addition of two operands, finite, at least 0. A float stands for
        the decimal number that it prints as.
    adders : {"chain", "tree"}
        How the N products are added: N − 1 adders in a row, or ⌈log2 N⌉ levels.
    step : {"multiplier", "shift"}
        Whether μ·e takes T_M, or no time as a shift does.
    delay : int
        Clock periods D by which the update is late, at least 0.

    Returns
    -------
    networkx.DiGraph
        Nodes ``x``, ``tap k``, ``product k``, ``sum j``, ``y``, ``error``, ``step``, ``update k`` and ``weight k``, for
        k = 1 … N and j = 1 … N − 1, each with ``delay`` and ``operation``; edges with ``registers``, ``operand`` (which
        one of the head's it is) and ``delayed`` (whether D of the registers are the delay D, which stands in
        ``graph.graph["delay"]``). The only input is ``x``.

    Raises
    ------
    ValueError
        An argument is out of range, or another word.
    ModuleNotFoundError
        networkx is not installed.

    References
    ----------
    Derivation: :ref:`derivation-lms_path_chain`.

    Examples
    --------
    >>> graph = lms_graph(taps=2, multiplier_delay=10, adder_delay=1)
    >>> list(graph.successors("step"))
    ['update 1', 'update 2']
    """
    count = one("taps", whole_numbers("taps", taps, minimum=1, remedy="give the number of weights"))
    late = one("delay", whole_numbers("delay", delay, minimum=0, remedy="give clock periods"))
    require_word("adders", adders, ADDERS)
    require_word("step", step, STEPS)
    times = exact_time("multiplier_delay", multiplier_delay), exact_time("adder_delay", adder_delay)
    sketch = _Sketch(load_networkx().DiGraph(delay=late), *times)
    last = sketch.sum_of(sketch.products(count), adders)
    sketch.unit("y", "wire", (last, 0))
    sketch.unit("error", "subtract", ("x", 0), (last, 0))
    sketch.unit("step", "scale" if step == "multiplier" else "shift", ("error", late), delayed=("error",))
    sketch.updates(count, late)
    return sketch.graph


class _Sketch:
    """A graph that grows unit by unit."""

    def __init__(self, graph: networkx.DiGraph, multiplier_delay: Fraction, adder_delay: Fraction) -> None:
        self.graph = graph
        self._delays = {"multiply": multiplier_delay, "scale": multiplier_delay, "add": adder_delay}
        self._delays["subtract"] = adder_delay

    def unit(self, name: str, operation: str, *operands: tuple[str, int], delayed: tuple[str, ...] = ()) -> str:
        """Place a unit behind its operands, each over its registers; return its name."""
        self.graph.add_node(name, delay=self._delays.get(operation, Fraction(0)), operation=operation)
        for number, (tail, registers) in enumerate(operands):
            self.graph.add_edge(tail, name, registers=registers, operand=number, delayed=tail in delayed)
        return name

    def products(self, count: int) -> list[str]:
        """Place the delay line and a multiplier behind each tap, whose weight comes later; return the multipliers."""
        line = self.unit("x", "input")
        products = []
        for k in range(1, count + 1):
            line = self.unit(f"tap {k}", "wire", (line, 1))
            products.append(self.unit(f"product {k}", "multiply", (line, 0)))
        return products

    def sum_of(self, terms: list[str], adders: str) -> str:
        """Place the adders; return the last of them, or the only term."""
        while len(terms) > 1:
            paired = terms[:2] if adders == "chain" else terms[: len(terms) // 2 * 2]
            sums = [self._sum(*pair) for pair in zip(paired[::2], paired[1::2], strict=True)]
            terms = [*sums, *terms[len(paired) :]]
        return terms[0]

    def _sum(self, *pair: str) -> str:
        number = sum(data["operation"] == "add" for _, data in self.graph.nodes(data=True)) + 1
        return self.unit(f"sum {number}", "add", *((term, 0) for term in pair))

    def updates(self, count: int, late: int) -> None:
        """Place the multipliers and the accumulators that update the weights, and close the loops."""
        for k in range(1, count + 1):
            self.unit(f"update {k}", "multiply", ("step", 0), (f"tap {k}", late), delayed=(f"tap {k}",))
            self.unit(f"weight {k}", "add", (f"update {k}", 0), (f"weight {k}", 1))
            self.graph.add_edge(f"weight {k}", f"product {k}", registers=1, operand=1, delayed=False)
