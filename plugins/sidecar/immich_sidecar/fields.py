"""Which edits go into a sidecar, and how exiftool is told to write them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from html import escape
from re import fullmatch
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DATE = ("dateTimeOriginal", "timeZone")
_PLACE = ("latitude", "longitude")


def assignments(locked: frozenset[str], exif: Mapping[str, Any]) -> tuple[list[str], frozenset[str]]:
    """Exiftool's lines for the locked fields, and the fields that they write.

    `exif` is the row of `asset_exif`. Lines are for `-E`, values escaped as HTML. A place or date
    that was removed cannot be said in XMP: it is not written and its lock stays.
    """
    lines: list[str] = []
    written: set[str] = set()
    if "description" in locked:
        text = escape(exif["description"] or "", quote=False)
        lines += _text("XMP-dc:Description-x-default", text) + _text("XMP-tiff:ImageDescription-x-default", text)
        written.add("description")
    if locked.intersection(_DATE) and exif["date_time_original"] is not None:
        lines.append(f"-XMP-exif:DateTimeOriginal={_date(exif['date_time_original'], exif['time_zone'])}")
        written.update(locked.intersection(_DATE))
    if locked.intersection(_PLACE) and exif["latitude"] is not None and exif["longitude"] is not None:
        lines.append(f"-XMP-exif:GPSLatitude={exif['latitude']!r}")
        lines.append(f"-XMP-exif:GPSLongitude={exif['longitude']!r}")
        written.update(locked.intersection(_PLACE))
    if "rating" in locked:
        lines.append(f"-XMP-xmp:Rating={exif['rating'] or 0}")
        written.add("rating")
    if "tags" in locked:
        tags = [escape(tag, quote=False) for tag in exif["tags"] or []]
        lines += [line for tag in tags for line in _text("XMP-digiKam:TagsList", tag)] or _text(
            "XMP-digiKam:TagsList", ""
        )
        written.add("tags")
    return lines, frozenset(written)


def _text(tag: str, escaped: str) -> list[str]:
    """`^=` writes an empty text where `=` would delete the tag, and the file's own would show again."""
    oneline = escaped.replace("\x00", "").replace("\r", "&#xd;").replace("\n", "&#xa;")
    if oneline.startswith(" "):  # exiftool takes one space after the equals sign away
        oneline = "&#x20;" + oneline[1:]
    return [f"-{tag}={oneline}" if oneline else f"-{tag}^="]


def _date(instant: datetime, zone: str | None) -> str:
    local = instant.astimezone(_zone(zone))
    micro = f".{local.microsecond:06}".rstrip("0") if local.microsecond else ""
    offset = local.strftime("%z")
    return f"{local.year:04}{local:-%m-%dT%H:%M:%S}{micro}{offset[:3]}:{offset[3:5]}"


def _zone(name: str | None) -> tzinfo:
    """The zone behind a stored name ("Europe/Berlin", "UTC+5:30"); UTC where there is none."""
    match = fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?", name or "")
    if match:
        minutes = int(match.group(2)) * 60 + int(match.group(3) or 0)
        return timezone(timedelta(minutes=minutes if match.group(1) == "+" else -minutes))
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
