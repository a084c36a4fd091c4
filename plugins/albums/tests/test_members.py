"""Whom albums are shared with."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.waiting import PATIENCE
from plugins.albums.tests.neighbour import Neighbour

type MakeUser = Callable[[str], Awaitable[Any]]

WAITS = "SELECT true FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1"


async def roles(user: Any, album_id: Any) -> dict[str, str]:
    """Name -> role."""
    seen = await user.call("GET", f"/albums/{album_id}")
    return {one["user"]["name"]: one["role"] for one in seen["albumUsers"]}


async def test_sharing_and_ending_it(user: MakeUser, neighbour: Neighbour) -> None:
    ann, bob, cat = await user("ann"), await user("bob"), await user("cat")
    album_id = await ann.album()
    neighbour.heard.clear()
    body = {"albumUsers": [{"userId": str(bob.id)}, {"userId": str(cat.id), "role": "viewer"}]}
    seen = await ann.call("PUT", f"/albums/{album_id}/users", body)
    assert len(seen["albumUsers"]) == 3
    assert await roles(cat, album_id) == {"Ann": "owner", "Bob": "editor", "Cat": "viewer"}
    assert {one[:3] for one in neighbour.heard} == {("invited", album_id, each.id) for each in (bob, cat)}
    await bob.call("PUT", f"/albums/{album_id}/user/{cat.id}", {"role": "editor"}, status=204)
    assert (await roles(ann, album_id))["Cat"] == "editor"
    await cat.call("DELETE", f"/albums/{album_id}/user/{bob.id}", status=204)
    assert await bob.albums() == []
    await cat.call("DELETE", f"/albums/{album_id}/user/me", status=204)
    assert await roles(ann, album_id) == {"Ann": "owner"}


async def test_all_are_added_or_none(user: MakeUser, neighbour: Neighbour) -> None:
    ann, bob, cat = await user("ann"), await user("bob"), await user("cat")
    album_id = await ann.album(viewers=(bob,))
    neighbour.heard.clear()
    body = {"albumUsers": [{"userId": str(cat.id)}, {"userId": str(bob.id)}]}
    refused = await ann.call("PUT", f"/albums/{album_id}/users", body, status=400)
    assert refused["message"] == "User already added"
    assert await roles(ann, album_id) == {"Ann": "owner", "Bob": "viewer"}
    assert neighbour.heard == []


async def test_the_owner_stays_and_strangers_are_none(user: MakeUser) -> None:
    ann, bob, eve = await user("ann"), await user("bob"), await user("eve")
    album_id = await ann.album(editors=(bob,))
    path = f"/albums/{album_id}/user"
    for who, member, message in (
        (ann, "me", "Cannot remove album owner"),
        (bob, ann.id, "Cannot remove album owner"),
        (ann, eve.id, "Album not shared with user"),
    ):
        assert (await who.call("DELETE", f"{path}/{member}", status=400))["message"] == message
    for who, member, role in ((bob, ann.id, "viewer"), (ann, bob.id, "owner"), (ann, eve.id, "viewer")):
        await who.call("PUT", f"{path}/{member}", {"role": role}, status=400)
    assert await roles(ann, album_id) == {"Ann": "owner", "Bob": "editor"}


async def test_the_same_user_by_two_at_once_is_added_once(user: MakeUser) -> None:
    ann, bob = await user("ann"), await user("bob")
    album_id = await ann.album()
    body = {"albumUsers": [{"userId": str(bob.id)}]}
    work = [ann.client.put(f"/api/albums/{album_id}/users", json=body) for _ in range(4)]
    assert sorted(answer.status_code for answer in await asyncio.gather(*work)) == [200, 400, 400, 400]
    left = [bob.client.delete(f"/api/albums/{album_id}/user/me") for _ in range(3)]
    assert sorted(answer.status_code for answer in await asyncio.gather(*left)) == [204, 400, 400]


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_whoever_is_just_being_erased_is_no_member(user: MakeUser, house: RunningHost, method: str) -> None:
    ann, ida = await user("ann"), await user(f"ida-{method}")
    album_id = await ann.album()
    body = {"albumName": "Theirs", "albumUsers": [{"userId": str(ida.id), "role": "viewer"}]}
    path = "/albums" if method == "POST" else f"/albums/{album_id}/users"
    async with house.kernel.db.dedicated() as other, asyncio.timeout(PATIENCE):
        async with other.transaction():
            await other.execute('DELETE FROM "user" WHERE id = $1', ida.id)
            added = asyncio.create_task(ann.call(method, path, body, status=400))
            while not await house.kernel.db.fetchval(WAITS):  # noqa: ASYNC110 - no event tells of it
                await asyncio.sleep(0.02)
        assert await added == {"message": "User not found"}
    assert "Theirs" not in await ann.albums()


@pytest.fixture
def pushed(house: RunningHost, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was sent to clients: user, event, data."""
    sent: list[tuple[Any, ...]] = []

    async def to_user(user_id: Any, event: str, *data: Any) -> None:
        sent.append((user_id, event, *data))

    monkeypatch.setattr(house.kernel.push, "to_user", to_user)
    return sent


async def test_all_members_are_told_of_a_change(
    user: MakeUser, house: RunningHost, pushed: list[tuple[Any, ...]]
) -> None:
    ann, bob = await user("ann"), await user("bob")
    asset_id = await ann.photo()
    album_id = await ann.album(viewers=(bob,))

    def told() -> set[Any]:
        people = {one[0] for one in pushed if one[1:] == ("on_album_update", str(album_id))}
        pushed.clear()
        return people

    assert told() == {ann.id, bob.id}
    await ann.add(album_id, asset_id)
    assert told() == {ann.id, bob.id}
    await ann.add(album_id, asset_id)
    assert told() == set()
    await ann.call("PATCH", f"/albums/{album_id}", {"albumName": "New"})
    assert told() == {ann.id, bob.id}
    await ann.call("PUT", f"/albums/{album_id}/user/{bob.id}", {"role": "editor"}, status=204)
    assert told() == {ann.id, bob.id}
    await ann.call("DELETE", "/assets", {"ids": [str(asset_id)]}, status=204)
    assert told() == {ann.id, bob.id}
    await ann.call("POST", "/trash/restore/assets", {"ids": [str(asset_id)]})
    assert told() == {ann.id, bob.id}
    await ann.call("PUT", "/assets", {"ids": [str(asset_id)], "visibility": "locked"}, status=204)
    assert told() == {ann.id, bob.id}
    await bob.call("DELETE", f"/albums/{album_id}/user/me", status=204)
    assert told() == {ann.id, bob.id}
    await ann.call("DELETE", f"/albums/{album_id}", status=204)
    assert told() == {ann.id}


async def test_albums_of_an_account_that_is_to_be_erased_are_seen_by_nobody(user: MakeUser, house: RunningHost) -> None:
    liz, mia, admin = await user("liz"), await user("mia"), await house.client()
    theirs, mine = await liz.photo(), await mia.photo()
    album_id = await liz.album(theirs, editors=(mia,))
    assert await mia.add(album_id, mine) == [True]

    async def seen() -> tuple[list[str], int, bool, bool, int]:
        album = await mia.client.get(f"/api/albums/{album_id}")
        buckets = await mia.client.get("/api/timeline/buckets", params={"albumId": str(album_id)})
        loose = await mia.call("POST", "/search/metadata", {"isNotInAlbum": True})
        ids = {one["id"] for one in loose["assets"]["items"]}
        return (await mia.albums(), album.status_code, await mia.sees(theirs), str(mine) in ids, buckets.status_code)

    before = (["Alps"], 200, True, False, 200)
    assert await seen() == before
    await admin.request("DELETE", f"/api/admin/users/{liz.id}", json={})
    assert await seen() == ([], 400, False, True, 400)
    await admin.post(f"/api/admin/users/{liz.id}/restore")
    assert await seen() == before
