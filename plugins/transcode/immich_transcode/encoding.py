"""Making the file: by hardware where there is some, else, and where it fails, by software."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from immich_transcode import running, tone
from immich_transcode.arguments import Plan, commands
from immich_transcode.filters import CUBE
from immich_transcode.hardware import Hardware
from immich_transcode.running import Failed, Progress, Stuck

_OUTPUT = "made.mp4"

_log = structlog.get_logger("transcode")

type Report = Callable[[float, float, str], Awaitable[None]]
"""Told how much is done, of how much (seconds of video over all passes), and a note."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the work is done.

    Args:
        ffmpeg: The program.
        folder: Empty, for this run only.
        stall: Seconds without getting further after which ffmpeg is ended.
        report: Awaited about once a second; what it raises ends ffmpeg.
    """

    ffmpeg: Path
    folder: Path
    stall: float
    report: Report


async def make(plan: Plan, path: Path, bench: Bench) -> Path:
    """Make the file of a plan; returns where it lies in the folder.

    Raises:
        Failed: Software failed too; the reason is ffmpeg's.
        Stuck: Software got no further.
    """
    attempts = _attempts(plan.hardware)
    for number, hardware in enumerate(attempts):
        try:
            return await _attempt(replace(plan, hardware=hardware), path, bench)
        except (Failed, Stuck) as error:
            if number == len(attempts) - 1 or (isinstance(error, Failed) and error.is_no_fault_of_the_file):
                raise
            _log.warning("hardware failed", path=str(path), hardware=hardware, reason=str(error))
    raise AssertionError("there is always an attempt")


def _attempts(hardware: Hardware | None) -> Sequence[Hardware | None]:
    if hardware is None:
        return [None]
    return [hardware, hardware.in_software, None] if hardware.decodes else [hardware, None]


async def _attempt(plan: Plan, path: Path, bench: Bench) -> Path:
    output = bench.folder / _OUTPUT
    if plan.video is not None and plan.video.is_mapped(plan.source.video):
        cube = await asyncio.to_thread(tone.cube, plan.source.video.transfer, plan.video.curve)
        await asyncio.to_thread((bench.folder / CUBE).write_text, cube)
    runs = commands(plan, path, output)
    for number, arguments in enumerate(runs):
        is_last = number == len(runs) - 1
        last = await running.run(
            bench.ffmpeg,
            arguments,
            bench.folder,
            _watch(plan, bench.report, number),
            stall=bench.stall if is_last else None,
        )
        if is_last and last.frames == 0:
            raise Failed("no frame of the video could be read")
    return output


def _watch(plan: Plan, report: Report, number: int) -> running.Watch:
    seconds = plan.source.seconds

    async def watch(progress: Progress) -> None:
        notes = [f"pass {number + 1} of {plan.passes}"] if plan.passes > 1 else []
        if not seconds:  # some containers do not say how long they are
            notes.append(f"{progress.frames} frames")
        if progress.speed:
            notes.append(f"{progress.speed:.2g}x")
        done = (min(1.0, progress.seconds / seconds) if seconds else 0.0) + number
        unit = seconds or 1.0
        await report(done * unit, plan.passes * unit, ", ".join(notes))

    return watch
