"""Pictures for tests."""

import io

import numpy as np
from PIL import Image


def encoded(pixels: np.ndarray, format: str = "PNG") -> bytes:
    """The content of a picture's file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format)
    return file.getvalue()
