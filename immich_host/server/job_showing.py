"""Queues, running jobs and failures as tables and lines of text."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table

from immich_host.server.job_dto import FailureDto, ResultStandingDto, RunningJobDto, WorkQueueDto

_BAR = 12


def console() -> Console:
    """For the terminal; wide where the output is none."""
    return Console(width=None if sys.stdout.isatty() else 200, highlight=False)


def duration(seconds: float) -> str:
    """Seconds for people, in two units at most."""
    whole = max(0, round(seconds))
    for unit, name, part, part_name in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= unit:
            rest = whole % unit // part
            return f"{whole // unit} {name}" + (f" {rest} {part_name}" if rest else "")
    return f"{whole} s"


def rate(per_second: float | None) -> str:
    """Jobs in a unit of time in which they are at least one."""
    if per_second is None:
        return ""
    for times, unit in ((1, "s"), (60, "min"), (3600, "h")):
        if per_second * times >= 1:
            return f"{per_second * times:.3g}/{unit}"
    return f"{per_second * 86_400:.2g}/d"


def queue_table(queues: Sequence[WorkQueueDto]) -> Table:
    """One line a queue."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Queue", no_wrap=True)
    table.add_column()
    for column in ("Done", "Active", "Waiting", "Delayed", "Failed", "Rate", "Left"):
        table.add_column(column, justify="right", no_wrap=True)
    for queue in queues:
        counts = queue.statistics
        waiting = counts.waiting + counts.paused
        left = counts.active + waiting
        bar = ProgressBar(queue.done + queue.failed + left, queue.done + queue.failed, width=_BAR) if left else ""
        table.add_row(
            queue.name + (" [yellow]paused[/]" if queue.is_paused else ""),
            bar,
            _number(queue.done),
            _number(counts.active),
            _number(waiting),
            _number(counts.delayed),
            f"[red]{counts.failed}[/]" if counts.failed else "",
            rate(queue.rate),
            "" if queue.seconds_left is None else duration(queue.seconds_left),
        )
    return table


def running_table(jobs: Sequence[RunningJobDto]) -> Table:
    """One line a job that runs."""
    table = Table("Running", "", "", "For", "Left", box=None, pad_edge=False)
    for job in jobs:
        table.add_row(
            job.job + (" [yellow]cancelled[/]" if job.is_cancelled else ""),
            ProgressBar(job.total, job.done or 0, width=_BAR) if job.total else "",
            escape(f"{_name(job)} {job.note}".strip()),
            duration(job.seconds),
            "" if job.seconds_left is None else duration(job.seconds_left),
        )
    return table


def failure_table(failures: Sequence[FailureDto], *, with_ids: bool = True) -> Table:
    """One line a failure."""
    table = Table(box=None, pad_edge=False)
    if with_ids:
        table.add_column("Id", no_wrap=True)
    for column in ("Failed", "Of", "Tries", "Next"):
        table.add_column(column, no_wrap=True, overflow="ellipsis")
    table.add_column("Reason", ratio=1)
    for one in failures:
        own = (one.job, escape(_name(one)), f"{one.attempts} of {one.tries}", _next(one), escape(one.reason))
        table.add_row(*(str(one.id), *own) if with_ids else own)
    return table


def result_table(standings: Sequence[ResultStandingDto]) -> Table:
    """One line a job that says what its results depend on."""
    table = Table("Job", "Queue", "Results", "Stale", box=None, pad_edge=False)
    for one in standings:
        table.add_row(one.job, one.queue, str(one.results), f"[yellow]{one.stale}[/]" if one.stale else "0")
    return table


def overview(
    queues: Sequence[WorkQueueDto], running: Sequence[RunningJobDto], failures: Sequence[FailureDto]
) -> RenderableType:
    """What `watch` shows: only what there is something to say of."""
    parts: list[RenderableType] = [queue_table(queues) if queues else "Nothing to do."]
    if running:
        parts += ["", running_table(running)]
    if failures:
        parts += ["", failure_table(failures, with_ids=False)]
    return Group(*parts)


def line(queue: WorkQueueDto) -> str:
    """A queue for logs and for those who cannot redraw."""
    counts = queue.statistics
    told = {
        "done": queue.done,
        "active": counts.active,
        "waiting": counts.waiting,
        "paused": counts.paused,
        "delayed": counts.delayed,
        "failed": counts.failed,
        "rate": rate(queue.rate),
        "left": "" if queue.seconds_left is None else duration(queue.seconds_left).replace(" ", ""),
    }
    return " ".join([f"{queue.name}:", *(f"{name}={value}" for name, value in told.items() if value)])


def _number(amount: int) -> str:
    return str(amount) if amount else ""


def _name(one: RunningJobDto | FailureDto) -> str:
    return one.file_name or (str(one.asset_id) if one.asset_id else "")


def _next(one: FailureDto) -> str:
    if one.next_try_at is None:
        return "now" if one.status == "running" else "given up"
    return f"in {duration((one.next_try_at - datetime.now(UTC)).total_seconds())}"
