"""What texts mean to the text model, computed so that every machine gets the same.

The model is computed in 64 bits by ONNX's reference implementation, in NumPy, and what is kept of it is rounded
to 16 bits: in which order a processor adds up makes a difference in the 13th digit, and is gone.
"""

import math
from collections.abc import Sequence

import numpy as np
from onnx import ModelProto, TensorProto, load_model_from_string, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun
from tokenizers import Tokenizer

_AT_ONCE = 64


class Erf(OpRun):
    """The error function in 64 bits; the reference's own has 32."""

    op_domain = ""
    _of_each = np.vectorize(math.erf, otypes=[np.float64])

    def _run(self, x: np.ndarray) -> tuple[np.ndarray]:
        return (self._of_each(x),)


class TextModel:
    """The sentence model: texts to vectors of length 1.

    Args:
        model: Of `input_ids`, `attention_mask`, `token_type_ids` to `last_hidden_state`.
        tokenizer: Its tokenizer.json.
    """

    def __init__(self, model: bytes, tokenizer: bytes) -> None:
        self._run = ReferenceEvaluator(_in_64_bits(load_model_from_string(model)), new_ops=[Erf])
        self._tokenizer = Tokenizer.from_buffer(tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def tokens(self, text: str) -> list[int]:
        """Of the text itself, without the marks of beginning and end."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def meanings(self, texts: Sequence[str]) -> np.ndarray:
        """float64 [texts, 384]: the mean over all tokens, of length 1."""
        # texts of a length together: nothing is padded
        tokens = [self._tokenizer.encode(text).ids for text in texts]
        found: dict[int, np.ndarray] = {}
        for length in sorted({len(each) for each in tokens}):
            alike = [index for index, each in enumerate(tokens) if len(each) == length]
            for start in range(0, len(alike), _AT_ONCE):
                part = alike[start : start + _AT_ONCE]
                found.update(zip(part, self._of_one_length([tokens[index] for index in part]), strict=True))
        return unit(np.stack([found[index] for index in range(len(texts))]))

    def _of_one_length(self, tokens: Sequence[Sequence[int]]) -> np.ndarray:
        ids = np.array(tokens, np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        (states,) = self._run.run(None, feeds)
        return np.asarray(states).mean(axis=1)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Of length 1 along the last axis."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _in_64_bits(model: ModelProto) -> ModelProto:
    """The same graph with every float32 in it made a float64."""
    for constant in model.graph.initializer:
        if constant.data_type == TensorProto.FLOAT:
            array = numpy_helper.to_array(constant).astype(np.float64)
            constant.CopyFrom(numpy_helper.from_array(array, constant.name))
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name == "to" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.DOUBLE
            if attribute.name == "value" and attribute.t.data_type == TensorProto.FLOAT:
                array = numpy_helper.to_array(attribute.t).astype(np.float64)
                attribute.t.CopyFrom(numpy_helper.from_array(array))
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.elem_type = TensorProto.DOUBLE
    return model
