"""Requantiser presets against golden vectors of the runtimes, and the runtimes, where installed, against them."""

import json

import numpy as np
import pytest

import fxp
from fxp.formats import Format
from tests.conformance import runtimes
from tests.conformance.make_requantizer_vectors import RUN, VECTORS, cases

FORMATS = {"int8": Format(8, 0), "uint8": Format(8, 0, signed=False), "int16": Format(16, 0)}
CASES = [json.loads(text) for text in VECTORS.read_text(encoding="utf-8").splitlines()]
REQUANTIZERS = [case for case in CASES if "accumulators" in case]
LAYERS = [case for case in CASES if "accumulators" not in case]
PORTABLE = ("onnxruntime", "LiteRT reference", "CMSIS-NN")  # the other kernels of LiteRT depend on the processor


def name(case):
    return f"{case['source']}, {case['output']}"


def requantizer(case):
    """Return the preset of a case; TFLite and CMSIS-NN multiply their scales in float64."""
    output = FORMATS[case["output"]]
    options = {"zero_point": case["zero_point"], "output": output}
    inputs, weights, outputs = case["input_scale"], case["weight_scales"], case["output_scale"]
    match case["preset"]:
        case "onnx":
            return fxp.Requantizer.onnx(inputs, weights, outputs, **options)
        case "onnx_qdq":
            return fxp.Requantizer.onnx_qdq(inputs, outputs, **options)
    extra = {name: case[name] for name in ("rounding", "multiplier_bits") if name in case}
    clamp = fxp.activation_clamp(case["activation"], outputs, **options)
    preset = getattr(fxp.Requantizer, case["preset"])
    return preset([inputs * weight / outputs for weight in weights], clamp=clamp, **extra, **options)


def applied(case):
    return requantizer(case).apply(np.reshape(case["accumulators"], (-1, len(case["weight_scales"])))).ravel().tolist()


@pytest.mark.parametrize("case", REQUANTIZERS, ids=name)
def test_presets(case):
    assert applied(case) == case["codes"]


@pytest.mark.parametrize("rounding", ["DOUBLE", "DOUBLE_UPWARD"])
def test_gemmlowp_is_tflite_of_the_same_rounding(rounding):
    """TFLite's reference kernels call gemmlowp's functions."""
    for case in REQUANTIZERS:
        if case["preset"] == "tflite" and case["rounding"] == rounding and case["activation"] == "none":
            assert applied({**case, "preset": "gemmlowp"}) == case["codes"]


@pytest.mark.parametrize("case", LAYERS, ids=lambda case: f"{case['operator']}, {case['x_type']}, {case['w_type']}")
def test_layers_with_zero_points(case):
    zero_points = {name: case[name] for name in ("x_zero_point", "w_zero_point")}
    if case["operator"] == "QLinearConv":
        options = {"bias": case["bias"], "padding": case["padding"], **zero_points}
        codes = requantizer(case).apply(fxp.affine_conv2d(case["x"], case["w"], **options), axis=1)
    else:
        codes = requantizer(case).apply(fxp.affine_matmul(case["x"], case["w"], **zero_points))
    assert codes.tolist() == case["codes"]


def test_the_inputs_are_what_the_script_makes():
    stored = [{name: value for name, value in case.items() if name != "codes"} for case in CASES]
    assert stored == json.loads(json.dumps(list(cases())))
    assert VECTORS.stat().st_size < 500_000


def test_the_vectors_reach_ties_ends_and_every_preset():
    assert {case["preset"] for case in CASES} == {"onnx", "onnx_qdq", "tflite", "cmsis_nn"}
    assert {case["source"] for case in CASES} == set(RUN)
    assert sum(np.size(case["codes"]) for case in CASES) == 14_973
    for case in REQUANTIZERS:
        ends = FORMATS[case["output"]]
        if case["activation"] == "none":
            assert {ends.min_code, ends.max_code} <= set(case["codes"])


@pytest.mark.parametrize("rounding", list(fxp.MultiplierRounding))
def test_the_vectors_tell_the_roundings_apart(rounding):
    """Every other rounding contradicts some vector of each."""
    mine = [case for case in REQUANTIZERS if case.get("rounding") == rounding and case["preset"] == "tflite"]
    for other in set(fxp.MultiplierRounding) - {rounding}:
        changed = [{**case, "rounding": other} for case in mine if "multiplier_bits" not in case]
        assert not changed or any(applied(case) != case["codes"] for case in changed)


@pytest.mark.parametrize("case", [case for case in CASES if case["source"].startswith(PORTABLE)], ids=name)
def test_runtimes(case):
    if case["source"].startswith("onnxruntime"):
        pytest.importorskip("onnx", reason="ONNX models cannot be made without onnx")
        pytest.importorskip("onnxruntime", reason="onnxruntime, which these vectors come from, is not installed")
    elif case["source"].startswith("LiteRT"):
        pytest.importorskip("ai_edge_litert", reason="LiteRT, which these vectors come from, is not installed")
    assert np.asarray(RUN[case["source"]](case)).tolist() == case["codes"]


def test_the_reference_evaluator_of_onnx_adds_the_zero_point_before_it_rounds():
    pytest.importorskip("onnx.reference", reason="the reference evaluator of ONNX is not installed")
    pytest.importorskip("onnxruntime", reason="models are made for onnxruntime")
    tied = next(case for case in REQUANTIZERS if case["source"] == "onnxruntime QLinearConv")
    for zero_point in (-5, -4):
        case = {**tied, "zero_point": zero_point, "accumulators": list(range(-64, 65))}
        differ = np.array(applied(case)) != runtimes.onnx_evaluator_conv(case)
        ties = [n for n in case["accumulators"] if n * 3 % 8 == 4]  # the factor is 3/8
        assert [n for n, wrong in zip(case["accumulators"], differ, strict=True) if wrong] == (
            ties if zero_point % 2 else []
        )
