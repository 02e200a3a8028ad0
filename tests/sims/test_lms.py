"""The LMS experiment on small ensembles: predictions beside measurements, tables, files and errors."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

import fxp
from sims import lms, lms_curves, lms_remarks, lms_sweeps
from sims.ensembles import Ensemble, Regressors, simulate
from sims.lms import Config, Drive, Result, document, figures, learned, run, summary
from sims.lms_curves import learning_runs
from sims.lms_predictions import (
    agreement,
    exact_misadjustment,
    exact_moments,
    gaussian_misadjustment,
    predicted_curve,
    process_of,
    step_limit,
)
from sims.lms_sweeps import word_sweep
from sims.lms_work import worked
from sims.word_ensembles import coded_step, simulate_words

EXAMPLE = process_of((0.1, 0.5, -0.5, 0.1), (), "gaussian")
SMALL = Config(
    moving_average=(1.0, 0.5), taps=1, delays=(1,), swept_step=0.05, runs=40, iterations=60, weight_bits=(6, 10)
)


def strict(value: object) -> object:
    return json.loads(json.dumps(value, allow_nan=False))


@pytest.fixture(scope="module")
def result() -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lms, "DELAYS", (0, 1, 2))
        patch.setattr(lms_sweeps, "ITERATIONS", (100, 400))
        return run(SMALL)


def test_every_part_is_there(result):
    assert len(result.curves) == 2 * len(lms.MULTIPLES)
    assert [row.delay for row in result.limits] == [0, 1, 2]
    assert len(result.steps) == 2 * len(lms_sweeps.FRACTIONS)
    assert len(result.delays) == 2 * 3
    assert len(result.words) == 2 * 2
    assert result.remarks == ()
    assert all(row.relative_difference < 1e-9 for row in result.limits)
    fifty = [each for each in result.curves if each.multiple > 40]
    assert all(each.found.frozen == 40 for each in fifty)
    assert not any(each.predicted.stable for each in fifty)


def test_tables_document_and_figures_hold_all_of_it(result):
    assert [table.row_count for table in summary(result)] == [3, 8, 2 * len(lms_sweeps.FRACTIONS), 3, 2]
    written = strict(document(result))
    assert written["config"]["drive"] == "gaussian"
    assert len(written["curves"][0]["mse"]) == len(written["curves"][0]["iterations"])
    assert "exact moments agree" in learned(result)
    drawn = figures(result)
    assert list(drawn) == ["learning_curves", "limits", "steady_state", "words"]
    assert len(drawn["learning_curves"].axes) == 2 * len(lms.MULTIPLES)


def test_runs_are_repeated_exactly(result):
    again = learning_runs(SMALL.ensembles)
    assert [strict(lms_curves.curve_document(each)) for each in again] == strict(document(result))["curves"]


@pytest.mark.parametrize("delay", [0, 2])
def test_independent_regressors_follow_the_closed_form_and_no_other(delay, rng):
    """Largest of 200 distances in standard errors: above 8 with a probability of about 1e-9 if it were Gaussian."""
    ensemble = Ensemble(
        EXAMPLE, 0.05, delay=delay, regressors="independent", runs=2000, iterations=200, seed=int(rng.integers(2**32))
    )
    found = simulate(ensemble)
    assert agreement(found, predicted_curve(ensemble), "conditional").largest_errors < 8
    for wrong in (replace(ensemble, factor=2), replace(ensemble, delay=delay + 8)):
        assert agreement(found, predicted_curve(wrong), "conditional").largest_errors > 16


def test_a_delay_line_follows_its_exact_moments(rng):
    ensemble = Ensemble(EXAMPLE, 0.05, delay=3, runs=800, iterations=200, seed=int(rng.integers(2**32)))
    found, predicted = simulate(ensemble), predicted_curve(ensemble)
    assert predicted.tier == "operator"
    assert agreement(found, predicted, "controlled").largest_errors < 9
    wrong = predicted_curve(replace(ensemble, factor=2))
    noise = np.maximum(found.weights.error, 1e-9)
    assert np.max(np.abs(found.weights.mean - predicted.weights) / noise) < 9
    assert np.max(np.abs(found.weights.mean - wrong.weights) / noise) > 18


@pytest.mark.parametrize("regressors", Regressors)
def test_above_the_limit_curves_are_cut_before_they_overflow(regressors):
    ensemble = Ensemble(EXAMPLE, 5.0, delay=4, regressors=regressors, runs=20, iterations=2000)
    predicted = predicted_curve(ensemble)
    assert not predicted.stable
    assert 5 < len(predicted.mse) < 2000
    assert np.isfinite(predicted.mse).all()
    assert np.isfinite(predicted.weights).all()
    (done,) = learning_runs([ensemble])
    assert done.predicted_steady is None
    assert done.power.horizon < len(predicted.mse)
    strict(lms_curves.curve_document(done))


def test_predictions_without_exact_moments_take_the_closed_form():
    process = process_of((1.0,), (0.5,), "gaussian")
    ensemble = Ensemble(process, 0.05, taps=2, runs=4, iterations=50)
    assert exact_moments(process, 2, 0, Regressors.DELAY_LINE) is None
    assert exact_misadjustment(ensemble) is None
    assert step_limit(ensemble) == (
        "gaussian",
        float(fxp.mean_square_step_limit(process.correlation_matrix(2))),
    )
    assert predicted_curve(ensemble).tier == "gaussian"


def test_misadjustments_end_at_their_limits():
    ensemble = Ensemble(EXAMPLE, 0.2, delay=5, runs=4, iterations=50)
    assert exact_misadjustment(ensemble) is None
    assert gaussian_misadjustment(ensemble) > 1
    assert gaussian_misadjustment(replace(ensemble, step_size=0.3)) is None


def test_words_are_those_of_the_filter_on_the_same_input():
    ensemble = Ensemble(EXAMPLE, 0.1, runs=3, iterations=30, seed=5)
    lms_filter = fxp.FixedPointLms(3, fxp.Format(10, 7), fxp.Format(10, 7), fxp.Format(9, 7), step_shift=3)
    found = simulate_words(ensemble, lms_filter).ensembles
    codes = [[fxp.encode(part, lms_filter.data) for part in ensemble.draw(run)] for run in range(3)]
    alone = [lms_filter.run(x, d) for x, d in codes]
    errors = np.array([each.errors for each in alone]) * lms_filter.error_step
    assert np.allclose(found.squared.mean, (errors**2).mean(0), rtol=1e-12)
    assert np.allclose(found.tails[:, 0], (errors[:, 15:] ** 2).mean(1), rtol=1e-12)


def test_wide_words_are_floating_point_and_narrow_ones_stall():
    points = word_sweep(Ensemble(EXAMPLE, 2.0**-6, runs=20, iterations=10), (5, 20), error_bits=14)
    wide = [each for each in points if each.weight_bits == 20]
    assert all(abs(each.excess - each.floating) < 1e-4 for each in wide)
    narrow = next(each for each in points if (each.weight_bits, each.rounding) == (5, "HALF_EVEN"))
    assert narrow.stalled > 0.95
    assert narrow.predicted is None


@pytest.mark.parametrize("step_size", [1.0, 0.1, 3e-5, 700.0])
def test_coded_steps_are_near(step_size):
    code, shift = coded_step(step_size)
    assert abs(code * 2.0**-shift / step_size - 1) <= 2**-8


def test_remarks_have_verdicts():
    """On a process with fewer moments than that of the notes."""
    found = lms_remarks.remarks(Ensemble(process_of((1.0, 0.5), (), "gaussian"), 0.1, runs=40, iterations=100))
    verdicts = {each.remark: each.verdict for each in found}
    assert len(verdicts) == len(found) == 12
    assert sum("w + 2·μ·e·x" in remark for remark in verdicts) == 1
    assert "40 of 40 runs" in next(each.found for each in found if "50 times" in each.remark)
    assert lms_remarks.remarks_table(found).row_count == 12


def test_work_comes_in_order_and_fails_as_it_would_alone():
    seen = []
    assert worked(range(20), lambda n: n * n, "squares", lambda *each: seen.append(each))[7] == 49
    assert seen[-1] == ("squares", 20, 20)
    with pytest.raises(ZeroDivisionError):
        worked([1, 0], lambda n: 1 // n, "quotients")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"runs": 1}, "runs=1 is not at least 2"),
        ({"seed": -1}, "seed=-1 is negative"),
        ({"delays": ()}, r"delays=\(\) is empty"),
        ({"weight_bits": (3,)}, "3 bits of a word are not between 4 and 24"),
        ({"error_bits": 30}, "30 bits of a word"),
        ({"step_sizes": (0.1, -0.1)}, "step_size=-0.1 is not finite and positive"),
        ({"delays": (0, 2000)}, "iterations=1200 is not an integer of at least 2001"),
        ({"factor": 3}, "factor=3 is not"),
        ({"sign": 2}, "sign=2 is not 1 or -1"),
        ({"taps": 0}, "taps=0 is not"),
        ({"moving_average": (0.0,)}, "moving_average=.* is all zero"),
        ({"autoregressive": (1.5,)}, "autoregressive=.* has a pole"),
    ],
)
def test_config_refuses_numbers_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        Config(**options)


def test_conventions_are_arguments():
    assert Config(factor=2).textbook == Config().textbook / 2
    one, two = SMALL.ensembles[0], replace(SMALL, factor=2, sign=-1).ensembles[0]
    assert one.gain == two.gain
    assert (simulate(one).weights.mean == simulate(two).weights.mean).all()
    assert Config(drive=Drive.SIGN).process.drive.peak == 1


def test_command_prints_and_writes(result, monkeypatch, tmp_path):
    monkeypatch.setattr(lms, "run", lambda *_, **__: result)
    done = CliRunner().invoke(lms.app, ["--json", str(tmp_path / "l.json"), "--figure", str(tmp_path / "l.png")])
    assert done.exit_code == 0, done.output
    assert "Limits of the step size" in done.output
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "l.json",
        "l_learning_curves.png",
        "l_limits.png",
        "l_steady_state.png",
        "l_words.png",
    ]


def test_command_shows_pipelines(tmp_path):
    done = CliRunner().invoke(lms.app, ["--pipeline", "--figure", str(tmp_path / "l.svg")])
    assert done.exit_code == 0, done.output
    assert "falls from 0.305 to 0.202" in " ".join(done.output.split())
    assert sorted(file.name for file in tmp_path.iterdir()) == ["l_clock.svg", "l_pipeline.svg"]


def test_command_clocks_other_units():
    options = ["--adders", "tree", "--step-unit", "shift", "--multiplier-delay", "2", "--period", "3", "--taps", "1"]
    done = CliRunner().invoke(lms.app, ["--pipeline", *options])
    assert done.exit_code == 0
    assert "1 tap, T_M = 2, T_A = 1, step by a shift" in done.output
    refused = CliRunner().invoke(lms.app, ["--pipeline", "--period", "9"])
    assert refused.exit_code == 2
    assert refused.output.startswith("error: period=9 is not at least 10")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--figure", "l.txt"], "figure='l.txt' does not end in"),
        (["--runs", "1"], "runs=1 is not at least 2"),
        (["--factor", "3"], "factor=3 is not"),
        (["--step-size", "nan"], "step_size=nan is not"),
    ],
)
def test_user_errors_are_one_line(arguments, message):
    done = CliRunner().invoke(lms.app, arguments)
    assert done.exit_code == 2
    assert message in done.output
    assert done.output.count("\n") == 1
