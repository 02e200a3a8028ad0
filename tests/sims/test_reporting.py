import io
import json
import sys

import pytest
import typer
from matplotlib.figure import Figure

from sims import reporting


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

    def test_a_run_that_needs_more_memory_than_there_is_is_told(self, capsys):
        with pytest.raises(typer.Exit) as exit_, reporting.one_line_errors():
            raise MemoryError("Unable to allocate 160 TiB")
        assert exit_.value.exit_code == 2
        assert capsys.readouterr() == ("", "error: Unable to allocate 160 TiB; ask for less\n")

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
