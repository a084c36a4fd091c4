"""Shrinking pixels: Lanczos by a resizer with SIMD where one is installed, else by Pillow.

Measured on 2016x1512 to 1920x1440: 10 ms, where Pillow takes 49 for Lanczos, 36 for BICUBIC and 25 for HAMMING.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from PIL import Image

from immich_thumbnails.sizing import Size, fit_outside

if TYPE_CHECKING:
    from cykooz_resizer import ResizeOptions

IS_FAST = find_spec("cykooz_resizer") is not None
"""Whether the resizer is there; it has no wheels for Linux on ARM."""

_FAST_MODES = frozenset({"L", "RGB", "RGBA", "CMYK"})
_GAP = 2.0
"""Pillow first averages blocks of pixels, down to so many times the target."""


def shrunk(image: Image.Image, short_side: int, longest: int = 65_500) -> Image.Image:
    """The image with its short side at most `short_side` and no side above `longest`; never enlarged."""
    return resized(image, fit_outside(image.size, short_side, longest))


def resized(image: Image.Image, size: Size) -> Image.Image:
    """The image in another size, itself where that is its own; alpha weighs what it covers."""
    if size == image.size:
        return image
    if not IS_FAST or image.mode not in _FAST_MODES:
        return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=_GAP)
    from cykooz_resizer import Resizer

    target = Image.new(image.mode, size, None)
    Resizer().resize_pil(image, target, _lanczos())
    return target


def _lanczos() -> "ResizeOptions":
    from cykooz_resizer import FilterType, ResizeAlg, ResizeOptions

    return ResizeOptions(resize_alg=ResizeAlg.convolution(FilterType.lanczos3))
