"""One folder, one server: a lock that lasts exactly as long as the processes that hold it."""

import fcntl
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

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

    def acquire(self, patience: float = 10.0) -> None:
        """Take the lock.

        When a living process took it, FolderInUse is raised at once. What a dead one left behind
        has `patience` seconds to end by itself, is then killed (Linux), and after as many seconds
        again FolderInUse is raised.
        """
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            owner = Owner.read(fd)
            foreign = owner.process_id != os.getpid() and owner.alive()
            if not _wait_for(fd, 0 if foreign else patience):
                if foreign:
                    raise FolderInUse(f"{self.path.parent} is in use by process {owner.process_id}")
                _kill_holders(fd)
                if not _wait_for(fd, patience):
                    raise FolderInUse(f"{self.path.parent} is in use by what an earlier run left behind")
        except BaseException:
            os.close(fd)
            raise
        Owner.me().write(fd)
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
        except (FileNotFoundError, NotADirectoryError):
            return False
        try:
            return not _try_lock(fd)
        finally:
            os.close(fd)


@dataclass(frozen=True)
class Owner:
    """Who took a lock: a process id, and when that process began (process ids come back)."""

    process_id: int
    began: str

    @classmethod
    def me(cls) -> Self:
        """This process."""
        return cls(os.getpid(), _state_and_start(os.getpid())[1])

    @classmethod
    def read(cls, fd: int) -> Self:
        """What the lock file says; process 0 when it says nothing."""
        words = os.pread(fd, 64, 0).decode(errors="replace").split()
        if not words or not words[0].isdigit():
            return cls(0, "")
        return cls(int(words[0]), words[1] if len(words) > 1 else "")

    def write(self, fd: int) -> None:
        """Say it in the lock file."""
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{self.process_id} {self.began}\n".encode(), 0)

    def alive(self) -> bool:
        """Whether it still runs; one that has ended and was not yet collected does not."""
        if self.process_id == 0:
            return False
        try:
            os.kill(self.process_id, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # it runs, as somebody else
        state, began = _state_and_start(self.process_id)
        return state not in ("Z", "X") and began == self.began


def _state_and_start(process_id: int) -> tuple[str, str]:
    """From /proc; empty where there is none."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return "", ""
    fields = stat.rpartition(")")[2].split()
    return fields[0], fields[19]


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_for(fd: int, patience: float) -> bool:
    until = time.monotonic() + patience
    while not _try_lock(fd):
        if time.monotonic() > until:
            return False
        time.sleep(NEXT_TRY)
    return True


def _kill_holders(fd: int) -> None:
    """Kill every other process that has the file open; does nothing where there is no /proc."""
    wanted = os.fstat(fd)
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        process_id = int(entry.parts[2])
        try:
            found = entry.stat()
            if process_id != os.getpid() and os.path.samestat(found, wanted):
                os.kill(process_id, signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended meanwhile, or is another user's
