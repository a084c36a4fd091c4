"""Worker processes, for real: taking, pausing, limits, crashes, ends."""

import asyncio
from uuid import uuid4

from immich_host.jobs.counts import Counts
from immich_host.jobs.scripts import NAMESPACE
from immich_host.jobs.store import Ticket
from immich_host.jobs.transport import message_of
from tests.jobs.lab import Lab

RUNNING = "SELECT count(*) = $1 FROM lab_log WHERE job = 'lab.hold' AND ended IS NULL"


SELDOM = "3600"
"""Seconds between looks that a worker takes by itself: what comes sooner, it was told of."""


async def busy(db, amount: int) -> None:
    await db.until(RUNNING, amount)


async def idle(db) -> None:
    await db.until("SELECT count(*) = 0 FROM job_request WHERE failed_at IS NULL AND run_at < now() + interval '1 day'")


async def test_jobs_are_run_at_once_and_failures_again(lab, db, work):
    await work(LAB_SELDOM=SELDOM)
    for number in range(2):
        await lab.jobs.request("lab.note", number=number)
        await idle(db)
    await lab.jobs.request("lab.flaky", number=2)
    await lab.jobs.request("lab.flaky", number=5)
    await idle(db)
    assert [r["attempt"] for r in await db.logged("lab.flaky") if r["number"] == 2] == [1, 2, 3]
    [dead] = await lab.room.counts.listed("labFlaky", ["failed"])
    assert dead.attempts == 3
    assert "ValueError: attempt 3" in (dead.error or "")


async def test_concurrency_holds_over_all_processes_and_can_be_changed(lab, db, work, holding):
    workers = await work(2)
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


async def test_an_equal_request_made_during_a_run_runs_after_it(lab, db, work, holding):
    await work(LAB_SELDOM=SELDOM)
    await lab.jobs.request("lab.hold", number=1)
    await busy(db, 1)
    await lab.jobs.request("lab.hold", number=1)
    await lab.jobs.request("lab.note", number=1)
    await asyncio.sleep(1)
    assert len(await db.logged("lab.hold")) == 1, "never beside itself"
    await holding(1)
    await idle(db)
    first, second = await db.logged("lab.hold")
    assert first["ended"] <= second["at"]


async def test_a_configured_concurrency_counts(lab, db, work, holding):
    await db.execute("INSERT INTO lab_setting VALUES ('labHold', 4)")
    await work()
    for number in range(1, 7):
        await lab.jobs.request("lab.hold", number=number)
    await busy(db, 4)
    await lab.jobs.request("lab.note", number=1)
    await db.until("SELECT count(*) = 1 FROM lab_log WHERE job = 'lab.note'")
    assert await db.fetchval(RUNNING, 4)


async def test_pause_holds_in_all_processes_and_over_restarts(lab, db, work):
    workers = await work(2)
    await lab.jobs.request("lab.note", number=0)
    await idle(db)
    await lab.room.commands.pause("labNote")
    for worker in workers:
        await worker.says("paused queues", "labNote")
    for number in range(10):
        await lab.jobs.request("lab.note", number=number)
    await lab.jobs.request("lab.nothing", asset_id=uuid4())
    await db.until("SELECT count(*) = 0 FROM job_request WHERE job = 'lab.nothing'")
    assert await lab.room.counts.one("labNote") == Counts(paused=10, is_paused=True)
    for worker in workers:
        assert await worker.end() == 0
    await work(LAB_SELDOM=SELDOM)
    await lab.jobs.request("lab.nothing", asset_id=uuid4())
    await db.until("SELECT count(*) = 0 FROM job_request WHERE job = 'lab.nothing'")
    assert await lab.room.counts.one("labNote") == Counts(paused=10, is_paused=True)
    await db.execute("DELETE FROM queue_state")  # by hand, as good as by the API
    await idle(db)


async def test_kill_9_of_a_worker_loses_nothing_and_its_job_is_taken_over_at_once(lab, db, work, holding):
    """By what the others see of its heartbeat: no sweep comes."""
    workers = {worker.pid: worker for worker in await work(2, LAB_SELDOM=SELDOM)}
    await lab.jobs.request("lab.hold", number=1)
    await busy(db, 1)
    [run] = await db.logged("lab.hold")
    workers.pop(run["pid"]).kill()
    await holding(1)
    await idle(db)
    assert [(row["pid"], row["attempt"]) for row in await db.logged("lab.hold")] == [(run["pid"], 1), (*workers, 2)]


async def test_messages_that_a_worker_was_given_but_never_got_come_back(lab, db, work, valkey):
    """A lost answer, or a Valkey that came back as it was a second ago."""
    await work()
    await lab.jobs.request("lab.note", number=0)
    await idle(db)
    [worker_id] = await valkey.zrange(f"{NAMESPACE}:__heartbeats__", 0, -1)
    silent = await Lab(db, None).on()
    ticket = Ticket(await silent.jobs.request("lab.note", number=1), "lab.note", "labNote", 0)
    await valkey.hset(f"{NAMESPACE}:labNote.msgs", ticket.message_id, message_of(ticket).encode())
    await valkey.sadd(f"{NAMESPACE}:__acks__.{worker_id.decode()}.labNote", ticket.message_id)
    await idle(db)
    await silent.room.close()


async def test_kill_9_of_everything_with_an_empty_valkey_loses_nothing(lab, db, work, valkey, holding):
    [worker] = await work()
    for number in range(1, 4):
        await lab.jobs.request("lab.hold", number=number)
    await busy(db, 2)
    worker.kill()
    await valkey.flushall()
    await work()
    await holding(1, 2, 3)
    await db.until("SELECT count(*) = 3 FROM lab_log WHERE ended IS NOT NULL")
    await idle(db)


async def test_an_emptied_valkey_under_running_workers_runs_nothing_twice(lab, db, work, valkey, holding):
    await work(LAB_SELDOM=SELDOM)
    await lab.jobs.request("lab.hold", number=1)
    await busy(db, 1)
    await lab.room.commands.pause("labNote")
    for number in range(20):
        await lab.jobs.request("lab.note", number=number)
    await valkey.flushall()
    await lab.room.commands.resume("labNote")
    await db.until("SELECT count(*) = 20 FROM lab_log WHERE job = 'lab.note'")
    await holding(1)
    await idle(db)
    assert len(await db.logged("lab.hold")) == 1


async def test_sigterm_lets_running_jobs_end(lab, db, work, holding):
    [worker] = await work()
    await lab.jobs.request("lab.hold", number=1)
    await busy(db, 1)
    ending = asyncio.create_task(worker.end())
    await worker.says("waiting for running jobs")
    await lab.jobs.request("lab.note", number=1)
    await holding(1)
    assert await ending == 0
    assert [row["ended"] is not None for row in await db.logged("lab.hold")] == [True]
    assert await db.logged("lab.note") == [], "a worker that ends takes nothing new"


async def test_sigterm_gives_back_what_does_not_end(lab, db, work, holding):
    [worker] = await work(LAB_GRACE="0.2")
    await lab.jobs.request("lab.hold", number=1)
    await busy(db, 1)
    assert await worker.end() == 0
    assert await db.fetchval("SELECT started_at IS NULL AND attempts = 0 FROM job_request")
    await work()
    await busy(db, 2)
    await holding(1)
    await idle(db)
    assert [row["attempt"] for row in await db.logged("lab.hold")] == [1, 1]


async def test_a_thousand_jobs_in_one_process(lab, db, work):
    await db.execute("INSERT INTO lab_setting VALUES ('labNothing', 5)")
    await work()
    await lab.jobs.request("lab.note", number=1)
    await idle(db)
    await lab.jobs.request_many("lab.nothing", [uuid4() for _ in range(1000)])
    await idle(db)
