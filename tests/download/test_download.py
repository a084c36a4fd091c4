import io
import os
import time
import zipfile
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from immich_host.download.zipping import BATCH, distinct_names, zipped
from immich_host.testing.host import expect


@pytest.fixture
async def running(host):
    return await host(plugins=[])


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
        return {name: archive.read(name) for name in archive.namelist()}


async def test_info_splits_by_size(running):
    ids = [str(await running.upload(bytes([number]) * 100, name=f"{number}.jpg")) for number in range(5)]
    client = await running.client()

    async def info(**body):
        return expect(await client.post("/api/download/info", json=body), 201)

    whole = await info(assetIds=ids)
    assert whole == {"totalSize": 500, "archives": [{"size": 500, "assetIds": ids}]}
    split = await info(assetIds=[*ids, ids[0]], archiveSize=250)
    assert split == {
        "totalSize": 500,
        "archives": [
            {"size": 200, "assetIds": ids[:2]},
            {"size": 200, "assetIds": ids[2:4]},
            {"size": 100, "assetIds": ids[4:]},
        ],
    }
    tiny = await info(assetIds=ids, archiveSize=1)
    assert [archive["assetIds"] for archive in tiny["archives"]] == [[one] for one in ids]
    me = str(await running.user_id())
    assert sorted((await info(userId=me))["archives"][0]["assetIds"]) == sorted(ids)


async def test_info_of_a_user_leaves_out_what_is_not_shown(running):
    shown = await running.upload(b"shown")
    await running.upload(b"archived", visibility="archive")
    await running.upload(b"hidden", name="a.mp4", visibility="hidden")
    trashed = await running.upload(b"trashed")
    await running.kernel.db.execute("UPDATE asset SET deleted_at = $2 WHERE id = $1", trashed, datetime.now(UTC))
    client = await running.client()
    answer = expect(await client.post("/api/download/info", json={"userId": str(await running.user_id())}), 201)
    assert answer["totalSize"] == len(b"shown") + len(b"archived")
    assert str(shown) in answer["archives"][0]["assetIds"]


async def test_live_photos_bring_their_video(running):
    video = await running.upload(b"video", name="a.mov")
    still = await running.upload(b"still!", name="a.heic", livePhotoVideoId=video)
    client = await running.client()
    answer = expect(await client.post("/api/download/info", json={"assetIds": [str(still)]}), 201)
    assert answer == {"totalSize": 11, "archives": [{"size": 11, "assetIds": [str(still), str(video)]}]}
    await running.kernel.db.execute("UPDATE asset SET original_path = 'encoded-video/x/a-MP.mp4' WHERE id = $1", video)
    answer = expect(await client.post("/api/download/info", json={"assetIds": [str(still)]}), 201)
    assert answer["totalSize"] == 6
    expect(await client.put("/api/users/me/preferences", json={"download": {"includeEmbeddedVideos": True}}), 200)
    answer = expect(await client.post("/api/download/info", json={"assetIds": [str(still)]}), 201)
    assert answer["totalSize"] == 11


async def test_rights_and_input(running):
    asset_id = str(await running.upload(b"mine"))
    other = await running.client("other")
    refused = {"message": "Not found or no asset.download access"}
    for ids in ([asset_id], [str(uuid4())]):
        assert expect(await other.post("/api/download/info", json={"assetIds": ids}), 400) == refused
        assert expect(await other.post("/api/download/archive", json={"assetIds": ids}), 400) == refused
    assert (await other.post("/api/download/info", json={"userId": str(await running.user_id())})).status_code == 400
    assert (await other.post("/api/download/info", json={"albumId": str(uuid4())})).status_code == 400
    assert (await other.post("/api/download/info", json={})).status_code == 400
    bad = expect(await other.post("/api/download/archive", json={"assetIds": ["x"]}), 400)
    assert bad["errors"][0]["path"] == ["assetIds", 0]


async def test_an_archive_holds_the_originals_by_name(running):
    contents = {"a.jpg": os.urandom(700_000), "A.JPG": b"2", "Käse.png": b"3"}
    ids = [str(await running.upload(content, name=name)) for name, content in contents.items()]
    client = await running.client()
    answer = await client.post("/api/download/archive", json={"assetIds": ids, "archiveName": "Ferien ü"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''Ferien%20%C3%BC.zip"
    assert unpacked(answer.content) == {
        "a.jpg": contents["a.jpg"],
        "A+1.JPG": b"2",
        "Käse.png": b"3",
    }


async def test_edited_forms_are_zipped_when_asked_for(running):
    asset_id = await running.upload(b"original", name="a.png")
    files = running.kernel.files
    path = files.derived_path("thumbs", await running.user_id(), f"{asset_id}_fullsize_edited.jpeg")
    async with files.writing(path) as temporary:
        temporary.write_bytes(b"edited")
    await files.register(asset_id, "fullsize", path, is_edited=True)
    await running.kernel.assets.update(asset_id, is_edited=True)
    client = await running.client()
    for edited, expected in ((True, {"a.jpeg": b"edited"}), (False, {"a.png": b"original"})):
        answer = await client.post("/api/download/archive", json={"assetIds": [str(asset_id)], "edited": edited})
        assert unpacked(answer.content) == expected


def test_equal_names_are_told_apart():
    assert distinct_names(["a.jpg", "a.jpg", "A.jpg", "a+1.jpg", "b", "b"]) == [
        "a.jpg",
        "a+1.jpg",
        "A+2.jpg",
        "a+1+1.jpg",
        "b",
        "b+1",
    ]


def test_thousands_of_equal_names_take_no_time_worth_speaking_of():
    started = time.process_time()
    names = distinct_names(["image.jpg"] * 30_000)
    assert (len(set(names)), names[-1]) == (30_000, "image+29999.jpg")
    assert time.process_time() - started < 5  # the square of it would be minutes


async def test_a_file_that_is_moved_before_its_turn_is_zipped_from_where_it_is(running, monkeypatch):
    ids = [await running.upload(content, name="a.jpg") for content in (b"first", b"second")]
    kernel = running.kernel

    async def move(asset_id, place):
        old = (await kernel.assets.get(asset_id)).path
        old.rename(place)
        await kernel.files.repoint(asset_id, {old: place})

    places = [kernel.paths.root / f"library/{name}.jpg" for name in ("first", "second", "elsewhere")]
    for asset_id, place in zip(ids, places, strict=False):
        await move(asset_id, place)
    client = await running.client()
    turns = []

    async def moved(sql, *args, fetch=kernel.db.fetch):
        """Between the reading of the rows and the turn of the second file, its name passes to the first."""
        rows = await fetch(sql, *args)
        if "edited_path" in sql:
            turns.append(rows)
            if len(turns) == 1:
                await move(ids[1], places[2])
                await move(ids[0], places[1])
        return rows

    monkeypatch.setattr(kernel.db, "fetch", moved)
    answer = await client.post("/api/download/archive", json={"assetIds": [str(each) for each in ids]})
    assert list(unpacked(answer.content).values()) == [b"first", b"second"]


async def test_zipping_is_piecewise_and_skips_what_is_gone(tmp_path):
    (tmp_path / "large").write_bytes(bytes(8 << 20))
    (tmp_path / "small").write_bytes(b"x")
    files = [(tmp_path / "large", "large"), (tmp_path / "gone", "gone"), (tmp_path / "small", "small")]
    pieces = [piece async for piece in zipped(files)]
    assert max(map(len, pieces)) <= 5 * BATCH
    assert list(unpacked(b"".join(pieces))) == ["large", "small"]
