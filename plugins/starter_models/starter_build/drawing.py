"""Putting an ONNX graph together, node by node; the same calls give the same bytes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, checker, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
_SMALL = 64
"""Arrays of no more numbers stay exact: biases of layers would gain nothing."""

type Shape = Sequence[int | str]


class Drawing:
    """A graph that grows. Whatever adds to it gives the name of the tensor that came of it."""

    def __init__(self) -> None:
        self._casts: list[NodeProto] = []
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, TensorProto] = {}

    def constant(self, name: str, values: np.ndarray | np.number | Sequence[int]) -> str:
        """Numbers as they are; the same name twice is the same numbers."""
        array = np.ascontiguousarray(values)
        shape = np.shape(values)
        self._constants[name] = numpy_helper.from_array(array.reshape(shape), name)
        return name

    def half(self, name: str, values: np.ndarray) -> str:
        """Numbers that are kept in 16 bits and computed with in 32."""
        if values.size <= _SMALL:
            return self.constant(name, values.astype(np.float32))
        kept = self.constant(f"{name}_half", values.astype(np.float16))
        self._casts.append(helper.make_node("Cast", [kept], [name], to=TensorProto.FLOAT))
        return name

    def node(self, operator: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """One operation with one output, which has its name."""
        self._nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def unit(self, vectors: str, name: str) -> str:
        """Vectors of length 1 along the last axis; a vector of zeros stays one."""
        length = self.node("ReduceL2", [vectors], f"{name}_length", axes=[-1], keepdims=1)
        tiny = self.constant("tiny", np.float32(1e-9))
        return self.node("Div", [vectors, self.node("Add", [length, tiny], f"{name}_divisor")], name)

    @property
    def nodes(self) -> Sequence[NodeProto]:
        """All of them, in an order in which they can be computed."""
        return [*self._casts, *self._nodes]

    @property
    def constants(self) -> Sequence[TensorProto]:
        """In the order in which they were named first."""
        return list(self._constants.values())

    def model(self, name: str, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> ModelProto:
        """The finished model; inputs and outputs are float32."""

        def values(shapes: Mapping[str, Shape]) -> list[ValueInfoProto]:
            return [helper.make_tensor_value_info(key, TensorProto.FLOAT, list(of)) for key, of in shapes.items()]

        graph = helper.make_graph(self.nodes, name, values(inputs), values(outputs), self.constants)
        opset = helper.make_opsetid("", OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="immich-host")


def serialized(model: ModelProto) -> bytes:
    """The checked model as the bytes of its file."""
    checker.check_model(model)
    return model.SerializeToString(deterministic=True)
