"""Photos with positions, made on the spot."""

import io
from collections.abc import Callable
from fractions import Fraction

import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD


def _degrees(value: float) -> tuple[Fraction, Fraction, Fraction]:
    return Fraction(abs(value)).limit_denominator(1_000_000), Fraction(0), Fraction(0)


def _photo_at(latitude: float | None, longitude: float | None = None, *, colour: str = "teal") -> bytes:
    """A small JPEG that says where it was taken."""
    exif = Image.Exif()
    if latitude is not None and longitude is not None:
        gps = exif.get_ifd(IFD.GPSInfo)
        gps[GPS.GPSLatitudeRef], gps[GPS.GPSLatitude] = "N" if latitude >= 0 else "S", _degrees(latitude)
        gps[GPS.GPSLongitudeRef], gps[GPS.GPSLongitude] = "E" if longitude >= 0 else "W", _degrees(longitude)
    file = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(file, "jpeg", exif=exif)
    return file.getvalue()


@pytest.fixture
def photo_at() -> Callable[..., bytes]:
    """Make a photo: `photo_at(48.137, 11.575)`, `photo_at(None)`, `photo_at(None, colour="red")`."""
    return _photo_at


@pytest.fixture(scope="session", autouse=True)
def _programs() -> None:
    from immich_host.runtime.binaries import media_binaries

    if not media_binaries().exiftool:
        pytest.skip("exiftool is missing")
