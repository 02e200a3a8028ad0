"""The drawing has a bar for each register, a circle for each unit that computes, and the slowest path in red."""

import pytest
from matplotlib.colors import to_rgb

from fxp import lms_graph, retime, slowest_path
from sims.flow_figures import SLOW, lms_figure


def bars(axis):
    return [line for line in axis.lines if to_rgb(line.get_color()) == to_rgb("black")]


def circles(axis):
    return [line for line in axis.lines if line.get_marker() == "o" and line.get_markersize() > 10]


@pytest.mark.parametrize("adders", ["chain", "tree"])
@pytest.mark.parametrize("step", ["multiplier", "shift"])
@pytest.mark.parametrize(("taps", "delay"), [(1, 0), (1, 3), (3, 5), (5, 6), (8, 7)])
def test_registers_units_and_the_slowest_path_are_drawn(taps, delay, adders, step):
    graph = lms_graph(taps=taps, multiplier_delay=2, adder_delay=1, adders=adders, step=step, delay=delay)
    shown = {"before": graph, "after": retime(graph, 100)}
    for axis, (title, drawn) in zip(lms_figure(shown).axes, shown.items(), strict=True):
        assert axis.get_title().startswith(f"{title}: critical path {slowest_path(drawn).delay}, iteration bound ")
        assert len(bars(axis)) == sum(registers for *_, registers in drawn.edges(data="registers"))
        assert len(circles(axis)) == 4 * taps + 1
        red = [line for line in circles(axis) if to_rgb(line.get_markeredgecolor()) == to_rgb(SLOW)]
        computing = [node for node in slowest_path(drawn).nodes if node[0] not in "xyt"]
        assert len(red) == len(computing)


def test_units_stand_apart():
    graph = lms_graph(taps=7, multiplier_delay=2, adder_delay=1, adders="tree")
    (axis,) = lms_figure({"tree": graph}).axes
    places = [tuple(float(each[0]) for each in line.get_data()) for line in circles(axis)]
    assert len(set(places)) == len(places) == 29


def test_without_a_graph_there_is_nothing_to_draw():
    with pytest.raises(ValueError, match=r"^graphs=\{\} holds no graph: give at least one"):
        lms_figure({})
