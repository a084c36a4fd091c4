"""Running one requested job: claim, run, and whatever follows from how it ends, in one transaction."""

import asyncio
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import StrEnum
from typing import Any
from uuid import UUID

import structlog

from immich_host.jobs import endings, store
from immich_host.jobs.commands import FAN_OUT
from immich_host.jobs.context import Context, Stop, Stopped
from immich_host.jobs.elsewhere import AGAIN_SECONDS, Elsewhere
from immich_host.jobs.endings import Owed
from immich_host.jobs.memory import resident
from immich_host.jobs.metrics import ENDED, SECONDS
from immich_host.jobs.milestones import fact_of, survives_failure
from immich_host.jobs.pace import Pace
from immich_host.jobs.registry import Known, Registry
from immich_host.jobs.requests import Outbox
from immich_host.jobs.results import Recipe, Results
from immich_host.jobs.running import RUN, Running, another_first
from immich_host.jobs.store import Run
from immich_host.jobs.tending import Tending
from immich_host.plugin_api import Host, Outcome
from immich_host.plugin_api.database import Database
from immich_host.plugin_api.errors import JobFailed, TryLater

log = structlog.get_logger("jobs")

RETRY_SECONDS = 2.0
"""Before the second try; four times as long before each further one."""

_ERROR_CHARACTERS = 4000
_GIVE_WAY_SECONDS = 1.0
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
    CANCELLED = "cancelled"
    ELSEWHERE = "elsewhere"


class Executor:
    """Runs rows in this process; shared by workers and by the test kit's `drain`."""

    def __init__(
        self,
        db: Database,
        registry: Registry,
        outbox: Outbox,
        results: Results,
        elsewhere: Elsewhere,
        pace: Pace,
        host: Callable[[], Host],
        *,
        retry_seconds: float = RETRY_SECONDS,
        max_threads: int = 32,
    ) -> None:
        """`host` is asked at each run, as it is made after this room."""
        self._db = db
        self._registry = registry
        self._outbox = outbox
        self._results = results
        self._elsewhere = elsewhere
        self._pace = pace
        self._host = host
        self._retry_seconds = retry_seconds
        self._threads = ThreadPoolExecutor(max_threads, thread_name_prefix="job")
        self.max_threads = max_threads
        self.lost_threads: set[Future[Any]] = set()
        """Work of runs that are over, which goes on in a thread because nothing can stop it."""
        self.running: dict[UUID, Running] = {}
        self._contexts: dict[UUID, Context] = {}
        self._tending = Tending(db, registry)
        self.stopping = False
        self.last_error: BaseException | None = None

    async def execute(self, row_id: UUID, *, retry: bool = True) -> End:
        """Run the job of a row, unless it is gone, not due, or running elsewhere (`ABSENT`)."""
        run = await store.claim(self._db, row_id)
        if run is None:
            return End.ABSENT
        known = self._registry.get(run.job)
        unable = self._unable(run)
        if known is None or unable:
            return await self._leave(run, unable or run.job)
        tries = known.job.retries + 1
        if run.tries > tries:
            reason = run.ended_by or f"its worker process ended {run.deaths} times while running it"
            return await self._fail_for_good(run, reason)
        if run.is_suspect and another_first(self.running.values(), time.monotonic()):
            return await self._give_way(run)
        self.running[run.id] = Running(run.id, run.job, time.monotonic(), resident(), run.is_suspect)
        self._contexts[run.id] = Context(run, self._host(), self._threads, self.lost_threads)
        running = RUN.set(run.id)
        with structlog.contextvars.bound_contextvars(job=run.job, correlation=run.correlation):
            try:
                return await self._attempt(run, known, tries if retry else 0)
            finally:
                RUN.reset(running)
                del self.running[run.id], self._contexts[run.id]

    def _unable(self, run: Run) -> str | None:
        """The job that this process cannot run, if any; of a start over all assets, the job to start."""
        names = [run.job, run.arguments["job"]] if run.job == FAN_OUT else [run.job]
        return next((name for name in names if not self._is_able(name)), None)

    def _is_able(self, job: str) -> bool:
        known = self._registry.get(job)
        return known is not None and known.enabled

    async def _leave(self, run: Run, job: str) -> End:
        """Drop what is off; what another process can run, which may be busy, is left to it."""
        if await self._elsewhere.is_droppable(job):
            await self._finish(run)
            return End.DROPPED
        ticket = await store.postpone(self._db, run, None, AGAIN_SECONDS, attempts=run.attempts - 1)
        self._outbox.hand_after_commit([ticket] if ticket else [])
        return End.ELSEWHERE

    async def _give_way(self, run: Run) -> End:
        """Two that may both have been the reason for a process's end run one after the other."""
        ticket = await store.postpone(self._db, run, None, _GIVE_WAY_SECONDS, attempts=run.attempts - 1)
        self._outbox.hand_after_commit([ticket] if ticket else [])
        return End.RETRIED

    async def _attempt(self, run: Run, known: Known, tries: int) -> End:
        """Run it once; it may have `tries` in all, 0 where this one is the last whatever comes of it."""
        started = time.monotonic()
        await self._outbox.publish("job_started", job=run.job, queue=run.queue, arguments=run.arguments)
        try:
            if run.is_suspect:
                await store.suspect(self._db, run)
            # as of the start: what changes while the job runs makes its result stale
            recipe = self._results.recipe(known) if "asset_id" in run.arguments else None
            outcome = await self._call(run, known)
        except asyncio.CancelledError:
            if not self.stopping:
                raise
            await store.postpone(self._db, run, None, 0.0, attempts=run.attempts - 1)
            return End.GIVEN_BACK
        except Stopped as stopped:
            end = await self._stopped(run, stopped.why)
        except Exception as error:
            if await self._tending.is_erased(self._contexts[run.id]):  # what it missed is no fault
                end = await self._stopped(run, Stop.ERASED)
            else:
                self.last_error = error
                end = await self._failed(run, error, tries)
        else:
            if not await self._finish(run, recipe, outcome):
                return End.ABSENT
            end = End(outcome.value)
            await self._outbox.publish(
                "job_finished", job=run.job, queue=run.queue, arguments=run.arguments, outcome=outcome.value
            )
        if end not in {End.ABSENT, End.RETRIED}:
            self._pace.count(run.queue, started, failed=end is End.FAILED)
        seconds = time.monotonic() - started
        ENDED.labels(run.job, end.value).inc()
        SECONDS.labels(run.queue).observe(seconds)
        if run.unique_key is not None and seconds > _BLOCKING_SECONDS:
            next_of_it = await store.waiting_equal(self._db, run)
            self._outbox.hand_after_commit([next_of_it] if next_of_it else [])
        return end

    async def _call(self, run: Run, known: Known) -> Outcome:
        try:
            return await self._contexts[run.id].call(known.job)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            msg = "something that the job waited for was cancelled"  # nobody has cancelled the run itself
            raise RuntimeError(msg) from error
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:  # `sys.exit` or a panic in Rust: the job's own end, not the process's
            msg = f"{type(error).__name__}: {error}"
            raise RuntimeError(msg) from error

    async def _stopped(self, run: Run, why: Stop) -> End:
        log.info("a job was stopped", reason=why.value, arguments=run.arguments)
        if why is Stop.TAKEN:
            return End.ABSENT
        if why is Stop.OFF:
            await self._finish(run)
            return End.DROPPED
        if why is Stop.ERASED:
            await endings.finish(self._db, run)
        else:
            await endings.forget(self._db, run)
        await self._outbox.publish(
            "job_finished", job=run.job, queue=run.queue, arguments=run.arguments, outcome=End.CANCELLED.value
        )
        return End.CANCELLED

    async def _finish(self, run: Run, recipe: Recipe | None = None, outcome: Outcome = Outcome.SKIPPED) -> bool:
        """Done, skipped and dropped alike: the row goes, and the milestone is reached that it or a failure owes."""
        async with self._db.transaction():
            if recipe is None:
                end = await endings.finish(self._db, run)
            else:
                end = await self._results.finish(run, recipe, outcome)
            if end.owed is not None:
                await self._reach(run, end.owed)
        return end.is_finished

    async def _reach(self, run: Run, owed: Owed) -> None:
        await self._outbox.publish(
            fact_of(owed.milestone),
            asset_id=run.arguments.get("asset_id"),
            owner_id=owed.owner_id,
            cause=owed.cause,
        )

    async def _failed(self, run: Run, error: Exception, tries: int) -> End:
        if tries and isinstance(error, TryLater):
            log.warning("job waits for what is away", seconds=error.seconds, error=repr(error))
            return await self._again(run, error, error.seconds, attempts=run.attempts - 1)
        if run.tries < tries and not isinstance(error, JobFailed):
            delay = self._retry_seconds * 4 ** (run.tries - 1)
            log.warning("job failed, will be tried again", attempt=run.tries, seconds=delay, error=repr(error))
            return await self._again(run, error, delay, attempts=run.attempts)
        log.error("job failed for good", attempt=run.tries, arguments=run.arguments, exc_info=error)
        return await self._fail_for_good(run, describe(error))

    async def _again(self, run: Run, error: Exception, delay: float, *, attempts: int) -> End:
        ticket = await store.postpone(self._db, run, describe(error), delay, attempts=attempts)
        if ticket:
            self._outbox.hand_after_commit([ticket])
        return End.RETRIED

    async def _fail_for_good(self, run: Run, error: str) -> End:
        passed = None
        if run.chain and run.provides and survives_failure(run.provides):
            passed = Owed(run.provides, run.cause, run.owner_id)
        async with self._db.transaction():
            if not await endings.fail(self._db, run, error, passed=passed is not None):
                return End.ABSENT
            if passed is not None:
                await self._reach(run, passed)
        await self._outbox.publish(
            "job_failed", job=run.job, queue=run.queue, arguments=run.arguments, error=error.strip().splitlines()[-1]
        )
        return End.FAILED

    async def beat(self, older_than: float) -> None:
        """Look after every run that has lasted `older_than` seconds, and say what has ended."""
        now = time.monotonic()
        lasting = [context for context in self._contexts.values() if now - context.started >= older_than]
        if lasting:
            await self._tending.tend(lasting)
        await self._pace.flush()

    def close(self) -> None:
        """Let go of the threads; work in them that cannot be stopped ends with the process."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def describe(error: Exception) -> str:
    """What is kept of an error: the reason alone where the job gave one, else the traceback's end."""
    if isinstance(error, JobFailed | TryLater):
        return str(error) or "failed"
    text = "".join(traceback.format_exception(error))
    return text[-_ERROR_CHARACTERS:].replace("\0", "")
