"""Uploads of sloppy and of malicious clients: odd names, dates, values, and what is sent again."""

import json
from typing import Any

import pytest

from immich_host.testing.host import MOMENT, RunningHost, expect


@pytest.fixture
async def running(host: Any) -> RunningHost:
    return await host(plugins=[])


@pytest.fixture
async def send(running: RunningHost) -> Any:
    client = await running.client()

    async def send(*, name: str = "a.jpg", content: bytes = b"photo", **form: str) -> Any:
        dates = {"fileCreatedAt": MOMENT, "fileModifiedAt": MOMENT}
        return await client.post("/api/assets", data=dates | form, files={"assetData": (name, content)})

    return send


def left_behind(running: RunningHost) -> list[str]:
    root = running.kernel.paths.root
    return [path.name for path in root.rglob("*") if path.is_file() and path.name not in {".immich", ".lock"}]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("a\0b\r\n.jpg", "ab.jpg"),
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("C:\\Users\\me\\x.jpg", "x.jpg"),
        ("n" * 70_000 + ".jpg", "n" * 251 + ".jpg"),
        ("10.11.12\u202fAM.jpg", "10.11.12\u202fAM.jpg"),
        ("folder/", "part.jpg"),
    ],
)
async def test_names_in_the_form_are_cleaned(running: RunningHost, send: Any, given: str, stored: str) -> None:
    asset_id = expect(await send(name="part.jpg", filename=given), 201)["id"]
    client = await running.client()
    assert expect(await client.get(f"/api/assets/{asset_id}"), 200)["originalFileName"] == stored
    archive = await client.post("/api/download/archive", json={"assetIds": [asset_id]})
    assert stored.encode() in archive.content


async def test_the_filename_field_decides_the_type(running: RunningHost, send: Any) -> None:
    asset_id = expect(await send(name="part.jpg", filename="movie.MP4"), 201)["id"]
    row = await running.kernel.db.fetchrow("SELECT type, original_path FROM asset")
    assert (row["type"], row["original_path"].rpartition(".")[2]) == ("VIDEO", "mp4"), asset_id


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("0001-01-01T00:00:00Z", "0001-02-02T00:00:00.000Z"),
        ("0001-01-01T00:00:00+14:00", "0001-02-02T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999999-12:00", "9999-12-30T00:00:00.000Z"),
    ],
)
async def test_dates_at_the_ends_of_the_calendar(running: RunningHost, send: Any, given: str, shown: str) -> None:
    asset_id = expect(await send(fileCreatedAt=given, fileModifiedAt=given), 201)["id"]
    client = await running.client()
    assert expect(await client.get(f"/api/assets/{asset_id}"), 200)["fileCreatedAt"] == shown
    assert (await client.get(f"/api/assets/{asset_id}/original")).content == b"photo"
    buckets = expect(await client.get("/api/timeline/buckets"), 200)
    assert [each["count"] for each in buckets] == [1]
    bucket = expect(await client.get("/api/timeline/bucket", params={"timeBucket": buckets[0]["timeBucket"]}), 200)
    assert bucket["id"] == [asset_id]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"duration": "9999999999:00:00"}, 400),
        ({"duration": "999999999:00:00"}, 400),
        ({"metadata": json.dumps([{"key": "a", "value": {"b": "\0"}}])}, 400),
        ({"metadata": json.dumps([{"key": "\0", "value": {}}])}, 400),
        ({"metadata": json.dumps([{"key": "".join(map(chr, range(300, 20_000))), "value": {}}])}, 400),
        ({"metadata": '[{"key": "a", "value": {"b": 123456789012345678901234567890, "c": NaN}}]'}, 201),
    ],
)
async def test_values_that_cannot_be_stored(running: RunningHost, send: Any, form: Any, status: int) -> None:
    assert (await send(**form)).status_code == status
    assert len(left_behind(running)) == (status == 201)


async def test_what_waits_to_be_erased_is_no_duplicate(running: RunningHost, send: Any) -> None:
    client = await running.client()
    first = expect(await send(), 201)["id"]
    expect(await client.request("DELETE", "/api/assets", json={"ids": [first], "force": True}), 204)
    check = {"assets": [{"id": "x", "checksum": ""}]}
    check["assets"][0]["checksum"] = await running.kernel.db.fetchval("SELECT encode(checksum, 'hex') FROM asset")
    verdict = expect(await client.post("/api/assets/bulk-upload-check", json=check), 200)["results"][0]
    assert verdict["action"] == "accept"
    again = expect(await send(), 201)
    assert again["id"] != first
    await running.drain()
    assert (await client.get(f"/api/assets/{again['id']}/original")).content == b"photo"
    assert await running.kernel.db.fetchval("SELECT count(*) FROM asset") == 1
    assert await running.kernel.db.fetchval('SELECT quota_usage_in_bytes FROM "user"') == len(b"photo")
    assert len(left_behind(running)) == 1


async def test_a_live_photo_sent_again_keeps_its_video(running: RunningHost, send: Any) -> None:
    client = await running.client()
    video = expect(await send(name="a.mov", content=b"video", visibility="hidden"), 201)["id"]
    still = expect(await send(livePhotoVideoId=video), 201)["id"]
    expect(await client.request("DELETE", "/api/assets", json={"ids": [still], "force": True}), 204)
    assert expect(await send(name="a.mov", content=b"video", visibility="hidden"), 200)["id"] == video
    again = expect(await send(livePhotoVideoId=video), 201)["id"]
    await running.drain()
    assert expect(await client.get(f"/api/assets/{again}"), 200)["livePhotoVideoId"] == video
    assert (await client.get(f"/api/assets/{video}/original")).content == b"video"


async def test_a_picture_does_not_play(running: RunningHost, send: Any) -> None:
    client = await running.client()
    picture = expect(await send(), 201)["id"]
    video = expect(await send(name="a.mp4", content=b"video"), 201)["id"]
    assert (await client.get(f"/api/assets/{picture}/video/playback")).status_code == 404
    assert (await client.get(f"/api/assets/{video}/video/playback")).content == b"video"
