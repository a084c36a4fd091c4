"""Where text is: a map of how likely each pixel is text, and boxes around what hangs together in it."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image
from rapidocr.ch_ppocr_det.utils import DBPostProcess

from immich_inference.api import Input, Output, Session, number_of
from immich_ocr.lines import in_reading_order

SMALLEST = 32
"""Pictures of which a side is shorter, in pixels, are not read."""

_STRIDE = 32
"""Both sides have to be multiples of it."""

_MOST = 2.0
"""A picture has at most so many times the pixels of a square of the short side: what a run takes grows with them."""


class Detection:
    """Runs a detection model of PaddleOCR: float32 [n, 3, h, w] -> [n, 1, h, w], BGR from -1 to 1."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._input = next(iter(session.inputs))

    def prepare(self, given: Input, options: Mapping[str, Any]) -> Sequence[np.ndarray]:
        """One tensor; `maxResolution` is the short side of the picture, which is never enlarged."""
        image = given.image
        if image is None or min(image.size) < SMALLEST:
            return []
        size = working_size(image.size, int(number_of(options, "maxResolution", 736)))
        pixels = np.asarray(image.resize(size, Image.Resampling.BILINEAR), np.float32)[:, :, ::-1]
        return [np.ascontiguousarray((pixels / 127.5 - 1).transpose(2, 0, 1))]

    def group(self, item: np.ndarray) -> Hashable:
        """Of one shape."""
        return item.shape

    def run(self, items: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        """A map [h, w] for each."""
        return list(self._session.run({self._input: np.stack(items)})[0][:, 0])

    def finish(self, given: Input, options: Mapping[str, Any], results: Sequence[np.ndarray]) -> Output:
        """Lines in reading order: `box` has 8 numbers each, clockwise from the top left, as parts of the picture.

        `boxScore` is how likely it is text, from 0 to 1; less than `minScore` is left out.
        """
        if given.image is None or not results:
            return {"box": [], "boxScore": []}
        width, height = given.image.size
        boxes, scores = _boxes_in(results[0], (height, width), number_of(options, "minScore", 0.5))
        corners = [(box / (width, height)).ravel().tolist() for box in boxes]
        order = in_reading_order(corners)
        return {
            "box": [number for index in order for number in corners[index]],
            "boxScore": [float(scores[index]) for index in order],
        }


def working_size(size: tuple[int, int], short_side: int) -> tuple[int, int]:
    """Width and height in which text is looked for.

    Long strips, as of a whole chat, are shrunk further, to the area that a picture may have: text of ten pixels
    is found still, and it is read in the picture as it came.
    """
    width, height = size
    scale = min(1.0, short_side / min(size), (_MOST * short_side**2 / (width * height)) ** 0.5)
    return _fitting(width * scale), _fitting(height * scale)


def _fitting(length: float) -> int:
    return max(_STRIDE, round(length / _STRIDE) * _STRIDE)


def _boxes_in(likely: np.ndarray, shape: tuple[int, int], min_score: float) -> tuple[np.ndarray, list[float]]:
    """Corners in pixels of the picture, [n, 4, 2], and their scores."""
    find = DBPostProcess(thresh=0.3, box_thresh=min_score, unclip_ratio=1.6, use_dilation=True)
    return find(likely[None, None], shape)
