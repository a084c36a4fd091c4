"""EXIF orientation: read from the file, applied to the shrunken picture (turning pixels costs time)."""

from PIL import ExifTags, Image

_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# These decoders turn the pixels themselves (container rotation, TIFF tag); what EXIF repeats is void.
_TURNED_BY_DECODER = frozenset({"HEIF", "JXL", "TIFF"})


def stated(image: Image.Image) -> int:
    """The orientation still to be applied, 1 to 8; 1 where EXIF is missing or broken."""
    # A JPEG packed into JPEG XL is handed out as that JPEG, not turned.
    if image.format in _TURNED_BY_DECODER and not getattr(image, "jpeg", False):
        return 1
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a broken EXIF block raises anything, and must not cost the picture
        return 1
    return value if value in _TRANSPOSES else 1


def applied(image: Image.Image, orientation: int) -> Image.Image:
    """The image as it is to be looked at."""
    transpose = _TRANSPOSES.get(orientation)
    return image if transpose is None else image.transpose(transpose)
