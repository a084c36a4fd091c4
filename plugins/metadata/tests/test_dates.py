from datetime import UTC, datetime

import pytest

from immich_metadata import dates, zones

MUNICH = (48.137, 11.575)
OMAHA = (41.2203, -96.071625)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "clock", "offset"),
    [
        ("2024:02:01 04:05:06", (2024, 2, 1, 4, 5, 6), None),
        ("2024:02:01 04:05:06.5", (2024, 2, 1, 4, 5, 6, 500000), None),
        ("2024:02:01 04:05:06.1234567", (2024, 2, 1, 4, 5, 6, 123456), None),
        ("2024:02:01 04:05:06+02:00", (2024, 2, 1, 4, 5, 6), 120),
        ("2024:02:01 04:05:06.12-0930", (2024, 2, 1, 4, 5, 6, 120000), -570),
        ("2024:02:01 04:05:06Z", (2024, 2, 1, 4, 5, 6), 0),
        ("2024-02-01T04:05:06+05:45", (2024, 2, 1, 4, 5, 6), 345),
        ("2024:02:01 04:05", (2024, 2, 1, 4, 5), None),
        ("2024:02:01 04:05:06+02:00 DST", (2024, 2, 1, 4, 5, 6), 120),
        ("2016:12:31 23:59:60", (2017, 1, 1, 0, 0, 0), None),
        ("2024:02:29 00:00:00", (2024, 2, 29), None),
    ],
)
def test_stamps_are_parsed(value: str, clock: tuple[int, ...], offset: int | None) -> None:
    stamp = dates.parse_stamp(value)
    assert stamp is not None
    assert stamp.clock == datetime(*clock)  # type: ignore[arg-type] # noqa: DTZ001
    assert stamp.offset == offset
    assert stamp.timed


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "0000:00:00 00:00:00", "    :  :     :  :  ", "2023:02:29 10:00:00", "2024:13:01 10:00:00"),
        *("2024:02:01 25:00:00", "2024", "2024:02", "yesterday", "2024:02:01 04:05:06+99:00", None, True, []),
        *("0001:01:01 00:00:00+05:00", "9999:12:31 23:59:59-05:00"),
    ],
)
def test_nonsense_is_no_date(value: object) -> None:
    stamp = dates.parse_stamp(value)
    # an offset that exists nowhere loses only the offset
    assert stamp is None or (value == "2024:02:01 04:05:06+99:00" and stamp.offset is None)


def test_a_date_alone_counts_only_without_better() -> None:
    assert dates.first_stamp({"DateTimeOriginal": "2001:01:01"}) is not None
    found = dates.first_stamp({"DateTimeOriginal": "2001:01:01", "CreateDate": "2002:01:01 10:00:00"})
    assert found is not None
    assert found[0] == "CreateDate"


@pytest.mark.parametrize("index", range(len(dates.DATE_TAGS) - 1))
def test_earlier_tags_win(index: int) -> None:
    tags = {name: f"20{n:02}:01:01 10:00:00" for n, name in enumerate(dates.DATE_TAGS) if n >= index}
    found = dates.first_stamp(tags)
    assert found is not None
    assert found[0] == dates.DATE_TAGS[index]


@pytest.mark.parametrize(
    ("tags", "place", "video", "instant", "local", "zone"),
    [
        # nothing tells the zone: read as UTC
        ({"DateTimeOriginal": "2012:08:05 11:39:59"}, None, False, (11, 39), (11, 39), None),
        ({"DateTimeOriginal": "2012:08:05 11:39:59Z"}, None, False, (11, 39), (11, 39), "UTC+0"),
        ({"DateTimeOriginal": "2012:08:05 11:39:59+00:00"}, None, False, (11, 39), (11, 39), "UTC+0"),
        # the value's own offset
        ({"CreateDate": "2012:08:05 11:39:59+02:00"}, None, False, (9, 39), (11, 39), "UTC+2"),
        ({"CreateDate": "2012:08:05 11:39:59-03:30"}, None, False, (15, 9), (11, 39), "UTC-3:30"),
        # the camera's offset tag
        (
            {"DateTimeOriginal": "2012:08:05 11:39:59", "OffsetTimeOriginal": "+09:00"},
            None, False, (2, 39), (11, 39), "UTC+9",
        ),
        (
            {"DateTimeOriginal": "2012:08:05 11:39:59", "TimeZoneOffset": ["-4", "-4"]},
            None, False, (15, 39), (11, 39), "UTC-4",
        ),
        ({"DateTimeOriginal": "2012:08:05 11:39:59", "TimeZoneOffset": "2"}, None, False, (9, 39), (11, 39), "UTC+2"),
        # the place, in summer and against a stated offset in the value
        ({"DateTimeOriginal": "2012:08:05 11:39:59"}, MUNICH, False, (9, 39), (11, 39), "Europe/Berlin"),
        ({"DateTimeOriginal": "2012:08:05 11:39:59+03:00"}, MUNICH, False, (8, 39), (10, 39), "Europe/Berlin"),
        # the camera's offset tag beats the place
        (
            {"DateTimeOriginal": "2012:08:05 11:39:59", "OffsetTime": "+03:00"},
            MUNICH, False, (8, 39), (11, 39), "UTC+3",
        ),
        # another date tag's offset
        (
            {"DateTimeOriginal": "2012:08:05 11:39:59", "DateTimeCreated": "2012:08:05 11:39:59-04:00"},
            None, False, (15, 39), (11, 39), "UTC-4",
        ),
        # the GPS clock, some minutes off
        (
            {"DateTimeOriginal": "2012:08:05 11:39:59", "GPSDateTime": "2012:08:05 09:37:00Z"},
            None, False, (9, 39), (11, 39), "UTC+2",
        ),
        (
            {"DateTimeOriginal": "2012:08:05 11:39:59", "GPSDateTime": "2012:08:03 01:11:00Z"},
            None, False, (11, 39), (11, 39), None,
        ),
        ({"GPSDateTime": "2012:08:05 09:37:00"}, MUNICH, False, (9, 37), (11, 37), "Europe/Berlin"),
        # a video's clock runs in UTC
        ({"CreateDate": "2012:08:05 11:39:59"}, None, True, (11, 39), (11, 39), "UTC"),
        ({"CreateDate": "2012:08:05 11:39:59"}, MUNICH, True, (11, 39), (13, 39), "Europe/Berlin"),
        (
            {"CreateDate": "2012:08:05 09:39:59", "CreationDate": "2012:08:05 11:39:59+02:00"},
            None, True, (9, 39), (11, 39), "UTC+2",
        ),
    ],
)  # fmt: skip
def test_taken(
    tags: dict[str, object],
    place: tuple[float, float] | None,
    video: bool,
    instant: tuple[int, int],
    local: tuple[int, int],
    zone: str | None,
) -> None:
    found = dates.taken(tags, place, video=video)
    assert found is not None
    assert (found.instant.hour, found.instant.minute) == instant
    assert (found.local.hour, found.local.minute) == local
    assert found.zone == zone
    assert found.instant.tzinfo is UTC
    assert found.local.tzinfo is UTC


def test_winter_near_munich_is_zoned_by_place() -> None:
    found = dates.taken({"DateTimeOriginal": "2024:02:01 04:05:00+02:00"}, MUNICH, video=False)
    assert found == dates.Taken(at(2024, 2, 1, 2, 5), at(2024, 2, 1, 3, 5), "Europe/Berlin")


def test_daylight_saving_in_omaha() -> None:
    found = dates.taken({"SubSecDateTimeOriginal": "2019:03:21 11:04:22.348"}, OMAHA, video=False)
    assert found == dates.Taken(
        at(2019, 3, 21, 16, 4, 22, 348000), at(2019, 3, 21, 11, 4, 22, 348000), "America/Chicago"
    )


@pytest.mark.parametrize(
    ("clock", "instant"),
    [
        ("2024:03:31 01:59:59", (0, 59, 59)),  # last second of winter
        ("2024:03:31 02:30:00", (1, 30, 0)),  # the hour that is skipped: as if winter went on
        ("2024:03:31 03:00:00", (1, 0, 0)),  # first second of summer
        ("2024:10:27 02:30:00", (0, 30, 0)),  # the hour that comes twice: the first one
        ("2024:10:27 03:00:00", (2, 0, 0)),
    ],
)
def test_clock_changes(clock: str, instant: tuple[int, int, int]) -> None:
    found = dates.taken({"DateTimeOriginal": clock}, MUNICH, video=False)
    assert found is not None
    assert (found.instant.hour, found.instant.minute, found.instant.second) == instant


def test_dates_at_the_end_of_time_do_not_overflow() -> None:
    early = dates.taken({"DateTimeOriginal": "0001:01:01 00:00:00", "OffsetTimeOriginal": "+09:00"}, None, video=False)
    late = dates.taken({"DateTimeOriginal": "9999:12:31 23:59:59", "OffsetTimeOriginal": "-09:00"}, None, video=False)
    assert early is not None
    assert early.instant.year == 1
    assert late is not None
    assert late.instant.year == 9999


@pytest.mark.parametrize(
    ("name", "minutes"),
    [
        *(("+02:00", 120), ("-0800", -480), ("+5", 300), ("UTC+5:30", 330), ("UTC-3:30", -210), ("Z", 0)),
        *(("UTC", 0), ("+14:00", 840), ("+15:00", None), ("+02:75", None), ("Europe/Berlin", None), ("", None)),
    ],
)
def test_offsets(name: str, minutes: int | None) -> None:
    assert zones.offset_minutes(name) == minutes


@pytest.mark.parametrize("minutes", [0, 60, -60, 330, -210, 345, 840, -720])
def test_zone_names_are_read_back(minutes: int) -> None:
    zone = zones.zone_of(zones.zone_name(minutes))
    assert zone is not None
    offset = at(2024, 1, 1).astimezone(zone).utcoffset()
    assert offset is not None
    assert offset.total_seconds() / 60 == minutes


@pytest.mark.parametrize("name", ["", "Nowhere/Land", "../../etc/passwd", "/etc/localtime", "\x00"])
def test_unknown_zones(name: str) -> None:
    assert zones.zone_of(name) is None
