import asyncio
import hashlib
import os
from base64 import b64encode
from collections.abc import Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.db.errors import UNAVAILABLE
from immich_host.hosting import Record
from immich_host.plugin_api import Plugin, Refused, hookimpl
from immich_host.testing.host import MOMENT, expect

DATES = {"fileCreatedAt": "2024-05-01T10:11:12.123456+00:00", "fileModifiedAt": "2024-04-30T10:11:12.000Z"}


def sha1(content: bytes) -> bytes:
    return hashlib.sha1(content, usedforsecurity=False).digest()


@pytest.fixture
async def running(host):
    return await host(plugins=[])


@pytest.fixture
async def send(running):
    client = await running.client()

    async def send(content: bytes = b"photo", name: str = "a.jpg", *, headers=None, files=None, client=client, **form):
        parts = {"assetData": (name, content)} if files is None else files
        return await client.post("/api/assets", data=DATES | form, files=parts, headers=headers or {})

    return send


def media_files(running) -> list[str]:
    root = running.kernel.paths.root
    return sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and path.name not in {".immich", ".lock"}
    )


async def row_of(running, asset_id) -> Any:
    return await running.kernel.db.fetchrow("SELECT * FROM asset WHERE id = $1", UUID(str(asset_id)))


async def usage(running) -> int:
    return await running.kernel.db.fetchval('SELECT quota_usage_in_bytes FROM "user"')


async def test_a_file_becomes_an_asset(running, send):
    content = os.urandom(700_000)
    answer = await send(content, "Käse.JPG", isFavorite="true", visibility="archive", duration="0", deviceId="x")
    created = expect(answer, 201)
    assert created == {"id": created["id"], "status": "created"}
    row = await row_of(running, created["id"])
    assert (row["original_file_name"], row["type"], row["checksum"]) == ("Käse.JPG", "IMAGE", sha1(content))
    assert (row["is_favorite"], row["visibility"], row["duration"]) == (True, "archive", None)
    assert row["file_created_at"].isoformat() == "2024-05-01T10:11:12.123456+00:00"
    stored = running.kernel.paths.absolute(row["original_path"])
    assert stored.read_bytes() == content
    assert stored.suffix == ".jpg"
    assert stored.stat().st_mtime == row["file_modified_at"].timestamp()
    assert row["original_path"].startswith(f"upload/{row['owner_id']}/")
    size = await running.kernel.db.fetchval("SELECT file_size_in_byte FROM asset_exif WHERE asset_id = $1", row["id"])
    assert (size, await usage(running)) == (len(content), len(content))
    assert media_files(running) == [row["original_path"]]


async def test_the_same_file_again_is_a_duplicate(running, send):
    first = expect(await send(b"same"), 201)["id"]
    again = expect(await send(b"same", "other.png"), 200)
    assert again == {"id": first, "status": "duplicate"}
    await running.kernel.db.execute("UPDATE asset SET deleted_at = now(), status = 'trashed'")
    assert expect(await send(b"same"), 200)["id"] == first
    assert len(media_files(running)) == 1
    assert await usage(running) == 4


async def test_a_known_checksum_is_answered_before_the_body(send):
    first = expect(await send(b"known"), 201)["id"]
    digest = sha1(b"known")
    for text in (digest.hex(), digest.hex().upper(), b64encode(digest).decode()):
        answer = await send(b"never read: no photo at all", "a.exe", headers={"x-immich-checksum": text})
        assert expect(answer, 200) == {"id": first, "status": "duplicate"}
    expect(await send(b"new", headers={"x-immich-checksum": "0" * 40}), 201)
    expect(await send(b"newer", headers={"x-immich-checksum": "rubbish"}), 201)


async def test_equal_uploads_at_once_leave_one_row_and_one_file(running, send):
    content = os.urandom(300_000)
    answers = await asyncio.gather(*(send(content, f"{number}.jpg") for number in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await running.kernel.db.fetchval("SELECT count(*) FROM asset") == 1
    assert len(media_files(running)) == 1
    assert await usage(running) == len(content)


REFUSED = [
    ({"name": "a.exe"}, "Unsupported file type a.exe"),
    ({"name": "a.xmp"}, "Unsupported file type a.xmp"),
    ({"content": b""}, "File is empty"),
    ({"files": {"other": ("a.jpg", b"x")}}, "Field(s) assetData should not be empty"),
    (
        {"files": {"assetData": ("a.jpg", b"x"), "sidecarData": ("a.txt", b"x")}},
        "Unsupported file type a.txt",
    ),
    ({"livePhotoVideoId": str(uuid4())}, "Live photo video not found"),
]


async def test_what_is_refused_leaves_nothing(running, send):
    for options, message in REFUSED:
        answer = await send(**options)
        assert expect(answer, 400) == {"message": message}
        assert media_files(running) == []
        assert await usage(running) == 0


BAD_FIELDS = [
    ({"fileCreatedAt": "yesterday"}, "fileCreatedAt"),
    ({"fileModifiedAt": "2024-05-01T10:11:12"}, "fileModifiedAt"),
    ({"fileModifiedAt": ""}, "fileModifiedAt"),
    ({"isFavorite": "yes"}, "isFavorite"),
    ({"visibility": "everywhere"}, "visibility"),
    ({"duration": "-1"}, "duration"),
    ({"duration": "long"}, "duration"),
    ({"livePhotoVideoId": "x"}, "livePhotoVideoId"),
    ({"metadata": "{"}, "metadata"),
    ({"metadata": '[{"key":"a"}]'}, "metadata"),
]


async def test_fields_are_checked(running, send):
    for form, path in BAD_FIELDS:
        body = expect(await send(**form), 400)
        assert body["message"] == "Validation failed"
        assert [issue["path"][0] for issue in body["errors"]] == [path]
        assert all(issue["message"] for issue in body["errors"])
        assert media_files(running) == []


DURATIONS = [("1500", 1500), ("0:00:00.000000", None), ("00:01:02.500000", 62500), ("12.0", 12), ("", None)]


async def test_durations_of_old_and_new_clients(running, send):
    for duration, stored in DURATIONS:
        created = expect(await send(os.urandom(20), "a.mp4", duration=duration), 201)
        assert (await row_of(running, created["id"]))["duration"] == stored


async def test_the_filename_field_wins(running, send):
    answer = await send(
        files={"filename": (None, "IMG 1.heic"), "assetData": ("blob", b"x")},
    )
    row = await row_of(running, expect(answer, 201)["id"])
    assert row["original_file_name"] == "IMG 1.heic"
    assert row["original_path"].endswith(".heic")


async def test_a_sidecar_becomes_an_asset_file(running, send):
    answer = await send(files={"sidecarData": ("a.jpg.xmp", b"<xmp/>"), "assetData": ("a.jpg", b"x")})
    asset_id = expect(answer, 201)["id"]
    row = await running.kernel.db.fetchrow("SELECT * FROM asset_file WHERE asset_id = $1", UUID(asset_id))
    assert row["type"] == "sidecar"
    assert running.kernel.paths.absolute(row["path"]).read_bytes() == b"<xmp/>"
    assert len(media_files(running)) == 2


async def test_metadata_items_are_kept_verbatim(running, send):
    metadata = '[{"key":"mobile-app","value":{"iCloudId":"x/1","n":[1,null]}}]'
    asset_id = expect(await send(metadata=metadata), 201)["id"]
    client = await running.client()
    items = expect(await client.get(f"/api/assets/{asset_id}/metadata"), 200)
    assert [(item["key"], item["value"]) for item in items] == [("mobile-app", {"iCloudId": "x/1", "n": [1, None]})]


async def test_a_live_photo_hides_its_video(running, send):
    video = expect(await send(b"video", "a.mov"), 201)["id"]
    still = expect(await send(b"still", "a.heic", livePhotoVideoId=video), 201)["id"]
    assert str((await row_of(running, still))["live_photo_video_id"]) == video
    assert (await row_of(running, video))["visibility"] == "hidden"
    wrong = expect(await send(b"other", "b.heic", livePhotoVideoId=still), 400)
    assert wrong == {"message": "Live photo video must be a video"}
    other = await running.client("other")
    answer = await send(b"theirs", "c.heic", livePhotoVideoId=video, client=other)
    assert expect(answer, 400) == {"message": "Live photo video does not belong to the user"}


async def test_quota(running, send):
    await running.kernel.db.execute('UPDATE "user" SET quota_size_in_bytes = 10')
    expect(await send(b"12345678"), 201)
    assert expect(await send(b"abc"), 400) == {"message": "Quota has been exceeded!"}
    expect(await send(b"ab"), 201)
    assert await usage(running) == 10
    big = await send(bytes(5 << 20))
    assert expect(big, 400) == {"message": "Quota has been exceeded!"}
    assert len(media_files(running)) == 2


async def test_uploads_at_once_cannot_pass_the_quota_together(running, send):
    await running.kernel.db.execute('UPDATE "user" SET quota_size_in_bytes = 2500')
    answers = await asyncio.gather(*(send(os.urandom(1000), f"{number}.jpg") for number in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 400, 400, 400]
    assert await usage(running) == 2000
    assert len(media_files(running)) == 2


async def test_permissions(running):
    for permissions, status in [(["asset.upload"], 201), (["asset.read"], 403)]:
        client = await running.key_client(*permissions)
        form = {"fileCreatedAt": MOMENT, "fileModifiedAt": MOMENT}
        answer = await client.post("/api/assets", data=form, files={"assetData": ("a.jpg", b"x")})
        assert answer.status_code == status
    anonymous = running.anonymous()
    assert expect(await anonymous.post("/api/assets"), 401) == {"message": "Authentication required"}


async def test_a_statement_that_fails_leaves_nothing(running, send, monkeypatch):
    async def fail(*_args, **_kwargs):
        raise ConnectionError("the server went away")

    monkeypatch.setattr("immich_host.assets.upload.store_upload", fail)
    assert (await send(b"photo")).status_code == 503
    assert media_files(running) == []


async def test_a_commit_that_nobody_confirms_leaves_the_file_to_recovery(running, send, monkeypatch):
    @asynccontextmanager
    async def cut():
        is_inner = running.kernel.db.in_transaction()
        async with transaction():
            yield
        if not is_inner:
            raise ConnectionError("the server went away")

    transaction = running.kernel.db.transaction
    monkeypatch.setattr(running.kernel.db, "transaction", cut)
    answer = await send(b"photo")
    assert (answer.status_code, answer.json()) == (503, {"message": UNAVAILABLE})
    left = media_files(running)
    assert len([path for path in left if path.startswith("upload/")]) == 1
    assert len([path for path in left if path.endswith(".placing")]) == 1


async def test_bulk_check_takes_hex_and_base64_and_echoes_ids(running, send):
    known = expect(await send(b"known"), 201)["id"]
    trashed = expect(await send(b"trashed"), 201)["id"]
    await running.kernel.db.execute(
        "UPDATE asset SET deleted_at = now(), status = 'trashed' WHERE id = $1", UUID(trashed)
    )
    other = await running.client("other")
    expect(await send(b"theirs", client=other), 201)
    sums = [
        ("C:\\a.jpg", sha1(b"known").hex()),
        ("/b/ü.jpg", b64encode(sha1(b"trashed")).decode()),
        ("new", sha1(b"new").hex()),
        ("theirs", sha1(b"theirs").hex()),
        ("bad", "not a sum"),
    ]
    client = await running.client()
    body = {"assets": [{"id": name, "checksum": checksum} for name, checksum in sums]}
    results = expect(await client.post("/api/assets/bulk-upload-check", json=body), 200)["results"]
    assert results == [
        {"id": "C:\\a.jpg", "action": "reject", "reason": "duplicate", "assetId": known, "isTrashed": False},
        {"id": "/b/ü.jpg", "action": "reject", "reason": "duplicate", "assetId": trashed, "isTrashed": True},
        {"id": "new", "action": "accept"},
        {"id": "theirs", "action": "accept"},
        {"id": "bad", "action": "accept"},
    ]


def picky(heard: list[Any]) -> Record:
    """A plugin that turns some uploads down and hears of the others."""

    @hookimpl
    async def upload_offered(head: Mapping[str, Any]) -> None:
        if head["user_agent"] == "bad":
            raise Refused(403, "Not from you")

    @hookimpl
    async def upload_stored(head: Mapping[str, Any], file: Path) -> None:
        assert file.stat().st_size == head["size"]
        if b"virus" in file.read_bytes():
            raise Refused(422, f"{head['file_name']} is infected")

    @hookimpl
    async def asset_created(asset_id: UUID, cause: str) -> None:
        heard.append((str(asset_id), cause))

    hooks = ModuleType("picky.hooks")
    vars(hooks).update(upload_offered=upload_offered, upload_stored=upload_stored, asset_created=asset_created)
    return Record("picky", manifest=Plugin("picky"), hooks=hooks)


async def test_plugins_may_refuse_and_are_told(host):
    heard: list[Any] = []
    running = await host(plugins=[], records=[picky(heard)])
    client = await running.client()

    async def send(content, **headers):
        return await client.post("/api/assets", data=DATES, files={"assetData": ("a.jpg", content)}, headers=headers)

    assert expect(await send(b"x", **{"user-agent": "bad"}), 403) == {"message": "Not from you"}
    assert expect(await send(b"a virus"), 422) == {"message": "a.jpg is infected"}
    assert media_files(running) == []
    created = expect(await send(b"fine"), 201)["id"]
    expect(await send(b"fine"), 200)
    await running.drain()
    assert heard == [(created, "upload")]


async def test_metadata_items_sent_as_json_parts(running):
    client = await running.client()
    parts = [
        ("assetData", ("a.jpg", b"with items")),
        ("metadata", ("blob", b'{"key": "mobile-app", "value": {"n": 1}}', "application/json")),
        ("metadata", ("blob", b'{"key": "other", "value": {}}', "application/json")),
    ]
    form = {"fileCreatedAt": MOMENT, "fileModifiedAt": MOMENT}
    asset = expect(await client.post("/api/assets", data=form, files=parts), 201)
    items = expect(await client.get(f"/api/assets/{asset['id']}/metadata"), 200)
    assert [(item["key"], item["value"]) for item in items] == [("mobile-app", {"n": 1}), ("other", {})]
