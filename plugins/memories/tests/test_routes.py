"""What clients do with memories."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from immich_host.testing.host import expect
from immich_host.testing.waiting import PATIENCE
from immich_memories.days import pairs
from immich_memories.making_store import make
from plugins.memories.tests.conftest import today

type MakeUser = Callable[[str], Awaitable[Any]]


def ids(memories: list[dict[str, Any]]) -> list[str]:
    return [memory["id"] for memory in memories]


async def put(user: Any, memory_id: str, *assets: Any, method: str = "PUT") -> list[Any]:
    """How it went for each."""
    body = {"ids": [str(each) for each in assets]}
    answer = expect(await user.client.request(method, f"/api/memories/{memory_id}/assets", json=body), 200)
    assert [one["id"] for one in answer] == body["ids"]
    return [one.get("error", one["success"]) for one in answer]


async def test_a_memory_by_hand_is_saved_seen_and_deleted(user: MakeUser) -> None:
    ann = await user("ann")
    asset_id = await ann.photo()
    body = {
        "type": "on_this_day", "data": {"year": 2019, "more": 1}, "memoryAt": "2019-05-01T02:00:00.000+02:00",
        "showAt": "2020-05-01T00:00:00.000Z", "hideAt": "2020-05-02T00:00:00.000Z", "assetIds": [str(asset_id)],
    }  # fmt: skip
    memory = expect(await ann.client.post("/api/memories", json=body), 201)
    assert (memory["memoryAt"], memory["data"], memory["isSaved"]) == (
        "2019-05-01T00:00:00.000Z", {"year": 2019}, False,
    )  # fmt: skip
    assert (memory["showAt"], memory["hideAt"]) == (body["showAt"], body["hideAt"])
    assert memory.keys().isdisjoint({"seenAt", "deletedAt"})
    (asset,) = memory["assets"]
    shown = expect(await ann.client.get(f"/api/assets/{asset_id}"), 200)
    assert asset == {name: value for name, value in shown.items() if name != "owner"}
    path = f"/api/memories/{memory['id']}"
    assert expect(await ann.client.get(path), 200) == memory
    seen = {"isSaved": True, "seenAt": "2026-01-01T00:00:00.000Z"}
    changed = expect(await ann.client.put(path, json=seen), 200)
    assert changed == memory | seen | {"updatedAt": changed["updatedAt"]}
    assert changed["updatedAt"] > memory["updatedAt"]
    expect(await ann.client.delete(path), 204)
    expect(await ann.client.get(path), 400)
    expect(await ann.client.delete(path), 400)
    expect(await ann.client.get(f"/api/assets/{asset_id}"), 200)


async def test_lists_by_what_is_asked_for(user: MakeUser) -> None:
    ben = await user("ben")
    asset_id, day = await ben.photo(), today()
    at = {"showAt": f"{day}T00:00:00.000Z", "hideAt": f"{day}T23:59:59.999Z"}
    now = await ben.create(asset_id, year=2010, **at)
    tomorrow = f"{day + timedelta(days=1)}"
    soon = await ben.create(asset_id, year=2012, showAt=f"{tomorrow}T00:00:00.000Z", hideAt=f"{tomorrow}T23:59:59.999Z")
    always = await ben.create(asset_id, year=2011, isSaved=True)
    await ben.create(year=2013)
    for query, expected in (
        ({}, [soon, always, now]),
        ({"order": "asc"}, [now, always, soon]),
        ({"for": str(day)}, [always, now]),
        ({"for": tomorrow}, [soon, always]),
        ({"for": "2001-01-01"}, [always]),
        ({"isSaved": "true"}, [always]),
        ({"isSaved": "false"}, [soon, now]),
        ({"isUpcoming": "true"}, [soon]),
        ({"isUpcoming": "false"}, [always, now]),
        ({"id": now}, [now]),
        ({"id": str(uuid4())}, []),
        ({"type": "on_this_day"}, [soon, always, now]),
        ({"isTrashed": "true"}, []),
        ({"isTrashed": "false"}, [soon, always, now]),
        ({"size": "2"}, [soon, always]),
        ({"size": "2", "page": "2"}, [now]),
        ({"size": "2", "page": "9007199254740991"}, []),
    ):
        assert ids(await ben.listed(**query)) == expected, query
        total = expect(await ben.client.get("/api/memories/statistics", params=query), 200)
        assert total == {"total": 3 if "size" in query else len(expected)}, query
    assert set(ids(await ben.listed(order="random"))) == {soon, always, now}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("for", "today"),
        ("for", "1714521600"),
        ("for", "0000-01-01"),
        ("for", "2023-02-29"),
        ("id", "1"),
        ("isSaved", "yes"),
        ("order", "up"),
        ("page", "0"),
        ("size", "0"),
        ("type", "x"),
    ],
)
async def test_a_query_that_means_nothing_is_refused(user: MakeUser, name: str, value: str) -> None:
    ann = await user("ann")
    for path in ("", "/statistics"):
        refused = expect(await ann.client.get(f"/api/memories{path}", params={name: value}), 400)
        assert refused["errors"][0]["path"] == [name]


async def test_days_at_the_ends_of_the_calendar_are_days_too(user: MakeUser) -> None:
    ann = await user("far")
    body = {"type": "on_this_day", "data": {"year": 2020}, "assetIds": [str(await ann.photo())]}
    made = [
        expect(await ann.client.post("/api/memories", json=body | {"memoryAt": far, "seenAt": far}), 201)
        for far in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999-10:00")
    ]
    for day in ("0001-01-01", "9999-12-31"):
        assert set(ids(await ann.listed(**{"for": day}))) == set(ids(made))


@pytest.mark.parametrize(
    ("field", "value"),
    [("data", {"year": 999}), ("data", {}), ("type", "trip"), ("memoryAt", "2020"), ("assetIds", ["1"])],
)
async def test_a_memory_that_is_none_is_refused(user: MakeUser, field: str, value: Any) -> None:
    ann = await user("ann")
    body = {"type": "on_this_day", "data": {"year": 2020}, "memoryAt": "2020-01-01T00:00:00.000Z"} | {field: value}
    refused = expect(await ann.client.post("/api/memories", json=body), 400)
    assert refused["errors"][0]["path"][0] == field


async def test_more_memories_than_are_read_at_a_time(user: MakeUser) -> None:
    cat = await user("cat")
    asset_id = await cat.photo()
    made = [await cat.create(asset_id, year=1900 + n) for n in range(110)]
    found = await cat.listed(order="asc")
    assert ids(found) == made
    assert {asset["id"] for memory in found for asset in memory["assets"]} == {str(asset_id)}


async def test_assets_come_and_go_with_a_result_for_each(user: MakeUser) -> None:
    dan, eve = await user("dan"), await user("eve")
    one, two = await dan.photo(), await dan.photo()
    strange, archived, locked = await eve.photo(), *[await dan.photo(visibility=v) for v in ("archive", "locked")]
    memory = await dan.create(one)
    none = "no_permission"
    assert await put(dan, memory, one, two, two, strange, archived, locked, uuid4()) == [
        "duplicate", True, "duplicate", none, none, none, none,
    ]  # fmt: skip
    (shown,) = await dan.listed(id=memory)
    assert [asset["id"] for asset in shown["assets"]] == [str(one), str(two)] or len(shown["assets"]) == 2
    assert await put(dan, memory, two, two, strange, method="DELETE") == [True, "not_found", "not_found"]
    assert await put(dan, memory, one, method="DELETE") == [True]
    assert await dan.listed(id=memory) == []
    assert expect(await dan.client.get(f"/api/memories/{memory}"), 200)["assets"] == []


async def test_a_change_of_assets_is_one_of_the_memory(user: MakeUser) -> None:
    fay = await user("fay")
    asset_id = await fay.photo()
    memory = await fay.create()

    async def changed() -> str:
        return expect(await fay.client.get(f"/api/memories/{memory}"), 200)["updatedAt"]

    first = await changed()
    await put(fay, memory, asset_id)
    second = await changed()
    assert second > first
    await put(fay, memory, asset_id)
    assert await changed() == second, "it was in it"


async def test_two_at_once_leave_each_asset_in_it_once(user: MakeUser) -> None:
    gil = await user("gil")
    photos = [await gil.photo() for _ in range(5)]
    memory = await gil.create()
    results = await asyncio.gather(
        *(put(gil, memory, *order) for order in (photos, photos[::-1], photos[2:] + photos[:2]))
    )
    assert sum(one is True for result in results for one in result) == 5
    assert {one for result in results for one in result} == {True, "duplicate"}
    gone = await asyncio.gather(
        put(gil, memory, *photos, method="DELETE"), gil.client.delete(f"/api/memories/{memory}"), return_exceptions=True
    )
    assert gone[1].status_code == 204  # type: ignore[union-attr]


@pytest.mark.parametrize("change", ["UPDATE asset SET visibility = 'locked'", "DELETE FROM asset"])
@pytest.mark.parametrize("by", ["hand", "night"])
async def test_what_is_locked_or_erased_meanwhile_is_not_put_in(user: MakeUser, change: str, by: str) -> None:
    lea = await user(f"lea-{by}-{change[:6].lower()}")
    db, asset_id, kept = lea.house.kernel.db, await lea.photo(hour=1), await lea.photo(hour=2)
    other = await asyncpg.connect(db.url)
    try:
        transaction = other.transaction()
        await transaction.start()
        await other.execute(f"{change} WHERE id = $1", asset_id)
        if by == "hand":
            work = asyncio.create_task(lea.create(asset_id, kept))
        else:
            work = asyncio.create_task(make(db, lea.id, pairs(today())))
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        async with asyncio.timeout(PATIENCE):
            while not await db.fetchval(waits):  # noqa: ASYNC110 - no event tells of it
                await asyncio.sleep(0.02)
        assert not work.done()
        await transaction.commit()
        await work
    finally:
        await other.close()
    rows = await db.fetch(
        "SELECT asset_id FROM memory_asset JOIN memory ON memory.id = memories_id WHERE owner_id = $1", lea.id
    )
    assert [row["asset_id"] for row in rows] == [kept]


async def test_what_is_in_the_trash_is_not_shown_and_comes_back(user: MakeUser) -> None:
    hal = await user("hal")
    asset_id = await hal.photo()
    memory = await hal.create(asset_id)
    await hal.delete(asset_id)
    assert await hal.listed() == []
    expect(await hal.client.post("/api/trash/restore/assets", json={"ids": [str(asset_id)]}), 200)
    assert ids(await hal.listed()) == [memory]


@pytest.mark.parametrize("place", ["archive", "hidden", "locked"])
async def test_what_leaves_the_timeline_leaves_for_good(user: MakeUser, place: str) -> None:
    ida = await user(f"ida-{place}")
    asset_id, other = await ida.photo(), await ida.photo()
    memory = await ida.create(asset_id, other)
    await ida.change(other, isFavorite=True)
    await ida.change(asset_id, visibility=place)
    count = "SELECT asset_id FROM memory_asset WHERE memories_id::text = $1"
    assert [row["asset_id"] for row in await ida.house.kernel.db.fetch(count, memory)] == [other]
    (shown,) = await ida.listed()
    assert [asset["id"] for asset in shown["assets"]] == [str(other)]
