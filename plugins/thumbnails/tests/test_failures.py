"""Files that are not what they should be: a clear error of our own, and nothing else happens."""

import contextlib
import io
import struct
import threading
import zlib
from contextlib import ExitStack

import pytest
from PIL import Image

from immich_host.testing.waiting import PATIENCE
from immich_thumbnails import decoding, pixel_limits
from immich_thumbnails.errors import (
    CannotRenderError,
    DamagedFileError,
    EmptyFileError,
    TooManyPixelsError,
    UnknownFormatError,
)
from immich_thumbnails.headers import jxl_size
from immich_thumbnails.settings import Limits

SAVE = {
    "jpg": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "avif": "AVIF",
    "heic": "HEIF",
    "jxl": "JXL",
    "tiff": "TIFF",
    "bmp": "BMP",
    "jp2": "JPEG2000",
}


def encoded(image: Image.Image, suffix: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, SAVE[suffix])
    return buffer.getvalue()


@pytest.mark.parametrize("suffix", [*SAVE, "dng", "mp4", "gif", "svg"])
def test_zero_bytes(suffix, tmp_path, rendered):
    path = tmp_path / f"empty.{suffix}"
    path.touch()
    with pytest.raises(EmptyFileError, match="empty"):
        rendered(path, is_video=suffix == "mp4")


@pytest.mark.parametrize("suffix", SAVE)
@pytest.mark.parametrize("part", [0.6, 0.05])
def test_truncated(suffix, part, tmp_path, photo, rendered):
    data = encoded(photo(800, 600), suffix)
    path = tmp_path / f"cut.{suffix}"
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(CannotRenderError):
        rendered(path)


@pytest.mark.parametrize("suffix", SAVE)
@pytest.mark.filterwarnings("ignore")
def test_scrambled_bytes_never_raise_anything_else(suffix, tmp_path, photo, rendered):
    good = encoded(photo(300, 200), suffix)
    path = tmp_path / f"scrambled.{suffix}"
    for start in range(0, min(len(good), 400), 23):
        bad = bytearray(good)
        bad[start : start + 9] = b"\xa5\x00\xff\x7f\x80\x01\xfe\xff\xff"
        path.write_bytes(bad)
        with contextlib.suppress(CannotRenderError):
            assert rendered(path).pictures


def test_text_called_jpg(tmp_path, rendered):
    path = tmp_path / "notes.jpg"
    path.write_text("Dear diary, this is no picture at all.\n" * 50)
    with pytest.raises(UnknownFormatError, match="neither a picture nor a video"):
        rendered(path)


@pytest.mark.parametrize("claimed", ["jpg", "heic", "dng", "gif", "mp4", "txt"])
def test_a_png_under_any_name_works(claimed, tmp_path, photo, rendered, picture_of, corners):
    path = tmp_path / f"photo.{claimed}"
    path.write_bytes(encoded(photo(400, 300), "png"))
    assert corners(picture_of(rendered(path, is_video=claimed == "mp4"), "preview")[1]) == "RGWB"


def test_a_program_hidden_as_postscript_is_not_run(tmp_path, rendered):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n%%EOF\n")
    with pytest.raises(UnknownFormatError):
        rendered(path)


def test_a_bomb_is_refused_by_its_header_alone(tmp_path, rendered):
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0))
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(7501) * 100)))
    with pytest.raises(TooManyPixelsError, match="limit of 400,000,000"):
        rendered(path)


@pytest.mark.parametrize("suffix", SAVE)
@pytest.mark.parametrize("limit", [99_999, 40_000])
def test_the_limit_is_a_setting(suffix, limit, tmp_path, photo, rendered):
    path = tmp_path / f"photo.{suffix}"
    path.write_bytes(encoded(photo(400, 250), suffix))
    with pytest.raises(TooManyPixelsError):
        rendered(path, limits=Limits(pixel_limit=limit))
    assert rendered(path, limits=Limits(pixel_limit=100_000)).pictures


def test_a_low_limit_refuses_no_pictures_of_others(tmp_path, photo, rendered):
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(photo(400, 250), "png"))
    with pytest.raises(TooManyPixelsError):
        rendered(path, limits=Limits(pixel_limit=1000))
    with Image.open(path) as image:
        assert image.size == (400, 250)


@pytest.mark.parametrize("size", [(400, 250), (256, 256), (8, 8), (3000, 2000), (1920, 1080), (17, 4000), (512, 256)])
@pytest.mark.parametrize("boxed", [False, True])
def test_jxl_dimensions_are_read_from_the_header(size, boxed):
    buffer = io.BytesIO()
    options = {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"} if boxed else {}
    Image.new("RGB", size, "teal").save(buffer, "JXL", **options)
    assert jxl_size(buffer.getvalue()) == size


@pytest.mark.filterwarnings("ignore")
def test_dimensions_above_the_limit_are_named(tmp_path, rendered):
    path = tmp_path / "large.png"
    Image.new("1", (600, 500)).save(path)
    with pytest.raises(TooManyPixelsError, match="600x500 is more than the limit of 200,000 pixels"):
        rendered(path, limits=Limits(pixel_limit=200_000))


def test_a_missing_file_is_no_fault_of_its_content(tmp_path, rendered):
    with pytest.raises(FileNotFoundError):
        rendered(tmp_path / "gone.jpg")


def test_of_large_pictures_one_is_in_memory_at_a_time(monkeypatch, photo):
    monkeypatch.setattr(pixel_limits, "LARGE", 1000)
    data = encoded(photo(50, 40), "png")
    started, second_done = threading.Event(), threading.Event()

    def second() -> None:
        started.set()
        decoding.decode(data, short_side=10, pixel_limit=10_000)
        second_done.set()

    with ExitStack() as held:
        decoding.decode(data, short_side=10, pixel_limit=10_000, held=held)
        thread = threading.Thread(target=second)
        thread.start()
        assert started.wait(PATIENCE)
        assert not second_done.wait(0.1), "it waits while the first is held"
    assert second_done.wait(PATIENCE)
    thread.join()


def test_a_failed_large_picture_leaves_room_for_the_next(monkeypatch, photo):
    monkeypatch.setattr(pixel_limits, "LARGE", 1000)
    data = encoded(photo(50, 40), "png")
    for _ in range(2):
        with ExitStack() as held, pytest.raises(DamagedFileError):
            decoding.decode(data[: len(data) // 2], short_side=10, pixel_limit=10_000, held=held)
    assert decoding.decode(data, short_side=10, pixel_limit=10_000).image.size == (50, 40)
