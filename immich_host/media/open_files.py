"""Reading files without ever waiting for a disk on the event loop.

What the kernel holds in memory is read in place; everything else, opening included, in a thread.
Small files stay open for a while, so that the next request for one costs a single system call. A
handle is good as long as its file still has a name (files are replaced by renaming) and is unchanged.
"""

import asyncio
import os
import stat
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from immich_host.media.ranges import last_modified
from immich_host.media.threads import READERS

SMALL: Final = 256 * 1024
KEPT_OPEN: Final = 512
NOWAIT: Final[int | None] = getattr(os, "RWF_NOWAIT", None)
NO_SUCH_FILE: Final = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


@dataclass(slots=True)
class FileFacts:
    """What a stat says, and the headers that follow from it.

    `size` in bytes, `mtime` in nanoseconds; `etag` is strong.
    """

    size: int
    mtime_ns: int
    etag: str
    headers: tuple[tuple[bytes, bytes], ...]

    @property
    def mtime(self) -> float:
        """Modification time in seconds."""
        return self.mtime_ns / 1e9


@dataclass(slots=True)
class OpenFile:
    """An open file; `content` is all of it where it is small and was read already."""

    handle: int
    facts: FileFacts
    content: bytes | bytearray | None

    def read_now(self, offset: int, length: int) -> bytearray | None:
        """These bytes if all of them are in memory already, else None. Never waits."""
        if NOWAIT is None:
            return None
        buffer = bytearray(length)
        try:
            count = os.preadv(self.handle, [buffer], offset, NOWAIT)
        except OSError:
            return None
        return buffer if count == length else None

    async def read(self, offset: int, length: int) -> bytes | bytearray:
        """Up to `length` bytes, by a thread where the disk is needed; shorter only at the end."""
        ready = self.read_now(offset, length)
        if ready is not None:
            return ready
        return await asyncio.get_running_loop().run_in_executor(READERS, _read, self.handle, offset, length)

    def close(self) -> None:
        """Close the handle."""
        os.close(self.handle)


class OpenFiles:
    """Small files that were sent lately, kept open; used on the event loop's thread only."""

    def __init__(self, keep: int = KEPT_OPEN) -> None:
        self._keep = keep
        self._kept: OrderedDict[str, OpenFile] = OrderedDict()

    def small(self, path: str) -> OpenFile | None:
        """A small file with its content, if that costs no waiting; not to be closed by the caller."""
        kept = self._kept.get(path)
        if kept is None:
            return None
        status = os.fstat(kept.handle)
        if status.st_nlink and status.st_mtime_ns == kept.facts.mtime_ns and status.st_size == kept.facts.size:
            content = kept.read_now(0, kept.facts.size)
            if content is not None:
                self._kept.move_to_end(path)
                return OpenFile(kept.handle, kept.facts, content)
        self.forget(path)
        return None

    async def open(self, path: str) -> OpenFile:
        """Open by a thread; the caller closes it with `release`.

        Raises:
            FileNotFoundError: There is no such file.
        """
        return await asyncio.get_running_loop().run_in_executor(READERS, _open, path)

    def release(self, path: str, file: OpenFile) -> None:
        """Close the file, or keep it for the next request where it is small."""
        if NOWAIT is None or file.content is None or path in self._kept:
            file.close()
            return
        self._kept[path] = OpenFile(file.handle, file.facts, None)
        if len(self._kept) > self._keep:
            self._kept.popitem(last=False)[1].close()

    def forget(self, path: str) -> None:
        """Close the file if it is kept."""
        kept = self._kept.pop(path, None)
        if kept is not None:
            kept.close()

    def clear(self) -> None:
        """Close all."""
        while self._kept:
            self._kept.popitem()[1].close()


def _open(path: str) -> OpenFile:
    handle = os.open(path, os.O_RDONLY)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise FileNotFoundError(path)
        facts = _facts_of(status)
        content = _read(handle, 0, status.st_size) if status.st_size <= SMALL else None
    except BaseException:
        os.close(handle)
        raise
    return OpenFile(handle, facts, content)


def _facts_of(status: os.stat_result) -> FileFacts:
    etag = f'"{status.st_size:x}-{status.st_mtime_ns:x}-{status.st_ino:x}"'
    headers = ((b"etag", etag.encode()), (b"last-modified", last_modified(status.st_mtime).encode()))
    return FileFacts(status.st_size, status.st_mtime_ns, etag, headers)


def _read(handle: int, offset: int, length: int) -> bytes:
    data = os.pread(handle, length, offset)
    while data and len(data) < length:
        more = os.pread(handle, length - len(data), offset + len(data))
        if not more:
            break
        data += more
    return data
