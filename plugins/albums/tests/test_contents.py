"""Assets come into albums and leave them, by hand and with what becomes of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_albums import api, hooks
from immich_host.plugin_api import Caller, Refused
from immich_host.plugin_api.web import SharedLinkView
from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from plugins.albums.tests.neighbour import Neighbour

type MakeUser = Callable[[str], Awaitable[Any]]

MANY = """
INSERT INTO asset (owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
  local_date_time, checksum)
SELECT $1, 'IMAGE', 'upload/none', n || '.jpg', now(), now(), now(), decode(lpad(to_hex(n), 40, '0'), 'hex')
FROM generate_series(1, 600) n RETURNING id
"""


async def count(user: Any, album_id: UUID) -> int:
    """How many assets the album shows."""
    return (await user.call("GET", f"/albums/{album_id}"))["assetCount"]


async def cover(user: Any, album_id: UUID) -> str | None:
    """The asset on the cover."""
    return (await user.call("GET", f"/albums/{album_id}"))["albumThumbnailAssetId"]


async def test_each_id_is_told_how_it_went(user: MakeUser, neighbour: Neighbour) -> None:
    ann, eve = await user("ann"), await user("eve")
    there, new, strange = await ann.photo(), await ann.photo(), await eve.photo()
    album_id = await ann.album(there)
    neighbour.heard.clear()
    results = await ann.add(album_id, there, new, strange, uuid4(), new)
    assert results == ["duplicate", True, "no_permission", "no_permission", "duplicate"]
    assert neighbour.heard == [("changed", album_id, ann.id, [new])]
    assert await count(ann, album_id) == 2
    assert await ann.add(album_id) == []
    assert await ann.take(album_id, new, strange, new) == [True, "not_found", "not_found"]
    assert await count(ann, album_id) == 1


async def test_what_others_let_one_share(user: MakeUser, neighbour: Neighbour) -> None:
    ann, eve = await user("ann"), await user("eve")
    asset_id, album_id = await ann.photo(), await eve.album()
    neighbour.shareable.add(asset_id)
    assert await eve.add(album_id, asset_id) == [True]
    assert await eve.sees(asset_id)


async def test_members_see_what_is_in_it_and_nobody_else_does(user: MakeUser) -> None:
    ann, bob, eve = await user("ann"), await user("bob"), await user("eve")
    asset_id, other = await ann.photo(isFavorite="true"), await ann.photo()
    album_id = await ann.album(asset_id, viewers=(bob,))
    assert (await bob.sees(asset_id), await bob.sees(other), await eve.sees(asset_id)) == (True, False, False)
    assert (await bob.call("GET", f"/assets/{asset_id}"))["isFavorite"] is False
    for method, path, body in (
        ("PUT", f"/assets/{asset_id}", {"description": "mine"}),
        ("DELETE", "/assets", {"ids": [str(asset_id)]}),
        ("PUT", "/assets", {"ids": [str(asset_id)], "isFavorite": False}),
    ):
        expect(await bob.client.request(method, f"/api{path}", json=body), 400)
    for path in ("original", "thumbnail"):
        assert (await bob.client.get(f"/api/assets/{asset_id}/{path}")).status_code in {200, 404}
    assert (await bob.client.get(f"/api/assets/{asset_id}/original")).status_code == 200
    assert await bob.add(await bob.album(), asset_id) == ["no_permission"]
    await bob.call("DELETE", f"/albums/{album_id}/user/me", status=204)
    assert not await bob.sees(asset_id)


async def test_an_editor_takes_out_their_own_and_the_owner_all(user: MakeUser) -> None:
    ann, bob = await user("ann"), await user("bob")
    anns, bobs, more = await ann.photo(), await bob.photo(), await bob.photo()
    album_id = await ann.album(anns, editors=(bob,))
    assert await bob.add(album_id, bobs, more) == [True, True]
    assert await bob.take(album_id, anns, bobs) == ["no_permission", True]
    assert await ann.take(album_id, more, anns) == [True, True]


async def test_the_cover_is_one_of_the_album_that_is_seen(user: MakeUser, house: RunningHost) -> None:
    cat = await user("cat")
    oldest, middle, newest = [await cat.photo(fileCreatedAt=f"2024-0{n}-01T10:00:00.000Z") for n in (1, 2, 3)]
    album_id = await cat.album(oldest, middle, newest)
    assert await cover(cat, album_id) == str(oldest)
    assert await cat.take(album_id, oldest) == [True]
    assert await cover(cat, album_id) == str(newest)
    await cat.call("DELETE", "/assets", {"ids": [str(newest)]}, status=204)
    assert (await cover(cat, album_id), await count(cat, album_id)) == (str(middle), 1)
    await cat.call("DELETE", "/assets", {"ids": [str(middle)], "force": True}, status=204)
    assert await count(cat, album_id) == 0
    await cat.call("POST", "/trash/restore/assets", {"ids": [str(newest)]})
    assert await cover(cat, album_id) == str(newest)


async def test_a_cover_that_is_erased_is_replaced_at_once(user: MakeUser, house: RunningHost) -> None:
    dan = await user("dan")
    first, second = await dan.photo(), await dan.photo()
    one, two = await dan.album(first, second), await dan.album(first)
    await house.kernel.db.execute("DELETE FROM asset WHERE id = $1", first)
    assert (await cover(dan, one), await cover(dan, two)) == (str(second), None)


async def test_what_is_in_the_trash_is_not_shown(user: MakeUser) -> None:
    fay, gus = await user("fay"), await user("gus")
    asset_id = await fay.photo()
    album_id = await fay.album(asset_id, viewers=(gus,))
    await fay.call("DELETE", "/assets", {"ids": [str(asset_id)]}, status=204)
    assert await count(gus, album_id) == 0
    assert not await gus.sees(asset_id)
    await fay.call("POST", "/trash/restore/assets", {"ids": [str(asset_id)]})
    assert await count(gus, album_id) == 1
    assert await gus.sees(asset_id)


async def unlocked(user: Any) -> None:
    """The user's session is unlocked by PIN."""
    await user.client.post("/api/auth/pin-code", json={"pinCode": "123456"})
    await user.call("POST", "/auth/session/unlock", {"pinCode": "123456"}, status=204)


async def test_what_is_locked_leaves_every_album_and_comes_into_none(user: MakeUser, house: RunningHost) -> None:
    hal, ida = await user("hal"), await user("ida")
    asset_id = await hal.photo()
    album_id = await hal.album(asset_id, viewers=(ida,))
    await hal.call("PUT", "/assets", {"ids": [str(asset_id)], "visibility": "locked"}, status=204)
    assert not await ida.sees(asset_id)
    assert (await count(hal, album_id), await cover(hal, album_id)) == (0, None)
    await unlocked(hal)
    assert await hal.add(album_id, asset_id) == ["no_permission"]
    added = {"albumIds": [str(album_id)], "assetIds": [str(asset_id)]}
    assert await hal.call("PUT", "/albums/assets", added) == {"success": False, "error": "no_permission"}
    assert await count(hal, await hal.album(asset_id)) == 0
    await hal.call("PUT", "/assets", {"ids": [str(asset_id)], "visibility": "timeline"}, status=204)
    assert await count(hal, album_id) == 0


async def test_what_is_locked_while_the_plugin_is_off_has_left_too(user: MakeUser, house: RunningHost) -> None:
    joe, kim = await user("joe"), await user("kim")
    asset_id = await joe.photo()
    album_id = await joe.album(asset_id, viewers=(kim,))
    await house.turn_off("albums")
    try:
        assert not await kim.sees(asset_id)
        await joe.call("PUT", "/assets", {"ids": [str(asset_id)], "visibility": "locked"}, status=204)
    finally:
        await house.turn_on("albums")
    assert await count(kim, album_id) == 0


async def test_nothing_is_locked_into_an_album_by_two_at_once(user: MakeUser, house: RunningHost) -> None:
    lea = await user("lea")
    album_id = await lea.album()
    ids = [await lea.photo() for _ in range(8)]
    await asyncio.gather(
        *(
            work
            for each in ids
            for work in (
                lea.call("PUT", "/assets", {"ids": [str(each)], "visibility": "locked"}, status=204),
                lea.add(album_id, each),
            )
        )
    )
    sql = """SELECT count(*) FROM album_asset JOIN asset ON asset.id = asset_id
             WHERE album_id = $1 AND visibility = 'locked'"""
    assert await house.kernel.db.fetchval(sql, album_id) == 0


async def test_the_same_photo_by_many_at_once_is_there_once(user: MakeUser) -> None:
    mia, ned = await user("mia"), await user("ned")
    album_id = await mia.album(editors=(ned,))
    asset_id, others = await mia.photo(), [await mia.photo() for _ in range(4)]
    results = await asyncio.gather(*(mia.add(album_id, asset_id, each) for each in others))
    assert sorted(str(result[0]) for result in results) == ["True", "duplicate", "duplicate", "duplicate"]
    assert await count(mia, album_id) == 5
    removed = await asyncio.gather(*(mia.take(album_id, asset_id) for _ in range(4)))
    assert sorted(str(result[0]) for result in removed) == ["True", "not_found", "not_found", "not_found"]


async def test_several_albums_at_once(user: MakeUser, neighbour: Neighbour) -> None:
    ola, pat = await user("ola"), await user("pat")
    asset_id, other = await ola.photo(), await ola.photo()
    one, two, looked_at = await ola.album(asset_id), await ola.album(), await pat.album(viewers=(ola,))
    albums = [str(each) for each in (one, two, looked_at)]

    async def add(albums: list[str], *assets: UUID) -> Any:
        body = {"albumIds": albums, "assetIds": [str(each) for each in assets]}
        return await ola.call("PUT", "/albums/assets", body)

    neighbour.heard.clear()
    assert await add(albums, asset_id, other) == {"success": True}
    assert [await count(ola, UUID(each)) for each in albums] == [2, 2, 0]
    assert {(one[1], len(one[3])) for one in neighbour.heard} == {(one, 1), (two, 2)}
    assert await add(albums, asset_id) == {"success": False, "error": "duplicate"}
    assert await add([str(looked_at)], asset_id) == {"success": False, "error": "no_permission"}
    assert await add(albums, await pat.photo()) == {"success": False, "error": "no_permission"}


async def test_many_photos_come_into_many_albums_some_at_a_time(
    user: MakeUser, house: RunningHost, neighbour: Neighbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    liz = await user("liz")
    assets = [str(row["id"]) for row in await house.kernel.db.fetch(MANY, liz.id)]
    albums = [str(await liz.album()) for _ in range(25)]
    most = 0
    fetch = type(house.kernel.db).fetch

    async def count_rows(self: Any, sql: str, *args: Any) -> Any:
        nonlocal most
        rows = await fetch(self, sql, *args)
        most = max(most, len(rows))
        return rows

    monkeypatch.setattr(type(house.kernel.db), "fetch", count_rows)
    neighbour.heard.clear()
    body = {"albumIds": albums, "assetIds": assets}
    assert await liz.call("PUT", "/albums/assets", body) == {"success": True}
    assert await liz.call("PUT", "/albums/assets", body) == {"success": False, "error": "duplicate"}
    assert most <= 10_000
    assert sum(len(one[3]) for one in neighbour.heard) == len(assets) * len(albums)
    assert {await count(liz, UUID(each)) for each in albums} == {len(assets)}


async def test_a_copy_comes_into_the_same_albums(user: MakeUser) -> None:
    rob, sue = await user("rob"), await user("sue")
    source, target = await rob.photo(), await rob.photo()
    album_id, other = await rob.album(source, viewers=(sue,)), await rob.album(source)
    body = {"sourceId": str(source), "targetId": str(target), "albums": False}
    await rob.call("PUT", "/assets/copy", body, status=204)
    assert await count(rob, album_id) == 1
    await rob.call("PUT", "/assets/copy", body | {"albums": True}, status=204)
    assert (await count(rob, album_id), await count(rob, other)) == (2, 2)
    assert await sue.sees(target)


def link_to(user: Any, album_id: UUID, *, upload: bool = True, download: bool = True) -> Caller:
    """Somebody who came by a link of the user's."""
    view = SharedLinkView(uuid4(), album_id, allow_upload=upload, allow_download=download, show_metadata=True)
    return Caller(user.id, "", "", is_admin=False, shared_link=view)


async def test_by_a_link_one_sees_the_album_and_what_is_in_it(
    user: MakeUser, house: RunningHost, neighbour: Neighbour
) -> None:
    tom, una = await user("tom"), await user("una")
    asset_id, other = await tom.photo(), await tom.photo()
    album_id, strange = await tom.album(asset_id, viewers=(una,)), await tom.album(other)
    neighbour.links["k1"] = link_to(tom, album_id, download=False)
    client = house.anonymous(params={"key": "k1"})
    seen = expect(await client.get(f"/api/albums/{album_id}"), 200)
    assert [one["role"] for one in seen["albumUsers"]] == ["owner"]
    assert "contributorCounts" not in seen
    expect(await client.get(f"/api/albums/{strange}"), 400)
    expect(await client.get("/api/albums"), 403)
    expect(await client.get(f"/api/assets/{asset_id}"), 200)
    expect(await client.get(f"/api/assets/{other}"), 400)
    assert (await client.get(f"/api/assets/{asset_id}/original")).status_code == 404
    neighbour.links["k2"] = link_to(tom, album_id)
    assert (await house.anonymous(params={"key": "k2"}).get(f"/api/assets/{asset_id}/original")).status_code == 200


async def test_what_is_uploaded_by_a_link_comes_into_its_album(user: MakeUser, house: RunningHost) -> None:
    vic, eve = await user("vic"), await user("eve")
    uploaded, strange = await vic.photo(), await eve.photo()
    album_id, other = await vic.album(), await vic.album()
    caller = link_to(vic, album_id)
    results = await api.add_assets(house.kernel, caller, album_id, [uploaded, strange])
    assert [each.success for each in results] == [True, False]
    assert await count(vic, album_id) == 1
    for who, where in ((caller, other), (link_to(vic, album_id, upload=False), album_id)):
        with pytest.raises(Refused, match=r"Not found or no albumAsset\.create access"):
            await api.add_assets(house.kernel, who, where, [uploaded])


async def test_the_moving_half_of_a_live_photo_is_shown_with_its_still(user: MakeUser, house: RunningHost) -> None:
    wes, xia = await user("wes"), await user("xia")
    still, video = await wes.photo(), await wes.photo()
    await house.kernel.db.execute("UPDATE asset SET live_photo_video_id = $2 WHERE id = $1", still, video)
    await house.kernel.db.execute("UPDATE asset SET visibility = 'hidden' WHERE id = $1", video)
    album_id = await wes.album(still, viewers=(xia,))
    assert await xia.sees(video)
    await wes.take(album_id, still)
    assert not await xia.sees(video)


async def test_a_video_that_becomes_part_of_a_live_photo_leaves(user: MakeUser, house: RunningHost) -> None:
    yan = await user("yan")
    video = await yan.photo()
    await yan.album(video)
    await house.kernel.assets.update(video, visibility="hidden")
    sql = "SELECT count(*) FROM album_asset WHERE asset_id = $1"
    assert await house.kernel.db.fetchval(sql, video) == 0


async def test_folders_are_named_by_the_owners_oldest_album(user: MakeUser, house: RunningHost) -> None:
    zoe, eve = await user("zoe"), await user("eve")
    first = await zoe.photo(fileCreatedAt="2024-05-01T10:00:00.000Z")
    last, alone = await zoe.photo(fileCreatedAt="2024-06-01T10:00:00.000Z"), await zoe.photo()
    strange = await eve.album(name="Of Eve", editors=(zoe,))
    await zoe.add(strange, first)
    await zoe.call("DELETE", f"/albums/{strange}/user/me", status=204)
    await zoe.album(first, last, name="Oldest")
    await zoe.album(first, name="Newer")
    given = await hooks.storage_template_values([first, last, alone], house.kernel)
    assert {asset_id: album["name"] for asset_id, album in given["album"].items()} == {first: "Oldest", last: "Oldest"}
    album = given["album"][first]
    assert (album["start"].month, album["end"].month) == (5, 6)
