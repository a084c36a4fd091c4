"""Names of points, by what is known of them."""

import random

import pytest

from immich_map import geocoding
from immich_map.geocoding import NOWHERE, Place, find_place, kilometres
from immich_map.places import Places, folder_of_places
from immich_map.zones import countries_at


@pytest.fixture(scope="module")
def places() -> Places:
    return Places(folder_of_places())


@pytest.mark.parametrize(
    ("what", "point", "expected"),
    [
        ("a city", (48.137, 11.575), ("Munich", "Bayern", "Germany")),
        ("the south", (-33.8568, 151.2153), ("Sydney", "New South Wales", "Australia")),
        ("the west", (41.2203, -96.071625), ("Ralston", "Nebraska", "United States")),
        ("a part of a city", (41.8902, 12.4922), ("Rome", "Lazio", "Italy")),
        ("a quarter", (52.5163, 13.3777), ("Berlin", "Berlin", "Germany")),
        ("an old town", (47.6595, 9.1751), ("Konstanz", "Baden-Württemberg", "Germany")),
        ("a town beside a city", (50.1, 8.766), ("Offenbach", "Hessen", "Germany")),
        ("a town in another district", (48.885, 2.268), ("Neuilly-sur-Seine", "Île-de-France", "France")),
        ("a state in a city", (41.9022, 12.4533), ("Vatican City", None, "Holy See (Vatican City State)")),
        ("one side of a border", (47.6575, 9.172), ("Konstanz", "Baden-Württemberg", "Germany")),
        ("its other side", (47.648, 9.178), ("Kreuzlingen", "Thurgau", "Switzerland")),
        ("a country without a zone of its own", (42.66, 21.16), ("Pristina", "Pristina", "Kosovo")),
        ("the country that it shares one with", (44.8, 20.46), ("Belgrade", "Beograd", "Serbia")),
        ("half a country in its neighbour's zone", (21.03, 105.85), ("Hanoi", "Hà Nội", "Vietnam")),
        ("a desert", (23.5, 10.0), (None, None, "Algeria")),
        ("a country at the pole", (-90, 0), (None, None, "Antarctica")),
        ("the high seas", (30.0, -40.0), (None, None, None)),
        ("the other pole", (90, 180), (None, None, None)),
        (
            "a name that is turned round",
            (0.05, 18.26),
            ("Mbandaka", "Équateur", "The Democratic Republic of the Congo"),
        ),
    ],
)
def test_names(what: str, point: tuple[float, float], expected: tuple[str | None, ...]) -> None:
    assert find_place(*point) == Place(*expected), what


def test_both_sides_of_the_date_line() -> None:
    east, west = find_place(-16.78, 179.98), find_place(-16.78, -179.98)
    assert east.country == west.country == "Fiji"
    assert east.city == west.city


def test_wilderness_of_two_countries_is_the_nearer_one_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a zone is shared and nobody lives, the nearest place of the two decides."""
    monkeypatch.setattr(geocoding, "NEAR_KM", 0.001)
    find_place.cache_clear()
    assert find_place(42.6, 21.0) == Place(None, None, "Kosovo")
    assert find_place(44.0, 20.7) == Place(None, None, "Serbia")
    find_place.cache_clear()


def test_the_nearest_place_is_found(places: Places) -> None:
    """Against all places, at every latitude and around the date line."""
    chance = random.Random(5)
    points = [(chance.uniform(-88, 88), chance.uniform(-180, 180)) for _ in range(6)]
    points += [(chance.uniform(-20, 70), side * chance.uniform(179.5, 180)) for side in (1, -1) for _ in range(3)]
    rows = (chance.randrange(len(places.latitude)) for _ in range(14))
    points += [(places.latitude[row] + 0.07, places.longitude[row] - 0.07) for row in rows]
    for point in points:
        away = [
            kilometres(*point, latitude, longitude)
            for latitude, longitude in zip(places.latitude, places.longitude, strict=True)
        ]
        nearest = min(range(len(away)), key=away.__getitem__)
        found = geocoding._nearest(places, *point, geocoding.NEAR_KM, lambda _: True)
        if away[nearest] > geocoding.NEAR_KM:
            assert found is None
        else:
            assert found is not None
            assert away[found] == pytest.approx(away[nearest])


def test_borders_and_places_agree(places: Places) -> None:
    """Of 236,000 places fewer than 100 lie outside of what the zones say is their country."""
    outside = 0
    for row in range(len(places.latitude)):
        codes = countries_at(places.latitude[row], places.longitude[row])
        outside += bool(codes) and places.country_code(row) not in codes
    assert outside < 100


def test_every_zone_s_country_has_a_name(places: Places) -> None:
    from immich_map.zones import _countries_of

    codes = {code for found in _countries_of().values() for code in found}
    assert len(codes) > 240
    assert [code for code in sorted(codes) if not places.country_name_of(code)] == []


def test_nowhere_is_no_place() -> None:
    assert find_place(0, -30) == NOWHERE
