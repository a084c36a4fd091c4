"""One run of ffmpeg for one variant: from a segment on, no further ahead of the viewer than need be.

ffmpeg writes into a pipe. When the run is far enough ahead, nobody reads the pipe and ffmpeg waits; when
the process that reads it dies, ffmpeg dies too.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import structlog

from immich_transcode import running
from immich_transcode.hls_boxes import Damaged, boxes, move, timescales
from immich_transcode.hls_files import Gone, put
from immich_transcode.hls_grid import Grid
from immich_transcode.hls_playlists import INIT, segment_name

AHEAD = 30
"""Segments ahead of the viewer at which a run pauses."""

RESUME = 15
"""Segments ahead at which it goes on."""

NICENESS = 2
"""Somebody waits for it: before the jobs, which may use every core for hours, but after what answers requests."""

STALL_SECONDS = 60.0
"""How long one segment may take."""

type Box = tuple[bytes, bytearray]

log = structlog.get_logger("transcode")


@dataclass(frozen=True, slots=True)
class Work:
    """What a run makes.

    Args:
        program: ffmpeg.
        attempts: Arguments; the next ones are tried when the first make nothing.
        folder: Of the variant; ffmpeg runs there too.
        grid: How the video is cut.
        first: The segment to begin with.
    """

    program: Path
    attempts: Sequence[Sequence[str]]
    folder: Path
    grid: Grid
    first: int


class Run:
    """Started by `begin`, over when `ended`; `failure` says why it made less than it should."""

    def __init__(self, work: Work, *, stall: float = STALL_SECONDS) -> None:
        self.id: UUID = uuid4()
        self.folder = work.folder
        self.first = work.first
        self.next = work.first
        self.ended = False
        self.failure: str | None = None
        self._work = work
        self._stall = stall
        self._wanted = work.first
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_paused(self) -> bool:
        """Whether it waits for the viewer."""
        return not self._room.is_set()

    def begin(self) -> None:
        """Start ffmpeg."""
        self._task = asyncio.create_task(self._encode_all(), name=f"live stream {self.folder}")

    def read_to(self, segment: int) -> None:
        """The viewer wants this segment: where to stay ahead of."""
        self._wanted = segment
        if self.next - segment >= AHEAD:
            self._room.clear()
        elif self.next - segment <= RESUME:
            self._room.set()

    async def changed(self, seconds: float) -> None:
        """Wait for the next file or the end, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    async def stop(self) -> None:
        """Kill ffmpeg."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _encode_all(self) -> None:
        try:
            for arguments in self._work.attempts:
                self.failure = await self._attempt(arguments)
                if self.failure is None or self.next > self._work.first:
                    break
        finally:
            self.ended = True
            self._tell()

    async def _attempt(self, arguments: Sequence[str]) -> str | None:
        try:
            await self._encode(arguments)
        except Gone:
            return None
        except (running.Failed, running.Stuck, Damaged, OSError) as error:
            log.warning("a live stream stopped", folder=str(self.folder), segment=self.next, reason=str(error))
            return str(error)
        return None

    async def _encode(self, arguments: Sequence[str]) -> None:
        async with running.working(self._work.program, arguments, self.folder, NICENESS) as ffmpeg:
            await self._cut(ffmpeg.output)
            await ffmpeg.done(is_whole=self.next == self._work.grid.count)

    async def _cut(self, out: asyncio.StreamReader) -> None:
        head, moof, scales = bytearray(), bytearray(), dict[int, int]()
        start = self._work.grid.start(self._work.first)
        async with aclosing(boxes(out)) as found:
            while (box := await self._in_time(found)) is not None:
                match box:
                    case b"ftyp", data:
                        head += data
                    case b"moov", data:
                        scales = timescales(data)
                        await asyncio.to_thread(put, self.folder, INIT, head + data)
                        self._tell()
                    case b"moof", data:
                        move(data, self.next, start, scales)
                        moof = data
                    case b"mdat", data:
                        await self._made(moof + data)
                    case _:
                        pass

    async def _in_time(self, found: AsyncGenerator[Box]) -> Box | None:
        try:
            async with asyncio.timeout(self._stall):
                return await anext(found, None)
        except TimeoutError as error:
            raise running.Stuck(f"no segment within {self._stall:g} seconds") from error

    async def _made(self, segment: bytearray) -> None:
        await asyncio.to_thread(put, self.folder, segment_name(self.next), segment)
        self.next += 1
        self._tell()
        self.read_to(self._wanted)
        await self._room.wait()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
