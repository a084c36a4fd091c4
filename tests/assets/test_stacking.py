"""The stacks port: putting assets together, merging, taking apart."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.assets.stacking import TOGETHER
from immich_host.plugin_api import Refused
from immich_host.testing.host import RunningHost
from immich_host.testing.waiting import PATIENCE


@pytest.fixture
async def running(host: Any) -> RunningHost:
    return await host(plugins=[])


async def upload(running: RunningHost, count: int, user: str = "admin") -> list[UUID]:
    return [await running.upload(uuid4().bytes, user=user) for _ in range(count)]


async def stacks(running: RunningHost) -> dict[UUID, tuple[UUID, set[UUID]]]:
    """Stack -> the asset that is shown, and all."""
    rows = await running.kernel.db.fetch(
        "SELECT s.id, primary_asset_id, array_agg(a.id) AS ids "
        "FROM stack s JOIN asset a ON a.stack_id = s.id GROUP BY 1"
    )
    return {row["id"]: (row["primary_asset_id"], set(row["ids"])) for row in rows}


def listen(running: RunningHost) -> list[tuple[UUID, list[str]]]:
    told: list[tuple[UUID, list[str]]] = []

    async def asset_changed(asset_id: Any, fields: list[str], **_: Any) -> None:
        told.append((UUID(str(asset_id)), fields))

    running.kernel.hosting.listen("asset_changed", asset_changed)
    return told


async def test_the_first_is_shown_and_everyone_is_told(running: RunningHost):
    first, second = await upload(running, 2)
    told = listen(running)
    stack_id = await running.kernel.stacks.stack([second, first])
    assert await stacks(running) == {stack_id: (second, {first, second})}
    assert await running.kernel.stacks.stack([second, first]) == stack_id
    await running.drain()
    assert sorted(told) == sorted((each, ["stack_id"]) for each in (first, second))


async def test_stacks_are_merged_into_the_oldest(running: RunningHost):
    a, b, c, d, e = await upload(running, 5)
    old = await running.kernel.stacks.stack([a, b])
    await running.kernel.stacks.stack([c, d])
    assert await running.kernel.stacks.stack([c, a, e]) == old
    assert await stacks(running) == {old: (c, {a, b, c, d, e})}


async def test_taking_out_the_shown_one_and_then_the_last_but_one(running: RunningHost):
    a, b, c = await upload(running, 3)
    stack_id = await running.kernel.stacks.stack([a, b, c])
    await running.kernel.stacks.take_out(a)
    (shown, members) = (await stacks(running))[stack_id]
    assert shown in members == {b, c}
    await running.kernel.stacks.take_out(b)
    assert await stacks(running) == {}
    await running.kernel.stacks.take_out(b)
    assert await running.kernel.db.fetchval("SELECT count(*) FROM stack") == 0


async def test_in_place_of_the_shown_one_comes_one_that_can_be_seen(running: RunningHost):
    client = await running.client()
    for erase in (True, False):
        shown, trashed, locked, archived = await upload(running, 4)
        stack_id = await running.kernel.stacks.stack([shown, trashed, locked, archived])
        await client.request("DELETE", "/api/assets", json={"ids": [str(trashed)]})
        for asset_id, visibility in ((locked, "locked"), (archived, "archive")):
            await client.put(f"/api/assets/{asset_id}", json={"visibility": visibility})
        if erase:
            await client.request("DELETE", "/api/assets", json={"ids": [str(shown)], "force": True})
            await running.drain()
        else:
            await running.kernel.stacks.take_out(shown)
        assert (await stacks(running))[stack_id] == (archived, {trashed, locked, archived})


async def test_a_stack_is_dissolved_once(running: RunningHost):
    stack_id = await running.kernel.stacks.stack(await upload(running, 2))
    assert await running.kernel.stacks.unstack(stack_id)
    assert not await running.kernel.stacks.unstack(stack_id)
    assert await stacks(running) == {}


async def test_what_cannot_be_stacked(running: RunningHost):
    (mine, other), (hers,) = await upload(running, 2), await upload(running, 1, "ann")
    for ids in ([mine], [mine, mine], [mine, uuid4()], [mine, hers]):
        with pytest.raises(Refused):
            await running.kernel.stacks.stack(ids)
    client = await running.client()
    await client.request("DELETE", "/api/assets", json={"ids": [str(other)]})
    with pytest.raises(Refused):
        await running.kernel.stacks.stack([mine, other])
    assert await stacks(running) == {}


async def test_another_is_shown_only_if_it_is_in_the_stack(running: RunningHost):
    a, b, c = await upload(running, 3)
    stack_id = await running.kernel.stacks.stack([a, b])
    assert await running.kernel.stacks.show(stack_id, b)
    assert not await running.kernel.stacks.show(stack_id, c)
    assert not await running.kernel.stacks.show(uuid4(), a)
    assert await stacks(running) == {stack_id: (b, {a, b})}


async def test_many_are_dissolved_at_once(running: RunningHost):
    ids = await upload(running, 6)
    made = [await running.kernel.stacks.stack(ids[start : start + 2]) for start in (0, 2, 4)]
    assert await running.kernel.stacks.unstack_many([made[0], made[1], uuid4()]) == set(made[:2])
    assert list(await stacks(running)) == [made[2]]


async def test_nobody_is_left_alone_in_a_stack_by_two_at_once(running: RunningHost):
    for _ in range(5):
        a, b, c = await upload(running, 3)
        await running.kernel.stacks.stack([a, b, c])
        await asyncio.gather(running.kernel.stacks.take_out(b), running.kernel.stacks.take_out(c))
    assert await stacks(running) == {}


WAITS = "SELECT true FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1"


async def test_who_has_waited_holds_also_what_has_come_in_meanwhile(running: RunningHost):
    """Were it held later, two who hold and wait for each other's would deadlock."""
    db = running.kernel.db
    first, *others = sorted(await upload(running, 3))
    stack_id = await running.kernel.stacks.stack(others)
    is_held, may_end = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with db.transaction():
            await running.kernel.stacks.hold([others[0]])
            is_held.set()
            await may_end.wait()

    async with db.dedicated() as other:
        async with other.transaction():
            await other.execute("SELECT FROM asset WHERE id = $1 FOR UPDATE", others[0])
            holding = asyncio.create_task(hold())
            async with asyncio.timeout(PATIENCE):
                while not await db.fetchval(WAITS):
                    pass
            await other.execute("UPDATE asset SET stack_id = $2 WHERE id = $1", first, stack_id)
        await asyncio.wait_for(is_held.wait(), PATIENCE)
        free = await other.fetch("SELECT id FROM asset WHERE owner_id IS NOT NULL FOR NO KEY UPDATE SKIP LOCKED")
        may_end.set()
        await holding
    assert free == []


async def test_what_is_stacked_together_is_found_by_indexes(running: RunningHost):
    """A library is not read for every two of its photos; 4,000 are enough to tell."""
    db = running.kernel.db
    stack_id = await running.kernel.stacks.stack(ids := await upload(running, 2))
    await db.execute(
        """INSERT INTO asset (owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
             local_date_time, checksum)
           SELECT $1, 'IMAGE', 'upload/' || n, n || '.jpg', now(), now(), now(), sha256(n::text::bytea)
           FROM generate_series(1, 4000) AS n""",
        await running.user_id(),
    )
    await db.execute("ANALYZE asset")
    plan = "\n".join(row[0] for row in await db.fetch(f"EXPLAIN {TOGETHER}", ids, [stack_id]))
    assert "asset_stack" in plan, plan
    assert "asset_pkey" in plan, plan
    assert {row["id"] for row in await db.fetch(TOGETHER, [], [stack_id])} == set(ids)


async def test_clients_are_told_once_of_a_change(running: RunningHost, monkeypatch: pytest.MonkeyPatch):
    told: list[tuple[UUID, str]] = []

    async def to_user(user_id: UUID, event: str, *_: Any) -> None:
        told.append((user_id, event))

    monkeypatch.setattr(running.kernel.push, "to_user", to_user)
    _, *others = ids = await upload(running, 5)
    stack_id = await running.kernel.stacks.stack(ids)
    owner_id = await running.user_id()
    event = (owner_id, "on_asset_stack_update")
    assert told == [event]
    await running.kernel.stacks.stack(ids)
    assert told == [event], "nothing has changed"
    await running.kernel.stacks.show(stack_id, others[0])
    client = await running.client()
    await client.request("DELETE", "/api/assets", json={"ids": [str(others[0])], "force": True})
    await running.drain()
    assert told.count(event) == 3
    (shown, members) = (await stacks(running))[stack_id]
    assert shown in members == set(ids) - {others[0]}
