"""Tables, texts and figures of what a clock costs an LMS predictor."""

import json
from dataclasses import replace

import pytest
from matplotlib.colors import to_rgb

from sims.pipelines import Config, document, figure, learned, run, summary, tradeoff_figure


@pytest.fixture(scope="module")
def result():
    return run(Config())


def test_figures_of_three_taps(result):
    assert (result.direct.critical_path, result.direct.latency) == (34, 12)
    assert (result.retimed.critical_path, result.chosen.delay, result.published_delay) == (10, 4, 6)
    assert (round(result.chosen.mean_square_limit, 3), round(result.published_limit, 3)) == (0.268, 0.207)


@pytest.mark.parametrize(
    ("changes", "delay"), [({"step": "shift"}, 5), ({"taps": 8, "adders": "tree"}, 7), ({"taps": 1}, 4)]
)
def test_the_published_rule_gives_each_unit_a_period(changes, delay):
    assert run(Config(**changes)).published_delay == delay


def test_what_is_learned_names_each_wrong_remark(result):
    assert learned(result) == (
        "Without a delay the clock period is 34; 10 takes a delay of 4, and the limit of the step size falls from "
        "0.659 to 0.268 (assumed: independent Gaussian regressors; that of the delay line may be lower). "
        "As written down, with all registers of the delay in one place, the period would be 21: "
        "retiming makes the difference. A clock period for each unit of the loop, as is published, would be a delay of "
        "6 and a limit of 0.207: more than one unit fits into a period. Iteration bound and slowest unit would allow a "
        "period of 17, 11.33 and 10 at a delay of 1, 2 and 3, but registers are whole: the shortest is 20, 12 and 11."
    )
    slow = learned(run(Config(period=34)))
    assert slow.startswith("Without a delay the clock period is 34, and 34 is what is wanted.")
    assert "retiming" not in slow


def test_tables_have_a_row_a_clock_and_a_row_a_region(result):
    clocks, regions = summary(result)
    assert (clocks.row_count, regions.row_count) == (5, 3)
    between = run(Config(period=15))
    assert summary(between)[0].row_count == 6
    assert between.chosen.delay == 2


def test_the_document_is_json(result):
    found = json.loads(json.dumps(document(replace(result, config=Config(period=10.5)))))
    assert found["config"]["period"] == 10.5
    assert found["config"]["process"] == [[0.1, 0.5, -0.5, 0.1], []]
    assert found["tradeoff"][2]["period"] == 12
    assert found["tradeoff"][2]["iteration_bound"] == pytest.approx(34 / 3)
    assert found["learned"] == learned(result)


def test_the_figures_show_registers_and_limits(result):
    shown = figure(result)
    assert [axis.get_title().split(":")[0] for axis in shown.axes] == ["D = 4, as written down", "D = 4, retimed"]
    (axis,) = tradeoff_figure(result).axes
    assert [text.get_text() for text in axis.texts] == ["D = 4", "D = 3", "D = 2", "D = 1", "D = 0"]
    (cross,) = (line for line in axis.lines if to_rgb(line.get_color()) == to_rgb("tab:red"))
    assert float(cross.get_ydata()[0]) == pytest.approx(result.published_limit)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"taps": 0}, r"taps=0 is not an integer of at least 1"),
        ({"adders": "ring"}, r"adders='ring' is not one of chain, tree"),
        ({"multiplier_delay": -1}, r"multiplier_delay=-1 is not a finite number of at least 0"),
    ],
)
def test_bad_configs_are_refused(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        Config(**changes)


def test_a_clock_that_no_delay_reaches_is_refused():
    with pytest.raises(ValueError, match=r"^period=9 is not at least 10"):
        run(Config(period=9))
