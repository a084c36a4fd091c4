"""Who may ask for what: nobody without credentials, no key without the permission, nobody about what is others'."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]
type Asked = tuple[str, str, str, Any]

ID = str(uuid4())

ROUTES: list[Asked] = [
    ("GET", "/tags", "tag.read", None),
    ("POST", "/tags", "tag.create", {"name": "new", "parentId": "{tag}"}),
    ("PUT", "/tags", "tag.create", {"tags": ["new"]}),
    ("PUT", "/tags/assets", "tag.asset", {"tagIds": ["{tag}"], "assetIds": ["{asset}"]}),
    ("GET", "/tags/{tag}", "tag.read", None),
    ("PUT", "/tags/{tag}", "tag.update", {"name": "mine"}),
    ("DELETE", "/tags/{tag}", "tag.delete", None),
    ("PUT", "/tags/{tag}/assets", "tag.asset", {"ids": ["{asset}"]}),
    ("DELETE", "/tags/{tag}/assets", "tag.asset", {"ids": ["{asset}"]}),
]
"""Method, path, permission, body."""

OF_AN_OBJECT = [route for route in ROUTES if "{tag}" in route[1] or route[0] == "POST"]


def names(route: Asked) -> str:
    return f"{route[0]} {route[1]}"


def filled(value: Any, words: dict[str, str]) -> Any:
    """A path or body with the ids in the places of their words."""
    if isinstance(value, dict):
        return {key: filled(each, words) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, words) for each in value]
    for word, text in words.items():
        value = value.replace(f"{{{word}}}", text) if isinstance(value, str) else value
    return value


@pytest.fixture
async def things(user: MakeUser) -> dict[str, str]:
    """Ids of what is Ann's: a tag, and a photo that has it."""
    ann = await user("ann")
    asset_id, tag_id = await ann.photo(), await ann.tag(f"tag {uuid4()}")
    assert await ann.give(tag_id, asset_id) == [None]
    return {"tag": tag_id, "asset": str(asset_id)}


def test_all_routes_are_here(house: RunningHost) -> None:
    declared = {
        (route.method, route.path)
        for routes in house.kernel.hosting.records["tags"].brings.routes
        for route in routes.routes
    }
    assert declared == {(method, filled(path, {"tag": "{id}"})) for method, path, _, _ in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=names)
async def test_nobody_is_answered_without_credentials(house: RunningHost, route: Asked) -> None:
    method, path, _, body = route
    words = {"tag": ID, "asset": ID}
    answer = await house.anonymous().request(method, f"/api{filled(path, words)}", json=filled(body, words))
    expect(answer, 401)


@pytest.mark.parametrize("route", ROUTES, ids=names)
async def test_a_key_needs_the_permission(house: RunningHost, things: dict[str, str], route: Asked) -> None:
    method, path, permission, body = route
    without = await house.key_client("album.read", user="ann")
    answer = await without.request(method, f"/api{filled(path, things)}", json=filled(body, things))
    assert permission in expect(answer, 403)["message"]
    holding = await house.key_client(permission, user="ann")
    answer = await holding.request(method, f"/api{filled(path, things)}", json=filled(body, things))
    assert answer.status_code in {200, 201, 204, 400}, answer.text


@pytest.mark.parametrize("route", OF_AN_OBJECT, ids=names)
async def test_what_is_somebody_elses_is_as_if_it_were_not_there(
    user: MakeUser, house: RunningHost, things: dict[str, str], route: Asked
) -> None:
    method, path, _, body = route
    before = await rows(house, things)
    eve = await user("eve")
    strange = await eve.client.request(method, f"/api{filled(path, things)}", json=filled(body, things))
    nowhere = dict.fromkeys(things, ID)
    unknown = await eve.client.request(method, f"/api{filled(path, nowhere)}", json=filled(body, nowhere))
    assert (strange.status_code, strange.json()) == (unknown.status_code, unknown.json())
    assert strange.status_code == 400
    assert await rows(house, things) == before


async def test_own_tags_and_others_photos_do_not_come_together(
    user: MakeUser, house: RunningHost, things: dict[str, str]
) -> None:
    eve = await user("eve")
    before = await rows(house, things)
    mine, asset_id = await eve.tag("mine"), await eve.photo()
    strange = UUID(things["asset"])
    assert await eve.give(mine, strange, asset_id, uuid4()) == ["no_permission", None, "no_permission"]
    assert await eve.take(mine, strange, uuid4()) == ["not_found", "not_found"]
    both = {"tagIds": [mine, things["tag"]], "assetIds": [str(asset_id), things["asset"]]}
    assert expect(await eve.client.put("/api/tags/assets", json=both), 200) == {"count": 0}
    assert await eve.tags_of(asset_id) == ["mine"]
    assert await rows(house, things) == before


async def test_who_sees_a_photo_by_sharing_sees_no_tags_and_gives_none(
    user: MakeUser, house: RunningHost, things: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the place of a plugin that shares: it grants everything."""

    async def gather_ids(hook: str, **arguments: Any) -> set[UUID]:
        return set(arguments["asset_ids"]) if hook == "asset_access" else set()

    monkeypatch.setattr(house.kernel.hosting, "gather_ids", gather_ids)
    eve = await user("eve")
    before = await rows(house, things)
    assert await eve.tags_of(UUID(things["asset"])) == []
    assert await eve.give(await eve.tag("mine"), UUID(things["asset"])) == ["no_permission"]
    assert await rows(house, things) == before


async def rows(house: RunningHost, things: dict[str, str]) -> list[str]:
    """What the database holds of Ann's things."""
    found = await house.kernel.db.fetch(
        """SELECT t.*, ta.asset_id, e.tags FROM tag t JOIN tag_asset ta ON ta.tag_id = t.id
           JOIN asset_exif e ON e.asset_id = ta.asset_id WHERE t.id = $1""",
        UUID(things["tag"]),
    )
    assert len(found) == 1
    return [repr(row) for row in found]
