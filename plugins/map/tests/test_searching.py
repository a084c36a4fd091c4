"""Places by name: what comes before what."""

import pytest

from immich_map.geocoding import loaded_places
from immich_map.searching import MOST, folded, search_places


def names(text: str) -> list[str]:
    return [loaded_places().name(row) for row in search_places(text)]


def test_whole_names_come_first_then_beginnings_then_words() -> None:
    places = loaded_places()
    rows = search_places("springfield")
    found = [folded(places.name(row)) for row in rows]
    whole = [name == "springfield" for name in found]
    assert whole[0] and whole == sorted(whole, reverse=True)  # noqa: PT018 - one order
    people = [places.population[row] for row, is_whole in zip(rows, whole, strict=True) if is_whole]
    assert people == sorted(people, reverse=True)


def test_words_inside_a_name_are_found() -> None:
    assert folded(names("angeles")[0]) == "angeles"
    assert "Los Angeles" in names("angeles")


def test_short_texts_are_looked_for_at_the_beginning() -> None:
    assert all(folded(name).startswith("be") for name in names("be"))
    assert len(names("be")) == MOST


@pytest.mark.parametrize(
    ("text", "name"), [("Köln", "Köln"), ("san jose, costa rica", "San José"), ("Ho Chi Minh", "Ho Chi Minh City")]
)
def test_case_and_accents_do_not_matter(text: str, name: str) -> None:
    assert names(text)[0] == name


@pytest.mark.parametrize("text", ["", " ", ",", ", Germany", "\n", "qqqqq", "Berlin, Narnia", "x" * 10_000])
def test_nothing_is_found(text: str) -> None:
    assert search_places(text) == []
