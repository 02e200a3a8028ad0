import io
import json
import sys
from math import comb

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from sims import reporting
from sims.reporting import Interval, clopper_pearson


def tail_from(events: int, trials: int, probability: float) -> float:
    """P(X ≥ events) of a binomial X, summed term by term."""
    return sum(comb(trials, k) * probability**k * (1 - probability) ** (trials - k) for k in range(events, trials + 1))


class TestClopperPearson:
    @pytest.mark.parametrize("trials", [1, 2, 10, 10_000])
    @pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
    def test_no_and_all_events_have_closed_forms(self, trials, confidence):
        root = ((1 - confidence) / 2) ** (1 / trials)
        none, every = (clopper_pearson(events, trials, confidence=confidence) for events in (0, trials))
        assert none.low == 0.0
        assert none.high == pytest.approx(1 - root, rel=1e-11)
        assert every.high == 1.0
        assert every.low == pytest.approx(root, rel=1e-11)

    @pytest.mark.parametrize(
        ("events", "trials", "low", "high"),
        [(1, 10, 0.0025285785, 0.4450161), (5, 10, 0.187086, 0.812914), (3, 10, 0.0667395, 0.6524529)],
    )
    def test_published_values(self, events, trials, low, high):
        assert clopper_pearson(events, trials) == Interval(pytest.approx(low, rel=2e-6), pytest.approx(high, rel=2e-6))

    @given(st.integers(2, 60).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n))), st.floats(0.5, 0.999))
    def test_ends_leave_half_of_the_rest_in_each_binomial_tail(self, counts, confidence):
        events, trials = counts
        interval = clopper_pearson(events, trials, confidence=confidence)
        rest = (1 - confidence) / 2
        assert tail_from(events, trials, interval.low) == pytest.approx(rest, rel=1e-8)
        assert 1 - tail_from(events + 1, trials, interval.high) == pytest.approx(rest, rel=1e-8)

    @given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
    def test_holds_the_estimate_and_mirrors(self, counts):
        events, trials = counts
        interval, mirrored = clopper_pearson(events, trials), clopper_pearson(trials - events, trials)
        assert interval.low <= events / trials <= interval.high
        assert 1 - mirrored.high == pytest.approx(interval.low, abs=1e-12)

    @pytest.mark.parametrize(("events", "trials"), [(-1, 10), (11, 10), (0, 0)])
    def test_refuses_counts_that_cannot_be(self, events, trials):
        with pytest.raises(ValueError, match=rf"events={events} is not between 0 and trials={trials}"):
            clopper_pearson(events, trials)

    @pytest.mark.parametrize("confidence", [0, 1, 95])
    def test_refuses_a_confidence_that_is_no_fraction(self, confidence):
        with pytest.raises(ValueError, match=f"confidence={confidence} is not between 0 and 1"):
            clopper_pearson(1, 2, confidence=confidence)


def test_costs_are_written_as_published():
    assert [reporting.scientific(number) for number in (237_712_345_678, 66, 999_999, 1)] == [
        "2.377e11",
        "6.600e1",
        "1.000e6",
        "1.000e0",
    ]


class TestShow:
    def test_table_in_a_file_is_120_columns_wide_at_most_and_keeps_every_cell(self):
        file = io.StringIO()
        rows = [["float", "[red]7[/red]", "1"], ["uniform\nB = 7", "W 7", "12345"]]
        reporting.show(
            reporting.table("a title", ["name", "bits", "cost"], rows, caption="why", text_columns=2), file=file
        )
        lines = file.getvalue().splitlines()
        assert max(map(len, lines)) <= 120
        assert all(text in file.getvalue() for text in ("a title", "float", "[red]7[/red]", "B = 7", "12345", "why"))
        assert lines[4].rstrip().endswith("    1")

    def test_standard_output_is_the_default(self, capsys):
        reporting.show("a line")
        assert capsys.readouterr().out == "a line\n"


class TestWriteJson:
    def test_round_trip_into_a_new_folder(self, tmp_path):
        value = {"bits": [7, 5], "title": "B_min ≥ 5", "bound": None}
        reporting.write_json(value, tmp_path / "new" / "result.json")
        assert json.loads((tmp_path / "new" / "result.json").read_text(encoding="utf-8")) == value

    @pytest.mark.parametrize(("value", "error"), [(float("nan"), ValueError), ({1, 2}, TypeError)])
    def test_what_has_no_json_form_leaves_the_old_file(self, tmp_path, value, error):
        file = tmp_path / "result.json"
        file.write_text("old")
        with pytest.raises(error):
            reporting.write_json({"value": value}, file)
        assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("result.json", "old")]


class TestFigures:
    @pytest.mark.parametrize(("suffix", "starts"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
    def test_suffix_names_the_format(self, tmp_path, suffix, starts):
        figure = Figure()
        figure.subplots().plot([1, 2])
        reporting.save_figure(figure, tmp_path / f"plot{suffix}")
        assert (tmp_path / f"plot{suffix}").read_bytes().startswith(starts)
        assert [file.name for file in tmp_path.iterdir()] == [f"plot{suffix}"]

    @pytest.mark.parametrize("name", ["plot", "plot.gif", "plot.png.txt"])
    def test_other_suffixes_are_refused(self, tmp_path, name):
        with pytest.raises(ValueError, match=r"does not end in \.pdf, \.png, \.svg: name a format so"):
            reporting.save_figure(Figure(), tmp_path / name)
        assert not any(tmp_path.iterdir())


class TestOneLineErrors:
    @pytest.mark.parametrize("error", [ValueError("bits=0 is\nwrong"), FileNotFoundError("bits=0 is wrong")])
    def test_bad_data_is_one_line_and_exit_code_2(self, capsys, error):
        with pytest.raises(typer.Exit) as exit_, reporting.one_line_errors():
            raise error
        assert exit_.value.exit_code == 2
        assert capsys.readouterr() == ("", "error: bits=0 is wrong\n")

    def test_mistakes_of_the_program_stay_visible(self):
        with pytest.raises(ZeroDivisionError), reporting.one_line_errors():
            raise ZeroDivisionError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestProgressBars:
    def test_silent_where_there_is_no_terminal(self, capsys):
        with reporting.progress_bars() as report:
            report("images", 1, 2)
        assert capsys.readouterr() == ("", "")

    def test_one_bar_a_name_on_standard_error(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", Terminal())
        monkeypatch.setenv("TERM", "xterm")
        with reporting.progress_bars() as report:
            for done in (1, 2):
                report("gains", done, 2)
            report("tests", 5, 9)
        shown = sys.stderr.getvalue()
        assert "gains" in shown
        assert "2/2" in shown
        assert "5/9" in shown
