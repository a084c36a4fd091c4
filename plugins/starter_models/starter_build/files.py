"""All files of the plugin's models, one after the other."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from starter_build import efficientnet, faces, pickled, sources
from starter_build.drawing import serialized
from starter_build.meanings import TextModel
from starter_build.textual import textual
from starter_build.visual import MEAN, SCALE, TEXT, projections, visual

SUMS = "SHA256SUMS"
"""Hash and path of each file, as `sha256sum --check` reads them."""
CONTEXT = 32
"""Tokens of a search, the marks of beginning and end included; what is longer is cut off."""
_OPENING = "a photo of"

type Say = Callable[[str], None]


def _json(value: Mapping[str, object]) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()


def _settings() -> Iterator[tuple[str, bytes]]:
    side = efficientnet.SIDE
    configuration = {
        "embed_dim": TEXT,
        "vision_cfg": {"image_size": side},
        "text_cfg": {"context_length": CONTEXT},
    }
    yield "clip/starter/config.json", _json(configuration)
    preprocessing = {
        "size": [side, side],
        "mode": "RGB",
        "mean": [MEAN] * 3,
        "std": [SCALE] * 3,
        "interpolation": "bicubic",
        "resize_mode": "shortest",
        "fill_color": 0,
    }
    yield "clip/starter/visual/preprocess_cfg.json", _json(preprocessing)
    tokens = {f"{word}_token": f"[{word.upper()}]" for word in ("cls", "mask", "pad", "sep", "unk")}
    tokenizing = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512, **tokens}
    yield "clip/starter/textual/tokenizer_config.json", _json(tokenizing)


def _clip(folder: Path, say: Say) -> Iterator[tuple[str, bytes]]:
    sentences, tokenizer = sources.read(folder, sources.TEXT_MODEL), sources.read(folder, sources.TOKENIZER)
    text = TextModel(sentences, tokenizer)
    weights = pickled.weights(sources.read(folder, sources.CLASSIFIER))
    names = sources.class_names(sources.read(folder, sources.LABELS))
    say(f"what {len(names)} classes mean")
    into = projections(text, names, weights["_fc.weight"])
    say("search: pictures")
    yield "clip/starter/visual/model.onnx", serialized(visual(weights, into))
    say("search: texts")
    yield "clip/starter/textual/model.onnx", serialized(textual(sentences, text.tokens(_OPENING), into.centre))
    yield "clip/starter/textual/tokenizer.json", tokenizer


def _faces(folder: Path, say: Say) -> Iterator[tuple[str, bytes]]:
    say("faces: detection")
    model = faces.detection(sources.read(folder, sources.DETECTOR))
    yield "facial-recognition/starter/detection/model.onnx", serialized(model)
    say("faces: recognition")
    model = faces.recognition(sources.read(folder, sources.RECOGNIZER))
    yield "facial-recognition/starter/recognition/model.onnx", serialized(model)


def build(folder: Path, say: Say) -> Iterator[tuple[str, bytes]]:
    """Path below the models' folder and content of each file, the list of their hashes last.

    Args:
        folder: Of the wheels.
        say: Is told what comes next.
    """
    sums: dict[str, str] = {}
    for part in (_settings(), _faces(folder, say), _clip(folder, say)):
        for path, content in part:
            sums[path] = hashlib.sha256(content).hexdigest()
            yield path, content
    yield SUMS, "".join(f"{sums[path]}  {path}\n" for path in sorted(sums)).encode()
