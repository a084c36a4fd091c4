"""The text model as Immich asks for it: padded tokens in, one vector out."""

import numpy as np
from onnx import ModelProto, TensorProto, compose, helper, load_model_from_string

from starter_build.drawing import Drawing
from starter_build.visual import TEXT

_INNER = "sentence_"
_TO_THE_END = np.iinfo(np.int64).max


def _before(opening: list[int]) -> Drawing:
    """What makes the sentence model's inputs of `text`: the opening words after the first token, and the masks."""
    drawing = Drawing()
    add, constant = drawing.node, drawing.constant
    ones = constant("one", np.array([1], np.int64))
    tokens = add("Cast", ["text"], "tokens", to=TensorProto.INT64)
    start = constant("start", np.array([0], np.int64))
    first = add("Slice", [tokens, start, ones, ones], "first")
    end = constant("end", np.array([_TO_THE_END], np.int64))
    rest = add("Slice", [tokens, ones, end, ones], "rest")
    none = add("Mul", [first, constant("padding", np.int64(0))], "none")
    # as many rows as there are texts
    words = add("Add", [none, constant("opening", np.array([opening], np.int64))], "words")
    ids = add("Concat", [first, words, rest], f"{_INNER}input_ids", axis=1)
    padded = add("Equal", [ids, "padding"], "padded")
    add("Cast", [add("Not", [padded], "there")], f"{_INNER}attention_mask", to=TensorProto.INT64)
    add("Mul", [ids, "padding"], f"{_INNER}token_type_ids")
    return drawing


def _after(centre: np.ndarray) -> Drawing:
    """The mean over all tokens but padding, seen from the centre of all classes."""
    drawing = Drawing()
    add, constant = drawing.node, drawing.constant
    there = add("Cast", [f"{_INNER}attention_mask"], "there_float", to=TensorProto.FLOAT)
    there = add("Unsqueeze", [there, constant("last", np.array([-1], np.int64))], "there_column")
    states = add("Mul", [f"{_INNER}last_hidden_state", there], "states")
    over = constant("over_tokens", np.array([1], np.int64))
    total = add("ReduceSum", [states, over], "total", keepdims=0)
    count = add("ReduceSum", [there, over], "count", keepdims=0)
    mean = drawing.unit(add("Div", [total, count], "mean"), "mean_unit")
    drawing.unit(add("Sub", [mean, constant("centre", centre.astype(np.float32))], "centred"), "embedding")
    return drawing


def textual(sentences: bytes, opening: list[int], centre: np.ndarray) -> ModelProto:
    """The model: `text` int32 [batch, tokens], padded with 0, to `embedding` [batch, 384] of length 1.

    Args:
        sentences: The sentence model's file.
        opening: Tokens of the words that are put before every text.
        centre: [384] what is taken off; as for pictures.
    """
    model = compose.add_prefix(load_model_from_string(sentences), _INNER)
    graph, before, after = model.graph, _before(opening), _after(centre)
    nodes = [*before.nodes, *graph.node, *after.nodes]
    constants = [*before.constants, *graph.initializer, *after.constants]
    made = helper.make_graph(
        nodes,
        "starter_textual",
        [helper.make_tensor_value_info("text", TensorProto.INT32, ["batch", "tokens"])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", TEXT])],
        constants,
    )
    opsets = list(model.opset_import)
    return helper.make_model(made, opset_imports=opsets, ir_version=model.ir_version, producer_name="immich-host")
