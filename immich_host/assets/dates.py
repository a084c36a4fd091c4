"""Dates that clients give: an instant with an offset, and the wall clock that goes with it."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.types import storable

_OFFSET: Final = re.compile(r"UTC([+-])([01]?[0-9]|2[0-3])(?::([0-5]?[0-9]))?", re.IGNORECASE)


def shifted(moment: datetime, minutes: int) -> datetime:
    """The moment so many minutes later.

    Raises:
        Refused: 400 where it leaves the calendar.
    """
    try:
        later = moment + timedelta(minutes=minutes)
    except OverflowError:
        later = None
    if later is None or later != storable(later):
        raise invalid("dateTimeRelative", "Invalid input: the date leaves the calendar")
    return later


def parse(text: str) -> datetime:
    """An ISO 8601 date with offset or Z.

    Raises:
        Refused: 400 when it is not one, or has no offset.
    """
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is None or value != storable(value):
        raise invalid("dateTimeOriginal", "Invalid input: expected ISO 8601 date with offset or Z")
    return value


def invalid(field: str, message: str) -> Refused:
    """A validation refusal for one field of a body."""
    return Refused(400, "Validation failed", [{"code": "invalid_format", "path": [field], "message": message}])


def zone_name(value: datetime) -> str:
    """`UTC+2`, `UTC-3:30`, `UTC+0`: how an offset is stored as a time zone."""
    minutes = round((value.utcoffset() or timedelta()).total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")


def zone(name: str) -> tzinfo:
    """The zone of an IANA name or of `UTC+2`.

    Raises:
        Refused: 400 when it is neither.
    """
    text = name.strip()
    if (found := _OFFSET.fullmatch(text)) is not None:
        offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        return timezone(-offset if found[1] == "-" else offset)
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid("timeZone", "Invalid input: expected IANA time zone or UTC offset") from None


def wall_clock(instant: datetime, where: tzinfo) -> datetime:
    """The clock on the wall at that place, kept as if it were UTC."""
    return instant.astimezone(where).replace(tzinfo=UTC)
