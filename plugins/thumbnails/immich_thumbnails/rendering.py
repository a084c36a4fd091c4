"""The pictures of one asset: one decode, then each picture from the next larger one. No framework."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from immich_thumbnails import colour, orientation, panorama, thumbhash
from immich_thumbnails.encoding import encode
from immich_thumbnails.exif_stamp import stamped
from immich_thumbnails.resizing import resized, shrunk
from immich_thumbnails.settings import Encoding
from immich_thumbnails.sizing import LONGEST_SIDE, fit_inside
from immich_thumbnails.sources import Request, Source, load


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
        image, profile, xmp, fullsize = _prepared(request, held)
    sizes = request.settings
    preview = shrunk(image, sizes.preview.size, LONGEST_SIDE[sizes.preview.format])
    larger = preview if sizes.thumbnail.size <= sizes.preview.size else image
    thumbnail = shrunk(larger, sizes.thumbnail.size, LONGEST_SIDE[sizes.thumbnail.format])
    pictures = [] if fullsize is None else [fullsize]
    pictures.append(_picture("preview", preview, sizes.preview, profile, xmp))
    pictures.append(_picture("thumbnail", thumbnail, sizes.thumbnail, profile))
    return Rendered(tuple(pictures), _hash(thumbnail if max(thumbnail.size) >= thumbhash.MAX_SIDE else preview))


def _prepared(request: Request, held: ExitStack) -> tuple[Image.Image, bytes | None, bytes | None, Picture | None]:
    """What preview and thumbnail are made from, its profile and XMP, and the full size where wanted.

    All other pixels are let go on return: a worker makes several pictures at a time.
    """
    source = load(request, held)
    image, profile = _settled(source, request)
    xmp = panorama.packet(source.decoded.xmp) if request.is_panorama else None
    if not request.wants_fullsize:
        return image, profile, xmp, None
    fullsize = _fullsize(image, profile, xmp, source, request)
    return shrunk(image, request.short_side), profile, xmp, fullsize


def _settled(source: Source, request: Request) -> tuple[Image.Image, bytes | None]:
    """Shrunken (unless all pixels are needed), in the colours to be written, upright."""
    decoded = source.decoded
    image = decoded.image
    if not request.wants_fullsize:
        image = shrunk(image, request.short_side)
    image, profile = colour.settle(image, decoded.profile, request.settings.colorspace, decoded.hdr)
    return orientation.applied(image, decoded.orientation), profile


def _fullsize(
    image: Image.Image, profile: bytes | None, xmp: bytes | None, source: Source, request: Request
) -> Picture:
    if source.extracted is not None:
        # The camera's own JPEG is as good as it gets: it is kept as it is.
        turn = source.decoded.orientation
        return Picture("fullsize", "jpeg", stamped(source.extracted, turn, is_srgb=profile is None))
    how = request.settings.fullsize
    return _picture("fullsize", shrunk(image, min(image.size), LONGEST_SIDE[how.format]), how, profile, xmp)


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
    small = resized(image, fit_inside(image.size, thumbhash.MAX_SIDE))
    return thumbhash.encode(np.asarray(small.convert("RGBA")))
