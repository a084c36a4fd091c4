"""Time zones as cameras, phones and Immich's clients write them."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from immich_metadata.values import Tags, number, text

ZONE_TAGS = ("TimeZone", "OffsetTimeOriginal", "OffsetTimeDigitized", "OffsetTime", "TimeZoneOffset")
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?(?::\d{2})?$")
_MAX_MINUTES = 14 * 60


def offset_minutes(value: str) -> int | None:
    """Minutes east of UTC of "+02:00", "-0800", "UTC+5:30" or "Z"; None when it is no offset that exists."""
    value = value.strip().upper()
    if value in {"Z", "UTC", "GMT"}:
        return 0
    match = _OFFSET.match(value)
    if match is None:
        return None
    minutes = int(match.group(2)) * 60 + int(match.group(3) or 0)
    if minutes > _MAX_MINUTES or int(match.group(3) or 0) > 59:
        return None
    return minutes if match.group(1) == "+" else -minutes


def zone_name(minutes: int) -> str:
    """The name that Immich stores for an offset: "UTC", "UTC+2", "UTC-3:30"."""
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "")


def zone_of(name: str) -> tzinfo | None:
    """The time zone behind a stored name, an offset or an IANA name; None when there is no such zone."""
    minutes = offset_minutes(name)
    if minutes is not None:
        return UTC if minutes == 0 else timezone(timedelta(minutes=minutes))
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def zone_from_tags(tags: Tags) -> str | None:
    """The zone that the camera states in a tag of its own; `TimeZoneOffset` counts in hours."""
    for name in ZONE_TAGS:
        value = tags.get(name)
        if name == "TimeZoneOffset":
            hours = number(str(value[0]).split()[0] if isinstance(value, list) and value else value)
            if hours is not None and abs(hours) <= 14 and ":" not in str(value):
                return zone_name(round(hours * 60))
        found = text(value)
        minutes = None if found is None else offset_minutes(found)
        if minutes is not None:
            return zone_name(minutes)
    return None


def zone_from_difference(local: datetime, utc: datetime) -> str | None:
    """The zone in which a wall clock (naive) stood when it was `utc` (naive): a quarter-hour offset, or None.

    Cameras take the GPS time up to some minutes before the picture, so half a quarter of slack is allowed.
    """
    minutes = (local - utc).total_seconds() / 60
    rounded = round(minutes / 15) * 15
    if abs(rounded) > _MAX_MINUTES or abs(minutes - rounded) > 5 or (rounded % 30 and rounded % 60 != 45):
        return None
    return zone_name(rounded)
