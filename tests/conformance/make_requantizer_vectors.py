"""Makes requantizers.jsonl with the runtimes themselves: ``python -m tests.conformance.make_requantizer_vectors``.

Needs the packages of the extra `conformance`.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fxp.files import replacing
from tests.conformance import runtimes

VECTORS = Path(__file__).with_name("requantizers.jsonl")
SCALES = (  # input, weights, output; ties, none, above one, small
    (0.5, (0.75,), 1.0),
    (0.3, (0.9,), 1.1),
    (1.0, (1.0,), 0.4),
    (0.02, (0.013,), 0.09),
)
CHANNELS = (0.3, (0.9, 0.75, 0.0031, 1.7, 2.0**-9), 1.1)
LITERT = {
    ("reference", "CONV_2D", "int8"): {"rounding": "DOUBLE"},
    ("reference", "CONV_2D", "uint8"): {"rounding": "DOUBLE"},
    ("reference", "CONV_2D", "int16"): {"rounding": "SINGLE", "multiplier_bits": 16},
    ("reference", "FULLY_CONNECTED", "int8"): {"rounding": "SINGLE_AWAY"},
    ("reference", "FULLY_CONNECTED", "uint8"): {"rounding": "SINGLE_AWAY"},
    ("reference", "FULLY_CONNECTED", "int16"): {"rounding": "SINGLE_AWAY"},
    ("optimized", "CONV_2D", "int8"): {"rounding": "DOUBLE_UPWARD"},
    ("optimized", "FULLY_CONNECTED", "int8"): {"rounding": "DOUBLE_UPWARD"},
    ("default", "CONV_2D", "int8"): {},
}
RUN = {
    "onnxruntime QLinearConv": runtimes.onnxruntime_conv,
    "onnxruntime DequantizeLinear, QuantizeLinear": runtimes.onnxruntime_qdq,
    "onnxruntime layer": runtimes.onnxruntime_layer,
    "CMSIS-NN": runtimes.cmsis_nn,
    **{f"LiteRT {kind} {layer}": getattr(runtimes, f"litert_{kind}") for kind, layer, _ in LITERT},
}


def cases() -> Iterator[dict]:
    """Yield all cases, without codes."""
    yield from onnx_cases()
    yield from litert_cases()
    yield from cmsis_nn_cases()
    yield from layers()


def onnx_cases() -> Iterator[dict]:
    for scales in (*SCALES, CHANNELS):
        for output, zero_point in (("int8", -5), ("uint8", 128)):
            yield case("onnx", "onnxruntime QLinearConv", scales, output, zero_point)
    for scales in ((0.5, (1.0,), 1.5), (0.1, (1.0,), 0.3), (1e-6, (1.0,), 0.01)):
        for output, zero_point in (("int8", 7), ("uint8", 0)):
            yield case("onnx_qdq", "onnxruntime DequantizeLinear, QuantizeLinear", scales, output, zero_point)


def litert_cases() -> Iterator[dict]:
    for (kind, layer, output), options in LITERT.items():
        preset = "onnx" if kind == "default" else "tflite"
        source, zero_point = f"LiteRT {kind} {layer}", {"int8": -5, "uint8": 128, "int16": 0}[output]
        channels = [CHANNELS] if layer == "CONV_2D" and output == "int8" else []
        for scales in (*SCALES, *channels):
            yield case(preset, source, scales, output, zero_point, operator=layer, **options)
    for activation in ("relu", "relu6", "relu_n1_to_1"):
        options = {"rounding": "DOUBLE", "activation": activation, "operator": "CONV_2D"}
        yield case("tflite", "LiteRT reference CONV_2D", (0.3, (0.9,), 0.08), "int8", -100, **options)


def cmsis_nn_cases() -> Iterator[dict]:
    for rounding in ("DOUBLE", "SINGLE"):
        for scales in (*SCALES, CHANNELS):
            for output, zero_point in (("int8", -5), ("int16", 0)):
                yield case("cmsis_nn", "CMSIS-NN", scales, output, zero_point, rounding=rounding)


def case(preset, source, scales, output, zero_point, *, activation="none", **options) -> dict:
    inputs, weights, outputs = (np.asarray(part, np.float32).tolist() for part in scales)
    factor = inputs * max(weights) / outputs
    return {
        "preset": preset,
        "source": source,
        **options,
        "activation": activation,
        "input_scale": inputs,
        "weight_scales": weights,
        "output_scale": outputs,
        "output": output,
        "zero_point": zero_point,
        "accumulators": accumulators(factor, np.iinfo(output), len(weights)),
    }


def accumulators(factor, ends, channels) -> list[int]:
    """Return small accumulators, those whose codes are near ties and near both ends, and drawn ones."""
    rng = np.random.default_rng(0)
    codes = [*range(-6, 7), ends.min // 2, ends.max // 2, ends.min - ends.max, ends.max - ends.min]
    near = [round((code + half) / factor) + beside for code in codes for half in (0, 0.5) for beside in (-1, 0, 1)]
    drawn = rng.integers(-int(ends.max / factor), int(ends.max / factor), 60, endpoint=True).tolist()
    most = int(min(2**31, (2**30 - 2**10) / max(factor, 1)))  # where twice the scaled code is in int32
    far = [-most, 1 - most, most - 1, 2**24 + 1, -(2**24) - 1]
    kept = [each for each in [*range(-20, 21), *near, *drawn, *far] if -most <= each < most]
    return [each for each in sorted(set(kept)) for _ in range(channels)]


def layers() -> Iterator[dict]:
    """Yield layers with operands and zero points of their own."""
    rng = np.random.default_rng(0)

    def drawn(dtype, *shape):
        ends = np.iinfo(dtype)
        return rng.integers(ends.min, ends.max, shape, endpoint=True).tolist()

    common = {"preset": "onnx", "source": "onnxruntime layer", "input_scale": 0.019999999552965164, "output_scale": 4.5}
    for x_type, w_type in (("uint8", "int8"), ("uint8", "uint8"), ("int8", "int8")):
        zero_points = {"x_zero_point": 77, "w_zero_point": 131 if w_type == "uint8" else 0}
        yield {
            **common,
            "operator": "QLinearConv",
            "weight_scales": [0.5, 0.25, 0.75],
            "output": x_type,
            "zero_point": 9,
            "x_type": x_type,
            "w_type": w_type,
            **zero_points,
            "w_zero_point": [zero_points["w_zero_point"]] * 3,
            "padding": 1,
            "x": drawn(x_type, 1, 2, 6, 6),
            "w": drawn(w_type, 3, 2, 3, 3),
            "bias": [100, -2000, 30000],
        }
        yield {
            **common,
            "operator": "QLinearMatMul",
            "weight_scales": [0.5, 0.25, 0.75],
            "output": x_type,
            "zero_point": 9,
            "x_type": x_type,
            "w_type": w_type,
            "x_zero_point": 77,
            "w_zero_point": [131, 2, 250] if w_type == "uint8" else [0, 3, -100],
            "x": drawn(x_type, 9, 8),
            "w": drawn(w_type, 8, 3),
        }


def line(each: dict) -> str:
    codes = RUN[each["source"]](each)
    return json.dumps({**each, "codes": np.asarray(codes).tolist()}, separators=(",", ":"))


if __name__ == "__main__":
    with replacing(VECTORS) as draft:
        draft.write_text("".join(f"{line(each)}\n" for each in cases()), encoding="utf-8", newline="\n")
