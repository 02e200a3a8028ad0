"""What the published runtimes make of accumulators: models of one layer, run by the runtime itself.

The bias carries the accumulators, the input is its zero point, so that nothing but the requantiser is left. A function
imports its runtime when it is called.
"""

import numpy as np

TYPES = {"int8": np.int8, "uint8": np.uint8, "int16": np.int16}
INPUT_ZERO_POINT = 3
ACTIVATIONS = {"none": 0, "relu": 1, "relu_n1_to_1": 2, "relu6": 3}


def onnx_session(nodes, inputs, constants, *, optimized=True):
    """Return an onnxruntime session, and the model that it runs."""
    import onnxruntime
    from onnx import helper, numpy_helper

    def described(name, value):
        return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)

    output = helper.make_tensor_value_info("y", helper.np_dtype_to_tensor_dtype(constants["yz"].dtype), None)
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(
        nodes, "layer", [described(name, value) for name, value in inputs.items()], [output], tensors
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session, model


def qlinear_conv(case):
    """Return node, input and constants of a QLinearConv whose bias is the accumulators."""
    from onnx import helper

    output, count = TYPES[case["output"]], len(case["accumulators"])
    scales = np.asarray(case["weight_scales"], np.float32)
    scales = np.resize(scales, count) if len(scales) > 1 else scales[0]
    names = ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"]
    constants = {
        "xs": np.float32(case["input_scale"]),
        "xz": output(INPUT_ZERO_POINT),
        "w": np.ones((count, 1, 1, 1), np.int8),
        "ws": scales,
        "wz": np.zeros(scales.shape, np.int8),
        "ys": np.float32(case["output_scale"]),
        "yz": output(case["zero_point"]),
        "b": np.asarray(case["accumulators"], np.int32),
    }
    inputs = {"x": np.full((1, 1, 1, 1), INPUT_ZERO_POINT, output)}
    return [helper.make_node("QLinearConv", names, ["y"])], inputs, constants


def onnxruntime_conv(case):
    """Return the codes of QLinearConv in onnxruntime."""
    layer = qlinear_conv(case)
    session, _ = onnx_session(*layer)
    return session.run(None, layer[1])[0].ravel()


def onnx_evaluator_conv(case):
    """Return the codes of QLinearConv in the reference evaluator of ONNX."""
    from onnx.reference import ReferenceEvaluator

    layer = qlinear_conv(case)
    _, model = onnx_session(*layer)
    return ReferenceEvaluator(model).run(None, layer[1])[0].ravel()


def onnxruntime_qdq(case):
    """Return the codes of DequantizeLinear and QuantizeLinear in onnxruntime, which may not fuse them."""
    from onnx import helper

    nodes = [
        helper.make_node("DequantizeLinear", ["x", "xs"], ["r"]),
        helper.make_node("QuantizeLinear", ["r", "ys", "yz"], ["y"]),
    ]
    constants = {
        "xs": np.float32(case["input_scale"]),
        "ys": np.float32(case["output_scale"]),
        "yz": TYPES[case["output"]](case["zero_point"]),
    }
    inputs = {"x": np.asarray(case["accumulators"], np.int32)}
    session, _ = onnx_session(nodes, inputs, constants, optimized=False)
    return session.run(None, inputs)[0]


def onnxruntime_layer(case):
    """Return the codes of a layer with operands and zero points of their own in onnxruntime."""
    from onnx import helper

    output, x_type, w_type = (TYPES[case[name]] for name in ("output", "x_type", "w_type"))
    convolution = case["operator"] == "QLinearConv"
    names = ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz", *["b"] * convolution]
    options = {"pads": [case["padding"]] * 4} if convolution else {}
    constants = {
        "xs": np.float32(case["input_scale"]),
        "xz": x_type(case["x_zero_point"]),
        "w": np.asarray(case["w"], w_type),
        "ws": np.asarray(case["weight_scales"], np.float32),
        "wz": np.asarray(case["w_zero_point"], w_type),
        "ys": np.float32(case["output_scale"]),
        "yz": output(case["zero_point"]),
    }
    if convolution:
        constants["b"] = np.asarray(case["bias"], np.int32)
    inputs = {"x": np.asarray(case["x"], x_type)}
    session, _ = onnx_session([helper.make_node(case["operator"], names, ["y"], **options)], inputs, constants)
    return session.run(None, inputs)[0]


def litert_reference(case):
    """Return the codes of a layer in the reference kernels of LiteRT."""
    return litert(case, "BUILTIN_REF")


def litert_optimized(case):
    """Return the codes of a layer in the optimised kernels of LiteRT, without delegates."""
    return litert(case, "BUILTIN_WITHOUT_DEFAULT_DELEGATES")


def litert_default(case):
    """Return the codes of a layer in LiteRT with its default delegate, XNNPACK."""
    return litert(case, "BUILTIN")


def litert(case, resolver):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=litert_model(case), experimental_op_resolver_type=OpResolverType[resolver], num_threads=1
    )
    interpreter.allocate_tensors()
    (entry,), (end,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.set_tensor(entry["index"], np.full(entry["shape"], input_zero_point(case), TYPES[case["output"]]))
    interpreter.invoke()
    return interpreter.get_tensor(end["index"]).ravel()


def input_zero_point(case):
    return 0 if case["output"] == "int16" else INPUT_ZERO_POINT


def litert_model(case):
    """Return a flatbuffer with one layer whose bias is the accumulators."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    layer, count = case["operator"], len(case["accumulators"])
    output = np.dtype(case["output"])
    weights, wide = (
        np.dtype(np.uint8 if output == np.uint8 else np.int8),
        np.dtype(np.int64 if output == np.int16 else np.int32),
    )
    scales = np.resize(np.asarray(case["weight_scales"], np.float32), count if len(case["weight_scales"]) > 1 else 1)
    shapes = {
        "FULLY_CONNECTED": ([1, 1], [count, 1], [1, count]),
        "CONV_2D": ([1, 1, 1, 1], [count, 1, 1, 1], [1, 1, 1, count]),
    }[layer]
    tensors = [
        (shapes[0], output, [np.float32(case["input_scale"])], input_zero_point(case), b""),
        (shapes[1], weights, scales, 0, bytes(count)),
        ([count], wide, np.float32(case["input_scale"]) * scales, 0, np.asarray(case["accumulators"], wide).tobytes()),
        (shapes[2], output, [np.float32(case["output_scale"])], case["zero_point"], b""),
    ]
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.subgraphs, model.buffers, graph.tensors = 3, [graph], [], []
    for index, (shape, dtype, steps, zero_point, data) in enumerate(tensors):
        tensor, buffer = schema.TensorT(), schema.BufferT()
        tensor.name, tensor.shape, tensor.buffer = f"tensor {index}", np.array(shape, np.int32), index
        tensor.type = getattr(schema.TensorType, dtype.name.upper())
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = np.asarray(steps, np.float32)
        tensor.quantization.zeroPoint = np.full(len(steps), zero_point, np.int64)
        buffer.data = np.frombuffer(data, np.uint8) if data else None
        graph.tensors.append(tensor)
        model.buffers.append(buffer)
    code, operator = schema.OperatorCodeT(), schema.OperatorT()
    code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, layer)
    code.version = 4
    options = {"FULLY_CONNECTED": "FullyConnectedOptions", "CONV_2D": "Conv2DOptions"}[layer]
    operator.builtinOptionsType, operator.builtinOptions = (
        getattr(schema.BuiltinOptions, options),
        getattr(schema, f"{options}T")(),
    )
    operator.builtinOptions.fusedActivationFunction = ACTIVATIONS[case["activation"]]
    if layer == "CONV_2D":
        operator.builtinOptions.strideH = operator.builtinOptions.strideW = 1
    operator.inputs, operator.outputs = np.array([0, 1, 2], np.int32), np.array([3], np.int32)
    graph.inputs, graph.outputs, graph.operators = np.array([0], np.int32), np.array([3], np.int32), [operator]
    model.operatorCodes = [code]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def wrapped(value, bits):
    """Return what a C integer of two's complement holds of a value."""
    return (value + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))


def cmsis_nn(case):
    """Return the codes of arm_nn_requantize, offset and clamp, statement for statement with the widths of its C types.

    There is no package to ask: this is written from the published C, apart from `fxp.requantizers.reference`.
    """
    requantize = {"DOUBLE": cmsis_nn_double, "SINGLE": cmsis_nn_single}[case["rounding"]]
    multipliers = [
        nearest_multiplier(case["input_scale"] * scale / case["output_scale"]) for scale in case["weight_scales"]
    ]
    ends = np.iinfo(TYPES[case["output"]])
    codes = []
    for index, accumulator in enumerate(case["accumulators"]):
        multiplier, shift = multipliers[index % len(multipliers)]
        result = wrapped(requantize(accumulator, multiplier, shift) + case["zero_point"], 32)
        codes.append(max(min(result, ends.max), ends.min))
    return np.array(codes)


def nearest_multiplier(scale):
    fraction, shift = np.frexp(scale)
    multiplier = int(np.floor(fraction * 2.0**31 + 0.5))  # exact: fewer than 53 bits
    return (multiplier // 2, int(shift) + 1) if multiplier == 2**31 else (multiplier, int(shift))


def cmsis_nn_double(value, multiplier, shift):
    left, right = max(shift, 0), max(-shift, 0)
    product = wrapped((1 << 30) + wrapped(value * (1 << left), 32) * multiplier, 64)
    dividend = wrapped(product >> 31, 32)
    mask = (1 << right) - 1
    result = dividend >> right
    threshold = (mask >> 1) + (result < 0)
    return result + ((dividend & mask) > threshold)


def cmsis_nn_single(value, multiplier, shift):
    result = wrapped(wrapped(value * multiplier, 64) >> (30 - shift), 32)
    return wrapped(result + 1, 32) >> 1
