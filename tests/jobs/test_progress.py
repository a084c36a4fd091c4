"""How queues get on: what ended, how fast, and how long the rest will take."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from immich_host.jobs.pace import TAU
from immich_host.jobs.progress import Work
from tests.jobs.lab import Lab


async def now(lab: Lab, queue: str) -> Work:
    await lab.room.executor.beat(0)
    return next(one for one in await lab.room.progress.work() if one.name == queue)


async def run(lab: Lab, *numbers: int) -> None:
    for number in numbers:
        row_id = await lab.jobs.request("lab.note", number=number)
        assert row_id
        await lab.room.executor.execute(row_id)


async def ago(db: Any, seconds: float) -> None:
    """As if everything had happened so many seconds earlier."""
    await db.execute(
        "UPDATE queue_run SET since = since - $1::interval, last_at = last_at - $1::interval",
        timedelta(seconds=seconds),
    )


async def test_a_queue_that_never_worked_says_nothing(lab):
    idle = await now(lab, "labNote")
    assert (idle.since, idle.done, idle.rate, idle.seconds_left) == (None, 0, None, None)


async def test_what_ends_is_counted_once_in_all_processes(lab, db, servers):
    other = await Lab(db, servers.redis_url).on()
    await run(lab, 1, 2)
    await run(other, 3)
    await other.room.executor.beat(0)
    await other.room.close()
    row_id = await lab.jobs.request("lab.damaged")
    await lab.room.executor.execute(row_id)
    told = await now(lab, "labNote")
    assert (told.done, told.failed, told.rate) == (3, 1, None)
    assert (await now(lab, "labNote")).done == 3


async def test_time_left_follows_the_average_of_a_slow_queue(lab, db):
    await lab.jobs.request("lab.note", number=100)
    await lab.jobs.request("lab.note", number=101)
    await run(lab, 1)
    await lab.room.executor.beat(0)
    await ago(db, 600)
    slow = await now(lab, "labNote")
    assert slow.rate == pytest.approx(1 / 600, rel=0.05)
    assert slow.seconds_left == pytest.approx(1200, rel=0.05)


async def test_the_rate_of_a_busy_queue_follows_what_is_recent(lab, db):
    await lab.jobs.request("lab.note", number=100)
    await run(lab, 1)
    await lab.room.executor.beat(0)
    await db.execute("UPDATE queue_run SET since = now() - interval '1 hour', done = 10, rate = 5, last_at = now()")
    busy = await now(lab, "labNote")
    assert busy.rate == pytest.approx(5, rel=0.05)
    await ago(db, TAU)
    assert (await now(lab, "labNote")).rate == pytest.approx(5 / 2.718, rel=0.05)


async def test_a_pause_stops_the_clock_and_an_empty_queue_begins_anew(lab, db):
    await lab.jobs.request("lab.note", number=100)
    await run(lab, 1)
    await lab.room.commands.pause("labNote")
    assert (await now(lab, "labNote")).seconds_left is None
    await db.execute("DELETE FROM job_request")
    await run(lab, 2)
    await now(lab, "labNote")
    await run(lab, 3)
    assert (await now(lab, "labNote")).done == 3, "a moment's gap is none"
    await ago(db, 11)
    await run(lab, 4)
    assert (await now(lab, "labNote")).done == 1


async def test_a_running_job_shows_how_far_it_is_and_counts_in_part(lab, db, holding, photo):
    await run(lab, 1)
    row_id = await lab.jobs.request("lab.note", asset_id=photo, number=1)
    await db.execute(
        """UPDATE job_request SET started_at = now() - interval '5 minutes', beat_at = now(), attempts = 1,
           progress = '{"done": 25, "total": 100, "note": "first pass"}' WHERE id = $1""",
        row_id,
    )
    [running] = await lab.room.progress.running("labNote")
    assert (running.id, running.asset_id, running.file_name) == (row_id, photo, "a.jpg")
    assert (running.done, running.total, running.note, running.is_cancelled) == (25, 100, "first pass", False)
    assert running.seconds_left == pytest.approx(900, rel=0.05)
    await lab.room.executor.beat(0)
    await ago(db, 600)
    assert (await now(lab, "labNote")).seconds_left == pytest.approx(0.75 * 600, rel=0.05)


async def test_a_cancelled_run_says_so(lab, db, holding):
    row_id: UUID = await lab.jobs.request("lab.hold", number=1)
    task = asyncio.create_task(lab.room.executor.execute(row_id))
    await db.until("SELECT count(*) = 1 FROM lab_log")
    await lab.room.commands.cancel([row_id])
    [running] = await lab.room.progress.running()
    assert running.is_cancelled
    await lab.room.executor.beat(0)
    await task
    assert await lab.room.progress.running() == []


async def test_numbers_are_exact_while_processes_work(lab, db, work):
    amount = 300
    for number in range(amount):
        await lab.jobs.request("lab.note", number=number)
    await work(2)
    left = [amount]
    while left[-1]:
        counts = await lab.room.counts.one("labNote")
        left.append(counts.active + counts.waiting + counts.delayed)
    assert left == sorted(left, reverse=True)
    await db.until("SELECT done = $1 AND failed = 0 AND is_over FROM queue_run WHERE name = 'labNote'", amount)
    assert await db.fetchval("SELECT count(*) FROM lab_log") == amount
