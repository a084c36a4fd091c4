"""A plugin of jobs to experiment with, the host around it, and a worker process of both."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from types import ModuleType
from typing import Any, cast
from uuid import UUID

from immich_host.db.database import Database
from immich_host.db.notices import Notices
from immich_host.hosting import Hosting
from immich_host.hosting.record import Record
from immich_host.jobs import consumption, process, running, watchdog
from immich_host.jobs.process import run_worker
from immich_host.jobs.room import Jobs, JobSettings
from immich_host.plugin_api import Host, Job, JobContext, Outcome, Plugin, hookimpl
from immich_host.plugin_api.errors import JobFailed, TryLater
from immich_host.testing.waiting import PATIENCE

TABLE = """
CREATE TABLE lab_log (id bigserial PRIMARY KEY, job text, number int, pid int, attempt int,
                      at timestamptz DEFAULT clock_timestamp(), ended timestamptz);
CREATE TABLE lab_asset (id uuid PRIMARY KEY);
CREATE TABLE lab_setting (queue text PRIMARY KEY, concurrency int);
"""


async def _log(ctx: JobContext, number: int = 0) -> int:
    return await ctx.host.db.fetchval(
        "INSERT INTO lab_log (job, number, pid, attempt) VALUES ($1, $2, $3, $4) RETURNING id",
        ctx.job, number, os.getpid(), ctx.attempt,
    )  # fmt: skip


async def note(ctx: JobContext, *, number: int = 0, asset_id: UUID | None = None) -> Outcome:
    await _log(ctx, number)
    return Outcome.DONE


async def nothing(ctx: JobContext, *, asset_id: UUID) -> Outcome:
    return Outcome.DONE


async def hold(ctx: JobContext, *, number: int) -> Outcome:
    """Runs until the test lets go of advisory lock `number`."""
    log_id = await _log(ctx, number)
    async with cast("Database", ctx.host.db).dedicated() as connection:
        await connection.execute("SELECT pg_advisory_lock_shared($1)", number)
    await ctx.host.db.execute("UPDATE lab_log SET ended = clock_timestamp() WHERE id = $1", log_id)
    return Outcome.DONE


async def flaky(ctx: JobContext, *, number: int) -> Outcome:
    """Fails as often as `number` says."""
    await _log(ctx, number)
    if ctx.attempt <= number:
        raise ValueError(f"attempt {ctx.attempt}")
    return Outcome.DONE


async def damaged(ctx: JobContext, **_: Any) -> Outcome:
    await _log(ctx)
    raise JobFailed("the file is damaged")


async def away(ctx: JobContext) -> Outcome:
    """Needs what is not there now."""
    raise TryLater("no service runs models")


async def endless(ctx: JobContext) -> Outcome:
    await asyncio.Event().wait()
    return Outcome.DONE


async def cancelled(ctx: JobContext) -> Outcome:
    """Waits for something that somebody else has cancelled."""
    other = asyncio.create_task(asyncio.Event().wait())
    other.cancel()
    await other
    return Outcome.DONE


async def leaving(ctx: JobContext) -> Outcome:
    """Calls a library that wants to end the program."""
    await ctx.in_thread(sys.exit, "no such option")
    return Outcome.DONE


HOARD: list[bytearray] = []


async def leak(ctx: JobContext, *, megabytes: int, number: int) -> Outcome:
    """Keeps memory for ever; then runs until the test lets go of advisory lock `number`."""
    await ctx.in_thread(_hoard, megabytes)
    return await hold(ctx, number=number)


def _hoard(megabytes: int) -> None:
    HOARD.append(bytearray(b"x") * (megabytes * 1_000_000))


async def stand(ctx: JobContext) -> Outcome:
    """Keeps the event loop from everybody else."""
    await _log(ctx)
    while True:
        time.sleep(0.1)  # noqa: ASYNC251 - this is the fault


async def die(ctx: JobContext) -> Outcome:
    await _log(ctx)
    os._exit(9)


async def stuck(ctx: JobContext, *, number: int) -> Outcome:
    """Leaves a thread behind that nothing ends."""
    await ctx.in_thread(threading.Event().wait)
    return Outcome.DONE


async def missing(host: Host) -> AsyncIterator[UUID]:
    async for row in host.db.stream("SELECT id FROM lab_asset ORDER BY id"):
        yield row["id"]


LAB = [
    Job("note", note, queue="labNote", unique="number"),
    Job("nothing", nothing, queue="labNothing", missing=missing, everything=missing, starts_queue=True),
    Job("hold", hold, queue="labHold", unique="number"),
    Job("away", away, queue="labNote"),
    Job("flaky", flaky, queue="labFlaky", unique="number"),
    Job("damaged", damaged, queue="labNote"),
    Job("endless", endless, queue="labNote", time_limit=0.1, retries=0),
    Job("cancelled", cancelled, queue="labNote", retries=0),
    Job("leaving", leaving, queue="labNote", retries=0),
    Job("leak", leak, queue="labLeak", unique="number", retries=1),
    Job("stand", stand, queue="labStand", retries=1),
    Job("die", die, queue="labStand", retries=1),
    Job("stuck", stuck, queue="labStuck", unique="number", time_limit=0.1, retries=0),
    Job("tick", note, queue="labTick", cron="* * * * *", manual="tag-cleanup"),
]
PATH = [
    Job("gather", note, queue="sidecar", after="asset_created", provides="gathered"),
    Job("describe", note, queue="metadataExtraction", after="asset_gathered", provides="described"),
    Job("view", note, queue="thumbnailGeneration", after="asset_placed", provides="viewable"),
    Job("search", note, queue="smartSearch", after="asset_viewable"),
]


class Listening:
    """Hooks of a plugin that keeps the facts it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []

    def module(self) -> ModuleType:
        module = ModuleType("path.hooks")
        for fact in ("created", "gathered", "described", "placed", "viewable"):
            setattr(module, f"asset_{fact}", self._milestone(f"asset_{fact}"))

        @hookimpl
        async def job_failed(job, error) -> None:
            self.told.append((job, error))

        module.job_failed = job_failed  # type: ignore[attr-defined]
        return module

    def _milestone(self, fact: str) -> Any:
        @hookimpl
        async def listener(asset_id, cause) -> None:
            self.told.append((fact, asset_id))

        listener.__name__ = fact
        return listener


class Lab:
    """What a process has: the host port (as far as jobs need it), plugins and the jobs room."""

    def __init__(
        self,
        db: Database,
        redis_url: str | None,
        path: list[Job] | None = None,
        more: Sequence[Job] = (),
        lacks: frozenset[str] = frozenset(),
        **options: Any,
    ) -> None:
        self.db = db
        self.listening = Listening()
        self.hosting = Hosting([])
        path = PATH if path is None else path
        jobs = [job for job in [*LAB, *more] if job.name not in lacks]
        provides = tuple(job.provides for job in path if job.provides)
        self.records = {
            "lab": Record("lab", manifest=Plugin("lab"), hooks=_hooks(ModuleType("lab.hooks"), jobs)),
            "path": Record(
                "path", manifest=Plugin("path", provides=provides), hooks=_hooks(self.listening.module(), path)
            ),
        }
        self.hosting.adopt(self.records.values())
        self.room = Jobs(db, self.hosting, lambda: cast("Host", self), redis_url=redis_url, **options)
        self.jobs = self.room.outbox

    async def on(self, *, off: frozenset[str] = frozenset()) -> "Lab":
        self.hosting.attach(cast("Host", self))
        await self.hosting.converge(set(off), {})
        return self


def _hooks(module: ModuleType, jobs: list[Job]) -> ModuleType:
    @hookimpl
    def register_jobs() -> list[Job]:
        return jobs

    module.register_jobs = register_jobs  # type: ignore[attr-defined]
    return module


async def main(database_url: str, redis_url: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    db = Database(database_url)
    await db.connect()
    lacks = frozenset(os.environ.get("LAB_LACKS", "").split())
    set_to = {r["queue"]: r["concurrency"] for r in await db.fetch("SELECT * FROM lab_setting")}
    # no job but those that a test asks for, at whatever minute it runs
    settings = JobSettings(set_to.get, cron=lambda _name, _cron: None, memory=int(os.environ.get("LAB_MEMORY", "0")))
    lab = await Lab(db, redis_url, settings=settings, retry_seconds=0.1, lacks=lacks).on()
    watchdog._NOTE_SECONDS = PATIENCE
    watchdog.LOOP_SECONDS = float(os.environ.get("LAB_LOOP", watchdog.LOOP_SECONDS))
    running.ALONE_SECONDS = float(os.environ.get("LAB_ALONE", running.ALONE_SECONDS))
    if seldom := os.environ.get("LAB_SELDOM"):  # what nothing tells of is then noticed so late
        consumption.IDLE_SECONDS = process.EVERY_SECONDS = process._STATES_SECONDS = float(seldom)
    notices = Notices(database_url)
    await notices.start()
    await run_worker(lab.room, notices, stop, grace_seconds=float(os.environ.get("LAB_GRACE", "5")))
    await notices.stop()
    await db.close()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(*sys.argv[1:]))
