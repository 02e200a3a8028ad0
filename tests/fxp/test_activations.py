"""The ends of fused activations, as codes."""

import re

import pytest

import fxp
from fxp.formats import Format


@pytest.mark.parametrize(
    ("activation", "scale", "zero_point", "ends"),
    [
        ("none", 0.1, 5, (-128, 127)),
        ("relu", 0.1, 5, (5, 127)),
        ("relu6", 0.1, -100, (-100, -40)),
        ("relu6", 0.01, 0, (0, 127)),
        ("relu_n1_to_1", 0.4, 0, (-3, 3)),  # 2.5 steps, away from zero
        ("relu_n1_to_1", 1e-30, 0, (-128, 127)),
        ("relu6", 1e-45, 0, (0, 127)),
    ],
)
def test_ends(activation, scale, zero_point, ends):
    assert fxp.activation_clamp(activation, scale, zero_point=zero_point) == ends


def test_ends_of_other_words():
    assert fxp.activation_clamp("relu6", 0.05, zero_point=30, output=Format(8, 0, signed=False)) == (30, 150)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (("elu", 0.1), ValueError, "activation='elu' is not known: one of none, relu, relu6, relu_n1_to_1"),
        (("relu", 0.0), ValueError, "output_scale=0.0 is not a positive, finite float32"),
        (("relu", 1e60), ValueError, "output_scale=1e+60 is not a positive, finite float32"),
    ],
)
def test_refusals(arguments, error, text):
    with pytest.raises(error, match=re.escape(text)):
        fxp.activation_clamp(*arguments)


def test_a_format_is_needed():
    with pytest.raises(TypeError, match="output=8 is not a Format"):
        fxp.activation_clamp("relu", 0.1, output=8)
