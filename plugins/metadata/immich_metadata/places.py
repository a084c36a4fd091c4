"""Where a photo was taken, and which zone's clock hangs there."""

from functools import lru_cache

from immich_metadata.values import Tags, number


def position(tags: Tags) -> tuple[float, float] | None:
    """(latitude, longitude) in degrees; None when one is missing, out of range, or both are 0."""
    latitude, longitude = number(tags.get("GPSLatitude")), number(tags.get("GPSLongitude"))
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return latitude, longitude


@lru_cache(maxsize=4096)
def zone_at(latitude: float, longitude: float) -> str | None:
    """The IANA zone of a place; on the high seas a nautical one."""
    from tzfpy import get_tz

    return get_tz(longitude, latitude) or None
