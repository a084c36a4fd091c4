"""Who may ask for what: nobody without credentials, no key without the permission, nobody about what is others'."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.access import Ask, hides, needs_credentials, needs_permission, routes_of
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]


ASKS = [
    Ask("GET", "/tags", "tag.read"),
    Ask("POST", "/tags", "tag.create", {"name": "new", "parentId": "{tag}"}),
    Ask("PUT", "/tags", "tag.create", {"tags": ["new"]}),
    Ask("PUT", "/tags/assets", "tag.asset", {"tagIds": ["{tag}"], "assetIds": ["{asset}"]}),
    Ask("GET", "/tags/{tag}", "tag.read"),
    Ask("PUT", "/tags/{tag}", "tag.update", {"name": "mine"}),
    Ask("DELETE", "/tags/{tag}", "tag.delete"),
    Ask("PUT", "/tags/{tag}/assets", "tag.asset", {"ids": ["{asset}"]}),
    Ask("DELETE", "/tags/{tag}/assets", "tag.asset", {"ids": ["{asset}"]}),
]

OF_AN_OBJECT = [ask for ask in ASKS if ask.names("tag")]


@pytest.fixture
async def things(user: MakeUser) -> dict[str, str]:
    """Ids of what is Ann's: a tag, and a photo that has it."""
    ann = await user("ann")
    asset_id, tag_id = await ann.photo(), await ann.tag(f"tag {uuid4()}")
    assert await ann.give(tag_id, asset_id) == [None]
    return {"tag": tag_id, "asset": str(asset_id)}


def test_all_routes_are_here(house: RunningHost) -> None:
    assert routes_of(house, "tags") == {ask.route for ask in ASKS}


@pytest.mark.parametrize("ask", ASKS, ids=str)
async def test_nobody_is_answered_without_credentials(house: RunningHost, ask: Ask) -> None:
    await needs_credentials(house, ask)


@pytest.mark.parametrize("ask", ASKS, ids=str)
async def test_a_key_needs_the_permission(house: RunningHost, things: dict[str, str], ask: Ask) -> None:
    answer = await needs_permission(house, ask, things, user="ann")
    assert answer.status_code in {200, 201, 204, 400}, answer.text


@pytest.mark.parametrize("ask", OF_AN_OBJECT, ids=str)
async def test_what_is_somebody_elses_is_as_if_it_were_not_there(
    user: MakeUser, house: RunningHost, things: dict[str, str], ask: Ask
) -> None:
    before = await rows(house, things)
    eve = await user("eve")
    answer = await hides(ask, eve.client, things)
    assert answer.status_code == 400 or answer.json() == {"count": 0}
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
