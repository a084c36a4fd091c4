"""Square crops around faces."""

import math
from contextlib import ExitStack
from pathlib import Path

from immich_thumbnails import colour, orientation
from immich_thumbnails.api import FaceBox
from immich_thumbnails.encoding import encode
from immich_thumbnails.errors import CannotRenderError
from immich_thumbnails.probing import Tools
from immich_thumbnails.resizing import shrunk
from immich_thumbnails.settings import Encoding, Fullsize, ImageSettings, Limits
from immich_thumbnails.sizing import Size
from immich_thumbnails.sources import Request, load

_MARGIN = 1.1
type _Square = tuple[int, int, int, int]


def crop_face(path: Path, box: FaceBox, size: int, *, tools: Tools, settings: ImageSettings, limits: Limits) -> bytes:
    """The face as a JPEG of `size` x `size` pixels, smaller where the file holds no more. Blocks.

    Raises:
        CannotRenderError: The file is the reason, or the box lies outside of the picture.
        OSError: The file cannot be read.
    """
    request = Request(path, tools, settings=_for_crop(settings, box, size), limits=limits)
    with ExitStack() as held:
        decoded = load(request, held).decoded
        image = orientation.applied(decoded.image, decoded.orientation)
        image = image.crop(square(box, image.size))
    face, profile = colour.settle(shrunk(image, size), decoded.profile, settings.colorspace, decoded.hdr)
    return encode(face, Encoding(format="jpeg", quality=settings.thumbnail.quality), profile=profile)


def square(box: FaceBox, size: Size) -> _Square:
    """The square to cut out of a picture of `size`: around the face's middle, shrunk to stay inside.

    Raises:
        CannotRenderError: The face's middle lies outside of the picture.
    """
    across, down = size[0] / box.image_width, size[1] / box.image_height
    x, y = round((box.x1 + box.x2) / 2 * across), round((box.y1 + box.y2) / 2 * down)
    wanted = max((box.x2 - box.x1) * across, (box.y2 - box.y1) * down) / 2 * _MARGIN
    half = math.floor(min(wanted, x, y, size[0] - x, size[1] - y))
    if half < 1:
        raise CannotRenderError(f"the face at {x}, {y} lies outside of the picture, which is {size[0]}x{size[1]}")
    return x - half, y - half, x + half, y + half


def _for_crop(settings: ImageSettings, box: FaceBox, size: int) -> ImageSettings:
    """Settings by which no more is decoded than the crop needs."""
    face = max(box.x2 - box.x1, box.y2 - box.y1, 1.0)
    needed = math.ceil(size / (face * _MARGIN) * min(box.image_width, box.image_height))
    preview = settings.preview.model_copy(update={"size": max(needed, size)})
    return settings.model_copy(update={"preview": preview, "fullsize": Fullsize()})
