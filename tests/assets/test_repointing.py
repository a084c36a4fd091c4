"""Files that get another name while their rows are read, sent and removed."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from immich_host.assets.files import REMOVE_FILES
from immich_host.media.paths import BadPath
from immich_host.media.threads import READERS
from immich_host.plugin_api.assets import original_missing
from immich_host.plugin_api.errors import JobFailed
from immich_host.testing.host import RunningHost, expect
from immich_host.testing.waiting import PATIENCE


@pytest.fixture
async def running(host: Any) -> RunningHost:
    return await host(plugins=[])


async def original(running: RunningHost, asset_id: Any) -> Path:
    row = await running.kernel.assets.get(asset_id)
    assert row is not None
    return row.path


async def move(running: RunningHost, asset_id: Any, new: Path) -> Path:
    """Move an original as plugins are told to; returns the old path."""
    old = await original(running, asset_id)
    new.parent.mkdir(parents=True, exist_ok=True)
    os.link(old, new)
    assert await running.kernel.files.repoint(asset_id, {old: new})
    old.unlink()
    return old


async def test_original_and_sidecar_are_repointed_together(running: RunningHost) -> None:
    asset_id = await running.upload(b"photo", sidecar=b"<x/>")
    files, library = running.kernel.files, running.kernel.paths.root / "library"
    old, (sidecar,) = await original(running, asset_id), await files.of_asset(asset_id)
    told: list[Any] = []

    async def listen(**arguments: Any) -> None:
        told.append(arguments["fields"])

    running.kernel.hosting.listen("asset_changed", listen)
    renamed = {old: library / "a/photo.jpg", sidecar.path: library / "a/photo.jpg.xmp"}
    assert await files.repoint(asset_id, renamed)
    assert await original(running, asset_id) == library / "a/photo.jpg"
    assert [row.path for row in await files.of_asset(asset_id)] == [library / "a/photo.jpg.xmp"]
    await running.kernel.jobs.settle()
    assert told == [["original_path"]]
    assert old.exists()
    await running.drain()
    assert sidecar.path.exists()


async def test_all_or_nothing(running: RunningHost) -> None:
    asset_id = await running.upload(b"photo")
    files, library = running.kernel.files, running.kernel.paths.root / "library"
    old = await original(running, asset_id)
    renamed = {old: library / "photo.jpg", library / "nobody.xmp": library / "photo.jpg.xmp"}
    assert not await files.repoint(asset_id, renamed)
    assert await original(running, asset_id) == old
    with pytest.raises(BadPath):
        await files.repoint(asset_id, {old: library.parent.parent / "photo.jpg"})
    client = await running.client()
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(asset_id)], "force": True}), 204)
    await running.drain()
    assert not await files.repoint(asset_id, {old: library / "photo.jpg"})


async def test_what_is_moved_before_it_is_opened_is_sent_from_where_it_is(running: RunningHost) -> None:
    asset_id = await running.upload(b"photo")
    client, held = await running.client(), threading.Event()
    holding = [READERS.submit(held.wait) for _ in range(READERS._max_workers)]
    asking = asyncio.create_task(client.get(f"/api/assets/{asset_id}/original"))
    while not READERS._work_queue.qsize():  # noqa: ASYNC110 - the file's row is read now, its opening has to wait
        await asyncio.sleep(0)
    await move(running, asset_id, running.kernel.paths.root / "library/a/photo.jpg")
    held.set()
    answer = await asking
    assert (answer.status_code, answer.content) == (200, b"photo")
    assert all(each.result() for each in holding)


async def test_a_name_that_passes_to_another_file_gives_that_file(running: RunningHost) -> None:
    library = running.kernel.paths.root / "library"
    one, two = await running.upload(b"first"), await running.upload(b"other")
    client = await running.client()

    async def sent(asset_id: Any) -> bytes:
        return (await client.get(f"/api/assets/{asset_id}/original")).content

    await move(running, one, library / "name.jpg")
    assert await sent(one) == b"first"
    moment = (library / "name.jpg").stat().st_mtime_ns
    await move(running, one, library / "elsewhere.jpg")
    os.utime(await original(running, two), ns=(moment, moment))
    await move(running, two, library / "name.jpg")
    assert [await sent(one), await sent(two)] == [b"first", b"other"]


async def test_a_late_removal_spares_a_name_that_was_given_anew(running: RunningHost) -> None:
    library = running.kernel.paths.root / "library"
    asset_id = await running.upload(b"photo", sidecar=b"<x/>")
    (sidecar,) = await running.kernel.files.of_asset(asset_id)
    await move(running, asset_id, library / "photo.jpg")
    os.link(sidecar.path, library / "photo.jpg.xmp")
    assert await running.kernel.files.repoint(asset_id, {sidecar.path: library / "photo.jpg.xmp"})
    (library / "nobody.jpg").write_bytes(b"gone")
    late = ["library/photo.jpg", "library/photo.jpg.xmp", "library/nobody.jpg"]
    await running.kernel.jobs.request(REMOVE_FILES, paths=late)
    await running.drain()
    assert sorted(path.name for path in library.iterdir()) == [".immich", "photo.jpg", "photo.jpg.xmp"]


async def test_a_lock_is_waited_for(running: RunningHost) -> None:
    db = running.kernel.db
    async with db.lock("test move"):
        async with db.try_lock("test move") as is_free:
            assert not is_free

        async def later() -> None:
            async with db.lock("test move"):
                pass

        waiting = asyncio.create_task(later())
        sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not await db.fetchval(sql):  # noqa: ASYNC110 - a waiting lock has no event
            await asyncio.sleep(0)
        assert not waiting.done()
    await asyncio.wait_for(waiting, PATIENCE)


async def test_a_job_whose_original_was_moved_is_tried_again(running: RunningHost) -> None:
    asset_id = await running.upload(b"photo", name="moved.jpg")
    before = await running.kernel.assets.get(asset_id)
    assert before is not None
    old = await move(running, asset_id, running.kernel.paths.root / "library" / "moved.jpg")
    error = await original_missing(running.kernel.assets, before)
    assert isinstance(error, FileNotFoundError)  # which is retried
    assert str(old) in str(error)
    after = await running.kernel.assets.get(asset_id)
    assert after is not None
    there = await original_missing(running.kernel.assets, after)
    assert isinstance(there, FileNotFoundError)
    assert "a program that reads moved.jpg" in str(there)
    after.path.unlink()
    lost = await original_missing(running.kernel.assets, after)
    assert isinstance(lost, JobFailed)  # which is not
    assert str(lost) == f"the file of moved.jpg is missing: {after.path}"
