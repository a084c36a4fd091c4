"""Jobs that run are told when nobody wants them any more, and end."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.jobs import tending
from immich_host.jobs.counts import Counts
from immich_host.jobs.execution import End
from immich_host.jobs.sweep import Sweep
from immich_host.plugin_api import Job, Outcome
from tests.jobs.lab import Lab


class Loom:
    """A job that never comes to its end by itself, and what it is told."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.let_go = asyncio.Event()
        self.ended: list[str] = []
        self.in_thread = threading.Event()

    async def weave(self, ctx: Any, **_: Any) -> Outcome:
        await ctx.progress(1, 2)
        self.begun.set()
        try:
            await self.let_go.wait()
        finally:
            self.ended.append("cancelled" if ctx.cancelled else "not cancelled")
        return Outcome.DONE

    async def grind(self, ctx: Any, **_: Any) -> Outcome:
        def loop() -> None:
            while not ctx.cancelled:
                self.in_thread.wait(0.01)
            self.in_thread.set()

        self.begun.set()
        await ctx.in_thread(loop)
        return Outcome.DONE

    async def stumble(self, _ctx: Any, **_: Any) -> Outcome:
        self.begun.set()
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            raise ValueError("the program was killed") from None
        return Outcome.DONE

    def jobs(self) -> list[Job]:
        return [
            Job("weave", self.weave, queue="labLoom"),
            Job("grind", self.grind, queue="labLoom"),
            Job("stumble", self.stumble, queue="labLoom"),
        ]


@pytest.fixture
def loom() -> Loom:
    return Loom()


@pytest.fixture
async def lab(db, loom, servers, valkey) -> AsyncIterator[Lab]:
    lab = await Lab(db, servers.redis_url, more=loom.jobs()).on()
    yield lab
    loom.let_go.set()
    await lab.room.close()


async def begin(lab: Lab, loom: Loom, job: str, asset_id: UUID, **options: Any) -> asyncio.Task[End]:
    row_id = await lab.jobs.request(job, asset_id=asset_id, **options)
    assert row_id
    run = asyncio.create_task(lab.room.executor.execute(row_id))
    await loom.begun.wait()
    return run


@pytest.mark.parametrize("job", ["lab.weave", "lab.stumble"])
async def test_emptying_a_queue_ends_what_runs_in_it(lab, db, loom, photo, job: str):
    run = await begin(lab, loom, job, photo, cause="upload")
    await lab.room.executor.beat(0)
    await lab.jobs.request(job, asset_id=photo)
    assert await lab.room.commands.empty("labLoom") == 2
    assert await lab.room.counts.one("labLoom") == Counts(active=1), "it runs until it has ended"
    await lab.room.executor.beat(0)
    assert await run is End.CANCELLED
    assert await db.fetchval("SELECT count(*) FROM job_request") == 0
    assert await db.fetchval("SELECT count(*) FROM fact_request") == 0


async def test_an_earlier_failure_outlives_a_run_that_is_cancelled(lab, db, loom, photo):
    failed = await db.fetchval(
        """INSERT INTO job_request (job, queue, unique_key, failed_at, error)
           VALUES ('lab.weave', 'labLoom', $1, now(), 'damaged') RETURNING id""",
        str(photo),
    )
    run = await begin(lab, loom, "lab.weave", photo)
    await lab.room.commands.empty("labLoom")
    await lab.room.executor.beat(0)
    assert await run is End.CANCELLED
    assert await db.fetchval("SELECT array_agg(id) FROM job_request") == [failed]


async def test_a_thread_is_told(lab, loom, photo):
    run = await begin(lab, loom, "lab.grind", photo)
    await lab.room.commands.empty("labLoom")
    await lab.room.executor.beat(0)
    assert await run is End.CANCELLED
    assert await asyncio.to_thread(loom.in_thread.wait, 5)


async def test_a_run_ends_with_its_asset(lab, db, loom, photo):
    run = await begin(lab, loom, "lab.weave", photo)
    await lab.room.executor.beat(0)
    await db.execute("DELETE FROM asset")
    await lab.room.executor.beat(0)
    assert await run is End.CANCELLED
    assert loom.ended == ["cancelled"]


async def test_a_job_that_works_on_an_asset_which_was_never_there_is_left_alone(lab, loom):
    run = await begin(lab, loom, "lab.weave", uuid4())
    await lab.room.executor.beat(0)
    await lab.room.executor.beat(0)
    loom.let_go.set()
    assert await run is End.DONE
    assert loom.ended == ["not cancelled"]


async def test_a_plugin_that_is_switched_off_may_finish_what_is_short(lab, db, loom, photo, monkeypatch):
    run = await begin(lab, loom, "lab.weave", photo, cause="upload")
    await lab.hosting.converge({"lab"}, {})
    await lab.room.executor.beat(0)
    assert loom.ended == []
    monkeypatch.setattr(tending, "OFF_SECONDS", 0)
    await lab.room.executor.beat(0)
    assert await run is End.DROPPED
    assert await db.fetchval("SELECT count(*) FROM job_request") == 0


async def test_a_run_that_another_process_has_taken_over_ends_without_a_trace(lab, db, loom, photo):
    run = await begin(lab, loom, "lab.weave", photo)
    await db.execute("UPDATE job_request SET attempts = attempts + 1")
    await lab.room.executor.beat(0)
    assert await run is End.ABSENT
    assert await db.fetchval("SELECT count(*) FROM job_request") == 1


async def test_progress_is_seen_while_a_job_runs(lab, db, loom, photo):
    run = await begin(lab, loom, "lab.weave", photo)
    await lab.room.executor.beat(0)
    [listed] = await lab.room.counts.listed("labLoom")
    assert listed.progress == {"done": 1, "total": 2, "note": ""}
    loom.let_go.set()
    assert await run is End.DONE


async def test_what_was_cancelled_in_a_process_that_died_does_not_begin_again(lab, db, loom, photo):
    row_id = await lab.jobs.request("lab.weave", asset_id=photo)
    await db.execute("UPDATE job_request SET started_at = now(), beat_at = now() - interval '1 minute', attempts = 1")
    await lab.room.commands.empty("labLoom")
    assert await lab.room.executor.execute(row_id) is End.ABSENT
    assert await Sweep(db, lab.room.registry, lab.jobs, lab.room.transport, lab.room.elsewhere).drop_cancelled() == 1


async def test_what_fails_because_its_asset_was_erased_meanwhile_is_no_failure(lab, db):
    asset_id = uuid4()
    row_id = await lab.jobs.request("lab.damaged", asset_id=asset_id)
    await db.execute("INSERT INTO asset_audit (asset_id, owner_id) VALUES ($1, $1)", asset_id)
    assert await lab.room.executor.execute(row_id) is End.CANCELLED
    assert await db.fetchval("SELECT count(*) FROM job_request") == 0


async def test_a_worker_process_ends_what_is_cancelled_and_goes_on(lab, db, work, holding):
    await work()
    stuck = await lab.jobs.request("lab.hold", number=1)
    await db.until("SELECT count(*) = 1 FROM lab_log WHERE job = 'lab.hold'")
    assert await lab.room.commands.cancel([stuck]) == 1
    await db.until("SELECT count(*) = 0 FROM job_request")
    assert (await db.logged("lab.hold"))[0]["ended"] is None
    await lab.jobs.request("lab.note", number=2)
    await db.until("SELECT count(*) = 1 FROM lab_log WHERE job = 'lab.note'")
    await db.until("SELECT done = 1 FROM queue_run WHERE name = 'labNote'")
