"""The comparison with synthesis: figures by hand, Verilog, the committed results, and Yosys where it is installed."""

import json
import shutil
import sys
from collections import Counter

import pytest

from benchmarks.synthesis import __main__ as command
from benchmarks.synthesis import designs, tables, verilog, yosys
from benchmarks.synthesis.comparison import accuracy, compare, formulas, smallest
from sims.circuits.dot_products import Operands, ripple
from tests.test_layering import ROOT

RESULTS = json.loads(command.RESULTS.read_text())["records"]
needs_yosys = pytest.mark.skipif(shutil.which("yosys") is None, reason="yosys is not installed")


def operands(signs: str = "mixed") -> Operands:
    return Operands(2, 3, 2, *designs.SIGNS[signs])


def test_results_hold_every_design_once() -> None:
    done = [tuple(record[name] for name in (*tables.POINT, "structure")) for record in RESULTS]
    wanted = [tuple(design[name] for name in (*tables.POINT, "structure")) for design in designs.designs()]
    assert Counter(done) == Counter(wanted)
    assert len(smallest(RESULTS)) >= 30
    assert {record["signs"] for record in RESULTS} == set(designs.SIGNS)


def test_the_documentation_prints_the_committed_results() -> None:
    assert tables.markdown(RESULTS) in (ROOT / "docs" / "derivations" / "costs.md").read_text(encoding="utf-8")


def test_the_estimate_is_as_good_as_its_docstring_says() -> None:
    found = compare(smallest(RESULTS), formulas()["gate_area"])
    assert found.median < 0.05
    assert found.percentile90 < 0.15


def test_area_is_proportional() -> None:
    found = accuracy([1, 2, 3, 4], [6, 12, 18, 24])
    assert (found.unit, found.median, found.percentile90, found.worst, found.misordered) == (6, 0, 0, 0, 0)


def test_errors_by_hand() -> None:
    # units 10, 10, 8 and 20, their median is 10: errors 0, 0, 1/4 and 1/2
    found = accuracy([10, 20, 30, 10], [100, 200, 240, 200])
    assert (found.unit, found.median, found.worst) == (10, 0.125, 0.5)
    assert found.percentile90 == pytest.approx(0.425)


def test_pairs_5_to_40_percent_apart_are_ordered() -> None:
    # of the pairs 100–120, 100–130 and 120–130, the formula turns the last two around; 500 is too far away
    assert accuracy([3, 4, 2, 1], [100, 120, 130, 500]).misordered == pytest.approx(2 / 3)
    assert accuracy([1, 1], [100, 104]).misordered == 0
    assert accuracy([1, 1], [100, 110]).misordered == 1


def test_smallest_of_each_dot_product() -> None:
    first = {"length": 1, "x_bits": 2, "w_bits": 2, "signs": "signed"}
    records = [first | {"area": 3}, first | {"area": 2}, first | {"length": 2, "area": 5}]
    assert [record["area"] for record in smallest(records)] == [2, 5]


def test_an_expression_in_verilog() -> None:
    assert verilog.expression(operands()) == (
        "module dot(input [2:0] x0, input [1:0] w0, input [2:0] x1, input [1:0] w1, output [5:0] y);\n"
        "wire signed [5:0] total = $signed({1'b0, x0}) * $signed(w0) + $signed({1'b0, x1}) * $signed(w1);\n"
        "assign y = total;\nendmodule\n"
    )
    assert "wire [5:0] total = x0 * w0 + x1 * w1;" in verilog.expression(operands("unsigned"))


def test_a_netlist_in_verilog() -> None:
    lines = verilog.structure(ripple(Operands(1, 1, 1, x_signed=False, w_signed=False))).splitlines()
    assert lines == [
        "module dot(input [0:0] x0, input [0:0] w0, output [1:0] y);",
        "wire n4 = x0[0] & w0[0];",
        "wire n5 = n4 ^ 1'b0 ^ 1'b0;",
        "wire n6 = n4 & 1'b0 | 1'b0 & (n4 ^ 1'b0);",
        "assign y = {n6, n5};",
        "endmodule",
    ]


def test_gates_are_simulated_in_any_order() -> None:
    module = {
        "ports": {"x0": {"bits": [2]}, "w0": {"bits": [3]}, "y": {"bits": [5, "1", "0"]}},
        "cells": {
            "late": {"type": "INV", "connections": {"A": [4], "Y": [5]}},
            "early": {"type": "NAND2", "connections": {"A": [2], "B": [3], "Y": [4]}},
        },
    }
    assert [bits & 0b1111 for bits in yosys.evaluate(module, {"x0": [0b0011], "w0": [0b0101]})] == [1, 15, 0]
    assert yosys.Synthesis(module, luts=1).area == pytest.approx(2 / 3 + 1)


def test_without_yosys_one_line_says_what_to_do(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(command, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(sys, "argv", ["synthesis"])
    with pytest.raises(SystemExit, match=r"^yosys is not installed: apt-get install yosys \(Debian, Ubuntu\)"):
        command.main()
    assert not list(tmp_path.iterdir())


def test_tables_need_no_yosys(monkeypatch, capsys) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", ["synthesis", "--table"])
    command.main()
    assert capsys.readouterr().out.strip() == tables.markdown(RESULTS)


def test_an_interrupted_run_goes_on(monkeypatch, tmp_path, capsys) -> None:
    wanted = designs.designs()[:3]
    calls = []

    def measured(**design: object) -> dict[str, float]:
        calls.append(design)
        if len(calls) == 2:
            raise RuntimeError("interrupted")
        return {"area": 10.0, "luts": 3}

    monkeypatch.setattr(command, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(designs, "designs", lambda: wanted)
    monkeypatch.setattr(designs, "measure", measured)
    monkeypatch.setattr(yosys, "version", lambda: "Yosys 1")
    with pytest.raises(RuntimeError):
        command.run()
    assert [record["structure"] for record in command.load()["records"]] == [wanted[0]["structure"]]
    command.run()
    assert calls == [wanted[0], wanted[1], *wanted[1:]]
    assert command.load() == {
        "synthesiser": "Yosys 1",
        "records": [design | {"area": 10.0, "luts": 3} for design in wanted],
    }
    assert capsys.readouterr().out.count("\n") == 3


@needs_yosys
@pytest.mark.parametrize("signs", designs.SIGNS)
@pytest.mark.parametrize("structure", [designs.EXPRESSION, *designs.STRUCTURES])
def test_synthesised_gates_compute_the_sum(structure: str, signs: str) -> None:
    found = designs.measure(2, 3, 2, signs, structure)
    assert 40 < found["area"] < 120
    assert 8 < found["luts"] < 40


@needs_yosys
def test_wrong_gates_are_found(monkeypatch) -> None:
    monkeypatch.setattr(
        designs, "_source", lambda operands, _: verilog.expression(operands).replace("$signed(w1)", "$signed(w0)")
    )
    with pytest.raises(ArithmeticError, match="the gates of .* add up wrongly"):
        designs.measure(2, 3, 2, "mixed", designs.EXPRESSION)


@needs_yosys
def test_what_yosys_says_of_bad_verilog_is_passed_on() -> None:
    with pytest.raises(RuntimeError, match="yosys failed: .*syntax error"):
        yosys.synthesize("module dot(")
