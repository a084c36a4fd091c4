"""A stack whose shown photo is in the trash is still seen."""

import asyncio
from typing import Any

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect


@pytest.fixture
async def someone(user: Any, request: pytest.FixtureRequest) -> Any:
    return await user(request.node.name.replace("_", "-"))


async def timeline(someone: Any) -> list[Any]:
    """What the timeline shows: assets, and how many are in the stack of each."""
    query = {"timeBucket": "2024-05-01", "visibility": "timeline", "withStacked": "true"}
    columns = expect(await someone.client.get("/api/timeline/bucket", params=query), 200)
    return list(zip(columns["id"], [stack and stack[1] for stack in columns["stack"]], strict=True))


async def trash(someone: Any, *asset_ids: str) -> None:
    expect(await someone.client.request("DELETE", "/api/assets", json={"ids": list(asset_ids)}), 204)


async def restore(someone: Any, *asset_ids: str) -> None:
    expect(await someone.client.post("/api/trash/restore/assets", json={"ids": list(asset_ids)}), 200)


async def test_the_next_one_is_shown_until_the_chosen_one_is_back(someone: Any) -> None:
    second, third, shown = await someone.photos(3)
    stack = await someone.stack(shown, second, third)
    assert await timeline(someone) == [(shown, "3")]
    await trash(someone, shown)
    assert await timeline(someone) == [(second, "2")]
    assert await someone.stacks() == [(stack["id"], [second, third])]
    assert await someone.stacks(primaryAssetId=second) == [(stack["id"], [second, third])]
    await trash(someone, second)
    assert await timeline(someone) == [(third, "1")]
    await restore(someone, second)
    assert await timeline(someone) == [(third, "2")], "nothing changes without need"
    await restore(someone, shown)
    assert await timeline(someone) == [(shown, "3")]
    assert await someone.stacks() == [(stack["id"], [shown, second, third])]


async def test_a_whole_stack_comes_back_as_it_was(someone: Any) -> None:
    second, shown = await someone.photos(2)
    await someone.stack(shown, second)
    await trash(someone, shown)
    await trash(someone, second)
    assert await timeline(someone) == []
    await restore(someone, second)
    assert await timeline(someone) == [(second, "1")]
    await trash(someone, second)
    expect(await someone.client.post("/api/trash/restore"), 200)
    assert await timeline(someone) == [(shown, "2")]


async def test_who_is_chosen_meanwhile_stays(someone: Any) -> None:
    second, third, shown = await someone.photos(3)
    stack = await someone.stack(shown, second, third)
    await trash(someone, shown)
    for chosen in (third, second):
        url = f"/api/stacks/{stack['id']}"
        expect(await someone.client.put(url, json={"primaryAssetId": chosen}), 200)
    await restore(someone, shown)
    assert await timeline(someone) == [(second, "3")]


async def test_who_is_erased_is_not_waited_for(someone: Any, house: RunningHost) -> None:
    second, third, shown = await someone.photos(3)
    await someone.stack(shown, second, third)
    await trash(someone, shown)
    expect(await someone.client.post("/api/trash/empty"), 200)
    await house.drain()
    assert await timeline(someone) == [(second, "2")]
    await trash(someone, second)
    await restore(someone, second)
    assert await timeline(someone) == [(second, "2")]


async def test_phones_are_told_who_is_shown(someone: Any, house: RunningHost) -> None:
    second, shown = await someone.photos(2)
    stack = await someone.stack(shown, second)
    version = "SELECT primary_asset_id::text, update_id FROM stack WHERE id = $1"
    before = await house.kernel.db.fetchrow(version, stack["id"])
    await trash(someone, shown)
    after = await house.kernel.db.fetchrow(version, stack["id"])
    assert (before[0], after[0]) == (shown, second)
    assert before[1] < after[1], "synchronised again"


async def test_two_who_are_trashed_at_once_leave_the_third(someone: Any) -> None:
    for _ in range(5):
        second, third, shown = await someone.photos(3)
        await someone.stack(shown, second, third)
        await asyncio.gather(trash(someone, shown), trash(someone, second))
        assert await timeline(someone) == [(third, "1")]
        await trash(someone, third)
