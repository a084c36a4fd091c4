"""The jobs in a running host: sidecars of uploads, edits written and read again."""

import asyncio
from contextvars import Context
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.waiting import PATIENCE


@pytest.fixture
def picture() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(buffer, "JPEG")
    return buffer.getvalue()


async def sidecars(host: RunningHost, asset_id: UUID) -> list[Path]:
    return [file.path for file in await host.kernel.files.of_asset(asset_id) if file.type == "sidecar"]


async def run(host: RunningHost, asset_id: UUID, job: str) -> None:
    await host.kernel.jobs.request(job, asset_id=asset_id, cause="all")
    await host.drain()


async def exif(host: RunningHost, asset_id: UUID) -> dict[str, Any]:
    return dict(await host.kernel.db.fetchrow("SELECT * FROM asset_exif WHERE asset_id = $1", asset_id))


async def test_an_uploaded_sidecar_stays(host: MakeHost, picture: bytes, stranger: Path) -> None:
    server = await host(plugins=["sidecar"])
    asset_id = await server.upload(picture, sidecar=stranger)
    await server.drain()
    (path,) = await sidecars(server, asset_id)
    assert path.read_bytes() == stranger.read_bytes()


async def test_a_sidecar_beside_the_file_is_found_and_lost(host: MakeHost, picture: bytes, stranger: Path) -> None:
    server = await host(plugins=["sidecar"])
    asset_id = await server.upload(picture)
    await server.drain()
    assert await sidecars(server, asset_id) == []
    row = await server.kernel.assets.get(asset_id)
    assert row is not None
    beside = row.path.with_name(row.path.name + ".xmp")
    beside.write_bytes(stranger.read_bytes())
    await run(server, asset_id, "sidecar.discover")
    assert await sidecars(server, asset_id) == [beside]
    await run(server, asset_id, "sidecar.discover")
    assert beside.exists()
    beside.unlink()
    await run(server, asset_id, "sidecar.discover")
    assert await sidecars(server, asset_id) == []


async def test_a_sidecar_that_comes_late_is_read(host: MakeHost, picture: bytes, stranger: Path) -> None:
    server = await host(plugins=["sidecar", "metadata"])
    asset_id = await server.upload(picture)
    await server.drain()
    row = await server.kernel.assets.get(asset_id)
    assert row is not None
    beside = row.path.with_name(row.path.name + ".xmp")
    beside.write_bytes(stranger.read_bytes())
    await run(server, asset_id, "sidecar.discover")
    assert (await exif(server, asset_id))["description"] == "old"
    beside.unlink()
    await run(server, asset_id, "sidecar.discover")
    assert (await exif(server, asset_id))["description"] == ""


async def test_an_edit_made_while_writing_keeps_its_lock(host: MakeHost, picture: bytes, tags: Any) -> None:
    server = await host(plugins=["sidecar"])
    asset_id = await server.upload(picture)
    await server.drain()
    client = await server.client()
    await client.put(f"/api/assets/{asset_id}", json={"rating": 3})
    async with server.kernel.db.transaction():
        # holds the writer at its end, by when the second edit has come
        await server.kernel.db.execute("SELECT FROM asset_exif WHERE asset_id = $1 FOR UPDATE", asset_id)
        draining = asyncio.create_task(server.drain(), context=Context())
        row = await server.kernel.assets.get(asset_id)
        assert row is not None
        target = row.path.with_name(row.path.name + ".xmp")
        async with asyncio.timeout(PATIENCE):
            while not target.exists():  # noqa: ASYNC110 - a file of another process has no event
                await asyncio.sleep(0.01)
        await server.kernel.db.execute("UPDATE asset_exif SET rating = 5 WHERE asset_id = $1", asset_id)
    await draining
    await server.drain()
    assert tags(target)["Rating"] == 5
    assert (await exif(server, asset_id))["locked_properties"] == []


async def test_an_edit_is_written_and_read_again(host: MakeHost, picture: bytes, stranger: Path, tags: Any) -> None:
    server = await host(plugins=["sidecar", "metadata"])
    asset_id = await server.upload(picture, sidecar=stranger)
    await server.drain()
    assert (await exif(server, asset_id))["description"] == "old"
    client = await server.client()
    change = {
        "description": "new\nline",
        "rating": 4,
        "latitude": 48.137,
        "longitude": 11.575,
        "dateTimeOriginal": "2024-02-01T04:05:00.000+02:00",
    }
    answer = await client.put(f"/api/assets/{asset_id}", json=change)
    assert answer.status_code == 200
    assert (await exif(server, asset_id))["locked_properties"] != []
    await server.drain()
    (path,) = await sidecars(server, asset_id)
    written = tags(path)
    assert (written["Description"], written["Rating"], written["History"]) == ("new\nline", 4, "kept")
    assert written["DateTimeOriginal"] == "2024:02:01 04:05:00+02:00"
    found = await exif(server, asset_id)
    assert found["locked_properties"] == []
    assert (found["description"], found["rating"], found["time_zone"]) == ("new\nline", 4, "Europe/Berlin")
    assert (found["latitude"], found["longitude"]) == (48.137, 11.575)
    answer = (await client.get(f"/api/assets/{asset_id}")).json()
    # zoned by its place, as Immich does
    assert answer["localDateTime"] == "2024-02-01T03:05:00.000Z"


async def test_a_caption_that_was_emptied_stays_empty(host: MakeHost, picture: bytes, stranger: Path) -> None:
    server = await host(plugins=["sidecar", "metadata"])
    asset_id = await server.upload(picture, sidecar=stranger)
    await server.drain()
    client = await server.client()
    await client.put(f"/api/assets/{asset_id}", json={"description": ""})
    await server.drain()
    found = await exif(server, asset_id)
    assert (found["description"], found["locked_properties"]) == ("", [])


async def test_nothing_locked_writes_nothing(host: MakeHost, picture: bytes) -> None:
    server = await host(plugins=["sidecar"])
    asset_id = await server.upload(picture)
    await server.drain()
    await run(server, asset_id, "sidecar.write")
    assert await sidecars(server, asset_id) == []


async def test_a_sidecar_that_is_no_xmp_is_left_alone(host: MakeHost, picture: bytes) -> None:
    server = await host(plugins=["sidecar"])
    asset_id = await server.upload(picture, sidecar=b"hello\n")
    await server.drain()
    client = await server.client()
    await client.put(f"/api/assets/{asset_id}", json={"rating": 3})
    with pytest.raises(Exception, match=r"was not written"):
        await server.drain()
    (path,) = await sidecars(server, asset_id)
    assert path.read_bytes() == b"hello\n"
    assert (await exif(server, asset_id))["locked_properties"] == ["rating"]


async def test_missing_and_all(host: MakeHost, picture: bytes, stranger: Path) -> None:
    """Missing looks at photos without a sidecar, all at each; what changed on disk is found by both."""
    server = await host(plugins=["sidecar"])
    found = await server.upload(picture, sidecar=stranger)
    other = await server.upload(picture + b"other")
    await server.drain()
    [path] = await sidecars(server, found)
    path.unlink()
    row = await server.kernel.assets.get(other)
    assert row is not None
    beside = row.path.with_suffix(".xmp")
    beside.write_bytes(stranger.read_bytes())
    await server.kernel.job_room.commands.start("sidecar", "missing")
    await server.drain()
    assert (await sidecars(server, found), await sidecars(server, other)) == ([path], [beside])
    await server.kernel.job_room.commands.start("sidecar", "all")
    await server.drain()
    assert (await sidecars(server, found), await sidecars(server, other)) == ([], [beside])


async def test_edits_made_while_the_plugin_was_off_are_written_by_its_sweep(
    host: MakeHost, picture: bytes, tags: Any
) -> None:
    server = await host(plugins=["sidecar"])
    ids = [await server.upload(picture + bytes([number])) for number in range(3)]
    await server.drain()
    await server.turn_off("sidecar")
    client = await server.client()
    await client.put(f"/api/assets/{ids[0]}", json={"rating": 3})
    await client.put(f"/api/assets/{ids[1]}", json={"latitude": None, "longitude": None})
    await server.drain()
    await server.turn_on("sidecar")
    await server.kernel.job_room.commands.request_missing("sidecar")
    await server.drain()
    assert [len(await sidecars(server, one)) for one in ids] == [1, 0, 0], "a removed place cannot be said in XMP"
    [path] = await sidecars(server, ids[0])
    assert tags(path)["Rating"] == 3


async def test_a_file_that_is_being_moved_is_waited_for(
    host: MakeHost, picture: bytes, stranger: Path, tags: Any
) -> None:
    server = await host(plugins=["sidecar"])
    asset_id = await server.upload(picture, sidecar=stranger)
    await server.drain()
    (before,) = await sidecars(server, asset_id)
    after = before.with_name("moved.xmp")
    client = await server.client()
    async with server.kernel.files.holding(asset_id):
        await client.put(f"/api/assets/{asset_id}", json={"rating": 3})
        writing = asyncio.create_task(server.drain())
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
        while not await server.kernel.db.fetchval(waiting):  # noqa: ASYNC110 - a waiting lock has no event
            await asyncio.sleep(0)
        before.rename(after)
        assert await server.kernel.files.repoint(asset_id, {before: after})
    await writing
    assert await sidecars(server, asset_id) == [after]
    assert (tags(after)["Rating"], tags(after)["History"]) == (3, "kept")
    assert not before.exists()
