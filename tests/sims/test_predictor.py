"""The predictor experiment: what it finds of the three-tap example, its table and figure, other drives, bad options."""

import json

import pytest
from typer.testing import CliRunner

from sims import predictor
from sims.predictor import Config, Drive, Result, document, figure, learned, published, run, summary

QUICK = Config(bits=(3, 4), runs=20_000)


@pytest.fixture(scope="module")
def result() -> Result:
    return run(QUICK)


def row(result: Result, x_range: float, bits: int) -> predictor.Row:
    return next(each for each in result.rows if (each.x_range, each.bits) == (x_range, bits))


def test_the_three_tap_example(result):
    narrow, wide = row(result, 1.0, 4), row(result, 2.0, 4)
    assert narrow.full_adders == 66
    assert narrow.model_db < 0.1 < narrow.measured.low_db
    assert wide.measured.high_db < 0.1
    assert narrow.measured.overload == pytest.approx(0.167, abs=0.02)
    assert narrow.exact is not None
    assert narrow.exact.loss_db == pytest.approx(0.266, abs=5e-4)
    assert (result.equal.full_adders, result.cheapest.full_adders) == (66, 52)


def test_the_exact_loss_is_measured(result):
    """Within 4 half widths of 95 % intervals, 8 deviations, at 6 points."""
    for each in result.rows:
        reach = 2 * (each.measured.high_db - each.measured.low_db)
        assert abs(each.measured.loss_db - each.exact.loss_db) < reach


def test_a_run_repeats_itself_and_depends_on_the_seed(result):
    again = Config(bits=(3,), ranges=(2.0,), runs=1000)
    assert run(again) == run(again)
    assert run(again).rows != run(Config(bits=(3,), ranges=(2.0,), runs=1000, seed=1)).rows


def test_table_document_and_figure_show_all_rows(result):
    assert all(summary(result, end).row_count == 2 for end in QUICK.ranges)
    assert published(result).row_count == 4
    assert len(json.loads(json.dumps(document(result)))["rows"]) == 6
    assert len(figure(result).axes) == 1
    assert "the noise model asks for 3.249 bits" in learned(result)
    assert "66 full adders" in learned(result)


def test_a_narrow_accumulator_overflows():
    found = run(Config(bits=(5,), ranges=(2.0,), runs=2000, accumulator_bits=7))
    assert found.rows[0].accumulator_bits > 7
    assert found.rows[0].measured.overflowed > 0
    assert len(summary(found, 2.0).columns) == 12
    assert "The exact loss" not in learned(found)  # which is that of exact sums
    assert published(found) is None


def test_gains_are_drawn_as_well():
    found = run(Config(drive=Drive.SIGN, bits=(4,), ranges=(4.0,), runs=2000))
    assert found.rows[0].exact.loss_db < 0
    panel = figure(found).axes[0]
    assert panel.get_ylim()[0] < found.rows[0].exact.loss_db


def test_every_power_of_two_is_a_range():
    assert Config(ranges=tuple(2.0**order for order in range(-40, 60))).ranges


@pytest.mark.parametrize("option", ["--json", "--figure"])
def test_a_file_that_cannot_be_written_is_refused_before_the_run(option, monkeypatch, tmp_path):
    monkeypatch.setattr(predictor, "run", lambda *_, **__: pytest.fail("it ran"))
    (tmp_path / "file").touch()
    done = CliRunner().invoke(predictor.app, [option, str(tmp_path / "file" / "p.png")])
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize("drive", list(Drive))
def test_every_drive_has_unit_power(drive):
    assert drive.signal.rms == pytest.approx(1)
    found = run(Config(drive=drive, bits=(4,), ranges=(4.0,), runs=2000, autoregressive=()))
    assert (found.rows[0].exact is None) == (drive is Drive.UNIFORM)
    assert learned(found)
    assert figure(found).axes


def test_no_words_are_enough():
    found = run(Config(bits=(2,), ranges=(1.0,), runs=1000))
    assert (found.equal, found.cheapest) == (None, None)
    assert "No words of up to 2 bits keep within 0.1 dB" in learned(found)
    assert document(found)["equal"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"taps": 0}, "taps=0 is not at least 1"),
        ({"runs": 10}, "runs=10 is not at least 1000"),
        ({"bits": ()}, r"bits=\(\) are not word lengths between 1 and 24"),
        ({"bits": (4, 25)}, r"bits=\(4, 25\) are not word lengths"),
        ({"loss_db": 0.0}, "loss_db=0.0 is not positive"),
        ({"ranges": (3.0,)}, r"ranges=\(3.0,\) are not powers of two"),
        ({"ranges": ()}, r"ranges=\(\) are not powers of two"),
        ({"accumulator_bits": 0}, "accumulator_bits=0 is not at least 1"),
        ({"seed": -1}, "seed=-1 is negative"),
    ],
)
def test_config_refuses_numbers_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        Config(**options)


def test_command_prints_and_writes(result, monkeypatch, tmp_path):
    monkeypatch.setattr(predictor, "run", lambda *_, **__: result)
    files = ["--json", str(tmp_path / "p.json"), "--figure", str(tmp_path / "p.png"), "--bits", "3", "4"]
    done = CliRunner().invoke(predictor.app, files)
    assert done.exit_code == 0, done.output
    assert "Published figures" in done.output
    assert all(file.exists() for file in (tmp_path / "p.json", tmp_path / "p.png"))


@pytest.mark.parametrize(
    "options",
    [["--figure", "p.txt"], ["--ranges", "1,x"], ["--autoregressive", "1.5"], ["--bits", "4", "3"], ["--loss-db", "0"]],
)
def test_bad_options_end_in_one_line(options):
    done = CliRunner().invoke(predictor.app, options)
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
