"""`immich-host jobs watch`: queues, running jobs and failures as they change."""

import asyncio
import sys
from dataclasses import dataclass, field
from typing import Final

import typer
from rich.live import Live

from immich_host.db.errors import DATABASE_FAILS
from immich_host.jobs.failures import Wanted
from immich_host.server import job_answers
from immich_host.server.job_dto import FailureDto, RunningJobDto, WorkQueueDto
from immich_host.server.job_showing import console, line, overview
from immich_host.server.job_terminal import FAILURES, Outside, is_at_work

_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the jobs."""

    queues: list[WorkQueueDto]
    running: list[RunningJobDto] = field(default_factory=list[RunningJobDto])
    failures: list[FailureDto] = field(default_factory=list[FailureDto])

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to be done now."""
        return not any(is_at_work(queue) for queue in self.queues)

    @property
    def busy(self) -> list[WorkQueueDto]:
        """Queues of which there is something to say."""
        return [queue for queue in self.queues if is_at_work(queue) or _holds(queue)]


async def look(outside: Outside) -> Seen:
    """Ask the database."""
    room = outside.room
    return Seen(
        [job_answers.queue(work) for work in await room.progress.work()],
        [job_answers.running(run) for run in await room.progress.running(limit=_SHOWN * 2)],
        [job_answers.failure(one) for one in await room.failures.find(Wanted(), limit=_SHOWN)],
    )


async def watch(outside: Outside, *, every: float, until_idle: bool) -> None:
    """Show it again and again, in place on a terminal, as lines elsewhere; ends by Ctrl-C or when all is done.

    Raises:
        typer.Exit: 3 - all is done, and jobs have been given up.
    """
    seen = await (_redraw if sys.stdout.isatty() else _lines)(outside, every, until_idle=until_idle)
    if any(queue.statistics.failed for queue in seen.queues):
        raise typer.Exit(FAILURES)


async def _redraw(outside: Outside, every: float, *, until_idle: bool) -> Seen:
    with Live(console=console(), auto_refresh=False) as live:
        while True:
            try:
                seen = await look(outside)
            except DATABASE_FAILS as error:
                live.update(f"The database is away: {error}", refresh=True)
            else:
                live.update(overview(seen.busy, seen.running, seen.failures), refresh=True)
                if until_idle and seen.is_idle:
                    return seen
            await asyncio.sleep(every)


async def _lines(outside: Outside, every: float, *, until_idle: bool) -> Seen:
    told: dict[str, str] = {}
    while True:
        seen = await look(outside)
        now = {queue.name: line(queue) for queue in seen.busy}
        for name, text in now.items():
            if told.get(name) != text:
                typer.echo(text)
        for name in told.keys() - now.keys():
            typer.echo(f"{name}: idle")
        told = now
        if until_idle and seen.is_idle:
            return seen
        await asyncio.sleep(every)


def _holds(queue: WorkQueueDto) -> bool:
    counts = queue.statistics
    return queue.is_paused or counts.delayed + counts.failed + counts.paused > 0
