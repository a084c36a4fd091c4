"""Encoding: pixels to the bytes of a JPEG or WebP; the same pixels always give the same bytes."""

import io
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageFile

from immich_thumbnails.settings import Encoding

_FULL_CHROMA_FROM = 80
_WEBP_METHOD = 2  # 4, the default, takes twice the time for files 3 % smaller
_BYTES_A_PIXEL = 6  # more than noise takes at quality 100
_progressive = threading.Lock()


def encode(image: Image.Image, how: Encoding, *, profile: bytes | None = None, xmp: bytes | None = None) -> bytes:
    """Encode an RGB or RGBA image; for jpeg, what is transparent becomes white.

    Chroma of a JPEG is 4:4:4 from quality 80 on, else 4:2:0. Nothing of what the original's file tells is taken over.
    """
    extra: dict[str, bytes] = {}
    if profile:
        extra["icc_profile"] = profile
    if xmp:
        extra["xmp"] = xmp
    if how.format == "webp":
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=how.quality, method=_WEBP_METHOD, **extra)
        return buffer.getvalue()
    # Only while it writes into a real file does Pillow's JPEG encoder let other threads run.
    with tempfile.TemporaryFile() as file, _buffer_for(image, how):
        flattened(image).save(
            file,
            "JPEG",
            quality=how.quality,
            subsampling=0 if how.quality >= _FULL_CHROMA_FROM else 2,
            progressive=how.progressive,
            comment=b"",  # otherwise Pillow writes the original's, which links that hide metadata would show
            **extra,
        )
        file.seek(0)
        return file.read()


@contextmanager
def _buffer_for(image: Image.Image, how: Encoding) -> Iterator[None]:
    """Progressive JPEGs are written at once: Pillow's buffer must hold them, and its guess is too small for noise."""
    if not how.progressive:
        yield
        return
    with _progressive:
        before = ImageFile.MAXBLOCK
        ImageFile.MAXBLOCK = max(before, _BYTES_A_PIXEL * image.width * image.height)
        try:
            yield
        finally:
            ImageFile.MAXBLOCK = before


def flattened(image: Image.Image) -> Image.Image:
    """The image on white, without alpha."""
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground
