"""Detectors of the SCRFD and RetinaFace kind, of which Immich's models are: what goes in, what comes out.

In: RGB, (value - 127.5) / 128, a square of 640 unless the file says otherwise; the picture is fitted into its upper
left. Out, for each stride 8, 16 and 32: scores, distances from an anchor to the four sides, and offsets of five
landmarks, in units of the stride, with two anchors at each cell of the grid. Outputs have no lasting names; they
come as three of scores, three of boxes, three of landmarks (Guo and others, 2021; the InsightFace project).
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from immich_faces.detections import Array, Faces, without_doubles

STRIDES = (8, 16, 32)
OUTPUTS = 9
SIDE = 640
_ANCHORS = 2
_SAME = 0.4


def fitted(image: Image.Image, width: int, height: int) -> tuple[int, int]:
    """Size of a picture that is made to fit."""
    scale = min(width / image.width, height / image.height)
    return max(1, round(image.width * scale)), max(1, round(image.height * scale))


def tensor(image: Image.Image, width: int, height: int) -> Array:
    """(1, 3, height, width): the picture in the upper left, black beside it."""
    size = fitted(image, width, height)
    canvas = np.zeros((height, width, 3), np.float32)
    canvas[: size[1], : size[0]] = np.asarray(image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))
    return np.ascontiguousarray((canvas - np.float32(127.5)).transpose(2, 0, 1)[None]) / np.float32(128)


def faces(outputs: Sequence[Array], width: int, score: float) -> Faces:
    """Faces of at least a score, each once, in pixels of the tensor, whose width is given."""
    found = [
        _of_stride(outputs[place], outputs[place + 3], outputs[place + 6], stride, width // stride, score)
        for place, stride in enumerate(STRIDES)
    ]
    return without_doubles(Faces.joined(found), _SAME)


def _of_stride(scores: Array, sides: Array, landmarks: Array, stride: int, columns: int, score: float) -> Faces:
    scores = scores.reshape(-1)
    found = np.nonzero(scores >= score)[0]
    cells = found // _ANCHORS
    anchors = np.stack([cells % columns, cells // columns], axis=1).astype(np.float32) * stride
    sides = sides.reshape(-1, 4)[found] * stride
    return Faces(
        np.concatenate([anchors - sides[:, :2], anchors + sides[:, 2:]], axis=1),
        scores[found],
        landmarks.reshape(-1, 5, 2)[found] * stride + anchors[:, None],
    )
