"""Pictures as vectors: shrunk to the short side, cut from the middle, normalised, as the model's files say."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from PIL import Image

from immich_inference.api import Input, OpenSession
from immich_inference.shrinking import resized
from immich_inference.vectors import DTYPES, as_text, output_named, run_stacked


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Of `preprocess_cfg.json`: side in pixels, mean and deviation for each channel, Pillow's filter."""

    side: int
    mean: np.ndarray
    deviation: np.ndarray
    filter: Image.Resampling

    @classmethod
    def read(cls, file: Path) -> "Preprocessing":
        """From the model's file.

        Raises:
            OSError, ValueError, KeyError: It cannot be used.
        """
        content = orjson.loads(file.read_bytes())
        size = content["size"]
        return cls(
            int(size[0] if isinstance(size, list) else size),
            np.array(content["mean"], np.float32),
            np.array(content["std"], np.float32),
            Image.Resampling[content.get("interpolation", "bicubic").upper()],
        )

    def apply(self, image: Image.Image) -> np.ndarray:
        """float32 [3, side, side]."""
        small = resized(image, (self.side, self.side), self.filter, _middle(image.size, self.side))
        pixels = (np.asarray(small, np.float32) / 255 - self.mean) / self.deviation
        return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _middle(size: tuple[int, int], side: int) -> tuple[float, float, float, float]:
    """Where the square that is cut from the middle lies in the picture as it came.

    The same pixels come out as of shrinking all of it and cutting then, without ever holding that: of a picture of
    30 000 x 2 it would be a billion pixels.
    """
    short = min(size)
    spans: list[tuple[float, float]] = []
    for length in size:
        shrunk = int(length / short * side)
        first = int(shrunk / 2 - side / 2)
        spans.append((first * length / shrunk, min(length, (first + side) * length / shrunk)))
    (left, right), (top, bottom) = spans
    return left, top, right, bottom


class Visual:
    """Runs `visual/model.onnx`."""

    def __init__(self, folder: Path, open_session: OpenSession) -> None:
        self._preprocessing = Preprocessing.read(folder / "preprocess_cfg.json")
        self._session = open_session(folder)
        self._input, (kind, _) = next(iter(self._session.inputs.items()))
        self._dtype = DTYPES.get(kind, np.float32)
        self._output = output_named(self._session, "embedding")

    def prepare(self, given: Input, options: Mapping[str, Any]) -> Sequence[np.ndarray]:  # noqa: ARG002
        """One tensor."""
        if given.image is None:
            return []
        return [self._preprocessing.apply(given.image).astype(self._dtype, copy=False)]

    def group(self, item: np.ndarray) -> Hashable:
        """All tensors are alike."""
        return item.shape

    def run(self, items: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        """A vector for each."""
        return run_stacked(self._session, [{self._input: item} for item in items], self._output)

    def finish(self, given: Input, options: Mapping[str, Any], results: Sequence[np.ndarray]) -> str:  # noqa: ARG002
        """As on the wire."""
        return as_text(results[0])
