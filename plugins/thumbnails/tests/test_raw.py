"""RAW: a DNG made of bare TIFF tags, with and without a camera preview, through both ways."""

import io
import struct

import numpy as np
import pytest
from PIL import ExifTags, Image

from immich_thumbnails.errors import CannotRenderError, TooManyPixelsError
from immich_thumbnails.exif_stamp import stamped
from immich_thumbnails.settings import Fullsize, ImageSettings, Limits, Preview

BYTE, ASCII, SHORT, LONG, RATIONAL, SRATIONAL = 1, 2, 3, 4, 5, 10
PACK = {BYTE: "B", ASCII: "B", SHORT: "H", LONG: "I", RATIONAL: "II", SRATIONAL: "ii"}
MATRIX = [3, 0, 0, 0, 3, 0, 0, 0, 3]


def directory(at: int, tags: list[tuple[int, int, list]]) -> bytes:
    """A TIFF directory that starts at offset `at`, with its long values behind it."""
    extra_at = at + 2 + 12 * len(tags) + 4
    entries, extra = b"", b""
    for tag, kind, values in sorted(tags):
        count = len(values)
        flat = [part for value in values for part in (value if isinstance(value, tuple) else (value,))]
        data = struct.pack(f"<{PACK[kind][0] * len(flat)}", *flat)
        if len(data) > 4:
            entries += struct.pack("<HHII", tag, kind, count, extra_at + len(extra))
            extra += data + b"\0" * (len(data) % 2)
        else:
            entries += struct.pack("<HHI", tag, kind, count) + data.ljust(4, b"\0")
    return struct.pack("<H", len(tags)) + entries + b"\0" * 4 + extra


def mosaic(width: int, height: int) -> np.ndarray:
    """Sensor values (RGGB) of a picture: red above, green below, brighter to the right."""
    light = np.tile(np.linspace(8000, 60000, width), (height, 1))
    upper = np.arange(height)[:, None] < height // 2
    sensor = np.full((height, width), 900.0)
    sensor[0::2, 0::2] = np.where(upper[0::2], light[0::2, 0::2], 900)
    for y, x in ((0, 1), (1, 0)):
        sensor[y::2, x::2] = np.where(upper[y::2], 900, light[y::2, x::2])
    return sensor.astype("<u2")


def dng(width: int, height: int, *, orientation: int = 1, preview: bytes | None = None) -> bytes:
    sensor = mosaic(width, height).tobytes()
    head = 8
    tiff = [(274, SHORT, [orientation]), (50706, BYTE, [1, 4, 0, 0]), (50707, BYTE, [1, 1, 0, 0])]
    tiff += [(271, ASCII, list(b"Maker\0")), (272, ASCII, list(b"Model\0")), (50708, ASCII, list(b"Maker Model\0"))]
    tiff += [
        (50721, SRATIONAL, [(value, 3) for value in MATRIX]),
        (50728, RATIONAL, [(1, 1)] * 3),
        (50778, SHORT, [21]),
    ]

    def raw_tags(offset: int) -> list:
        return [
            (254, LONG, [0]),
            (256, LONG, [width]),
            (257, LONG, [height]),
            (258, SHORT, [16]),
            (259, SHORT, [1]),
            (262, SHORT, [32803]),
            (273, LONG, [offset]),
            (277, SHORT, [1]),
            (278, LONG, [height]),
            (279, LONG, [len(sensor)]),
            (33421, SHORT, [2, 2]),
            (33422, BYTE, [0, 1, 1, 2]),
            (50714, SHORT, [0]),
            (50717, LONG, [65535]),
        ]

    if preview is None:
        size = len(directory(head, raw_tags(0) + tiff))
        body = directory(head, raw_tags(head + size) + tiff) + sensor
        return b"II*\0" + struct.pack("<I", head) + body

    with Image.open(io.BytesIO(preview)) as image:
        across, down = image.size

    def first(offset: int, sub: int) -> list:
        return [
            (254, LONG, [1]),
            (256, LONG, [across]),
            (257, LONG, [down]),
            (258, SHORT, [8, 8, 8]),
            (259, SHORT, [7]),
            (262, SHORT, [6]),
            (273, LONG, [offset]),
            (277, SHORT, [3]),
            (278, LONG, [down]),
            (279, LONG, [len(preview)]),
            (330, LONG, [sub]),
            *tiff,
        ]

    sub_at = head + len(directory(head, first(0, 0)))
    data_at = sub_at + len(directory(sub_at, raw_tags(0)))
    body = directory(head, first(data_at, sub_at)) + directory(sub_at, raw_tags(data_at + len(preview)))
    return b"II*\0" + struct.pack("<I", head) + body + preview + sensor


@pytest.fixture
def preview_jpeg(photo) -> bytes:
    buffer = io.BytesIO()
    photo(600, 400).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


SMALL = Preview(size=200)


@pytest.mark.parametrize("name", ["photo.dng", "photo.tif", "photo.jpg"])
def test_sensor_data_is_developed(name, tmp_path, rendered, picture_of):
    path = tmp_path / name
    path.write_bytes(dng(640, 480))
    picture, image = picture_of(rendered(path), "preview")
    assert picture.format == "jpeg"
    assert image.size == (640, 480)
    red, green, blue = image.getpixel((500, 100))
    assert red > green + 60
    assert red > blue + 60
    red, green, blue = image.getpixel((500, 400))
    assert green > red + 60
    assert image.info["icc_profile"], "a RAW file has wide colours"


def test_half_the_dimensions_suffice_for_a_small_preview(tmp_path, rendered, picture_of):
    path = tmp_path / "photo.dng"
    path.write_bytes(dng(640, 480))
    settings = ImageSettings(preview=SMALL, colorspace="srgb")
    image = picture_of(rendered(path, settings=settings), "preview")[1]
    assert image.size in {(267, 200), (266, 200)}
    assert "icc_profile" not in image.info


def test_a_turned_raw_is_upright(tmp_path, rendered, picture_of):
    path = tmp_path / "photo.dng"
    path.write_bytes(dng(640, 480, orientation=6))
    image = picture_of(rendered(path), "preview")[1]
    assert image.size == (480, 640)
    red, green, _ = image.getpixel((400, 500))
    assert red > green, "the upper half has come to the right"


def test_the_cameras_preview_is_taken_when_asked_for(tmp_path, preview_jpeg, rendered, picture_of, corners):
    path = tmp_path / "photo.dng"
    path.write_bytes(dng(1200, 800, preview=preview_jpeg))
    settings = ImageSettings(preview=SMALL)
    image = picture_of(rendered(path, settings=settings), "preview")[1]
    assert (image.size, corners(image)) == ((300, 200), "RGWB")
    developed = picture_of(rendered(path, settings=ImageSettings(preview=SMALL, extract_embedded=False)), "preview")[1]
    assert corners(developed) != "RGWB"


def test_the_photos_orientation_turns_the_preview(tmp_path, preview_jpeg, rendered, picture_of, corners):
    path = tmp_path / "photo.dng"
    path.write_bytes(dng(1200, 800, orientation=8, preview=preview_jpeg))
    settings = ImageSettings(preview=SMALL)
    image = picture_of(rendered(path, settings=settings), "preview")[1]
    assert (image.size, corners(image)) == ((200, 300), "GWBR")


def test_a_preview_too_small_is_not_taken(tmp_path, preview_jpeg, rendered, picture_of):
    path = tmp_path / "photo.dng"
    path.write_bytes(dng(1200, 800, preview=preview_jpeg))
    settings = ImageSettings(preview=Preview(size=500), extract_embedded=True)
    assert picture_of(rendered(path, settings=settings), "preview")[1].size == (750, 500)


def test_the_preview_saves_a_file_whose_sensor_data_is_cut_off(tmp_path, preview_jpeg, rendered, picture_of, corners):
    path = tmp_path / "photo.dng"
    whole = dng(1200, 800, preview=preview_jpeg)
    path.write_bytes(whole[: len(whole) - 1_900_000])
    assert corners(picture_of(rendered(path), "preview")[1]) == "RGWB"


def test_an_extracted_jpeg_becomes_the_full_size_as_it_is(tmp_path, preview_jpeg, rendered, picture_of):
    path = tmp_path / "photo.dng"
    path.write_bytes(dng(1200, 800, orientation=6, preview=preview_jpeg))
    settings = ImageSettings(preview=SMALL, extract_embedded=True, fullsize=Fullsize(enabled=True, format="webp"))
    picture, image = picture_of(rendered(path, settings=settings), "fullsize")
    assert picture.format == "jpeg"
    assert image.size == (600, 400)
    assert image.getexif()[ExifTags.Base.Orientation] == 6
    assert image.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ColorSpace] == 1
    with Image.open(io.BytesIO(preview_jpeg)) as original:
        assert np.array_equal(np.asarray(original), np.asarray(image))


def test_full_size_of_sensor_data(tmp_path, rendered, picture_of):
    path = tmp_path / "photo.dng"
    path.write_bytes(dng(640, 480))
    settings = ImageSettings(preview=SMALL, fullsize=Fullsize(enabled=True))
    assert picture_of(rendered(path, settings=settings), "fullsize")[1].size == (640, 480)


def test_a_plain_tiff_under_a_raw_name_works(tmp_path, photo, rendered, picture_of, corners):
    path = tmp_path / "photo.nef"
    photo(400, 300).save(path, format="TIFF")
    assert corners(picture_of(rendered(path), "preview")[1]) == "RGWB"


@pytest.mark.parametrize("content", [b"no camera wrote this" * 40, dng(64, 48)[:300], b"FUJIFILMCCD-RAW " * 9])
def test_broken_raw(content, tmp_path, rendered):
    path = tmp_path / "photo.raf"
    path.write_bytes(content)
    for extract in (False, True):
        with pytest.raises(CannotRenderError):
            rendered(path, settings=ImageSettings(extract_embedded=extract))


def test_the_pixel_limit_holds_for_sensors(tmp_path, rendered):
    path = tmp_path / "photo.dng"
    path.write_bytes(dng(640, 480))
    with pytest.raises(TooManyPixelsError):
        rendered(path, limits=Limits(pixel_limit=200_000))


def test_stamping_replaces_the_old_exif(preview_jpeg):
    once = stamped(preview_jpeg, 3)
    twice = stamped(once, 8, is_srgb=False)
    assert twice.count(b"Exif\0\0") == 1
    with Image.open(io.BytesIO(twice)) as image:
        assert image.getexif()[ExifTags.Base.Orientation] == 8
        assert image.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ColorSpace] == 0xFFFF
    with pytest.raises(ValueError, match="no JPEG"):
        stamped(b"GIF89a", 1)
