from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from immich_host.testing.host import expect
from immich_host.testing.waiting import all_told


@pytest.fixture
async def running(host):
    return await host(plugins=[])


async def add_file(running, asset_id, kind, content, *, suffix=".webp", edited=False) -> UUID:
    files = running.kernel.files
    owner = await running.kernel.db.fetchval("SELECT owner_id FROM asset WHERE id = $1", asset_id)
    folder = "encoded-video" if kind == "encoded_video" else "thumbs"
    path = files.derived_path(folder, owner, f"{asset_id}_{kind}{'_edited' if edited else ''}{suffix}")
    async with files.writing(path) as temporary:
        temporary.write_bytes(content)
    return (await files.register(asset_id, kind, path, is_edited=edited)).id


async def unlock(running) -> None:
    """Unlock every session, as entering the PIN does."""
    await running.kernel.db.execute("UPDATE session SET pin_expires_at = now() + interval '1 hour'")


async def told(running) -> None:
    """Wait until this process has been told of all changes so far."""
    await all_told(running.kernel.notices, running.kernel.db)


async def test_original(running):
    asset_id = await running.upload(b"0123456789", name="Käse 1.JPG")
    client = await running.client()
    answer = await client.get(f"/api/assets/{asset_id}/original")
    assert (answer.status_code, answer.content) == (200, b"0123456789")
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''K%C3%A4se%201.JPG"
    assert answer.headers["content-type"] == "image/jpeg"
    etag = answer.headers["etag"]
    part = await client.get(f"/api/assets/{asset_id}/original", headers={"range": "bytes=-3", "if-range": etag})
    assert (part.status_code, part.content) == (206, b"789")
    fresh = await client.get(f"/api/assets/{asset_id}/original", headers={"if-none-match": etag})
    assert fresh.status_code == 304
    head = await client.head(f"/api/assets/{asset_id}/original")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "10", b"")
    running.kernel.paths.absolute(
        await running.kernel.db.fetchval("SELECT original_path FROM asset WHERE id = $1", asset_id)
    ).unlink()
    assert expect(await client.get(f"/api/assets/{asset_id}/original"), 404) == {"message": "Not Found"}


async def test_sizes(running):
    asset_id = await running.upload(b"raw bytes", name="a.heic")
    client = await running.client()
    url = f"/api/assets/{asset_id}/thumbnail"
    assert expect(await client.get(url), 404) == {"message": "Not Found"}
    await add_file(running, asset_id, "thumbnail", b"small")
    await add_file(running, asset_id, "preview", b"larger", suffix=".jpeg")
    small = await client.get(url, params={"c": "anything"})
    assert (small.content, small.headers["content-type"]) == (b"small", "image/webp")
    assert small.headers["content-disposition"].endswith("a_thumbnail.webp")
    assert (await client.get(url, params={"size": "preview"})).content == b"larger"
    fullsize = await client.get(url, params={"size": "fullsize", "c": "x"})
    assert (fullsize.status_code, fullsize.headers["location"]) == (302, f"{url}?c=x&size=preview")
    original = await client.get(url, params={"size": "original"})
    assert (original.status_code, original.headers["location"]) == (302, f"/api/assets/{asset_id}/original")
    await add_file(running, asset_id, "fullsize", b"largest", suffix=".jpeg")
    assert (await client.get(url, params={"size": "fullsize"})).content == b"largest"
    bad = expect(await client.get(url, params={"size": "huge"}), 400)
    assert bad["errors"][0]["path"] == ["size"]


async def test_fullsize_of_what_browsers_show_is_the_original(running):
    asset_id = await running.upload(b"png", name="a.png")
    client = await running.client()
    answer = await client.get(f"/api/assets/{asset_id}/thumbnail?size=fullsize")
    assert (answer.status_code, answer.headers["location"]) == (302, f"/api/assets/{asset_id}/original")


async def test_edited_forms(running):
    asset_id = await running.upload(b"original", name="a.png")
    client = await running.client()
    url = f"/api/assets/{asset_id}"
    await add_file(running, asset_id, "preview", b"plain", suffix=".jpeg")
    assert (await client.get(f"{url}/thumbnail?size=preview&edited=true")).content == b"plain"
    await running.kernel.assets.update(asset_id, is_edited=True)
    await add_file(running, asset_id, "preview", b"edited", suffix=".jpeg", edited=True)
    await add_file(running, asset_id, "fullsize", b"edited original", suffix=".jpeg", edited=True)
    assert (await client.get(f"{url}/thumbnail?size=preview&edited=true")).content == b"edited"
    assert (await client.get(f"{url}/thumbnail?size=preview")).content == b"plain"
    assert (await client.get(f"{url}/original")).content == b"original"
    answer = await client.get(f"{url}/original?edited=true")
    assert (answer.content, answer.headers["content-type"]) == (b"edited original", "image/jpeg")
    assert (await client.get(f"{url}/thumbnail?size=fullsize&edited=true")).content == b"edited original"


async def test_playback(running):
    asset_id = await running.upload(b"quicktime", name="a.mov")
    client = await running.client()
    url = f"/api/assets/{asset_id}/video/playback"
    first = await client.get(url)
    assert (first.content, first.headers["content-type"]) == (b"quicktime", "video/quicktime")
    await add_file(running, asset_id, "encoded_video", b"mp4", suffix=".mp4")
    second = await client.get(url, headers={"accept": "application/octet-stream"})
    assert (second.content, second.headers["content-type"]) == (b"mp4", "video/mp4")


async def test_rights(running):
    asset_id = await running.upload(b"private", name="a.jpg")
    await add_file(running, asset_id, "thumbnail", b"small")
    owner = await running.client()
    other = await running.client("other")
    assert (await owner.get(f"/api/assets/{asset_id}/thumbnail")).status_code == 200
    for unknown in (asset_id, uuid4()):
        for path in ("original", "video/playback"):
            assert expect(await other.get(f"/api/assets/{unknown}/{path}"), 404) == {"message": "Not Found"}
        refused = expect(await other.get(f"/api/assets/{unknown}/thumbnail"), 400)
        assert refused == {"message": "Not found or no asset.view access"}
    anonymous = running.anonymous()
    assert (await anonymous.get(f"/api/assets/{asset_id}/thumbnail")).status_code == 401
    key = await running.key_client("asset.view")
    assert (await key.get(f"/api/assets/{asset_id}/thumbnail")).status_code == 200
    assert (await key.get(f"/api/assets/{asset_id}/original")).status_code == 403
    malformed = expect(await owner.get("/api/assets/nonsense/thumbnail"), 400)
    assert malformed["errors"][0]["message"] == "Invalid UUID"


async def test_locked_ones_need_an_unlocked_session(running):
    asset_id = await running.upload(b"secret", name="a.jpg")
    await add_file(running, asset_id, "thumbnail", b"small")
    client = await running.client()
    url = f"/api/assets/{asset_id}"
    assert (await client.get(f"{url}/thumbnail")).status_code == 200
    await running.kernel.assets.update(asset_id, visibility="locked")
    await told(running)
    assert (await client.get(f"{url}/thumbnail")).status_code == 400
    assert (await client.get(f"{url}/original")).status_code == 404
    await unlock(running)
    await told(running)
    assert (await client.get(f"{url}/thumbnail")).status_code == 200
    assert (await client.get(f"{url}/original")).status_code == 200


async def test_a_warm_thumbnail_costs_no_sql_and_changes_hold(running, monkeypatch):
    asset_id = await running.upload(b"photo", name="a.jpg")
    await add_file(running, asset_id, "thumbnail", b"one")
    client = await running.client()
    await told(running)
    url = f"/api/assets/{asset_id}/thumbnail"
    assert (await client.get(url)).content == b"one"

    async def fail(*_args):
        raise AssertionError

    with monkeypatch.context() as patch:
        for name in ("fetch", "fetchrow", "fetchval", "execute"):
            patch.setattr(running.kernel.db, name, fail)
        assert (await client.get(url)).content == b"one"
    await add_file(running, asset_id, "thumbnail", b"another place", suffix=".jpeg")
    root = running.kernel.paths.root
    stored = await running.kernel.db.fetchval("SELECT path FROM asset_file WHERE asset_id = $1", asset_id)
    (root / stored).rename(root / "thumbs" / "moved.jpeg")
    moving = running.kernel.db.execute("UPDATE asset_file SET path = 'thumbs/moved.jpeg'")
    await moving
    await told(running)
    assert (await client.get(url)).content == b"another place"
    await running.kernel.db.execute("DELETE FROM asset_file")
    await told(running)
    assert (await client.get(url)).status_code == 404
    await add_file(running, asset_id, "thumbnail", b"back")
    assert (await client.get(url)).content == b"back"
    await running.kernel.db.execute("DELETE FROM asset")
    await told(running)
    assert (await client.get(url)).status_code == 400


async def test_rows_that_lead_out_of_the_root_are_not_followed(running):
    asset_id = await running.upload(b"photo", name="a.jpg")
    client = await running.client()
    await running.kernel.db.execute("UPDATE asset SET original_path = '../../../../etc/passwd'")
    await told(running)
    assert (await client.get(f"/api/assets/{asset_id}/original")).status_code == 500
    assert b"root" not in (await client.get(f"/api/assets/{asset_id}/original")).content


async def test_asset_files(running):
    asset_id = await running.upload(b"photo", name="a.jpg", sidecar=b"<xmp/>")
    file_id = await add_file(running, asset_id, "thumbnail", b"small")
    client, other = await running.client(), await running.client("other")
    listed = expect(await client.get("/api/asset-files", params={"assetId": str(asset_id)}), 200)
    assert [file["type"] for file in listed] == ["sidecar", "thumbnail"]
    query = {"assetId": str(asset_id), "type": "thumbnail", "isEdited": "false"}
    (one,) = expect(await client.get("/api/asset-files", params=query), 200)
    assert one["id"] == str(file_id)
    assert one["path"].startswith(str(running.kernel.paths.root / "thumbs"))
    assert datetime.fromisoformat(one["createdAt"]) <= datetime.now(UTC)
    assert expect(await client.get(f"/api/asset-files/{file_id}"), 200) == one
    assert expect(await client.get("/api/asset-files", params=query | {"isEdited": "true"}), 200) == []
    download = await client.get(f"/api/asset-files/{file_id}/download", headers={"range": "bytes=1-"})
    assert (download.status_code, download.content) == (206, b"mall")
    for answer in (
        await other.get(f"/api/asset-files/{file_id}"),
        await other.get(f"/api/asset-files/{file_id}/download"),
        await other.delete(f"/api/asset-files/{file_id}"),
        await client.get(f"/api/asset-files/{uuid4()}"),
        await other.get("/api/asset-files", params=query),
    ):
        assert expect(answer, 400)["message"].startswith("Not found or no assetFile.")
    expect(await client.delete(f"/api/asset-files/{file_id}"), 204)
    await running.drain()
    assert expect(await client.get("/api/asset-files", params=query), 200) == []
    assert not list((running.kernel.paths.root / "thumbs").rglob("*.webp"))
