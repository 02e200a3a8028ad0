import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from analysis.networks import layer_shapes
from fxp.costs import LayerShape


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1, bias=False)
        self.projection = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        return F.relu(self.conv(x) + self.projection(x))


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(6, 6)

    def forward(self, x):
        return self.hidden(torch.relu(self.hidden(x)))


class Bare(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, 3))

    def forward(self, x):
        return F.linear(x, self.weight)


class Functional(nn.Module):
    def forward(self, x):
        return F.relu(x)


def test_convolution_by_hand() -> None:
    # 4 → 6 channels in 2 groups, 3×2 kernel, stride 2, dilation 2, padding 1: output 6 × 4 × 6
    conv = nn.Conv2d(4, 6, (3, 2), stride=2, dilation=2, padding=1, groups=2)
    assert layer_shapes(conv, (1, 4, 9, 11)) == [
        LayerShape("Conv2d", dot_length=2 * 6, dots=6 * 4 * 6, weights=72, activations=4 * 9 * 11, biases=6)
    ]


def test_sizes_may_be_those_of_numpy() -> None:
    assert layer_shapes(nn.Linear(8, 3), np.array([1, 8])) == layer_shapes(nn.Linear(8, 3), (1, 8))


def test_linear_on_a_sequence_counts_every_position() -> None:
    assert layer_shapes(nn.Sequential(nn.Linear(8, 3, bias=False)), (1, 5, 8)) == [
        LayerShape("0", dot_length=8, dots=15, weights=24, activations=40)
    ]


@pytest.mark.parametrize(
    ("conv", "shape", "dots"),
    [(nn.Conv1d(2, 5, 3), (1, 2, 10), 40), (nn.Conv3d(2, 5, 3), (1, 2, 4, 5, 6), 5 * 2 * 3 * 4)],
)
def test_convolutions_of_other_dimensions(conv: nn.Module, shape: tuple[int, ...], dots: int) -> None:
    (layer,) = layer_shapes(conv, shape)
    assert (layer.dots, layer.dot_length) == (dots, conv.weight[0].numel())


@settings(deadline=None)
@given(
    groups=st.integers(1, 3),
    per_group=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
    bias=st.booleans(),
)
def test_dots_are_the_elements_that_a_real_pass_puts_out(
    groups, per_group, kernel, stride, padding, dilation, bias
) -> None:
    before, after = groups * per_group[0], groups * per_group[1]
    conv = nn.Conv2d(before, after, kernel, stride=stride, padding=padding, dilation=dilation, groups=groups, bias=bias)
    (layer,) = layer_shapes(conv, (1, before, 7, 8))
    y = conv(torch.zeros(1, before, 7, 8))
    # weights of 1 on an input of 1: an output away from the border sums exactly dot_length products
    with torch.no_grad():
        centre = F.conv2d(torch.ones(1, before, 9, 9), torch.ones_like(conv.weight), groups=groups)[0, 0, 2, 2]
    assert (layer.dots, layer.dot_length) == (y.numel(), int(centre))
    assert layer.weights + layer.biases == sum(each.numel() for each in conv.parameters())


def test_residual_layers_in_call_order() -> None:
    layers = layer_shapes(nn.Sequential(Residual(), Residual()), (1, 3, 4, 4))
    assert [layer.name for layer in layers] == ["0.conv", "0.projection", "1.conv", "1.projection"]
    assert [layer.activations for layer in layers] == [48] * 4


def test_a_layer_that_is_called_twice_has_two_rows() -> None:
    assert layer_shapes(Twice(), (1, 6)) == [LayerShape("hidden", 6, 6, 36, 6, biases=6)] * 2


def test_layers_that_are_not_called_are_not_listed() -> None:
    module = Residual()
    module.unused = nn.Linear(3, 3)
    assert len(layer_shapes(module, (1, 3, 4, 4))) == 2


def test_module_stays_as_it_was() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout()).train()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    layer_shapes(module, (1, 3, 3, 3))
    assert module.training
    assert not module[0]._forward_hooks
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
    assert module[0].weight.device.type == "cpu"


def test_huge_modules_need_no_memory() -> None:
    with torch.device("meta"):
        huge = nn.Linear(10**6, 10**6, bias=False)
    assert layer_shapes(huge, (1, 10**6))[0].weights == 10**12


def test_half_precision_modules() -> None:
    assert layer_shapes(nn.Linear(3, 4).half(), (1, 3))[0].dots == 4


def test_layer_norm_is_no_layer() -> None:
    assert len(layer_shapes(nn.Sequential(nn.LayerNorm((2, 3)), nn.Linear(3, 1)), (1, 2, 3))) == 1


@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (3,), (1,), (1, 3, 0, 8), (1, 3, -1, 8), (1, 3.0, 8, 8)])
def test_input_shape_is_that_of_one_input(shape) -> None:
    with pytest.raises(ValueError, match=r"input_shape=.* is not the shape of one input: give \(1, …\)"):
        layer_shapes(nn.Conv2d(3, 4, 3), shape)


def test_shape_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"input_shape=\(1, 4, 8, 8\) does not pass through the module"):
        layer_shapes(nn.Conv2d(3, 4, 3), (1, 4, 8, 8))


def test_nothing_to_count() -> None:
    with pytest.raises(ValueError, match="module=Functional calls no convolution or linear layer"):
        layer_shapes(Functional(), (1, 3))


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        (nn.ConvTranspose1d(3, 4, 2), "ConvTranspose1d"),
        (nn.LSTM(8, 2), "LSTM"),
        (nn.MultiheadAttention(8, 2), "MultiheadAttention"),
        (Bare(), "Bare"),
    ],
)
def test_other_layers_with_weights_are_refused(part: nn.Module, kind: str) -> None:
    with pytest.raises(ValueError, match=f"layer='0' is a {kind} with weights of its own"):
        layer_shapes(nn.Sequential(part), (1, 3, 8))
