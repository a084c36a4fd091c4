"""Moves that were left behind, as rows of the history say; some as Immich itself leaves them."""

import asyncio
from contextvars import Context
from pathlib import Path
from uuid import UUID

import pytest

from immich_host.testing.host import expect

from .conftest import XMP, Library


async def left_behind(library: Library, asset_id: UUID, old: Path, new: Path, kind: str = "original") -> None:
    await library.db.execute(
        "INSERT INTO move_history (entity_id, path_type, old_path, new_path) VALUES ($1, $2, $3, $4)",
        asset_id,
        kind,
        str(old.relative_to(library.root)),
        str(new.relative_to(library.root)),
    )


async def tidy(library: Library) -> None:
    await library.host.kernel.jobs.request("storage_template.tidy")
    await library.host.drain()


async def test_renamed_but_its_row_does_not_know(library: Library) -> None:
    asset_id = await library.upload(b"photo")
    old, new = await library.path(asset_id), library.folder / "admin/somewhere.jpg"
    await left_behind(library, asset_id, old, new)
    new.parent.mkdir()
    old.rename(new)
    await tidy(library)
    assert await library.path(asset_id) == new
    await library.check()


async def test_a_file_of_another_content_is_not_taken_for_it(library: Library) -> None:
    asset_id = await library.upload(b"photo")
    old, new = await library.path(asset_id), library.folder / "admin/somewhere.jpg"
    await left_behind(library, asset_id, old, new)
    new.parent.mkdir()
    old.rename(old.with_name("lost"))
    new.write_bytes(b"another")
    await tidy(library)
    assert await library.path(asset_id) == old
    assert new.read_bytes() == b"another"
    assert await library.db.fetchval("SELECT count(*) FROM move_history") == 0


async def test_the_disk_forgot_what_the_row_says(library: Library) -> None:
    await library.use("{{y}}/{{filename}}")
    asset_id = await library.upload(b"photo")
    old, new = library.folder / "admin/before.jpg", await library.path(asset_id)
    await left_behind(library, asset_id, old, new)
    new.rename(old)
    await tidy(library)
    assert await library.path(asset_id) == old
    await library.check()


async def test_an_asset_that_was_erased_meanwhile_leaves_nothing(library: Library) -> None:
    await library.use("{{y}}/{{filename}}")
    asset_id = await library.upload(b"photo", sidecar=XMP)
    other = await library.upload(b"other", name="other.jpg")
    path = await library.path(asset_id)
    copy = path.with_name("copy.jpg")
    copy.hardlink_to(path)
    await left_behind(library, asset_id, path, copy)
    await left_behind(library, asset_id, path, await library.path(other), kind="sidecar")
    client = await library.host.client()
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(asset_id)], "force": True}), 204)
    await library.host.drain()
    await tidy(library)
    assert await library.below(other) == "2024/other.jpg"
    await library.check()


async def test_another_asset_s_file_is_never_taken_away(library: Library) -> None:
    asset_id, other = await library.upload(b"photo"), await library.upload(b"other")
    old, theirs = await library.path(asset_id), await library.path(other)
    await left_behind(library, asset_id, old, theirs)
    await tidy(library)
    assert (await library.path(asset_id), await library.path(other)) == (old, theirs)
    await library.check()


async def test_rows_that_lead_out_are_forgotten(library: Library) -> None:
    asset_id = await library.upload(b"photo")
    await library.db.execute(
        "INSERT INTO move_history (entity_id, path_type, old_path, new_path) VALUES ($1, 'original', '/x', '/y')",
        asset_id,
    )
    await tidy(library)
    await library.check()


async def test_a_move_out_of_reach_does_not_hold_up_the_others(library: Library) -> None:
    one, two = await library.upload(b"one"), await library.upload(b"two")
    folder = library.folder / "admin"
    folder.mkdir()
    (folder / "file").touch()
    await left_behind(library, one, await library.path(one), folder / "file/one.jpg")
    await left_behind(library, two, await library.path(two), folder / "two.jpg")
    with pytest.raises(OSError, match="Not a directory"):
        await tidy(library)
    rows = await library.db.fetch("SELECT entity_id FROM move_history")
    assert [row["entity_id"] for row in rows] == [one]


async def test_an_asset_that_is_erased_while_it_is_moved_leaves_nothing(library: Library) -> None:
    await library.use("{{y}}/{{filename}}")
    asset_id = await library.host.upload(b"photo")
    old = await library.path(asset_id)
    async with library.db.transaction():
        await library.db.execute("DELETE FROM asset WHERE id = $1", asset_id)
        moving = asyncio.create_task(library.host.drain(), context=Context())
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
        while not await library.db.fetchval(waiting):  # noqa: ASYNC110 - a waiting statement has no event
            await asyncio.sleep(0)
        assert len(library.files()) == 2
        old.unlink()
    await moving
    await library.check()
    assert library.files() == set()
