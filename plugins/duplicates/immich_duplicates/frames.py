"""Still pictures of a video, at fixed parts of its length, by ffmpeg: at low priority, bounded in time and size."""

import asyncio
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from immich_host.plugin_api.errors import JobFailed
from immich_host.plugin_api.host import BinariesPort

PARTS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Where pictures are taken, as parts of the length."""

_SIDE = 256
_NICENESS = 10
_MOST_BYTES = 1 << 20
_MOST_STORED = 32 << 20
_DEMUXERS = "mov,matroska,webm,avi,mpegts,mpegtsraw,mpeg,mpegvideo,h264,hevc,m4v,flv,asf,mxf,ogg,dv,gif,obu,ivf,rm"
"""Containers of pictures only: no playlists, which would name further files to read."""

_log = structlog.get_logger("duplicates")


@dataclass(frozen=True, slots=True)
class Still:
    """A picture of a video: its number, from 1 on, and an encoded file. All are squeezed into squares."""

    number: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Stills:
    """What was taken of a video; its length in milliseconds."""

    duration: int
    pictures: Sequence[Still]


async def take(path: Path, binaries: BinariesPort, *, seconds: float) -> Stills | None:
    """Take the pictures one after the other; a part that holds none is left out. None for what has no length.

    Args:
        path: The video.
        binaries: Where the programs are.
        seconds: How long each run of a program may take.

    Raises:
        JobFailed: It has no picture that can be decoded, or takes too long.
        FileNotFoundError: It is not there, or not any more: what was taken of it may be less than there is.
        InterruptedError: A program was killed, which says nothing about the video.
    """
    try:
        taken = await _taken(path, binaries, seconds)
    except JobFailed as error:
        if await asyncio.to_thread(path.is_file):
            raise
        raise FileNotFoundError(path) from error
    if not await asyncio.to_thread(path.is_file):
        raise FileNotFoundError(path)
    return taken


async def _taken(path: Path, binaries: BinariesPort, seconds: float) -> Stills | None:
    length, codec = await _length(path, binaries.ffprobe, seconds)
    if length <= 0:
        return None
    pictures: list[Still] = []
    for number, part in enumerate(PARTS, 1):
        content, status = await _picture_at(path, binaries.ffmpeg, length * part, seconds)
        if not content and not await asyncio.to_thread(path.is_file):
            raise FileNotFoundError(path)  # it may be back at the end, where it was moved twice
        if not content and codec == "av1":
            content = await _key_frame_before(path, binaries.ffmpeg, length * part, seconds)
        elif not content and status:  # that nothing is there is no error; what failed this time may not the next
            content, status = await _picture_at(path, binaries.ffmpeg, length * part, seconds)
            if not content:
                _log.warning("no picture at this part of the video", path=str(path), part=part, status=status)
        if content:
            pictures.append(Still(number, content))
    if not pictures:
        raise JobFailed(f"no picture of {path.name} can be decoded")
    return Stills(round(length * 1000), pictures)


async def _length(path: Path, program: Path, seconds: float) -> tuple[float, str]:
    """Seconds, 0 where it is not said; and ffmpeg's name of the codec of the first video stream."""
    wanted = ["-select_streams", "V:0", "-show_entries", "format=duration:stream=codec_name"]
    answer, _ = await _output([str(program), "-v", "error", "-of", "json", *wanted, *_input(path)], path, seconds)
    try:
        content = json.loads(answer)
        length = float(content["format"]["duration"])
    except (ValueError, KeyError, TypeError):
        return 0.0, ""
    return length, next((str(stream.get("codec_name", "")) for stream in content.get("streams", [])), "")


async def _picture_at(path: Path, program: Path, moment: float, seconds: float) -> tuple[bytes, int]:
    """An encoded picture, or nothing, and ffmpeg's exit code."""
    command = [str(program), "-nostdin", "-hide_banner", "-v", "error", "-threads", "1", "-ss", f"{moment:.3f}"]
    command += [*_input(path), "-map", "0:V:0", "-frames:v", "1", "-vf", f"scale={_SIDE}:{_SIDE},format=rgb24"]
    return await _output([*command, "-c:v", "bmp", "-f", "image2pipe", "-"], path, seconds)


async def _key_frame_before(path: Path, program: Path, moment: float, seconds: float) -> bytes:
    """For an ffmpeg that cannot decode AV1: a key frame, packed as AVIF, is a still that Pillow can."""
    with tempfile.TemporaryDirectory(prefix="av1-frame-") as folder:
        still = Path(folder, "frame.avif")
        command = [str(program), "-nostdin", "-hide_banner", "-v", "error", "-ss", f"{moment:.3f}", *_input(path)]
        await _output([*command, "-map", "0:V:0", "-c", "copy", "-frames:v", "1", str(still)], path, seconds)
        return await asyncio.to_thread(_content, still)


def _content(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() and file.stat().st_size <= _MOST_STORED else b""


def _input(path: Path) -> list[str]:
    """That file and nothing else: neither network nor files that it names."""
    return ["-protocol_whitelist", "file", "-format_whitelist", _DEMUXERS, "-i", f"file:{path}"]


async def _output(command: Sequence[str], path: Path, seconds: float) -> tuple[bytes, int]:
    """What a program says, nothing where no picture is so large, and its exit code, 0 where it is not waited for.

    It is gone when this is left, whatever happens.
    """
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        with suppress(ProcessLookupError, PermissionError):
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        async with asyncio.timeout(seconds):
            content = await _all_of(process.stdout)
            if content is None:
                return b"", 0
            status = await process.wait()
            if status < 0:
                raise InterruptedError(f"{command[0]} was killed")
            return content, status
    except TimeoutError:
        raise JobFailed(f"{path.name} was not read within {seconds:.0f} seconds") from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _all_of(stream: asyncio.StreamReader) -> bytes | None:
    """Everything; None where it is too much."""
    content = bytearray()
    while len(content) <= _MOST_BYTES:
        piece = await stream.read(1 << 16)
        if not piece:
            return bytes(content)
        content += piece
    return None
