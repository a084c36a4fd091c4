"""Turning a face upright and to its place in a square of 112 pixels, as recognisers of the ArcFace kind want it."""

from typing import Any

import numpy as np
from PIL import Image

from immich_faces.detections import Array

SIDE = 112

PLACES = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
"""Where eyes, nose and corners of the mouth belong, in pixels of the square."""

type Matrix = np.ndarray[Any, np.dtype[np.float64]]


def similarity(landmarks: Array, places: Matrix = PLACES) -> Matrix:
    """The turn, scale and shift that brings points nearest to places: (2, 3), by least squares (Umeyama, 1991)."""
    points = landmarks.astype(np.float64)
    middle, aim = points.mean(0), places.mean(0)
    spread, wanted = points - middle, places - aim
    left, sizes, right = np.linalg.svd(wanted.T @ spread / len(points))
    signs = np.ones(2)
    if np.linalg.det(left) * np.linalg.det(right) < 0:
        signs[-1] = -1
    turn = left @ np.diag(signs) @ right
    scale = (sizes * signs).sum() / max(spread.var(0).sum(), 1e-9)
    return np.hstack([scale * turn, (aim - scale * turn @ middle)[:, None]])


def aligned(image: Image.Image, landmarks: Array) -> Image.Image:
    """The face with these landmarks, in the square. Large ones are shrunk first, so that nothing flickers."""
    there = similarity(landmarks)
    shrink = int(1 / max(np.sqrt(abs(np.linalg.det(there[:, :2]))), 1e-6))
    back = np.linalg.inv(np.vstack([there, [0, 0, 1]]))
    if shrink < 2:
        return _square(image, back)
    box = _around(back, image.size)
    reduced = image.reduce(shrink, box)
    back[:2, 2] -= box[:2]
    back[:2] /= shrink
    return _square(reduced, back)


def _square(image: Image.Image, back: Matrix) -> Image.Image:
    data = tuple(float(value) for value in back[:2].ravel())
    return image.transform((SIDE, SIDE), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)


def _around(back: Matrix, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """What of the picture the square shows, so that nothing else is shrunk."""
    corners = back[:2] @ np.array([[0, SIDE, 0, SIDE], [0, 0, SIDE, SIDE], [1, 1, 1, 1]])
    (left, top), (right, bottom) = np.floor(corners.min(1)), np.ceil(corners.max(1))
    width, height = size
    x1, y1 = int(np.clip(left, 0, width - 1)), int(np.clip(top, 0, height - 1))
    return x1, y1, int(np.clip(right, x1 + 1, width)), int(np.clip(bottom, y1 + 1, height))
