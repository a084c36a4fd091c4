"""A worker process: consumes every queue that has jobs until it is told to stop."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import suppress
from typing import Any
from uuid import uuid4

import redis
import redis.asyncio
import structlog
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from immich_host.db.errors import DATABASE_FAILS
from immich_host.db.notices import Notices
from immich_host.jobs.commands import FAN_OUT
from immich_host.jobs.consumption import QueueWorker
from immich_host.jobs.execution import End
from immich_host.jobs.heartbeat import Heartbeat
from immich_host.jobs.plugin_actors import start_plugin_actors
from immich_host.jobs.queues import concurrency_of
from immich_host.jobs.room import Jobs
from immich_host.jobs.schedule import Schedule
from immich_host.jobs.scripts import WAKE
from immich_host.jobs.store import STALE, Ticket
from immich_host.jobs.sweep import DELIVER_SECONDS, EVERY_SECONDS, Sweep
from immich_host.jobs.watchdog import Watchdog

log = structlog.get_logger("jobs")

GRACE_SECONDS = 10.0
"""How long running jobs may go on after the process is told to stop."""

_BEAT_SECONDS = 1.5
_STATES_SECONDS = 30.0
_BLOCKED_TRIES = 8
_DATABASE_TRIES = 60


type Finish = Callable[[Collection[asyncio.Task[Any]]], Awaitable[None]]
"""Waits for tasks to end by themselves, as long as they may."""


class WorkerProcess:
    """Runs jobs of every queue on the event loop it is created in."""

    def __init__(self, jobs: Jobs, notices: Notices) -> None:
        if jobs.redis_url is None or jobs.transport is None:
            msg = "a worker process needs Valkey"
            raise ValueError(msg)
        self._jobs = jobs
        self._transport = jobs.transport
        self._loop = asyncio.get_running_loop()
        self._closing = False
        self._paused: frozenset[str] = frozenset()
        self._runs: set[asyncio.Task[Any]] = set()
        self._sweep = Sweep(jobs.db, jobs.registry, jobs.outbox, jobs.transport, jobs.elsewhere)
        self._changed = asyncio.Event()
        self._lost = asyncio.Event()
        self._watchdog = Watchdog(jobs.executor, notices.url, memory=jobs.settings.memory)
        self._client = redis.Redis.from_url(jobs.redis_url, socket_timeout=5, retry=Retry(NoBackoff(), 1))
        self._id = str(uuid4())
        self._workers = {queue: self._worker(queue, names) for queue, names in self._actors().items()}
        self._heartbeat = Heartbeat(self._client, self._id, list(self._workers), self._tell_lost)
        for table in ("queue_state", "system_metadata", "plugin_state"):
            notices.subscribe(table, lambda _ids: self._changed.set())

    def _worker(self, queue: str, names: set[str]) -> QueueWorker:
        return QueueWorker(queue, names, self._run_in_loop, client=self._client, worker_id=self._id)

    async def take_in(self) -> None:
        """Consume what plugins bring that have come since; what is gone leaves nothing to consume."""
        fresh: list[str] = []
        for queue, names in self._actors().items():
            if queue in self._workers:
                self._workers[queue].add(names)
            else:
                self._workers[queue] = self._worker(queue, names)
                fresh.append(queue)
        self._heartbeat.add(fresh)
        await self._apply_states()

    def _actors(self) -> dict[str, set[str]]:
        queues = {queue: {known.name for known in jobs} for queue, jobs in self._jobs.registry.queues().items()}
        return {queue: names | {FAN_OUT} for queue, names in queues.items()}

    async def run(
        self, stop: asyncio.Event, *, finish: Finish | None = None, ready: Callable[[], None] = lambda: None
    ) -> None:
        """Work until `stop` is set, then let running jobs end, give back the rest, and return.

        Args:
            stop: Set when the process shall end.
            finish: Waits for running jobs as long as they may go on; `GRACE_SECONDS` unless given.
            ready: Called once queues are consumed.
        """
        self._heartbeat.start()
        actors = await asyncio.to_thread(start_plugin_actors, self._jobs.hosting, self._jobs.redis_url or "")
        await self._apply_states()
        schedule = Schedule(self._jobs.db, self._jobs.registry, self._jobs.outbox, self._jobs.settings.cron)
        tasks = [
            asyncio.create_task(_for_ever(work), name=f"jobs {work.__name__}")
            for work in (self._watch_states, self._watch_wakes, self._watch_losses, self._sweep_at_times,
                         self._deliver_at_times, self._beat, schedule.run)
        ]  # fmt: skip
        self._watchdog.start()
        log.info("worker ready", queues=len(self._workers))
        ready()
        try:
            await stop.wait()
        finally:
            if actors is not None:
                await asyncio.to_thread(actors.stop, int(GRACE_SECONDS * 1000))
            await self._stop(tasks, finish or _graceful)

    async def _stop(self, tasks: list[asyncio.Task[None]], finish: Finish) -> None:
        self._closing = True
        for worker in self._workers.values():
            worker.set(is_open=False, concurrency=worker.gate.concurrency)
        if self._runs:
            log.info("waiting for running jobs", jobs=len(self._runs))
            await finish(list(self._runs))
        self._jobs.executor.stopping = True
        for run in self._runs:
            run.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._runs, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                # acknowledging happens in Dramatiq's threads, which have no event to wait for
                while any(worker.gate.taken for worker in self._workers.values()):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        self._heartbeat.stop()
        self._watchdog.stop()
        await self._jobs.close()

    def _tell_lost(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: the process is at its end
            self._loop.call_soon_threadsafe(self._lost.set)

    # -- running

    def _run_in_loop(self, message_id: str) -> bool:
        """In a thread of Dramatiq's: run on the loop and wait; True puts the message back."""
        work: Coroutine[Any, Any, bool] = self._run(message_id)
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except RuntimeError:  # the loop is closed: the process is at its end
            work.close()
            return True

    async def _run(self, message_id: str) -> bool:
        if self._closing:
            return True
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - coroutines handed to a loop run in tasks
        self._runs.add(task)
        try:
            return await self._execute(message_id)
        except asyncio.CancelledError:
            return True
        finally:
            self._runs.discard(task)

    async def _execute(self, message_id: str) -> bool:
        row_id, tries = Ticket.parse(message_id)
        for _ in range(_DATABASE_TRIES):
            try:
                end = await self._jobs.executor.execute(row_id)
                if end is End.ABSENT:
                    await self._look_again(message_id, tries)
            except DATABASE_FAILS as error:
                log.warning("the database failed around a job; trying again", error=repr(error))
                await asyncio.sleep(1.0)
                continue
            return end is End.GIVEN_BACK
        return False

    async def _look_again(self, message_id: str, tries: int) -> None:
        """What blocks a row may be a process that died a moment ago: try until that is certain."""
        row_id, _ = Ticket.parse(message_id)
        row = await self._jobs.db.fetchrow(
            """SELECT job, queue, attempts FROM job_request
               WHERE id = $1 AND failed_at IS NULL AND run_at <= now() + interval '0.01 seconds'""",
            row_id,
        )
        if row is not None and tries < _BLOCKED_TRIES:
            delay = (STALE + 1) / _BLOCKED_TRIES
            await self._transport.hand([Ticket(row_id, row["job"], row["queue"], row["attempts"], delay, tries + 1)])

    # -- watching

    async def _apply_states(self) -> None:
        rows = await self._jobs.db.fetch("SELECT name FROM queue_state WHERE is_paused")
        paused = frozenset(row["name"] for row in rows)
        for queue, worker in self._workers.items():
            concurrency = concurrency_of(queue, self._jobs.settings.concurrency(queue))
            if not self._closing:
                worker.set(is_open=queue not in paused, concurrency=concurrency)
        if paused != self._paused:
            self._paused = paused
            log.info("paused queues", names=sorted(paused))

    async def _watch_states(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_STATES_SECONDS):
                await self._changed.wait()
        self._changed.clear()
        await self._apply_states()
        await asyncio.sleep(0.3)  # the settings' own copy may have been a moment behind the notice
        await self._apply_states()

    async def _watch_wakes(self) -> None:
        client = redis.asyncio.Redis.from_url(self._jobs.redis_url or "")
        try:
            async with client.pubsub(ignore_subscribe_messages=True) as pubsub:
                await pubsub.subscribe(WAKE)
                for worker in self._workers.values():
                    worker.gate.wake()
                async for message in pubsub.listen():
                    worker = self._workers.get(message["data"].decode())
                    if worker is not None:
                        worker.gate.wake()
        finally:
            await client.aclose()

    async def _watch_losses(self) -> None:
        await self._lost.wait()
        self._lost.clear()
        await self._sweep.sweep()

    async def _sweep_at_times(self) -> None:
        await self._sweep.sweep()
        await asyncio.sleep(STALE + 2)
        await self._sweep.sweep()  # by now it is certain which runs died with the last start
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self._sweep.turn()

    async def _deliver_at_times(self) -> None:
        await asyncio.sleep(DELIVER_SECONDS)
        if delivered := await self._sweep.deliver():
            log.info("facts delivered that a process had left", facts=delivered)

    async def _beat(self) -> None:
        await asyncio.sleep(_BEAT_SECONDS)
        await self._jobs.executor.beat(_BEAT_SECONDS / 2)


async def _for_ever(work: Any) -> None:
    """Repeat `work`; when a server is away, log and go on in a second."""
    while True:
        try:
            await work()
        except (*DATABASE_FAILS, RedisError) as error:
            log.warning("background work of jobs failed", work=work.__name__, error=repr(error))
            await asyncio.sleep(1.0)
        except Exception:
            log.exception("background work of jobs failed", work=work.__name__)
            await asyncio.sleep(5.0)


async def _graceful(runs: Collection[asyncio.Task[Any]]) -> None:
    await asyncio.wait(runs, timeout=GRACE_SECONDS)


async def run_worker(
    jobs: Jobs, notices: Notices, stop: asyncio.Event, *, grace_seconds: float = GRACE_SECONDS
) -> None:
    """Consume jobs until `stop` is set (by SIGTERM); the main of a worker process, once the kernel is booted.

    Closes `jobs` at the end. A job's thread that does not end keeps the interpreter from exiting.
    """

    async def finish(runs: Collection[asyncio.Task[Any]]) -> None:
        await asyncio.wait(runs, timeout=grace_seconds)

    await WorkerProcess(jobs, notices).run(stop, finish=finish)
