"""The jobs room of a process: everything that asks for jobs, looks at them or runs them, put together."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from immich_host.db.database import Database
from immich_host.hosting import Hosting, Stage
from immich_host.jobs.commands import Commands
from immich_host.jobs.counts import Counting
from immich_host.jobs.elsewhere import Elsewhere
from immich_host.jobs.execution import RETRY_SECONDS, End, Executor
from immich_host.jobs.failures import Failures
from immich_host.jobs.pace import Pace
from immich_host.jobs.progress import Progress
from immich_host.jobs.registry import Registry, order_faults
from immich_host.jobs.requests import Outbox
from immich_host.jobs.results import Results
from immich_host.jobs.schedule import CronOverride
from immich_host.jobs.transport import Transport
from immich_host.plugin_api import Host

log = structlog.get_logger("jobs")

_DELIVER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class JobSettings:
    """What the admin's settings say of jobs; asked again whenever they may have changed.

    Args:
        concurrency: Queue -> `job.<queue>.concurrency`, None for the default.
        cron: (full job name, declared expression) -> the expression that counts, None for never.
        memory: Bytes that a worker process may hold, 0 for any amount.
    """

    concurrency: Callable[[str], int | None] = lambda _queue: None
    cron: CronOverride = lambda _name, declared: declared
    memory: int = 0


class Jobs:
    """One per process. `outbox` is the jobs port and publishes; most of the rest serves the API."""

    def __init__(
        self,
        db: Database,
        hosting: Hosting,
        host: Callable[[], Host],
        *,
        redis_url: str | None,
        settings: JobSettings | None = None,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """Make it after plugins are loaded and before they are switched on.

        Without `redis_url` nothing is handed over, and rows wait for `drain`. A plugin whose job provides a
        milestone out of order is broken.
        """
        self.db = db
        self.hosting = hosting
        self.settings = settings or JobSettings()
        self.redis_url = redis_url
        self._redis = Redis.from_url(redis_url, socket_timeout=5, retry=Retry(NoBackoff(), 1)) if redis_url else None
        self.transport = Transport(self._redis) if self._redis else None
        self.registry = Registry(hosting, host)
        self.outbox = Outbox(db, hosting, self.registry, self.transport)
        self.results = Results(db, self.registry, host, lambda plugin: hosting.records[plugin].version)
        self.commands = Commands(db, self.registry, self.outbox, self.results, self.transport)
        self.failures = Failures(db, self.registry, self.outbox)
        pace = Pace(db)
        self.counts = Counting(db, self.registry)
        self.progress = Progress(db, self.counts, pace)
        self.elsewhere = Elsewhere(db, self.registry, lambda: hosting.records)
        self.executor = Executor(
            db, self.registry, self.outbox, self.results, self.elsewhere, pace, host, retry_seconds=retry_seconds
        )
        self.take_in()

    def take_in(self) -> None:
        """Read again which jobs there are: plugins have come or gone."""
        self.registry.read_again()
        for plugin, fault in order_faults(self.registry):
            self.hosting.records[plugin].break_at(Stage.LOAD, fault)
            self.registry.read_again()

    async def drain(self) -> None:
        """Run everything that waits, in this process and in order, until nothing does; nothing is retried.

        Raises:
            Exception: The first failure of a job, after all the others have run.
        """
        first: BaseException | None = None
        while True:
            await self.outbox.settle()
            row_id = await self.db.fetchval(
                "SELECT id FROM job_request WHERE started_at IS NULL AND failed_at IS NULL ORDER BY id LIMIT 1"
            )
            if row_id is None:
                break
            await self.db.execute("UPDATE job_request SET run_at = now() WHERE id = $1 AND run_at > now()", row_id)
            self.executor.last_error = None
            if await self.executor.execute(row_id, retry=False) is End.ABSENT:
                msg = f"job request {row_id} cannot be run here: an equal one is running"
                raise RuntimeError(msg)
            first = first or self.executor.last_error
        if first is not None:
            raise first

    async def close(self) -> None:
        """Deliver what is published and let go of Valkey; what a listener holds up stays for the next start."""
        try:
            async with asyncio.timeout(_DELIVER_SECONDS):
                await self.outbox.settle()
        except TimeoutError:
            log.warning("facts stay to be delivered again", reason="their listeners came to no end")
        if self.transport is not None:
            await self.transport.close()
        if self._redis is not None:
            await self._redis.aclose()
        self.executor.close()
