"""An archive as a stream of bytes: nothing is compressed, nothing is stored, memory stays flat."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import structlog
from zipstream import ZIP_STORED, ZipStream

from immich_host.media.threads import READERS

BATCH = 256 * 1024
FIND_SECONDS = 30.0
"""Longest time to find out where a file is."""

log = structlog.get_logger("download")


def distinct_names(names: Iterable[str]) -> list[str]:
    """File names for one folder: of equal ones, also by case, the later get `+1`, `+2`, ..."""
    taken: dict[str, int] = {}  # the last number given, so that thousands of equal names take no longer
    found: list[str] = []
    for name in names:
        path, free, key = PurePosixPath(name), name, name.casefold()
        number = taken.get(key, 0)
        while free.casefold() in taken:
            number += 1
            free = f"{path.stem}+{number}{path.suffix}"
        taken[key] = number
        taken.setdefault(free.casefold(), 0)
        found.append(free)
    return found


async def zipped(
    files: list[tuple[Path, str]], where: Callable[[int], Coroutine[Any, Any, Path]] | None = None
) -> AsyncIterator[bytes]:
    """The archive's bytes in pieces of about 256 KB; files that are missing are left out.

    Args:
        files: Absolute path and name in the archive.
        where: Asked for the place of a file (by its number) at its turn, as files may be moved meanwhile.
    """
    loop = asyncio.get_running_loop()

    def find(number: int) -> Path:
        if where is None:
            return files[number][0]
        return asyncio.run_coroutine_threadsafe(where(number), loop).result(FIND_SECONDS)

    source = _pieces(files, find)
    while batch := await loop.run_in_executor(READERS, _take, source):
        yield batch


def _pieces(files: list[tuple[Path, str]], find: Callable[[int], Path]) -> Iterator[bytes]:
    archive = ZipStream(compress_type=ZIP_STORED)
    for number, (_, name) in enumerate(files):
        path = find(number)
        if not path.is_file():
            log.warning("a file is missing and is left out of an archive", path=str(path))
            continue
        archive.add_path(str(path), name, recurse=False)
        yield from archive.file()
    yield from archive.finalize()


def _take(source: Iterator[bytes]) -> bytes:
    pieces: list[bytes] = []
    held = 0
    for piece in source:
        pieces.append(piece)
        held += len(piece)
        if held >= BATCH:
            break
    return b"".join(pieces)
