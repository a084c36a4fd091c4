"""Worker processes, for real: taking, pausing, limits, crashes, ends."""

import asyncio
import time
from uuid import uuid4

import pytest

from immich_host.jobs.counts import Counts

RUNNING = "SELECT count(*) = $1 FROM lab_log WHERE job = 'lab.hold' AND ended IS NULL"


async def busy(db, amount: int, seconds: float = 10.0) -> None:
    await db.until(RUNNING, amount, seconds=seconds)


async def idle(db, seconds: float = 10.0) -> None:
    await db.until(
        "SELECT count(*) = 0 FROM job_request WHERE failed_at IS NULL AND run_at < now() + interval '1 day'",
        seconds=seconds,
    )


async def test_jobs_are_run_at_once_and_failures_again(lab, db, work):
    work()
    await lab.jobs.request("lab.note", number=0)
    await idle(db)
    began = time.monotonic()
    await lab.jobs.request("lab.note", number=1)
    await idle(db)
    assert time.monotonic() - began < 0.5, "an idle worker is woken, it does not look now and then"
    await lab.jobs.request("lab.flaky", number=2)
    await lab.jobs.request("lab.flaky", number=5)
    await idle(db)
    assert [r["attempt"] for r in await db.logged("lab.flaky") if r["number"] == 2] == [1, 2, 3]
    [dead] = await lab.room.counts.list("labFlaky", ["failed"])
    assert dead.attempts == 3
    assert "ValueError: attempt 3" in (dead.error or "")


async def test_concurrency_holds_over_all_processes_and_can_be_changed(lab, db, work, holding):
    workers = [work(), work()]
    for number in range(1, 6):
        await lab.jobs.request("lab.hold", number=number)
    await busy(db, 2)
    await lab.jobs.request("lab.note", number=1)
    await db.until("SELECT count(*) = 1 FROM lab_log WHERE job = 'lab.note'")
    assert await db.fetchval(RUNNING, 2), "labHold runs two at a time, in whichever process"
    assert (await lab.room.counts.one("labHold")) == Counts(active=2, waiting=3)
    await holding(1, 2, 3, 4, 5)
    await idle(db)
    assert {row["pid"] for row in await db.logged("lab.hold")} <= {worker.pid for worker in workers}
    most = await db.fetchval(
        """SELECT max((SELECT count(*) FROM lab_log b WHERE b.job = 'lab.hold' AND b.at <= a.at AND b.ended > a.at))
           FROM lab_log a WHERE a.job = 'lab.hold'"""
    )
    assert most == 2


async def test_a_configured_concurrency_counts(lab, db, work, holding):
    await db.execute("INSERT INTO lab_setting VALUES ('labHold', 4)")
    work(), work()
    for number in range(1, 7):
        await lab.jobs.request("lab.hold", number=number)
    await busy(db, 4)
    await lab.jobs.request("lab.note", number=1)
    await db.until("SELECT count(*) = 1 FROM lab_log WHERE job = 'lab.note'")
    assert await db.fetchval(RUNNING, 4)


async def test_pause_holds_in_all_processes_and_over_restarts(lab, db, work):
    workers = [work(), work()]
    await lab.jobs.request("lab.note", number=0)
    await idle(db)
    await lab.room.commands.pause("labNote")
    await asyncio.sleep(0.5)  # a second is the promise; nothing tells when each process has seen it
    for number in range(10):
        await lab.jobs.request("lab.note", number=number)
    await lab.jobs.request("lab.nothing", asset_id=uuid4())
    await db.until("SELECT count(*) = 0 FROM job_request WHERE job = 'lab.nothing'")
    assert await lab.room.counts.one("labNote") == Counts(paused=10, is_paused=True)
    for worker in workers:
        assert await worker.end() == 0
    work()
    await lab.jobs.request("lab.nothing", asset_id=uuid4())
    await db.until("SELECT count(*) = 0 FROM job_request WHERE job = 'lab.nothing'")
    assert await lab.room.counts.one("labNote") == Counts(paused=10, is_paused=True)
    await db.execute("DELETE FROM queue_state")  # by hand, as good as by the API
    await idle(db, seconds=1.5)


async def test_kill_9_of_a_worker_loses_nothing_and_its_job_runs_within_ten_seconds(lab, db, work, holding):
    first = work()
    await lab.jobs.request("lab.hold", number=1)
    await busy(db, 1)
    second = work()
    await lab.jobs.request("lab.hold", number=2)
    await busy(db, 2)
    pids = {row["number"]: row["pid"] for row in await db.logged("lab.hold")}
    victim, other = (first, second) if pids[1] == first.pid else (second, first)
    began = time.monotonic()
    victim.kill()
    await holding(1, 2)
    await idle(db, seconds=12)
    assert time.monotonic() - began < 10
    runs = [row for row in await db.logged("lab.hold") if row["number"] == 1]
    assert [(row["pid"], row["attempt"]) for row in runs] == [(victim.pid, 1), (other.pid, 2)]


async def test_kill_9_of_everything_with_an_empty_valkey_loses_nothing(lab, db, work, valkey, holding):
    worker = work()
    for number in range(1, 4):
        await lab.jobs.request("lab.hold", number=number)
    await busy(db, 2)
    worker.kill()
    await valkey.flushall()
    work()
    await holding(1, 2, 3)
    await db.until("SELECT count(*) = 3 FROM lab_log WHERE ended IS NOT NULL", seconds=14)
    await idle(db)


async def test_an_emptied_valkey_under_running_workers_runs_nothing_twice(lab, db, work, valkey, holding):
    work()
    await lab.jobs.request("lab.hold", number=1)
    await busy(db, 1)
    await lab.room.commands.pause("labNote")
    for number in range(20):
        await lab.jobs.request("lab.note", number=number)
    await valkey.flushall()
    await lab.room.commands.resume("labNote")
    await db.until("SELECT count(*) = 20 FROM lab_log WHERE job = 'lab.note'", seconds=5)
    await holding(1)
    await idle(db)
    assert len(await db.logged("lab.hold")) == 1


async def test_sigterm_lets_running_jobs_end(lab, db, work, holding):
    worker = work()
    await lab.jobs.request("lab.hold", number=1)
    await busy(db, 1)
    ending = asyncio.create_task(worker.end())
    await asyncio.sleep(0.2)
    await lab.jobs.request("lab.note", number=1)
    await holding(1)
    assert await ending == 0
    assert [row["ended"] is not None for row in await db.logged("lab.hold")] == [True]
    assert await db.logged("lab.note") == [], "a worker that ends takes nothing new"


async def test_sigterm_gives_back_what_does_not_end(lab, db, work, holding):
    worker = work(LAB_GRACE="0.2")
    await lab.jobs.request("lab.hold", number=1)
    await busy(db, 1)
    began = time.monotonic()
    assert await worker.end() == 0
    assert time.monotonic() - began < 3
    assert await db.fetchval("SELECT started_at IS NULL AND attempts = 0 FROM job_request")
    work()
    await busy(db, 2)
    await holding(1)
    await idle(db)
    assert [row["attempt"] for row in await db.logged("lab.hold")] == [1, 1]


@pytest.mark.parametrize("processes", [1])
async def test_a_thousand_jobs(lab, db, work, processes):
    await db.execute("INSERT INTO lab_setting VALUES ('labNothing', 5)")
    for _ in range(processes):
        work()
    await lab.jobs.request("lab.note", number=1)
    await idle(db)
    began = time.monotonic()
    await lab.jobs.request_many("lab.nothing", [uuid4() for _ in range(1000)])
    await idle(db, seconds=30)
    print(f"{1000 / (time.monotonic() - began):.0f} jobs/s")  # noqa: T201
