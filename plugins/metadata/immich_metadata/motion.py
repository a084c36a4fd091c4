"""The video inside a motion photo: where it lies, and how it is copied out."""

import asyncio
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from immich_metadata.values import Tags, flag, text, whole

_BLOCK = 1 << 20
_LIMIT_SECONDS = 120.0


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
    length = padding = 0
    if motion:
        item = _motion_item(tags.get("ContainerDirectory"))
        length, padding = whole(item.get("Length")) or 0, whole(item.get("Padding")) or 0
    if micro and length <= 0:
        length, padding = whole(tags.get("MicroVideoOffset")) or 0, 0
    start = size - length - padding
    if length <= 0 or padding < 0 or start <= 0:
        return None
    return Trailer(start, length)


def _motion_item(directory: Any) -> dict[str, Any]:
    """The entry of a container directory that describes the video, {} when there is none."""
    for entry in directory if isinstance(directory, list) else []:
        item = entry.get("Item", entry) if isinstance(entry, dict) else {}
        if isinstance(item, dict) and item.get("Semantic") == "MotionPhoto":
            return item
    return {}


async def extract(source: Path, part: Trailer | Embedded, target: Path, exiftool: Path) -> bytes:
    """Write the video to `target` and return its SHA-1.

    Only the video's own bytes are read, in blocks. `exiftool` serves tags that need its knowledge
    of the format; its output goes straight to the file.

    Raises:
        NoVideo: There is no MP4 or QuickTime data there; `target` is left behind for the caller.
    """
    if isinstance(part, Embedded):
        await _extract_tag(source, part.tag, target, exiftool)
    else:
        await asyncio.to_thread(_copy_range, source, part, target)
    return await asyncio.to_thread(_checked_sum, target)


def _copy_range(source: Path, part: Trailer, target: Path) -> None:
    left = part.length
    with source.open("rb") as reader, target.open("wb") as writer:
        reader.seek(part.start)
        while left > 0 and (block := reader.read(min(_BLOCK, left))):
            writer.write(block)
            left -= len(block)
    if left:
        raise NoVideo("the picture ends before its video does")


async def _extract_tag(source: Path, tag: str, target: Path, exiftool: Path) -> None:
    with target.open("wb") as writer:
        process = await asyncio.create_subprocess_exec(
            exiftool, "-b", f"-{tag}", source, stdin=asyncio.subprocess.DEVNULL,
            stdout=writer, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_LIMIT_SECONDS):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def _checked_sum(path: Path) -> bytes:
    with path.open("rb") as reader:
        head = reader.read(12)
        if len(head) < 12 or head[4:8] not in {b"ftyp", b"moov", b"wide", b"mdat"}:
            raise NoVideo("no video where the picture's tags say it is")
        reader.seek(0, os.SEEK_SET)
        return hashlib.file_digest(reader, lambda: hashlib.sha1(usedforsecurity=False)).digest()
