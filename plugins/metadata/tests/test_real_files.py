"""Photos from many cameras, and clips with dates, through reading and describing."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from immich_host.runtime.binaries import Binaries
from immich_metadata.describe import Described, describe
from immich_metadata.reading import file_facts, read_all
from immich_metadata.tags import TagReader

UPLOADED = datetime(2030, 1, 1, tzinfo=UTC)
Describe = Callable[..., Any]


@pytest.fixture
def read(reader: TagReader, programs: Binaries) -> Describe:
    async def go(path: Path, sidecar: Path | None = None, *, video: bool = False) -> Described:
        found = await read_all(path, sidecar, video=video, reader=reader, binaries=programs)  # type: ignore[arg-type]
        return describe(found.merged, file_facts(path.stat(), UPLOADED), {}, video=video)

    return go


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "formats/jpg/el_torcal_rocks.jpg",
            {
                "make": "SONY",
                "model": "DSLR-A550",
                "focal_length": 75.0,
                "iso": 200,
                "f_number": 11.0,
                "exposure_time": "1/160",
                "file_size_in_byte": 53493,
                "description": "SONY DSC",
                "orientation": None,
                "exif_image_width": 512,
                "exif_image_height": 341,
                "latitude": None,
                "time_zone": None,
                "date_time_original": datetime(2012, 8, 5, 11, 39, 59, tzinfo=UTC),
            },
        ),
        (
            "formats/heic/IMG_2682.heic",
            {
                "make": "Apple",
                "model": "iPhone 7",
                "latitude": 41.2203,
                "longitude": -96.071625,
                "f_number": 1.8,
                "exif_image_width": 4032,
                "exif_image_height": 3024,
                "time_zone": "America/Chicago",
                "iso": 20,
                "focal_length": 3.99,
                "lens_model": "iPhone 7 back camera 3.99mm f/1.8",
                "date_time_original": datetime(2019, 3, 21, 16, 4, 22, 348000, tzinfo=UTC),
            },
        ),
        (
            "metadata/gps-position/thompson-springs.jpg",
            {"latitude": 39.115, "longitude": -108.400968333333, "time_zone": "America/Denver"},
        ),
        ("metadata/gps-position/empty_gps.jpg", {"latitude": None, "longitude": None, "make": "motorola"}),
        ("metadata/rating/mongolels.jpg", {"rating": 3, "description": "Mongol Els", "make": "Canon"}),
        ("metadata/tags/picasa.jpg", {"tags": ["Frost", "Yard"], "lens_model": None}),
        ("metadata/faces/portrait-orientation-6.jpg", {"orientation": "6"}),
        ("formats/png/density_plot.png", {"exif_image_width": 800, "exif_image_height": 800}),
        ("formats/webp/denali.webp", {"make": "Canon"}),
        ("formats/avif/8bit-sRGB.avif", {"bits_per_sample": 8}),
        ("formats/jxl/8bit-sRGB.jxl", {"exif_image_width": 1440}),
    ],
)
async def test_photos(read: Describe, shared: Path, name: str, expected: dict[str, Any]) -> None:
    found = await read(shared / name)
    assert {key: found.exif[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("sidecar", "instant"),
    [
        ("2000.xmp", datetime(2000, 9, 27, 12, 35, 33, tzinfo=UTC)),
        ("2010.xmp", datetime(2010, 9, 27, 12, 35, 33, tzinfo=UTC)),
        ("2020.xmp", datetime(2020, 9, 27, 12, 35, 33, tzinfo=UTC)),
    ],
)
async def test_a_sidecar_rules_the_date(read: Describe, shared: Path, sidecar: str, instant: datetime) -> None:
    found = await read(shared / "formats/jpg/el_torcal_rocks.jpg", shared / "metadata/xmp/dates" / sidecar)
    assert found.exif["date_time_original"] == instant
    assert found.exif["time_zone"] == "UTC+2"
    assert found.asset["local_date_time"].hour == 14
    assert found.exif["make"] == "SONY"
    assert found.exif["exif_image_width"] == 512


async def test_a_clip_with_a_date(read: Describe, clip: Callable[..., Path]) -> None:
    found = await read(clip("a.mp4", "-metadata", "creation_time=2022-06-05T04:03:02Z"), video=True)
    assert found.exif["date_time_original"] == datetime(2022, 6, 5, 4, 3, 2, tzinfo=UTC)
    assert found.exif["time_zone"] == "UTC"
    assert found.asset["duration"] == pytest.approx(1000, abs=50)
    assert (found.asset["width"], found.asset["height"]) == (64, 48)
    assert found.exif["fps"] == 10


async def test_a_clip_with_a_place(read: Describe, clip: Callable[..., Path]) -> None:
    path = clip("a.mov", "-metadata", "creation_time=2022-06-05T04:03:02Z", "-metadata", "location=+48.1370+011.5750/")
    found = await read(path, video=True)
    assert found.exif["latitude"] == pytest.approx(48.137)
    assert found.exif["time_zone"] == "Europe/Berlin"
    assert found.asset["local_date_time"] == datetime(2022, 6, 5, 6, 3, 2, tzinfo=UTC)


async def test_an_animation_has_a_duration(read: Describe, clip: Callable[..., Path]) -> None:
    found = await read(clip("a.gif", "-pix_fmt", "rgb8", sound=False, codec="gif"))
    assert found.asset["duration"] == pytest.approx(1000, abs=100)


@pytest.mark.parametrize("name", ["a.jpg", "a.mp4", "a.gif", "a.heic"])
@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"\xff\xd8\xff\xe1\xff\xffExif"])
async def test_a_damaged_file_is_described_by_its_times(
    read: Describe, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    found = await read(path, video=name == "a.mp4")
    assert found.exif["file_size_in_byte"] == len(content)
    assert found.exif["date_time_original"] == datetime.fromtimestamp(path.stat().st_mtime, UTC)
    assert found.asset["width"] is None


async def test_a_sidecar_that_is_no_xmp_changes_nothing(
    read: Describe, photo: Callable[..., Path], tmp_path: Path
) -> None:
    sidecar = tmp_path / "a.jpg.xmp"
    sidecar.write_bytes(b"\0garbage")
    found = await read(photo("a.jpg", "-Make=X", "-DateTimeOriginal=2001:02:03 04:05:06"), sidecar)
    assert found.exif["make"] == "X"
    assert found.exif["date_time_original"].year == 2001
