import os
import subprocess
import sys
from uuid import uuid4

import pytest

from immich_host.media.incoming import Incoming, recover
from immich_host.testing.waiting import PATIENCE

OWNER = uuid4()

CRASH = """
import os, signal, sys
from pathlib import Path
from uuid import UUID
from immich_host.media.incoming import Incoming
from immich_host.media.paths import MediaPaths
paths = MediaPaths(Path(sys.argv[1]))
point = sys.argv[2]
incoming = Incoming(paths); incoming.open()
part = incoming.fresh(); part.write_bytes(b"photo")
target = paths.upload(UUID(sys.argv[3]), ".jpg")
print(paths.relative(target), flush=True)
if point == "receiving":
    os.kill(os.getpid(), signal.SIGKILL)
if point == "marked":
    incoming._marker(target).touch()
    os.kill(os.getpid(), signal.SIGKILL)
incoming.place(part, target)
if point == "settled":
    incoming.settled(target)
os.kill(os.getpid(), signal.SIGKILL)
"""


def crash(paths, point):
    done = subprocess.run(
        [sys.executable, "-c", CRASH, str(paths.root), point, str(OWNER)],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == -9, done.stderr
    return done.stdout.strip()


def knowing(*known):
    async def is_known(stored):
        return set(stored) & set(known)

    return is_known


@pytest.mark.parametrize("point", ["receiving", "marked", "placed"])
async def test_a_crash_before_the_row_leaves_nothing(paths, files_left, point):
    crash(paths, point)
    assert files_left()
    await recover(paths, knowing())
    assert files_left() == []
    assert list((paths.root / "incoming").iterdir()) == []


@pytest.mark.parametrize("point", ["placed", "settled"])
async def test_a_crash_after_the_row_keeps_the_file(paths, files_left, point):
    stored = crash(paths, point)
    await recover(paths, knowing(stored))
    assert files_left() == [stored]
    assert (paths.root / stored).read_bytes() == b"photo"
    assert list((paths.root / "incoming").iterdir()) == []


async def test_folders_of_running_processes_are_left_alone(paths, incoming, files_left):
    part = incoming.fresh()
    part.write_bytes(b"half a photo")
    target = paths.upload(OWNER, ".jpg")
    placed = incoming.fresh()
    placed.write_bytes(b"photo")
    incoming.place(placed, target)
    before = files_left()
    assert await recover(paths, knowing()) == 0
    assert files_left() == before
    incoming.undo(target)
    assert not target.exists()


async def test_recovery_asks_in_batches(paths, monkeypatch, files_left):
    monkeypatch.setattr("immich_host.media.incoming.BATCH", 3)
    dead = Incoming(paths)
    dead.open()
    targets = [paths.upload(OWNER, ".jpg") for _ in range(8)]
    for target in targets:
        part = dead.fresh()
        part.write_bytes(b"x")
        dead.place(part, target)
    assert dead._lock is not None
    os.close(dead._lock)
    keep = {paths.relative(target) for target in targets[::2]}
    sizes = []

    async def is_known(stored):
        sizes.append(len(stored))
        return keep & set(stored)

    assert await recover(paths, is_known) == 4
    assert sizes == [3, 3, 2]
    assert files_left() == sorted(keep)


async def test_closing_takes_the_folder_along(paths):
    mine = Incoming(paths)
    mine.open()
    mine.fresh().write_bytes(b"x")
    mine.close()
    mine.close()
    assert list((paths.root / "incoming").iterdir()) == []
    with pytest.raises(RuntimeError):
        mine.fresh()
