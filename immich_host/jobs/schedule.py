"""Jobs by the clock: every worker process watches, one of them requests; missed times are not made up for."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from cronsim import CronSim, CronSimError

from immich_host.jobs.registry import Known, Registry
from immich_host.jobs.requests import Outbox
from immich_host.plugin_api.database import Database

log = structlog.get_logger("jobs")

type CronOverride = Callable[[str, str | None], str | None]
"""(full job name, declared expression) -> the expression that counts, None for never."""

_LOOK_SECONDS = 30.0


async def claim_turn(db: Database, name: str, seconds: float) -> bool:
    """Whether this process is the one to do a recurring thing now: nobody began it in the last `seconds`."""
    return bool(
        await db.fetchval(
            """INSERT INTO job_schedule AS seen (name, last_run) VALUES ($1, now())
               ON CONFLICT (name) DO UPDATE SET last_run = excluded.last_run
               WHERE seen.last_run <= now() - $2 * interval '1 second' RETURNING true""",
            name,
            seconds,
        )
    )


async def claim_time(db: Database, name: str, due: datetime) -> bool:
    """Whether this process is the one to run what is due at `due`."""
    return bool(
        await db.fetchval(
            """INSERT INTO job_schedule AS seen (name, last_run) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET last_run = excluded.last_run
               WHERE seen.last_run < excluded.last_run RETURNING true""",
            name,
            due,
        )
    )


class Schedule:
    """Requests each job with a cron expression at its times, in the server's local time."""

    def __init__(
        self, db: Database, registry: Registry, outbox: Outbox, cron: CronOverride = lambda _name, declared: declared
    ) -> None:
        self._db = db
        self._registry = registry
        self._outbox = outbox
        self._cron = cron
        self._faulty: set[str] = set()
        self._seen = datetime.now().astimezone()

    async def run(self) -> None:
        """Watch the clock for ever; expressions may change at any time.

        What fell due while the database was away is requested when this is called again.
        """
        while True:
            now = datetime.now().astimezone()
            for name, due in self.due_between(self._seen, now):
                await self.request(name, due)
            self._seen = now
            await asyncio.sleep(self._seconds_to_next(now))

    def due_between(self, after: datetime, until: datetime) -> list[tuple[str, datetime]]:
        """Enabled jobs with a time in (after, until], each with its latest such time."""
        found: list[tuple[str, datetime]] = []
        for known in self._registry.all():
            latest = None
            due = self._next(known, after)
            while due is not None and due <= until:
                latest, due = due, self._next(known, due)
            if latest is not None:
                found.append((known.name, latest))
        return found

    async def request(self, name: str, due: datetime) -> bool:
        """Request the job unless another process has done so for this time."""
        async with self._db.transaction():
            if not await claim_time(self._db, f"cron {name}", due):
                return False
            await self._outbox.request(name, cause="schedule")
        log.info("requested by the clock", job=name, due=due.isoformat())
        return True

    def _next(self, known: Known, after: datetime) -> datetime | None:
        expression = self._cron(known.name, known.job.cron) if known.enabled else None
        if not expression:
            return None
        try:
            return next(CronSim(expression, after))
        except (CronSimError, StopIteration):
            if known.name not in self._faulty:
                log.warning("a schedule cannot be read", job=known.name, expression=expression)
                self._faulty.add(known.name)
            return None

    def _seconds_to_next(self, now: datetime) -> float:
        times = [due for known in self._registry.all() if (due := self._next(known, now)) is not None]
        seconds = (min(times) - datetime.now().astimezone()) / timedelta(seconds=1) if times else _LOOK_SECONDS
        return min(max(seconds, 0.05), _LOOK_SECONDS)
