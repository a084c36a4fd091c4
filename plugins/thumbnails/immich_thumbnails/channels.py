"""Pixel layouts: any mode that a decoder returns becomes one of a few, 8 bits a channel."""

import numpy as np
from PIL import Image

_ALPHA_MODES = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
_KEPT = frozenset({"L", "RGB", "CMYK", "LAB"})


def eight_bit(image: Image.Image) -> Image.Image:
    """Return the image in mode L, RGB, RGBA, CMYK or LAB.

    An alpha channel that is opaque everywhere is dropped, so RGBA means that something shows through.
    16-bit and float samples are scaled, not cut off.
    """
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode == "I":
        return _from_integers(np.asarray(image))
    if image.mode == "F":
        return _from_floats(np.asarray(image))
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        return _without_idle_alpha(image if image.mode == "RGBA" else image.convert("RGBA"))
    if image.mode == "P" and image.palette is not None and image.palette.mode == "RGBA":
        return _without_idle_alpha(image.convert("RGBA"))
    if image.mode in _KEPT:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _without_idle_alpha(image: Image.Image) -> Image.Image:
    lowest = image.getchannel("A").getextrema()[0]
    return image.convert("RGB") if lowest == 255 else image


def _from_integers(samples: np.ndarray) -> Image.Image:
    """Grey samples of up to 16 bits, which Pillow holds as 32-bit integers."""
    shift = 8 if samples.size and samples.max() > 255 else 0
    return Image.fromarray((np.clip(samples, 0, 65535) >> shift).astype(np.uint8))


def _from_floats(samples: np.ndarray) -> Image.Image:
    """Grey float samples, by custom 0 to 1; higher ones mean that 255 is white."""
    finite = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=0.0)
    scale = 255.0 if finite.size and finite.max() <= 1.0 else 1.0
    return Image.fromarray(np.clip(finite * scale, 0, 255).astype(np.uint8))
