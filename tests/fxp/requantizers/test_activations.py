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


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("relu6", 0.1, 1.5), TypeError, r"^zero_point=1\.5 is not an integer"),
        (("relu6", 0.1, 1000), ValueError, r"^zero_point=1000 is not between -128 and 127"),
        (("relu6", "a", 0), ValueError, r"^output_scale='a' is not a real number"),
        (("relu", [0.1, 0.2], 0), ValueError, r"^output_scale of shape \(2,\) is not one number"),
        ((["relu"], 0.1, 0), ValueError, r"^activation=\['relu'\] is not known"),
    ],
)
def test_what_is_no_activation_scale_or_code_is_refused(arguments, error, message):
    activation, scale, zero_point = arguments
    with pytest.raises(error, match=message):
        fxp.activation_clamp(activation, scale, zero_point=zero_point)
