"""Taking in files that lie on the server: as an upload, once, and without a trace where it fails."""

import asyncio
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from immich_host.plugin_api import Refused
from immich_host.testing.host import RunningHost, expect


@pytest.fixture
async def running(host: Any) -> RunningHost:
    return await host(plugins=[])


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "holiday.JPG"
    path.write_bytes(b"photo" * 300_000)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def files(running: RunningHost) -> list[Path]:
    root = running.kernel.paths.root
    found = [path for path in (*(root / "upload").rglob("*"), *(root / "incoming").rglob("*")) if path.is_file()]
    return [path for path in found if path.name not in {".immich", ".lock"}]


async def test_it_is_as_if_it_had_been_uploaded(running: RunningHost, photo: Path):
    owner = await running.user_id()
    told: list[tuple[str, Any]] = []
    seen: list[tuple[int, int]] = []

    async def asset_viewable(asset_id: Any, cause: str, **_: Any) -> None:
        told.append((cause, str(asset_id)))

    async def progress(done: int, total: int) -> None:
        seen.append((done, total))

    running.kernel.hosting.listen("asset_viewable", asset_viewable)
    asset_id, created = await running.kernel.assets.import_file(photo, owner_id=owner, progress=progress)
    await running.drain()
    assert created
    assert told == [("import", str(asset_id))]
    client = await running.client()
    asset = expect(await client.get(f"/api/assets/{asset_id}"), 200)
    assert (asset["originalFileName"], asset["type"]) == ("holiday.JPG", "IMAGE")
    assert asset["fileCreatedAt"] == "2023-11-14T22:13:20.000Z"
    assert (await client.get(f"/api/assets/{asset_id}/original")).content == photo.read_bytes()
    size = photo.stat().st_size
    assert seen[-1] == (size, size)
    assert len(seen) > 1
    assert await running.kernel.db.fetchval('SELECT quota_usage_in_bytes FROM "user" WHERE id = $1', owner) == size
    (stored,) = files(running)
    assert stored.read_bytes() == photo.read_bytes()
    assert await running.kernel.assets.import_file(photo, owner_id=owner) == (asset_id, False)
    assert files(running) == [stored]


async def test_two_at_once_become_one(running: RunningHost, photo: Path):
    owner = await running.user_id()
    one, other = await asyncio.gather(*(running.kernel.assets.import_file(photo, owner_id=owner) for _ in range(2)))
    assert one[0] == other[0]
    assert sorted((one[1], other[1])) == [False, True]
    assert len(files(running)) == 1


async def test_a_sidecar_comes_along(running: RunningHost, photo: Path, tmp_path: Path):
    sidecar = tmp_path / "holiday.xmp"
    sidecar.write_text("<x/>")
    asset_id, _ = await running.kernel.assets.import_file(photo, owner_id=await running.user_id(), sidecar=sidecar)
    (stored,) = await running.kernel.files.of_asset(asset_id)
    assert (stored.type, stored.path.read_text()) == ("sidecar", "<x/>")
    assert len(files(running)) == 2


async def test_what_is_refused_leaves_nothing(running: RunningHost, photo: Path, tmp_path: Path):
    owner = await running.user_id()
    (text := tmp_path / "notes.txt").write_text("no photo")
    (empty := tmp_path / "empty.jpg").touch()
    take = running.kernel.assets.import_file
    for source, user in ((text, owner), (empty, owner), (photo, uuid4())):
        with pytest.raises(Refused) as refusal:
            await take(source, owner_id=user)
        assert refusal.value.status == 400
    with pytest.raises(FileNotFoundError):
        await take(tmp_path / "absent.jpg", owner_id=owner)
    await running.kernel.db.execute('UPDATE "user" SET quota_size_in_bytes = 1000 WHERE id = $1', owner)
    with pytest.raises(Refused, match="Quota"):
        await take(photo, owner_id=owner)
    assert files(running) == []
    assert await running.kernel.db.fetchval("SELECT count(*) FROM asset") == 0


async def test_a_file_that_is_written_to_is_refused(running: RunningHost, photo: Path):
    async def write(_done: int, _total: int) -> None:
        with photo.open("ab") as file:
            file.write(b"more")

    with pytest.raises(Refused) as refusal:
        await running.kernel.assets.import_file(photo, owner_id=await running.user_id(), progress=write)
    assert refusal.value.status == 409
    assert files(running) == []


async def test_a_lock_has_one_holder_and_is_free_again(running: RunningHost):
    db = running.kernel.db
    async with db.try_lock("test watch") as first, db.try_lock("test watch") as second, db.try_lock("other") as other:
        assert (first, second, other) == (True, False, True)
    async with db.try_lock("test watch") as again:
        assert again
