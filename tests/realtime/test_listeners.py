import json
from uuid import UUID

import pytest
from redis.asyncio import Redis

from immich_host.plugin_api.dto import Dto
from immich_host.realtime.listeners import listeners
from immich_host.realtime.presence import Presence
from immich_host.realtime.store import ready_asset


class View(Dto):
    id: UUID
    owner_id: UUID


built: list[UUID] = []


async def view(host, asset_id, owner_id):
    built.append(asset_id)
    return View(id=asset_id, owner_id=owner_id)


LISTENERS = listeners(view)


@pytest.fixture
def add(db):
    async def add_asset(owner, **columns) -> UUID:
        values = {
            "owner_id": owner.id,
            "type": "IMAGE",
            "original_path": "upload/x.jpg",
            "original_file_name": "x.jpg",
            "checksum": b"\x00" * 20,
        } | columns
        names = ", ".join(values)
        places = ", ".join(f"${i + 1}" for i in range(len(values)))
        made = await db.fetchval(
            f"INSERT INTO asset ({names}, file_created_at, file_modified_at, local_date_time) "
            f"VALUES ({places}, '2024-05-03T10:11:12.345Z', now(), now()) RETURNING id",
            *values.values(),
        )
        await db.execute("INSERT INTO asset_exif (asset_id, f_number, make) VALUES ($1, 1.8, 'Maker')", made)
        return made

    built.clear()
    return add_asset


@pytest.fixture
async def ada(processes, person, device):
    """A person with a phone on the second process; facts come from the first."""
    one = await person("ada")
    one.phone = await device(processes[1], {"Authorization": f"Bearer {one.token}"})
    await one.phone.welcome()
    return one


async def test_an_uploaded_photo_is_told_with_all_of_it(processes, ada, add):
    asset = await add(ada, thumbhash=b"\x01\x02", is_favorite=True)
    await LISTENERS["asset_viewable"](processes[0], asset_id=asset, owner_id=ada.id, cause="upload")
    assert await ada.phone.next() == ("on_upload_success", {"id": str(asset), "ownerId": str(ada.id)})
    event, ready = await ada.phone.next()
    assert event == "AssetUploadReadyV2"
    assert ready["asset"]["fileCreatedAt"] == "2024-05-03T10:11:12.345Z"
    assert ready["asset"]["thumbhash"] == "AQI="
    assert ready["asset"]["isFavorite"] is True
    assert ready["exif"]["assetId"] == str(asset)
    assert (ready["exif"]["fNumber"], ready["exif"]["make"]) == (1.8, "Maker")


async def test_the_shapes_are_those_of_the_sync_stream(db, ada, add):
    ready = await ready_asset(db, await add(ada))
    assert ready is not None
    assert json.loads(json.dumps(ready)) == ready
    assert len(ready["asset"]) == 20
    assert len(ready["exif"]) == 25


@pytest.mark.parametrize(
    ("columns", "cause"),
    [({"visibility": "hidden"}, "upload"), ({"visibility": "locked"}, "upload"), ({}, "library"), ({}, "rerun")],
)
async def test_nobody_is_told_of_other_photos(processes, ada, add, columns, cause):
    asset = await add(ada, **columns)
    await LISTENERS["asset_viewable"](processes[0], asset_id=asset, owner_id=ada.id, cause=cause)
    await processes[0].push.to_user(ada.id, "end")
    assert await ada.phone.next() == ("end",)


async def test_nothing_is_prepared_for_those_who_are_away(processes, person, add):
    bob = await person("bob")
    asset = await add(bob)
    await LISTENERS["asset_viewable"](processes[0], asset_id=asset, owner_id=bob.id, cause="upload")
    assert built == []
    assert not await Presence(processes[0].redis).is_connected(bob.id)


async def test_an_edit_is_told_when_it_has_reached_the_file(processes, ada, add):
    asset = await add(ada)
    told = {"asset_id": asset, "owner_id": ada.id}
    for kind, cause in (("preview", "upload"), ("sidecar", "upload"), ("sidecar", "sidecar-write")):
        await LISTENERS["asset_file_written"](processes[0], **told, type=kind, cause=cause)
    for cause in ("edit", "sidecar-write"):
        await LISTENERS["asset_changed"](processes[0], **told, fields=["rating"], cause=cause)
    await processes[0].push.to_user(ada.id, "end")
    assert [(await ada.phone.next())[0] for _ in range(3)] == ["on_asset_update", "on_asset_update", "end"]


async def test_a_video_that_became_part_of_a_photo(processes, ada, add):
    hidden = await add(ada, visibility="hidden", type="VIDEO")
    shown = await add(ada, checksum=b"\x01" * 20)
    for asset in (shown, hidden):
        await LISTENERS["asset_changed"](
            processes[0], asset_id=asset, owner_id=ada.id, fields=["visibility"], cause="live-photo"
        )
    assert await ada.phone.next() == ("on_asset_hidden", str(hidden))


async def test_trash_and_the_end(processes, ada, person):
    asset = UUID(int=7)
    ids = {"asset_ids": [asset], "owner_id": ada.id}
    await LISTENERS["asset_trashed"](processes[0], **ids)
    await LISTENERS["asset_restored"](processes[0], **ids)
    await LISTENERS["asset_deleted"](processes[0], asset_id=asset, owner_id=ada.id)
    await LISTENERS["user_deleted"](processes[0], user_id=asset)
    assert [await ada.phone.next() for _ in range(4)] == [
        ("on_asset_trash", [str(asset)]),
        ("on_asset_restore", [str(asset)]),
        ("on_asset_delete", str(asset)),
        ("on_user_delete", str(asset)),
    ]


async def test_presence_without_redis_counts_everybody_as_there():
    redis = Redis(host="127.0.0.1", port=1)
    assert await Presence(redis).is_connected(UUID(int=1))
    await redis.aclose()
