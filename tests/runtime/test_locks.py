import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from immich_host.runtime.locks import FolderInUse, FolderLock

HOLD = """
import subprocess, sys
from pathlib import Path
from immich_host.runtime.locks import FolderLock
lock = FolderLock(Path(sys.argv[1]))
lock.acquire()
left = subprocess.Popen(["sleep", sys.argv[2]], pass_fds=(lock.fd,)) if len(sys.argv) > 2 else None
print(left.pid if left else "held", flush=True)
if not left:
    sys.stdin.read()
"""


def hold(folder: Path, *options: str) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", HOLD, str(folder), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    holder.said = holder.stdout.readline().strip()  # type: ignore[attr-defined]
    return holder


def test_a_living_holder_is_named_at_once(tmp_path: Path):
    with hold(tmp_path) as holder:
        began = time.monotonic()
        with pytest.raises(FolderInUse, match=f"in use by process {holder.pid}"):
            FolderLock(tmp_path).acquire()
        assert time.monotonic() - began < 1
        holder.communicate()
    lock = FolderLock(tmp_path)
    lock.acquire()
    assert lock.held()
    lock.release()
    assert not lock.held()


def test_what_a_dead_holder_left_behind_is_waited_for(tmp_path: Path):
    with hold(tmp_path, "0.3") as holder:
        holder.wait()
        began = time.monotonic()
        lock = FolderLock(tmp_path)
        lock.acquire(patience=5)
        assert 0.05 < time.monotonic() - began < 2
        lock.release()


def test_what_does_not_end_by_itself_is_killed(tmp_path: Path, ends):
    with hold(tmp_path, "600") as holder:
        holder.wait()
        lock = FolderLock(tmp_path)
        lock.acquire(patience=0.2)
        assert ends(int(holder.said), 1)  # type: ignore[attr-defined]
        lock.release()


def test_a_process_id_that_came_back_is_not_the_owner(tmp_path: Path):
    with hold(tmp_path, "0.2") as holder:
        holder.wait()
        (tmp_path / "lock").write_text(f"{os.getppid()} 1\n")  # runs, but began at another time
        lock = FolderLock(tmp_path)
        lock.acquire(patience=5)
        lock.release()
