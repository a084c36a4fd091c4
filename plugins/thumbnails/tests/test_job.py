"""The job in a running host: files, rows, hash, and how it fails."""

import io
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from immich_host.plugin_api.errors import JobFailed
from immich_thumbnails import store

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def running(host):
    return await host(plugins=["thumbnails"])


@pytest.fixture(scope="session")
def jpeg(photo) -> bytes:
    buffer = io.BytesIO()
    photo(800, 600).save(buffer, "JPEG")
    return buffer.getvalue()


async def files_of(running, asset_id) -> dict[str, Path]:
    rows = await running.kernel.files.of_asset(asset_id)
    return {row.type: row.path for row in rows}


async def missing(running, *, fullsize: bool = False) -> set:
    return {one async for one in store.without_pictures(running.kernel.db, fullsize=fullsize)}


async def stale(running) -> set:
    room = running.kernel.job_room
    return {one async for one in room.results.stale(room.registry.get("thumbnails.generate"))}


async def test_upload_becomes_viewable(running, jpeg):
    asset_id = await running.upload(jpeg, name="photo.jpg")
    assert await missing(running) == {asset_id}
    await running.drain()
    owner = await running.user_id()
    files = await files_of(running, asset_id)
    shard = f"thumbs/{owner}/{str(asset_id)[:2]}/{str(asset_id)[2:4]}"
    root = running.kernel.files.media_root
    assert {kind: path.relative_to(root).as_posix() for kind, path in files.items()} == {
        "preview": f"{shard}/{asset_id}_preview.jpeg",
        "thumbnail": f"{shard}/{asset_id}_thumbnail.webp",
    }
    assert sorted(path.name for path in files["preview"].parent.iterdir()) == sorted(
        path.name for path in files.values()
    ), "no temporary file stays"
    with Image.open(files["thumbnail"]) as image:
        assert image.size == (333, 250)
    asset = await running.kernel.assets.get(asset_id)
    assert 20 <= len(asset.thumbhash) <= 25
    assert await missing(running) == set()
    client = await running.client()
    answer = await client.get(f"/api/assets/{asset_id}/thumbnail")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert answer.content == files["thumbnail"].read_bytes()


async def test_twice_is_once(running, jpeg):
    asset_id = await running.upload(jpeg)
    await running.drain()
    before = {kind: path.read_bytes() for kind, path in (await files_of(running, asset_id)).items()}
    rows = "SELECT id, path FROM asset_file WHERE asset_id = $1 ORDER BY id"
    stored = await running.kernel.db.fetch(rows, asset_id)
    changed = await running.kernel.db.fetchval("SELECT update_id FROM asset WHERE id = $1", asset_id)
    await running.kernel.jobs.request("thumbnails.generate", asset_id=asset_id)
    await running.drain()
    assert {kind: path.read_bytes() for kind, path in (await files_of(running, asset_id)).items()} == before
    assert await running.kernel.db.fetch(rows, asset_id) == stored
    assert await running.kernel.db.fetchval("SELECT update_id FROM asset WHERE id = $1", asset_id) == changed


async def test_a_changed_format_replaces_the_old_file(running, jpeg):
    asset_id = await running.upload(jpeg)
    await running.drain()
    old = (await files_of(running, asset_id))["preview"]
    client = await running.client()
    config = (await client.get("/api/system-config")).json()
    config["image"]["preview"]["format"] = "webp"
    assert (await client.put("/api/system-config", json=config)).status_code == 200
    await running.kernel.jobs.request("thumbnails.generate", asset_id=asset_id)
    await running.drain()
    new = (await files_of(running, asset_id))["preview"]
    assert new.suffix == ".webp"
    assert new.exists()
    assert not old.exists()


async def test_pictures_of_other_settings_are_stale(running, jpeg):
    asset_id = await running.upload(jpeg)
    await running.drain()
    assert await stale(running) == set()
    client = await running.client()
    config = (await client.get("/api/system-config")).json()
    config["image"]["thumbnail"]["size"] = 120
    assert (await client.put("/api/system-config", json=config)).status_code == 200
    assert asset_id in await stale(running)
    await running.kernel.job_room.commands.start("thumbnailGeneration", "stale")
    await running.drain()
    assert await stale(running) == set()
    with Image.open((await files_of(running, asset_id))["thumbnail"]) as image:
        assert image.size == (160, 120)


async def test_a_full_size_that_is_no_longer_wanted_is_removed(running, photo):
    buffer = io.BytesIO()
    photo(300, 200).save(buffer, "TIFF")
    asset_id = await running.upload(buffer.getvalue(), name="scan.tiff")
    await running.drain()
    client = await running.client()
    config = (await client.get("/api/system-config")).json()
    for wanted in (True, False):
        config["image"]["fullsize"]["enabled"] = wanted
        assert (await client.put("/api/system-config", json=config)).status_code == 200
        await running.kernel.job_room.commands.start("thumbnailGeneration", "stale")
        await running.drain()
        files = await files_of(running, asset_id)
        assert ("fullsize" in files) is wanted
        names = {path.name for path in files["preview"].parent.glob(f"{asset_id}_*")}
        assert names == {path.name for path in files.values()}


async def test_a_damaged_file_fails_alone(running, jpeg):
    bad = await running.upload(jpeg[:3000], name="bad.jpg")
    with pytest.raises(JobFailed, match=r"bad\.jpg: the picture is damaged"):
        await running.drain()
    good = await running.upload(jpeg, name="good.jpg")
    await running.drain()
    assert set(await files_of(running, good)) == {"preview", "thumbnail"}
    assert await files_of(running, bad) == {}
    assert await missing(running) == {bad}


async def test_a_missing_original_says_so(running, jpeg):
    asset_id = await running.upload(jpeg, name="lost.jpg")
    (await running.kernel.assets.get(asset_id)).path.unlink()
    with pytest.raises(JobFailed, match=r"the file of lost\.jpg is missing"):
        await running.drain()


async def test_hidden_assets_are_skipped(running, jpeg):
    asset_id = await running.upload(jpeg)
    await running.kernel.assets.update(asset_id, visibility="hidden")
    await running.drain()
    assert await files_of(running, asset_id) == {}
    assert await missing(running) == set()


async def test_what_was_written_before_an_asset_was_hidden_goes(running, jpeg):
    asset_id = await running.upload(jpeg)
    asset = await running.kernel.assets.get(asset_id)
    path = running.kernel.files.derived_path("thumbs", asset.owner_id, f"{asset_id}_preview.jpeg")
    path.parent.mkdir(parents=True)
    path.write_bytes(jpeg)  # by a job that was killed before it could save
    await running.kernel.assets.update(asset_id, visibility="hidden")
    await running.drain()
    assert not path.exists()


async def test_what_is_missing_with_full_sizes_on(running, photo):
    buffer = io.BytesIO()
    photo(300, 200).save(buffer, "TIFF")
    tiff = await running.upload(buffer.getvalue(), name="scan.TIFF")
    buffer = io.BytesIO()
    photo(300, 200).save(buffer, "PNG")
    await running.upload(buffer.getvalue(), name="shot.png")
    await running.drain()
    assert await missing(running) == set()
    assert await missing(running, fullsize=True) == {tiff}


async def test_an_edited_asset_keeps_the_hash_of_its_edit(running, jpeg):
    asset_id = await running.upload(jpeg)
    await running.kernel.assets.update(asset_id, thumbhash=b"of the edit", is_edited=True)
    await running.drain()
    assert (await running.kernel.assets.get(asset_id)).thumbhash == b"of the edit"
