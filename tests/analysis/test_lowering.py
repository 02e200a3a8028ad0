from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from analysis.calibration import Calibration, calibrate
from analysis.folding import fold_batch_norm
from analysis.lowering import to_integer
from fxp.formats import Format
from fxp.networks import Flattening, IntegerNetwork, MaxPooling, Product
from fxp.precision import PrecisionAssignment, uniform
from sims.architectures import BasicBlock, convnet, resnet20
from tests import strategies
from tests.fake_quantization import Marked, fake_quantised

BYTE = Format(8, 8, signed=False)
SIGNED = Format(8, 7)


def plain() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, stride=2, padding=1, bias=False),
        nn.ReLU(inplace=True),
        nn.Dropout2d(0.5),
        nn.Flatten(),
        nn.Linear(24, 5),
        nn.ReLU(),
        nn.Identity(),
        nn.Dropout(0.5),
        nn.Linear(5, 4),
    )


def pooled() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 1),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
        nn.Conv2d(4, 5, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(3, stride=1, padding=1),
        nn.Conv2d(5, 5, 1),
        nn.ReLU(),
        nn.AvgPool2d((1, 2)),
        nn.AdaptiveAvgPool2d((2, 1)),
        nn.Flatten(),
        nn.Linear(10, 3),
    )


def separable() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=2, dilation=2, groups=3),
        nn.ReLU(),
        nn.Conv2d(6, 4, (1, 3), stride=(2, 1), padding=(0, 1), groups=2),
        nn.MaxPool2d((2, 1), stride=(1, 2)),
        nn.ReLU(),
        nn.Conv2d(4, 4, 3, groups=4),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 3),
    )


class Perceptron(Marked):
    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(192, 7), nn.Linear(7, 7), nn.Linear(7, 3)

    def forward(self, x):
        x = F.dropout(torch.relu(self.fc1(x.reshape(x.shape[0], -1))), training=self.training)
        x = self.read_by("fc2", x)
        return self.fc3(F.relu(self.fc2(x) + x))


class Residual(Marked):
    """Identity and projected shortcuts, an addition of products and one of the image."""

    signed_inputs = ("conv3", "projection")

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv1, self.conv2 = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(3))
        self.projection, self.conv3 = nn.Conv2d(3, 4, 1, stride=2), nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(64, 3)

    def forward(self, x):
        x = self.read_by("stem", x)
        y = self.stem(x)
        y += x
        x = self.read_by("conv1", self.relu(y))
        y = self.read_by("conv3", torch.add(x, self.conv2(self.relu(self.conv1(x)))))
        z = self.conv3(y).add(self.projection(y))
        return self.fc(torch.flatten(self.relu(z), 1))


class Functional(Marked):
    """Functions and methods in place of modules."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.fc = nn.Linear(16, 3)

    def forward(self, x):
        x = F.max_pool2d(self.conv1(x).relu(), 2)
        x = self.read_by("conv2", F.max_pool2d(x, kernel_size=3, stride=1, padding=1))
        y = F.avg_pool2d(F.relu(self.conv2(x) + x, inplace=True), 2)
        z = F.adaptive_avg_pool2d(y, 2) + F.avg_pool2d(y, kernel_size=(1, 1), stride=1)
        return self.fc(z.contiguous().view(z.size(0), -1).relu_())


class Shared(Marked):
    """One tensor read by two layers, by pooling, by an addition with itself, and a pooled one by two layers."""

    signed_inputs = ("deep",)

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.left, self.right = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 3, padding=1)
        self.pool, self.deep = nn.MaxPool2d(2), nn.Conv2d(3, 3, 1)
        self.low, self.high, self.image = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 2, stride=2)
        self.relu, self.flatten, self.fc = nn.ReLU(), nn.Flatten(), nn.Linear(32, 3)

    def forward(self, image):
        image = self.read_by("stem", image)
        x = self.read_by("left", self.relu(self.stem(image)))
        y = self.deep(self.left(x) + self.right(x) + (x + x))
        pooled = self.pool(self.relu(y))
        z = self.low(pooled) + self.high(pooled) + self.image(image)
        return self.fc(self.flatten(self.relu(z)))


class PooledImage(Marked):
    """The image is pooled before a layer reads it, and read by another one as it is."""

    signed_with_the_image = ("conv",)

    def __init__(self) -> None:
        super().__init__()
        self.pool, self.conv, self.wide = nn.MaxPool2d(2), nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 2, stride=2)

    def forward(self, x):
        x = self.read_by("wide", x)
        y = self.wide(x)
        return torch.flatten(y + self.conv(self.pool(x)), 1)


class OnlyPooledImage(Marked):
    """No layer reads the image itself."""

    signed_with_the_image = ("conv",)
    image_readers = ()

    def __init__(self) -> None:
        super().__init__()
        self.pool, self.conv = nn.MaxPool2d(3, stride=2, padding=1), nn.Conv2d(3, 2, 2)

    def forward(self, x):
        return torch.flatten(self.conv(self.pool(x)), 1)


class Signed(Marked):
    """Layers, pooling and a flattening that read negative values."""

    signed_inputs = ("conv2", "conv3", "fc")

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2, self.conv3 = nn.Conv2d(3, 3, 3), nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1)
        self.largest, self.mean = nn.MaxPool2d(3, stride=1, padding=1), nn.AvgPool2d(2)
        self.fc = nn.Linear(16, 3)

    def forward(self, x):
        x = self.largest(self.conv2(self.conv1(x)))
        return self.fc(torch.flatten(self.mean(self.conv3(x)), 1))


MODULES: list[Callable[[], nn.Module]] = [
    plain,
    pooled,
    separable,
    Perceptron,
    Residual,
    Functional,
    Shared,
    PooledImage,
    OnlyPooledImage,
    Signed,
]


def made(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Build with weights of this seed, biases large enough to matter."""
    torch.manual_seed(seed)
    module = build().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(1.5).add_(0.01)
    return module


def codes_for(fmt: Format, count: int, seed: int, shape=(3, 8, 8)) -> np.ndarray:
    return np.random.default_rng(seed).integers(fmt.min_code, fmt.max_code, (count, *shape), endpoint=True)


def pixels_of(codes: np.ndarray, fmt: Format) -> torch.Tensor:
    return torch.from_numpy(codes * fmt.step)


def assert_equals_fake_quantised(module, calibration, assignment, codes, *, input_format, **settings) -> np.ndarray:
    held_out = pixels_of(codes, input_format)
    network = to_integer(module, held_out, assignment, calibration=calibration, input_format=input_format, **settings)
    twin = fake_quantised(module, calibration, assignment, input_format=input_format, **settings)
    with torch.no_grad():
        logits = twin(held_out).numpy()
    scaled = np.ldexp(logits, network.output_format.frac_bits)
    assert (scaled == np.round(scaled)).all()
    assert (network.run(codes) == scaled).all()
    return logits


bits = st.sampled_from([2, 3, 4, 5, 6, 7, 8, 8, 12])


@st.composite
def assignments(draw: st.DrawFn, calibration: Calibration) -> PrecisionAssignment:
    activations = [draw(bits) for _ in calibration.layers]
    shared = [activations[first] for first in calibration.tensors]
    return PrecisionAssignment([draw(bits) for _ in calibration.layers], shared)


@pytest.mark.parametrize("build", MODULES)
@settings(deadline=None, max_examples=25, phases=[Phase.generate])
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_codes_equal_the_fake_quantised_module(build, data, seed) -> None:
    module, fmt = made(build, seed), data.draw(st.sampled_from([BYTE, SIGNED]))
    codes = codes_for(fmt, 4, seed)
    calibration = calibrate(module, pixels_of(codes, fmt), quantile=0.99)
    assert_equals_fake_quantised(
        module,
        calibration,
        data.draw(assignments(calibration)),
        codes,
        input_format=fmt,
        rounding=data.draw(strategies.roundings),
        multiplier_bits=data.draw(st.sampled_from([6, 16])),
    )


class MarkedBlock(Marked):
    """A network of basic blocks, each of which reads its input on the grid of its first convolution."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x):
        for name, part in self.network.named_children():
            x = part(self.read_by(f"network.{name}.conv1", x) if isinstance(part, BasicBlock) else x)
        return x


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("build", [convnet, lambda: MarkedBlock(resnet20())], ids=["convnet", "resnet20"])
def test_codes_of_the_real_networks_equal_the_fake_quantised_ones(build, bits) -> None:
    module, codes = made(build, 0), codes_for(BYTE, 4, 0, (3, 32, 32))
    calibration = calibrate(module, pixels_of(codes, BYTE))
    assignment = uniform(calibration.layers, bits)
    logits = assert_equals_fake_quantised(module, calibration, assignment, codes, input_format=BYTE)
    assert len(np.unique(logits)) > 20


def names_of(network) -> list[str]:
    return [operation.name for operation in network.operations]


def lowered(module: nn.Module, *, bits: int = 6, shape=(3, 8, 8), **settings):
    images = codes_for(BYTE, 3, 0, shape).astype(np.uint8)
    return to_integer(module, images, uniform(calibrate(module, images).layers, bits), **settings)


def test_the_image_is_requantised_below_its_own_bits_only() -> None:
    module = made(plain, 0)
    assert names_of(lowered(module, bits=7))[0] == "image.codes"
    for bits in (8, 12):
        network = lowered(module, bits=bits)
        assert names_of(network)[0] == "0"
        assert network.values["0"].frac_bits == 8 + network.operations[0].weight_format.frac_bits


@pytest.mark.parametrize(
    ("span", "bits", "codes"),
    [
        pytest.param(0.5, 12, "ufix12_En13", id="finer, but without the upper half"),
        pytest.param(2.0, 8, "ufix8_En7", id="twice the range, on a coarser grid"),
        pytest.param(2.0, 9, "ufix8_En8", id="all the values that the image has"),
    ],
)
def test_a_pooled_image_has_the_range_of_the_calibration(span: float, bits: int, codes: str) -> None:
    calibration = Calibration(("conv",), (1.0,), (span,), (False,), (0,))
    images = codes_for(BYTE, 1, 0).astype(np.uint8)
    network = to_integer(OnlyPooledImage(), images, uniform(["conv"], bits), calibration=calibration)
    product = network.operations[-2]
    assert isinstance(product, Product)
    assert str(network.values[product.source].format) == codes


def test_a_rectified_image_has_no_negative_codes() -> None:
    module, codes = nn.Sequential(nn.ReLU(), nn.Linear(4, 2)), codes_for(SIGNED, 3, 0, (4,))
    network = to_integer(module, pixels_of(codes, SIGNED), uniform(["1"], 8), input_format=SIGNED)
    assert str(network.values["0.codes"].format) == "ufix8_En8"
    assert (network.run(codes) == network.run(np.maximum(codes, 0))).all()


def test_formats_follow_the_ranges_and_the_assignment() -> None:
    module = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU(), nn.Conv2d(1, 1, 1, bias=False))
    calibration = Calibration(("0", "2"), (0.5, 2.0), (1.0, 4.0), (False, False), (0, 1))
    assignment = PrecisionAssignment([3, 4], [8, 5])
    network = to_integer(module, np.zeros((1, 1, 2, 2), np.uint8), assignment, calibration=calibration)
    assert [
        str(operation) for operation in (network.operations[0].weight_format, network.operations[2].weight_format)
    ] == [
        "sfix3_En3",
        "sfix4_En2",
    ]
    assert str(network.operations[1].format) == "ufix5_En3"
    assert names_of(network) == ["0", "1.codes", "2"]
    assert network.output_format.frac_bits == 3 + 2
    assert not network.operations[2].bias.any()


def test_max_pooling_and_flattening_work_on_short_codes() -> None:
    network = lowered(made(convnet, 0), bits=5, shape=(3, 32, 32))
    for operation in network.operations:
        if isinstance(operation, MaxPooling | Flattening):
            assert str(network.values[operation.name].format).startswith("ufix5")


def test_logits_are_sums_in_full_width() -> None:
    network = lowered(made(plain, 0), bits=4)
    last = network.operations[-1]
    assert isinstance(last, Product)
    assert network.output_format.frac_bits == network.values[last.source].frac_bits + last.weight_format.frac_bits


def test_batch_norm_is_folded_first() -> None:
    torch.manual_seed(0)
    module = resnet20(batch_norm=True).eval()
    codes = codes_for(BYTE, 2, 0, (3, 32, 32)).astype(np.uint8)
    folded = fold_batch_norm(module)
    assignment = uniform(range(22), 8)
    network, expected = to_integer(module, codes, assignment), to_integer(folded, codes, assignment)
    assert str(network) == str(expected)
    assert (network.run(codes) == expected.run(codes)).all()


def test_the_module_is_not_changed() -> None:
    module = made(plain, 0).train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    lowered(module)
    assert module.training
    assert module[4].inplace
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_a_layer_alone_is_a_network() -> None:
    network = lowered(made(lambda: nn.Linear(5, 2), 0), shape=(5,))
    assert names_of(network) == ["image.codes", "Linear"]


def test_a_saved_network_gives_the_same_codes(tmp_path) -> None:
    network, codes = lowered(made(pooled, 0)), codes_for(BYTE, 3, 1)
    network.save(tmp_path / "network.npz")
    loaded = IntegerNetwork.load(tmp_path / "network.npz")
    assert str(loaded) == str(network)
    assert (loaded.run(codes) == network.run(codes)).all()


def test_held_out_images_are_measured_with_progress() -> None:
    seen = []
    lowered(made(plain, 0), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(3, 3)]


class Taken(nn.Module):
    """Modules whose names clash with those that the operations would get."""

    def __init__(self) -> None:
        super().__init__()
        self.input, self.add, self.image, self.relu_1 = nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU()
        self.relu = nn.ReLU()

    def forward(self, x):
        y = self.relu(self.input(x))
        y = self.relu(y + y)
        y = self.add(self.image(y) + y)
        return self.relu_1(y + y)


def test_names_that_clash_are_numbered() -> None:
    network = lowered(Taken(), shape=(4,))
    names = names_of(network)
    assert len(set(names)) == len(names)
    assert {"input_2", "image"} <= set(names)
    codes = codes_for(BYTE, 3, 0, (4,))
    assert (network.run(codes) >= 0).all()


def test_equal_bits_of_a_shared_tensor_are_demanded() -> None:
    images = codes_for(BYTE, 2, 0).astype(np.uint8)
    with pytest.raises(
        ValueError,
        match=r"^activation_bits=5 of 'left' and 6 of 'right' differ, but both read one tensor: give them the same$",
    ):
        to_integer(Shared(), images, PrecisionAssignment([8] * 8, [8, 5, 6, 8, 8, 8, 8, 8]))


# Errors


class Calls(nn.Module):
    """A layer, and what the test puts after it."""

    def __init__(self, call, *, inplace: bool = False) -> None:
        super().__init__()
        self.conv, self.call = nn.Conv2d(3, 3, 3, padding=1), call
        self.relu = nn.ReLU(inplace=inplace)
        self.register_buffer("constant", torch.ones(3, 8, 8))
        self.linear = nn.Linear(8, 2)

    def forward(self, x):
        return self.call(self, self.conv(x))


def in_place_and_read_again(self, x):
    y = self.relu(x)
    return x + y


def in_place_and_thrown_away(self, x):
    x.relu_()
    return x


def added_in_place_and_read_again(self, x):
    y = torch.relu(x)
    z = y
    z += x
    return z + y.add_(x) + y


BAD_CALLS = [
    (
        lambda self, x: torch.sigmoid(x),
        r"^operation='sigmoid' \(.*\) has no integer form: use nn\.Conv2d, nn\.Linear, ReLU",
    ),
    (lambda self, x: x.permute(0, 2, 3, 1), r"^operation='permute' \(permute\) has no integer form: use"),
    (lambda self, x: F.conv2d(x, self.conv.weight), r"^operation='conv2d' .* has no integer form: use nn\.Conv2d"),
    (lambda self, x: x + 1, r"^operation='add' adds something that is not a tensor: put constants into a bias$"),
    (lambda self, x: 1 + x, r"^operation='add' adds something that is not a tensor"),
    (lambda self, x: x + x.size(0), r"^operation='add' adds something that is not a tensor"),
    (lambda self, x: torch.add(x, 0.5), r"^operation='add' adds something that is not a tensor"),
    (lambda self, x: x + self.constant, r"^operation='add' reads the constant 'constant': put constants into a bias$"),
    (lambda self, x: torch.add(x, x, alpha=2), r"^alpha=2 of 'add' has no integer form here: use alpha=1$"),
    (lambda self, x: x.add(x, alpha=2), r"^alpha=2 of 'add' has no integer form here"),
    (
        lambda self, x: x + F.adaptive_avg_pool2d(x, 1),
        r"^operation='add' adds tensors of shapes \(1, 3, 8, 8\) and \(1, 3, 1, 1\): broadcasting has no integer form",
    ),
    (
        lambda self, x: F.max_pool2d(x, 3, ceil_mode=True),
        r"^ceil_mode=True of .* has no integer form here: use ceil_mode=",
    ),
    (lambda self, x: F.max_pool2d(x, 2, dilation=2), r"^dilation=2 of .* has no integer form here: use dilation=1$"),
    (lambda self, x: F.avg_pool2d(x, 2, 2, 0, True), r"^ceil_mode=True of 'avg_pool2d' has no integer form here"),
    (
        lambda self, x: F.avg_pool2d(x, 2, divisor_override=3),
        r"^divisor_override=3 of 'avg_pool2d' has no integer form",
    ),
    (
        lambda self, x: F.avg_pool2d(x, 2, padding=1, count_include_pad=False),
        r"^count_include_pad=False of 'avg_pool2d' has no integer form here: use count_include_pad=True$",
    ),
    (
        lambda self, x: F.adaptive_avg_pool2d(x, 3),
        r"^operation=.* makes \(8, 8\) into \(3, 3\): its windows are not all",
    ),
    (
        lambda self, x: x.flatten(2),
        r"^operation='flatten' makes the shape \(1, 3, 64\): only \(N, everything else\) has",
    ),
    (lambda self, x: x.view(3, -1), r"^operation='view' makes the shape \(3, 64\): only \(N, everything else\)"),
    (lambda self, x: F.dropout(x, 0.5, training=True), r"^training=True of 'dropout' has no integer form here"),
    (lambda self, x: (x, self.relu(x)), r"^module returns \(conv, relu\): return one tensor, the logits$"),
    (lambda self, x: {"logits": x}, r"^module returns \{'logits': conv\}: return one tensor"),
    (
        lambda self, x: self.linear(x),
        r"^operation='linear' with weights\.shape=\(2, 8\) .* does not fit shape=\(3, 8, 8\)",
    ),
    (
        lambda self, x: self.conv(x),
        r"^layer='conv' computes with weights that were used before: give every call its own",
    ),
    (in_place_and_thrown_away, r"^operation='relu_' changes 'conv' in place, which is read again: use the result$"),
    (added_in_place_and_read_again, r"^operation='add_?.*' changes '.*' in place, which is read again"),
]


@pytest.mark.parametrize(("call", "message"), BAD_CALLS)
def test_what_has_no_integer_form_is_refused(call, message) -> None:
    images = codes_for(BYTE, 2, 0).astype(np.uint8)
    layers = 2 if "linear" in message[:20] else 1
    with pytest.raises(ValueError, match=message):
        to_integer(Calls(call), images, uniform(range(layers), 8))


def test_a_tensor_that_is_changed_in_place_and_read_again_is_refused() -> None:
    images, assignment = codes_for(BYTE, 2, 0).astype(np.uint8), uniform(range(1), 8)
    to_integer(Calls(in_place_and_read_again), images, assignment)
    with pytest.raises(
        ValueError, match=r"^operation='relu' changes 'conv' in place, which is read again: use the result$"
    ):
        to_integer(Calls(in_place_and_read_again, inplace=True), images, assignment)


BAD_LAYERS = [
    (nn.Sequential(nn.ReLU()), r"^module=Sequential calls no convolution or linear layer in its forward"),
    (nn.Conv2d(3, 1, 3, padding="same"), r"^padding='same', 'zeros' has no integer form: pad with numbers of zeros$"),
    (nn.Conv2d(3, 1, 3, padding=1, padding_mode="reflect"), r"^padding=\(1, 1\), 'reflect' has no integer form"),
    (
        nn.Sequential(nn.Conv2d(3, 1, 3), nn.Sigmoid()),
        r"^operation='1' \(Sigmoid\) has no integer form: use nn\.Conv2d",
    ),
    (
        nn.Sequential(nn.Conv2d(3, 1, 3), nn.MaxPool2d(2, ceil_mode=True)),
        r"^ceil_mode=True of '1' has no integer form",
    ),
]


@pytest.mark.parametrize(("module", "message"), BAD_LAYERS)
def test_layers_without_an_integer_form_are_refused(module, message) -> None:
    with pytest.raises(ValueError, match=message):
        to_integer(module, codes_for(BYTE, 2, 0).astype(np.uint8), uniform(range(1), 8))


GOOD = Calibration(("0", "2"), (1.0, 1.0), (1.0, 2.0), (False, False), (0, 1))
BAD_ARGUMENTS = [
    ({"rounding": "STOCHASTIC"}, r"^rounding=STOCHASTIC draws random numbers: a network of integers needs a determ"),
    ({"rounding": "NEAREST"}, r"^rounding='NEAREST' "),
    ({"multiplier_bits": 1}, r"^multiplier_bits=1 is not between 2 and 24: choose another word length$"),
    ({"multiplier_bits": 25}, r"^multiplier_bits=25 is not between 2 and 24"),
    (
        {"input_format": Format(8, 7)},
        r"^held_out_images\.dtype=uint8 stands for ufix8_En8, not sfix8_En7: give the pixels",
    ),
    ({"assignment": uniform(range(3), 8)}, r"^assignment has 3 layers, the module 2: 0, 2$"),
    (
        {"calibration": replace(GOOD, layers=("0", "1"))},
        r"^calibration\.layers=\('0', '1'\) reading tensors \(0, 1\) are not the module's, \('0', '2'\) reading",
    ),
    (
        {"calibration": replace(GOOD, tensors=(0, 0))},
        r"^calibration\.layers=.* are not the module's.*calibrate this module$",
    ),
    (
        {"calibration": replace(GOOD, activation_ranges=(1.0, 0.3))},
        r"^calibration\.activation_ranges=0\.3 of '2' is not a power of two: round it up to one$",
    ),
    (
        {"calibration": replace(GOOD, weight_ranges=(0.0, 1.0))},
        r"^calibration\.weight_ranges=0\.0 of '0' is not a power of",
    ),
    (
        {"calibration": replace(GOOD, weight_ranges=(2.0**-60, 1.0))},
        r"^bias of '0' is not within 63 bits on the grid of its sums, 2\*\*-75: use fewer bits$",
    ),
]


@pytest.mark.parametrize(("change", "message"), BAD_ARGUMENTS)
def test_bad_arguments_are_refused(change, message) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), nn.Conv2d(2, 2, 1))
    arguments = {"assignment": uniform(range(2), 8), "calibration": GOOD, **change}
    with pytest.raises(ValueError, match=message):
        to_integer(module, codes_for(BYTE, 2, 0).astype(np.uint8), **arguments)


@pytest.mark.parametrize(
    ("pixels", "fmt", "message"),
    [
        (
            [-0.25, 0.5],
            BYTE,
            r"^held_out_images span -0\.25 to 0\.5, not within input_format=ufix8_En8: give the format",
        ),
        ([0.0, 1.5], BYTE, r"^held_out_images span 0 to 1\.5, not within input_format=ufix8_En8: .*Format\.for_range"),
        ([-1.5, 1.0], SIGNED, r"^held_out_images span -1\.5 to 1, not within input_format=sfix8_En7"),
    ],
)
def test_held_out_images_are_within_the_input_format(pixels, fmt, message) -> None:
    module = nn.Linear(2, 2)
    with pytest.raises(ValueError, match=message):
        to_integer(module, torch.tensor([pixels]), uniform(["Linear"], 8), input_format=fmt)
    ends = torch.tensor([[fmt.min, fmt.max + fmt.step]])
    assert to_integer(module, ends, uniform(["Linear"], 8), input_format=fmt).input_format == fmt


def test_ranges_of_a_shared_tensor_must_be_equal() -> None:
    images = codes_for(BYTE, 2, 0).astype(np.uint8)
    calibration = calibrate(Shared(), images)
    ranges = [1.0, 2.0, 4.0, *calibration.activation_ranges[3:]]
    unequal = replace(calibration, activation_ranges=tuple(ranges))
    with pytest.raises(
        ValueError, match=r"^activation_ranges=2\.0 of 'left' and 4\.0 of 'right' differ, but both read one"
    ):
        to_integer(Shared(), images, uniform(range(8), 8), calibration=unequal)


def test_sums_of_too_many_bits_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^operation='Linear' may need \d+ bits, over 62: use fewer bits before it$"):
        lowered(nn.Linear(5, 2, bias=False), shape=(5,), bits=60)


def test_images_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^images\.shape=\(2, 3\) does not pass through the module: "):
        to_integer(nn.Linear(2, 2), np.zeros((2, 3)), uniform(["Linear"], 8))


def test_an_assignment_is_no_number() -> None:
    with pytest.raises(
        TypeError, match=r"^assignment=5 is not a PrecisionAssignment: pass fxp\.uniform\(layers, bits\)$"
    ):
        to_integer(nn.Linear(2, 2), np.zeros((2, 2)), 5)
