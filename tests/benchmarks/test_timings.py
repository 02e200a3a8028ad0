"""The benchmarks count wrong results, print what they measured, and run on small data; no test depends on a time."""

import itertools
import json
import sys

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import convolution, encode, exact_matmul, importing, lms, machine, saturating_matmul, timing
from benchmarks.tables import Row, Table, duration, markdown, summary, table_of
from benchmarks.timing import Contestant, compare
from tests.test_layering import ROOT

NO_BREAK = "\N{NO-BREAK SPACE}"
TABLE = Table(
    "sums",
    (
        Row("NumPy", 0.002, 1.5, 0),
        Row("fxp.sum", 0.0005, 6, 0),
        Row("fxpmath", 0.1, 0.03, 1200, "it wraps"),
        Row("float32", 0.0004, 7.5, None, "rescaled"),
        Row("unseen", 0.002),
    ),
    4096,
)


@pytest.fixture
def one_call(monkeypatch):
    """Each contestant is called once a turn."""
    monkeypatch.setattr(timing, "MOST_CALLS", 1)


def test_a_table_in_full():
    assert markdown(TABLE).replace(NO_BREAK, " ").splitlines() == [
        "| sums | time | GMAC/s | ratio | wrong results |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| NumPy | 2 ms | 1.5 | 1.00 | none |",
        "| fxp.sum | 0.5 ms | 6 | 0.25 | none |",
        "| fxpmath | 100 ms | 0.03 | 50.00 | 1,200 of 4,096: it wraps |",
        "| float32 | 0.4 ms | 7.5 | 0.20 | rescaled |",
        "| unseen | 2 ms | – | 1.00 | not compared |",
    ]


def test_a_table_of_results_that_are_not_compared_shows_remarks_alone():
    rows = Row("torch", 0.002), Row("fxp.sum", 0.001, remark="2 % overflow")
    assert markdown(Table("sums", rows)).replace(NO_BREAK, " ").splitlines() == [
        "| sums | time | ratio | remark |",
        "| --- | ---: | ---: | ---: |",
        "| torch | 2 ms | 1.00 |  |",
        "| fxp.sum | 1 ms | 0.50 | 2 % overflow |",
    ]
    assert markdown(Table("sums", rows[:1])).splitlines()[0] == "| sums | time | ratio |"


def test_a_table_in_short():
    assert summary([TABLE]).replace(NO_BREAK, " ").splitlines()[-1] == (
        "| sums | 0.5 ms | NumPy 4.00; fxpmath 200 (1,200 of 4,096: it wraps); float32 0.80 (rescaled); unseen 4.00 |"
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(12.3456, "12.3 s"), (1, "1 s"), (0.0314159, "31.4 ms"), (3e-6, "0.003 ms")]
)
def test_durations_have_three_digits(seconds, text):
    assert duration(seconds) == text.replace(" ", NO_BREAK)


def test_wrong_results_are_counted_and_each_contestant_is_called_once_a_turn(one_call):
    called = []
    contestants = [
        Contestant("right", lambda: called.append("right") or [1, 2, 3], np.asarray),
        Contestant("wrong", lambda: called.append("wrong") or [1, 0, 0], np.asarray, "two are zero"),
        Contestant("unseen", lambda: called.append("unseen")),
    ]
    table = compare("numbers", contestants, np.array([1, 2, 3]), turns=2)
    assert [(row.name, row.wrong, row.remark) for row in table.rows] == [
        ("right", 0, ""),
        ("wrong", 2, "two are zero"),
        ("unseen", None, ""),
    ]
    assert table.results == 3
    assert called == ["right", "wrong", "unseen"] * 3
    assert all(row.seconds >= 0 for row in table.rows)


def test_a_turn_ends_with_its_slice_or_its_calls(monkeypatch):
    clock = itertools.count(step=timing.SLICE)
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    assert len(list(timing.turn(lambda: None))) == 1
    monkeypatch.setattr(timing.time, "perf_counter", lambda: 0.0)
    assert len(list(timing.turn(lambda: None))) == timing.MOST_CALLS


def test_peers_that_are_not_installed_are_named(capsys):
    made = list(timing.peers({"numpy": lambda x: Contestant("here", lambda: x), "no_such_library": None}, 7))
    assert [contestant.name for contestant in made] == ["here"]
    assert capsys.readouterr().err.startswith("no_such_library is not installed: python -m pip install")


@pytest.mark.parametrize("benchmark", [encode, exact_matmul, saturating_matmul, convolution, lms])
def test_benchmarks_run_and_fxp_is_right(benchmark, one_call, monkeypatch):
    small = {"SIZE": 8, "SIDE": 16, "WIDE_SIDE": 8, "IMAGES": 1, "CHANNELS": 4, "RUNS": 3, "ITERATIONS": 40}
    for name, value in small.items():
        monkeypatch.setattr(benchmark, name, value, raising=False)
    for table in benchmark.tables():
        ours = [row for row in table.rows if row.is_ours]
        assert [row.wrong for row in ours] == [0] * len(ours) != []
        assert table_of(json.loads(json.dumps(command.asdict(table)))) == table
        assert markdown(table)


def test_peers_without_a_saturating_accumulator_are_seen():
    rng = np.random.default_rng(1)
    x, w = rng.integers(-128, 128, (2, 256, 256), np.int8)
    pytest.importorskip("apytypes")
    peer = saturating_matmul.apytypes_contestant(x, w)
    assert timing.wrong_results(peer, saturating_matmul.loop(x.astype(np.int32), w.astype(np.int32))) > 60_000


def test_interpreters_are_started(one_call, monkeypatch):
    monkeypatch.setattr(importing, "STATEMENTS", {"nothing": "pass"})
    monkeypatch.setattr(timing, "TURNS", 1)
    (table,) = importing.tables()
    assert [row.name for row in table.rows] == ["nothing"]


def test_the_machine_is_described():
    line = machine.machine()
    assert f"numpy {np.__version__}" in line
    assert " cores, Python 3." in line


def test_the_list_names_every_benchmark(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    command.main()
    shown = capsys.readouterr().out
    assert all(f"python -m benchmarks {name}``" in shown for name in command.NAMES)


def test_an_unknown_name_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "divide"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    assert "divide: there is no such benchmark; choose from encode, " in capsys.readouterr().err


def test_results_are_kept_and_written_between_the_marks(monkeypatch, capsys, tmp_path):
    (tmp_path / "docs").mkdir()
    pages = [tmp_path / "README.md", tmp_path / "docs" / "speed.md"]
    for page in pages:
        page.write_text(f"above\n\n{command.BEGIN}\nold\n{command.END}\n\nbelow\n")
    monkeypatch.setattr(sys, "argv", ["benchmarks", "encode", "--write"])
    monkeypatch.setattr(command, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "run", lambda name: [TABLE])
    command.main()
    assert command.kept()["encode"]["machine"] in capsys.readouterr().out
    for page, text in zip(pages, (summary([TABLE]), markdown(TABLE)), strict=True):
        assert page.read_text().startswith(f"above\n\n{command.BEGIN}\n\n{text}\n\nMeasured on ")
        assert page.read_text().endswith(f"\n\n{command.END}\n\nbelow\n")


def test_the_pages_show_the_results_that_are_kept():
    for name, text in command.pages(command.kept()).items():
        assert text in (ROOT / name).read_text(encoding="utf-8")
