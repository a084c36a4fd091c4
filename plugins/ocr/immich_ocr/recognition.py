"""What a line says: it is cut out, turned upright, and read character by character."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image
from rapidocr.ch_ppocr_rec.utils import CTCLabelDecode
from rapidocr.utils.process_img import get_rotate_crop_image

from immich_inference.api import Input, Output, Session, number_of

type Reading = tuple[str, float]
"""Text, and how sure the model is of it, from 0 to 1."""

_HEIGHT = 48
"""Of a line, as the models want it, in pixels."""

_NARROWEST = 320
_WIDTH_STEP = 80
_WIDEST = 3200
"""A line has the width that it has at this height, but no more; about 200 characters."""

_RUN_WIDTH = 1920
"""Lines in one run have no more width together: a run takes some 40 MB for 1000 pixels, and more are no faster."""

_UNSURE = 0.9
"""A line that is read with less is read upside down too: upright lines have more, but for a few."""


class Recognition:
    """Runs a recognition model of PaddleOCR: float32 [n, 3, 48, w], BGR from -1 to 1 -> [n, steps, characters]."""

    def __init__(self, session: Session) -> None:
        """Read the characters that the model knows, which lie in the file itself.

        Raises:
            ValueError: They do not; this is no recognition model.
        """
        self._session = session
        self._input = next(iter(session.inputs))
        characters = session.metadata.get("character", "")
        if not characters:
            msg = "it names no characters (metadata key `character`), so it is not a recognition model"
            raise ValueError(msg)
        self._decode = CTCLabelDecode(characters.splitlines())

    def prepare(self, given: Input, options: Mapping[str, Any]) -> Sequence[np.ndarray]:  # noqa: ARG002
        """The lines: uint8 [48, w, 3], BGR."""
        if given.image is None:
            return []
        pixels = np.asarray(given.image)
        return [_line(pixels, corners) for corners in _corners(given)]

    def group(self, item: np.ndarray) -> Hashable:
        """Of about the same width; so what a line is read as does not depend on what else waits."""
        return _room(item)

    def run(self, items: Sequence[np.ndarray]) -> Sequence[Reading]:
        """A reading for each; of those that look upside down, the better of two."""
        readings = self._read(items)
        unsure = [index for index, (_, score) in enumerate(readings) if score < _UNSURE]
        turned = self._read([items[index][::-1, ::-1] for index in unsure])
        for index, reading in zip(unsure, turned, strict=True):
            readings[index] = max(readings[index], reading, key=lambda each: each[1])
        return readings

    def finish(self, given: Input, options: Mapping[str, Any], results: Sequence[Reading]) -> Output:
        """As on the wire: `text`, `box` (8 numbers each), `boxScore`, `textScore`; unsure ones are left out."""
        least = number_of(options, "minScore", 0.9)
        scores = given.before["boxScore"] if given.before else []
        found: dict[str, list[Any]] = {"text": [], "box": [], "boxScore": [], "textScore": []}
        for (text, score), box, box_score in zip(results, _boxes(given), scores, strict=True):
            if score >= least and text.strip():
                found["text"].append(text.strip())
                found["box"].extend(box)
                found["boxScore"].append(box_score)
                found["textScore"].append(score)
        return found

    def _read(self, lines: Sequence[np.ndarray]) -> list[Reading]:
        readings: list[Reading] = []
        if lines:
            at_once = max(1, _RUN_WIDTH // _room(lines[0]))
            for first in range(0, len(lines), at_once):
                probabilities = self._session.run({self._input: _tensor(lines[first : first + at_once])})[0]
                readings += [(text, float(score)) for text, score in self._decode(probabilities)[0]]
        return readings


def _boxes(given: Input) -> Iterator[list[float]]:
    numbers = given.before["box"] if given.before else []
    return (numbers[first : first + 8] for first in range(0, len(numbers), 8))


def _corners(given: Input) -> Iterator[np.ndarray]:
    """float32 [4, 2], in pixels."""
    size = np.asarray(given.image.size if given.image else (0, 0), np.float32)
    return (np.asarray(box, np.float32).reshape(4, 2) * size for box in _boxes(given))


def _line(pixels: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Cut a line out of the picture; one that is taller than wide is laid on its side."""
    across = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    if min(max(across[0], across[2]), max(across[1], across[3])) < 1:
        return np.zeros((_HEIGHT, 1, 3), np.uint8)
    cut = get_rotate_crop_image(pixels, corners)
    height, width = cut.shape[:2]
    wanted = min(_WIDEST, max(1, -(-_HEIGHT * width // height)))
    return np.asarray(Image.fromarray(cut).resize((wanted, _HEIGHT), Image.Resampling.BILINEAR))[:, :, ::-1]


def _room(line: np.ndarray) -> int:
    """Width of the tensor in which a line is put, grey on its right; models were trained on 320 or more."""
    return max(_NARROWEST, -(-line.shape[1] // _WIDTH_STEP) * _WIDTH_STEP)


def _tensor(lines: Sequence[np.ndarray]) -> np.ndarray:
    tensor = np.zeros((len(lines), 3, _HEIGHT, _room(lines[0])), np.float32)
    for index, line in enumerate(lines):
        tensor[index, :, :, : line.shape[1]] = line.transpose(2, 0, 1) / np.float32(127.5) - 1
    return tensor
