import json
import re
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

from fxp import Format, Overflow, Rounding, reference
from sims import reporting, rule_domains, sqnr_cases, sqnr_grid
from sims.rule_domains import RuleDomain
from sims.sqnr_cases import KINDS, Case, Operand, draw_case, draw_pools, errors
from sims.sqnr_grid import Config, Outcome, Result, document, figure, largest, learned, rules, run, summary

SMALL = Config(cases=40, draws=2**14)


@pytest.fixture(scope="module", autouse=True)
def _few_draws_for_the_rules():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rule_domains, "DRAWS", 2**16)
        yield


@pytest.fixture(scope="module")
def result() -> Result:
    return run(SMALL)


class TestRun:
    def test_same_seed_same_numbers(self, result):
        assert run(SMALL) == result

    def test_another_seed_draws_other_cases(self, result):
        assert run(replace(SMALL, seed=1)).outcomes != result.outcomes

    def test_hardly_any_prediction_is_outside_its_interval(self, result):
        # misses are independent to first order, each with a probability of 1e-3: more than 4 of 40 in 1e-9 of the runs.
        # A rounded output may miss by its model, too.
        assert sum(outcome.is_inside is False for outcome in result.of("word", "dot", "fixed")) <= 4

    def test_it_reports_progress(self):
        told = []
        run(replace(SMALL, cases=3), report=lambda *line: told.append(line))
        assert told == [("cases", 1, 3), ("cases", 2, 3), ("cases", 3, 3)]

    @pytest.mark.parametrize(
        ("wrong", "text"),
        [
            ({"cases": 0}, "cases=0 is not at least 1: give a number of cases"),
            ({"draws": 100}, "draws=100 is not a multiple of 16 and at least 480: give more"),
            ({"draws": 1000}, "draws=1000 is not a multiple of 16 and at least 480: give more"),
            ({"seed": -1}, "seed=-1 is negative: give 0 or more"),
        ],
    )
    def test_config_refuses(self, wrong, text):
        with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
            Config(**wrong)


class TestCases:
    def test_every_kind_and_mode_is_drawn(self):
        rng = np.random.default_rng(3)
        cases = [draw_case(rng) for _ in range(400)]
        assert {case.kind for case in cases} == set(KINDS)
        assert {case.rounding for case in cases} == set(Rounding)
        assert {case.overflow for case in cases} == set(Overflow) - {Overflow.ERROR}
        assert {case.length for case in cases} == set(sqnr_cases.LENGTHS)
        assert all(len(case.weights) == case.length for case in cases if case.kind == "fixed")

    def test_outputs_hold_every_sum_and_drop_bits(self):
        rng = np.random.default_rng(4)
        for case in (draw_case(rng) for _ in range(400)):
            if case.output is not None:
                assert case.x.format.frac_bits + case.w.format.frac_bits - case.output.frac_bits >= 3
                assert case.output.max >= case.length * case.x.limit * case.w.limit

    @pytest.mark.parametrize("kind", KINDS)
    def test_measured_errors_are_those_of_the_reference(self, kind):
        rng = np.random.default_rng(5)
        while (case := draw_case(rng)).kind != kind or case.rounding is Rounding.STOCHASTIC:
            pass
        pools = draw_pools(rng, 64)
        y, error = errors(case, pools, rng)
        x = (pools[case.x.law][0] * case.x.scale)[: case.length].tolist()
        w = [1.0] if kind == "word" else (pools[case.w.law][1] * case.w.scale)[: case.length].tolist()
        w = list(case.weights) or w
        coded = [reference.decode(reference.encode(each, case.x.format, **modes(case)), case.x.format) for each in x]
        weights = w if kind == "word" else [_weight(each, case) for each in w]
        exact = sum(a * b for a, b in zip(coded, map(_fraction, weights), strict=True))
        if case.output is not None:
            code = reference.encode(exact, case.output, rounding=case.output_rounding, overflow="ERROR")
            exact = reference.decode(code, case.output)
        assert y[0] == pytest.approx(np.dot(x, w), rel=1e-12)
        assert y[0] + error[0] == pytest.approx(float(exact), rel=1e-12, abs=1e-12 * abs(y[0]))

    def test_limit_is_the_end_of_the_range(self):
        assert Operand("sine", 1.0, Format(4, 2)).limit == 2
        assert Operand("sine", 1.0, Format(4, 4, signed=False)).limit == 1


def modes(case: Case) -> dict[str, Rounding | Overflow]:
    return {"rounding": case.rounding, "overflow": case.overflow}


def _fraction(value):
    return reference.Fraction(value)


def _weight(value, case):
    rounding = Rounding.HALF_EVEN if case.kind == "fixed" else case.rounding
    code = reference.encode(value, case.w.format, rounding=rounding, overflow=case.overflow)
    return reference.decode(code, case.w.format)


class TestRules:
    def test_domains(self, result):
        bits = {(domain.rule, domain.what): domain.bits for domain in result.rules}
        assert bits["sqnr_rule", "Gaussian, clipped at 4 rms"] == "2 to 8"
        assert bits["sqnr_rule", "uniform, full range"] == "5 and more"
        assert bits["sqnr_rule", "sine, full range"] == "10 and more"
        assert len(result.rules) == 10

    @pytest.mark.parametrize(
        ("gaps", "bits"),
        [([0.6] * 15, "none"), ([0.4] * 15, "2 and more"), ([0.4, 0.6, *[-0.5] * 3, *[0.6] * 10], "4 to 6")],
    )
    def test_longest_run(self, gaps, bits):
        assert rule_domains._longest("rule", "law", gaps).bits == bits


class TestOutput:
    def test_table_counts_every_case(self, result):
        grid = summary(result)
        assert sum(int(cell) for cell in grid.columns[1].cells) == 40
        assert [*grid.columns[0].cells] == [*KINDS.values()]
        assert rules(result).row_count == len(result.rules)

    def test_sentence_names_the_worst_case(self, result):
        exact = [each for each in result.of("word", "dot", "fixed") if each.is_resolved]
        worst = largest(exact)
        if worst is None:
            assert "No case of the exact predictors is resolved." in learned(result)
        else:
            assert str(worst.case) in learned(result)

    def test_kinds_without_a_resolved_case(self, result):
        unresolved = tuple(replace(outcome, half_width_db=None, is_inside=None) for outcome in result.outcomes)
        blurred = replace(result, outcomes=unresolved)
        assert learned(blurred) == (
            "No case of the exact predictors is resolved. No case of the rounded outputs is resolved."
        )
        assert set(summary(blurred).columns[3].cells) == {"–"}
        assert isinstance(figure(blurred), Figure)

    def test_document_is_json_with_all_numbers(self, result, tmp_path):
        reporting.write_json(document(result), tmp_path / "grid.json")
        read = json.loads((tmp_path / "grid.json").read_text())
        assert [case["predicted_db"] for case in read["cases"]] == [each.predicted_db for each in result.outcomes]
        assert read["rules"][0] == {
            "rule": "sqnr_rule",
            "what": "uniform, full range",
            "first_bits": 5,
            "last_bits": 16,
        }

    def test_largest_of_none(self):
        assert largest([]) is None
        assert RuleDomain("r", "w", None, None).bits == "none"

    def test_difference(self, result):
        outcome = Outcome(result.outcomes[0].case, 10.0, 10.25, 0.1, False)
        assert outcome.difference_db == 0.25
        assert outcome.is_resolved


class TestCommand:
    def test_tables_figure_and_json(self, tmp_path):
        options = ["--cases", "12", "--draws", "4096", "--json", str(tmp_path / "a.json"), "--figure"]
        done = CliRunner().invoke(sqnr_grid.app, [*options, str(tmp_path / "a.png")])
        assert done.exit_code == 0, done.output
        assert "a dot product of given weights" in done.output
        assert "2 to 8" in done.output
        assert (tmp_path / "a.png").stat().st_size > 10_000
        assert json.loads((tmp_path / "a.json").read_text())["config"] == {"cases": 12, "draws": 4096, "seed": 0}

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            (["--draws", "1000"], "error: draws=1000 is not a multiple of 16 and at least 480: give more"),
            (["--figure", "grid.txt"], "error: figure='grid.txt' does not end in .pdf, .png, .svg: name a format so"),
        ],
    )
    def test_bad_options_are_one_line(self, options, text):
        done = CliRunner().invoke(sqnr_grid.app, options)
        assert done.exit_code == 2
        assert done.stderr.strip() == text
