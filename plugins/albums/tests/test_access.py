"""Who may ask for what: nobody without credentials, no key without the permission, nobody about what is others'."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.access import Ask, hides, needs_credentials, needs_permission, routes_of
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]


ASKS = [
    Ask("GET", "/albums", "album.read"),
    Ask("POST", "/albums", "album.create", {"albumName": "New"}),
    Ask("GET", "/albums/statistics", "album.statistics"),
    Ask("PUT", "/albums/assets", "albumAsset.create", {"albumIds": ["{album}"], "assetIds": ["{asset}"]}),
    Ask("GET", "/albums/{album}", "album.read"),
    Ask("PATCH", "/albums/{album}", "album.update", {"albumName": "Mine"}),
    Ask("PUT", "/albums/{album}/assets", "albumAsset.create", {"ids": ["{asset}"]}),
    Ask("DELETE", "/albums/{album}/assets", "albumAsset.delete", {"ids": ["{asset}"]}),
    Ask("PUT", "/albums/{album}/users", "albumUser.create", {"albumUsers": [{"userId": "{user}"}]}),
    Ask("PUT", "/albums/{album}/user/{user}", "albumUser.update", {"role": "editor"}),
    Ask("DELETE", "/albums/{album}/user/{user}", "albumUser.delete"),
    Ask("DELETE", "/albums/{album}/user/me", "albumUser.delete"),
    Ask("GET", "/activities?albumId={album}", "activity.read"),
    Ask("POST", "/activities", "activity.create", {"albumId": "{album}", "type": "like"}),
    Ask("GET", "/activities/statistics?albumId={album}", "activity.statistics"),
    Ask("DELETE", "/activities/{activity}", "activity.delete"),
    Ask("DELETE", "/albums/{album}", "album.delete"),
]

OF_AN_OBJECT = [ask for ask in ASKS if ask.names("album", "activity")]

VIEWERS_MAY_NOT = [
    Ask("PATCH", "/albums/{album}", "album.update", {"albumName": "Mine"}),
    Ask("PUT", "/albums/{album}/assets", "albumAsset.create", {"ids": ["{asset}"]}),
    Ask("DELETE", "/albums/{album}/assets", "albumAsset.delete", {"ids": ["{asset}"]}),
    Ask("PUT", "/albums/{album}/users", "album.share", {"albumUsers": [{"userId": "{user}"}]}),
    Ask("PUT", "/albums/{album}/user/{user}", "album.share", {"role": "editor"}),
    Ask("DELETE", "/albums/{album}/user/{user}", "album.share"),
    Ask("DELETE", "/albums/{album}", "album.delete"),
]
"""With the right that is missing."""


@pytest.fixture
async def things(user: MakeUser, house: RunningHost) -> dict[str, str]:
    """Ids of what is Ann's: an album with a photo and a comment, that is shared with a guest."""
    ann, guest = await user("ann"), await user("guest")
    asset_id = await ann.photo()
    album_id = await ann.album(asset_id, viewers=(guest,))
    said = {"albumId": str(album_id), "type": "comment", "comment": "Nice"}
    activity = await ann.call("POST", "/activities", said, status=201)
    return {"album": str(album_id), "asset": str(asset_id), "user": str(guest.id), "activity": activity["id"]}


def test_all_routes_are_here(house: RunningHost) -> None:
    assert routes_of(house, "albums") == {ask.route for ask in ASKS} - {("DELETE", "/albums/{}/user/me")}


@pytest.mark.parametrize("ask", ASKS, ids=str)
async def test_nobody_is_answered_without_credentials(house: RunningHost, ask: Ask) -> None:
    await needs_credentials(house, ask)


@pytest.mark.parametrize("ask", ASKS, ids=str)
async def test_a_key_needs_the_permission(house: RunningHost, things: dict[str, str], ask: Ask) -> None:
    await needs_permission(house, ask, things, user="ann")


@pytest.mark.parametrize("ask", OF_AN_OBJECT, ids=str)
async def test_what_is_somebody_elses_is_as_if_it_were_not_there(
    user: MakeUser, house: RunningHost, things: dict[str, str], ask: Ask
) -> None:
    before = await rows(house, things)
    eve = await user("eve")
    answer = await hides(ask, eve.client, things)
    if ask.path == "/albums/assets":
        assert expect(answer, 200) == {"success": False, "error": "no_permission"}
    else:
        assert answer.status_code == 400
    assert await rows(house, things) == before


@pytest.mark.parametrize("ask", VIEWERS_MAY_NOT, ids=str)
async def test_a_viewer_only_looks(user: MakeUser, house: RunningHost, things: dict[str, str], ask: Ask) -> None:
    before = await rows(house, things)
    guest, other = await user("guest"), await user("other")
    ids = things | {"asset": str(await guest.photo()), "user": str(other.id)}
    answer = await ask.send(guest.client, ids)
    assert expect(answer, 400)["message"] == f"Not found or no {ask.permission} access"
    assert await rows(house, things) == before


async def rows(house: RunningHost, things: dict[str, str]) -> list[str]:
    """What the database holds of Ann's things."""
    album_id = UUID(things["album"])
    found = [
        await house.kernel.db.fetch(f"SELECT * FROM {table} WHERE {column} = $1 ORDER BY 1, 2", album_id)
        for table, column in (
            ("album", "id"), ("album_user", "album_id"), ("album_asset", "album_id"), ("activity", "album_id"))
    ]  # fmt: skip
    assert all(found)
    return [repr(row) for table in found for row in table]
