import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.func import functional_call, jacrev
from torch.nn import functional as F

from analysis.calibration import Calibration, calibrate
from analysis.precision import noise_gains


class Nudged(nn.Module):
    """Adds a buffer of zeros to the tensor that a layer reads, so that an oracle can differentiate at it."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.register_buffer("nudge", torch.zeros(1, *shape))

    def forward(self, x):
        return x + self.nudge


class Strided(nn.Module):
    """Groups, stride, padding, dilation and max pooling; many positions first, few later."""

    layers = ("conv1", "conv2", "fc1", "fc2")
    nudges = ("at_image", "at_conv2", "at_fc1", "at_fc2")
    image = (2, 9, 10)

    def __init__(self) -> None:
        super().__init__()
        self.at_image, self.conv1 = Nudged(2, 9, 10), nn.Conv2d(2, 4, 3, padding=(1, 2), groups=2)
        self.at_conv2, self.conv2 = Nudged(4, 4, 6), nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=1, dilation=(1, 2))
        self.at_fc1, self.fc1 = Nudged(6 * 2 * 6), nn.Linear(6 * 2 * 6, 5, bias=False)
        self.at_fc2, self.fc2 = Nudged(5), nn.Linear(5, 4)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(self.at_image(x))), 2)
        x = F.relu(self.conv2(self.at_conv2(x)))
        x = F.relu(self.fc1(self.at_fc1(x.flatten(1))))
        return self.fc2(self.at_fc2(x))


class Residual(nn.Module):
    """A projection block and an identity block, activations in place, average pooling."""

    layers = ("stem", "conv1", "projection", "conv2", "conv3", "fc")
    nudges = ("at_image", "at_block", "at_block", "at_conv2", "at_block2", "at_fc")
    image = (1, 6, 6)

    def __init__(self) -> None:
        super().__init__()
        self.at_image, self.stem = Nudged(1, 6, 6), nn.Conv2d(1, 3, 3, padding=1)
        self.at_block = Nudged(3, 6, 6)
        self.conv1, self.projection = nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.Conv2d(3, 4, 1, stride=2)
        self.at_conv2, self.conv2 = Nudged(4, 3, 3), nn.Conv2d(4, 4, 3, padding=1)
        self.at_block2, self.conv3 = Nudged(4, 3, 3), nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.at_fc, self.fc = Nudged(4), nn.Linear(4, 3)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.at_block(self.relu(self.stem(self.at_image(x))))
        y = self.relu(self.conv1(x))
        shortcut = self.projection(x)
        y = self.conv2(self.at_conv2(y))
        y += shortcut
        y = self.at_block2(self.relu(y))
        z = self.conv3(y)
        z += y
        return self.fc(self.at_fc(F.relu_(z).mean((2, 3))))


class Sequence(nn.Module):
    """A one-dimensional convolution, and a linear layer that is applied at every position."""

    layers = ("conv", "mix", "fc")
    nudges = ("at_image", "at_mix", "at_fc")
    image = (3, 11)

    def __init__(self) -> None:
        super().__init__()
        self.at_image, self.conv = Nudged(3, 11), nn.Conv1d(3, 6, 3, stride=2, padding=2, dilation=2, groups=3)
        self.at_mix, self.mix = Nudged(6, 6), nn.Linear(6, 4)
        self.at_fc, self.fc = Nudged(4), nn.Linear(4, 3)

    def forward(self, x):
        x = self.mix(self.at_mix(F.relu(self.conv(self.at_image(x))).mT))
        return self.fc(self.at_fc(F.relu(x).amax(1)))


def oracle(module: nn.Module, images: Tensor, name: str) -> float:
    """E of one parameter or buffer, image by image, from the whole Jacobian."""
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    total = 0.0
    for image in images:

        def logits(value, image=image):
            return functional_call(module, {**tensors, name: value}, (image[None],))[0]

        Z, jacobian = logits(tensors[name]).detach(), jacrev(logits)(tensors[name]).detach().flatten(1)
        top = int(Z.argmax())
        for i in range(len(Z)):
            if i != top:
                total += float((jacobian[i] - jacobian[top]).square().sum() / (24 * (Z[i] - Z[top]) ** 2))
    return total / len(images)


def unit_ranges(module: nn.Module, images: Tensor, *, signed: bool = False) -> Calibration:
    """Ranges of 1 for every layer, so that gains are 4E of weights and E of unsigned activations."""
    measured = calibrate(module, images)
    ones = (1.0,) * len(measured.layers)
    return Calibration(measured.layers, ones, ones, (signed,) * len(ones), measured.tensors)


def seeded(network: type[nn.Module]) -> tuple[nn.Module, Tensor]:
    torch.manual_seed(7)
    return network().double(), torch.rand(5, *network.image, dtype=torch.float64)


@pytest.mark.parametrize("network", [Strided, Residual, Sequence])
@pytest.mark.parametrize("batch", [2, 25])
def test_gains_equal_those_of_whole_jacobians(network, batch: int) -> None:
    module, images = seeded(network)
    gains = noise_gains(module, images, calibration=unit_ranges(module, images), batch=batch)
    assert gains.layers == network.layers
    weights = [4 * oracle(module, images, f"{layer}.weight") for layer in network.layers]
    activations = [oracle(module, images, f"{nudge}.nudge") for nudge in network.nudges]
    np.testing.assert_allclose(gains.weight_gains, weights, rtol=1e-10)
    np.testing.assert_allclose(gains.activation_gains, activations, rtol=1e-10)


def test_layers_that_read_one_tensor_share_its_gain() -> None:
    module, images = seeded(Residual)
    gains = noise_gains(module, images)
    assert gains.tensors == (0, 1, 1, 3, 4, 5)
    assert gains.activation_gains[1] == gains.activation_gains[2]


class OneConvolution(nn.Module):
    def __init__(self, conv: nn.Conv2d, size: int) -> None:
        super().__init__()
        self.conv = conv
        self.fc = nn.LazyLinear(3)
        self(torch.zeros(1, conv.in_channels, size, size))

    def forward(self, x):
        return self.fc(F.relu(self.conv(x)).flatten(1))


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 2**32 - 1),
    groups=st.integers(1, 2),
    channels=st.tuples(st.integers(1, 2), st.integers(1, 3)),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    size=st.integers(5, 7),
)
def test_convolutions_of_every_geometry(seed, groups, channels, kernel, stride, padding, dilation, size) -> None:
    torch.manual_seed(seed)
    conv = nn.Conv2d(
        groups * channels[0],
        groups * channels[1],
        kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    module = OneConvolution(conv, size).double()
    images = torch.rand(2, conv.in_channels, size, size, dtype=torch.float64)
    gains = noise_gains(module, images, calibration=unit_ranges(module, images))
    np.testing.assert_allclose(gains.weight_gains[0], 4 * oracle(module, images, "conv.weight"), rtol=1e-9)


def test_many_classes_are_taken_in_portions() -> None:
    torch.manual_seed(3)
    module, images = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 40)).double(), torch.rand(3, 4).double()
    gains = noise_gains(module, images, calibration=unit_ranges(module, images))
    expected = [4 * oracle(module, images, name) for name in ("0.weight", "2.weight")]
    np.testing.assert_allclose(gains.weight_gains, expected, rtol=1e-10)


@pytest.mark.parametrize("network", [Strided, Residual, Sequence])
def test_single_precision_is_close_to_double(network) -> None:
    module, images = seeded(network)
    double, single = noise_gains(module, images), noise_gains(module.float(), images.float())
    # margins of about 0.01 from logits of about 1 lose two digits of float32, and enter squared
    np.testing.assert_allclose(single.weight_gains, double.weight_gains, rtol=1e-3)
    np.testing.assert_allclose(single.activation_gains, double.activation_gains, rtol=1e-3)


def test_ranges_and_signs_are_in_the_gains() -> None:
    module, images = seeded(Strided)
    plain = noise_gains(module, images, calibration=unit_ranges(module, images))
    signed = noise_gains(module, images, calibration=unit_ranges(module, images, signed=True))
    assert signed.weight_gains == plain.weight_gains
    assert signed.activation_gains == tuple(4 * gain for gain in plain.activation_gains)
    measured = noise_gains(module, images)
    ranges = calibrate(module, images)
    assert (measured.weight_ranges, measured.activation_ranges) == (ranges.weight_ranges, ranges.activation_ranges)
    assert measured.weight_gains == tuple(
        gain * R**2 for gain, R in zip(plain.weight_gains, ranges.weight_ranges, strict=True)
    )


@pytest.mark.parametrize(("peak", "image_range"), [(0.2, 1.0), (1.0, 1.0), (2.5, 4.0)])
def test_range_of_the_images_is_measured_beyond_one(peak: float, image_range: float) -> None:
    gains = noise_gains(nn.Linear(2, 2), torch.tensor([[-0.1, peak], [peak, 0.1]]))
    assert gains.activation_ranges == (image_range,)
    assert gains.activation_signed == (True,)


def test_gains_are_deterministic() -> None:
    module, images = seeded(Residual)
    assert noise_gains(module, images) == noise_gains(module, images)


def test_codes_are_pixels() -> None:
    torch.manual_seed(0)
    module, codes = Strided(), torch.randint(0, 256, (3, 2, 9, 10), dtype=torch.uint8)
    assert noise_gains(module, codes.numpy()) == noise_gains(module, codes.float() / 256)


def test_batch_norm_is_folded_first() -> None:
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(18, 3)).double()
    plain[1].weight.data.uniform_(0.5, 2.0)
    images = torch.rand(4, 1, 5, 5, dtype=torch.float64)
    folded = nn.Sequential(nn.utils.fuse_conv_bn_eval(plain[0].eval(), plain[1].eval()), *plain[2:])
    gains, expected = noise_gains(plain.train(), images), noise_gains(folded, images)
    np.testing.assert_allclose(gains.weight_gains, expected.weight_gains, rtol=1e-12)
    assert gains.layers == ("0", "4")


def test_module_stays_as_it_was() -> None:
    module, images = seeded(Residual)
    module.train()
    noise_gains(module, images)
    assert module.training
    assert module.relu.inplace
    assert all(weight.grad is None and weight.requires_grad for weight in module.parameters())
    assert not images.requires_grad


def test_dead_layers_have_no_gain() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    with torch.no_grad():
        module[0].bias.fill_(-100.0)
        module[2].bias.copy_(torch.tensor([1.0, 0.0]))
    gains = noise_gains(module, torch.rand(3, 2))
    assert gains.weight_gains == (0.0, 0.0)
    assert gains.activation_gains[0] == 0.0
    assert gains.activation_gains[1] > 0


class Aside(nn.Module):
    """Calls a layer whose output nothing reads."""

    def __init__(self) -> None:
        super().__init__()
        self.aside, self.fc = nn.Linear(2, 3), nn.Linear(2, 2)

    def forward(self, x):
        self.aside(x)
        return self.fc(x)


def test_layers_that_no_logit_reads_have_no_gain() -> None:
    gains = noise_gains(Aside(), torch.rand(3, 2))
    assert gains.layers == ("aside", "fc")
    assert gains.weight_gains[0] == 0.0 < gains.weight_gains[1]
    assert gains.tensors == (0, 0)
    assert gains.activation_gains[0] == gains.activation_gains[1] > 0


def test_gains_do_not_need_gradients_switched_on() -> None:
    module, images = seeded(Strided)
    with torch.no_grad():
        off = noise_gains(module, images)
    assert off == noise_gains(module, images)


def test_progress_is_told() -> None:
    module, images = seeded(Strided)
    told: list[tuple[int, int]] = []
    noise_gains(module, images, batch=2, progress=lambda done, total: told.append((done, total)))
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_ties_name_the_image() -> None:
    module = nn.Linear(1, 2, bias=False)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[1.0], [-1.0]]))
    images = torch.tensor([[0.5], [0.25], [0.75], [0.0]])
    with pytest.raises(
        ValueError, match=r"images\[3\] has two largest logits that are equal, so that its bound is inf"
    ):
        noise_gains(module, images, batch=2)


@pytest.mark.parametrize("kind", ["boundary", "exact", None])
def test_other_kinds_are_refused(kind) -> None:
    module, images = seeded(Strided)
    with pytest.raises(ValueError, match=f"kind={kind!r} is not supported: 'bound' is"):
        noise_gains(module, images, kind=kind)


def test_calibration_of_another_network_is_refused() -> None:
    module, images = seeded(Strided)
    other = calibrate(*seeded(Sequence))
    with pytest.raises(ValueError, match=r"calibration.layers=\('conv', 'mix', 'fc'\) are not those of the module"):
        noise_gains(module, images, calibration=other)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(1, 1, 3, padding="same"),
        nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"),
    ],
)
def test_other_padding_is_refused(layer: nn.Module) -> None:
    module = nn.Sequential(layer, nn.Flatten(), nn.Linear(16, 2))
    with pytest.raises(ValueError, match=r"layer=Conv2d\(.*\) is not a Conv1d or Conv2d that pads zeros by numbers"):
        noise_gains(module, torch.rand(2, 1, 4, 4))


def test_convolutions_in_three_dimensions_are_refused() -> None:
    module = nn.Sequential(nn.Conv3d(1, 1, 2), nn.Flatten(), nn.Linear(1, 2))
    with pytest.raises(ValueError, match=r"layer=Conv3d\(.*\) is not a Conv1d or Conv2d"):
        noise_gains(module, torch.rand(2, 1, 2, 2, 2))


@pytest.mark.parametrize("module", [nn.Conv2d(1, 2, 1), nn.Sequential(nn.Flatten(), nn.Linear(4, 1))])
def test_output_must_be_logits(module: nn.Module) -> None:
    with pytest.raises(ValueError, match=r"logits.shape=\(2, .*\) is not \(N, classes\)"):
        noise_gains(module, torch.rand(2, 1, 2, 2))


@pytest.mark.parametrize("shape", [(2, 3), (5, 3, 3), (2, 3, 4, 4)])
def test_images_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 3))
    with pytest.raises(ValueError, match=rf"^images\.shape=\({', '.join(map(str, shape))}\) does not pass through the"):
        noise_gains(module, torch.rand(shape))


def test_bound_of_a_linear_layer_by_hand() -> None:
    """With logits (x, 0) the margin is x: E of the weights is 2x²/24x² and that of the input 1/24x²."""
    module = nn.Linear(1, 2, bias=False)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[1.0], [0.0]]))
    gains = noise_gains(module, torch.tensor([[0.25], [0.5]]))
    assert gains.weight_gains == pytest.approx((4 * 2 / 24,), rel=1e-14)
    assert gains.activation_gains == pytest.approx(((16 + 4) / 2 / 24,), rel=1e-14)
    assert math.prod(gains.weight_ranges) == 1.0
