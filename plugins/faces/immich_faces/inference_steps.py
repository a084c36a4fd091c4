"""The task `facial-recognition`: finding faces, and what tells one from another. Loaded where models run."""

import json
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from immich_faces import alignment, scrfd, yunet
from immich_faces.detections import Array, Faces
from immich_host.plugin_api.errors import JobFailed
from immich_inference.api import Input, OpenSession, Session

YUNET_SIDES = (320, 640, 1280)
"""Longer sides at which a picture is looked at: large faces, most, and small ones (see benchmarks/faces.py)."""

_MIN_SCORE = 0.7
_DIGITS = 6


def load_detection(place: Path, open_session: OpenSession) -> "Detection":
    """A detector, told by its outputs.

    Raises:
        JobFailed: It is of no kind that is known here.
    """
    session = open_session(place)
    if {"cls_8", "obj_8", "bbox_8", "kps_8"} <= set(session.outputs):
        return Yunet(session)
    if len(session.outputs) == scrfd.OUTPUTS:
        return Scrfd(session)
    raise JobFailed(f"{place} is no detector of faces that is known: its outputs are {', '.join(session.outputs)}")


def load_recognition(place: Path, open_session: OpenSession) -> "Recognition":
    """A recogniser; it runs as fast as its weights allow also where they are stored as small integers."""
    return Recognition(open_session(place, session_disable_quant_qdq="1"))


class Detection(ABC):
    """Finds faces; its output is `{"boxes": [[x1, y1, x2, y2]], "scores": [], "landmarks": [[[x, y]]]}`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.input = next(iter(session.inputs))

    @abstractmethod
    def prepare(self, given: Input, options: Mapping[str, Any]) -> Sequence[Array]:
        """One tensor for each look."""

    @abstractmethod
    def found(self, image: Image.Image, results: Sequence[Any], score: float) -> Faces:
        """Faces in pixels of the picture."""

    def group(self, item: Array) -> Hashable:
        """Tensors of one shape."""
        return item.shape

    def run(self, items: Sequence[Array]) -> Sequence[Any]:
        """One after the other: the files take one picture at a time. A result has the tensor's width, too."""
        return [(item.shape[3], self.session.run({self.input: item})) for item in items]

    def finish(self, given: Input, options: Mapping[str, Any], results: Sequence[Any]) -> dict[str, Any]:
        """The faces of at least `minScore`, kept within the picture."""
        image = _image(given)
        faces = self.found(image, results, float(options.get("minScore", _MIN_SCORE)))
        limits = np.array([image.width, image.height] * 2, np.float32)
        boxes = np.clip(faces.boxes, 0, limits)
        real = ((boxes[:, 2:] - boxes[:, :2]) >= 1).all(axis=1)
        return {
            "boxes": boxes[real].tolist(),
            "scores": faces.scores[real].tolist(),
            "landmarks": faces.landmarks[real].tolist(),
        }


class Yunet(Detection):
    """YuNet, at several sizes."""

    def prepare(self, given: Input, options: Mapping[str, Any]) -> Sequence[Array]:  # noqa: ARG002 - the protocol
        """The picture at each of the sizes that it reaches."""
        image = _image(given)
        return [yunet.tensor(image, side) for side in sides_of(image)]

    def found(self, image: Image.Image, results: Sequence[Any], score: float) -> Faces:
        """What the looks have shown."""
        names = list(self.session.outputs)
        looks: list[Faces] = []
        for side, (width, outputs) in zip(sides_of(image), results, strict=True):
            scale = max(1.0, max(image.size) / side)
            named = dict(zip(names, outputs, strict=True))
            looks.append(yunet.faces(named, width, score).scaled(scale, scale))
        return yunet.merged(looks)


def sides_of(image: Image.Image) -> list[int]:
    """At which sizes YuNet looks at a picture: none is enlarged."""
    longest = max(image.size)
    return [side for place, side in enumerate(YUNET_SIDES) if place == 0 or YUNET_SIDES[place - 1] < longest]


class Scrfd(Detection):
    """SCRFD and RetinaFace, at one size."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        _, _, height, width = session.inputs[self.input][1]
        self.height = height if isinstance(height, int) else scrfd.SIDE
        self.width = width if isinstance(width, int) else scrfd.SIDE

    def prepare(self, given: Input, options: Mapping[str, Any]) -> Sequence[Array]:  # noqa: ARG002 - the protocol
        """The picture, made to fit."""
        return [scrfd.tensor(_image(given), self.width, self.height)]

    def found(self, image: Image.Image, results: Sequence[Any], score: float) -> Faces:
        """Those of the one look."""
        width, outputs = results[0]
        fitted = scrfd.fitted(image, self.width, self.height)
        return scrfd.faces(outputs, width, score).scaled(image.width / fitted[0], image.height / fitted[1])


class Recognition:
    """What tells faces apart: a vector for each, by files of the ArcFace kind.

    Those of MXNet's naming (`data`, `fc1`, as SFace's) take values from 0 to 255; others -1 to 1.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.input, (_, shape) = next(iter(session.inputs.items()))
        self.output = next(iter(session.outputs))
        self.takes_bytes = self.input == "data" and self.output == "fc1"
        self.batch = shape[0] if isinstance(shape[0], int) else None

    def prepare(self, given: Input, options: Mapping[str, Any]) -> Sequence[Array]:  # noqa: ARG002 - the protocol
        """The faces that were found, each in its square."""
        image = _image(given)
        return [self._square(image, np.array(landmarks, np.float32)) for landmarks in given.before["landmarks"]]

    def _square(self, image: Image.Image, landmarks: Array) -> Array:
        pixels = np.asarray(alignment.aligned(image, landmarks), np.float32).transpose(2, 0, 1)
        return pixels if self.takes_bytes else (pixels - 127.5) / 127.5

    def group(self, item: Array) -> Hashable:
        """All are alike."""
        return item.shape

    def run(self, items: Sequence[Array]) -> Sequence[Array]:
        """Vectors of length 1, all at once if the file allows."""
        step = self.batch or len(items)
        found: list[Array] = []
        for start in range(0, len(items), step):
            some = items[start : start + step]
            padded = np.stack([*some, *[some[0]] * (step - len(some))])
            found.extend(self.session.run({self.input: padded}, [self.output])[0][: len(some)])
        return [vector / max(float(np.linalg.norm(vector)), 1e-9) for vector in found]

    def finish(
        self,
        given: Input,
        options: Mapping[str, Any],  # noqa: ARG002 - the protocol
        results: Sequence[Array],
    ) -> list[dict[str, Any]]:
        """Immich's shape; boxes are whole pixels."""
        return [
            {
                "boundingBox": dict(zip(("x1", "y1", "x2", "y2"), (float(round(side)) for side in box), strict=True)),
                "embedding": json.dumps(np.round(vector.astype(np.float64), _DIGITS).tolist()),
                "score": score,
            }
            for box, score, vector in zip(given.before["boxes"], given.before["scores"], results, strict=True)
        ]


def _image(given: Input) -> Image.Image:
    if given.image is None:
        raise JobFailed("faces are looked for in pictures, and this is none")
    return given.image
