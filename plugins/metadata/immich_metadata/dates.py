"""When a photo was taken: the instant, the wall clock and the zone, out of its tags."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from immich_metadata.places import zone_at
from immich_metadata.values import Tags, text
from immich_metadata.zones import offset_minutes, zone_from_difference, zone_from_tags, zone_name, zone_of

DATE_TAGS = (
    "SubSecDateTimeOriginal",
    "SubSecCreateDate",
    "DateTimeOriginal",
    "CreationDate",
    "CreateDate",
    "MediaCreateDate",
    "DateTimeCreated",
    "GPSDateTime",
    "DateTimeUTC",
    "SonyDateTime2",
    "SourceImageCreateTime",
)
UTC_TAGS = frozenset({"GPSDateTime", "DateTimeUTC"})
_DATE = re.compile(
    r"(\d{4})[:\-/.](\d{1,2})[:\-/.](\d{1,2})"
    r"(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(Z|UTC|[+-]\d{1,2}(?::?\d{2})?)?(?:\s+DST)?)?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """One parsed date tag: its wall clock (naive), its own offset in minutes, and whether it has a time of day."""

    clock: datetime
    offset: int | None
    timed: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """When an asset was taken.

    `instant` is aware (UTC); `local` is the wall clock stored as if it were UTC (aware, UTC);
    `zone` is an IANA name or "UTC+2", None when nothing tells it.
    """

    instant: datetime
    local: datetime
    zone: str | None


def parse_stamp(value: object) -> Stamp | None:
    """A date as exiftool prints it; None for zeros, blanks, impossible days and everything else."""
    found = text(value[0] if isinstance(value, list) and value else value)
    match = _DATE.match(found) if found else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    leap = second is not None and int(second) == 60
    try:
        clock = datetime(  # noqa: DTZ001 - a wall clock has no zone yet
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), 59 if leap else int(second or 0), micro
        )
        if leap:
            clock += timedelta(seconds=1)
        offset = None if zone is None else offset_minutes(zone)
        _instant(clock, timezone(timedelta(minutes=offset or 0)))
    except (ValueError, OverflowError):
        return None
    return Stamp(clock, offset, hour is not None)


def first_stamp(tags: Tags) -> tuple[str, Stamp] | None:
    """The date tag that counts, by priority; a date without a time of day only when no tag has one."""
    stamps = [(name, stamp) for name in DATE_TAGS if (stamp := parse_stamp(tags.get(name))) is not None]
    timed = [found for found in stamps if found[1].timed]
    return next(iter(timed or stamps), None)


def has_date(tags: Tags) -> bool:
    """Whether any date tag is there, readable or not."""
    return any(text(tags.get(name)) for name in DATE_TAGS)


def find_zone(tags: Tags, position: tuple[float, float] | None, *, video: bool) -> str | None:
    """The zone of a picture: a tag's, the place's, a date tag's own offset, UTC for videos, or by the GPS clock."""
    if (zone := zone_from_tags(tags)) is not None:
        return zone
    if position is not None and (zone := zone_at(*position)) is not None:
        return zone
    stamps = {name: stamp for name in DATE_TAGS if (stamp := parse_stamp(tags.get(name))) is not None}
    for name, stamp in stamps.items():
        if stamp.offset and name not in UTC_TAGS:
            return zone_name(stamp.offset)
    if video:
        return "UTC"
    local = next((s for n, s in stamps.items() if n not in UTC_TAGS and s.offset is None and s.timed), None)
    utc = next((s for n, s in stamps.items() if n in UTC_TAGS and s.timed), None)
    return None if local is None or utc is None else zone_from_difference(local.clock, utc.clock)


def taken(tags: Tags, position: tuple[float, float] | None, *, video: bool) -> Taken | None:
    """When the picture was taken, or None when no tag says so.

    `position` is (latitude, longitude) and gives the zone when no tag does; a video's clock runs in UTC.
    """
    found = first_stamp(tags)
    if found is None:
        return None
    name, stamp = found
    zone = find_zone(tags, position, video=video)
    if zone is None and stamp.offset == 0:
        zone = "UTC+0"
    tz = None if zone is None else zone_of(zone)
    try:
        if stamp.offset is not None:
            instant = _instant(stamp.clock, timezone(timedelta(minutes=stamp.offset)))
        elif name in UTC_TAGS or video or tz is None:
            instant = stamp.clock.replace(tzinfo=UTC)
        else:
            instant = _instant(stamp.clock, tz)
        local = instant if tz is None else instant.astimezone(tz).replace(tzinfo=UTC)
    except OverflowError:
        return Taken(stamp.clock.replace(tzinfo=UTC), stamp.clock.replace(tzinfo=UTC), zone)
    return Taken(instant, local, zone)


def taken_at(instant: datetime, zone: str | None) -> Taken:
    """The wall clock of a known instant (aware), in a zone by name, or in UTC."""
    tz = None if zone is None else zone_of(zone)
    return Taken(instant, instant if tz is None else instant.astimezone(tz).replace(tzinfo=UTC), zone)


def _instant(clock: datetime, tz: object) -> datetime:
    """A wall clock in a zone, as an instant in UTC."""
    return clock.replace(tzinfo=tz).astimezone(UTC)  # type: ignore[arg-type]
