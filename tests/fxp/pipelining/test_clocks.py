"""Critical path, iteration bound and latency against all paths and all loops; sound graphs, and refusals of others."""

import sys
from fractions import Fraction
from itertools import pairwise

import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fxp
from fxp import critical_path, iteration_bound, latency, lms_graph, retime, slowest_loop, slowest_path, throughput
from tests.fxp.pipelining.test_retiming import any_graphs, loops_with_chords, ring


def delay_of(graph, nodes):
    return sum(Fraction(graph.nodes[node]["delay"]) for node in nodes)


def fewest(graph, tail, head):
    return min(data["registers"] for data in graph.get_edge_data(tail, head).values())


@given(any_graphs())
def test_the_critical_path_is_the_longest_of_all_paths_without_a_register(graph):
    bare = networkx.DiGraph([(u, v) for u, v, registers in graph.edges(data="registers") if registers == 0])
    bare.add_nodes_from(graph)
    walks = [[node] for node in graph]
    walks += [walk for u in graph for v in graph if u != v for walk in networkx.all_simple_paths(bare, u, v)]
    found = slowest_path(graph)
    assert critical_path(graph) == found.delay == max(delay_of(graph, walk) for walk in walks)
    assert delay_of(graph, found.nodes) == found.delay
    assert all(bare.has_edge(*pair) for pair in pairwise(found.nodes))


@given(st.one_of(any_graphs(), loops_with_chords()))
def test_the_iteration_bound_is_the_largest_ratio_of_all_loops(graph):
    loops = networkx.simple_cycles(networkx.DiGraph(graph.edges()))
    ratios = [
        delay_of(graph, loop) / sum(fewest(graph, *pair) for pair in pairwise([*loop, loop[0]])) for loop in loops
    ]
    assert iteration_bound(graph) == max(ratios, default=0)
    found = slowest_loop(graph)
    assert (found is None) == (max(ratios, default=0) == 0)
    if found is not None:
        registers = sum(fewest(graph, *pair) for pair in pairwise([*found.nodes, found.nodes[0]]))
        assert (delay_of(graph, found.nodes), registers) == (found.delay, found.registers)


@pytest.mark.parametrize("step", ["multiplier", "shift"])
@pytest.mark.parametrize("adders", ["chain", "tree"])
@pytest.mark.parametrize("taps", [1, 2, 3, 5, 8])
def test_the_lms_graph_has_the_units_of_the_equations(taps, adders, step):
    graph = lms_graph(taps=taps, multiplier_delay=10, adder_delay=1, adders=adders, step=step, delay=3)
    operations = [operation for _, operation in graph.nodes(data="operation")]
    counts = {name: operations.count(name) for name in operations}
    expected = {"input": 1, "multiply": 2 * taps, "subtract": 1, "wire": taps + 1, "add": 2 * taps - 1}
    assert counts == expected | {"scale" if step == "multiplier" else "shift": 1}
    assert networkx.ancestors(graph, "y") == set(graph) - {"y"}
    loops = [loop for loop in networkx.simple_cycles(graph) if len(loop) > 1]
    assert len(loops) == taps
    for loop in loops:
        assert sum(graph.edges[pair]["registers"] for pair in pairwise([*loop, loop[0]])) == 4
    for node, operation in graph.nodes(data="operation"):
        operands = sorted(number for _, _, number in graph.in_edges(node, data="operand"))
        binary = operation in ("multiply", "add", "subtract")
        assert operands == list(range(0 if operation == "input" else 1 + binary))


def test_published_figures_of_three_taps():
    direct = lms_graph(taps=3, multiplier_delay=10, adder_delay=1)
    assert critical_path(direct) == 3 * 10 + 4 * 1
    assert latency(direct, "x", "y") == latency(direct, "tap 1", "y") == 10 + 2 * 1
    assert throughput(direct) == Fraction(1, 34)
    for delay in range(40):
        graph = lms_graph(taps=3, multiplier_delay=10, adder_delay=1, delay=delay)
        assert iteration_bound(graph) == max(Fraction(34, 1 + delay), 1)


def test_latency_counts_the_registers_that_retiming_put_in():
    chain = networkx.DiGraph()
    chain.add_nodes_from(["in", "a", "b", "out"])
    for node, delay in {"in": 0, "a": 2, "b": 3, "out": 0}.items():
        chain.nodes[node]["delay"] = delay
    networkx.add_path(chain, ["in", "a", "b", "out"], registers=0)
    assert latency(chain, "in", "out") == 5
    pipelined = retime(chain, 3)
    assert critical_path(pipelined) == 3
    assert latency(pipelined, "in", "out") == 6
    assert [registers for *_, registers in pipelined.edges(data="registers")].count(1) == 1


@pytest.mark.parametrize("kind", [int, float, np.float32, np.int64, Fraction])
def test_times_may_be_of_any_kind_of_number(kind):
    assert critical_path(ring(("a", kind(2)), ("b", kind(3)), a=1)) == 5


def test_a_float_is_the_decimal_that_it_prints_as():
    graph = ring(("a", 0.1), ("b", 0.2), a=1)
    assert critical_path(graph) == Fraction(3, 10)
    assert critical_path(retime(graph, 0.3)) == Fraction(3, 10)


def test_graphs_without_loops_or_without_time():
    single = networkx.DiGraph()
    single.add_node("a", delay=0)
    assert (critical_path(single), iteration_bound(single), slowest_loop(single)) == (0, 0, None)
    assert fxp.min_period(single).period == 0
    with pytest.raises(ValueError, match=r"^critical_path=0 is not positive: give a unit of the graph a delay"):
        throughput(single)


def _with(graph, **changes):
    for name, value in changes.items():
        graph.nodes["a"][name] = value
    return graph


def _edge(registers):
    return ring(("a", 1), ("b", 1), a=registers, b=1)


@pytest.mark.parametrize(
    ("graph", "kind", "message"),
    [
        (
            {"a": ["b"]},
            TypeError,
            r"graph={'a': \['b'\]} is not a directed graph of networkx: build a networkx.DiGraph",
        ),
        (networkx.Graph([(1, 2)]), TypeError, r"graph=<networkx.*> is not a directed graph of networkx"),
        (networkx.DiGraph(), ValueError, r"graph=<networkx.*> has no node: add units with their delays"),
        (
            ring(("a", 1), ("b", 2)),
            ValueError,
            r"graph has the cycle (a → b → a|b → a → b) without a register: give one",
        ),
        (ring(("a", 1)), ValueError, r"graph has the cycle a → a without a register"),
        (
            networkx.DiGraph([("a", "b")]),
            ValueError,
            r"graph.nodes\['a'\]\['delay'\]=None is not a finite number of at",
        ),
        (_with(_edge(1), delay=-1), ValueError, r"graph.nodes\['a'\]\['delay'\]=-1 is not a finite number of at least"),
        (_with(_edge(1), delay=float("inf")), ValueError, r"graph.nodes\['a'\]\['delay'\]=inf is not a finite number"),
        (_with(_edge(1), delay=1j), ValueError, r"graph.nodes\['a'\]\['delay'\]=1j is not a finite number"),
        (_with(_edge(1), delay="fast"), ValueError, r"graph.nodes\['a'\]\['delay'\]='fast' is not a finite number"),
        (_edge(-1), ValueError, r"graph.edges\['a', 'b'\]\['registers'\]=-1 is not an integer of at least 0: give"),
        (_edge(1.5), ValueError, r"graph.edges\['a', 'b'\]\['registers'\]=1.5 is not an integer of at least 0"),
        (_edge(True), ValueError, r"graph.edges\['a', 'b'\]\['registers'\]=True is not an integer of at least 0"),
        (_edge(None), ValueError, r"graph.edges\['a', 'b'\]\['registers'\]=None is not an integer of at least 0"),
    ],
)
@pytest.mark.parametrize("function", [critical_path, iteration_bound, fxp.min_period])
def test_graphs_that_are_not_sound_are_refused(function, graph, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        function(graph)


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        (("z", "y"), r"source='z' is not a node of the graph: one of x, tap 1, product 1, y, error, step, update 1"),
        (("x", "weight 2"), r"target='weight 2' is not a node of the graph: one of x"),
    ],
)
def test_unknown_nodes_are_refused(ends, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        latency(lms_graph(taps=1, multiplier_delay=2, adder_delay=1), *ends)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"taps": 0}, r"taps=0 is not an integer of at least 1: give the number of weights"),
        ({"taps": 2.5}, r"taps=2.5 is not an integer of at least 1"),
        ({"taps": [1, 2]}, r"taps of shape \(2,\) is not one number: call once for each"),
        ({"delay": -1}, r"delay=-1 is not an integer of at least 0: give clock periods"),
        ({"multiplier_delay": -1}, r"multiplier_delay=-1 is not a finite number of at least 0: give a time as int"),
        ({"adder_delay": float("nan")}, r"adder_delay=nan is not a finite number of at least 0"),
        ({"adders": "ring"}, r"adders='ring' is not one of chain, tree: choose one"),
        ({"step": "adder"}, r"step='adder' is not one of multiplier, shift: choose one"),
    ],
)
def test_bad_arguments_of_the_lms_graph_are_refused(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        lms_graph(**{"taps": 3, "multiplier_delay": 2, "adder_delay": 1} | changes)


def test_without_networkx_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(ModuleNotFoundError, match=r"^networkx is not installed: python -m pip install 'fxp\[graphs\]'"):
        lms_graph(taps=1, multiplier_delay=2, adder_delay=1)
