"""Random, large and counted; what there is to explore and to suggest."""

from typing import Any

import pytest

from immich_host.testing import RunningHost
from immich_search import store
from plugins.search.tests.library import ask, number_of, post


async def test_random(filled: RunningHost) -> None:
    picked = [sorted(number_of(item) for item in await post(filled, "random", {"size": 3})) for _ in range(60)]
    assert all(len(set(numbers)) == 3 for numbers in picked)
    assert {number for numbers in picked for number in numbers} == set(range(12))
    assert len(await post(filled, "random", {})) == 12
    romans = await post(filled, "random", {"filter": {"city": {"eq": "Rome"}}, "withExif": True})
    assert sorted(map(number_of, romans)) == [0, 2, 4, 6, 8, 10]
    assert {item["exifInfo"]["city"] for item in romans} == {"Rome"}


async def test_a_random_choice_favours_nobody(filled: RunningHost) -> None:
    counts = [0] * 12
    for _ in range(600):
        (item,) = await post(filled, "random", {"size": 1})
        counts[number_of(item)] += 1
    # 50 each; a fair choice is outside of this once in a million
    assert min(counts) > 15, counts
    assert max(counts) < 95, counts


async def test_statistics(filled: RunningHost) -> None:
    assert await post(filled, "statistics", {}) == {"total": 12}
    assert await post(filled, "statistics", {"city": "Paris"}) == {"total": 3}
    assert await post(filled, "statistics", {"filter": {"rating": {"gte": 4}}}) == {"total": 4}
    assert await post(filled, "statistics", {}, user="ben") == {"total": 1}


async def test_large_assets(filled: RunningHost) -> None:
    assert [number_of(item) for item in await post(filled, "large-assets", size=3)] == [11, 10, 9]
    large = await post(filled, "large-assets", minFileSize=9000)
    assert [item["exifInfo"]["fileSizeInByte"] for item in large] == [11000, 10000, 9000]
    assert [number_of(item) for item in await post(filled, "large-assets", make="Apple", city="", size=10)] == [11]
    assert [number_of(item) for item in await post(filled, "large-assets", rating=1, withExif="false")] == [7, 1]
    refused = await (await filled.client("ann")).post("/api/search/large-assets", params={"size": 0})
    assert refused.status_code == 400


SUGGESTIONS: list[tuple[dict[str, Any], list[str | None]]] = [
    ({"type": "country"}, ["France", "Italy"]),
    ({"type": "state"}, ["Lazio"]),
    ({"type": "state", "includeNull": "true"}, [None, "Lazio"]),
    ({"type": "state", "includeNull": "true", "country": "France"}, [None]),
    ({"type": "city", "country": "Italy"}, ["Rome"]),
    ({"type": "city", "country": "Italy", "state": "Lazio", "includeNull": "true"}, ["Rome"]),
    ({"type": "city", "country": "", "includeNull": "false"}, ["Paris", "Rome"]),
    ({"type": "camera-make"}, ["Apple", "Canon"]),
    ({"type": "camera-model", "make": "Canon"}, ["EOS 80D", "EOS R5"]),
    ({"type": "camera-make", "lensModel": "back"}, ["Apple"]),
    ({"type": "camera-lens-model", "make": "Canon", "includeNull": "true"}, [None, "RF50"]),
    ({"type": "camera-lens-model", "model": "EOS 80D"}, []),
]


@pytest.mark.parametrize("many", [1, 20_000], ids=["by index", "all"])
async def test_suggestions_and_cities(filled: RunningHost, many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MANY", many)
    for query, values in SUGGESTIONS:
        assert await ask(filled, "suggestions", **query) == values, query
    assert await ask(filled, "suggestions", "ben", type="city") == ["Rome"]
    assert [item["exifInfo"]["city"] for item in await ask(filled, "cities")] == ["Paris", "Rome"]


async def test_explore(filled: RunningHost) -> None:
    by_city, by_time = await ask(filled, "explore")
    assert by_city["fieldName"] == "exifInfo.city"
    assert [(item["value"], number_of(item["data"])) for item in by_city["items"]] == [("Rome", 10), ("Paris", 9)]
    assert by_time["fieldName"] == "createdAt"
    assert sorted(number_of(item["data"]) for item in by_time["items"]) == list(range(12))
    assert all(item["value"] == item["data"]["createdAt"] for item in by_time["items"])
