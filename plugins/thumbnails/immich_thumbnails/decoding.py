"""Decoding still images: one decode a file, no larger than needed, refused before it costs memory."""

import errno
import io
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pillow_heif
import pillow_jxl  # noqa: F401  - importing it registers the format
from PIL import Image
from pillow_jxl import JpegXLImagePlugin

from immich_thumbnails import channels, headers, icc, jpeg2000, orientation
from immich_thumbnails.errors import (
    CannotRenderError,
    DamagedFileError,
    TooManyPixelsError,
    UnknownFormatError,
)
from immich_thumbnails.pixel_limits import admit, check_pixels
from immich_thumbnails.sizing import Size, fit_outside
from immich_thumbnails.tone_mapping import Hdr

pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=2)
JpegXLImagePlugin.DECODE_THREADS = 2
Image.init()

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "JXL", "TIFF", "BMP", "JPEG2000", "GIF", "PSD")
"""Only these decoders are let near a file; others in Pillow start programs or are of no use here."""

_JXL_STARTS = (b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")
_COLOUR_BOX_WITHIN = 65_536
_NOT_STATED = (2, 2)
_COLOURS_IN_HEAD = frozenset({"AVIF", "PNG"})


@dataclass(frozen=True, slots=True)
class Decoded:
    """An image in memory.

    Args:
        image: Mode L, RGB, RGBA, CMYK or LAB; not yet turned.
        orientation: EXIF orientation that is still to be applied.
        profile: ICC profile of the pixels, None for sRGB.
        xmp: The file's XMP packet.
        hdr: How brightness is coded; None where it is as usual.
    """

    image: Image.Image
    orientation: int = 1
    profile: bytes | None = None
    xmp: bytes | None = None
    hdr: Hdr | None = None


def decode(source: Path | bytes, *, short_side: int | None, pixel_limit: int, held: ExitStack | None = None) -> Decoded:
    """Decode the first picture of a file.

    Args:
        source: A path, or the bytes of an image.
        short_side: The decoder may shrink down to this short side where that is cheap; None for full size.
        pixel_limit: Most pixels (width x height) that the original may have.
        held: Until it is closed, no second very large picture is decoded; closed at once where None.

    Raises:
        CannotRenderError: The content is the reason; its subclasses say which.
        OSError: The file cannot be read.
    """
    with ExitStack() as own, _opened(source) as stream, _blaming_content(pixel_limit):
        _arm_pillow(pixel_limit)
        room = own if held is None else held
        jxl_size = _jxl_size(stream)
        if jxl_size is not None:
            admit(jxl_size, pixel_limit, room)
        with Image.open(stream, formats=FORMATS) as image:
            check_pixels(image.size, pixel_limit)
            if short_side is not None:
                image.draft(None, fit_outside(image.size, short_side))
            if jxl_size is None:
                admit(image.size, pixel_limit, room)
            turn = orientation.stated(image)
            profile, hdr = _colours(image, stream)
            if image.format == "JPEG2000":
                stream.seek(0)
                pixels = jpeg2000.decode_apart(stream.read(), short_side)
            else:
                image.load()
                pixels = image
            return Decoded(channels.eight_bit(pixels), turn, profile, _xmp(image), hdr)


def _arm_pillow(pixel_limit: int) -> None:
    """Keep Pillow's own guard armed, for whatever looks at dimensions only while decoding.

    It is one for the whole process, so it is only ever raised: a low limit of ours must not refuse the
    pictures of others. What exceeds our own limit is refused by `check_pixels`.
    """
    Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or 0, pixel_limit)


def _opened(source: Path | bytes) -> BinaryIO:
    return source.open("rb") if isinstance(source, Path) else io.BytesIO(source)


def _jxl_size(stream: BinaryIO) -> Size | None:
    """Dimensions of a JPEG XL file, whose decoder decodes at once; None for all other formats."""
    is_jxl = stream.read(12).startswith(_JXL_STARTS)
    stream.seek(0)
    if not is_jxl:
        return None
    size = headers.jxl_size(stream.read())
    stream.seek(0)
    if size is None:
        raise DamagedFileError("no JPEG XL codestream in the file")
    return size


def _colours(image: Image.Image, stream: BinaryIO) -> tuple[bytes | None, Hdr | None]:
    """ICC profile, None for sRGB; and what it takes to bring HDR down to the tones of that profile."""
    primaries, transfer = _nclx(image, stream)
    hdr = Hdr.stated(transfer, primaries)
    if hdr is not None:
        return icc.of_primaries(hdr.primaries), hdr
    return image.info.get("icc_profile") or icc.of_primaries(primaries), None


def _nclx(image: Image.Image, stream: BinaryIO) -> tuple[int, int]:
    """The H.273 numbers of primaries and transfer; 2 is "not stated"."""
    if image.format in _COLOURS_IN_HEAD:
        stream.seek(0)
        return headers.stated_colours(stream.read(_COLOUR_BOX_WITHIN)) or _NOT_STATED
    stated = image.info.get("nclx_profile")
    return (int(stated["color_primaries"]), int(stated["transfer_characteristics"])) if stated else _NOT_STATED


def _xmp(image: Image.Image) -> bytes | None:
    packet = image.info.get("xmp")
    return packet.encode() if isinstance(packet, str) else packet


@contextmanager
def _blaming_content(limit: int) -> Iterator[None]:
    """Turn whatever a decoder raises into an error of ours; those of disk and memory pass."""
    try:
        yield
    except (CannotRenderError, MemoryError):
        raise
    except Image.UnidentifiedImageError:
        raise UnknownFormatError("the content is not a picture of a known format") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooManyPixelsError(f"more than the limit of {limit:,} pixels") from error
    except OSError as error:
        if error.errno not in {None, errno.EINVAL}:  # a seek by a damaged offset is an invalid argument
            raise
        raise DamagedFileError(f"the picture is damaged: {error}") from error
    except Exception as error:
        raise DamagedFileError(f"the picture is damaged: {type(error).__name__}: {error}") from error
    except BaseException as error:
        # Decoders written in Rust panic with an exception that is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise DamagedFileError(f"the decoder gave up: {error}") from error


warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # check_pixels decides
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\..*|pillow_jxl\..*")
