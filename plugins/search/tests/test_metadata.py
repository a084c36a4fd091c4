"""`POST /search/metadata`: pages, order, and what is answered."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from plugins.search.tests.library import names, search

ID = "5d8fa3a4-1c0f-4d7e-9f49-6f2d3f1f0a11"
ALL = list(range(11, -1, -1))


async def test_a_page_in_immichs_shape(filled: RunningHost) -> None:
    answer = expect(await (await filled.client("ann")).post("/api/search/metadata", json={"size": 5}), 200)
    assert answer["albums"] == {"count": 0, "facets": [], "items": [], "total": 0}
    page = answer["assets"]
    assert {key: value for key, value in page.items() if key not in ("items", "nextCursor")} == {
        "count": 5, "facets": [], "nextPage": "2", "total": 5,
    }  # fmt: skip
    assert [item["originalFileName"] for item in page["items"]] == [f"{number}.jpg" for number in ALL[:5]]


async def test_pages_by_number_go_through_everything_once(filled: RunningHost) -> None:
    client = await filled.client("ann")
    found: list[int] = []
    page, amount = "1", 0
    while page is not None:
        answer = await search(client, page=int(page), size=5, withDeleted=False)
        found += [int(item["originalFileName"][:-4]) for item in answer["items"]]
        assert answer["nextCursor"] is None  # who sends flat fields may send no cursor
        page, amount = answer["nextPage"], amount + 1
    assert (found, amount) == (ALL, 3)
    assert await names(client, page=4, size=5) == []
    assert await names(client, page=2**53 - 1, size=1000) == []


async def test_a_page_that_was_not_reached_from_the_one_before_is_counted_to(filled: RunningHost) -> None:
    assert await names(await filled.client("ann"), page=3, size=4, order="asc") == [8, 9, 10, 11]


ORDERS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, ALL),
    ({"direction": "asc"}, ALL[::-1]),
    ({"field": "localDateTime"}, ALL),
    ({"field": "fileSizeInBytes", "direction": "asc"}, ALL[::-1]),
    ({"field": "rating"}, [11, 5, 10, 4, 9, 3, 8, 2, 7, 1, 6, 0]),
    ({"field": "rating", "direction": "asc"}, [1, 7, 2, 8, 3, 9, 4, 10, 5, 11, 0, 6]),
]


@pytest.mark.parametrize(("order", "numbers"), ORDERS, ids=str)
async def test_cursors_go_through_everything_in_every_order(
    filled: RunningHost, order: dict[str, Any], numbers: list[int]
) -> None:
    client = await filled.client("ann")
    body: dict[str, Any] = {"filter": {"type": {"eq": "IMAGE"}}, "orderBy": order, "size": 5}
    found: list[int] = []
    answer = await search(client, **body)
    while True:
        found += [int(item["originalFileName"][:-4]) for item in answer["items"]]
        assert answer["nextPage"] is None  # who filters may send no number
        if answer["nextCursor"] is None:
            break
        answer = await search(client, **body, cursor=answer["nextCursor"])
    assert found == numbers


async def test_a_cursor_is_of_one_order_and_of_this_server(filled: RunningHost) -> None:
    client = await filled.client("ann")
    cursor = (await search(client, size=2))["nextCursor"]
    assert await names(client, size=2, cursor=cursor) == [9, 8]
    for body, message in (
        ({"cursor": cursor, "orderBy": {"direction": "asc"}}, "sort this one so, too"),
        ({"cursor": cursor[:-6]}, "Invalid cursor"),
        ({"cursor": "bm9wZQ"}, "Invalid cursor"),
        ({"cursor": "é"}, "Invalid cursor"),
    ):
        refused = expect(await client.post("/api/search/metadata", json=body), 400)
        assert message in refused["message"], body


MOMENT = "2024-01-01T10:00:00+00:00"
MADE_UP: list[tuple[str, list[Any]]] = [
    ("fileCreatedAt", [MOMENT, 5]),
    ("fileCreatedAt", [MOMENT, None]),
    ("fileCreatedAt", [5, ID]),
    ("fileCreatedAt", ["0001-01-01T00:00:00+14:00", ID]),
    ("fileCreatedAt", ["9999-12-31T23:59:59-14:00", ID]),
    ("fileCreatedAt", ["2024-01-01", ID]),
    ("fileSizeInBytes", [1 << 63, ID]),
    ("fileSizeInBytes", [1e400, ID]),
    ("fileSizeInBytes", ["5", ID]),
    ("rating", [1 << 31, MOMENT, ID]),
    ("rating", [-(1 << 31) - 1, MOMENT, ID]),
    ("rating", [1, MOMENT]),
]


@pytest.mark.parametrize(("field", "position"), MADE_UP)
async def test_a_made_up_cursor_is_refused(filled: RunningHost, field: str, position: list[Any]) -> None:
    client = await filled.client("ann")
    text = json.dumps([field, "desc", *position]).replace("Infinity", "1e400")
    cursor = urlsafe_b64encode(text.encode()).decode().rstrip("=")
    body = {"cursor": cursor, "orderBy": {"field": field, "direction": "desc"}}
    refused = expect(await client.post("/api/search/metadata", json=body), 400)
    assert "Invalid cursor" in refused["message"]


async def test_two_ways_of_asking_are_not_mixed(filled: RunningHost) -> None:
    client = await filled.client("ann")
    for body in ({"filter": {}, "page": 1}, {"orderBy": {}, "order": "asc"}, {"cursor": "x", "city": "Rome"}):
        refused = expect(await client.post("/api/search/metadata", json=body), 400)
        assert refused["message"] == "Validation failed"
        assert "do not go with" in refused["errors"][0]["message"]


@pytest.mark.parametrize(
    "body",
    [{"size": 0}, {"size": 1001}, {"page": 0}, {"filter": {"nope": {}}}, {"filter": {"city": {}}}, {"id": "x"},
     {"takenAfter": "yesterday"}, {"rating": 6}, {"order": "up"}, {"filter": {"rating": {"in": []}}}, [], None],
)  # fmt: skip
async def test_bad_bodies_are_refused_in_immichs_shape(filled: RunningHost, body: Any) -> None:
    refused = expect(await (await filled.client("ann")).post("/api/search/metadata", json=body), 400)
    assert refused["message"] == "Validation failed"
    assert refused["errors"][0]["message"]


async def test_what_is_answered_beside_an_asset(filled: RunningHost) -> None:
    client = await filled.client("ann")
    (plain,) = (await search(client, originalFileName="7.jpg"))["items"]
    assert not {"exifInfo", "people", "stack", "tags", "owner"} & set(plain)
    (whole,) = (await search(client, originalFileName="7.jpg", withExif=True, withPeople=True, withStacked=True))[
        "items"
    ]
    assert whole["exifInfo"]["make"] == "Canon"
    assert (whole["people"], whole["stack"]) == ([], None)
    alone = expect(await client.get(f"/api/assets/{whole['id']}"), 200)
    assert whole == {name: value for name, value in alone.items() if name in whole}


async def test_flat_fields(filled: RunningHost) -> None:
    client = await filled.client("ann")
    one = (await search(client, originalFileName="7.jpg"))["items"][0]
    for body, numbers in (
        ({"city": "Rome", "make": "Apple"}, [8, 2]),
        ({"city": None}, [11, 7, 3]),
        ({"state": ""}, [11, 9, 7, 5, 3, 1]),
        ({"rating": 5}, [11, 5]),
        ({"rating": None, "lensModel": "RF50"}, [6, 0]),
        ({"takenAfter": "2024-01-11T00:00:00Z", "takenBefore": "2024-01-11T23:59:59Z"}, [10]),
        ({"id": one["id"]}, [7]),
        ({"checksum": one["checksum"], "originalPath": one["originalPath"]}, [7]),
        ({"previewPath": "/nowhere.jpg"}, []),
        ({"type": "VIDEO"}, []),
        ({"isFavorite": False, "isOffline": False, "isMotion": False, "isEncoded": False, "size": 1}, [11]),
    ):
        assert await names(client, **body) == numbers, body


async def test_many_branches_and_values_are_one_statement_and_too_many_are_refused(filled: RunningHost) -> None:
    client = await filled.client("ann")
    branches = [{"city": {"in": [f"{number}.{one}" for one in range(500)]}} for number in range(99)]
    assert await names(client, filter={"or": [*branches, {"city": {"eq": "Paris"}}]}) == [9, 5, 1]
    refused = await client.post("/api/search/metadata", json={"filter": {"or": [{}] * 101}})
    assert "at most 100 branches" in expect(refused, 400)["message"]
