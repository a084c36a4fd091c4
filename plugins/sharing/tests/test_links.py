"""Making links and changing them, and what they hold as time goes by."""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from immich_host.testing.waiting import PATIENCE
from tests.clients.phone_schemas import faults

type MakeUser = Callable[[str], Awaitable[Any]]

_MANY = """
INSERT INTO asset (owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
  local_date_time, checksum)
SELECT $1, 'IMAGE', 'upload/none', n || '.jpg', now(), now(), now(), decode(lpad(to_hex(n), 40, '0'), 'hex')
FROM generate_series(1, 1200) n RETURNING id
"""
_PLACES = """
UPDATE asset SET visibility = $2 WHERE id IN (SELECT id FROM asset WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE)
"""
WAITS = "SELECT true FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1"
TAKEN = {"message": "Shared link with this slug already exists"}


def held(link: Any) -> list[UUID]:
    """The assets of a link's answer, in order."""
    return [UUID(one["id"]) for one in link["assets"]]


async def until_somebody_waits(house: RunningHost) -> None:
    """Until another connection waits for what is held."""
    while not await house.kernel.db.fetchval(WAITS):  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(0.02)


async def test_a_link_to_assets_is_made_and_read(user: MakeUser) -> None:
    ann = await user("ann")
    later, earlier = [await ann.photo(fileCreatedAt=f"{year}-02-01T00:00:00Z") for year in (2024, 2023)]
    fields = {"description": "Party", "expiresAt": "2099-01-01T00:00:00Z", "password": "pw", "slug": "party"}
    link = await ann.link(later, earlier, **fields)
    assert len(urlsafe_b64decode(link["key"] + "==")) == 50
    assert held(link) == [earlier, later]
    assert {name: link[name] for name in link.keys() - {"assets", "id", "key", "createdAt"}} == {
        "type": "INDIVIDUAL", "userId": str(ann.id), "description": "Party", "expiresAt": "2099-01-01T00:00:00.000Z",
        "password": "pw", "slug": "party", "allowDownload": True, "allowUpload": False, "showMetadata": True,
    }  # fmt: skip
    assert faults("SharedLinkResponseDto", link) == []
    assert link["assets"][0]["exifInfo"]["fileSizeInByte"] > 0
    assert await ann.ask(f"/shared-links/{link['id']}") == link
    assert await ann.ask("/shared-links", id=link["id"]) == [link]


async def test_a_link_to_an_album_is_told_of_with_the_album(user: MakeUser) -> None:
    ben = await user("ben")
    album_id = await ben.album(await ben.photo())
    other = await ben.link(await ben.photo())
    assert (await ben.ask(f"/albums/{album_id}"))["hasSharedLink"] is False
    link = await ben.link(albumId=album_id)
    assert faults("SharedLinkResponseDto", link) == []
    assert (link["type"], link["assets"], link["album"]["albumName"]) == ("ALBUM", [], "Alps")
    assert (await ben.ask(f"/albums/{album_id}"))["hasSharedLink"] is True
    assert await ben.ask("/shared-links", albumId=str(album_id)) == [link]
    assert [one["id"] for one in await ben.ask("/shared-links")] == [link["id"], other["id"]], "the latest first"
    await ben.edit(link, expiresAt="2020-01-01T00:00:00Z")
    assert (await ben.ask(f"/albums/{album_id}"))["hasSharedLink"] is False
    await ben.edit(link, expiresAt=None)
    expect(await ben.client.delete(f"/api/shared-links/{link['id']}"), 204)
    assert (await ben.ask(f"/albums/{album_id}"))["hasSharedLink"] is False
    link = await ben.link(albumId=album_id)
    expect(await ben.client.delete(f"/api/albums/{album_id}"), 204)
    assert await ben.ask(f"/shared-links/{link['id']}", 400) == {"message": "Shared link not found"}


async def test_what_cannot_be_linked_to(user: MakeUser) -> None:
    ann, cat = await user("ann"), await user("cat")
    mine, theirs = await cat.photo(), await ann.photo()
    locked = await cat.photo(visibility="locked")
    album_id = await ann.album(await ann.photo(), **{str(cat.id): "viewer"})
    no_asset = {"message": "Not found or no asset.share access"}
    no_album = {"message": "Not found or no album.share access"}
    before = await cat.ask("/shared-links")
    for ids in ([theirs], [mine, theirs], [uuid4()], [locked], [mine, locked]):
        assert await cat.link(*ids, status=400) == no_asset
    assert await cat.link(albumId=album_id, status=400) == no_album
    assert await cat.link(albumId=uuid4(), status=400) == no_album
    assert await cat.link(status=400) == {"message": "Invalid assetIds"}
    assert await cat.link(mine, type="ALBUM", status=400) == {"message": "Invalid albumId"}
    await cat.link(mine, type="OTHER", status=400)
    await cat.link(mine, expiresAt="tomorrow", status=400)
    expect(await cat.client.post("/api/auth/pin-code", json={"pinCode": "123456"}), 204)
    expect(await cat.client.post("/api/auth/session/unlock", json={"pinCode": "123456"}), 204)
    await cat.ask(f"/assets/{locked}")
    assert await cat.link(locked, status=400) == no_asset, "unlocked, and yet locked ones are never shared"
    assert await cat.ask("/shared-links") == before
    editor = await user("editor")
    album_id = await ann.album(await ann.photo(), **{str(editor.id): "editor"})
    assert (await editor.link(albumId=album_id))["userId"] == str(editor.id)


async def test_an_album_that_is_just_being_deleted_has_no_link(user: MakeUser, house: RunningHost) -> None:
    ann = await user("ann")
    album_id = await ann.album()
    async with house.kernel.db.dedicated() as other, asyncio.timeout(PATIENCE):
        async with other.transaction():
            await other.execute("DELETE FROM album WHERE id = $1", album_id)
            made = asyncio.create_task(ann.link(albumId=album_id, status=400))
            await until_somebody_waits(house)
        assert await made == {"message": "Not found or no album.share access"}


async def test_a_link_that_is_just_being_deleted_is_not_changed(user: MakeUser, house: RunningHost) -> None:
    ann = await user("ann")
    link = await ann.link(await ann.photo())
    async with house.kernel.db.dedicated() as other, asyncio.timeout(PATIENCE):
        async with other.transaction():
            await other.execute("DELETE FROM shared_link WHERE id = $1", UUID(link["id"]))
            changed = asyncio.create_task(ann.edit(link, 400, description="Late"))
            await until_somebody_waits(house)
        assert await changed == {"message": "Shared link not found"}


async def test_what_hides_metadata_lets_nothing_be_downloaded_at_first(user: MakeUser) -> None:
    ann = await user("ann")
    link = await ann.link(await ann.photo(), showMetadata=False, allowDownload=True, allowUpload=True)
    assert (link["showMetadata"], link["allowDownload"], link["allowUpload"]) == (False, False, True)
    assert link["assets"][0]["exifInfo"], "its owner sees all"
    assert (await ann.edit(link, allowDownload=True))["allowDownload"] is True


async def test_only_what_is_told_of_changes_and_null_takes_away(user: MakeUser) -> None:
    ann = await user("ann")
    fields = {"description": "d", "password": "p", "slug": "only-told", "expiresAt": "2090-01-01T00:00:00.000Z"}
    link = await ann.link(await ann.photo(), **fields)
    assert await ann.edit(link) == link
    changed = await ann.edit(link, allowUpload=True, showMetadata=False)
    assert changed == link | {"allowUpload": True, "showMetadata": False}
    assert await ann.edit(link, **dict.fromkeys(fields)) == changed | dict.fromkeys(fields)
    assert (await ann.edit(link, description="", password="", slug=""))["slug"] is None
    assert (await ann.edit(link, expiresAt="9999-12-31T23:59:59-12:00"))["expiresAt"].startswith("9999-")
    assert (await ann.edit(link, expiresAt="0001-01-01T00:00:00+12:00"))["expiresAt"].startswith("0001-")
    await ann.edit(link, 400, expiresAt="soon")
    await ann.edit(link, 400, allowUpload=None)
    await ann.edit(link, 400, description="a\0b")


async def test_a_slug_is_one_links(user: MakeUser) -> None:
    ann, ben = await user("ann"), await user("ben")
    mine, theirs = await ann.photo(), await ben.photo()
    link = await ann.link(mine, slug="wanted")
    assert await ben.link(theirs, slug="wanted", status=400) == TAKEN
    other = await ben.link(theirs, slug="free")
    assert await ben.edit(other, 400, slug="wanted") == TAKEN
    assert (await ann.edit(link, slug="wanted"))["slug"] == "wanted"
    for slug in ("x" * 201, "a\nb"):
        assert "slug" in (await ann.edit(link, 400, slug=slug))["message"]
    body = {"type": "INDIVIDUAL", "assetIds": [str(mine)], "slug": "at-once"}
    answers = await asyncio.gather(*(ann.client.post("/api/shared-links", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]
    await ann.link(mine)
    await ann.link(mine)


async def test_assets_are_added_and_taken_out_one_by_one(user: MakeUser) -> None:
    ann, ben = await user("ann"), await user("ben")
    first, second, theirs = await ann.photo(), await ann.photo(), await ben.photo()
    locked = await ann.photo(visibility="locked")
    link = await ann.link(first)
    denied = "no_permission"
    assert await ann.put(link, first, second, second, theirs, locked, (nowhere := uuid4())) == [
        "duplicate", True, "duplicate", denied, denied, denied,
    ]  # fmt: skip
    assert set(held(await ann.ask(f"/shared-links/{link['id']}"))) == {first, second}
    assert await ann.take(link, second, second, theirs, nowhere) == [True, "not_found", "not_found", "not_found"]
    assert held(await ann.ask(f"/shared-links/{link['id']}")) == [first]
    told = await asyncio.gather(*(ann.put(link, second, first) for _ in range(4)))
    assert sorted(map(str, told)) == sorted(map(str, [[True, "duplicate"], *[["duplicate", "duplicate"]] * 3]))
    of_album = await ann.link(albumId=await ann.album(first))
    for method in ("PUT", "DELETE"):
        path = f"/api/shared-links/{of_album['id']}/assets"
        answer = await ann.client.request(method, path, json={"assetIds": [str(second)]})
        assert expect(answer, 400) == {"message": "Invalid shared link type"}


async def test_a_crowd_that_changes_the_same_links_breaks_nothing(user: MakeUser, house: RunningHost) -> None:
    """Links are made, filled, emptied, deleted, while their photos are locked, shown again and copied."""
    ann = await user("crowd")
    photos = sorted([await ann.photo() for _ in range(12)])
    ids, backwards = [str(each) for each in photos], [str(each) for each in photos[::-1]]
    path = "/api/shared-links"

    async def locked_and_back() -> None:
        for visibility in ("locked", "timeline"):
            await house.kernel.db.execute(_PLACES, photos, visibility)

    for _ in range(6):
        links = [(await ann.link(*photos))["id"] for _ in range(3)]
        asked = [
            *(ann.client.put(f"{path}/{link}/assets", json={"assetIds": ids}) for link in links),
            *(ann.client.request("DELETE", f"{path}/{link}/assets", json={"assetIds": backwards}) for link in links),
            *(ann.client.delete(f"{path}/{link}") for link in links),
            *(ann.client.put("/api/assets/copy", json={"sourceId": ids[0], "targetId": each}) for each in ids[1:3]),
            ann.client.post(path, json={"type": "INDIVIDUAL", "assetIds": backwards}),
        ]
        answers, *_ = await asyncio.gather(asyncio.gather(*asked), locked_and_back(), locked_and_back())
        assert {answer.status_code for answer in answers} <= {200, 201, 204, 400}
        await house.drain()
    left = "SELECT FROM shared_link_asset JOIN asset ON id = asset_id WHERE owner_id = $1 AND visibility = 'locked'"
    assert await house.kernel.db.fetch(left, ann.id) == []


async def test_what_becomes_of_assets_shows_in_the_link(user: MakeUser, house: RunningHost, viewer: Any) -> None:
    ann = await user("ann")
    kept, changed = await ann.photo(), await ann.photo()
    link = await ann.link(kept, changed)
    guest = viewer(link)
    both = {kept, changed}
    update = house.kernel.assets.update
    assert await guest.sees() == both
    await update(changed, visibility="archive")
    assert await guest.sees() == both
    await update(changed, visibility="hidden")
    assert await guest.sees() == {kept}
    await update(changed, visibility="timeline")
    assert await guest.sees() == both
    await ann.client.request("DELETE", "/api/assets", json={"ids": [str(changed)]})
    assert await guest.sees() == {kept}
    await ann.client.post("/api/trash/restore/assets", json={"ids": [str(changed)]})
    assert await guest.sees() == both
    await house.turn_off("sharing")
    try:
        await update(changed, visibility="locked")
    finally:
        await house.turn_on("sharing")
    assert await guest.sees() == {kept}
    await update(changed, visibility="timeline")
    assert await guest.sees() == {kept}, "what was put away does not come back by itself"
    assert await ann.put(link, changed) == [True]
    await ann.client.request("DELETE", "/api/assets", json={"ids": [str(changed)], "force": True})
    assert await guest.sees() == {kept}
    await house.drain()
    left = "SELECT asset_id FROM shared_link_asset WHERE shared_link_id = $1"
    rows = await house.kernel.db.fetch(left, UUID(link["id"]))
    assert [row["asset_id"] for row in rows] == [kept]


async def test_a_copy_is_shown_where_its_source_is(user: MakeUser, house: RunningHost, viewer: Any) -> None:
    ann = await user("ann")
    source, target, other = await ann.photo(), await ann.photo(), await ann.photo()
    link = await ann.link(source)
    body = {"sourceId": str(source), "targetId": str(target)}
    expect(await ann.client.put("/api/assets/copy", json=body), 204)
    expect(await ann.client.put("/api/assets/copy", json=body | {"targetId": str(other), "sharedLinks": False}), 204)
    await house.drain()
    assert await viewer(link).sees() == {source, target}


async def test_partners_photos_are_shown_while_they_share_them(user: MakeUser, house: RunningHost, viewer: Any) -> None:
    dan, eve = await user("dan"), await user("eve")
    theirs, mine = await dan.photo(), await eve.photo()
    archived = await dan.photo(visibility="archive")
    await dan.shares_with(eve)
    link = await eve.link(theirs, mine)
    assert await eve.put(link, archived) == ["no_permission"]
    guest = viewer(link)
    assert await guest.sees() == await guest.timeline() == {theirs, mine}
    assert (await guest.ask(f"/assets/{theirs}"))["isFavorite"] is False
    await house.kernel.assets.update(theirs, visibility="archive")
    assert await guest.sees() == await guest.timeline() == {mine}
    await house.kernel.assets.update(theirs, visibility="timeline")
    await dan.stops_sharing_with(eve)
    assert await guest.sees() == await guest.timeline() == {mine}
    await guest.ask(f"/assets/{theirs}", 400)


@pytest.mark.parametrize("kind", ["ALBUM", "INDIVIDUAL"])
async def test_a_link_ends_with_its_owners_account(user: MakeUser, house: RunningHost, viewer: Any, kind: str) -> None:
    flo, admin = await user(f"flo-{kind.lower()}"), await house.client()
    asset_id = await flo.photo()
    link = await (flo.link(asset_id) if kind == "INDIVIDUAL" else flo.link(albumId=await flo.album(asset_id)))
    guest = viewer(link)
    await guest.ask(f"/assets/{asset_id}")
    expect(await admin.request("DELETE", f"/api/admin/users/{flo.id}", json={}), 200)
    assert await guest.ask(f"/assets/{asset_id}", 401) == {"message": "Invalid share key"}
    expect(await admin.request("DELETE", f"/api/admin/users/{flo.id}", json={"force": True}), 200)
    await house.drain()
    assert await house.kernel.db.fetch("SELECT FROM shared_link WHERE user_id = $1", flo.id) == []


async def test_an_album_has_no_link_of_an_account_that_is_to_be_erased(user: MakeUser, house: RunningHost) -> None:
    liz, mia, admin = await user("liz"), await user("mia"), await house.client()
    album_id = await liz.album(await liz.photo(), **{str(mia.id): "editor"})
    await mia.link(albumId=album_id)
    assert (await liz.ask(f"/albums/{album_id}"))["hasSharedLink"] is True
    expect(await admin.request("DELETE", f"/api/admin/users/{mia.id}", json={}), 200)
    assert (await liz.ask(f"/albums/{album_id}"))["hasSharedLink"] is False
    expect(await admin.post(f"/api/admin/users/{mia.id}/restore"), 200)
    assert (await liz.ask(f"/albums/{album_id}"))["hasSharedLink"] is True


async def test_who_may_not_share_an_album_any_more_has_no_link_to_it(user: MakeUser, viewer: Any) -> None:
    gus, han = await user("gus"), await user("han")
    asset_id = await gus.photo()
    album_id = await gus.album(asset_id, **{str(han.id): "editor"})
    guest = viewer(await han.link(albumId=album_id))
    assert await guest.timeline() == {asset_id}
    assert (await gus.ask(f"/albums/{album_id}"))["hasSharedLink"] is True
    expect(await gus.client.put(f"/api/albums/{album_id}/user/{han.id}", json={"role": "viewer"}), 204)
    assert (await gus.ask(f"/albums/{album_id}"))["hasSharedLink"] is False
    assert await guest.ask("/shared-links/me", 401) == {"message": "Invalid share key"}
    (mine,) = await han.ask("/shared-links")
    assert mine["album"]["albumName"] == "Alps", "a viewer sees it"
    expect(await gus.client.delete(f"/api/albums/{album_id}/user/{han.id}"), 204)
    (mine,) = await han.ask("/shared-links")
    assert mine == await han.ask(f"/shared-links/{mine['id']}") == await han.edit(mine)
    assert "album" not in mine
    assert faults("SharedLinkResponseDto", mine) == []


async def test_a_list_of_links_holds_the_first_assets_of_each(user: MakeUser, house: RunningHost, viewer: Any) -> None:
    ida = await user("ida")
    photos = [await ida.photo() for _ in range(3)]
    link = await ida.link(*photos)
    ids = [row["id"] for row in await house.kernel.db.fetch(_MANY, ida.id)]
    assert all(went is True for went in await ida.put(link, *ids))
    (listed,) = await ida.ask("/shared-links")
    assert set(held(listed)[:3]) == set(photos)
    assert len(held(listed)) == 100
    assert len(held(await ida.ask(f"/shared-links/{link['id']}"))) == 1203
    assert len(await viewer(link).sees()) == 1203


async def test_a_long_list_of_links_is_whole_and_in_order(user: MakeUser) -> None:
    kay = await user("kay")
    asset_id = await kay.photo()
    assert await kay.ask("/shared-links") == []
    made = [(await kay.link(asset_id))["id"] for _ in range(41)]
    listed = await kay.ask("/shared-links")
    assert [one["id"] for one in listed] == made[::-1]
    assert all(held(one) == [asset_id] for one in listed)


async def test_links_cost_as_many_statements_as_one(
    user: MakeUser, house: RunningHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    jim = await user("jim")
    photos = [await jim.photo() for _ in range(2)]
    album_id = await jim.album(*photos)
    counted = 0
    fetch = type(house.kernel.db).fetch

    async def count(self: Any, sql: str, *args: Any) -> Any:
        nonlocal counted
        counted += 1
        return await fetch(self, sql, *args)

    monkeypatch.setattr(type(house.kernel.db), "fetch", count)
    costs: list[int] = []
    for amount in (1, 6):
        for _ in range(amount):
            await jim.link(*photos)
            await jim.link(albumId=album_id)
        counted = 0
        await jim.ask("/shared-links")
        costs.append(counted)
    assert costs[0] == costs[1] > 0
