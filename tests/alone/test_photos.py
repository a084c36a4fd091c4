"""A host without plugins takes photos, keeps them, lists them and gives them back."""

from base64 import b64encode
from hashlib import sha1
from pathlib import Path

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect

MONTH = {"timeBucket": "2024-05-01", "visibility": "timeline"}


async def test_accounts_are_made_and_sign_in(alone: RunningHost) -> None:
    anna = await alone.client("anna")
    me = expect(await anna.get("/api/users/me"), 200)
    assert (me["email"], me["isAdmin"]) == ("anna@host.test", False)
    assert expect(await (await alone.client()).get("/api/users/me"), 200)["isAdmin"] is True
    assert (await alone.anonymous().get("/api/users/me")).status_code == 401


async def test_an_upload_is_kept_byte_for_byte(alone: RunningHost) -> None:
    content = bytes(range(256)) * 40
    asset_id = await alone.upload(content, name="Käse.jpg", user="bert")
    client = await alone.client("bert")
    asset = expect(await client.get(f"/api/assets/{asset_id}"), 200)
    assert asset["checksum"] == b64encode(sha1(content, usedforsecurity=False).digest()).decode()
    assert Path(asset["originalPath"]).read_bytes() == content
    original = await client.get(f"/api/assets/{asset_id}/original")
    assert (original.status_code, original.content) == (200, content)
    again = await client.get(f"/api/assets/{asset_id}/original", headers={"If-None-Match": original.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert await alone.upload(content, name="again.jpg", user="bert") == asset_id


@pytest.mark.parametrize(
    ("asked", "begin", "end"), [("0-0", 0, 1), ("100-199", 100, 200), ("-10", 990, 1000), ("995-", 995, 1000)]
)
async def test_a_range_of_an_original(alone: RunningHost, asked: str, begin: int, end: int) -> None:
    content = bytes(range(250)) * 4
    asset_id = await alone.upload(content, name="range.jpg", user="rita")
    client = await alone.client("rita")
    answer = await client.get(f"/api/assets/{asset_id}/original", headers={"Range": f"bytes={asked}"})
    assert (answer.status_code, answer.content) == (206, content[begin:end])
    assert answer.headers["content-range"] == f"bytes {begin}-{end - 1}/1000"


async def test_the_timeline_lists_what_came(alone: RunningHost) -> None:
    photo = await alone.upload(b"a photo", name="a.jpg", user="carl")
    video = await alone.upload(b"a video", name="a.mp4", user="carl", duration=1500)
    client = await alone.client("carl")
    buckets = expect(await client.get("/api/timeline/buckets", params={"visibility": "timeline"}), 200)
    assert buckets == [{"timeBucket": "2024-05-01", "count": 2}]
    bucket = expect(await client.get("/api/timeline/bucket", params=MONTH), 200)
    rows = {one: index for index, one in enumerate(bucket["id"])}
    assert set(rows) == {str(photo), str(video)}
    assert [bucket["isImage"][rows[str(one)]] for one in (photo, video)] == [True, False]
    assert [bucket["duration"][rows[str(one)]] for one in (photo, video)] == [None, 1500]
    assert set(bucket["thumbhash"]) == {None}
    assert set(bucket["ratio"]) == {1}
    assert set(bucket["fileCreatedAt"]) == {"2024-05-01T10:11:12.345"}


async def test_pictures_that_nobody_makes_are_not_found(alone: RunningHost) -> None:
    asset_id = await alone.upload(b"no thumbnail", name="raw.dng", user="dora")
    client = await alone.client("dora")
    for size in ("thumbnail", "preview"):
        answer = await client.get(f"/api/assets/{asset_id}/thumbnail", params={"size": size})
        assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})


async def test_a_clip_plays_as_it_was_uploaded(alone: RunningHost) -> None:
    asset_id = await alone.upload(b"0123456789", name="clip.mp4", user="emil")
    client = await alone.client("emil")
    answer = await client.get(f"/api/assets/{asset_id}/video/playback", headers={"Range": "bytes=2-4"})
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (206, b"234", "video/mp4")


async def test_all_milestones_pass_straight_through(alone: RunningHost) -> None:
    told: list[tuple[str, object, str]] = []
    facts = ["asset_created", "asset_gathered", "asset_described", "asset_placed", "asset_viewable"]

    def hear(fact: str) -> None:
        async def listener(**arguments: object) -> None:
            told.append((fact, arguments["asset_id"], str(arguments["cause"])))

        alone.kernel.hosting.listen(fact, listener)

    for fact in facts:
        hear(fact)
    asset_id = await alone.upload(b"passes", name="passes.jpg")
    await alone.drain()
    assert [one for one in told if one[1] == asset_id] == [(fact, asset_id, "upload") for fact in facts]


async def test_a_whole_life(alone: RunningHost) -> None:
    asset_id = await alone.upload(b"to be erased", name="life.jpg", user="fred")
    client = await alone.client("fred")
    path = Path(expect(await client.get(f"/api/assets/{asset_id}"), 200)["originalPath"])
    change = {"description": "mine", "rating": 4, "latitude": 48.1, "longitude": 11.6}
    assert expect(await client.put(f"/api/assets/{asset_id}", json=change), 200)["exifInfo"]["description"] == "mine"
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(asset_id)]}), 204)
    expect(await client.post("/api/trash/restore"), 200)
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(asset_id)], "force": True}), 204)
    await alone.drain()
    assert (await client.get(f"/api/assets/{asset_id}")).status_code == 400
    assert not path.exists()
    archive = await client.post(
        "/api/download/archive", json={"assetIds": [str(await alone.upload(b"z", user="fred"))]}
    )
    assert archive.content[:2] == b"PK"
