"""Who may ask for what: nobody without credentials, no key without the permission, nobody about what is others'."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]
type Route = tuple[str, str, str, Any]

ID = str(uuid4())
NEW = {"type": "on_this_day", "data": {"year": 2020}, "memoryAt": "2020-01-01T00:00:00.000Z"}

ROUTES: list[Route] = [
    ("GET", "/memories", "memory.read", None),
    ("POST", "/memories", "memory.create", NEW),
    ("GET", "/memories/statistics", "memory.statistics", None),
    ("GET", "/memories/{id}", "memory.read", None),
    ("PUT", "/memories/{id}", "memory.update", {"isSaved": True}),
    ("DELETE", "/memories/{id}/assets", "memoryAsset.delete", {"ids": [ID]}),
    ("PUT", "/memories/{id}/assets", "memoryAsset.create", {"ids": [ID]}),
    ("DELETE", "/memories/{id}", "memory.delete", None),
]
"""Method, path, permission, body."""

OF_AN_OBJECT = [route for route in ROUTES if "{id}" in route[1]]


def names(route: Route) -> str:
    return f"{route[0]} {route[1]}"


def test_all_routes_are_here(house: RunningHost) -> None:
    declared = {
        (route.method, route.path)
        for routes in house.kernel.hosting.records["memories"].brings.routes
        for route in routes.routes
    }
    assert declared == {(method, path) for method, path, _, _ in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=names)
async def test_nobody_is_answered_without_credentials(house: RunningHost, route: Route) -> None:
    method, path, _, body = route
    expect(await house.anonymous().request(method, f"/api{path.format(id=ID)}", json=body), 401)


@pytest.mark.parametrize("route", ROUTES, ids=names)
async def test_a_key_needs_the_permission(user: MakeUser, house: RunningHost, route: Route) -> None:
    method, path, permission, body = route
    ann = await user("ann")
    url = f"/api{path.format(id=await ann.create())}"
    without = await house.key_client("album.read", user="ann")
    assert permission in expect(await without.request(method, url, json=body), 403)["message"]
    holding = await house.key_client(permission, user="ann")
    assert (await holding.request(method, url, json=body)).is_success


@pytest.mark.parametrize("route", OF_AN_OBJECT, ids=names)
async def test_what_is_somebody_elses_is_as_if_it_were_not_there(
    user: MakeUser, house: RunningHost, route: Route
) -> None:
    method, path, permission, body = route
    ann, eve = await user("ann"), await user("eve")
    asset_id = await ann.photo()
    memory = await ann.create(asset_id)
    stored = (
        "SELECT memory, link FROM memory JOIN memory_asset AS link ON link.memories_id = memory.id WHERE id::text = $1"
    )
    before = repr(await house.kernel.db.fetch(stored, memory))
    if body and "ids" in body:
        body = {"ids": [str(asset_id), str(await eve.photo())]}
    strange = await eve.client.request(method, f"/api{path.format(id=memory)}", json=body)
    unknown = await eve.client.request(method, f"/api{path.format(id=ID)}", json=body)
    assert (strange.status_code, strange.json()) == (unknown.status_code, unknown.json())
    assert expect(strange, 400) == {"message": f"Not found or no {permission} access"}
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
