"""Retiming against every retiming there is, on random graphs of up to 8 nodes; certificates, checked edge by edge."""

from fractions import Fraction
from itertools import pairwise, product

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxp import critical_path, iteration_bound, lms_graph, min_period, retime


def ring(*units, **registers):
    """Return a loop of units with the given delays, and registers on the edges that are named by their tails."""
    graph = networkx.DiGraph()
    graph.add_nodes_from((name, {"delay": delay}) for name, delay in units)
    names = [name for name, _ in units]
    for tail, head in pairwise([*names, names[0]]):
        graph.add_edge(tail, head, registers=registers.get(tail, 0))
    return graph


@st.composite
def loops_with_chords(draw):
    """Return a strongly connected graph of 1 to 8 nodes with few registers, and with parallel edges."""
    count = draw(st.integers(1, 8))
    graph = networkx.MultiDiGraph()
    graph.add_nodes_from((node, {"delay": draw(st.integers(0, 5))}) for node in range(count))
    for node in range(count):
        closing = node == count - 1
        graph.add_edge(node, (node + 1) % count, registers=draw(st.sampled_from([1, 2] if closing else [0] * 5 + [1])))
    for _ in range(draw(st.integers(0, 4))):
        tail, head = draw(st.integers(0, count - 1)), draw(st.integers(0, count - 1))
        graph.add_edge(tail, head, registers=draw(st.integers(tail >= head, 2)))
    return graph


@st.composite
def any_graphs(draw):
    """Return a graph of 1 to 4 nodes, connected or not, with loops or without."""
    count = draw(st.integers(1, 4))
    graph = networkx.MultiDiGraph()
    graph.add_nodes_from((node, {"delay": draw(st.integers(0, 5))}) for node in range(count))
    for _ in range(draw(st.integers(0, 6))):
        tail, head = draw(st.integers(0, count - 1)), draw(st.integers(0, count - 1))
        graph.add_edge(tail, head, registers=draw(st.integers(tail >= head, 2)))
    return graph


def fewest_registers(graph):
    """Return the fewest registers between all pairs of nodes that a path joins."""
    fewest = {(node, node): 0 for node in graph}
    for _ in graph:
        for start, (tail, head, registers) in product(graph, graph.edges(data="registers")):
            if (start, tail) in fewest:
                way = fewest[start, tail] + registers
                fewest[start, head] = min(way, fewest.get((start, head), way))
    return fewest


def every_retiming(graph):
    """Yield the lags of all retimings that leave no edge fewer than no registers: the first lag 0, none beyond n."""
    nodes, fewest, count = list(graph), fewest_registers(graph), len(graph)

    def grow(lags):
        if len(lags) == count:
            yield dict(zip(nodes, lags, strict=True))
            return
        here = nodes[len(lags)]
        known = list(zip(nodes, lags, strict=False))
        low = max((lag - fewest[other, here] for other, lag in known if (other, here) in fewest), default=-count)
        high = min((lag + fewest[here, other] for other, lag in known if (here, other) in fewest), default=count)
        for lag in range(low, high + 1):
            yield from grow([*lags, lag])

    return grow([0])


def settling_time(graph, lags):
    """Return the longest path without registers of a retimed graph, by waiting until nothing changes."""
    delays = dict(graph.nodes(data="delay"))
    bare = [(u, v) for u, v, w in graph.edges(data="registers") if w + lags[v] - lags[u] == 0]
    settled, before = delays, None
    while settled != before:
        before, settled = settled, dict(settled)
        for u, v in bare:
            settled[v] = max(settled[v], settled[u] + delays[v])
    return max(settled.values())


def shortest_period_by_brute_force(graph):
    return min(settling_time(graph, lags) for lags in every_retiming(graph))


def check_certificate(graph, found):
    """Count the registers and the slow paths of the closed walk, edge by edge."""
    for path, after in pairwise([*found.walk, found.walk[0]]):
        assert path.nodes[-1] == after.nodes[0]
    fewest: dict = {}
    for tail, head, registers in graph.edges(data="registers"):
        fewest[tail, head] = min(registers, fewest.get((tail, head), registers))
    registers = sum(fewest[edge] for path in found.walk for edge in pairwise(path.nodes))
    slow = sum(
        sum(Fraction(str(graph.nodes[node]["delay"])) for node in path.nodes) >= found.period for path in found.walk
    )
    assert (registers, slow) == (found.registers, found.slow_paths)
    assert slow > registers


def check_against_brute_force(graph):
    found = min_period(graph)
    assert found.period == shortest_period_by_brute_force(graph)
    check_certificate(graph, found)
    retimed = retime(graph, found.period)
    assert critical_path(retimed) == found.period


@settings(max_examples=1000, deadline=None)
@given(loops_with_chords())
def test_the_minimum_period_of_loops_is_that_of_all_retimings(graph):
    check_against_brute_force(graph)


@settings(max_examples=200, deadline=None)
@given(any_graphs())
def test_the_minimum_period_of_any_graph_is_that_of_all_retimings(graph):
    check_against_brute_force(graph)
    period = min_period(graph).period
    assert iteration_bound(graph) <= period
    if period > 0:
        with pytest.raises(ValueError, match=rf"^period=.* is not at least .*{period}"):
            retime(graph, period - Fraction(1, 2))


@settings(deadline=None)
@given(loops_with_chords(), st.fractions(0, 30, max_denominator=3))
def test_retiming_keeps_loops_and_reaches_every_period_from_the_shortest_on(graph, spare):
    period = min_period(graph).period + spare
    retimed = retime(graph, period)
    assert critical_path(retimed) <= period
    assert iteration_bound(retimed) == iteration_bound(graph)
    assert min_period(retimed).period == min_period(graph).period
    for tail, head, key, registers in graph.edges(keys=True, data="registers"):
        moved = retimed.nodes[head]["lag"] - retimed.nodes[tail]["lag"]
        assert retimed.edges[tail, head, key]["registers"] == registers + moved >= 0


@settings(max_examples=50, deadline=None)
@given(loops_with_chords(), st.fractions(Fraction(1, 10**6), 10**6))
def test_the_unit_of_time_does_not_matter(graph, unit):
    scaled = graph.copy()
    for _, data in scaled.nodes(data=True):
        data["delay"] *= unit
    assert min_period(scaled).period == unit * min_period(graph).period
    assert iteration_bound(scaled) == unit * iteration_bound(graph)


def test_a_correlator_as_in_the_first_paper():
    """Leiserson and Saxe's example: 24 as drawn, 13 when retimed."""
    graph = ring(("host", 0), ("d1", 3), ("d2", 3), ("d3", 3), ("d4", 3), ("p1", 7), ("p2", 7), ("p3", 7), host=1, d1=1)
    graph.edges["d2", "d3"]["registers"] = graph.edges["d3", "d4"]["registers"] = 1
    graph.add_edges_from([("d3", "p1"), ("d2", "p2"), ("d1", "p3")], registers=0)
    assert critical_path(graph) == 24
    found = min_period(graph)
    assert found.period == 13
    check_certificate(graph, found)


def test_delays_that_fill_no_machine_word():
    tiny = Fraction(1, 10**40)
    graph = ring(("a", tiny), ("b", 10**40), ("c", 10**40), a=1, c=1)
    assert min_period(graph).period == 10**40 + tiny
    assert iteration_bound(graph) == 10**40 + tiny / 2


def test_a_retimed_graph_is_retimed_again_on_the_same_lags():
    graph = lms_graph(taps=3, multiplier_delay=10, adder_delay=1, delay=4)
    once = retime(graph, 10)
    twice = retime(once, 34)
    for tail, head, registers in graph.edges(data="registers"):
        lags = twice.nodes[head]["lag"] - twice.nodes[tail]["lag"]
        assert twice.edges[tail, head]["registers"] == registers + lags
    assert critical_path(once) == 10
    assert "lag" not in graph.nodes["x"], "the graph that was given is left as it was"


@pytest.mark.parametrize(
    ("period", "message"),
    [
        (11, r"period=11 is not at least 34/3, the iteration bound: give 12, the shortest that retiming reaches, or"),
        (
            11.5,
            r"period=11.5 is not at least 12, the shortest that whole registers reach \(iteration bound 34/3\): give",
        ),
        (-1, r"period=-1 is not a finite number of at least 0: give a time as int, float or Fraction"),
        (float("nan"), r"period=nan is not a finite number of at least 0"),
        ("12", r"period='12' is not a finite number of at least 0"),
        (True, r"period=True is not a finite number of at least 0"),
    ],
)
def test_periods_that_cannot_be_are_refused(period, message):
    graph = lms_graph(taps=3, multiplier_delay=10, adder_delay=1, delay=2)
    with pytest.raises(ValueError, match=f"^{message}"):
        retime(graph, period)
