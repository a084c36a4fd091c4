"""Running ffprobe: its report on a file, and the index of a video's packets."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import orjson
import structlog

from immich_metadata.keyframes import Keyframes, index_packets

LIMIT_SECONDS = 120.0
"""Longest time for one report; a packet index may take ten times as long."""

_QUIET = ("-v", "error", "-protocol_whitelist", "file")
"""A playlist that is called .mp4 must not make the server fetch addresses."""

_LINE_LIMIT = 1 << 23
"""A video's comment may be one very long line."""

_CANNOT_READ = 1
"""With this status ffprobe ends when the file is the reason."""

_log = structlog.get_logger("metadata")


async def probe(ffprobe: Path, path: Path) -> dict[str, Any]:
    """Ffprobe's report on a file; {} when it cannot read the file or takes too long.

    Raises:
        ProbeDied: ffprobe came to no end of its own.
        OSError: There is no ffprobe.
    """
    arguments = [*_QUIET, "-show_format", "-show_streams", "-of", "json", "-i", str(path)]
    try:
        async with asyncio.timeout(LIMIT_SECONDS), aclosing(_lines(ffprobe, arguments)) as lines:
            report = orjson.loads(b"".join([line async for line in lines]) or b"{}")
    except (TimeoutError, ValueError, ProbeFailed) as error:
        _log.warning("video not readable", path=str(path), error=str(error) or type(error).__name__)
        return {}
    return report


async def probe_packets(ffprobe: Path, path: Path, stream: int) -> Keyframes | None:
    """Index the packets of one stream; None when there are none. Reads the file from end to end.

    Raises:
        ProbeDied: ffprobe came to no end of its own.
        OSError: There is no ffprobe.
    """
    arguments = [*_QUIET, "-select_streams", str(stream), "-show_entries", "packet=pts,duration,flags"]
    arguments += ["-of", "csv=p=0", "-i", str(path)]
    try:
        async with asyncio.timeout(LIMIT_SECONDS * 10), aclosing(_lines(ffprobe, arguments)) as lines:
            return await index_packets(lines)
    except (TimeoutError, ProbeFailed) as error:
        _log.warning("packets not readable", path=str(path), error=str(error) or type(error).__name__)
        return None


class ProbeFailed(RuntimeError):
    """ffprobe cannot read the file; the message is its own."""


class ProbeDied(RuntimeError):
    """ffprobe was killed, crashed or could not start, which says nothing about the file's streams."""


async def _lines(program: Path, arguments: list[str]) -> AsyncGenerator[bytes]:
    process = await asyncio.create_subprocess_exec(
        program, *arguments, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, limit=_LINE_LIMIT,
    )  # fmt: skip
    out, err = process.stdout, process.stderr
    if out is None or err is None:
        raise ProbeFailed("ffprobe has no pipes")
    complaints = asyncio.ensure_future(_last_line(err))
    try:
        async for line in out:
            yield line
        status = await process.wait()
        if status == _CANNOT_READ:
            raise ProbeFailed(await complaints or "no reason given")
        if status != 0:
            raise ProbeDied(await complaints or f"ffprobe ended with status {status}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        complaints.cancel()


async def _last_line(stream: asyncio.StreamReader) -> str:
    last = b""
    async for line in stream:
        last = line.strip() or last
    return last.decode("utf-8", "replace")
