"""A received file on its way to its place: hashed and written by threads, batch after batch, in reused buffers."""

import asyncio
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from immich_host.media.incoming import Incoming
from immich_host.media.threads import WRITERS

BATCH: Final = 1 << 20
FREE_BUFFERS: Final = 4


@dataclass(frozen=True, slots=True)
class PartHead:
    """A file part of which only the head has come; `file_name` is decoded and has no folders."""

    field: str
    file_name: str
    content_type: str | None


class ReceivedFile:
    """A file part: written under `incoming`, moved with `place`, removed if it is not."""

    def __init__(self, head: PartHead, incoming: Incoming) -> None:
        self.head = head
        self.size = 0
        self.path = incoming.fresh()
        self._incoming = incoming
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._handle: int | None = None
        self._buffer: memoryview | None = None
        self._filled = 0
        self._running: asyncio.Future[None] | None = None
        self._placed: Path | None = None
        self._is_kept = False

    @property
    def sha1(self) -> bytes:
        """The digest, once the part is complete."""
        return self._sha1.digest()

    async def feed(self, chunk: bytes | bytearray) -> None:
        """Take a piece; waits while the disk is behind."""
        rest = memoryview(chunk)
        while rest:
            if self._buffer is None:
                self._buffer = _take_buffer()
            taken = min(len(rest), BATCH - self._filled)
            self._buffer[self._filled : self._filled + taken] = rest[:taken]
            self._filled += taken
            rest = rest[taken:]
            if self._filled == BATCH:
                await self._hand_over()

    async def finish(self) -> None:
        """The part is complete; wait until all of it is written."""
        await self._hand_over()
        await self._settled()

    async def place(self, target: Path, *, mtime: float | None = None) -> None:
        """Make the bytes last and move them to `target`; call `keep` once its row is committed.

        Args:
            target: Where the file stays.
            mtime: Modification time to give it, in seconds.
        """
        await asyncio.get_running_loop().run_in_executor(WRITERS, self._place, target, mtime)

    async def keep(self) -> None:
        """The row is committed: the file stays."""
        if self._placed is not None:
            target, self._placed = self._placed, None
            await asyncio.get_running_loop().run_in_executor(WRITERS, self._incoming.settled, target)
            self._is_kept = True

    def leave(self) -> None:
        """Nobody knows whether the row is committed: leave the file to `recover`, which can ask."""
        self._placed = None

    async def discard(self) -> None:
        """Remove what was written, unless it was kept. Safe to call at any time."""
        if self._is_kept:
            return
        await self._settled(ignore_errors=True)
        await asyncio.get_running_loop().run_in_executor(WRITERS, self._discard)

    async def _hand_over(self) -> None:
        await self._settled()
        buffer, filled, self._buffer, self._filled = self._buffer, self._filled, None, 0
        self._running = asyncio.get_running_loop().run_in_executor(WRITERS, self._write, buffer, filled)

    async def _settled(self, *, ignore_errors: bool = False) -> None:
        if self._running is not None:
            running = self._running
            await asyncio.wait((running,))
            self._running = None
            if not ignore_errors:
                running.result()

    def _write(self, buffer: memoryview | None, filled: int) -> None:
        if self._handle is None:
            self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        if buffer is None:
            return
        rest = buffer[:filled]
        self._sha1.update(rest)
        self.size += filled
        while rest:
            rest = rest[os.write(self._handle, rest) :]
        if filled == BATCH:
            _start_writing_out(self._handle, self.size - filled, filled)
        _give_back(buffer)

    def _place(self, target: Path, mtime: float | None) -> None:
        if self._handle is not None:
            if mtime is not None:
                os.utime(self._handle if os.utime in os.supports_fd else self.path, (mtime, mtime))
            _sync(self._handle)
            os.close(self._handle)
            self._handle = None
        self._incoming.place(self.path, target)
        self._placed = target

    def _discard(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        self.path.unlink(missing_ok=True)
        if self._placed is not None:
            self._incoming.undo(self._placed)
            self._placed = None


def _sync(handle: int) -> None:
    if hasattr(os, "fdatasync"):
        os.fdatasync(handle)
    else:
        os.fsync(handle)


def _start_writing_out(handle: int, offset: int, length: int) -> None:
    """Let the disk begin now, so that little is left to wait for in the end (Linux starts it on this advice)."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(handle, offset, length, os.POSIX_FADV_DONTNEED)


_free: list[memoryview] = []


def _take_buffer() -> memoryview:
    """A buffer of `BATCH` bytes; used again and again, since fresh memory costs more than copying into it."""
    return _free.pop() if _free else memoryview(bytearray(BATCH))


def _give_back(buffer: memoryview) -> None:
    if len(_free) < FREE_BUFFERS:
        _free.append(buffer)
