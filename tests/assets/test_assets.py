"""Reading, changing, deleting and counting assets over the API."""

import asyncio
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha1
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.testing.host import RunningHost, expect
from immich_host.testing.waiting import PATIENCE


@pytest.fixture
async def running(host: Any) -> RunningHost:
    return await host(plugins=[])


async def read(host: RunningHost, asset_id: UUID, user: str = "admin") -> dict[str, Any]:
    client = await host.client(user)
    return expect(await client.get(f"/api/assets/{asset_id}"), 200)


async def test_an_asset_as_its_owner_sees_it(running: RunningHost) -> None:
    asset_id = await running.upload(b"0123456789", name="Käse 1.JPG", isFavorite="true")
    asset = await read(running, asset_id)
    assert asset["originalFileName"] == "Käse 1.JPG"
    assert asset["originalPath"].startswith(str(running.kernel.paths.root))
    assert asset["checksum"] == b64encode(sha1(b"0123456789", usedforsecurity=False).digest()).decode()
    assert asset["fileCreatedAt"] == asset["localDateTime"] == "2024-05-01T10:11:12.345Z"
    assert (asset["type"], asset["originalMimeType"], asset["visibility"]) == ("IMAGE", "image/jpeg", "timeline")
    assert (asset["isFavorite"], asset["isTrashed"], asset["isArchived"]) == (True, False, False)
    assert (asset["people"], asset["tags"], asset["stack"]) == ([], [], None)
    assert asset["exifInfo"]["fileSizeInByte"] == 10
    assert asset["owner"]["email"] == "admin@host.test"


async def test_a_strangers_asset_and_an_unknown_one_look_the_same(running: RunningHost) -> None:
    asset_id = await running.upload(b"1", user="anna")
    client = await running.client()
    for unseen in (asset_id, uuid4()):
        answer = await client.get(f"/api/assets/{unseen}")
        assert (answer.status_code, answer.json()) == (400, {"message": "Not found or no asset.read access"})


async def test_a_change_shows_at_once_and_locks_what_was_edited(running: RunningHost) -> None:
    asset_id = await running.upload(b"1")
    client = await running.client()
    change = {
        "description": "At the lake", "rating": 4, "latitude": 48.1, "longitude": 11.6, "isFavorite": True,
        "dateTimeOriginal": "2023-02-03T04:05:06.000+02:00", "visibility": "archive",
    }  # fmt: skip
    asset = expect(await client.put(f"/api/assets/{asset_id}", json=change), 200)
    exif = asset["exifInfo"]
    assert (exif["description"], exif["rating"], exif["latitude"], exif["longitude"]) == ("At the lake", 4, 48.1, 11.6)
    assert (exif["dateTimeOriginal"], exif["timeZone"]) == ("2023-02-03T02:05:06.000Z", "UTC+2")
    assert (asset["fileCreatedAt"], asset["localDateTime"]) == ("2023-02-03T02:05:06.000Z", "2023-02-03T04:05:06.000Z")
    assert (asset["isFavorite"], asset["isArchived"]) == (True, True)
    locked = await running.kernel.db.fetchval("SELECT locked_properties FROM asset_exif WHERE asset_id = $1", asset_id)
    assert set(locked) == {"description", "rating", "latitude", "longitude", "dateTimeOriginal", "timeZone"}


async def test_a_reread_of_the_file_leaves_locked_fields_alone(running: RunningHost) -> None:
    asset_id = await running.upload(b"1")
    client = await running.client()
    expect(await client.put(f"/api/assets/{asset_id}", json={"description": "mine"}), 200)
    changed = await running.kernel.assets.write_exif(asset_id, description="camera's", make="Canon")
    assert changed == {"make"}
    assert (await read(running, asset_id))["exifInfo"]["description"] == "mine"
    await running.kernel.assets.unlock(asset_id, frozenset({"description"}))
    assert await running.kernel.assets.write_exif(asset_id, description="camera's") == {"description"}


@pytest.mark.parametrize(("given", "stored"), [(0, None), (-1, None), (None, None), (5, 5)])
async def test_ratings(running: RunningHost, given: int | None, stored: int | None) -> None:
    asset_id = await running.upload(b"1")
    client = await running.client()
    assert (
        expect(await client.put(f"/api/assets/{asset_id}", json={"rating": given}), 200)["exifInfo"]["rating"] == stored
    )


@pytest.mark.parametrize(
    "change",
    [
        {"rating": 6},
        {"rating": "5"},
        {"latitude": 91},
        {"dateTimeOriginal": "2023-02-03T04:05:06"},
        {"dateTimeOriginal": "yesterday"},
        {"visibility": "nowhere"},
        {"livePhotoVideoId": "x"},
    ],
)
async def test_changes_that_are_refused_change_nothing(running: RunningHost, change: dict[str, Any]) -> None:
    asset_id = await running.upload(b"1")
    before = await read(running, asset_id)
    client = await running.client()
    answer = await client.put(f"/api/assets/{asset_id}", json={"isFavorite": True} | change)
    assert (answer.status_code, answer.json()["message"]) == (400, "Validation failed")
    assert answer.json()["errors"][0]["path"] == [next(iter(change))]
    assert await read(running, asset_id) == before


async def test_many_at_once_with_shifted_dates_and_another_zone(running: RunningHost) -> None:
    first, second = await running.upload(b"1"), await running.upload(b"2", fileCreatedAt="2024-01-01T00:00:00Z")
    client = await running.client()
    body = {"ids": [str(first), str(second), str(first)], "dateTimeRelative": -90, "timeZone": "America/New_York"}
    expect(await client.put("/api/assets", json=body), 204)
    one, two = await read(running, first), await read(running, second)
    assert (one["fileCreatedAt"], one["localDateTime"]) == ("2024-05-01T08:41:12.345Z", "2024-05-01T04:41:12.345Z")
    assert (two["fileCreatedAt"], two["localDateTime"]) == ("2023-12-31T22:30:00.000Z", "2023-12-31T17:30:00.000Z")
    assert two["exifInfo"]["timeZone"] == "America/New_York"


async def test_one_strange_id_among_many_changes_none(running: RunningHost) -> None:
    mine, hers = await running.upload(b"1"), await running.upload(b"2", user="anna")
    client = await running.client()
    body = {"ids": [str(mine), str(hers)], "isFavorite": True}
    assert (await client.put("/api/assets", json=body)).status_code == 400
    assert (await read(running, mine))["isFavorite"] is False


async def test_the_locked_folder_opens_by_pin_only(running: RunningHost) -> None:
    asset_id = await running.upload(b"1")
    client = await running.client()
    expect(await client.put(f"/api/assets/{asset_id}", json={"visibility": "locked"}), 200)
    back = {"ids": [str(asset_id)], "visibility": "timeline"}
    assert (await client.put("/api/assets", json=back)).status_code == 400
    expect(await client.post("/api/auth/pin-code", json={"pinCode": "123456"}), 204)
    expect(await client.post("/api/auth/session/unlock", json={"pinCode": "123456"}), 204)
    expect(await client.put("/api/assets", json=back), 204)
    expect(await client.put("/api/assets", json=back | {"visibility": "locked"}), 204)
    expect(await client.post("/api/auth/session/lock"), 204)
    assert (await client.get(f"/api/assets/{asset_id}")).status_code == 400
    key = await running.key_client("all")
    assert (await key.get(f"/api/assets/{asset_id}")).status_code == 400


async def test_linking_and_unlinking_a_live_photo(running: RunningHost) -> None:
    still, video = await running.upload(b"1"), await running.upload(b"2", name="a.mov")
    client = await running.client()
    asset = expect(await client.put(f"/api/assets/{still}", json={"livePhotoVideoId": str(video)}), 200)
    assert asset["livePhotoVideoId"] == str(video)
    assert (await read(running, video))["visibility"] == "hidden"
    asset = expect(await client.put(f"/api/assets/{still}", json={"livePhotoVideoId": None}), 200)
    assert asset["livePhotoVideoId"] is None
    assert (await read(running, video))["visibility"] == "timeline"


@pytest.mark.parametrize(
    ("name", "user", "message"),
    [
        ("b.jpg", "admin", "Live photo video must be a video"),
        ("b.mov", "anna", "Live photo video does not belong to the user"),
        (None, "admin", "Live photo video not found"),
    ],
)
async def test_live_photo_videos_that_do_not_fit(
    running: RunningHost, name: str | None, user: str, message: str
) -> None:
    still = await running.upload(b"1")
    video = await running.upload(b"2", name=name, user=user) if name else uuid4()
    client = await running.client()
    answer = await client.put(f"/api/assets/{still}", json={"livePhotoVideoId": str(video)})
    assert (answer.status_code, answer.json()["message"]) == (400, message)


async def test_statistics(running: RunningHost) -> None:
    client = await running.client()
    await running.upload(b"1", isFavorite="true")
    await running.upload(b"2", visibility="archive")
    await running.upload(b"3", name="a.mp4")
    await running.upload(b"4", name="b.mp4", visibility="hidden")
    trashed = await running.upload(b"5")
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(trashed)]}), 204)

    async def counted(**query: str) -> tuple[int, int, int]:
        found = expect(await client.get("/api/assets/statistics", params=query), 200)
        return found["images"], found["videos"], found["total"]

    assert await counted() == (2, 1, 3)
    assert await counted(visibility="timeline") == (1, 1, 2)
    assert await counted(visibility="archive") == (1, 0, 1)
    assert await counted(isFavorite="true") == (1, 0, 1)
    assert await counted(isTrashed="true") == (1, 0, 1)
    assert (await client.get("/api/assets/statistics", params={"visibility": "locked"})).status_code == 401


async def test_trash_restore_and_empty(running: RunningHost) -> None:
    client = await running.client()
    ids = [str(await running.upload(bytes([number]))) for number in range(4)]
    expect(await client.request("DELETE", "/api/assets", json={"ids": ids[:3]}), 204)
    assert [(await read(running, UUID(one)))["isTrashed"] for one in ids] == [True, True, True, False]
    assert expect(await client.post("/api/trash/restore/assets", json={"ids": ids[:1]}), 200) == {"count": 1}
    assert expect(await client.post("/api/trash/restore/assets", json={"ids": []}), 200) == {"count": 0}
    assert expect(await client.post("/api/trash/empty"), 200) == {"count": 2}
    await running.drain()
    assert [(await client.get(f"/api/assets/{one}")).status_code for one in ids] == [200, 400, 400, 200]
    expect(await client.request("DELETE", "/api/assets", json={"ids": ids[3:]}), 204)
    assert expect(await client.post("/api/trash/restore"), 200) == {"count": 1}


async def test_nobody_elses_trash_is_touched(running: RunningHost) -> None:
    hers = await running.upload(b"1", user="anna")
    anna, admin = await running.client("anna"), await running.client()
    expect(await anna.request("DELETE", "/api/assets", json={"ids": [str(hers)]}), 204)
    assert expect(await admin.post("/api/trash/empty"), 200) == {"count": 0}
    assert expect(await admin.post("/api/trash/restore"), 200) == {"count": 0}
    assert (await admin.post("/api/trash/restore/assets", json={"ids": [str(hers)]})).status_code == 400
    assert (await admin.request("DELETE", "/api/assets", json={"ids": [str(hers)]})).status_code == 400
    assert expect(await anna.post("/api/trash/restore"), 200) == {"count": 1}


async def test_erasing_takes_files_rows_usage_and_the_live_photos_video(running: RunningHost) -> None:
    client = await running.client()
    video = await running.upload(b"22", name="a.mov")
    still = await running.upload(b"1", livePhotoVideoId=video, sidecar=b"<x/>")
    kept = await running.upload(b"333")
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(still)], "force": True}), 204)
    await running.drain()
    files = [path.name for path in (running.kernel.paths.root / "upload").rglob("*") if path.is_file()]
    kept_path = (await running.kernel.assets.get(kept)).path  # type: ignore[union-attr]
    assert sorted(files) == sorted([".immich", kept_path.name])
    assert await running.kernel.db.fetchval("SELECT count(*) FROM asset") == 1
    assert expect(await client.get("/api/users/me"), 200)["quotaUsageInBytes"] == 3
    audited = await running.kernel.db.fetch("SELECT asset_id FROM asset_audit")
    assert {row["asset_id"] for row in audited} == {still, video}


async def test_a_video_that_two_stills_share_stays_until_the_last_goes(running: RunningHost) -> None:
    client = await running.client()
    video = await running.upload(b"22", name="a.mov")
    stills = [await running.upload(bytes([n]), livePhotoVideoId=video) for n in range(2)]
    for still, left in zip(stills, (2, 0), strict=True):
        expect(await client.request("DELETE", "/api/assets", json={"ids": [str(still)], "force": True}), 204)
        await running.drain()
        assert await running.kernel.db.fetchval("SELECT count(*) FROM asset") == left


async def test_what_lay_too_long_in_the_trash_goes_at_night(running: RunningHost) -> None:
    client = await running.client()
    old, new = await running.upload(b"1"), await running.upload(b"2")
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(old), str(new)]}), 204)
    await running.kernel.db.execute("UPDATE asset SET deleted_at = now() - interval '31 days' WHERE id = $1", old)
    await running.kernel.jobs.request("host.erase_expired", cause="schedule")
    await running.drain()
    left = await running.kernel.db.fetch("SELECT id FROM asset")
    assert [row["id"] for row in left] == [new]


async def test_a_stack_loses_its_primary_and_then_itself(running: RunningHost) -> None:
    db = running.kernel.db
    owner = await running.user_id()
    ids = [await running.upload(bytes([n]), fileCreatedAt=f"2024-05-0{n + 1}T00:00:00Z") for n in range(3)]
    stack = await db.fetchval(
        "INSERT INTO stack (primary_asset_id, owner_id) VALUES ($1, $2) RETURNING id", ids[0], owner
    )
    await db.execute("UPDATE asset SET stack_id = $1", stack)
    client = await running.client()
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(ids[0])], "force": True}), 204)
    await running.drain()
    assert await db.fetchval("SELECT primary_asset_id FROM stack") == ids[1]
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(ids[1])], "force": True}), 204)
    await running.drain()
    assert await db.fetchval("SELECT count(*) FROM stack") == 0
    assert await db.fetchval("SELECT stack_id FROM asset WHERE id = $1", ids[2]) is None


async def test_copying_properties(running: RunningHost) -> None:
    source = await running.upload(b"1", isFavorite="true", sidecar=b"<xmp/>")
    target = await running.upload(b"2")
    client = await running.client()
    body = {"sourceId": str(source), "targetId": str(target)}
    expect(await client.put("/api/assets/copy", json=body), 204)
    assert (await read(running, target))["isFavorite"] is True
    copied = {file.type: file.path for file in await running.kernel.files.of_asset(target)}
    assert copied["sidecar"].read_bytes() == b"<xmp/>"
    same = await client.put("/api/assets/copy", json={"sourceId": str(source), "targetId": str(source)})
    assert same.status_code == 400


async def test_a_sidecar_is_not_replaced_while_somebody_writes_it(running: RunningHost) -> None:
    ids = [await running.upload(bytes([n]), sidecar=bytes([n])) for n in range(2)]
    files, client = running.kernel.files, await running.client()
    waits = "SELECT true FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    for source, target in (ids, ids[::-1]):
        async with files.holding(target):
            body = {"sourceId": str(source), "targetId": str(target)}
            copying = asyncio.ensure_future(client.put("/api/assets/copy", json=body))
            async with asyncio.timeout(PATIENCE):
                while not await running.kernel.db.fetchval(waits):
                    assert not copying.done()
            (path,) = [file.path for file in await files.of_asset(target)]
        expect(await copying, 204)
        assert [file.path for file in await files.of_asset(target)] != [path]
        await running.drain()


async def test_copying_a_stack_leaves_nobody_alone_in_another(running: RunningHost) -> None:
    a, b, c, d, new = [await running.upload(bytes([n])) for n in range(5)]
    first = await running.kernel.stacks.stack([a, b])
    await running.kernel.stacks.stack([c, d])
    client = await running.client()
    for target in (new, c, c):
        expect(await client.put("/api/assets/copy", json={"sourceId": str(b), "targetId": str(target)}), 204)
    rows = await running.kernel.db.fetch(
        """SELECT s.id, s.primary_asset_id, array_agg(x.id) AS ids
           FROM stack s JOIN asset x ON x.stack_id = s.id GROUP BY 1"""
    )
    assert [(row["id"], row["primary_asset_id"], set(row["ids"])) for row in rows] == [(first, c, {a, b, c, d, new})]


async def test_items_that_clients_keep(running: RunningHost) -> None:
    asset_id = await running.upload(b"1")
    client = await running.client()
    address = f"/api/assets/{asset_id}/metadata"
    value = {"iCloudId": "x/y", "latitude": 1.5}
    put = expect(await client.put(address, json={"items": [{"key": "mobile-app", "value": value}]}), 200)
    assert (put[0]["key"], put[0]["value"]) == ("mobile-app", value)
    bulk = [{"assetId": str(asset_id), "key": "a", "value": {"n": n}} for n in range(2)]
    assert [row["value"] for row in expect(await client.put("/api/assets/metadata", json={"items": bulk}), 200)] == [
        {"n": 1}
    ]
    assert [row["key"] for row in expect(await client.get(address), 200)] == ["a", "mobile-app"]
    assert expect(await client.get(f"{address}/mobile-app"), 200)["value"] == value
    expect(await client.delete(f"{address}/mobile-app"), 204)
    assert (await client.get(f"{address}/mobile-app")).status_code == 400
    gone = {"items": [{"assetId": str(asset_id), "key": "a"}]}
    expect(await client.request("DELETE", "/api/assets/metadata", json=gone), 204)
    assert expect(await client.get(address), 200) == []


async def test_deleting_without_a_body_is_a_clear_refusal(running: RunningHost) -> None:
    client = await running.client()
    answer = await client.delete("/api/assets")
    assert (answer.status_code, answer.json()["message"]) == (400, "Validation failed")


async def test_a_fact_tells_what_was_edited(running: RunningHost) -> None:
    told: list[tuple[UUID, list[str], str]] = []

    async def listen(asset_id: UUID, owner_id: UUID, fields: list[str], cause: str) -> None:
        told.append((asset_id, fields, cause))

    asset_id = await running.upload(b"1")
    running.kernel.hosting.listen("asset_changed", listen)
    client = await running.client()
    expect(await client.put(f"/api/assets/{asset_id}", json={"rating": 3, "isFavorite": True}), 200)
    expect(await client.put(f"/api/assets/{asset_id}", json={"rating": 3, "isFavorite": True}), 200)
    await running.kernel.job_room.outbox.settle()
    assert told == [(asset_id, ["is_favorite", "rating"], "edit")]


async def test_clients_in_the_past_send_dates_without_fractions(running: RunningHost) -> None:
    asset_id = await running.upload(b"1", fileCreatedAt="2020-02-29T12:00:00+05:30")
    assert (await read(running, asset_id))["fileCreatedAt"] == "2020-02-29T06:30:00.000Z"
    assert datetime.fromisoformat((await read(running, asset_id))["createdAt"]) <= datetime.now(UTC)
