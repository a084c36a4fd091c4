"""Finding places by name, for people who set where a photo was taken."""

import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache

from immich_map.geocoding import loaded_places
from immich_map.places import Places

MOST = 20
"""No more places are found."""

_INSIDE = 3
"""Shorter texts are looked for at the beginning of names only."""


def search_places(text: str) -> list[int]:
    """Rows of places whose name has `text` in it, whatever the case and accents; the first call takes a second.

    Whole names come before beginnings, these before beginnings of words and anything else; among equals the larger
    place comes first. What follows a comma has to be part of the state's or country's name: "Paris, Texas".
    """
    name, *where = (folded(part.strip()) for part in text.replace("\n", " ").split(","))
    if not name:
        return []
    places = loaded_places()
    found: dict[int, int] = {}
    for row, rank in _names(places).matches(name):
        found[row] = min(rank, found.get(row, rank))
    rows = sorted(found, key=lambda row: (found[row], -places.population[row]))
    chosen = (row for row in rows if all(_lies_in(places, row, part) for part in where))
    return [row for row, _ in zip(chosen, range(MOST), strict=False)]


def folded(text: str) -> str:
    """Without case and accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _lies_in(places: Places, row: int, part: str) -> bool:
    return part in folded(f"{places.state_name(row) or ''}\n{places.country_name(row)}")


class _Names:
    """All names, folded, in one text: each after a line break."""

    def __init__(self, places: Places) -> None:
        lines = [f"\n{folded(places.name(row))}" for row in range(len(places.latitude))]
        self._text = "".join(lines) + "\n"
        self._start = array("I")
        length = 0
        for line in lines:
            self._start.append(length)
            length += len(line)

    def matches(self, name: str) -> Iterator[tuple[int, int]]:
        """Rows with how well they match, 0 being best; a row may come more than once."""
        wanted = name if len(name) >= _INSIDE else f"\n{name}"
        at = self._text.find(wanted)
        while at >= 0:
            first = at + len(wanted) - len(name)
            before, after = self._text[first - 1], self._text[first + len(name)]
            rank = (0 if after == "\n" else 1) if before == "\n" else 2 if not before.isalnum() else 3
            yield bisect_right(self._start, first) - 1, rank
            at = self._text.find(wanted, at + 1)


@cache
def _names(places: Places) -> _Names:
    return _Names(places)
