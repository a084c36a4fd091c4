"""From a picture into the space of texts.

No model that was trained on pictures with texts comes as a package. This one is put together from two that do:
a classifier of pictures and a model of sentences. Three things are added up, each of length 1:

- what the classes mean that the classifier sees, by how sure it is (Norouzi et al. 2013, "ConSE");
- its feature, brought into the space of texts by ridge regression from the rows of its last layer, each of which
  stands for a class, to what that class means (after Romera-Paredes and Torr 2015): no picture is needed for it;
- with less weight, the words of the colours that the picture has more of than photos have on average.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from onnx import ModelProto

from starter_build import efficientnet
from starter_build.drawing import Drawing
from starter_build.meanings import TextModel, unit

TEXT = 384
MEAN, SCALE = 127 / 255, 128 / 255
"""A pixel of 0..1 is given as (pixel - MEAN) / SCALE."""
_RIDGE = 30.0
_COLOUR_WEIGHT = 0.2
_NEARNESS = 0.02
"""Squared distance of colours (RGB of 0..1) at which one is e times less near."""
_CELL = 8
"""Pixels; colours are those of squares of that side."""

_COLOURS: Mapping[str, tuple[tuple[float, float, float], float]] = {
    "red": ((0.80, 0.10, 0.10), 0.02),
    "orange": ((0.95, 0.55, 0.10), 0.02),
    "yellow": ((0.95, 0.90, 0.20), 0.02),
    "green": ((0.25, 0.55, 0.20), 0.14),
    "blue": ((0.20, 0.35, 0.80), 0.06),
    "purple": ((0.50, 0.25, 0.70), 0.03),
    "pink": ((0.95, 0.55, 0.75), 0.02),
    "brown": ((0.45, 0.30, 0.18), 0.14),
    "white": ((0.95, 0.95, 0.95), 0.14),
    "black": ((0.05, 0.05, 0.05), 0.20),
    "gray": ((0.50, 0.50, 0.50), 0.21),
}
"""Word -> RGB of 0..1, and its share in photos (a rough guess)."""


@dataclass(frozen=True, slots=True)
class Projections:
    """How the space of texts is reached.

    Args:
        centre: [384] the mean of what all classes mean; 0 is there.
        classes: [1000, 384] what each class means.
        features: [1280, 384] what each feature adds.
        colours: [11, 384] what each colour means.
    """

    centre: np.ndarray
    classes: np.ndarray
    features: np.ndarray
    colours: np.ndarray


def projections(text: TextModel, names: Sequence[str], rows: np.ndarray) -> Projections:
    """Compute them, from the classes' names and the rows of the classifier's last layer ([1000, 1280])."""
    meanings = text.meanings([f"a photo of a {name}" for name in names])
    centre = meanings.mean(axis=0)
    classes = unit(meanings - centre)
    centred = rows.astype(np.float64) - rows.astype(np.float64).mean(axis=0)
    gram = centred.T @ centred + _RIDGE * np.eye(efficientnet.FEATURES)
    features = np.linalg.solve(gram, centred.T @ classes)
    colours = text.meanings([f"a photo of something {colour}" for colour in _COLOURS])
    return Projections(centre, classes, features, unit(colours - colours.mean(axis=0)))


def _colours(drawing: Drawing, image: str, meanings: np.ndarray) -> str:
    """What the picture's colours mean."""
    prototypes = np.array([colour for colour, _ in _COLOURS.values()], np.float32)
    usual = np.array([share for _, share in _COLOURS.values()], np.float32)
    add, constant = drawing.node, drawing.constant
    cells = add("AveragePool", [image], "cells", kernel_shape=[_CELL, _CELL], strides=[_CELL, _CELL])
    cells = add("Mul", [cells, constant("scale", np.float32(SCALE))], "cells_scaled")
    cells = add("Add", [cells, constant("mean_pixel", np.float32(MEAN))], "cells_rgb")
    cells = add("Reshape", [cells, constant("cells_shape", np.array([0, 3, 1, -1], np.int64))], "cells_flat")
    away = add("Sub", [cells, constant("prototypes", prototypes.T.reshape(1, 3, -1, 1))], "cells_away")
    squares = add("Mul", [away, away], "cells_squares")
    distance = add("ReduceSum", [squares, constant("channels", np.array([1], np.int64))], "distance", keepdims=0)
    near = add("Div", [distance, constant("nearness", np.float32(-_NEARNESS))], "near")
    share = add("ReduceMean", [add("Softmax", [near], "colour_of_cell", axis=1)], "share", axes=[2], keepdims=0)
    against = add("Div", [share, constant("usual", usual)], "share_against_usual")
    total = add("ReduceSum", [against, constant("last", np.array([-1], np.int64))], "share_total", keepdims=1)
    rest = add("Div", [against, total], "share_of_all")
    return drawing.unit(add("MatMul", [rest, drawing.half("colours", meanings)], "colours_sum"), "colours_unit")


def visual(weights: efficientnet.Weights, into: Projections) -> ModelProto:
    """The model: `image` [batch, 3, 260, 260] to `embedding` [batch, 384] of length 1 and `feature` [batch, 1280]."""
    drawing = Drawing()
    logits, feature = efficientnet.draw(drawing, weights, "image")
    sure = drawing.node("Softmax", [logits], "sure", axis=-1)
    seen = drawing.node("MatMul", [sure, drawing.half("classes", into.classes)], "seen")
    felt = drawing.node("MatMul", [feature, drawing.half("features", into.features)], "felt")
    both = drawing.node("Add", [drawing.unit(seen, "seen_unit"), drawing.unit(felt, "felt_unit")], "both")
    colours = _colours(drawing, "image", into.colours)
    little = drawing.node("Mul", [colours, drawing.constant("colour_weight", np.float32(_COLOUR_WEIGHT))], "little")
    everything = drawing.node("Add", [drawing.unit(both, "both_unit"), little], "everything")
    drawing.unit(everything, "embedding")
    side = efficientnet.SIDE
    return drawing.model(
        "starter_visual",
        {"image": ["batch", 3, side, side]},
        {"embedding": ["batch", TEXT], feature: ["batch", efficientnet.FEATURES]},
    )
