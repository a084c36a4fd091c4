"""The two models of faces, made so that ONNX Runtime takes them.

Both come with weights of 8 bits in blocks. The detector's are written in a way that ONNX Runtime refuses (blocks
of a weight that has one scale), so they are written out as floats. The recogniser's are fine, but every weight
is declared as an input that would have to be given.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from onnx import ModelProto, NodeProto, ValueInfoProto, load_model_from_string, numpy_helper

from starter_build.drawing import IR_VERSION

type Constants = Mapping[str, np.ndarray]


def _dequantised(node: NodeProto, values: np.ndarray, scale: np.ndarray, zero: np.ndarray) -> np.ndarray:
    """What a DequantizeLinear gives: one scale for all, one for each index of an axis, or one for each block."""
    attributes = {attribute.name: attribute.i for attribute in node.attribute}
    axis, block = attributes.get("axis", 1), attributes.get("block_size", 0)

    def spread(of: np.ndarray) -> np.ndarray:
        if of.size == 1:
            return of.reshape(())
        if of.ndim == values.ndim:
            return np.take(np.repeat(of, block, axis=axis), np.arange(values.shape[axis]), axis=axis)
        return of.reshape([-1 if index == axis else 1 for index in range(values.ndim)])

    return (values.astype(np.float32) - spread(zero.astype(np.float32))) * spread(scale)


def _written_out(nodes: Sequence[NodeProto], constants: Constants) -> tuple[list[NodeProto], dict[str, np.ndarray]]:
    """The nodes that are left when weights are floats, and those floats."""
    left: list[NodeProto] = []
    floats: dict[str, np.ndarray] = {}
    for node in nodes:
        if node.op_type == "DequantizeLinear" and all(name in constants for name in node.input):
            values, scale, *zero = (constants[name] for name in node.input)
            floats[node.output[0]] = _dequantised(node, values, scale, zero[0] if zero else np.zeros_like(scale))
        elif node.op_type == "Reshape" and node.input[0] in floats:
            floats[node.output[0]] = floats[node.input[0]].reshape(constants[node.input[1]])
        else:
            left.append(node)
    return left, floats


def _free(value: ValueInfoProto, axes: Mapping[int, str]) -> None:
    for axis, word in axes.items():
        value.type.tensor_type.shape.dim[axis].dim_param = word


def _constants(model: ModelProto) -> dict[str, np.ndarray]:
    found = {constant.name: numpy_helper.to_array(constant) for constant in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant":
            found[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    return found


def detection(source: bytes) -> ModelProto:
    """YuNet: `input` float32 [1, 3, height, width], multiples of 32, to twelve outputs."""
    model = load_model_from_string(source)
    graph = model.graph
    nodes, floats = _written_out(graph.node, _constants(model))
    used = {name for node in nodes for name in node.input}
    kept = [constant for constant in graph.initializer if constant.name in used]
    kept += [numpy_helper.from_array(array, name) for name, array in floats.items() if name in used]
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend(kept)
    _only(model, "input")
    _free(graph.input[0], {2: "height", 3: "width"})
    for output in graph.output:
        _free(output, {1: f"places_{output.name}"})
    model.ir_version = IR_VERSION
    return model


def recognition(source: bytes) -> ModelProto:
    """SFace: `data` float32 [batch, 3, 112, 112] to `fc1` [batch, 128]."""
    model = load_model_from_string(source)
    graph = model.graph
    used = {name for node in graph.node for name in node.input}
    kept = [constant for constant in graph.initializer if constant.name in used]
    del graph.initializer[:], graph.value_info[:]
    graph.initializer.extend(kept)
    _only(model, "data")
    for value in (graph.input[0], graph.output[0]):
        _free(value, {0: "batch"})
    model.ir_version = IR_VERSION
    return model


def _only(model: ModelProto, wanted: str) -> None:
    inputs = [value for value in model.graph.input if value.name == wanted]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
