"""Camera RAW files: the preview that the camera put inside, or the sensor data developed."""

import io
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import rawpy
from PIL import Image

from immich_thumbnails import icc
from immich_thumbnails.colour import Space
from immich_thumbnails.decoding import Decoded
from immich_thumbnails.errors import DamagedFileError
from immich_thumbnails.pixel_limits import admit, check_pixels
from immich_thumbnails.sizing import Size

_FLIP_TO_EXIF = {0: 1, 3: 3, 5: 8, 6: 6}
_SRGB_CURVE = (2.4, 12.92)


@dataclass(frozen=True, slots=True)
class Embedded:
    """The largest preview inside a RAW file.

    Args:
        size: Width and height, not yet turned.
        picture: The bytes of a JPEG, or pixels where it is so stored.
        orientation: EXIF orientation of the photo, which the preview itself often lacks.
    """

    size: Size
    picture: bytes | Image.Image
    orientation: int


def embedded(path: Path, *, pixel_limit: int) -> Embedded | None:
    """The largest preview inside the file; None where there is none that can be read.

    Raises:
        DamagedFileError: It is no RAW file that is known.
        TooManyPixelsError: The sensor has more pixels than allowed.
    """
    try:
        with rawpy.imread(str(path)) as raw:
            check_pixels((raw.sizes.raw_width, raw.sizes.raw_height), pixel_limit)
            turn = _FLIP_TO_EXIF.get(raw.sizes.flip, 1)
            try:
                thumb = raw.extract_thumb()
            except rawpy.LibRawNonFatalError:
                return None
    except rawpy.LibRawError as error:
        raise _damaged(error) from error
    if not isinstance(thumb.data, bytes):
        image = Image.fromarray(thumb.data)
        return Embedded(image.size, image, turn)
    try:
        with Image.open(io.BytesIO(thumb.data), formats=("JPEG",)) as header:
            return Embedded(header.size, thumb.data, turn)
    except OSError:
        return None


def develop(path: Path, *, short_side: int | None, space: Space, pixel_limit: int, held: ExitStack) -> Decoded:
    """Develop the sensor data into `space`, with the camera's white balance, upright.

    Where half the dimensions suffice for `short_side`, four sensor cells become one pixel: four times
    faster. None asks for all pixels.

    Raises:
        DamagedFileError: The data cannot be read.
        TooManyPixelsError: The sensor has more pixels than allowed.
    """
    wide = space == "p3"
    try:
        with rawpy.imread(str(path)) as raw:
            sizes = raw.sizes
            admit((sizes.raw_width, sizes.raw_height), pixel_limit, held)
            half = short_side is not None and min(sizes.width, sizes.height) // 2 >= short_side
            pixels = raw.postprocess(
                half_size=half,
                use_camera_wb=True,
                output_bps=8,
                gamma=_SRGB_CURVE,
                output_color=rawpy.ColorSpace.P3D65 if wide else rawpy.ColorSpace.sRGB,
            )
    except rawpy.LibRawError as error:
        raise _damaged(error) from error
    return Decoded(Image.fromarray(pixels), profile=icc.display_p3() if wide else None)


def _damaged(error: Exception) -> DamagedFileError:
    reason = error.args[0] if error.args else error
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
    return DamagedFileError(f"the RAW file cannot be read: {text}")
