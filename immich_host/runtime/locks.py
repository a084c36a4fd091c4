"""One folder, one server: a lock that lasts exactly as long as the processes that hold it."""

import fcntl
import os
import time
from pathlib import Path

NEXT_TRY = 0.02


class FolderInUse(RuntimeError):
    """Somebody else works in the folder; the message says who."""


class FolderLock:
    """An exclusive lock on the file `lock` in a folder.

    It belongs to the open file, not to the process: hand `fd` to a child, and the folder stays
    locked until the child and all *its* children are gone too. That makes leftovers of a crash
    visible whatever their process ids are by now.
    """

    def __init__(self, folder: Path) -> None:
        """Nothing is opened before `acquire`."""
        self.path = folder / "lock"
        self.fd = -1

    def acquire(self, patience: float = 15.0) -> None:
        """Take the lock.

        When a living process took it, FolderInUse is raised at once; what a dead one left behind
        is waited for, at most `patience` seconds.
        """
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        until = time.monotonic() + patience
        while not _try_lock(fd):
            owner = _owner(fd)
            foreign = owner not in (0, os.getpid()) and alive(owner)
            if foreign or time.monotonic() > until:
                os.close(fd)
                mine = "this process" if owner == os.getpid() else "what an earlier run left behind"
                who = f"process {owner}" if foreign else mine
                raise FolderInUse(f"{self.path.parent} is in use by {who}")
            time.sleep(NEXT_TRY)
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self.fd = fd

    def release(self) -> None:
        """Let go of this process's share; children that were given `fd` keep theirs."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def held(self) -> bool:
        """Whether anybody (this process too) holds the lock now."""
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return not _try_lock(fd)
        finally:
            os.close(fd)


def alive(process_id: int) -> bool:
    """Whether a process runs; one that has ended and was not yet collected does not."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(fd: int) -> int:
    text = os.pread(fd, 32, 0).decode(errors="replace").strip()
    return int(text) if text.isdigit() else 0
