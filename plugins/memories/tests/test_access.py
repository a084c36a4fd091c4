"""Who may ask for what: nobody without credentials, no key without the permission, nobody about what is others'."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.access import Ask, hides, needs_credentials, needs_permission, routes_of
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]

NEW = {"type": "on_this_day", "data": {"year": 2020}, "memoryAt": "2020-01-01T00:00:00.000Z"}

ASKS = [
    Ask("GET", "/memories", "memory.read"),
    Ask("POST", "/memories", "memory.create", NEW),
    Ask("GET", "/memories/statistics", "memory.statistics"),
    Ask("GET", "/memories/{memory}", "memory.read"),
    Ask("PUT", "/memories/{memory}", "memory.update", {"isSaved": True}),
    Ask("DELETE", "/memories/{memory}/assets", "memoryAsset.delete", {"ids": ["{hers}", "{mine}"]}),
    Ask("PUT", "/memories/{memory}/assets", "memoryAsset.create", {"ids": ["{hers}", "{mine}"]}),
    Ask("DELETE", "/memories/{memory}", "memory.delete"),
]

OF_AN_OBJECT = [ask for ask in ASKS if ask.names("memory")]


def test_all_routes_are_here(house: RunningHost) -> None:
    assert routes_of(house, "memories") == {ask.route for ask in ASKS}


@pytest.mark.parametrize("ask", ASKS, ids=str)
async def test_nobody_is_answered_without_credentials(house: RunningHost, ask: Ask) -> None:
    await needs_credentials(house, ask)


@pytest.mark.parametrize("ask", ASKS, ids=str)
async def test_a_key_needs_the_permission(user: MakeUser, house: RunningHost, ask: Ask) -> None:
    ann = await user("ann")
    assert (await needs_permission(house, ask, {"memory": await ann.create()}, user="ann")).is_success


@pytest.mark.parametrize("ask", OF_AN_OBJECT, ids=str)
async def test_what_is_somebody_elses_is_as_if_it_were_not_there(user: MakeUser, house: RunningHost, ask: Ask) -> None:
    ann, eve = await user("ann"), await user("eve")
    asset_id = await ann.photo()
    memory = await ann.create(asset_id)
    stored = (
        "SELECT memory, link FROM memory JOIN memory_asset AS link ON link.memories_id = memory.id WHERE id::text = $1"
    )
    before = repr(await house.kernel.db.fetch(stored, memory))
    ids = {"memory": memory, "hers": str(asset_id), "mine": str(await eve.photo())}
    strange = await hides(ask, eve.client, ids)
    assert expect(strange, 400) == {"message": f"Not found or no {ask.permission} access"}
    assert repr(await house.kernel.db.fetch(stored, memory)) == before


async def test_lists_are_ones_own_and_others_photos_are_not_taken(user: MakeUser) -> None:
    ann, eve = await user("ann"), await user("eve")
    asset_id = await ann.photo()
    memory = await ann.create(asset_id)
    assert await eve.listed() == await eve.listed(id=memory) == []
    assert expect(await eve.client.get("/api/memories/statistics"), 200) == {"total": 0}
    taken = await eve.create(asset_id, await eve.photo())
    assert len(expect(await eve.client.get(f"/api/memories/{taken}"), 200)["assets"]) == 1


async def test_who_is_granted_others_photos_cannot_keep_them_in_a_memory(
    user: MakeUser, house: RunningHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the place of a plugin that shares: it grants everything."""

    async def gather_ids(hook: str, **arguments: Any) -> set[Any]:
        return set(arguments["asset_ids"]) if hook == "asset_access" else set()

    ann, eve = await user("ann"), await user("eve")
    asset_id, memory = await ann.photo(), await eve.create()
    monkeypatch.setattr(house.kernel.hosting, "gather_ids", gather_ids)
    expect(await eve.client.get(f"/api/assets/{asset_id}"), 200)
    body = {"ids": [str(asset_id)]}
    (answer,) = expect(await eve.client.put(f"/api/memories/{memory}/assets", json=body), 200)
    assert answer == {"id": str(asset_id), "success": False, "error": "no_permission"}
