"""The least loop delay: it reaches the period and one less does not; regions hold at every ratio inside them."""

from fractions import Fraction

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp import critical_path, iteration_bound, lms_graph, loop_delay_regions, min_loop_delay, min_period, retime
from tests.fxp.pipelining.test_retiming import ring

WORDS = {"adders": st.sampled_from(["chain", "tree"]), "step": st.sampled_from(["multiplier", "shift"])}
TIMES = st.fractions(Fraction(1, 8), 8, max_denominator=8)


@given(taps=st.integers(1, 5), multiplier=TIMES, adder=TIMES, spare=st.fractions(0, 20, max_denominator=4), **WORDS)
def test_the_delay_reaches_the_period_and_one_less_does_not(taps, multiplier, adder, spare, adders, step):
    design = {"taps": taps, "multiplier_delay": multiplier, "adder_delay": adder, "adders": adders, "step": step}
    period = max(multiplier, adder) + spare
    delay = min_loop_delay(lms_graph(**design), period)
    enough = lms_graph(**design, delay=delay)
    assert iteration_bound(enough) <= critical_path(retime(enough, period)) <= period
    assert delay == 0 or min_period(lms_graph(**design, delay=delay - 1)).period > period
    for other in (retime(enough, period), lms_graph(**design, delay=7)):
        assert min_loop_delay(other, period) == delay, "the delay that a graph has does not matter"


@pytest.mark.parametrize(
    ("step", "published"),
    [("multiplier", [(1, 2, 6), (2, 3, 5), (3, None, 4)]), ("shift", [(1, 2, 5), (2, 3, 4), (3, None, 3)])],
)
def test_published_regions_of_three_taps(step, published):
    assert [(region.low, region.high, region.delay) for region in loop_delay_regions(taps=3, step=step)] == published


@pytest.mark.parametrize("step", ["multiplier", "shift"])
@pytest.mark.parametrize("adders", ["chain", "tree"])
@pytest.mark.parametrize("taps", [1, 2, 3, 4, 6])
def test_the_answer_changes_only_where_the_regions_do(taps, adders, step):
    regions = loop_delay_regions(taps=taps, adders=adders, step=step)
    assert [region.low for region in regions] == [1, *(region.high for region in regions[:-1])]
    assert regions[-1].high is None
    for ratio in (Fraction(eighths, 8) for eighths in range(8, 8 * taps + 24)):
        (here,) = (each for each in regions if each.low <= ratio and (each.high is None or ratio < each.high))
        graph = lms_graph(taps=taps, multiplier_delay=ratio, adder_delay=1, adders=adders, step=step)
        assert min_loop_delay(graph, ratio) == here.delay


@given(st.integers(0, 6), st.fractions(0, Fraction(99, 100)))
def test_below_one_addition_no_delay_helps(delay, ratio):
    graph = lms_graph(taps=3, multiplier_delay=ratio, adder_delay=1, delay=delay)
    with pytest.raises(
        ValueError, match=r"^period=.* is not at least 1, which the units and the loops without the delay"
    ):
        min_loop_delay(graph, ratio)


def test_a_loop_without_a_register_of_its_own_needs_at_least_one():
    graph = ring(("a", 1), ("b", 2), ("c", 0), a=1)
    graph.edges["a", "b"]["delayed"] = True
    graph.graph["delay"] = 1
    assert [min_loop_delay(graph, period) for period in (2, 3, 100)] == [2, 1, 1]
    idle = networkx.DiGraph(delay=1)
    idle.add_node("a", delay=0)
    idle.add_edge("a", "a", registers=1, delayed=True)
    assert min_loop_delay(idle, 0) == 1


def test_all_delayed_edges_carry_the_delay():
    graph = ring(("a", 4), ("b", 4), a=1, b=1)
    for edge in graph.edges:
        graph.edges[edge]["delayed"] = True
    graph.graph["delay"] = 1
    assert [min_loop_delay(graph, period) for period in (4, 8)] == [1, 1]


def test_graphs_without_a_loop_delay_are_refused():
    with pytest.raises(ValueError, match=r"^graph has no edge with delayed=True: mark those that carry the loop delay"):
        min_loop_delay(ring(("a", 1), a=1), 1)
    graph = ring(("a", 1), ("b", 1), a=1)
    graph.edges["a", "b"]["delayed"] = True
    graph.graph["delay"] = -1
    with pytest.raises(
        ValueError, match=r"^graph.graph\['delay'\]=-1 is not an integer of at least 0: give clock periods"
    ):
        min_loop_delay(graph, 1)
    graph.graph["delay"] = 2
    with pytest.raises(
        ValueError, match=r"^graph.graph\['delay'\]=2 is more than the registers of a → b: give the one"
    ):
        min_loop_delay(graph, 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"taps": 0}, r"taps=0 is not an integer of at least 1: give the number of weights"),
        ({"adders": "ring"}, r"adders='ring' is not one of chain, tree"),
        ({"step": "adder"}, r"step='adder' is not one of multiplier, shift"),
    ],
)
def test_bad_arguments_of_the_regions_are_refused(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        loop_delay_regions(**{"taps": 3} | changes)
