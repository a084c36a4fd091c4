"""How far queues are, how fast they get on and what runs in them now."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from immich_host.jobs.counts import Counting, Counts
from immich_host.jobs.failures import ASSET
from immich_host.jobs.pace import Pace, Run
from immich_host.jobs.store import ATTEMPTS
from immich_host.plugin_api.database import Database


@dataclass(frozen=True, slots=True)
class Work:
    """How a queue gets on since it was last empty.

    `rate` is in jobs a second; `seconds_left` is None while nothing says it: idle, paused, or just begun.
    """

    name: str
    counts: Counts
    since: datetime | None
    done: int
    failed: int
    rate: float | None
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class Running:
    """A job that runs now; `done` of `total` as it says itself."""

    id: UUID
    job: str
    queue: str
    asset_id: UUID | None
    file_name: str | None
    attempts: int
    started_at: datetime
    done: float | None
    total: float | None
    note: str
    seconds: float
    is_cancelled: bool

    @property
    def seconds_left(self) -> float | None:
        """At its pace until now."""
        if not self.done or not self.total:
            return None
        return self.seconds * max(0.0, self.total - self.done) / self.done


class Progress:
    """Reads job rows and the pace of queues for the API and the terminal."""

    def __init__(self, db: Database, counts: Counting, pace: Pace) -> None:
        self._db = db
        self._counts = counts
        self._pace = pace

    async def work(self) -> list[Work]:
        """How every queue gets on."""
        counts, runs = await self._counts.all(), await self._pace.read()
        parts = await self._db.fetch(
            """SELECT queue,
                      sum(least(1, (progress->>'done')::float8 / nullif((progress->>'total')::float8, 0))) AS part
               FROM job_request
               WHERE started_at IS NOT NULL AND failed_at IS NULL AND progress IS NOT NULL GROUP BY queue"""
        )
        under_way = {row["queue"]: row["part"] or 0.0 for row in parts}
        return [_work(name, found, runs.get(name), under_way.get(name, 0.0)) for name, found in counts.items()]

    async def running(self, queue: str | None = None, limit: int = 100) -> list[Running]:
        """Jobs that run now, of one queue or all, the longest first."""
        rows = await self._db.fetch(
            f"""SELECT run.id, job, queue, asset_id, original_file_name AS file_name, {ATTEMPTS}, started_at,
                       (progress->>'done')::float8 AS done, (progress->>'total')::float8 AS total,
                       coalesce(progress->>'note', '') AS note,
                       extract(epoch FROM now() - started_at)::float8 AS seconds,
                       cancelled_at IS NOT NULL AS is_cancelled
                FROM (SELECT *, {ASSET} AS asset_id FROM job_request
                      WHERE started_at IS NOT NULL AND failed_at IS NULL AND ($1::text IS NULL OR queue = $1)) AS run
                LEFT JOIN asset ON asset.id = asset_id ORDER BY started_at LIMIT $2""",  # noqa: S608 - constants
            queue,
            limit,
        )
        return [Running(**row) for row in rows]


def _work(name: str, counts: Counts, run: Run | None, under_way: float) -> Work:
    if run is None:
        return Work(name, counts, None, 0, 0, None, None)
    left = counts.active + counts.waiting + counts.paused
    if not left:
        return Work(name, counts, run.since, run.done, run.failed, None, None)
    knows = run.rate > 0 and not counts.is_paused
    return Work(
        name, counts, run.since, run.done, run.failed, run.rate, (left - under_way) / run.rate if knows else None
    )
