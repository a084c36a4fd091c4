"""The pictures of one asset: one decode, then each picture from the next larger one. No framework."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from immich_thumbnails import colour, orientation, panorama, thumbhash
from immich_thumbnails.encoding import encode
from immich_thumbnails.exif_stamp import stamped
from immich_thumbnails.settings import Encoding
from immich_thumbnails.sizing import LONGEST_SIDE, fit_inside, fit_outside
from immich_thumbnails.sources import Request, Source, load

type _Filter = tuple[Image.Resampling, float]
"""How to shrink, and the gap: blocks of pixels are averaged first, down to so many times the target.

Measured on photos, after encoding: BICUBIC for the preview is 0.3 to 1.9 dB above HAMMING for 11 ms, and
0.1 to 0.6 below LANCZOS, which takes another 11; for the thumbnail the gap of 1.5 costs 0.1 dB and saves
4 of 10 ms.
"""

_FAST: _Filter = (Image.Resampling.BICUBIC, 2.0)
_FINE: _Filter = (Image.Resampling.LANCZOS, 1.5)


@dataclass(frozen=True, slots=True)
class Picture:
    """One finished file.

    Args:
        type: The kind of asset file.
        format: jpeg or webp; also the file's extension.
        data: Its bytes.
        is_progressive: It is a progressive JPEG.
        is_transparent: Something shows through.
    """

    type: Literal["preview", "thumbnail", "fullsize"]
    format: str
    data: bytes
    is_progressive: bool = False
    is_transparent: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """Everything made from one original."""

    pictures: tuple[Picture, ...]
    thumbhash: bytes


def render(request: Request) -> Rendered:
    """Make preview, thumbnail, ThumbHash and, where wanted, the full-size picture. Blocks; run in a thread.

    Raises:
        CannotRenderError: The file is the reason; trying again would not help.
        OSError: The file cannot be read.
    """
    with ExitStack() as held:
        source = load(request, held)
        image, profile = _settled(source, request)
        pictures: list[Picture] = []
        if request.wants_fullsize:
            pictures.append(_fullsize(image, profile, source, request))
            image = _shrunk(image, request.short_side)
    sizes = request.settings
    preview = _shrunk(image, sizes.preview.size, LONGEST_SIDE[sizes.preview.format])
    larger = preview if sizes.thumbnail.size <= sizes.preview.size else image
    thumbnail = _shrunk(larger, sizes.thumbnail.size, LONGEST_SIDE[sizes.thumbnail.format], _FINE)
    xmp = panorama.packet(source.decoded.xmp) if request.is_panorama else None
    pictures.append(_picture("preview", preview, sizes.preview, profile, xmp))
    pictures.append(_picture("thumbnail", thumbnail, sizes.thumbnail, profile))
    return Rendered(tuple(pictures), _hash(thumbnail if max(thumbnail.size) >= thumbhash.MAX_SIDE else preview))


def _settled(source: Source, request: Request) -> tuple[Image.Image, bytes | None]:
    """Shrunken (unless all pixels are needed), in the colours to be written, upright."""
    decoded = source.decoded
    image = decoded.image
    if not request.wants_fullsize:
        image = _shrunk(image, request.short_side)
    image, profile = colour.settle(image, decoded.profile, request.settings.colorspace)
    return orientation.applied(image, decoded.orientation), profile


def _shrunk(image: Image.Image, short_side: int, longest: int = 65_500, how: _Filter = _FAST) -> Image.Image:
    size = fit_outside(image.size, short_side, longest)
    return image if size == image.size else image.resize(size, how[0], reducing_gap=how[1])


def _fullsize(image: Image.Image, profile: bytes | None, source: Source, request: Request) -> Picture:
    if source.extracted is not None:
        # The camera's own JPEG is as good as it gets: it is kept as it is.
        turn = source.decoded.orientation
        return Picture("fullsize", "jpeg", stamped(source.extracted, turn, is_srgb=profile is None))
    how = request.settings.fullsize
    xmp = panorama.packet(source.decoded.xmp) if request.is_panorama else None
    return _picture("fullsize", _shrunk(image, min(image.size), LONGEST_SIDE[how.format]), how, profile, xmp)


def _picture(
    type: Literal["preview", "thumbnail", "fullsize"],
    image: Image.Image,
    how: Encoding,
    profile: bytes | None,
    xmp: bytes | None = None,
) -> Picture:
    return Picture(
        type,
        how.format,
        encode(image, how, profile=profile, xmp=xmp),
        is_progressive=how.progressive and how.format == "jpeg",
        is_transparent=image.mode == "RGBA" and how.format == "webp",
    )


def _hash(image: Image.Image) -> bytes:
    small = image.resize(fit_inside(image.size, thumbhash.MAX_SIDE), _FINE[0], reducing_gap=_FINE[1])
    return thumbhash.encode(np.asarray(small.convert("RGBA")))
