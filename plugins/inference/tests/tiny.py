"""Tiny models, made on the spot: what goes in comes out, times a factor."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from immich_inference.api import Model, Step
from immich_inference.registry import Registry


def write_model(file: Path, factor: float = 2.0, weights: int = 0) -> Path:
    """An ONNX file with the input `x` float32 [batch, n] and the output `y`; `weights` is ballast in bytes."""
    numbers = numpy_helper.from_array(np.array(factor, np.float32), "factor")
    ballast = numpy_helper.from_array(np.zeros(weights // 4, np.float32), "ballast")
    shape = ["batch", "n"]
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "factor"], ["y"])],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numbers, ballast] if weights else [numbers],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    file.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, file)
    return file


class Lengths:
    """Takes a text's length, multiplied; a text with `bad` in it cannot be run."""

    def __init__(self, place, open_session):
        self.session = open_session(place)
        self.batches: list[int] = []

    def prepare(self, given, _options):
        return [np.array([len(given.text)], np.float32)] if given.before is None else []

    def group(self, item):
        return item.shape

    def run(self, items):
        self.batches.append(len(items))
        return list(self.session.run({"x": np.stack(items)})[0])

    def finish(self, given, _options, results):
        return given.before if given.before is not None else float(results[0][0])


STEPS = (
    Step("tiny", "first", Lengths, takes="text"),
    Step("tiny", "second", Lengths, takes="text", after="first"),
)


def registry_of(folder: Path, *models: Model, steps=STEPS) -> Registry:
    """What a plugin `tiny` brings, and a folder of models."""
    brought = {"inference_tasks": {"tiny": steps}, "inference_models": {"tiny": models}}
    return Registry(brought.__getitem__, lambda: folder)


def write_clip(folder: Path) -> Path:
    """A CLIP model in Immich's layout: a picture is its mean colours, a text its first two tokens."""
    _save(folder / "visual" / "model.onnx", "image", TensorProto.FLOAT, ["batch", 3, 8, 8], "ReduceMean", axes=[2, 3])
    settings = {"size": [8, 8], "mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic"}
    (folder / "visual" / "preprocess_cfg.json").write_text(json.dumps(settings))
    _save(folder / "textual" / "model.onnx", "text", TensorProto.INT32, ["batch", "ctx"], "Cast", to=TensorProto.FLOAT)
    tokens = Tokenizer(WordLevel({"[PAD]": 0, "[UNK]": 1, "cat": 2, "dog": 3}, unk_token="[UNK]"))
    tokens.pre_tokenizer = Whitespace()
    tokens.save(str(folder / "textual" / "tokenizer.json"))
    (folder / "textual" / "tokenizer_config.json").write_text('{"pad_token": "[PAD]"}')
    (folder / "config.json").write_text('{"text_cfg": {"context_length": 4}}')
    return folder


def _save(file: Path, name: str, kind: int, shape: list[int | str], operator: str, **attributes: object) -> None:
    keep = {"keepdims": 0} if operator == "ReduceMean" else {}
    graph = helper.make_graph(
        [helper.make_node(operator, [name], ["embedding"], **attributes, **keep)],
        "tiny",
        [helper.make_tensor_value_info(name, kind, shape)],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", "n"])],
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), file)
