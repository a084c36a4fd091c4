"""What a detector finds, whichever it is: boxes, scores and five landmarks each."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

type Array = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Faces:
    """Faces in a picture, the likeliest first.

    Args:
        boxes: (n, 4): x1, y1, x2, y2 in pixels.
        scores: (n,): 0 to 1.
        landmarks: (n, 5, 2): x, y in pixels of left eye, right eye, nose and both corners of the mouth, left and
            right as one sees them.
    """

    boxes: Array
    scores: Array
    landmarks: Array

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, chosen: Any) -> Self:
        return type(self)(self.boxes[chosen], self.scores[chosen], self.landmarks[chosen])

    @classmethod
    def none(cls) -> Self:
        """No face at all."""
        return cls(
            np.zeros((0, 4), np.float32),
            np.zeros(0, np.float32),
            np.zeros((0, 5, 2), np.float32),
        )

    @classmethod
    def joined(cls, parts: "list[Faces]") -> Self:
        """Those of several looks at one picture."""
        parts = [part for part in parts if len(part)]
        if not parts:
            return cls.none()
        return cls(
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.landmarks for part in parts]),
        )

    def scaled(self, x: float, y: float) -> Self:
        """In pixels of a picture that is `x` times as wide and `y` times as high."""
        return type(self)(
            (self.boxes * np.array([x, y, x, y], np.float32)),
            self.scores,
            self.landmarks * np.array([x, y], np.float32),
        )


def overlap(box: Array, others: Array) -> Array:
    """Intersection over union of a box with each of others: (4,), (n, 4) -> (n,)."""
    width = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    height = np.minimum(box[3], others[:, 3]) - np.maximum(box[1], others[:, 1])
    both = np.clip(width, 0, None) * np.clip(height, 0, None)
    area = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    return both / np.maximum((box[2] - box[0]) * (box[3] - box[1]) + area - both, 1e-9)


def without_doubles(faces: Faces, limit: float) -> Faces:
    """Of boxes that overlap by more than `limit` only the likeliest."""
    waiting = np.argsort(-faces.scores, kind="stable")
    kept: list[int] = []
    while len(waiting):
        first, rest = int(waiting[0]), waiting[1:]
        kept.append(first)
        waiting = rest[overlap(faces.boxes[first], faces.boxes[rest]) <= limit]
    return faces[np.array(kept, np.int64)]
