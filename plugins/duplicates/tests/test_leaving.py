"""Groups follow what becomes of their assets, and what people say of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from immich_duplicates import groups, store
from immich_duplicates.store import Near
from immich_host.testing import RunningHost
from immich_host.testing.host import expect

Jpeg = Callable[..., bytes]
Grouped = Callable[..., Awaitable[list[set[str]]]]
Cats = Callable[..., Awaitable[list[UUID]]]


@pytest.fixture
def cats(running: RunningHost, picture: Callable[[str], Image.Image], jpeg: Jpeg) -> Cats:
    """Copies of one picture, of some qualities."""

    async def go(*qualities: int) -> list[UUID]:
        return [await running.upload(jpeg(picture("chelsea.png"), q), name=f"{q}.jpg") for q in qualities]

    return go


async def in_groups(running: RunningHost) -> set[UUID]:
    return {row["id"] for row in await running.kernel.db.fetch("SELECT id FROM asset WHERE duplicate_id IS NOT NULL")}


async def run(running: RunningHost, which: str) -> None:
    await running.kernel.job_room.commands.start("duplicateDetection", which)
    await running.drain()


async def test_trash_and_back(running: RunningHost, cats: Cats, grouped: Grouped) -> None:
    first, second = await cats(90, 70)
    await running.drain()
    client = await running.client()
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(second)]}), 204)
    assert await grouped() == []
    await running.drain()
    assert await in_groups(running) == set()
    expect(await client.post("/api/trash/restore/assets", json={"ids": [str(second)]}), 200)
    await running.drain()
    assert await grouped() == [{str(first), str(second)}]


async def test_out_of_sight_is_out_of_groups(running: RunningHost, cats: Cats, grouped: Grouped) -> None:
    ids = await cats(90, 80, 70)
    await running.drain()
    client = await running.client()
    for place in ("hidden", "locked"):
        expect(await client.put("/api/assets", json={"ids": [str(ids[0])], "visibility": place}), 204)
        await running.drain()
        assert await in_groups(running) == set(ids[1:])
        await running.kernel.assets.update(ids[0], visibility="archive")  # a locked one would take a PIN
        await running.drain()
        assert await grouped() == [set(map(str, ids))]


async def test_a_stack_is_no_group(running: RunningHost, cats: Cats, grouped: Grouped) -> None:
    ids = await cats(90, 80, 70)
    await running.drain()
    stack = await running.kernel.stacks.stack(ids[:2])
    await running.drain()
    assert await in_groups(running) == set()
    await running.kernel.stacks.unstack(stack)
    await running.drain()
    assert await grouped() == [set(map(str, ids))]


async def test_erased(running: RunningHost, cats: Cats) -> None:
    ids = await cats(90, 70)
    await running.drain()
    await running.kernel.assets.erase([ids[0]])
    await running.drain()
    assert await in_groups(running) == set()
    assert await running.kernel.db.fetchval("SELECT count(*) FROM duplicates_frame") == 1


async def dissolve(client: Any, group: str, ids: list[UUID]) -> None:
    expect(await client.delete(f"/api/duplicates/{group}"), 204)


async def clear(client: Any, group: str, ids: list[UUID]) -> None:
    del group
    expect(await client.put("/api/assets", json={"ids": [*map(str, ids)], "duplicateId": None}), 204)


async def keep_all(client: Any, group: str, ids: list[UUID]) -> None:
    plan = {"duplicateId": group, "keepAssetIds": [*map(str, ids)], "trashAssetIds": []}
    assert expect(await client.post("/api/duplicates/resolve", json={"groups": [plan]}), 200)[0]["success"]


@pytest.mark.parametrize("settle", [dissolve, clear, keep_all])
async def test_what_people_have_settled_is_not_asked_again(
    running: RunningHost, cats: Cats, grouped: Grouped, settle: Callable[..., Awaitable[None]]
) -> None:
    ids = await cats(90, 70)
    await running.drain()
    client = await running.client()
    (group,) = expect(await client.get("/api/duplicates"), 200)
    await settle(client, group["duplicateId"], ids)
    await running.drain()
    await run(running, "all")
    assert await grouped() == []
    ids += await cats(50)
    await running.drain()
    assert await grouped() == [set(map(str, ids))]


async def test_many_groups_are_dissolved_some_at_a_time(
    running: RunningHost, put_together: Callable[..., Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [await running.upload(b"%d" % n, name="a.jpg") for n in range(6)]
    for each in ids:
        await store.remember(running.kernel.db, each, "test", [])
    made = [UUID(await put_together(*ids[n : n + 2])) for n in (0, 2, 4)]
    monkeypatch.setattr(groups, "_AT_A_TIME", 2)
    release, left = groups.release, list[int]()

    async def watched(host: Any, members: Any) -> None:
        await release(host, members)
        async with running.kernel.db.dedicated() as other:
            left.append(await other.fetchval("SELECT count(DISTINCT duplicate_id) FROM asset"))

    monkeypatch.setattr(groups, "release", watched)
    await groups.dissolve(running.kernel, await running.user_id(), made)
    assert left == [3, 1]  # as others see it: before the first is done, and after
    assert await in_groups(running) == set()
    rows = await running.kernel.db.fetch("SELECT asset_id, duplicate_id FROM duplicates_settled")
    assert {(row["asset_id"], row["duplicate_id"]) for row in rows} == {
        (each, made[n // 2]) for n, each in enumerate(ids)
    }


@pytest.mark.parametrize("amount", [2, 3])
async def test_one_that_was_taken_out_of_a_group_stays_out(
    running: RunningHost, cats: Cats, grouped: Grouped, amount: int
) -> None:
    ids = await cats(*range(90, 90 - amount, -1))
    await running.drain()
    await clear(await running.client(), "", ids[:1])
    await running.drain()
    rest = [set(map(str, ids[1:]))] if amount > 2 else []
    assert await grouped() == rest
    await run(running, "all")
    assert await grouped() == rest


async def test_workers_that_find_the_same_at_once_make_one_group(
    running: RunningHost, cats: Cats, grouped: Grouped
) -> None:
    ids = await cats(95, 90, 85, 80, 75, 70)
    await running.drain()
    await running.kernel.db.execute("UPDATE asset SET duplicate_id = NULL")
    await running.kernel.db.execute("DELETE FROM duplicates_fingerprint")
    await running.kernel.db.execute("DELETE FROM duplicates_match")
    for each in ids:
        await running.kernel.jobs.request("duplicates.find", asset_id=each, force=True)
    rows = await running.kernel.db.fetch("SELECT id FROM job_request ORDER BY id")
    assert len(rows) == len(ids)
    execute = running.kernel.job_room.executor.execute
    await asyncio.gather(*(execute(row["id"], retry=False) for row in rows))
    await running.drain()
    assert await grouped() == [set(map(str, ids))]
    assert len(await running.kernel.db.fetch("SELECT DISTINCT duplicate_id FROM asset")) == 1
    assert await running.kernel.db.fetchval("SELECT count(*) FROM duplicates_match") == 6 * 5


async def test_a_match_that_joins_two_groups_makes_them_one_and_its_end_parts_them(
    running: RunningHost, grouped: Grouped
) -> None:
    ids = [await running.upload(b"%d" % n, name="a.jpg") for n in range(5)]
    for each in ids:
        await store.remember(running.kernel.db, each, "test", [])
    assets = [await store.looked_at(running.kernel.db, each) for each in ids]

    async def link(number: int, *others: int) -> list[set[str]]:
        asset = assets[number]
        assert asset is not None
        await groups.link(running.kernel, asset, [Near(ids[other], 0.01) for other in others])
        return sorted(await grouped(), key=lambda group: (len(group), min(group)))

    def of(*numbers: int) -> set[str]:
        return {str(ids[number]) for number in numbers}

    assert await link(1, 0) == [of(0, 1)]
    assert await link(3, 2) == sorted([of(0, 1), of(2, 3)], key=min)
    assert await link(4, 1, 2) == [of(0, 1, 2, 3, 4)]
    assert await link(4, 1, 2) == [of(0, 1, 2, 3, 4)]
    assert await link(4, 1) == [of(2, 3), of(0, 1, 4)]
    assert await link(4) == sorted([of(0, 1), of(2, 3)], key=min)
    assert await link(1) == [of(2, 3)]


async def test_a_search_that_began_before_another_was_done_does_not_undo_it(
    running: RunningHost, grouped: Grouped
) -> None:
    ids = [await running.upload(b"late %d" % n, name="a.jpg") for n in range(3)]
    for each in ids:
        await store.remember(running.kernel.db, each, "test", [])
    first, second, _ = [await store.looked_at(running.kernel.db, each) for each in ids]
    assert first is not None
    assert second is not None
    await groups.link(running.kernel, first, [Near(ids[2], 0.01)], set())
    await groups.link(running.kernel, second, [Near(ids[0], 0.01)], set())
    await groups.link(running.kernel, first, [], {ids[2]})  # it had not seen the second yet, and the third is no match
    assert await grouped() == [{str(ids[0]), str(ids[1])}]
