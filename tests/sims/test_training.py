"""The training command: what a run depends on, and that a stopped run continues as if it had not been stopped."""

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from sims import networks, training
from sims.datasets import Dataset, ImageSet
from sims.training import Recipe


def images(count: int, seed: int) -> ImageSet:
    rng = np.random.default_rng(seed)
    return ImageSet(rng.integers(0, 256, (count, 3, 32, 32), np.uint8), rng.integers(0, 10, count, np.uint8))


@pytest.fixture(scope="module")
def data() -> Dataset:
    return Dataset("embedded", "embedded", images(48, 1), images(20, 2), images(1, 3))


RECIPE = Recipe("resnet20", epochs=2, batch=16, peak_rate=0.05)


def test_a_run_that_stops_continues_to_the_same_weights(data, tmp_path, monkeypatch) -> None:
    whole = training.train(RECIPE, data, tmp_path / "whole.pt").state_dict()
    run_epoch = training._run_epoch

    def interrupted(module, optimizer, recipe, part, epoch):
        if epoch == 1:
            raise KeyboardInterrupt
        return run_epoch(module, optimizer, recipe, part, epoch)

    monkeypatch.setattr(training, "_run_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        training.train(RECIPE, data, tmp_path / "stopped.pt")
    monkeypatch.setattr(training, "_run_epoch", run_epoch)
    torch.manual_seed(99)
    continued = training.train(RECIPE, data, tmp_path / "stopped.pt").state_dict()
    assert all(torch.equal(whole[name], continued[name]) for name in whole)


def test_a_checkpoint_of_another_recipe_is_refused(data, tmp_path) -> None:
    training.train(Recipe("resnet20", epochs=1, batch=16), data, tmp_path / "run.pt")
    with pytest.raises(ValueError, match="is of .*: move it away or repeat its recipe"):
        training.train(Recipe("resnet20", epochs=1, batch=16, seed=1), data, tmp_path / "run.pt")


def test_batches_hold_each_image_once_and_depend_on_seed_and_epoch(data) -> None:
    first, again, later = ([labels for _, labels in training.batches(data.train, RECIPE, epoch)] for epoch in (0, 0, 1))
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    assert not torch.equal(torch.cat(first), torch.cat(later))
    assert sorted(torch.cat(first).tolist()) == sorted(data.train.labels.tolist())


def test_augmentation_shifts_and_mirrors_whole_images() -> None:
    column = np.broadcast_to(np.arange(32, dtype=np.uint8) * 8, (64, 1, 32, 32))
    changed = training.augmented(column, np.random.default_rng(0), RECIPE)
    assert changed.shape == column.shape
    assert (changed == changed[:, :, :1]).all(), "columns stay columns"
    centres = np.diff(changed[:, 0, 0].astype(int), axis=1)[:, 6:-6]
    assert set(np.unique(centres)) == {-8, 8}, "shifted, and some mirrored"


def test_a_recipe_without_mirror_images_shifts_by_as_much_as_it_says() -> None:
    column = np.broadcast_to(np.arange(28, dtype=np.uint8) * 8, (64, 1, 28, 28))
    changed = training.augmented(column, np.random.default_rng(0), Recipe("lenet5", 1, shift=2, mirror=False))
    centres = changed[:, 0, 0, 14].astype(int) // 8
    assert (np.diff(changed[:, 0, 0].astype(int), axis=1)[:, 3:-3] == 8).all()
    assert set(centres) == {12, 13, 14, 15, 16}


def test_images_of_other_channels_than_the_network_reads_are_refused(data, tmp_path) -> None:
    message = "network='lenet5' reads images of 1 channels, not the 3 of embedded synthetic set: choose another data"
    with pytest.raises(ValueError, match=message):
        training.train(Recipe("lenet5", epochs=1), data, tmp_path / "run.pt")


def test_inputs_are_codes_over_256_channels_last() -> None:
    codes = np.full((2, 3, 4, 4), 255, np.uint8)
    values = training.as_input(codes)
    assert values.dtype == torch.float32
    assert values.is_contiguous(memory_format=torch.channels_last)
    assert (values == 255 / 256).all()


def test_rate_goes_up_to_its_peak_and_down_to_zero() -> None:
    rates = [training.learning_rate(RECIPE, step / 100) for step in range(101)]
    assert rates[0] == 0
    assert max(rates) == rates[20] == RECIPE.peak_rate
    assert rates[100] == 0
    assert rates[:21] == sorted(rates[:21])
    assert rates[20:] == sorted(rates[20:], reverse=True)


def test_the_command_writes_weights_that_the_folded_network_reads(data, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(training.datasets, "embedded", lambda: data)
    monkeypatch.setattr(training, "Recipe", lambda *given, **named: Recipe(*given, **named, batch=16))
    done = run("resnet20", "--dataset", "embedded", "--epochs", "1", "--runs", str(tmp_path))
    assert done.exit_code == 0, done.output
    with np.load(tmp_path / "resnet20-embedded.npz", allow_pickle=False) as stored:
        names = set(stored.files) - {"about"}
        assert all(stored[name].dtype == np.float16 for name in names)
    assert names == set(networks.resnet20().state_dict())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lenet"], "'lenet' is not one of 'convnet', 'lenet5', 'resnet20'"),
        (["convnet", "--dataset", "svhn"], "'svhn' is not one of"),
        (["lenet5", "--dataset", "mnist", "--data", "nowhere"], "error: "),
        (["convnet", "--epochs", "0"], "Invalid value for '--epochs'"),
        (["convnet", "--data", "nowhere"], "error: "),
    ],
)
def test_bad_arguments_are_refused_before_any_work(arguments, said, tmp_path) -> None:
    done = run(*arguments, "--runs", str(tmp_path))
    assert done.exit_code == 2
    assert said in done.output
    assert not list(tmp_path.iterdir())


def run(*arguments: str):
    return CliRunner().invoke(training.app, list(arguments))
