"""The overflow experiment on a few embedded images, and its kept sums against all of them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from fxp.formats import Format
from fxp.networks import Addition, IntegerNetwork, Product, Requantization
from fxp.overflow.tails import Estimate
from sims import overflow
from sims.datasets import embedded
from sims.layer_sums import KINDS, layer_sums
from sims.overflow import Config, Result, Row, document, figure, learned, run, summary

BYTE = Format(8, 8, signed=False)
rng = np.random.default_rng(0)


def small() -> IntegerNetwork:
    """Two convolutions with a residual addition, and logits."""

    def product(name, source, shape):
        return Product(name, source, rng.integers(-128, 128, shape), rng.integers(-900, 900, shape[0]), Format(8, 7))

    codes = Format(8, 6, signed=False)
    return IntegerNetwork(
        BYTE,
        (3, 6, 6),
        (
            product("one", "input", (3, 3, 3, 3)),
            Requantization("one.codes", "one", codes),
            product("two", "one.codes", (3, 3, 3, 3)),
            product("side", "one.codes", (3, 3, 3, 3)),
            Addition("sum", "two", "side"),
            Requantization("sum.codes", "sum", codes),
            product("three", "sum.codes", (2, 3, 2, 2)),
        ),
    )


def test_sums_of_batches_are_those_of_all_images(monkeypatch):
    network, images = small(), rng.integers(0, 256, (30, 3, 6, 6), dtype=np.uint8)
    whole = layer_sums(network, images, share=1.0, by_channel=True)
    monkeypatch.setattr("sims.layer_sums.BATCH", 7)
    parts = layer_sums(network, images, share=1.0, by_channel=True)
    assert set(whole) == {"one", "two", "side", "three"}
    for name, sums in whole.items():
        assert np.allclose(sums.power_sums, parts[name].power_sums)
        for kind in KINDS:
            assert sums.peaks[kind].values.tolist() == parts[name].peaks[kind].values.tolist()
        end, prefix, lossy = (sums.peaks[kind].values for kind in KINDS)
        assert (lossy <= end).all()
        assert (end <= prefix).all()
    assert (whole["three"].peaks["lossy"].values == whole["three"].peaks["end"].values).all()
    assert (whole["one"].peaks["lossy"].values < whole["one"].peaks["end"].values).any()


def quick() -> Result:
    """Run with fewer resamplings, which take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fxp.overflow.tails.RESAMPLINGS", 40)
        return run(Config(images=20, tests=20), embedded(train=0, held_out=30, test=30))


@pytest.fixture(scope="module")
def result() -> Result:
    return quick()


def test_every_layer_is_predicted_and_measured(result):
    assert {row.kind for row in result.rows} == set(KINDS)
    assert {"conv1", "conv6"} <= {row.layer for row in result.rows}
    for row in result.rows:
        assert row.measured_bits <= row.guaranteed_bits
        assert row.predicted is None or row.predicted.low <= row.predicted.value <= row.predicted.high
    near = [row for row in result.rows if row.predicted_bits and row.probability > 5e-4]
    assert np.median([abs(row.predicted_bits.value - row.measured_bits) for row in near]) < 0.3
    assert result == quick()


def test_table_document_and_figure_show_all_layers(result):
    for kind in KINDS:
        assert summary(result, kind).row_count == len({row.layer for row in result.rows if row.kind == kind})
    assert len(json.loads(json.dumps(document(result)))["rows"]) == len(result.rows)
    assert len(figure([result, result]).axes) == 4


def row(probability: float, predicted: float | None, counted: float, bits: float = 15.0) -> Row:
    found = None if predicted is None else Estimate(predicted, predicted, predicted)
    width = None if predicted is None else Estimate(bits, bits, bits)
    return Row("conv", "end", 20, probability, 15.0, width, found, 15.0, counted, None)


def test_what_was_learned_counts_the_rows():
    rows = (row(1e-4, 1.9e-4, 4e-5), row(1e-4, 4e-4, 1e-4, 15.6), row(1.01e-4, None, 0.0), row(1e-6, None, 0.0))
    assert learned(Result(Config(), "a set", 100, rows)) == (
        "At 1e-04, of 2 predictions (1 more were refused) 1 are within a factor of 2 of the measured probability, "
        "counting is in 1; 1 widths are within half a bit. At 1e-06 these images cannot tell."
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"images": 19}, "images=19 is not at least 20"),
        ({"tests": 0}, "tests=0 is not at least 1"),
        ({"seed": -1}, "seed=-1 is negative"),
    ],
)
def test_config_refuses_numbers_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        Config(**options)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": "resnet20"}, "network='resnet20' has no weights for the embedded set: take --network convnet"),
        ({"images": 31}, "images=31 is more than the 30 held-out images"),
        ({"tests": 31}, "tests=31 is more than the 30 test images"),
    ],
)
def test_what_does_not_fit_the_data_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        run(replace(Config(images=20, tests=20), **changes), embedded(train=0, held_out=30, test=30))


def test_command_prints_and_writes(result, monkeypatch, tmp_path):
    monkeypatch.setattr(overflow, "cifar10_or_embedded", lambda *_, **__: None)
    monkeypatch.setattr(overflow, "run", lambda *_, **__: result)
    files = ["--json", str(tmp_path / "o.json"), "--figure", str(tmp_path / "o.png")]
    done = CliRunner().invoke(overflow.app, files)
    assert done.exit_code == 0, done.output
    assert "overflow at any prefix" in done.output
    assert all(file.exists() for file in (tmp_path / "o.json", tmp_path / "o.png"))
    assert CliRunner().invoke(overflow.app, ["--figure", "o.txt"]).exit_code == 2
