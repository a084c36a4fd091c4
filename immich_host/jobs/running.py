"""What is known of the jobs that this process runs now; its watchdog reads it from another thread."""

from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

RUN: ContextVar[UUID | None] = ContextVar("RUN", default=None)
"""The row that the current task works for; tasks that a job starts have it too."""


ALONE_SECONDS = 10.0
"""A suspect has had its time by itself after so long."""


@dataclass(frozen=True, slots=True)
class Running:
    """A run that has begun here.

    Args:
        id: Of its row.
        job: Full name.
        started: By the monotonic clock.
        held: Bytes that the process held when it began.
        is_suspect: It ran when a process was ended or died before, and may have been the reason.
    """

    id: UUID
    job: str
    started: float
    held: int
    is_suspect: bool


def another_first(runs: Iterable[Running], now: float) -> bool:
    """Whether a suspect has to wait: beside another one it could not be told which of them it was.

    Not for ever, as the other may well be a long job that only stood by.
    """
    return any(run.is_suspect and now - run.started < ALONE_SECONDS for run in runs)


def blamed(runs: Sequence[Running], held: int, room: int, now: float) -> tuple[list[Running], list[Running]]:
    """Whose fault it is that the process holds `held` bytes, `room` more than when it was idle.

    A job during which it grew by less than half of the room has only met the end of it. The one that is left is
    it, or the one that is a suspect since an earlier end, or of several the one during which it grew fastest.

    Returns:
        Runs that are it for certain, and those that may be.
    """
    grown = [run for run in runs if held - run.held >= room // 2]
    before = [run for run in grown if run.is_suspect]
    if len(grown) > 1 and not before:
        return [], grown
    certain = before if len(grown) > 1 else grown
    return sorted(certain, key=lambda run: (held - run.held) / max(now - run.started, 0.01))[-1:], []
