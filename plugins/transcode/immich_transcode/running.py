"""Running ffmpeg: at low priority, told how far it is, ended when nobody wants its work any more."""

import asyncio
import os
import sys
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from immich_transcode import launch

NICENESS = 10
"""Of what nobody waits for."""

_KEPT_LINES = 8
_LINE_LIMIT = 1 << 16
_QUIET = {"SVT_LOG": "1"}  # of SVT-AV1, which otherwise says all it does


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: seconds of the video, frames, how many times faster than playing."""

    seconds: float = 0.0
    frames: int = 0
    speed: float = 0.0


type Watch = Callable[[Progress], Awaitable[None]]
"""Awaited about once a second; what it raises ends ffmpeg and goes on to the caller."""


class Failed(RuntimeError):
    """ffmpeg ended with an error; the message is its own. `status` is negative where a signal ended it."""

    def __init__(self, reason: str, status: int = 1) -> None:
        super().__init__(reason)
        self.status = status

    @property
    def is_no_fault_of_the_file(self) -> bool:
        """Whether it may go well another time: the disk is full, or the system took the memory back."""
        return self.status < 0 or "No space left on device" in str(self)


class Stuck(RuntimeError):
    """ffmpeg got no further for too long."""


async def start(
    program: Path, arguments: Sequence[str], folder: Path, niceness: int = NICENESS
) -> asyncio.subprocess.Process:
    """Start ffmpeg in `folder` at low priority, with pipes; it dies with this process.

    The process id is ffmpeg's own.
    """
    own = str(Path(launch.__file__))
    return await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", own, str(os.getpid()), str(niceness), str(program), *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        cwd=folder, limit=_LINE_LIMIT, env=os.environ | _QUIET,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Work:
    """ffmpeg at work: what it writes, and why it ended."""

    output: asyncio.StreamReader
    _process: asyncio.subprocess.Process
    _complaints: asyncio.Future[str]

    async def done(self, *, is_whole: bool = True) -> None:
        """Wait until it has ended by itself.

        Raises:
            Failed: With an error, or without having made all (`is_whole`).
        """
        status = await self._process.wait()
        if status != 0 or not is_whole:
            raise Failed(await self._complaints or f"ffmpeg ended with status {status}", status)


@asynccontextmanager
async def working(
    program: Path, arguments: Sequence[str], folder: Path, niceness: int = NICENESS
) -> AsyncGenerator[Work]:
    """Start ffmpeg as `start` does; it is gone when the block is left."""
    process = await start(program, arguments, folder, niceness)
    out, err = process.stdout, process.stderr
    assert out is not None  # noqa: S101 - both are pipes
    assert err is not None  # noqa: S101
    complaints = asyncio.ensure_future(_last_lines(err))
    try:
        yield Work(out, process, complaints)
    finally:
        # its end is not seen while there is something left to read
        await asyncio.gather(_end(process), _drain(out))
        complaints.cancel()


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):  # it may just have ended by itself
            process.kill()
    await process.wait()


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(_LINE_LIMIT):
        pass


async def run(program: Path, arguments: Sequence[str], folder: Path, watch: Watch, *, stall: float | None) -> Progress:
    """Run ffmpeg to its end; returns how far it came.

    Args:
        program: Its path.
        arguments: With `-progress pipe:1`.
        folder: Where it runs.
        watch: Told how far it is.
        stall: Seconds without getting further after which it is ended; None for a first pass, which may not tell.

    Raises:
        Failed: It ended with an error.
        Stuck: It got no further.
    """
    async with working(program, arguments, folder) as work:
        progress = await _follow(work.output, watch, stall)
        await work.done()
        return progress


async def _follow(out: asyncio.StreamReader, watch: Watch, stall: float | None) -> Progress:
    progress, values = Progress(), dict[str, str]()
    loop = asyncio.get_running_loop()
    moved = loop.time()
    while line := await _line(out, None if stall is None else moved + stall):
        name, _, value = line.decode("ascii", "replace").strip().partition("=")
        values[name] = value
        if name == "progress":
            now = _progress(values)
            moved = loop.time() if now.frames != progress.frames or now.seconds != progress.seconds else moved
            progress = now
            await watch(progress)
    return progress


async def _line(out: asyncio.StreamReader, deadline: float | None) -> bytes:
    try:
        async with asyncio.timeout_at(deadline):
            return await out.readline()
    except TimeoutError as error:
        raise Stuck("ffmpeg got no further for too long") from error


def _progress(values: dict[str, str]) -> Progress:
    return Progress(
        seconds=max(0.0, _number(values.get("out_time_us")) / 1e6),
        frames=int(_number(values.get("frame"))),
        speed=_number(values.get("speed", "").strip().rstrip("x")),
    )


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:  # N/A, before the first frame
        return 0.0


async def _last_lines(stream: asyncio.StreamReader) -> str:
    lines: deque[str] = deque(maxlen=_KEPT_LINES)
    while chunk := await stream.read(_LINE_LIMIT):
        lines.extend(line for line in chunk.decode("utf-8", "replace").splitlines() if line.strip())
    return "\n".join(lines)
