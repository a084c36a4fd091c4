"""Running one requested job: claim, run, and whatever follows from how it ends, in one transaction."""

import asyncio
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from uuid import UUID

import structlog

from immich_host.jobs import store
from immich_host.jobs.context import Context
from immich_host.jobs.metrics import ENDED, SECONDS
from immich_host.jobs.milestones import fact_of, survives_failure
from immich_host.jobs.registry import Known, Registry
from immich_host.jobs.requests import Outbox
from immich_host.jobs.store import Run
from immich_host.plugin_api import Host, Outcome
from immich_host.plugin_api.database import Database
from immich_host.plugin_api.errors import JobFailed

log = structlog.get_logger("jobs")

RETRY_SECONDS = 2.0
"""Before the second try; four times as long before each further one."""

_ERROR_CHARACTERS = 4000
_BLOCKING_SECONDS = 0.5
"""Where a run lasted longer, an equal request may have been turned away meanwhile."""


class End(StrEnum):
    """How executing a row ended."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    RETRIED = "retried"
    DROPPED = "dropped"
    ABSENT = "absent"
    GIVEN_BACK = "given back"


class Executor:
    """Runs rows in this process; shared by workers and by the test kit's `drain`."""

    def __init__(
        self,
        db: Database,
        registry: Registry,
        outbox: Outbox,
        host: Callable[[], Host],
        *,
        retry_seconds: float = RETRY_SECONDS,
        max_threads: int = 32,
    ) -> None:
        """`host` is asked at each run, as it is made after this room."""
        self._db = db
        self._registry = registry
        self._outbox = outbox
        self._host = host
        self._retry_seconds = retry_seconds
        self._threads = ThreadPoolExecutor(max_threads, thread_name_prefix="job")
        self.running: dict[UUID, float] = {}
        self.stopping = False
        self.last_error: BaseException | None = None

    async def execute(self, row_id: UUID, *, retry: bool = True) -> End:
        """Run the job of a row, unless it is gone, not due, or running elsewhere (`ABSENT`)."""
        run = await store.claim(self._db, row_id)
        if run is None:
            return End.ABSENT
        known = self._registry.get(run.job)
        if known is None or not known.enabled:
            await self._finish(run)
            return End.DROPPED
        tries = known.job.retries + 1
        if run.attempts > tries:
            return await self._fail_for_good(run, f"its worker process ended {tries} times while running it")
        self.running[run.id] = time.monotonic()
        with structlog.contextvars.bound_contextvars(job=run.job, correlation=run.correlation):
            try:
                return await self._attempt(run, known, retry=retry and run.attempts < tries)
            finally:
                del self.running[run.id]

    async def _attempt(self, run: Run, known: Known, *, retry: bool) -> End:
        started = time.monotonic()
        await self._outbox.publish("job_started", job=run.job, queue=run.queue, arguments=run.arguments)
        try:
            outcome = await self._call(run, known)
        except asyncio.CancelledError:
            if not self.stopping:
                raise
            await store.postpone(self._db, run, None, 0.0, attempts=run.attempts - 1)
            return End.GIVEN_BACK
        except Exception as error:
            self.last_error = error
            end = await self._failed(run, error, retry=retry)
        else:
            if not await self._finish(run):
                return End.ABSENT
            end = End(outcome.value)
            await self._outbox.publish(
                "job_finished", job=run.job, queue=run.queue, arguments=run.arguments, outcome=outcome.value
            )
        seconds = time.monotonic() - started
        ENDED.labels(run.job, end.value).inc()
        SECONDS.labels(run.queue).observe(seconds)
        if run.unique_key is not None and seconds > _BLOCKING_SECONDS:
            next_of_it = await store.waiting_equal(self._db, run)
            self._outbox.hand_after_commit([next_of_it] if next_of_it else [])
        return end

    async def _call(self, run: Run, known: Known) -> Outcome:
        limit = known.job.time_limit
        context = Context(run, self._host(), self._threads)
        scope = asyncio.timeout(limit)
        try:
            async with scope:
                return Outcome(await known.job.run(context, **run.arguments))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            msg = "something that the job waited for was cancelled"  # nobody has cancelled the run itself
            raise RuntimeError(msg) from error
        except TimeoutError as error:
            if scope.expired():
                msg = f"took longer than its time limit of {limit:g} seconds"
                raise TimeoutError(msg) from error
            raise
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:  # `sys.exit` or a panic in Rust: the job's own end, not the process's
            msg = f"{type(error).__name__}: {error}"
            raise RuntimeError(msg) from error

    async def _finish(self, run: Run) -> bool:
        """Done, skipped and dropped alike: the row goes, and its milestone is reached."""
        async with self._db.transaction():
            finished = await store.finish(self._db, run)
            if finished and run.chain and run.provides:
                await self._reach(run)
        return finished

    async def _reach(self, run: Run) -> None:
        await self._outbox.publish(
            fact_of(run.provides or ""),
            asset_id=run.arguments.get("asset_id"),
            owner_id=run.owner_id,
            cause=run.cause,
        )

    async def _failed(self, run: Run, error: Exception, *, retry: bool) -> End:
        if retry and not isinstance(error, JobFailed):
            delay = self._retry_seconds * 4 ** (run.attempts - 1)
            log.warning("job failed, will be tried again", attempt=run.attempts, seconds=delay, error=repr(error))
            ticket = await store.postpone(self._db, run, describe(error), delay, attempts=run.attempts)
            if ticket:
                self._outbox.hand_after_commit([ticket])
            return End.RETRIED
        log.error("job failed for good", attempt=run.attempts, arguments=run.arguments, exc_info=error)
        return await self._fail_for_good(run, describe(error))

    async def _fail_for_good(self, run: Run, error: str) -> End:
        passes = bool(run.chain and run.provides and survives_failure(run.provides))
        async with self._db.transaction():
            if not await store.fail(self._db, run, error, chain=run.chain and not passes):
                return End.ABSENT
            if passes:
                await self._reach(run)
        await self._outbox.publish(
            "job_failed", job=run.job, queue=run.queue, arguments=run.arguments, error=error.strip().splitlines()[-1]
        )
        return End.FAILED

    async def beat(self, older_than: float) -> None:
        """Say of every run that has lasted `older_than` seconds that it is alive."""
        now = time.monotonic()
        ids = [row_id for row_id, started in self.running.items() if now - started >= older_than]
        if ids:
            await store.beat(self._db, ids)

    def close(self) -> None:
        """Let go of the threads; work in them that cannot be stopped ends with the process."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def describe(error: Exception) -> str:
    """What is kept of an error: the reason alone where the job gave one, else the traceback's end."""
    if isinstance(error, JobFailed):
        return str(error) or "failed"
    text = "".join(traceback.format_exception(error))
    return text[-_ERROR_CHARACTERS:].replace("\0", "")
