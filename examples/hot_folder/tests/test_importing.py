"""Real files in real folders."""

import asyncio
import os
from pathlib import Path
from uuid import UUID

import pytest

from immich_host.plugin_api import Refused
from immich_host.testing.waiting import PATIENCE
from immich_hot_folder.settings import Folder, HotFolder
from immich_hot_folder.watching import WATCHERS

FILES = "/api/plugins/hot_folder/files"
ADMIN = "admin@host.test"


@pytest.fixture
async def running(host):
    running = await host(plugins=["hot_folder"])
    await running.client()
    return running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "inbox"
    path.mkdir()
    return path


async def watch(running, folder: Path, *, after_import="keep", owner=ADMIN, **settings):
    one = Folder(path=folder, owner=owner, after_import=after_import)
    await running.configure(HotFolder(**{"folders": (one,), "settle_seconds": 0, **settings}))


async def first_look(running) -> UUID:
    """The request with which watching begins; who watches does so in the background."""
    row = "SELECT id FROM job_request WHERE job = 'hot_folder.scan' ORDER BY id LIMIT 1"
    async with asyncio.timeout(PATIENCE):
        while (found := await running.kernel.db.fetchval(row)) is None:  # noqa: ASYNC110 (nothing tells)
            await asyncio.sleep(0.01)
    return found


async def scan(running) -> None:
    await running.kernel.jobs.request("hot_folder.scan")
    await running.drain()


async def came_of(running, folder: Path) -> dict[str, str]:
    client = await running.client()
    answer = await client.get(FILES)
    assert answer.status_code == 200, answer.text
    return {str(Path(each["path"]).relative_to(folder)): each["status"] for each in answer.json()}


async def names(running) -> list[str]:
    rows = await running.kernel.db.fetch("SELECT original_file_name FROM asset ORDER BY 1")
    return [row[0] for row in rows]


ASKED = "SELECT count(*) FROM job_request WHERE job = 'hot_folder.scan'"


async def waits(running) -> None:
    """Until a scan is asked for."""
    async with asyncio.timeout(PATIENCE):
        while not await running.kernel.db.fetchval(ASKED):  # noqa: ASYNC110 (nothing tells)
            await asyncio.sleep(0.05)


async def test_nested_folders_unsupported_files_duplicates_and_sidecars(running, folder):
    (folder / "2024" / "may").mkdir(parents=True)
    (folder / "2024" / "may" / "a.jpg").write_bytes(b"a")
    (folder / "2024" / "may" / "a.jpg.xmp").write_text("<x/>")
    (folder / "copy.jpg").write_bytes(b"a")
    (folder / "b.MP4").write_bytes(b"b")
    (folder / "notes.txt").write_bytes(b"text")
    (folder / "empty.jpg").touch()
    (folder / ".hidden.jpg").write_bytes(b"hidden")
    (folder / "c.jpg.part").write_bytes(b"part")
    (folder / "link.jpg").symlink_to(folder / "copy.jpg")
    await watch(running, folder)
    await scan(running)
    assert await came_of(running, folder) == {
        "2024/may/a.jpg": "imported",
        "copy.jpg": "duplicate",
        "b.MP4": "imported",
        "notes.txt": "refused",
        "empty.jpg": "refused",
    }
    assert await names(running) == ["a.jpg", "b.MP4"]
    assert await running.kernel.db.fetchval("SELECT count(*) FROM asset_file WHERE type = 'sidecar'") == 1
    assert (folder / "2024" / "may" / "a.jpg").exists()


async def test_again_is_as_good_as_once_and_a_changed_file_is_new(running, folder):
    (folder / "a.jpg").write_bytes(b"one")
    await watch(running, folder)
    await scan(running)
    before = await running.kernel.db.fetch("SELECT * FROM hot_folder_file")
    await scan(running)
    assert await running.kernel.db.fetch("SELECT * FROM hot_folder_file") == before
    (folder / "a.jpg").write_bytes(b"two")
    await scan(running)
    assert await names(running) == ["a.jpg", "a.jpg"]


async def test_a_file_that_is_copied_slowly_waits(running, folder):
    with (folder / "big.jpg").open("wb") as file:
        file.write(b"first half")
        file.flush()
        await watch(running, folder, settle_seconds=3600)
        first = await first_look(running)
        await running.kernel.job_room.executor.execute(first)
        assert await names(running) == []
        # it asks for another look, later
        pause = "SELECT extract(epoch FROM run_at - now())::float FROM job_request WHERE job = 'hot_folder.scan'"
        assert await running.kernel.db.fetchval(pause) > 3000
        file.write(b", second half")
    await watch(running, folder, settle_seconds=0)
    await scan(running)
    client = await running.client()
    asset_id = await running.kernel.db.fetchval("SELECT id FROM asset")
    assert (await client.get(f"/api/assets/{asset_id}/original")).content == b"first half, second half"
    assert await names(running) == ["big.jpg"]


async def test_sources_go_once_the_library_has_them(running, folder):
    for name, content in {"a.jpg": b"a", "again.jpg": b"a", "a.xmp": b"<x/>", "notes.txt": b"text"}.items():
        (folder / name).write_bytes(content)
    await watch(running, folder, after_import="delete")
    await scan(running)
    assert sorted(path.name for path in folder.iterdir()) == ["notes.txt"]
    assert await names(running) == ["a.jpg"]


async def test_the_source_of_what_lies_in_the_trash_stays(running, folder):
    asset_id = await running.upload(b"a", name="a.jpg")
    client = await running.client()
    await client.request("DELETE", "/api/assets", json={"ids": [str(asset_id)]})
    (folder / "a.jpg").write_bytes(b"a")
    await watch(running, folder, after_import="delete")
    await scan(running)
    assert await came_of(running, folder) == {"a.jpg": "duplicate"}
    assert (folder / "a.jpg").exists()


async def test_what_a_crash_cut_off_goes_on(running, folder):
    for number in range(5):
        (folder / f"{number}.jpg").write_bytes(b"%d" % number)
    await watch(running, folder, after_import="delete")
    taken = running.kernel.assets.import_file
    calls = 0

    async def dies(*args, **options):
        nonlocal calls
        calls += 1
        if calls == 4:
            # taken in, but neither noted nor removed
            await taken(*args, **options)
        if calls >= 4:
            raise RuntimeError
        return await taken(*args, **options)

    running.kernel.assets.import_file = dies
    with pytest.raises(RuntimeError):
        await scan(running)
    assert len(list(folder.iterdir())) == 2
    await running.kernel.db.execute("DELETE FROM job_request")
    running.kernel.assets.import_file = taken
    await scan(running)
    assert list(folder.iterdir()) == []
    assert await names(running) == [f"{number}.jpg" for number in range(5)]
    assert (await came_of(running, folder))["3.jpg"] == "duplicate"


async def test_a_failure_is_tried_again_and_a_full_quota_is_said(running, folder):
    (folder / "a.jpg").write_bytes(b"a" * 1000)
    await running.kernel.db.execute('UPDATE "user" SET quota_size_in_bytes = 10')
    await watch(running, folder)
    await scan(running)
    client = await running.client()
    (file,) = (await client.get(FILES, params={"status": "refused"})).json()
    assert "Quota" in file["reason"]
    await running.kernel.db.execute('UPDATE "user" SET quota_size_in_bytes = NULL')
    os.utime(folder / "a.jpg", (1, 1))
    await scan(running)
    assert await came_of(running, folder) == {"a.jpg": "imported"}


async def test_files_become_their_owners(running, folder):
    ann = await running.user_id("ann")
    (folder / "a.jpg").write_bytes(b"a")
    await watch(running, folder, owner="ANN@host.test")
    await scan(running)
    assert await running.kernel.db.fetchval("SELECT owner_id FROM asset") == ann
    client = await running.client("ann")
    assert (await client.get(FILES)).status_code == 403
    status = (await (await running.client()).get("/api/plugins/hot_folder/status")).json()
    assert status["files"] == {"imported": 1}
    assert status["folders"][0]["isThere"] is True


async def test_progress_is_told(running, folder):
    told = []

    async def to_user(user_id, event, *data):
        told.append((event, *data))

    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(b"%d" % number)
    await watch(running, folder)
    running.kernel.push.to_user = to_user
    await scan(running)
    steps = [data for event, data in told if event == "hot_folder_progress"]
    assert [step["done"] for step in steps] == [0, 1, 2, 3]
    assert steps[1] == {"done": 1, "total": 3, "name": "1.jpg"}


async def test_a_new_file_is_noticed(running, folder):
    await watch(running, folder)
    await waits(running)
    await running.drain()
    # until the system watches, a change would go unnoticed: touch until one is
    async with asyncio.timeout(PATIENCE):
        while not await running.kernel.db.fetchval(ASKED):
            (folder / "new.jpg").write_bytes(os.urandom(8))
            await asyncio.sleep(0.1)
    await running.drain()
    assert "new.jpg" in await names(running)


async def test_one_process_watches_and_gives_way_when_it_is_off(running, folder):
    await watch(running, folder)
    await waits(running)
    async with running.kernel.db.try_lock("hot_folder watch") as is_free:
        assert not is_free
    await running.turn_off("hot_folder")
    assert running.kernel not in WATCHERS
    async with running.kernel.db.try_lock("hot_folder watch") as is_free:
        assert is_free
    client = await running.client()
    assert (await client.get(FILES)).status_code == 404


@pytest.mark.parametrize("path", ["relative", "library", "above"])
async def test_folders_that_cannot_be_meant(running, path):
    root = running.kernel.files.media_root
    chosen = {"relative": Path("inbox"), "library": root / "upload", "above": root.parent}[path]
    with pytest.raises(Refused):
        await watch(running, chosen)


async def test_an_unknown_owner_is_refused(running, folder):
    with pytest.raises(Refused, match="No account"):
        await watch(running, folder, owner="nobody@host.test")
