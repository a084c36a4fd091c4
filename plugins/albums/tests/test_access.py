"""Who may ask for what: nobody without credentials, no key without the permission, nobody about what is others'."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]

ID = str(uuid4())

ROUTES: list[tuple[str, str, str, Any]] = [
    ("GET", "/albums", "album.read", None),
    ("POST", "/albums", "album.create", {"albumName": "New"}),
    ("GET", "/albums/statistics", "album.statistics", None),
    ("PUT", "/albums/assets", "albumAsset.create", {"albumIds": ["{album}"], "assetIds": ["{asset}"]}),
    ("GET", "/albums/{album}", "album.read", None),
    ("PATCH", "/albums/{album}", "album.update", {"albumName": "Mine"}),
    ("PUT", "/albums/{album}/assets", "albumAsset.create", {"ids": ["{asset}"]}),
    ("DELETE", "/albums/{album}/assets", "albumAsset.delete", {"ids": ["{asset}"]}),
    ("PUT", "/albums/{album}/users", "albumUser.create", {"albumUsers": [{"userId": "{user}"}]}),
    ("PUT", "/albums/{album}/user/{user}", "albumUser.update", {"role": "editor"}),
    ("DELETE", "/albums/{album}/user/{user}", "albumUser.delete", None),
    ("DELETE", "/albums/{album}/user/me", "albumUser.delete", None),
    ("GET", "/activities?albumId={album}", "activity.read", None),
    ("POST", "/activities", "activity.create", {"albumId": "{album}", "type": "like"}),
    ("GET", "/activities/statistics?albumId={album}", "activity.statistics", None),
    ("DELETE", "/activities/{activity}", "activity.delete", None),
    ("DELETE", "/albums/{album}", "album.delete", None),
]
"""Method, path, permission, body."""

OF_AN_OBJECT = [
    route for route in ROUTES if any(f"{{{word}}}" in f"{route[1]}{route[3]}" for word in ("album", "activity"))
]

VIEWERS_MAY_NOT = [
    ("PATCH", "/albums/{album}", "album.update", {"albumName": "Mine"}),
    ("PUT", "/albums/{album}/assets", "albumAsset.create", {"ids": ["{asset}"]}),
    ("DELETE", "/albums/{album}/assets", "albumAsset.delete", {"ids": ["{asset}"]}),
    ("PUT", "/albums/{album}/users", "album.share", {"albumUsers": [{"userId": "{user}"}]}),
    ("PUT", "/albums/{album}/user/{user}", "album.share", {"role": "editor"}),
    ("DELETE", "/albums/{album}/user/{user}", "album.share", None),
    ("DELETE", "/albums/{album}", "album.delete", None),
]
"""With the right that is missing."""


def names(route: tuple[str, str, str, Any]) -> str:
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
async def things(user: MakeUser, house: RunningHost) -> dict[str, str]:
    """Ids of what is Ann's: an album with a photo and a comment, that is shared with a guest."""
    ann, guest = await user("ann"), await user("guest")
    asset_id = await ann.photo()
    album_id = await ann.album(asset_id, viewers=(guest,))
    said = {"albumId": str(album_id), "type": "comment", "comment": "Nice"}
    activity = await ann.call("POST", "/activities", said, status=201)
    return {"album": str(album_id), "asset": str(asset_id), "user": str(guest.id), "activity": activity["id"]}


def test_all_routes_are_here(house: RunningHost) -> None:
    declared = {
        (route.method, route.path)
        for routes in house.kernel.hosting.records["albums"].brings.routes
        for route in routes.routes
    }
    words = {"album": "{id}", "activity": "{id}", "user": "{userId}"}
    told = {(method, filled(path, words).partition("?")[0]) for method, path, _, _ in ROUTES}
    assert declared == told - {("DELETE", "/albums/{id}/user/me")}


@pytest.mark.parametrize("route", ROUTES, ids=names)
async def test_nobody_is_answered_without_credentials(house: RunningHost, route: tuple[str, str, str, Any]) -> None:
    method, path, _, body = route
    url = filled(path, dict.fromkeys(("album", "asset", "user", "activity"), ID))
    expect(await house.anonymous().request(method, f"/api{url}", json=body), 401)


@pytest.mark.parametrize("route", ROUTES, ids=names)
async def test_a_key_needs_the_permission(
    house: RunningHost, things: dict[str, str], route: tuple[str, str, str, Any]
) -> None:
    method, path, permission, body = route
    without = await house.key_client("person.read", user="ann")
    answer = await without.request(method, f"/api{filled(path, things)}", json=filled(body, things))
    assert permission in expect(answer, 403)["message"]
    holding = await house.key_client(permission, user="ann")
    answer = await holding.request(method, f"/api{filled(path, things)}", json=filled(body, things))
    assert answer.status_code != 403


@pytest.mark.parametrize("route", OF_AN_OBJECT, ids=names)
async def test_what_is_somebody_elses_is_as_if_it_were_not_there(
    user: MakeUser, house: RunningHost, things: dict[str, str], route: tuple[str, str, str, Any]
) -> None:
    method, path, _, body = route
    before = await rows(house, things)
    eve = await user("eve")
    strange = await eve.client.request(method, f"/api{filled(path, things)}", json=filled(body, things))
    nowhere = dict.fromkeys(things, ID)
    unknown = await eve.client.request(method, f"/api{filled(path, nowhere)}", json=filled(body, nowhere))
    assert (strange.status_code, strange.json()) == (unknown.status_code, unknown.json())
    if path == "/albums/assets":
        assert strange.json() == {"success": False, "error": "no_permission"}
    else:
        assert strange.status_code == 400
    assert await rows(house, things) == before


@pytest.mark.parametrize("route", VIEWERS_MAY_NOT, ids=names)
async def test_a_viewer_only_looks(
    user: MakeUser, house: RunningHost, things: dict[str, str], route: tuple[str, str, str, Any]
) -> None:
    method, path, permission, body = route
    before = await rows(house, things)
    guest, other = await user("guest"), await user("other")
    mine = filled(body, {"asset": str(await guest.photo())})
    words = things | {"user": str(other.id)}
    answer = await guest.client.request(method, f"/api{filled(path, words)}", json=filled(mine, words))
    assert expect(answer, 400)["message"] == f"Not found or no {permission} access"
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
