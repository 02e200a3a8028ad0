import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import analysis
import fxp
from fxp.precision import PrecisionAssignment
from sims import cifar_precision, networks, reporting
from sims.cifar_precision import Config, Result, Row, Trial, document, figure, learned, run, summary
from sims.datasets import Dataset, ImageSet, embedded, load_cifar10
from sims.offsets import Offsets

REAL = os.environ.get("FXP_DATA")
OFFSETS = Offsets((5, 3, 2, 3, 3, 2, 1, 0, 1), (4, 0, 2, 1, 1, 1, 1, 3, 1))


@pytest.fixture(scope="module", autouse=True)
def _few_images_for_the_gains():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cifar_precision, "GAIN_IMAGES", 8)
        patch.setattr(cifar_precision, "SWEEP_BITS", (3, 6))
        yield


@pytest.fixture(scope="module")
def data() -> Dataset:
    return embedded(train=0, held_out=40, test=60)


@pytest.fixture(scope="module")
def result(data) -> Result:
    return run(Config(b_min=5, sweep=True, offsets=OFFSETS), data)


def without_seconds(result: Result) -> Result:
    untimed = [tuple(replace(row, seconds=0.0) for row in rows) for rows in (result.rows, result.sweep)]
    return replace(result, rows=untimed[0], sweep=untimed[1])


class TestRun:
    def test_one_row_an_assignment(self, result):
        assert [(row.name, row.bits) for row in result.rows][2:] == [("noise-gain", 5), ("offsets file", 5)]
        assert [row.name for row in result.rows][:2] == ["float", "uniform"]
        assert {row.images for row in result.rows} == {60}
        assert result.data == "embedded synthetic set"
        assert result.layers[0] == "conv1"

    def test_same_seed_same_numbers(self, result, data):
        again = run(Config(b_min=5, sweep=True, offsets=OFFSETS), data)
        assert without_seconds(again) == without_seconds(result)

    def test_seed_draws_the_images_of_the_gains(self, result, data):
        other = run(Config(b_min=5, seed=1), data)
        assert other.rows[2].bound != result.rows[2].bound
        assert other.rows[1].right == result.rows[1].right

    def test_test_images_choose_nothing(self, data):
        dark = Dataset(
            "embedded",
            "embedded",
            train=data.train,
            held_out=data.held_out,
            test=ImageSet(np.zeros((3, 3, 32, 32), np.uint8), np.zeros(3, np.uint8)),
        )
        seen, unseen = run(Config(), data), run(Config(), dark)
        assert seen.trials == unseen.trials
        assert [row.assignment for row in seen.rows] == [row.assignment for row in unseen.rows]
        assert [row.bound for row in seen.rows] == [row.bound for row in unseen.rows]

    def test_smallest_word_length_within_one_per_cent_is_the_last_that_was_tried(self, data):
        found = run(Config(), data)
        for row in found.rows[1:]:
            trials = [trial for trial in found.trials if trial.name == row.name]
            losses = [found.held_out_accuracy - trial.held_out_accuracy for trial in trials]
            assert [trial.bits for trial in trials] == [*range(2, row.bits + 1)]
            assert all(loss > 0.01 for loss in losses[:-1])
            assert losses[-1] <= 0.01 + 1e-12

    def test_given_b_min_is_not_looked_for(self, result):
        assert {trial.name for trial in result.trials} == {"uniform"}

    def test_mismatch_counts_other_classes_than_those_of_the_float_network(self, result, data):
        reference = float_classes(data.test.images)
        decisions = integer_classes(data, result.rows[2].assignment)
        assert result.rows[2].mismatches == np.count_nonzero(decisions != reference)
        assert result.rows[2].right == np.count_nonzero(decisions == data.test.labels)
        assert result.rows[0].right == np.count_nonzero(reference == data.test.labels)

    def test_bits_of_storage_are_proportional_to_the_word_length(self, result):
        stored = {row.bits: row.representational_bits for row in result.sweep if row.name == "uniform"}
        assert 32 * stored[3] == 3 * result.rows[0].representational_bits
        assert stored[6] == 2 * stored[3]

    def test_an_image_has_no_more_bits_than_its_codes(self, result, data):
        asked, priced = OFFSETS.assignment(5), result.rows[3].assignment
        assert asked.activation_bits[0] == 9
        assert priced == replace(asked, activation_bits=(8, *asked.activation_bits[1:]))

    def test_ranges_of_the_file_change_codes_and_bound(self, result, data):
        wide = tuple(64.0 for _ in OFFSETS.weight_offsets)
        moved = run(Config(b_min=5, offsets=replace(OFFSETS, weight_ranges=wide)), data)
        assert moved.rows[3].bound > 10 * result.rows[3].bound
        assert moved.rows[3].mismatches > result.rows[3].mismatches
        assert moved.rows[2].bound == result.rows[2].bound

    def test_first_test_images_are_taken(self, data):
        few = run(Config(b_min=5, images=10), data)
        decisions = integer_classes(data, few.rows[2].assignment)[:10]
        assert {each.images for each in few.rows} == {10}
        assert few.rows[2].right == np.count_nonzero(decisions == data.test.labels[:10])

    def test_progress_ends_complete(self, data):
        last: dict[str, tuple[int, int]] = {}
        run(Config(b_min=5, images=10), data, report=lambda what, done, total: last.update({what: (done, total)}))
        assert last["float, test images"] == (10, 10)
        assert last["noise-gain B_min = 5, test images"] == (10, 10)
        assert all(done == total for done, total in last.values())

    @pytest.mark.parametrize(
        ("config", "message"),
        [
            (Config(network="resnet20"), "no weights for the embedded set: take --network convnet, or give CIFAR-10"),
            (Config(images=61), "images=61 is more than the 60 test images: ask for fewer"),
            (Config(offsets=Offsets((1,), (1,))), "weight_offsets has 1 entries for 9 layers"),
        ],
    )
    def test_what_does_not_fit_the_data_is_refused(self, data, config, message):
        with pytest.raises(ValueError, match=message):
            run(config, data)

    def test_no_word_length_within_one_per_cent_is_said(self, data, monkeypatch):
        monkeypatch.setattr(cifar_precision, "MOST_BITS", 2)
        own = ImageSet(data.held_out.images, float_classes(data.held_out.images))
        all_right = Dataset("embedded", "embedded", train=data.train, held_out=own, test=data.test)
        with pytest.raises(ValueError, match="uniform assignments of B up to 2 are all more than 1 % below float"):
            run(Config(), all_right)


def integer_classes(data: Dataset, assignment: PrecisionAssignment) -> np.ndarray:
    module = networks.load("convnet", "embedded")
    return analysis.to_integer(module, data.held_out.images, assignment).run(data.test.images).argmax(1)


def float_classes(images: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return networks.load("convnet", "embedded")(torch.from_numpy(images) / 256).numpy().argmax(1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"b_min": 0}, "b_min=0 is not between 1 and 16: choose another word length"),
        ({"b_min": 17}, "b_min=17 is not between 1 and 16"),
        ({"images": 0}, "images=0 is not at least 1: give a number of test images"),
        ({"seed": -1}, "seed=-1 is negative: give 0 or more"),
    ],
)
def test_config_refuses_numbers_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        Config(**options)


def row(name: str, bits: int | None, *, right: int, adders: int | None, stored: int, layers: int = 2) -> Row:
    assignment = None if bits is None else fxp.uniform(range(layers), bits)
    return Row(name, bits, assignment, 1000, right, 7, 12.5, stored, adders, 0.5)


def made(*rows: Row) -> Result:
    return Result(Config(), "a set", "weights", ("a", "b"), 100, 50, 0.9, rows, (Trial("uniform", 7, 0.89),), ())


FLOAT, UNIFORM = (
    row("float", None, right=900, adders=None, stored=3200),
    row("uniform", 7, right=895, adders=1000, stored=700),
)


class TestLearned:
    def test_numbers_are_those_of_the_rows(self):
        lesser = replace(row("noise-gain", 5, right=890, adders=750, stored=770), mismatches=4)
        said = learned(made(FLOAT, UNIFORM, lesser))
        assert said == (
            "Against uniform (B = 7), noise-gain (B_min = 5) takes 25.0 % fewer full adders and 10.0 % more bits, and "
            "classifies 89.00 % of the images right against 89.50 % (float 90.00 %), with p_m 0.0040 against 0.0070: "
            "both are within 1 % of float, and it saves in one cost only."
        )

    @pytest.mark.parametrize(
        ("right", "adders", "stored", "verdict"),
        [
            (895, 999, 699, "both are within 1 % of float, and it saves in both costs."),
            (895, 1000, 700, "both are within 1 % of float, and it saves nothing at this B_min."),
            (890, 1001, 701, "both are within 1 % of float, and it saves nothing at this B_min."),
            (
                889,
                1,
                1,
                "it is more than 1 % below float on these images, so that its costs are not at equal accuracy.",
            ),
        ],
    )
    def test_verdict_follows_accuracy_and_costs(self, right, adders, stored, verdict):
        said = learned(made(FLOAT, UNIFORM, row("noise-gain", 5, right=right, adders=adders, stored=stored)))
        assert said.endswith(f": {verdict}")

    def test_dearer_bits_that_prevent_mismatches_are_said_to(self):
        dearer = replace(row("noise-gain", 5, right=895, adders=1001, stored=701), mismatches=4)
        assert learned(made(FLOAT, UNIFORM, dearer)).endswith(
            "both are within 1 % of float, and at this B_min it buys fewer mismatches with more bits."
        )

    def test_a_uniform_assignment_that_fails_on_the_test_images_is_no_reference(self):
        failed = replace(UNIFORM, right=889)
        said = learned(made(FLOAT, failed, row("noise-gain", 5, right=900, adders=1, stored=1)))
        assert said.endswith(
            "uniform is more than 1 % below float on these images, so that the costs are not at equal accuracy."
        )

    def test_one_sentence_for_each_further_assignment(self):
        others = [row(name, 5, right=890, adders=1, stored=1) for name in ("noise-gain", "offsets file")]
        assert learned(made(FLOAT, UNIFORM, *others)).count("Against uniform") == 2


class TestSummary:
    def test_names_data_images_network_and_every_number(self, result, capsys):
        reporting.show(summary(result))
        shown = capsys.readouterr().out
        assert "convnet on embedded synthetic set, 60 test images" in shown
        for each in result.rows[1:]:
            assert f"[{each.interval.low:.4f}, {each.interval.high:.4f}]" in shown
            assert reporting.scientific(each.full_adders) in shown
            assert reporting.scientific(each.representational_bits) in shown
            assert f"A {' '.join(map(str, each.assignment.activation_bits))}" in shown
        assert "'published' convention" in shown
        assert max(map(len, shown.splitlines())) <= 120

    def test_bits_of_many_layers_wrap_and_stay_complete(self, capsys):
        bits = tuple(range(10, 32))
        many = replace(UNIFORM, assignment=PrecisionAssignment(bits, bits))
        reporting.show(summary(made(FLOAT, many)))
        assert [*re.findall(r"(?<![\d.])[123]\d(?=\s)", capsys.readouterr().out.split("W, A:")[0])].count("31") == 2

    def test_a_bound_above_one_is_printed_as_it_is(self, capsys):
        reporting.show(summary(made(FLOAT, UNIFORM)))
        assert "12.5" in capsys.readouterr().out


class TestFigure:
    def test_sweep_draws_both_assignments_with_intervals_and_bounds(self, result):
        drawn = figure(result)
        accuracy, _, mismatch, by_adders = drawn.axes
        assert drawn.get_suptitle() == "convnet on embedded synthetic set, 60 test images"
        points = {line.get_label(): line.get_xydata().tolist() for line in accuracy.lines}
        assert points["uniform"] == [
            [each.bits, 100 * each.accuracy] for each in result.sweep if each.name == "uniform"
        ]
        bounds = {line.get_label(): list(line.get_ydata()) for line in mismatch.lines}
        assert bounds["uniform, published bound"] == [each.bound for each in result.sweep if each.name == "uniform"]
        assert mismatch.get_yscale() == "log"
        assert "bits" in mismatch.get_xlabel()
        assert "full adders" in by_adders.get_xlabel()

    def test_no_mismatch_at_all_can_be_drawn(self, result, tmp_path):
        equal = replace(result, sweep=tuple(replace(each, mismatches=0) for each in result.sweep))
        reporting.save_figure(figure(equal), tmp_path / "sweep.png")
        assert (tmp_path / "sweep.png").stat().st_size > 10_000

    def test_without_a_sweep_the_bits_of_every_layer_are_drawn(self, result):
        weights, activations = figure(replace(result, sweep=())).axes
        drawn = {line.get_label(): tuple(line.get_ydata()) for line in weights.lines}
        assert drawn == {each.title: each.assignment.weight_bits for each in result.rows[1:]}
        assert [tick.get_text() for tick in activations.get_xticklabels()] == list(result.layers)


class TestCommand:
    @pytest.fixture(autouse=True)
    def _few_images(self, data, monkeypatch, tmp_path):
        def small(directory, *, announce):
            announce("CIFAR-10 is not here: using the embedded synthetic set")
            return data

        monkeypatch.setattr(cifar_precision, "cifar10_or_embedded", small)
        monkeypatch.chdir(tmp_path)

    def invoke(self, *arguments: str):
        return CliRunner().invoke(cifar_precision.app, arguments)

    def test_end_to_end_with_json_and_figure(self, data):
        got = self.invoke("--bmin", "5", "--images", "20", "--json", "out/result.json", "--figure", "bits.svg")
        assert got.exit_code == 0, got.output
        lines = got.stdout.splitlines()
        assert lines[0].startswith("CIFAR-10 is not here: using the embedded synthetic set")
        written = json.loads(Path("out/result.json").read_text(encoding="utf-8"))
        expected = document(run(Config(b_min=5, images=20), data))
        for rows in (written["rows"], expected["rows"]):
            for each in rows:
                del each["seconds"]
        assert written == json.loads(json.dumps(expected))
        assert written["learned"] in got.stdout
        assert [each["name"] for each in written["rows"]] == ["float", "uniform", "noise-gain"]
        assert written["rows"][2]["mismatch"] == written["rows"][2]["mismatches"] / 20
        assert Path("bits.svg").read_bytes().startswith(b"<?xml")

    def test_sweep_without_a_name_draws_into_the_current_folder_and_says_so(self):
        got = self.invoke("--bmin", "5", "--images", "5", "--sweep", "--offsets", self.example())
        assert got.exit_code == 0, got.output
        assert got.stdout.splitlines()[-1] == "figure: cifar_precision-convnet.png"
        assert Path("cifar_precision-convnet.png").read_bytes().startswith(b"\x89PNG")
        assert "offsets file" in got.stdout

    def example(self) -> str:
        return str(Path(__file__).parents[2] / "docs" / "convnet-offsets.json")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--network", "resnet20"], "error: network='resnet20' has no weights for the embedded set"),
            (["--images", "1000"], "error: images=1000 is more than the 60 test images: ask for fewer"),
            (["--figure", "plot.gif"], "error: figure='plot.gif' does not end in .pdf, .png, .svg: name a format so"),
            (["--offsets", "bad.json"], "error: offsets='bad.json': key='bits' is not known"),
            (["--bmin", "0"], "--bmin"),
            (["--network", "vgg"], "--network"),
            (["--offsets", "absent.json"], "absent.json"),
        ],
    )
    def test_mistakes_end_with_code_2_and_no_traceback(self, arguments, message):
        Path("bad.json").write_text('{"bits": [5]}')
        got = self.invoke(*arguments)
        assert got.exit_code == 2
        assert message in got.stderr.splitlines()[-1]
        assert "Traceback" not in got.output

    def test_help_names_every_option_and_what_the_rows_mean(self):
        got = self.invoke("--help")
        options = ["--bmin", "--network", "--data", "--images", "--sweep", "--offsets", "--json", "--figure", "--seed"]
        assert all(option in got.stdout for option in [*options, "convnet-offsets.json", "held-out", "may exceed 1"])


def test_without_cifar10_the_first_line_says_so_and_the_remedy_follows(tmp_path):
    surroundings = {key: value for key, value in os.environ.items() if key != "FXP_DATA"}
    got = subprocess.run(
        [sys.executable, "-m", "sims.cifar_precision", "--network", "resnet20"],
        env=surroundings | {"XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert got.returncode == 2
    assert "using the embedded synthetic set" in got.stdout.splitlines()[0]
    assert got.stderr.splitlines() == [
        "error: network='resnet20' has no weights for the embedded set: take --network convnet, or give CIFAR-10 with "
        "--data DIR or FXP_DATA (get it with: python -m sims.datasets cifar10)"
    ]


@pytest.mark.skipif(REAL is None, reason="FXP_DATA names no folder with CIFAR-10")
@pytest.mark.parametrize("network", ["convnet", "resnet20"])
def test_real_images_are_classified_almost_as_by_the_float_network(network):
    full = load_cifar10(REAL)
    few = [ImageSet(part.images[:100], part.labels[:100]) for part in (full.held_out, full.test)]
    result = run(
        Config(network=network, b_min=6),
        Dataset(full.name, full.provenance, train=few[0], held_out=few[0], test=few[1]),
    )
    reference, _, equalized = result.rows
    assert reference.accuracy > 0.6
    assert equalized.interval.low < 0.05
    assert equalized.mismatch <= equalized.bound
