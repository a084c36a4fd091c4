"""The jobs in a running host."""

import asyncio
import os
import time
from pathlib import Path
from uuid import UUID

import pytest

from immich_host.testing.host import expect
from immich_storage_template.settings import StorageTemplate

from .conftest import XMP, Library

DATED = "2024/2024-05-01"


async def test_off_it_passes_through(library: Library) -> None:
    reached: list[UUID] = []

    async def listen(asset_id: UUID, **_: object) -> None:
        reached.append(asset_id)

    library.host.kernel.hosting.listen("asset_placed", listen)
    asset_id = await library.upload()
    assert (await library.path(asset_id)).is_relative_to(library.root / "upload")
    await library.host.kernel.jobs.settle()
    assert reached == [asset_id]
    await library.migrate()
    assert (await library.path(asset_id)).is_relative_to(library.root / "upload")
    await library.check()


async def test_an_upload_is_placed(library: Library) -> None:
    await library.use("{{y}}/{{y}}-{{MM}}-{{dd}}/{{filename}}")
    asset_id = await library.upload(name="IMG_1.JPEG")
    assert await library.below(asset_id) == f"{DATED}/IMG_1.jpg"
    await library.check()
    client = await library.host.client()
    shown = expect(await client.get(f"/api/assets/{asset_id}"), 200)
    assert shown["originalPath"] == str(await library.path(asset_id))
    assert shown["originalFileName"] == "IMG_1.JPEG"


async def test_equal_names_are_numbered_and_stay(library: Library) -> None:
    await library.use("{{y}}/{{filename}}")
    ids = [await library.upload() for _ in range(3)]
    expected = ["2024/photo.jpg", "2024/photo+1.jpg", "2024/photo+2.jpg"]
    assert [await library.below(each) for each in ids] == expected
    await library.migrate()
    assert [await library.below(each) for each in ids] == expected
    client = await library.host.client()
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(ids[0])], "force": True}), 204)
    await library.host.drain()
    await library.migrate()
    assert [await library.below(each) for each in ids[1:]] == expected[1:]
    await library.check()


async def test_a_strangers_file_is_never_written_over(library: Library) -> None:
    await library.use("{{filename}}")
    mine = await library.folder_of()
    mine.mkdir(parents=True)
    (mine / "photo.jpg").write_bytes(b"a stranger")
    (mine / "photo+1.jpg.xmp").write_bytes(b"another")
    asset_id = await library.upload(sidecar=XMP)
    assert await library.below(asset_id) == "photo+2.jpg"
    assert (mine / "photo.jpg").read_bytes() == b"a stranger"
    assert (mine / "photo+1.jpg.xmp").read_bytes() == b"another"


async def test_sidecars_move_along(library: Library) -> None:
    await library.use("{{y}}/{{filename}}")
    asset_id = await library.upload(sidecar=XMP)
    path = await library.path(asset_id)
    assert await library.sidecar(asset_id) == path.with_name("photo.jpg.xmp")
    assert path.with_name("photo.jpg.xmp").read_bytes() == XMP
    await library.check()
    await library.use("{{MM}}/{{filename}}")
    await library.migrate()
    assert await library.sidecar(asset_id) == (await library.path(asset_id)).with_name("photo.jpg.xmp")
    await library.check()


async def test_a_sidecar_that_lies_elsewhere_comes_to_its_original(library: Library) -> None:
    await library.use("{{y}}/{{filename}}")
    asset_id = await library.upload()
    elsewhere = library.host.kernel.files.upload_path(await library.host.user_id(), ".xmp")
    elsewhere.parent.mkdir(parents=True, exist_ok=True)
    elsewhere.write_bytes(XMP)
    await library.host.kernel.files.register(asset_id, "sidecar", elsewhere)
    await library.move(asset_id)
    assert await library.sidecar(asset_id) == (await library.path(asset_id)).with_name("photo.jpg.xmp")
    await library.check()


async def test_a_sidecar_that_is_missing_stays_behind(library: Library) -> None:
    asset_id = await library.upload(sidecar=XMP)
    gone = await library.sidecar(asset_id)
    assert gone is not None
    gone.unlink()
    await library.use("{{y}}/{{filename}}")
    await library.migrate()
    assert await library.below(asset_id) == "2024/photo.jpg"
    assert await library.sidecar(asset_id) == gone


async def test_a_changed_template_moves_all_and_leaves_no_empty_folder(library: Library) -> None:
    await library.use("{{y}}/{{MM}}/{{dd}}/{{filename}}")
    ids = [await library.upload(name=f"{number}.jpg") for number in range(5)]
    (library.folder / "left" / "behind").mkdir(parents=True)
    await library.use("{{filetype}}/{{filename}}")
    assert await library.below(ids[0]) == "2024/05/01/0.jpg"
    await library.migrate()
    assert [await library.below(each) for each in ids] == [f"IMG/{number}.jpg" for number in range(5)]
    assert library.empty_folders() == []
    assert not (library.folder / "left").exists()
    await library.check()


async def test_a_storage_label_names_the_folder(library: Library) -> None:
    await library.use("{{y}}/{{filename}}")
    asset_id = await library.upload(user="ann")
    before = await library.path(asset_id)
    ann = await library.host.user_id("ann")
    assert before == library.folder / str(ann) / "2024/photo.jpg"
    admin = await library.host.client()
    expect(await admin.put(f"/api/admin/users/{ann}", json={"storageLabel": "Ann"}), 200)
    await library.migrate()
    assert await library.path(asset_id) == library.folder / "Ann/2024/photo.jpg"
    assert not (library.folder / str(ann)).exists()
    await library.check()


async def test_times_and_content_are_kept(library: Library) -> None:
    asset_id = await library.upload()
    before = await library.path(asset_id)
    os.utime(before, ns=(1_000_000_000_123, 2_000_000_000_456))
    await library.use("{{filename}}")
    await library.migrate()
    after = (await library.path(asset_id)).stat()
    assert after.st_mtime_ns == 2_000_000_000_456
    await library.check()


async def test_twice_is_once(library: Library) -> None:
    await library.use("{{y}}/{{filename}}")
    asset_id = await library.upload(sidecar=XMP)
    once, row = library.files(), await library.db.fetchrow("SELECT * FROM asset WHERE id = $1", asset_id)
    await library.move(asset_id)
    assert library.files() == once
    assert await library.db.fetchrow("SELECT * FROM asset WHERE id = $1", asset_id) == row


async def test_external_files_never_move(library: Library, tmp_path: Path) -> None:
    outside = tmp_path / "outside.jpg"
    outside.write_bytes(b"outside")
    asset_id = await library.upload()
    stored = await library.path(asset_id)
    await library.db.execute(
        "UPDATE asset SET is_external = true, original_path = $2 WHERE id = $1", asset_id, str(outside)
    )
    await library.use("{{filename}}")
    await library.migrate()
    await library.move(asset_id)
    assert await library.path(asset_id) == outside
    assert outside.exists()
    assert stored.exists()


async def test_what_has_no_known_size_does_not_move_and_says_so(library: Library) -> None:
    asset_id = await library.upload()
    before = await library.path(asset_id)
    await library.db.execute("UPDATE asset_exif SET file_size_in_byte = NULL")
    await library.use("{{filename}}")
    with pytest.raises(Exception, match="size is not known"):
        await library.move(asset_id)
    assert await library.path(asset_id) == before
    await library.check()


async def test_a_missing_file_is_a_failure_that_changes_nothing(library: Library) -> None:
    asset_id = await library.upload()
    before = await library.path(asset_id)
    before.unlink()
    await library.use("{{filename}}")
    with pytest.raises(Exception, match="is missing"):
        await library.move(asset_id)
    assert await library.path(asset_id) == before
    assert await library.db.fetchval("SELECT count(*) FROM move_history") == 0
    assert library.files() == set()


async def test_a_link_below_the_library_is_not_followed_out(library: Library, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    mine = await library.folder_of()
    mine.mkdir()
    (mine / "2024").symlink_to(tmp_path / "out")
    asset_id = await library.upload()
    await library.use("{{y}}/{{filename}}")
    with pytest.raises(Exception, match="leads out"):
        await library.move(asset_id)
    assert list((tmp_path / "out").iterdir()) == []
    await library.check()


async def test_the_server_s_zone_counts(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    await library.use("{{y}}-{{MM}}-{{dd}} {{HH}}/{{filename}}")
    assert await library.below(await library.upload()) == "2024-05-01 22/photo.jpg"


async def test_switched_on_late_it_takes_what_was_missed(library: Library) -> None:
    await library.use("{{filename}}")
    await library.host.turn_off("storage_template")
    asset_id = await library.upload()
    await library.host.turn_on("storage_template")
    await library.host.kernel.job_room.commands.request_missing("storage_template")
    await library.host.drain()
    assert await library.below(asset_id) == "photo.jpg"
    await library.host.configure(StorageTemplate())
    assert await library.host.kernel.job_room.commands.request_missing("storage_template") != []


async def test_erased_assets_go_from_the_library(library: Library) -> None:
    await library.use("{{y}}/{{filename}}")
    asset_id = await library.upload(sidecar=XMP)
    client = await library.host.client()
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(asset_id)], "force": True}), 204)
    await library.host.drain()
    assert library.files() == set()
    await library.migrate()
    assert library.empty_folders() == []


async def test_who_rewrites_a_sidecar_is_waited_for(library: Library) -> None:
    await library.use("{{y}}/{{filename}}")
    asset_id = await library.host.upload(b"photo", sidecar=XMP)
    before = await library.sidecar(asset_id)
    assert before is not None
    async with library.host.kernel.files.holding(asset_id):
        moving = asyncio.create_task(library.host.drain())
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
        while not await library.db.fetchval(waiting):  # noqa: ASYNC110 - a waiting lock has no event
            await asyncio.sleep(0)
        before.write_bytes(XMP + b"<!-- later -->")
        assert await library.sidecar(asset_id) == before
    await moving
    after = await library.sidecar(asset_id)
    assert after == (await library.path(asset_id)).with_name("photo.jpg.xmp")
    assert after.read_bytes().endswith(b"later -->")
    await library.check()


async def test_what_another_template_has_placed_is_stale(library: Library) -> None:
    await library.use("{{y}}/{{filename}}")
    asset_id = await library.upload()
    commands = library.host.kernel.job_room.commands
    await library.use("{{MM}}/{{filename}}")
    await commands.start("storageTemplateMigration", "stale")
    await library.host.drain()
    assert await library.below(asset_id) == "05/photo.jpg"
    once = await library.db.fetchval("SELECT finished_at FROM job_result")
    await commands.start("storageTemplateMigration", "stale")
    await library.host.drain()
    assert await library.db.fetchval("SELECT finished_at FROM job_result") == once


async def test_odd_names_find_their_place(library: Library) -> None:
    await library.use("{{y}}/{{filename}}")
    names = [
        "a.JPG",
        "A.jpg",
        "..jpg",
        "...jpg",
        "con.jpg",
        "ä" * 120 + ".jpg",
        "日本 🎉.jpg",
        "a:b*c?.jpg",
        "+1.jpg",
        " .jpg",
    ]
    ids = [await library.upload(name=name) for name in names]
    shown = [await library.below(each) for each in ids]
    assert shown[:2] == ["2024/a.jpg", "2024/A.jpg"]
    assert all(path.startswith("2024/") and path.count("/") == 1 for path in shown)
    await library.check()
    before = library.files()
    await library.migrate()
    assert library.files() == before
