"""Shrinking pictures by the filter that a model was trained with: by a resizer with SIMD, else by Pillow.

A preview of 1440 pixels to 260, BICUBIC: 3 ms, where Pillow takes 14; bytes differ by 0.1 on average, 3 at most.
"""

from importlib.util import find_spec

from PIL import Image

IS_FAST = find_spec("cykooz_resizer") is not None
"""Whether the resizer is there; it has no wheels for Linux on ARM."""

_FILTERS = {
    Image.Resampling.BICUBIC: "catmull_rom",
    Image.Resampling.BILINEAR: "bilinear",
    Image.Resampling.LANCZOS: "lanczos3",
}


def resized(
    image: Image.Image,
    size: tuple[int, int],
    filter: Image.Resampling,
    box: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    """An RGB picture, or what lies in a box of it (left, top, right, bottom), in another size."""
    left, top, right, bottom = box or (0.0, 0.0, *image.size)
    if size == image.size or not IS_FAST or filter not in _FILTERS:
        return image.resize(size, filter, (left, top, right, bottom))
    from cykooz_resizer import CropBox, FilterType, ResizeAlg, ResizeOptions, Resizer

    target = Image.new(image.mode, size, None)
    kind = getattr(FilterType, _FILTERS[filter])
    cut = CropBox(left, top, right - left, bottom - top)
    Resizer().resize_pil(image, target, ResizeOptions(resize_alg=ResizeAlg.convolution(kind), crop_box=cut))
    return target
