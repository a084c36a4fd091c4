"""Running exiftool on an XMP file, and putting the new file in the place of the old one."""

import asyncio
import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

LIMIT_SECONDS = 60.0
"""Longest time for one file."""

_EMPTY = Path(__file__).with_name("empty.xmp")


class NotWritten(RuntimeError):
    """exiftool refused; the message is its own."""


class Killed(RuntimeError):
    """exiftool was killed, which says nothing about the file; once more."""


class Overtaken(RuntimeError):
    """Another program has changed the file meanwhile; once more, from what it holds now."""


@dataclass(frozen=True, slots=True)
class Version:
    """By what a file's content is known to be still the same."""

    inode: int
    size: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """The file's version now; None where there is no file."""
        try:
            stat = path.stat()
        except FileNotFoundError:
            return None
        return cls(stat.st_ino, stat.st_size, stat.st_mtime_ns)


async def with_tags(exiftool: Path, lines: list[str], source: Path) -> bytes:
    """The content of `source` with changed tags, all else kept; a missing or empty one starts a new XMP.

    `lines` are exiftool's assignments, values escaped as HTML.

    Raises:
        NotWritten: `source` is no XMP, or exiftool took too long.
        Killed: exiftool was.
    """
    begun = await asyncio.to_thread(_has_content, source)
    command = ("-m", "-E", "-charset", "UTF8", "-o", "-", "-@", "-", source if begun else _EMPTY)
    return await _run(exiftool, *command, said="\n".join([*lines, ""]), name=source.name)


async def region_info(exiftool: Path, source: Path) -> dict[str, Any]:
    """The MWG regions of an XMP file, numbers as the texts that stand there; empty where it has none.

    Raises:
        NotWritten: exiftool took too long, or cannot read the file.
        Killed: exiftool was.
    """
    if not await asyncio.to_thread(_has_content, source):
        return {}
    answer = await _run(exiftool, "-j", "-struct", "-n", "-XMP-mwg-rs:RegionInfo", source, name=source.name)
    [tags] = json.loads(answer, parse_float=str, parse_int=str)
    return tags.get("RegionInfo") or {}


def replace(target: Path, content: bytes, seen: Version | None) -> None:
    """Put a new file in the place of `target`, whole and on disk, whatever happens meanwhile.

    A crash leaves the old file or the new one, and perhaps a part beside it, which the next run
    takes over: its name follows from the target's.

    Raises:
        Overtaken: Another program has changed `target` since it was `seen`.
        OSError: It cannot be written.
    """
    target = target.resolve()
    part = target.with_name(f".{sha256(target.name.encode()).hexdigest()[:16]}.xmp-part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if seen is not None:
            with suppress(FileNotFoundError):
                shutil.copymode(target, part)
        if Version.of(target) != seen:
            raise Overtaken(f"{target.name} was changed by another program")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _has_content(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


async def _run(exiftool: Path, *command: str | Path, said: str = "", name: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        exiftool, *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            answer, complaint = await process.communicate(said.encode())
    except TimeoutError as error:
        raise NotWritten(f"exiftool gave no answer for {LIMIT_SECONDS:g} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    status = await process.wait()
    if status < 0:
        raise Killed(f"exiftool ended with status {status}")
    if status != 0:
        raise NotWritten(complaint.decode("utf-8", "replace").strip() or f"exiftool refused {name}")
    return answer
