"""YuNet, a small detector of faces (Wu and others, 2023; OpenCV's model zoo): what goes in, what comes out.

In: BGR, 0 to 255, sides multiples of 32. Out, for each stride 8, 16 and 32, a row for each cell of the grid:
class and object scores, box (offset of its centre in cells, logarithm of its size in cells), five landmarks.
It finds faces of about 10 to 300 pixels, so that a picture is looked at in several sizes.
"""

from collections.abc import Mapping

import numpy as np
from PIL import Image

from immich_faces.detections import Array, Faces, without_doubles

STRIDES = (8, 16, 32)
_GRID = 32
_SAME = 0.3


def tensor(image: Image.Image, side: int) -> Array:
    """(1, 3, h, w): a picture of which the longer side is at most `side`, black to the right and below it."""
    scale = min(1.0, side / max(image.size))
    width, height = (max(1, round(length * scale)) for length in image.size)
    if (width, height) != image.size:
        image = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    padded = np.zeros((1, 3, -(-height // _GRID) * _GRID, -(-width // _GRID) * _GRID), np.float32)
    padded[0, :, :height, :width] = np.asarray(image)[:, :, ::-1].transpose(2, 0, 1)
    return padded


def faces(outputs: Mapping[str, Array], width: int, score: float) -> Faces:
    """Faces of at least a score, in pixels of the tensor, whose width is given; doubles are among them."""
    return Faces.joined([_of_stride(outputs, stride, width // stride, score) for stride in STRIDES])


def _of_stride(outputs: Mapping[str, Array], stride: int, columns: int, score: float) -> Faces:
    classes, objects = (np.clip(outputs[f"{name}_{stride}"][0, :, 0], 0, 1) for name in ("cls", "obj"))
    scores = np.sqrt(classes * objects)
    found = np.nonzero(scores >= score)[0]
    cells = np.stack([found % columns, found // columns], axis=1).astype(np.float32)
    boxes = outputs[f"bbox_{stride}"][0, found]
    centres = (cells + boxes[:, :2]) * stride
    halves = np.exp(boxes[:, 2:]) * (stride / 2)
    landmarks = outputs[f"kps_{stride}"][0, found].reshape(-1, 5, 2)
    return Faces(
        np.concatenate([centres - halves, centres + halves], axis=1),
        scores[found],
        (landmarks + cells[:, None]) * stride,
    )


def merged(looks: list[Faces]) -> Faces:
    """What several sizes have shown, in pixels of the picture: each face once."""
    return without_doubles(Faces.joined(looks), _SAME)
