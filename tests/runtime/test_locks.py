import os
import subprocess
import sys
from pathlib import Path

import pytest

from immich_host.runtime.locks import FolderInUse, FolderLock
from immich_host.testing.waiting import PATIENCE

HOLD = """
import subprocess, sys
from pathlib import Path
from immich_host.runtime.locks import FolderLock
lock = FolderLock(Path(sys.argv[1]))
lock.acquire()
script = 'sleep "$0"; touch "$1/ended"'
left = None
if len(sys.argv) > 2:
    left = subprocess.Popen(["sh", "-c", script, sys.argv[2], sys.argv[1]], pass_fds=(lock.fd,))
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
        with pytest.raises(FolderInUse, match=f"in use by process {holder.pid}"):
            FolderLock(tmp_path).acquire(patience=3600)
        holder.communicate()
    lock = FolderLock(tmp_path)
    lock.acquire()
    assert lock.held()
    lock.release()
    assert not lock.held()


def test_what_a_dead_holder_left_behind_is_waited_for(tmp_path: Path):
    with hold(tmp_path, "0.3") as holder:
        holder.wait()
        lock = FolderLock(tmp_path)
        lock.acquire(patience=PATIENCE)
        assert (tmp_path / "ended").exists(), "it was not killed"
        lock.release()


def test_what_does_not_end_by_itself_is_killed(tmp_path: Path, ends):
    with hold(tmp_path, "600") as holder:
        holder.wait()
        lock = FolderLock(tmp_path)
        lock.acquire(patience=0.2)
        assert ends(int(holder.said))  # type: ignore[attr-defined]
        lock.release()


def test_a_process_id_that_came_back_is_not_the_owner(tmp_path: Path):
    with hold(tmp_path, "0.2") as holder:
        holder.wait()
        (tmp_path / "lock").write_text(f"{os.getppid()} 1\n")  # runs, but began at another time
        lock = FolderLock(tmp_path)
        lock.acquire(patience=PATIENCE)
        lock.release()
