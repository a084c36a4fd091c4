"""Dates that clients give: an instant with an offset, and the wall clock that goes with it."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from immich_host.plugin_api.errors import Refused


def parse(text: str) -> datetime:
    """An ISO 8601 date with offset or Z.

    Raises:
        Refused: 400 when it is not one, or has no offset.
    """
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is None:
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
    if text.upper().startswith("UTC") and text[3:4] in {"+", "-"}:
        hours, _, minutes = text[4:].partition(":")
        if hours.isdecimal() and (minutes or "0").isdecimal() and int(hours) < 24:
            offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
            return timezone(-offset if text[3] == "-" else offset)
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid("timeZone", "Invalid input: expected IANA time zone or UTC offset") from None


def wall_clock(instant: datetime, where: tzinfo) -> datetime:
    """The clock on the wall at that place, kept as if it were UTC."""
    return instant.astimezone(where).replace(tzinfo=UTC)
