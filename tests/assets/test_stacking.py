"""The stacks port: putting assets together, merging, taking apart."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.plugin_api import Refused
from immich_host.testing.host import RunningHost


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
