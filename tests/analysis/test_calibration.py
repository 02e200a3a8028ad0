import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from analysis.calibration import as_images, calibrate


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 2, 1)
        self.relu = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(2, 2, 3, padding=1)
        self.conv2 = nn.Conv2d(2, 2, 3, padding=1)
        self.projection = nn.Conv2d(2, 2, 1)
        self.fc = nn.Linear(2, 3)

    def forward(self, x):
        x = self.relu(self.stem(x))
        y = self.conv2(self.relu(self.conv1(x)))
        y += self.projection(x)
        return self.fc(self.relu(y).mean((2, 3)))


class Recorder(nn.Module):
    """Passes its input through an identity layer, so that the layer's input is whatever the test chooses."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.layer = nn.Linear(size, 1)

    def forward(self, x):
        return self.layer(x)


def filled(layer: nn.Module, *values: float) -> nn.Module:
    with torch.no_grad():
        layer.weight.flatten()[: len(values)] = torch.tensor(values)
        layer.weight.flatten()[len(values) :] = 0
    return layer


def smallest_power(value: float) -> float:
    """Smallest 2^r >= value, by trial."""
    power = 1.0
    while power < value:
        power *= 2
    while power / 2 >= value:
        power /= 2
    return power


@pytest.mark.parametrize(
    ("peak", "expected"),
    [(0.5, 0.5), (-0.5, 0.5), (0.50001, 1.0), (1.0, 1.0), (3.0, 4.0), (-0.013, 2.0**-6), (0.0, 1.0)],
)
def test_weight_ranges(peak: float, expected: float) -> None:
    layer = filled(nn.Linear(3, 1), 0.0, peak)
    assert calibrate(layer, torch.ones(1, 3)).weight_ranges == (expected,)


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    zeros=st.sampled_from([0.0, 0.5, 0.99]),
    quantile=st.sampled_from([0.5, 0.9, 0.99, 0.9999, 1.0]),
    batch=st.integers(1, 40),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_activation_ranges_are_those_of_the_sorted_elements(seed, zeros, quantile, batch, dtype) -> None:
    rng = np.random.default_rng(seed)
    values = rng.standard_cauchy((40, 50)) * (rng.random((40, 50)) >= zeros)
    values[0, :10] = 2.0 ** rng.integers(-3, 3, 10)
    images = torch.tensor(values, dtype=dtype)
    result = calibrate(Recorder(50).to(dtype), images, quantile=quantile, input_range=None, batch=batch)
    at_quantile = np.quantile(images.abs().numpy(), quantile, method="inverted_cdf")
    peak = images.abs().max()
    assert result.activation_ranges == (smallest_power(at_quantile if at_quantile > 0 else peak),)
    assert result.activation_signed == (bool((values < 0).any()),)


def test_subnormal_elements_count_as_the_smallest_normal() -> None:
    result = calibrate(Recorder(2), torch.tensor([[1e-44, 0.0]]), quantile=1, input_range=None)
    assert result.activation_ranges == (2.0**-126,)


def test_zero_tensors_have_range_1() -> None:
    assert calibrate(Recorder(2), torch.zeros(3, 2), input_range=None).activation_ranges == (1.0,)


def test_zeros_that_make_up_the_quantile_leave_the_largest_to_decide() -> None:
    images = torch.zeros(1, 1000)
    images[0, 0] = 5.0
    assert calibrate(Recorder(1000), images, quantile=0.9, input_range=None).activation_ranges == (8.0,)


def test_images_have_the_given_range_and_hidden_layers_their_own() -> None:
    module = nn.Sequential(nn.Flatten(), filled(nn.Linear(4, 1), 2.0, 1.0), nn.ReLU(), nn.Linear(1, 2))
    images = np.array([[[[64, 0], [0, 0]]], [[[128, 64], [0, 0]]]], dtype=np.uint8)
    with torch.no_grad():
        module[1].bias.zero_()
    result = calibrate(module, images)
    assert result.layers == ("1", "3")
    assert result.activation_ranges == (1.0, 2.0)  # 2·½ + ¼ is the largest hidden value
    assert calibrate(module, images, input_range=4).activation_ranges[0] == 4.0
    assert calibrate(module, images, input_range=None).activation_ranges[0] == 0.5


def test_padding_before_the_first_layer_makes_another_tensor() -> None:
    module = nn.Sequential(nn.ZeroPad2d(1), nn.Conv2d(1, 1, 3))
    images = torch.full((1, 1, 4, 4), 0.25)
    assert calibrate(module, images).activation_ranges == (0.25,)


def test_layers_that_read_one_tensor_share_it() -> None:
    result = calibrate(Residual(), torch.rand(5, 1, 4, 4))
    assert result.layers == ("stem", "conv1", "conv2", "projection", "fc")
    assert result.tensors == (0, 1, 2, 1, 4)
    assert result.activation_ranges[1] == result.activation_ranges[3]
    assert not any(result.activation_signed)


def test_signed_inputs() -> None:
    module = nn.Sequential(filled(nn.Linear(1, 1, bias=False), -1.0), nn.Linear(1, 1))
    assert calibrate(module, torch.tensor([[0.5]])).activation_signed == (False, True)
    assert calibrate(module, torch.tensor([[0.5], [-0.5]])).activation_signed == (True, True)


def test_batch_norm_is_folded_first() -> None:
    module = nn.Sequential(filled(nn.Conv2d(1, 1, 1, bias=False), 0.75), nn.BatchNorm2d(1))
    module[1].running_var.fill_(1 / 64 - module[1].eps)
    module.train()
    result = calibrate(module, torch.ones(2, 1, 2, 2))
    assert result.weight_ranges == (8.0,)  # 0.75 · 8
    assert result.layers == ("0",)
    assert module.training


def test_result_does_not_depend_on_the_batch() -> None:
    torch.manual_seed(1)
    module, images = Residual(), torch.rand(9, 1, 5, 5)
    assert len({calibrate(module, images, batch=batch) for batch in (1, 4, 9, 100)}) == 1


def test_progress_is_told() -> None:
    told = []
    calibrate(Recorder(2), torch.rand(5, 2), batch=2, progress=lambda done, total: told.append((done, total)))
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_half_precision_is_read_as_float32() -> None:
    assert calibrate(filled(nn.Linear(1, 1), 0.3).half(), torch.ones(1, 1)).weight_ranges == (0.5,)


def test_module_stays_as_it_was() -> None:
    module = Residual().train()
    calibrate(module, torch.rand(2, 1, 4, 4))
    assert module.training
    assert module.relu.inplace
    assert all(weight.requires_grad for weight in module.parameters())


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(2, 2)

    def forward(self, x):
        return self.hidden(self.hidden(x))


def test_layers_called_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="layer='hidden' computes with weights that were used before"):
        calibrate(Twice(), torch.rand(1, 2))


def test_tied_weights_are_refused() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    module[1].weight = module[0].weight
    with pytest.raises(ValueError, match="layer='1' computes with weights that were used before"):
        calibrate(module, torch.rand(1, 2))


def test_nothing_to_calibrate() -> None:
    with pytest.raises(ValueError, match="module=PReLU calls no convolution or linear layer"):
        calibrate(nn.PReLU(), torch.rand(1, 2))


@pytest.mark.parametrize("quantile", [0, -0.1, 1.1, math.nan])
def test_quantile_is_checked(quantile: float) -> None:
    with pytest.raises(ValueError, match=r"quantile=.* is not above 0 and up to 1"):
        calibrate(Recorder(2), torch.rand(1, 2), quantile=quantile)


@pytest.mark.parametrize("input_range", [0, -1, 3.0, math.inf, math.nan])
def test_input_range_is_a_power_of_two(input_range: float) -> None:
    with pytest.raises(ValueError, match=r"input_range=.* is not a power of two"):
        calibrate(Recorder(2), torch.rand(1, 2), input_range=input_range)


def test_pixels_beyond_the_input_range() -> None:
    with pytest.raises(ValueError, match=r"input_range=1.0 is below the largest pixel 2\.5"):
        calibrate(Recorder(2), torch.tensor([[0.0, -2.5]]))


def test_batch_is_checked() -> None:
    with pytest.raises(ValueError, match="batch=0 is not at least 1"):
        calibrate(Recorder(2), torch.rand(1, 2), batch=0)


def test_values_that_are_not_finite() -> None:
    module = nn.Sequential(filled(nn.Linear(1, 1), math.inf), nn.Linear(1, 1))
    with pytest.raises(ValueError, match="layer='1' reads values that are not finite"):
        calibrate(module, torch.ones(1, 1))


def test_codes_become_pixels() -> None:
    codes = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    pixels = as_images(codes)
    assert pixels.dtype == torch.float32
    assert [float(pixel) for pixel in pixels.flatten()] == [code / 256 for code in range(256)]
    assert torch.equal(as_images(torch.from_numpy(codes)), pixels)


def test_views_and_read_only_arrays_are_images() -> None:
    codes = np.arange(32, dtype=np.uint8).reshape(2, 1, 4, 4)
    codes.flags.writeable = False
    assert torch.equal(as_images(codes[:, :, ::-1, ::-1]), as_images(codes).flip(2, 3))


def test_floats_stay_as_they_are() -> None:
    assert as_images(np.array([[0.1]])).dtype == torch.float64
    assert float(as_images([[0.1]])) == 0.1


@pytest.mark.parametrize(
    "images", [np.zeros((1, 2), dtype=np.int64), torch.zeros(1, 2, dtype=torch.bool), [["a"]], [[None]]]
)
def test_other_types_are_refused(images) -> None:
    with pytest.raises(ValueError, match=r"images.dtype=.* is not uint8 or floating point"):
        as_images(images)


@pytest.mark.parametrize("images", [np.zeros((0, 3, 4, 4)), np.zeros(3), np.float64(1)])
def test_no_images(images) -> None:
    with pytest.raises(ValueError, match=r"images.shape=\(.*\) holds no images"):
        as_images(images)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_images_are_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="images has values that are not finite"):
        as_images(np.array([[0.5, bad]]))
