from datetime import UTC, datetime
from typing import Any

import pytest

from immich_metadata import camera, live, places
from immich_metadata.describe import FileFacts, describe, duration_ms
from immich_metadata.merge import merge

UPLOADED = datetime(2021, 5, 1, 12, tzinfo=UTC)
MODIFIED = datetime(2021, 5, 2, 12, tzinfo=UTC)
FILE = FileFacts(1234, MODIFIED, None, UPLOADED)


def described(
    tags: dict[str, Any], locked: dict[str, Any] | None = None, **file: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    facts = FileFacts(**{"size": 1234, "modified": MODIFIED, "born": None, "uploaded": UPLOADED} | file)
    found = describe(tags, facts, locked or {}, video=False)
    return found.asset, found.exif


@pytest.mark.parametrize(
    ("tags", "position"),
    [
        ({"GPSLatitude": "48.1", "GPSLongitude": "-11.5"}, (48.1, -11.5)),
        ({"GPSLatitude": "0", "GPSLongitude": "0"}, None),
        ({"GPSLatitude": "0", "GPSLongitude": "1"}, (0.0, 1.0)),
        ({"GPSLatitude": "", "GPSLongitude": ""}, None),
        ({"GPSLatitude": "48.1"}, None),
        ({"GPSLatitude": "91", "GPSLongitude": "1"}, None),
        ({"GPSLatitude": "1", "GPSLongitude": "181"}, None),
        ({"GPSLatitude": "nan", "GPSLongitude": "1"}, None),
        ({"GPSLatitude": "1e400", "GPSLongitude": "1"}, None),
    ],
)
def test_positions(tags: dict[str, Any], position: tuple[float, float] | None) -> None:
    assert places.position(tags) == position


@pytest.mark.parametrize(
    ("tags", "lens"),
    [
        ({"LensID": "EF 50mm", "LensModel": "other"}, "EF 50mm"),
        ({"LensID": "----"}, None),
        ({"LensID": "Unknown 6-18mm", "LensType": "n/a"}, None),
        ({"LensID": "Unknown (12)", "LensModel": "RF24"}, "RF24"),
        ({"LensModel": " back camera "}, "back camera"),
    ],
)
def test_lenses(tags: dict[str, Any], lens: str | None) -> None:
    assert camera.lens(tags) == lens


@pytest.mark.parametrize(
    ("bits", "expected"),
    [("8", 8), ("8 8 8", 8), ("24", 8), ("30", 10), ("48", 16), ("16", 16), ("25", 25), ("0", None), ("x", None)],
)
def test_bits(bits: str, expected: int | None) -> None:
    assert camera.bits_per_sample({"BitsPerSample": bits}) == expected


@pytest.mark.parametrize(
    ("stars", "expected"), [("0", None), ("1", 1), ("5", 5), ("6", None), ("-1", None), ("", None)]
)
def test_ratings(stars: str, expected: int | None) -> None:
    assert camera.rating({"Rating": stars}) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"TagsList": ["A/B", "C"], "Keywords": "x"}, ["A/B", "C"]),
        ({"TagsList": "one"}, ["one"]),
        ({"HierarchicalSubject": ["A|B", "A|C/D"]}, ["A/B", "A/C|D"]),
        ({"Keywords": ["x", "x", "2024", ""]}, ["x", "2024"]),
        ({"TagsList": [""], "Keywords": []}, []),
        ({}, []),
    ],
)
def test_keywords(tags: dict[str, Any], expected: list[str]) -> None:
    assert camera.keywords(tags) == expected


@pytest.mark.parametrize(
    ("orientation", "shown"),
    [("1", (40, 30)), ("3", (40, 30)), ("5", (30, 40)), ("6", (30, 40)), ("8", (30, 40)), ("9", (40, 30))],
)
def test_dimensions_follow_the_orientation(orientation: str, shown: tuple[int, int]) -> None:
    asset, exif = described({"ImageSize": "40x30", "ImageWidth": "1", "ImageHeight": "1", "Orientation": orientation})
    assert (asset["width"], asset["height"]) == shown
    assert (exif["exif_image_width"], exif["exif_image_height"]) == (40, 30)
    assert exif["orientation"] == (orientation if orientation != "9" else None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1.5", 1500), ("0:01:23", 83000), ("12.34 s", 12340), ("0", None), ("", None), ("x", None), ("1e9", None)],
)
def test_durations(value: str, expected: int | None) -> None:
    assert duration_ms({"Duration": value}) == expected


def test_numbers_too_large_for_a_column_are_dropped() -> None:
    _, exif = described({"ISO": "4294967295", "ImageSize": "4294967295x10", "FocalLength": "inf"})
    assert exif["iso"] is None
    assert exif["exif_image_width"] is None
    assert exif["focal_length"] is None


def test_text_is_made_fit_for_the_database() -> None:
    _, exif = described({"ImageDescription": " a\x00b \n", "Make": "   ", "Model": True})
    assert exif["description"] == "ab"
    assert exif["make"] is None
    assert exif["model"] == "true"


def test_a_caption_of_blanks_gives_way() -> None:
    assert camera.description({"ImageDescription": "   ", "Description": "view"}) == "view"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"Make": "A"}, ("A", None)),
        ({"Device": {"Manufacturer": "B", "ModelName": "C"}}, ("B", "C")),
        ({"AndroidMake": "D", "AndroidModel": "E"}, ("D", "E")),
        ({"DeviceManufacturer": "F", "DeviceModelName": "G"}, ("F", "G")),
    ],
)
def test_cameras(tags: dict[str, Any], expected: tuple[str | None, str | None]) -> None:
    assert (camera.make(tags), camera.model(tags)) == expected


def test_without_a_date_the_earliest_time_counts() -> None:
    born = datetime(2020, 1, 1, tzinfo=UTC)
    asset, exif = described({}, born=born)
    assert asset["file_created_at"] == asset["local_date_time"] == exif["date_time_original"] == born
    asset, _ = described({})
    assert asset["file_created_at"] == UPLOADED
    assert exif["time_zone"] is None


def test_locked_columns_are_left_out_and_rule_the_rest() -> None:
    chosen = datetime(2000, 7, 1, 10, tzinfo=UTC)
    tags = {"DateTimeOriginal": "2024:01:01 00:00:00", "GPSLatitude": "1", "GPSLongitude": "1", "Rating": "5"}
    locked = {"date_time_original": chosen, "latitude": 48.1, "longitude": 11.5, "rating": None}
    asset, exif = described(tags, locked)
    assert not locked.keys() & exif.keys()
    assert asset["file_created_at"] == chosen
    assert asset["local_date_time"] == datetime(2000, 7, 1, 12, tzinfo=UTC)
    assert exif["time_zone"] == "Europe/Berlin"


def test_a_locked_zone_turns_the_wall_clock() -> None:
    asset, exif = described({"DateTimeOriginal": "2024:01:01 12:00:00"}, {"time_zone": "UTC+3"})
    assert asset["local_date_time"].hour == 15
    assert "time_zone" not in exif


def test_live_photo_identifier() -> None:
    assert live.content_identifier({"ContentIdentifier": "x", "MediaGroupUUID": "y"}) == "x"
    assert live.content_identifier({"MediaGroupUUID": "y"}) == "y"


def test_the_order_of_merging() -> None:
    file = {"Make": "file", "Model": "file", "ImageSize": "1x1"}
    merged = merge(
        file, {"Model": "probe", "ImageSize": "2x2"}, {"Model": "side", "ImageSize": "3x3"}, suffix=".mp4", video=True
    )
    assert merged == {"Make": "file", "Model": "side", "ImageSize": "2x2"}


def test_a_date_in_the_sidecar_silences_those_of_the_file() -> None:
    file = {"SubSecDateTimeOriginal": "2001:01:01 01:01:01.5", "OffsetTimeOriginal": "+05:00"}
    assert merge(file, {}, {"CreateDate": "2002:02:02 02:02:02"}, suffix=".jpg", video=False) == {
        "CreateDate": "2002:02:02 02:02:02"
    }
    assert merge(file, {}, {"Rating": "3"}, suffix=".jpg", video=False) == {**file, "Rating": "3"}


def test_an_emptied_caption_in_the_sidecar_stays_empty() -> None:
    merged = merge({"ImageDescription": "x", "Description": "y"}, {}, {"Description": ""}, suffix=".jpg", video=False)
    assert camera.description(merged) == ""


@pytest.mark.parametrize(
    ("suffix", "video", "kept"),
    [(".jpg", False, False), (".gif", False, True), (".webp", False, True), (".mp4", True, True)],
)
def test_durations_of_stills(suffix: str, video: bool, kept: bool) -> None:
    merged = merge({"Duration": "2"}, {}, {"Duration": "9"}, suffix=suffix, video=video)
    assert merged.get("Duration") == ("2" if kept else None)


@pytest.mark.parametrize(
    ("rotation", "expected"), [("0", "1"), ("1", "8"), ("2", "3"), ("3", "6"), (None, None), ("90", None)]
)
def test_heif_is_turned_by_its_container(rotation: str | None, expected: str | None) -> None:
    file = {"Orientation": "5"} | ({"Rotation": rotation} if rotation else {})
    assert merge(file, {}, {"Orientation": "2"}, suffix=".heic", video=False).get("Orientation") == expected
    assert merge(file, {}, {}, suffix=".jpg", video=False)["Orientation"] == "5"
