"""Ends a worker process that a job has made unusable, so that no other job suffers from it for long.

A thread of its own, as the event loop may be what does not answer any more. Nothing in Python can take memory
back from running code, or stop a thread: the process ends, whoever keeps it running starts it again, and its
jobs run once more. Only the one that is to blame has used up an attempt by it; after its last it is failed,
with the reason.
"""

import asyncio
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

import asyncpg
import structlog

from immich_host.jobs.execution import Executor
from immich_host.jobs.memory import resident, trim
from immich_host.jobs.running import RUN, Running, blamed

log = structlog.get_logger("jobs")

ENDED: Final = 75
"""Exit code of a process that its watchdog has ended: it shall be started again."""

LOOP_SECONDS = 60.0
"""A job that has kept the event loop from everybody else for so long is ended."""

_BUSY_SECONDS = 0.25
_IDLE_SECONDS = 1.0
_CROWDED_SECONDS = 3.0
_NOTE_SECONDS = 5.0
_LEAST_ROOM = 32 << 20
_MB = 1_000_000

# The rows stay as begun, for an equal one may wait already; without a sign of life they are claimed at once.
_RELEASE = """
UPDATE job_request
SET beat_at = to_timestamp(0), ended_by = coalesce(reason, ended_by), error = coalesce(reason, error),
    attempts = attempts - CASE WHEN is_charged THEN 0 ELSE 1 END
FROM unnest($1::uuid[], $2::text[], $3::bool[]) AS t (run_id, reason, is_charged)
WHERE id = run_id AND started_at IS NOT NULL AND failed_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why the process has to end, who has done it for certain, and who may have."""

    reason: str
    guilty: Sequence[Running] = ()
    suspects: Sequence[Running] = ()


class Watchdog(threading.Thread):
    """Looks four times a second while jobs run; make it on the loop that it watches.

    Args:
        executor: Whose runs may be to blame.
        database_url: Where they are noted.
        memory: Bytes that the process may hold; 0 for any amount.
    """

    def __init__(self, executor: Executor, database_url: str, *, memory: int = 0) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._executor = executor
        self._database_url = database_url
        self._loop = asyncio.get_running_loop()
        self._stopped = threading.Event()
        self._answered = threading.Event()
        self._silent = 0.0
        self._crowded = 0.0
        self._at_rest = resident()
        self._memory = memory
        if memory and memory - self._at_rest < _LEAST_ROOM:
            log.error("the memory limit leaves no room for jobs; it does not count", limit=memory, held=self._at_rest)
            self._memory = 0

    def run(self) -> None:
        """Watch until stopped."""
        self._answered.set()
        waited = 0.0
        while True:
            verdict = self._of_memory() or self._of_threads(waited) or self._of_loop(waited)
            if verdict is not None:
                self._end(verdict)
            waited = _BUSY_SECONDS if self._executor.running else _IDLE_SECONDS
            if self._stopped.wait(waited):
                return

    def stop(self) -> None:
        """Watch no longer."""
        self._stopped.set()

    def _of_memory(self) -> Verdict | None:
        limit, held = self._memory, resident()
        if not limit or held <= limit:
            return None
        if give_back := trim():
            give_back(0)  # what is free already is no leak
            held = resident()
            if held <= limit:
                return None
        guilty, suspects = blamed(list(self._executor.running.values()), held, limit - self._at_rest, time.monotonic())
        reason = f"memory limit: its worker process held {held // _MB} MB while it ran, more than {limit // _MB} MB"
        return Verdict(reason, guilty, suspects)

    def _of_threads(self, waited: float) -> Verdict | None:
        lost = len(self._executor.lost_threads)
        self._crowded = self._crowded + waited if lost * 2 >= self._executor.max_threads else 0.0
        if self._crowded < _CROWDED_SECONDS:
            return None
        return Verdict(f"{lost} threads of jobs that are over do not end")

    def _of_loop(self, waited: float) -> Verdict | None:
        # counted in looks, as time also passes for a process that is stopped
        self._silent = 0.0 if self._answered.is_set() else self._silent + waited
        if self._silent >= LOOP_SECONDS:
            reason = (
                f"it kept its worker process from everything else for {LOOP_SECONDS:g} seconds; "
                "slow work belongs into a thread"
            )
            return Verdict(reason, self._in_the_way())
        if self._answered.is_set():
            self._answered.clear()
            try:
                self._loop.call_soon_threadsafe(self._answered.set)
            except RuntimeError:  # it is closed: the process is at its end
                self._stopped.set()
        return None

    def _in_the_way(self) -> list[Running]:
        """The run whose task the loop is executing at this moment."""
        task = asyncio.current_task(self._loop)
        row_id = task.get_context().get(RUN) if task else None
        return [run for run in list(self._executor.running.values()) if run.id == row_id]

    def _end(self, verdict: Verdict) -> NoReturn:
        blamed_jobs = [run.job for run in (*verdict.guilty, *verdict.suspects)]
        log.error("this worker process has to end", reason=verdict.reason, jobs=blamed_jobs)
        try:
            asyncio.run(asyncio.wait_for(self._note(verdict), _NOTE_SECONDS))
        except Exception as error:  # then it is to the database as if the process had been killed
            log.warning("could not be noted", error=repr(error))
        os._exit(ENDED)

    async def _note(self, verdict: Verdict) -> None:
        runs = list(self._executor.running.values())
        guilty, suspects = ({run.id for run in found} for found in (verdict.guilty, verdict.suspects))
        connection = await asyncpg.connect(self._database_url)
        try:
            await connection.execute(
                _RELEASE,
                [run.id for run in runs],
                [verdict.reason if run.id in guilty | suspects else None for run in runs],
                [run.id in guilty for run in runs],
            )
        finally:
            await connection.close()
