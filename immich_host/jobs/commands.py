"""What an admin does with queues: start, pause, resume, empty, clear and retry failures, manual jobs."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal
from uuid import UUID

from immich_host.jobs.queues import queue_of
from immich_host.jobs.registry import Known, Registry
from immich_host.jobs.requests import Outbox
from immich_host.jobs.results import Results
from immich_host.jobs.store import NewJob
from immich_host.jobs.transport import Transport
from immich_host.plugin_api import Job, JobContext, Outcome, Refused
from immich_host.plugin_api.database import Database

FAN_OUT = "host.fan_out"
"""The job behind "run on all" and "run on missing"; it runs in the queue that was started."""

Which = Literal["all", "missing", "refresh", "stale"]
"""What a queue is started on; "refresh" is all, for jobs that then keep what is still good."""

_PAGE = 1000


class Commands:
    """Acts on rows; every process follows within a second."""

    def __init__(
        self, db: Database, registry: Registry, outbox: Outbox, results: Results, transport: Transport | None
    ) -> None:
        self._db = db
        self._registry = registry
        self._outbox = outbox
        self._results = results
        self._transport = transport
        registry.add(Job("fan_out", self._fan_out, queue="backgroundTask", unique="job"))

    async def start(self, queue: str, which: Which) -> None:
        """Run a queue's job on all assets, those without a result, or those with a stale one.

        The job sees which by its cause; it is forced for `all` and `stale`. A queue whose jobs are all off
        stays idle.

        Raises:
            Refused: 400 where the queue is at work, or cannot be started.
        """
        starters = self._starters(queue, which)
        if not starters and not queue_of(queue).startable:
            raise Refused(400, f"Invalid job name: {queue}")
        if await self._db.fetchval(
            "SELECT true FROM job_request WHERE queue = $1 AND started_at IS NOT NULL AND failed_at IS NULL LIMIT 1",
            queue,
        ):
            raise Refused(400, "Job is already running")
        for known in starters:
            if known.enabled:
                await self._start(known, which)

    def _starters(self, queue: str, which: Which) -> list[Known]:
        jobs = self._registry.queues().get(queue, [])
        if which == "stale":
            return [known for known in jobs if known.job.made_by]
        return [known for known in jobs if known.job.starts_queue] or [known for known in jobs if known.job.missing]

    async def request_missing(self, plugin: str) -> list[str]:
        """Run the jobs of a plugin on what they have missed, as after it was switched on; names them."""
        missed = [k for k in self._registry.all() if k.plugin == plugin and k.job.missing and k.enabled]
        for known in missed:
            await self._start(known, "missing")
        return [known.name for known in missed]

    async def _start(self, known: Known, which: Which) -> None:
        force = which in {"all", "stale"}
        job = known.job
        if not (job.missing or job.everything or job.after or job.made_by):  # its work is not on assets
            await self._outbox.request(known.name, cause=which, force=force)
            return
        new = NewJob(
            job=FAN_OUT,
            queue=known.job.queue,
            arguments={"job": known.name, "cause": which},
            unique_key=known.name,
            cause=which,
            force=force,
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
        async for asset_id in self._targets(ctx, known, cause):
            page.append(asset_id)
            if len(page) == _PAGE:
                requested += await self._outbox.request_many(job, page, cause=cause, force=ctx.force)
                page = []
        requested += await self._outbox.request_many(job, page, cause=cause, force=ctx.force)
        return Outcome.DONE if requested else Outcome.SKIPPED

    def _targets(self, ctx: JobContext, known: Known, cause: str) -> AsyncIterator[UUID]:
        job = known.job
        if cause == "stale":
            return self._results.stale(known)
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
        """Forget what waits in a queue, delayed jobs too, and cancel what runs; answers how many.

        A job that runs is gone once its process has ended it, within seconds.
        """
        ended = await self._db.fetchval(
            """WITH gone AS (DELETE FROM job_request WHERE queue = $1 AND started_at IS NULL AND failed_at IS NULL
                             RETURNING 1),
                    cancelled AS (UPDATE job_request SET cancelled_at = now()
                                  WHERE queue = $1 AND started_at IS NOT NULL AND failed_at IS NULL RETURNING 1)
               SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM cancelled)""",
            queue,
        )
        if self._transport is not None:
            await self._transport.discard(queue)
        return ended

    async def cancel(self, ids: Sequence[UUID]) -> int:
        """End jobs that run, and forget those that wait; answers how many."""
        return await self._db.fetchval(
            """WITH gone AS (DELETE FROM job_request WHERE id = ANY($1) AND started_at IS NULL AND failed_at IS NULL
                             RETURNING 1),
                    cancelled AS (UPDATE job_request SET cancelled_at = now()
                                  WHERE id = ANY($1) AND started_at IS NOT NULL AND failed_at IS NULL RETURNING 1)
               SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM cancelled)""",
            list(ids),
        )
