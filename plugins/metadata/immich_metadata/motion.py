"""The video inside a motion photo: where it lies, and how it is copied out."""

import asyncio
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from immich_metadata.session import SessionDied
from immich_metadata.trailers import find_range
from immich_metadata.values import Tags, flag, text, whole

_BLOCK = 1 << 20
_LIMIT_SECONDS = 120.0
_STARTS = frozenset({b"ftyp", b"moov", b"wide", b"mdat"})


@dataclass(frozen=True, slots=True)
class Trailer:
    """The video is `length` bytes from `start` of the file."""

    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Embedded:
    """The video is the value of a binary tag."""

    tag: Literal["MotionPhotoVideo", "EmbeddedVideoFile"]


class NoVideo(ValueError):
    """What lies where the video should be is none."""


def find_video(tags: Tags, size: int) -> Trailer | Embedded | None:
    """Where the video of a motion photo of `size` bytes is; None for every other picture."""
    motion, micro = flag(tags.get("MotionPhoto")), flag(tags.get("MicroVideo"))
    if text(tags.get("MotionPhotoVideo")):
        return Embedded("MotionPhotoVideo")
    if text(tags.get("EmbeddedVideoType")) == "MotionPhoto_Data" and text(tags.get("EmbeddedVideoFile")):
        return Embedded("EmbeddedVideoFile")
    length = behind = 0
    if motion:
        length, behind = _listed(tags.get("ContainerDirectory"))
    if micro and length <= 0:
        length, behind = whole(tags.get("MicroVideoOffset")) or 0, 0
    start = size - length - behind
    if length <= 0 or behind < 0 or start <= 0:
        return None
    return Trailer(start, length)


def _listed(directory: Any) -> tuple[int, int]:
    """How long the video of a container directory is, and how much of the file comes after it; 0 where it has none."""
    entries = directory if isinstance(directory, list) else []
    items = [entry.get("Item", entry) for entry in entries if isinstance(entry, dict)]
    items = [item for item in items if isinstance(item, dict)]
    for index, item in enumerate(items):
        if item.get("Semantic") == "MotionPhoto":
            behind = whole(item.get("Padding")) or 0
            for later in items[index + 1 :]:
                behind += (whole(later.get("Length")) or 0) + (whole(later.get("Padding")) or 0)
            return whole(item.get("Length")) or 0, behind
    return 0, 0


def as_range(source: Path, part: Trailer | Embedded) -> Trailer | Embedded:
    """A binary tag's bytes as a range of the file, where its headers tell; else the same."""
    found = find_range(source) if isinstance(part, Embedded) else None
    return part if found is None else Trailer(*found)


async def extract(source: Path, part: Trailer | Embedded, target: Path, exiftool: Path) -> bytes:
    """Write the video to `target` and return its SHA-1.

    Only the video's own bytes are read, in blocks. `exiftool` serves tags that need its knowledge
    of the format; its output goes straight to the file.

    Raises:
        NoVideo: There is no MP4 or QuickTime data there; `target` is left behind for the caller.
        SessionDied: exiftool was killed.
    """
    if isinstance(part, Embedded):
        await _extract_tag(source, part.tag, target, exiftool)
        return await asyncio.to_thread(checksum, target, Trailer(0, target.stat().st_size))
    return await asyncio.to_thread(checksum, source, part, target)


def checksum(source: Path, part: Trailer, target: Path | None = None) -> bytes:
    """SHA-1 of a range of a file, which is written to `target` on the way where one is given.

    Raises:
        NoVideo: There is no MP4 or QuickTime data there.
    """
    left, found = part.length, hashlib.sha1(usedforsecurity=False)
    with source.open("rb") as reader, (target or Path(os.devnull)).open("wb") as writer:
        reader.seek(part.start)
        while left > 0 and (block := reader.read(min(_BLOCK, left))):
            if left == part.length and block[4:8] not in _STARTS:
                break
            found.update(block)
            writer.write(block)
            left -= len(block)
    if left or not part.length:
        raise NoVideo("no video, or not all of it, where the picture's tags say it is")
    return found.digest()


async def _extract_tag(source: Path, tag: str, target: Path, exiftool: Path) -> None:
    with target.open("wb") as writer:
        process = await asyncio.create_subprocess_exec(
            exiftool, "-b", f"-{tag}", source, stdin=asyncio.subprocess.DEVNULL,
            stdout=writer, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_LIMIT_SECONDS):
                status = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if status < 0:
        raise SessionDied(f"exiftool ended with status {status}")
