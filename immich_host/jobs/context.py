"""What a running job is given beside its arguments."""

import asyncio
import contextvars
import functools
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from immich_host.jobs.store import Run
from immich_host.plugin_api import Host, Job, Outcome


class Stop(StrEnum):
    """Why a run is ended before its end."""

    CANCELLED = "it was cancelled"
    ERASED = "its asset was erased"
    OFF = "its plugin was switched off"
    TAKEN = "another process runs it"


class Stopped(Exception):
    """A run was ended; `why` says what for."""

    def __init__(self, why: Stop) -> None:
        super().__init__(why)
        self.why = why


class Context:
    """Implements `JobContext` for one run."""

    def __init__(self, run: Run, host: Host, threads: Executor, lost: set[Future[Any]]) -> None:
        self.run = run
        self.started = time.monotonic()
        self.told: str | None = None
        """How far it is, as JSON."""
        self.stopped: Stop | None = None
        self.asset_seen = False
        self.off_since: float | None = None
        self._host = host
        self._threads = threads
        self._lost = lost
        self._scope: asyncio.Timeout | None = None
        self._over = False

    @property
    def host(self) -> Host:
        """The host's ports."""
        return self._host

    @property
    def job(self) -> str:
        """Full name."""
        return self.run.job

    @property
    def cause(self) -> str:
        """What started it."""
        return self.run.cause

    @property
    def attempt(self) -> int:
        """1 for the first try."""
        return self.run.attempts

    @property
    def force(self) -> bool:
        """Do the work even where a result is there already."""
        return self.run.force

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the work any more."""
        return self._over or self.stopped is not None

    @property
    def asset_id(self) -> UUID | None:
        """The asset that it works on, where it is one."""
        asset_id = self.run.arguments.get("asset_id")
        return asset_id if isinstance(asset_id, UUID) else None

    async def progress(self, done: float, total: float, note: str = "") -> None:
        """Remember how far the job is; the next sign of life takes it to the job's row."""
        self.told = orjson.dumps({"done": done, "total": total, "note": note}).decode()

    def stop(self, why: Stop) -> None:
        """Cancel the job, once; on the event loop."""
        if self._over or self.stopped is not None:
            return
        self.stopped = why
        if self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())

    async def call(self, job: Job) -> Outcome:
        """Run the job within its time limit.

        Raises:
            Stopped: It was ended by `stop`, whatever it made of that.
            TimeoutError: It took too long.
        """
        try:
            async with asyncio.timeout(job.time_limit) as self._scope:
                if self.stopped is not None:
                    raise Stopped(self.stopped)
                return Outcome(await job.run(self, **self.run.arguments))
        except Exception as error:
            if self.stopped is not None:
                raise Stopped(self.stopped) from error
            if isinstance(error, TimeoutError) and self._scope is not None and self._scope.expired():
                msg = f"took longer than its time limit of {job.time_limit:g} seconds"
                raise TimeoutError(msg) from error
            raise
        finally:
            self._over, self._scope = True, None

    async def in_thread[T](self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Run blocking or CPU-bound work off the event loop."""
        context = contextvars.copy_context()
        call = functools.partial(context.run, functools.partial(function, *args, **kwargs))
        work = self._threads.submit(call)
        try:
            return await asyncio.wrap_future(work)
        finally:
            if work.running():
                self._lost.add(work)
                work.add_done_callback(self._lost.discard)
