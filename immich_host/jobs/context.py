"""What a running job is given beside its arguments."""

import asyncio
import contextvars
import functools
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import orjson

from immich_host.jobs.store import Run
from immich_host.plugin_api import Host

_PROGRESS_SECONDS = 0.5


class Context:
    """Implements `JobContext` for one run."""

    def __init__(self, run: Run, host: Host, threads: Executor) -> None:
        self._run = run
        self._host = host
        self._threads = threads
        self._told = 0.0

    @property
    def host(self) -> Host:
        """The host's ports."""
        return self._host

    @property
    def job(self) -> str:
        """Full name."""
        return self._run.job

    @property
    def cause(self) -> str:
        """What started it."""
        return self._run.cause

    @property
    def attempt(self) -> int:
        """1 for the first try."""
        return self._run.attempts

    @property
    def force(self) -> bool:
        """Do the work even where a result is there already."""
        return self._run.force

    async def progress(self, done: float, total: float, note: str = "") -> None:
        """Keep how far the job is with its row; at most twice a second, and always the end."""
        now = time.monotonic()
        if done < total and now - self._told < _PROGRESS_SECONDS:
            return
        self._told = now
        told = orjson.dumps({"done": done, "total": total, "note": note}).decode()
        await self._host.db.execute("UPDATE job_request SET progress = $2::jsonb WHERE id = $1", self._run.id, told)

    async def in_thread[T](self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Run blocking or CPU-bound work off the event loop."""
        context = contextvars.copy_context()
        call = functools.partial(context.run, functools.partial(function, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)
