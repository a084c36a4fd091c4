"""Files on their way in: each process has its own folder, and a crash leaves nothing that stays.

`incoming/<process>/<uuid>.part` grows while it is received. Before it is moved to its place, an
empty file beside it, whose name is the percent-encoded place, says where it will be; that goes once
the row is committed. A folder whose process is gone (its lock is free) is cleaned at the next start.
"""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote
from uuid import uuid4

import structlog

from immich_host.media.paths import INCOMING, MediaPaths, move
from immich_host.media.threads import WRITERS

PART: Final = ".part"
PLACING: Final = ".placing"
LOCK: Final = ".lock"
BATCH: Final = 500

type IsKnown = Callable[[Sequence[str]], Awaitable[set[str]]]
"""Of these relative paths, those that some row names."""

log = structlog.get_logger("media")


class Incoming:
    """This process's folder for what is being received; open it before use."""

    def __init__(self, paths: MediaPaths) -> None:
        self.paths = paths
        self._folder: Path | None = None
        self._lock: int | None = None

    def open(self) -> None:
        """Create the folder and hold its lock until `close` or the process's end."""
        while self._folder is None:
            folder = self.paths.root / INCOMING / uuid4().hex
            folder.mkdir(parents=True)
            lock = _take_lock(folder, wait=True)
            if lock is not None:
                self._folder, self._lock = folder, lock

    def close(self) -> None:
        """Remove the folder; what was not finished goes with it (markers stay for `recover`)."""
        if self._folder is None or self._lock is None:
            return
        for part in self._folder.glob(f"*{PART}"):
            part.unlink(missing_ok=True)
        if not any(self._folder.glob(f"*{PLACING}")):
            _remove_folder(self._folder)
        os.close(self._lock)
        self._folder = self._lock = None

    def fresh(self) -> Path:
        """A new name for a file that is going to be received."""
        return self._opened() / f"{uuid4().hex}{PART}"

    def place(self, source: Path, target: Path) -> None:
        """Move a received file to its place, leaving a marker until `settled`. Blocking."""
        marker = self._marker(target)
        marker.touch()
        try:
            move(source, target)
        except BaseException:
            marker.unlink(missing_ok=True)
            raise

    def settled(self, target: Path) -> None:
        """The row that names the file is committed. Blocking."""
        self._marker(target).unlink(missing_ok=True)

    def undo(self, target: Path) -> None:
        """No row will name the file: remove it and its marker. Blocking."""
        target.unlink(missing_ok=True)
        self._marker(target).unlink(missing_ok=True)

    def _marker(self, target: Path) -> Path:
        relative = target.relative_to(self.paths.root).as_posix()
        return self._opened() / f"{quote(relative, safe='')}{PLACING}"

    def _opened(self) -> Path:
        if self._folder is None:
            msg = "the folder for incoming files is not open"
            raise RuntimeError(msg)
        return self._folder


async def recover(paths: MediaPaths, is_known: IsKnown) -> int:
    """Clean up after processes that died: remove what no row names. Returns how many files went.

    Folders of processes that still run, here or on another machine, are left alone.
    """
    loop = asyncio.get_running_loop()
    removed = 0
    for folder in sorted((paths.root / INCOMING).glob("*/")):
        lock = await loop.run_in_executor(WRITERS, _take_abandoned, folder)
        if lock is None:
            continue
        try:
            removed += await _recover_folder(paths, folder, is_known)
        finally:
            os.close(lock)
    if removed:
        log.info("removed files of uploads that a crash had cut off", files=removed)
    return removed


async def _recover_folder(paths: MediaPaths, folder: Path, is_known: IsKnown) -> int:
    loop = asyncio.get_running_loop()
    markers = sorted(folder.glob(f"*{PLACING}"))
    removed = 0
    for start in range(0, len(markers), BATCH):
        batch = {unquote(marker.name.removesuffix(PLACING)): marker for marker in markers[start : start + BATCH]}
        known = await is_known(list(batch))
        removed += await loop.run_in_executor(WRITERS, _settle_or_remove, paths, batch, known)
    return removed + await loop.run_in_executor(WRITERS, _empty, folder)


def _settle_or_remove(paths: MediaPaths, batch: dict[str, Path], known: set[str]) -> int:
    removed = 0
    for stored, marker in batch.items():
        if stored not in known:
            target = paths.absolute(stored)
            removed += target.is_file()
            target.unlink(missing_ok=True)
        marker.unlink()
    return removed


def _empty(folder: Path) -> int:
    parts = list(folder.glob(f"*{PART}"))
    for part in parts:
        part.unlink(missing_ok=True)
    _remove_folder(folder)
    return len(parts)


def _remove_folder(folder: Path) -> None:
    (folder / LOCK).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # somebody put something else there: not ours to remove
        folder.rmdir()


def _take_abandoned(folder: Path) -> int | None:
    try:
        return _take_lock(folder, wait=False)
    except OSError as error:
        log.warning("cannot tell whether a folder of incoming files is in use", folder=str(folder), error=str(error))
        return None


def _take_lock(folder: Path, *, wait: bool) -> int | None:
    """An open, locked handle; None when another holds it, or removed the folder meanwhile."""
    try:
        lock = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        if os.fstat(lock).st_nlink:
            return lock
    except BlockingIOError:
        log.debug("folder of a running process", folder=str(folder))
    except OSError:
        os.close(lock)
        raise
    os.close(lock)
    return None
