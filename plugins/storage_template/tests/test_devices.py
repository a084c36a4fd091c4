"""Moves to another device: copies that are checked, and nothing lost where one cannot be made."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest

from immich_storage_template import disk
from immich_storage_template.disk import Part

from .conftest import XMP, Library

MOMENTS = (1_000_000_000_123_456_789, 1_100_000_000_987_654_321)


async def test_copies_keep_content_times_and_mode(apart: Library) -> None:
    asset_id = await apart.upload(os.urandom(3_000_001), sidecar=XMP)
    before = await apart.path(asset_id)
    os.utime(before, ns=MOMENTS)
    before.chmod(0o640)
    await apart.use("{{y}}/{{filename}}")
    await apart.migrate()
    after = await apart.path(asset_id)
    assert after.stat().st_dev != apart.root.stat().st_dev
    assert (after.stat().st_mtime_ns, after.stat().st_mode & 0o777) == (MOMENTS[1], 0o640)
    assert await apart.sidecar(asset_id) == after.with_name("photo.jpg.xmp")
    await apart.check()


@pytest.mark.parametrize("verified", [True, False])
async def test_a_file_that_is_not_what_was_uploaded(apart: Library, verified: bool) -> None:
    asset_id = await apart.upload(b"as it was uploaded")
    before = await apart.path(asset_id)
    before.write_bytes(b"As it was uploaded")
    await apart.use("{{filename}}", hash_verification_enabled=verified)
    if verified:
        with pytest.raises(Exception, match="its checksum differs"):
            await apart.move(asset_id)
        assert await apart.path(asset_id) == before
        assert before.read_bytes() == b"As it was uploaded"
        assert apart.files() == {str(before.relative_to(apart.root))}
    else:
        await apart.move(asset_id)
        assert await apart.below(asset_id) == "photo.jpg"
    assert await apart.db.fetchval("SELECT count(*) FROM move_history") == 0


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file may become larger, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


async def test_a_copy_that_does_not_fit_leaves_nothing_behind(apart: Library) -> None:
    content = os.urandom(5_000_000)
    asset_id = await apart.upload(content)
    before = await apart.path(asset_id)
    await apart.use("{{y}}/{{filename}}")
    with largest_file(2_000_000), pytest.raises(OSError, match="too large"):
        await apart.move(asset_id)
    assert await apart.path(asset_id) == before
    assert apart.empty_folders() == []
    await apart.check()
    await apart.move(asset_id)
    assert await apart.below(asset_id) == "2024/photo.jpg"
    await apart.check()


@pytest.fixture
def part(tmp_path: Path) -> Iterator[Part]:
    folder = Path(f"/dev/shm/{uuid4().hex}")
    old = tmp_path / "old.jpg"
    old.write_bytes(b"photo" * 1000)
    yield Part(uuid4(), uuid4(), "original", old, folder / "a/new.jpg")
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    if folder.exists():
        folder.rmdir()


def test_a_taken_name_is_never_written_over(part: Part) -> None:
    part.new.parent.mkdir(parents=True)
    part.new.write_bytes(b"somebody's")
    with pytest.raises(FileExistsError):
        disk.give_name(part, verify=True, stop=Event())
    assert part.new.read_bytes() == b"somebody's"
    assert not disk.has_new_name(part)


def test_copying_ends_when_it_is_told_to(part: Part) -> None:
    stop = Event()
    stop.set()
    with pytest.raises(InterruptedError):
        disk.give_name(part, verify=True, stop=stop)
    assert not part.new.exists()


def test_what_is_no_file_is_not_moved(part: Part) -> None:
    part.old.rename(part.old.with_name("real.jpg"))
    part.old.symlink_to(part.old.with_name("real.jpg"))
    with pytest.raises(FileNotFoundError):
        disk.give_name(part, verify=True, stop=Event())
