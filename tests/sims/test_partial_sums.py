import json
import os
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

import analysis
import fxp
from sims import networks, partial_sums, reporting
from sims.datasets import Dataset, ImageSet, embedded, load_mnist
from sims.partial_sums import Config, Result, document, figure, learned, read_widths, run, summary

REAL = os.environ.get("FXP_DATA")
WIDTHS = ((24,), (18,), (17,))
LAYERS = ("conv", "fc")
SEMANTICS = ["every step", "end only", "wrap"]


@pytest.fixture(scope="module", autouse=True)
def _small_convnet():
    load = networks.load

    def small(network: str, dataset: str) -> nn.Module:
        return untrained() if (network, dataset) == ("convnet", "embedded") else load(network, dataset)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(networks, "load", small)
        yield


def untrained() -> nn.Module:
    torch.manual_seed(0)
    layers = OrderedDict(conv=nn.Conv2d(3, 8, 5, stride=4), relu=nn.ReLU(), flatten=nn.Flatten(), fc=nn.Linear(392, 10))
    return nn.Sequential(layers).eval()


@pytest.fixture(scope="module")
def data() -> Dataset:
    return embedded(train=0, held_out=40, test=60)


@pytest.fixture(scope="module")
def result(data) -> Result:
    return run(Config("convnet", widths=WIDTHS), data)


def without_seconds(result: Result) -> Result:
    rows = tuple(replace(row, seconds=0.0) for row in result.rows)
    return replace(result, rows=rows, exact=replace(result.exact, seconds=0.0))


class TestRun:
    def test_one_row_for_each_width_and_accumulator(self, result):
        assert [(row.semantics, row.widths) for row in result.rows] == [
            (semantics, widths) for widths in WIDTHS for semantics in SEMANTICS
        ]
        assert result.images == 60
        assert [layer.name for layer in result.needed] == [*LAYERS]

    def test_rows_are_those_of_the_network_in_these_accumulators(self, result, data):
        network = analysis.to_integer(untrained(), data.held_out.images, fxp.uniform(LAYERS, 8))
        exact = network.run(data.test.images)
        for row, accumulator in zip(
            result.rows[3:6],
            [fxp.Accumulator(18), fxp.Accumulator(18, every_step=False), fxp.Accumulator(18, overflow="WRAP")],
            strict=True,
        ):
            logits = network.run(data.test.images, accumulator=accumulator)
            assert row.right == np.count_nonzero(logits.argmax(1) == data.test.labels)
            assert row.mismatches == np.count_nonzero(logits.argmax(1) != exact.argmax(1))
            assert row.changed == np.count_nonzero((logits != exact).any(axis=1)) > 0

    def test_widths_that_hold_every_sum_change_nothing(self, result):
        assert max(result.exact.widths) <= 24
        for row in result.rows[:3]:
            assert (row.right, row.mismatches, row.changed) == (result.exact.right, 0, 0)
        assert result.share("overflowed", (24,)) == 0

    def test_shares_add_up_and_grow_as_widths_shrink(self, result):
        shares = {which: [result.share(which, widths) for widths in WIDTHS] for which in partial_sums.SHARES}
        assert shares["overflowed"] == pytest.approx(np.add(shares["persistent"], shares["transient"]), rel=1e-12)
        assert shares["overflowed"] == sorted(shares["overflowed"])
        assert 0 < shares["transient"][1] < shares["overflowed"][1]
        assert result.share("overflowed", (18,) * 2) == shares["overflowed"][1]

    def test_a_width_for_each_layer(self, result, data):
        narrow_end = (24, 12)
        found = run(Config("convnet", widths=((18,) * 2, narrow_end)), data)
        for row, same in zip(found.rows[:3], result.rows[3:6], strict=True):
            assert (row.right, row.mismatches, row.changed) == (same.right, same.mismatches, same.changed)
        last = result.needed[-1]
        assert found.share("persistent", narrow_end) == last.persistent(12) / found.outputs > 0

    def test_without_widths_those_below_the_certain_one(self, data):
        found = run(Config("convnet", images=2), data)
        widths = list(dict.fromkeys(row.widths[0] for row in found.rows))
        assert widths == list(range(max(found.exact.widths), max(found.exact.widths) - 9, -1))

    def test_the_order_of_the_products_matters(self, result, data):
        other = run(Config("convnet", widths=((17,),), order="channel_row_column"), data)
        assert other.share("persistent", (17,)) == result.share("persistent", (17,))
        assert other.share("transient", (17,)) != result.share("transient", (17,))

    def test_overflows_are_counted_on_as_many_images_as_asked_for(self, result, data):
        few = run(Config("convnet", images=30, widths=((17,),), counted=10), data)
        assert (few.images, few.outputs, result.outputs) == (30, 10 * 402, 60 * 402)

    def test_test_images_choose_nothing(self, data):
        dark = ImageSet(np.zeros((3, 3, 32, 32), np.uint8), np.zeros(3, np.uint8))
        unseen = Dataset("embedded", "embedded", train=data.train, held_out=data.held_out, test=dark)
        assert (
            run(Config("convnet", widths=((24,),)), unseen).exact.widths
            == run(Config("convnet", images=3, widths=((24,),)), data).exact.widths
        )

    def test_a_stopped_run_goes_on(self, result, data, monkeypatch):
        kept = []
        first = run(Config("convnet", widths=WIDTHS[:1]), data, keep=kept.append)
        assert [len(each.rows) for each in kept] == [1, 2, 3]
        monkeypatch.setattr(partial_sums, "count_needed_bits", None)
        earlier = json.loads(json.dumps(document(kept[1])))
        later = run(Config("convnet", widths=WIDTHS[:1]), data, earlier=earlier)
        assert later.rows[:2] == kept[1].rows
        assert without_seconds(later) == without_seconds(first)

    def test_counts_of_other_images_are_counted_again(self, result):
        needed, rows = partial_sums.resumed(document(result), replace(result.config, counted=7), result.logits)
        assert needed == ()
        assert len(rows) == len(result.rows)

    @pytest.mark.parametrize("change", [{"logits": "of other images"}, {"config": {"order": "channel_row_column"}}])
    def test_what_another_run_found_is_not_taken(self, result, change):
        stored = document(result) | change
        assert partial_sums.resumed(stored, result.config, result.logits) == ((), {})

    def test_progress_ends_complete(self, data):
        last: dict[str, tuple[int, int]] = {}
        run(
            Config("convnet", images=10, widths=((16,),)),
            data,
            report=lambda what, done, total: last.update({what: (done, total)}),
        )
        assert {"bits of exact sums", "exact sums", "wrap, 16 bits"} < set(last)
        assert last["every step, 16 bits"] == (10, 10)

    @pytest.mark.parametrize(
        ("config", "message"),
        [
            (Config("resnet20"), "network='resnet20' has no weights for dataset='embedded': stored are"),
            (Config("convnet", images=61), "images=61 is more than the 60 test images: ask for fewer"),
            (
                Config("convnet", widths=((18, 16, 16),)),
                "widths=18/16/16 has 3 numbers for 2 layers: give one for all, or one for each of conv, fc",
            ),
        ],
    )
    def test_what_does_not_fit_the_data_is_refused(self, data, config, message):
        with pytest.raises(ValueError, match=message):
            run(config, data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bits": 1}, "bits=1 is not between 2 and 16: choose another word length"),
        ({"images": 0}, "images=0 is not at least 1: give a number of test images"),
        ({"counted": 0}, "counted=0 is not at least 1: give a number of test images"),
        ({"widths": ((16,), (18, 1))}, "width=1 is not between 2 and 63: choose another"),
        ({"widths": ((64,),)}, "width=64 is not between 2 and 63"),
    ],
)
def test_config_refuses_numbers_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        Config(**options)


@pytest.mark.parametrize(
    ("text", "widths"),
    [("16", ((16,),)), ("14-16", ((16,), (15,), (14,))), ("9-9", ((9,),)), ("18,16,7", ((18, 16, 7),))],
)
def test_widths_are_read(text, widths):
    assert read_widths(text) == widths


@pytest.mark.parametrize("text", ["", "x", "16,", "14-", "14-16-18", "16.5", "18-14"])
def test_other_texts_are_refused(text):
    with pytest.raises(
        ValueError, match=rf"^widths={text!r} is not a width: give one such as 16, a range such as 14-18"
    ):
        read_widths(text)


class TestReport:
    def test_the_table_holds_every_number(self, result, capsys):
        reporting.show(summary(result))
        shown = capsys.readouterr().out
        assert "convnet of 8 bits on embedded synthetic set, 60 test images" in shown
        for row in result.rows:
            assert reporting.percent(row.right / 60) in shown
        assert f"{100 * result.share('transient', (17,)):.2g} %" in shown
        assert "/".join(map(str, result.exact.widths)) in shown
        assert max(map(len, shown.splitlines())) <= 120

    def test_the_narrowest_widths_are_named(self, result):
        rows = tuple(
            replace(row, right=result.exact.right - (0 if row.widths[0] > 18 else 7) * (row.semantics == "wrap"))
            for row in result.rows
        )
        assert learned(replace(result, rows=rows)) == (
            "Narrowest width that was tried within 1 % of the accuracy with exact sums: every step 17 bits; end only "
            "17 bits; wrap 24 bits."
        )
        assert learned(replace(result, rows=rows[8:])).endswith("every step none; end only none; wrap none.")

    def test_the_figure_draws_accuracies_and_shares(self, result):
        above, below = figure(result).axes
        points = {line.get_label(): list(line.get_ydata()) for line in above.lines}
        assert points["wrapping"] == [100 * row.right / 60 for row in result.rows if row.semantics == "wrap"]
        assert [tick.get_text() for tick in below.get_xticklabels()] == ["24", "18", "17"]
        shares = {line.get_label(): list(line.get_ydata()) for line in below.lines}
        assert shares["transient"][1:] == [100 * result.share("transient", widths) for widths in WIDTHS[1:]]
        assert np.isnan(shares["transient"][0])

    def test_widths_of_layers_are_points_without_a_line(self, result):
        rows = tuple(replace(row, widths=(17,) * 2) if row.widths == (17,) else row for row in result.rows)
        above, below = figure(replace(result, rows=rows)).axes
        (line,) = (line for line in above.lines if line.get_label() == "wrapping")
        assert len(line.get_xdata()) == 2
        assert [tick.get_text() for tick in below.get_xticklabels()][-1] == "17\n17"


class TestCommand:
    @pytest.fixture(autouse=True)
    def _few_images(self, data, monkeypatch, tmp_path):
        def small(directory, *, announce):
            announce("CIFAR-10 is not here: using the embedded synthetic set")
            return data

        monkeypatch.setattr(partial_sums, "cifar10_or_embedded", small)
        monkeypatch.chdir(tmp_path)

    def invoke(self, *arguments: str):
        return CliRunner().invoke(partial_sums.app, arguments)

    def test_end_to_end_and_on_again(self):
        arguments = ["--widths", "17-18", "--images", "10", "--json", "out/sums.json", "--figure", "sums.svg"]
        got = self.invoke(*arguments)
        assert got.exit_code == 0, got.output
        assert got.stdout.startswith("CIFAR-10 is not here: using the embedded synthetic set")
        assert got.stdout.splitlines()[-1] == "figure: sums.svg"
        assert Path("sums.svg").read_bytes().startswith(b"<?xml")
        first = json.loads(Path("out/sums.json").read_text(encoding="utf-8"))
        assert first["learned"] in got.stdout
        assert [row["widths"] for row in first["rows"]] == [[18]] * 3 + [[17]] * 3
        got = self.invoke(*arguments[2:], "--widths", "17", "--widths", "16")
        assert got.exit_code == 0, got.output
        again = json.loads(Path("out/sums.json").read_text(encoding="utf-8"))
        assert again["rows"][:3] == first["rows"][3:], "with their seconds: they were not run again"

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--network", "resnet20"], "error: network='resnet20' has no weights for dataset='embedded'"),
            (
                ["--network", "lenet5", "--data", "nowhere"],
                "error: mnist is not in nowhere: name its folder with --data",
            ),
            (["--widths", "x"], "error: widths='x' is not a width"),
            (["--widths", "99"], "error: width=99 is not between 2 and 63"),
            (["--figure", "plot.gif"], "error: figure='plot.gif' does not end in .pdf, .png, .svg: name a format so"),
            (["--json", "other.json"], "error: json='other.json' is not of this experiment: name another file, or rem"),
            (["--bits", "1"], "--bits"),
            (["--order", "channels"], "--order"),
        ],
    )
    def test_mistakes_end_with_code_2_and_no_traceback(self, arguments, message):
        Path("other.json").write_text('{"experiment": "cifar_precision"}', encoding="utf-8")
        got = self.invoke(*arguments)
        assert got.exit_code == 2
        assert message in got.stderr.splitlines()[-1]
        assert "Traceback" not in got.output

    def test_help_names_every_option(self):
        got = self.invoke("--help")
        options = [
            "--network",
            "--bits",
            "--widths",
            "--order",
            "--data",
            "--images",
            "--counted",
            "--json",
            "--figure",
        ]
        assert all(option in got.stdout for option in options)


@pytest.mark.skipif(REAL is None, reason="FXP_DATA names no folder with MNIST")
def test_lenet5_in_the_published_widths():
    full = load_mnist(REAL)
    few = [ImageSet(part.images[:200], part.labels[:200]) for part in (full.held_out, full.test)]
    found = run(
        Config("lenet5", widths=((18, 16, 16, 18, 16), (18,), (12,))),
        Dataset(full.name, full.provenance, train=few[0], held_out=few[0], test=few[1]),
    )
    assert found.exact.right > 190
    assert [row.right > 190 for row in found.rows[1::3]] == [True, True, False]
