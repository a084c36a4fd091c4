"""Albums: what clients are shown, and how they change."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from immich_albums import store
from immich_host.db.database import Database
from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from plugins.albums.tests.neighbour import Neighbour

type MakeUser = Callable[[str], Awaitable[Any]]


async def test_a_new_album(user: MakeUser) -> None:
    ann = await user("ann")
    first = await ann.photo(fileCreatedAt="2024-05-01T10:00:00.000Z")
    last = await ann.photo(fileCreatedAt="2024-06-01T10:00:00.000Z")
    body = {"albumName": "Alps", "description": "Up", "assetIds": [str(first), str(last), str(first)]}
    album = await ann.call("POST", "/albums", body, status=201)
    assert album == await ann.call("GET", f"/albums/{album['id']}")
    assert {name: album[name] for name in album.keys() - {"id", "createdAt", "updatedAt", "albumUsers"}} == {
        "albumName": "Alps", "description": "Up", "albumThumbnailAssetId": str(first), "assetCount": 2,
        "hasSharedLink": False, "shared": False, "isActivityEnabled": True, "order": "desc",
        "startDate": "2024-05-01T10:00:00.000Z", "endDate": "2024-06-01T10:00:00.000Z",
        "lastModifiedAssetTimestamp": album["lastModifiedAssetTimestamp"],
    }  # fmt: skip
    [owner] = album["albumUsers"]
    assert (owner["role"], owner["user"]["id"], owner["user"]["email"]) == ("owner", str(ann.id), "ann@host.test")


async def test_an_empty_album_has_no_dates_and_takes_the_order_that_is_preferred(user: MakeUser) -> None:
    ben = await user("ben")
    await ben.call("PUT", "/users/me/preferences", {"albums": {"defaultAssetOrder": "asc"}})
    album = await ben.call("POST", "/albums", {"albumName": "", "description": None}, status=201)
    assert album["order"] == "asc"
    assert album["description"] == ""
    assert album["albumThumbnailAssetId"] is None
    assert album["assetCount"] == 0
    assert not album.keys() & {"startDate", "endDate", "lastModifiedAssetTimestamp", "contributorCounts"}


async def test_who_is_in_it_is_told_with_the_owner_first(user: MakeUser, neighbour: Neighbour) -> None:
    cat, dan, eve = await user("cat"), await user("dan"), await user("eve")
    album_id = await cat.album(await cat.photo(), editors=(dan,), viewers=(eve,))
    await dan.add(album_id, await dan.photo(), await dan.photo())
    seen = await eve.call("GET", f"/albums/{album_id}")
    assert [(one["user"]["name"], one["role"]) for one in seen["albumUsers"]] == [
        ("Cat", "owner"), ("Dan", "editor"), ("Eve", "viewer"),
    ]  # fmt: skip
    assert seen["shared"] is True
    assert seen["contributorCounts"] == [
        {"userId": str(dan.id), "assetCount": 2}, {"userId": str(cat.id), "assetCount": 1},
    ]  # fmt: skip
    heard = [one for one in neighbour.heard if one[0] == "invited" and one[1] == album_id]
    assert sorted(one[2] for one in heard) == sorted([dan.id, eve.id])
    assert {one[3] for one in heard} == {cat.id}


async def test_assets_of_others_do_not_come_in_by_a_new_album(user: MakeUser) -> None:
    ann, eve = await user("ann"), await user("eve")
    strange, mine = await ann.photo(), await eve.photo()
    album = await eve.call("GET", f"/albums/{await eve.album(strange, mine, uuid4())}")
    assert (album["assetCount"], album["albumThumbnailAssetId"]) == (1, str(mine))


@pytest.mark.parametrize(
    ("member", "role", "message"),
    [
        ("nobody", "viewer", "User not found"),
        ("self", "viewer", "Cannot share album with owner"),
        ("other", "owner", "An album has one owner, which cannot be changed"),
    ],
)
async def test_who_cannot_be_a_member(user: MakeUser, member: str, role: str, message: str) -> None:
    fay, other = await user("fay"), await user("other")
    ids = {"nobody": uuid4(), "self": fay.id, "other": other.id}
    body = {"albumUsers": [{"userId": str(ids[member]), "role": role}]}
    before = await fay.albums()
    refused = await fay.call("POST", "/albums", {"albumName": "No", **body}, status=400)
    assert refused["message"] == message
    assert await fay.albums() == before
    album_id = await fay.album(name="Of fay")
    refused = await fay.call("PUT", f"/albums/{album_id}/users", body, status=400)
    assert refused["message"] == message


async def test_which_are_listed(user: MakeUser, neighbour: Neighbour) -> None:
    gus, hal = await user("gus"), await user("hal")
    asset_id = await gus.photo()
    await gus.album(asset_id, name="Alone")
    joint = await gus.album(asset_id, name="Joint", viewers=(hal,))
    by_link = await gus.album(name="By link")
    await hal.album(name="Of Hal", viewers=(gus,))
    await hal.album(name="Hidden")
    neighbour.linked.add(by_link)
    assert await gus.albums() == ["Of Hal", "By link", "Joint", "Alone"]
    assert await gus.albums(isOwned="true") == ["By link", "Joint", "Alone"]
    assert await gus.albums(isOwned="false") == ["Of Hal"]
    assert await gus.albums(isShared="true") == ["Of Hal", "By link", "Joint"]
    assert await gus.albums(isShared="false") == ["Alone"]
    assert await gus.albums(isOwned="true", isShared="true") == ["By link", "Joint"]
    assert await gus.albums(assetId=str(asset_id)) == ["Joint", "Alone"]
    assert await hal.albums(assetId=str(asset_id)) == ["Joint"]
    assert await gus.albums(name="Joint") == ["Joint"]
    assert await gus.albums(id=str(joint)) == ["Joint"]
    assert await hal.albums(id=str(by_link)) == []
    assert await gus.call("GET", "/albums/statistics") == {"owned": 3, "shared": 3, "notShared": 1}
    assert await hal.call("GET", "/albums/statistics") == {"owned": 2, "shared": 2, "notShared": 1}
    seen = {one["albumName"]: (one["shared"], one["hasSharedLink"]) for one in await gus.call("GET", "/albums")}
    assert seen["By link"] == (True, True)
    assert seen["Alone"] == (False, False)


async def test_a_change(user: MakeUser) -> None:
    ida, editor = await user("ida"), await user("editor")
    first, second, strange = await ida.photo(), await ida.photo(), await ida.photo()
    album_id = await ida.album(first, second, editors=(editor,))
    body = {
        "albumName": "Lakes", "description": None, "order": "asc", "isActivityEnabled": False,
        "albumThumbnailAssetId": str(second),
    }  # fmt: skip
    changed = await editor.call("PATCH", f"/albums/{album_id}", body)
    assert {name: changed[name] for name in body} == body | {"description": ""}
    assert changed["updatedAt"] > changed["createdAt"]
    cover = {"albumThumbnailAssetId": str(strange)}
    refused = await ida.call("PATCH", f"/albums/{album_id}", cover, status=400)
    assert refused["message"] == "Invalid album thumbnail"
    assert await ida.call("PATCH", f"/albums/{album_id}", {}) == changed


async def test_only_the_owner_deletes_and_the_photos_stay(user: MakeUser, house: RunningHost) -> None:
    joe, kim = await user("joe"), await user("kim")
    asset_id = await joe.photo()
    album_id = await joe.album(asset_id, editors=(kim,))
    assert await kim.sees(asset_id)
    refused = await kim.call("DELETE", f"/albums/{album_id}", status=400)
    assert refused["message"] == "Not found or no album.delete access"
    await joe.call("DELETE", f"/albums/{album_id}", status=204)
    assert await joe.call("GET", "/albums") == await kim.call("GET", "/albums") == []
    assert await joe.sees(asset_id)
    assert not await kim.sees(asset_id)
    await joe.call("DELETE", f"/albums/{album_id}", status=400)


async def test_two_at_once_delete_it_once(user: MakeUser) -> None:
    lea = await user("lea")
    album_id = await lea.album(await lea.photo())
    paths = [lea.client.delete(f"/api/albums/{album_id}") for _ in range(4)]
    statuses = [answer.status_code for answer in await asyncio.gather(*paths)]
    assert set(statuses) <= {204, 400}
    assert 204 in statuses


async def test_an_album_goes_with_its_owner(user: MakeUser, house: RunningHost) -> None:
    mia, ned = await user("mia"), await user("ned")
    album_id = await mia.album(await mia.photo(), editors=(ned,), name="Of Mia")
    kept = await ned.album(name="Of Ned", viewers=(mia,))
    await ned.add(album_id, await ned.photo())
    await house.kernel.db.execute('DELETE FROM "user" WHERE id = $1', mia.id)
    assert await ned.albums() == ["Of Ned"]
    assert len((await ned.call("GET", f"/albums/{kept}"))["albumUsers"]) == 1
    assert await house.kernel.db.fetchval("SELECT count(*) FROM album WHERE id = $1", album_id) == 0


async def test_members_whose_account_is_to_be_erased_are_not_shown(user: MakeUser, house: RunningHost) -> None:
    ola, pat = await user("ola"), await user("pat")
    album_id = await ola.album(viewers=(pat,))
    admin = await house.client()
    expect(await admin.request("DELETE", f"/api/admin/users/{pat.id}", json={}), 200)
    seen = await ola.call("GET", f"/albums/{album_id}")
    assert len(seen["albumUsers"]) == 1
    assert seen["shared"] is False
    assert await ola.albums(isShared="true") == []
    again = {"albumUsers": [{"userId": str(pat.id)}]}
    refused = await ola.call("PUT", f"/albums/{album_id}/users", again, status=400)
    assert refused["message"] == "User not found"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that were run."""
    ran: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        real = getattr(Database, name)

        async def run(self: Database, sql: str, *args: Any, real: Any = real) -> Any:
            ran.append(sql)
            return await real(self, sql, *args)

        monkeypatch.setattr(Database, name, run)
    return ran


async def test_many_albums_cost_as_many_statements_as_two(user: MakeUser, counted: list[str]) -> None:
    rob, sue = await user("rob"), await user("sue")
    asset_id = await rob.photo()
    await rob.album(asset_id)
    await rob.album(asset_id, viewers=(sue,))
    await rob.call("GET", "/albums")  # the session is known from now on
    counted.clear()
    assert len(await rob.call("GET", "/albums")) == 2
    few = len(counted)
    for number in range(48):
        await rob.album(asset_id, name=str(number), viewers=(sue,) if number % 2 else ())
    counted.clear()
    assert len(await rob.call("GET", "/albums")) == 50
    assert len(counted) == few <= 5, counted


async def test_a_long_list_is_planned_for_its_albums_and_says_the_same(
    user: MakeUser, monkeypatch: pytest.MonkeyPatch, counted: list[str]
) -> None:
    lea = await user("lea")
    photos = [await lea.photo() for _ in range(3)]
    for number in range(4):  # one is empty
        await lea.album(*photos[:number], name=str(number))
    short = await lea.call("GET", "/albums")
    assert sorted(album["assetCount"] for album in short) == [0, 1, 2, 3]
    monkeypatch.setattr(store, "_MANY", 4)
    counted.clear()
    assert await lea.call("GET", "/albums") == short
    assert sum(sql.startswith("SET LOCAL") for sql in counted) == 1


async def test_ids_that_are_none(user: MakeUser) -> None:
    tom = await user("tom")
    refused = await tom.call("GET", "/albums/x", status=400)
    assert refused["errors"][0]["path"] == ["id"]
    album_id = await tom.album()
    refused = await tom.call("DELETE", f"/albums/{album_id}/user/x", status=400)
    assert refused["errors"][0]["path"] == ["userId"]
    body = {"albumUsers": []}
    assert (await tom.call("PUT", f"/albums/{album_id}/users", body, status=400))["message"] == "Validation failed"
