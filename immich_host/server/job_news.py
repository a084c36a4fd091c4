"""Tells administrators over the socket how jobs get on, while any of them is connected to this process."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Protocol
from uuid import UUID

import structlog
from pydantic import BaseModel

from immich_host.jobs.failures import Wanted
from immich_host.jobs.room import Jobs
from immich_host.server import job_answers

log = structlog.get_logger("server")

EVERY: Final = 2.0
"""Seconds between looks."""

_LASTING: Final = 2.0
_FAILURES: Final = 50


class Watchers(Protocol):
    """The connections of administrators; `realtime.Sockets` has them."""

    @property
    def has_job_watchers(self) -> bool:
        """Whether there are any."""
        ...

    @property
    def job_watchers_joined(self) -> int:
        """How many there have been."""
        ...

    async def tell_job_watchers_here(self, event: str, *data: Any) -> None:
        """Send to them."""
        ...


class JobNews:
    """Events, each with a list of what changed, in the shapes of the routes.

    `on_queue_update` (queues), `on_job_progress` (running jobs that last), `on_job_failure` (new failures),
    `on_results_stale` (results by job, after a change of settings that made some stale).
    """

    def __init__(self, jobs: Jobs, watchers: Watchers) -> None:
        self._jobs = jobs
        self._watchers = watchers
        self._joined = 0
        self._told: dict[str, list[BaseModel]] = {}
        self._failures: set[tuple[UUID, int]] | None = None
        self._settings_changed = False

    async def settings_changed(self, _sections: object = None) -> None:
        """A listener for `LiveSettings.on_change`."""
        self._settings_changed = True

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.turn()
            except Exception as error:  # the database is away; its clients are told so elsewhere
                log.warning("no news of jobs", error=repr(error))

    async def turn(self) -> None:
        """Look once, where anybody is there to be told."""
        if not self._watchers.has_job_watchers:
            self._failures = None
            return
        if self._joined != self._watchers.job_watchers_joined:  # somebody knows nothing yet
            self._joined, self._told = self._watchers.job_watchers_joined, {}
        progress = self._jobs.progress
        await self._tell_changes("on_queue_update", [job_answers.queue(work) for work in await progress.work()])
        running = [job_answers.running(run) for run in await progress.running() if run.total or run.seconds > _LASTING]
        await self._tell_changes("on_job_progress", running)
        await self._tell_failures()
        if self._settings_changed:
            self._settings_changed = False
            standings = [one for one in await self._jobs.results.standings() if one.stale]
            await self._tell("on_results_stale", [job_answers.standing(one) for one in standings])

    async def _tell_changes(self, event: str, found: Sequence[BaseModel]) -> None:
        before = self._told.get(event, [])
        self._told[event] = list(found)
        await self._tell(event, [one for one in found if one not in before])

    async def _tell_failures(self) -> None:
        found = await self._jobs.failures.find(Wanted(), limit=_FAILURES)
        now = {(one.id, one.attempts) for one in found}
        if self._failures is not None:
            fresh = [one for one in found if (one.id, one.attempts) not in self._failures]
            await self._tell("on_job_failure", [job_answers.failure(one) for one in fresh])
        self._failures = now

    async def _tell(self, event: str, found: Sequence[BaseModel]) -> None:
        if found:
            await self._watchers.tell_job_watchers_here(
                event, [one.model_dump(mode="json", by_alias=True) for one in found]
            )
