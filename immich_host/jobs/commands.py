"""What an admin does with queues: start, pause, resume, empty, clear and retry failures, manual jobs."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from immich_host.jobs.queues import queue_of
from immich_host.jobs.registry import Known, Registry
from immich_host.jobs.requests import Outbox
from immich_host.jobs.store import NewJob, Ticket
from immich_host.jobs.transport import Transport
from immich_host.plugin_api import Job, JobContext, Outcome, Refused
from immich_host.plugin_api.database import Database

FAN_OUT = "host.fan_out"
"""The job behind "run on all" and "run on missing"; it runs in the queue that was started."""

_PAGE = 1000


class Commands:
    """Acts on rows; every process follows within a second."""

    def __init__(self, db: Database, registry: Registry, outbox: Outbox, transport: Transport | None) -> None:
        self._db = db
        self._registry = registry
        self._outbox = outbox
        self._transport = transport
        registry.add(Job("fan_out", self._fan_out, queue="backgroundTask", unique="job"))

    async def start(self, queue: str, force: bool | None = None) -> None:
        """Run a queue's job: on all assets (True), on those without a result (False), or refreshing (None).

        The job sees which by its cause: `all`, `missing` or `refresh`. A queue whose jobs are all off stays idle.

        Raises:
            Refused: 400 where the queue is at work, or cannot be started.
        """
        jobs = self._registry.queues().get(queue, [])
        starters = [known for known in jobs if known.job.starts_queue] or [k for k in jobs if k.job.missing]
        if not starters and not queue_of(queue).startable:
            raise Refused(400, f"Invalid job name: {queue}")
        if await self._db.fetchval(
            "SELECT true FROM job_request WHERE queue = $1 AND started_at IS NOT NULL AND failed_at IS NULL LIMIT 1",
            queue,
        ):
            raise Refused(400, "Job is already running")
        for known in starters:
            if known.enabled:
                await self._start(known, force)

    async def request_missing(self, plugin: str) -> list[str]:
        """Run the jobs of a plugin on what they have missed, as after it was switched on; names them."""
        missed = [k for k in self._registry.all() if k.plugin == plugin and k.job.missing and k.enabled]
        for known in missed:
            await self._start(known, force=False)
        return [known.name for known in missed]

    async def _start(self, known: Known, force: bool | None) -> None:
        cause = {True: "all", False: "missing", None: "refresh"}[force]
        if known.job.missing is None and known.job.everything is None:
            await self._outbox.request(known.name, cause=cause, force=bool(force))
            return
        new = NewJob(
            job=FAN_OUT,
            queue=known.job.queue,
            arguments={"job": known.name, "cause": cause},
            unique_key=known.name,
            cause=cause,
            force=bool(force),
        )
        async with self._db.transaction():
            await self._outbox.enqueue([new])

    async def _fan_out(self, ctx: JobContext, *, job: str, cause: str) -> Outcome:
        """Request a job for its assets, in pages; safe to repeat, as equal requests that wait are one."""
        known = self._registry.get(job)
        if known is None or not known.enabled:
            return Outcome.SKIPPED
        page: list[UUID] = []
        requested = 0
        async for asset_id in self._targets(ctx, known.job, cause):
            page.append(asset_id)
            if len(page) == _PAGE:
                requested += await self._outbox.request_many(job, page, cause=cause, force=ctx.force)
                page = []
        requested += await self._outbox.request_many(job, page, cause=cause, force=ctx.force)
        return Outcome.DONE if requested else Outcome.SKIPPED

    def _targets(self, ctx: JobContext, job: Job, cause: str) -> AsyncIterator[UUID]:
        if cause == "missing" and job.missing is not None:
            return job.missing(ctx.host)
        if job.everything is not None:
            return job.everything(ctx.host)
        return self._all_assets()

    async def _all_assets(self) -> AsyncIterator[UUID]:
        async for row in self._db.stream("SELECT id FROM asset WHERE deleted_at IS NULL ORDER BY id"):
            yield row["id"]

    async def run_manual(self, name: str, **arguments: Any) -> bool:
        """Request the jobs that carry Immich's manual name; False where no enabled one does."""
        found = [k for k in self._registry.all() if k.enabled and k.job.manual == name]
        for known in found:
            await self._outbox.request(known.name, cause="manual", **arguments)
        return bool(found)

    async def pause(self, queue: str) -> None:
        """Start none of a queue's jobs in any process; running ones finish. Holds across restarts."""
        await self._set_paused(queue, is_paused=True)

    async def resume(self, queue: str) -> None:
        """Go on with a paused queue."""
        await self._set_paused(queue, is_paused=False)

    async def _set_paused(self, queue: str, *, is_paused: bool) -> None:
        await self._db.execute(
            """INSERT INTO queue_state (name, is_paused) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET is_paused = excluded.is_paused""",
            queue,
            is_paused,
        )

    async def empty(self, queue: str) -> int:
        """Forget what waits in a queue, delayed jobs too; answers how many."""
        gone = await self._db.execute(
            "DELETE FROM job_request WHERE queue = $1 AND started_at IS NULL AND failed_at IS NULL", queue
        )
        if self._transport is not None:
            await self._transport.discard(queue)
        return int(gone.split()[-1])

    async def clear_failed(self, queue: str) -> int:
        """Forget a queue's failed jobs; answers how many."""
        gone = await self._db.execute("DELETE FROM job_request WHERE queue = $1 AND failed_at IS NOT NULL", queue)
        return int(gone.split()[-1])

    async def retry_failed(self, queue: str) -> int:
        """Try a queue's failed jobs again, each with all its attempts; answers how many.

        One whose equal waits already is forgotten. What has let its photo pass runs alone, without a chain.
        """
        async with self._db.transaction():
            await self._db.execute(
                """DELETE FROM job_request AS failed USING job_request AS waiting
                   WHERE failed.queue = $1 AND failed.failed_at IS NOT NULL AND waiting.job = failed.job
                     AND waiting.unique_key = failed.unique_key AND waiting.started_at IS NULL
                     AND waiting.failed_at IS NULL""",
                queue,
            )
            rows = await self._db.fetch(
                """UPDATE job_request SET failed_at = NULL, started_at = NULL, beat_at = NULL, error = NULL,
                     attempts = 0, run_at = now() WHERE queue = $1 AND failed_at IS NOT NULL RETURNING id, job""",
                queue,
            )
            self._outbox.hand_after_commit([Ticket(row["id"], row["job"], queue, 0) for row in rows])
        return len(rows)
