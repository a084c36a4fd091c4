"""From merged tags to the columns of `asset` and `asset_exif`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from immich_metadata import camera, dates, faces, live, places
from immich_metadata.values import INT32_MAX, Tags, number, text


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of a file without reading it; all times aware, `born` None where unknown."""

    size: int
    modified: datetime
    born: datetime | None
    uploaded: datetime


@dataclass(frozen=True, slots=True)
class Described:
    """Columns to write, `asset` and `exif` by snake_case name; and the named faces, as `hookspecs` tells them."""

    asset: dict[str, Any]
    exif: dict[str, Any]
    faces: list[dict[str, Any]]


def describe(tags: Tags, file: FileFacts, locked: Mapping[str, Any], *, video: bool) -> Described:
    """Columns of an asset from its tags.

    `locked` holds the columns of `asset_exif` that a user has edited and their values: they are not
    written again, and date, zone and place that follow from them count as if they stood in the file.
    """
    place = _place(tags, locked)
    taken = _taken(tags, place, locked, video=video)
    when = taken or _earliest(file)
    exif = {
        **camera.exposure(tags),
        "file_size_in_byte": file.size,
        "latitude": place[0] if place else None,
        "longitude": place[1] if place else None,
        "date_time_original": when.instant,
        "modify_date": file.modified,
        "time_zone": when.zone or (dates.find_zone(tags, place, video=False) if taken is None else None),
        "live_photo_cid": live.content_identifier(tags),
    }
    width, height = stored = camera.dimensions(tags)
    orientation = camera.orientation(tags)
    if camera.is_sideways(orientation):
        width, height = height, width
    asset = {
        "file_created_at": when.instant,
        "file_modified_at": file.modified,
        "local_date_time": when.local,
        "duration": duration_ms(tags),
        "width": width,
        "height": height,
    }
    exif = {column: value for column, value in exif.items() if column not in locked}
    return Described(asset, exif, faces.named_faces(tags, orientation, stored))


def duration_ms(tags: Tags) -> int | None:
    """Duration in milliseconds; None when there is none or it is 0. Reads "12.5" and "0:01:23"."""
    found = text(tags.get("Duration")) or ""
    seconds = 0.0
    for part in found.split()[0].split(":") if found else []:
        seconds = seconds * 60 + (number(part) or 0.0)
    milliseconds = round(seconds * 1000)
    return milliseconds if 0 < milliseconds <= INT32_MAX else None


def _place(tags: Tags, locked: Mapping[str, Any]) -> tuple[float, float] | None:
    if "latitude" not in locked and "longitude" not in locked:
        return places.position(tags)
    return places.position(
        {
            "GPSLatitude": _text_of(locked.get("latitude", tags.get("GPSLatitude"))),
            "GPSLongitude": _text_of(locked.get("longitude", tags.get("GPSLongitude"))),
        }
    )


def _text_of(value: object) -> str | None:
    return None if value is None else str(value)


def _taken(
    tags: Tags, place: tuple[float, float] | None, locked: Mapping[str, Any], *, video: bool
) -> dates.Taken | None:
    found = dates.taken(tags, place, video=video)
    instant = locked.get("date_time_original")
    if instant is not None:
        zone = locked.get("time_zone") or dates.find_zone(tags, place, video=video)
        return dates.taken_at(instant, zone)
    if found is not None and locked.get("time_zone"):
        return dates.taken_at(found.instant, locked["time_zone"])
    return found


def _earliest(file: FileFacts) -> dates.Taken:
    instant = min(time for time in (file.uploaded, file.modified, file.born) if time is not None)
    return dates.Taken(instant, instant, None)
