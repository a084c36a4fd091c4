"""Which country a point lies in: by the borders of the world's time zones, which follow those of countries."""

from functools import cache
from importlib.resources import files

_SHARED = {"Asia/Bangkok": ("VN",), "Europe/Belgrade": ("XK",)}
"""Zones whose area takes in a second country: in the north of Vietnam clocks once went with Bangkok's."""


def countries_at(latitude: float, longitude: float) -> tuple[str, ...]:
    """Two-letter codes of the country that a point or its coastal waters belong to; several where zones are shared.

    Empty on the high seas.
    """
    from tzfpy import get_tz

    return _countries_of().get(get_tz(longitude, latitude), ())


@cache
def _countries_of() -> dict[str, tuple[str, ...]]:
    """Zone -> its countries, the first being the one that the zone is named for."""
    text = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8")
    lines = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {zone: (code, *_SHARED.get(zone, ())) for code, _, zone, *_ in lines}
