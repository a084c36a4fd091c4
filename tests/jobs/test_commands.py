import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from immich_host.jobs.counts import Counts
from immich_host.jobs.failures import Wanted
from immich_host.jobs.queues import QUEUES, concurrency_of
from immich_host.jobs.schedule import Schedule, claim_turn
from immich_host.jobs.scripts import NAMESPACE
from immich_host.plugin_api import Refused
from immich_host.testing.waiting import PATIENCE


async def assets(db, amount: int) -> None:
    await db.executemany("INSERT INTO lab_asset VALUES ($1)", [(uuid4(),) for _ in range(amount)])


async def test_every_queue_of_immich_is_there_and_idle(lab, db):
    counts = await lab.room.counts.all()
    assert list(counts)[:19] == list(QUEUES)
    assert set(counts.values()) == {Counts()}
    assert {"labNote", "labHold"} <= set(counts)


async def test_counts_are_exact(lab, db):
    for number in range(3):
        await lab.jobs.request("lab.note", number=number)
    await lab.jobs.request("lab.note", number=8, delay=60)
    await lab.jobs.request("lab.damaged")
    with pytest.raises(Exception, match="damaged"):
        await lab.room.drain()
    for number in range(3):
        await lab.jobs.request("lab.note", number=number)
    await lab.jobs.request("lab.note", number=8, delay=60)
    await db.execute("UPDATE job_request SET started_at = now() WHERE arguments->>'number' = '0'")
    assert await lab.room.counts.one("labNote") == Counts(active=1, waiting=2, delayed=1, failed=1)
    await lab.room.commands.pause("labNote")
    assert await lab.room.counts.one("labNote") == Counts(active=1, paused=2, delayed=1, failed=1, is_paused=True)
    [failed] = await lab.room.counts.listed("labNote", ["failed"])
    assert (failed.job, failed.error, failed.status) == ("lab.damaged", "the file is damaged", "failed")
    assert len(await lab.room.counts.listed("labNote", limit=2)) == 2
    await lab.room.commands.resume("labNote")
    assert not (await lab.room.counts.one("labNote")).is_paused


async def test_start_requests_the_job_for_its_assets(lab, db):
    await assets(db, 1100)
    await lab.room.commands.start("labNothing", "all")
    row = await db.fetchrow("SELECT * FROM job_request")
    assert (row["job"], row["queue"], row["force"]) == ("host.fan_out", "labNothing", True)
    await lab.room.executor.execute(row["id"])
    rows = await db.fetch("SELECT DISTINCT job, force, cause, chain FROM job_request")
    assert [tuple(row) for row in rows] == [("lab.nothing", True, "all", False)]
    assert await db.fetchval("SELECT count(*) FROM job_request") == 1100


async def test_start_is_refused_while_the_queue_works_or_where_it_makes_no_sense(lab, db):
    await lab.jobs.request("lab.nothing", asset_id=uuid4())
    await db.execute("UPDATE job_request SET started_at = now()")
    with pytest.raises(Refused, match="Job is already running"):
        await lab.room.commands.start("labNothing", "missing")
    with pytest.raises(Refused):
        await lab.room.commands.start("backgroundTask", "all")
    await lab.room.commands.start("smartSearch", "missing")


async def test_empty_forgets_rows_and_messages_and_clear_failed_dead_letters(lab, db, valkey):
    await lab.jobs.request("lab.damaged")
    with pytest.raises(Exception, match="damaged"):
        await lab.room.drain()
    await valkey.flushall()
    for number in range(5):
        await lab.jobs.request("lab.note", number=number)
    assert await lab.room.commands.empty("labNote") == 5
    assert await valkey.hlen(f"{NAMESPACE}:labNote.msgs") == 0
    assert await lab.room.counts.one("labNote") == Counts(failed=1)
    assert await lab.room.failures.clear(Wanted(queue="labNote")) == 1
    assert await lab.room.counts.one("labNote") == Counts()


async def test_retry_failed_gives_all_attempts_again(lab, db, valkey):
    await lab.jobs.request("lab.damaged", asset_id=uuid4())
    with pytest.raises(Exception, match="damaged"):
        await lab.room.drain()
    await valkey.flushall()
    assert await lab.room.failures.retry(Wanted(queue="labNote")) == 1
    assert await valkey.hlen(f"{NAMESPACE}:labNote.msgs") == 1
    row = await db.fetchrow("SELECT * FROM job_request")
    assert (row["attempts"], row["failed_at"], row["error"], row["started_at"]) == (0, None, None, None)


async def test_missing_of_a_plugin_that_was_switched_on(lab, db):
    await assets(db, 3)
    assert await lab.room.commands.request_missing("lab") == ["lab.nothing"]
    await lab.room.executor.execute(await db.fetchval("SELECT id FROM job_request"))
    assert await db.fetchval("SELECT count(*) FROM job_request WHERE job = 'lab.nothing' AND cause = 'missing'") == 3


async def test_manual_jobs_by_their_names(lab, db):
    assert await lab.room.commands.run_manual("tag-cleanup")
    assert not await lab.room.commands.run_manual("person-cleanup")
    assert await db.fetchval("SELECT job FROM job_request") == "lab.tick"


def test_concurrency_counts_where_it_is_configurable():
    assert concurrency_of("thumbnailGeneration", None) == 3
    assert concurrency_of("thumbnailGeneration", 7) == 7
    assert concurrency_of("facialRecognition", 7) == 1
    assert concurrency_of("labNote", None) == 2


async def test_cron_has_one_runner_and_makes_up_for_nothing(lab, db):
    schedules = [Schedule(db, lab.room.registry, lab.jobs) for _ in range(3)]
    noon = datetime(2030, 5, 5, 12, 0, 30).astimezone()
    [(name, due)] = schedules[0].due_between(noon, noon + timedelta(minutes=3))
    assert (name, due) == ("lab.tick", noon + timedelta(minutes=2, seconds=30))
    assert [await schedule.request(name, due) for schedule in schedules] == [True, False, False]
    assert await schedules[1].request(name, due - timedelta(minutes=1)) is False
    assert await db.fetchval("SELECT count(*) FROM job_request") == 1
    assert await db.fetchval("SELECT cause FROM job_request") == "schedule"


async def test_what_fell_due_while_the_database_was_away_is_requested_when_it_is_back(
    lab, db, monkeypatch: pytest.MonkeyPatch
):
    schedule = Schedule(db, lab.room.registry, lab.jobs)
    monkeypatch.setattr(schedule, "_seen", datetime.now().astimezone() - timedelta(minutes=1))

    async def away(*_arguments: Any) -> bool:
        raise OSError("the database is away")

    requested, request = asyncio.Event(), schedule.request

    async def back(name: str, due: datetime) -> bool:
        claimed = await request(name, due)
        requested.set()
        return claimed

    monkeypatch.setattr(schedule, "request", away)
    with pytest.raises(OSError, match="away"):
        await schedule.run()
    monkeypatch.setattr(schedule, "request", back)
    running = asyncio.create_task(schedule.run())
    async with asyncio.timeout(PATIENCE):
        await requested.wait()
    running.cancel()
    await asyncio.wait({running})


async def test_settings_may_replace_or_silence_an_expression(lab, db):
    noon = datetime(2030, 5, 5, 12, 0, 30).astimezone()
    hourly = Schedule(db, lab.room.registry, lab.jobs, lambda _name, _declared: "0 * * * *")
    assert hourly.due_between(noon, noon + timedelta(minutes=3)) == []
    never = Schedule(db, lab.room.registry, lab.jobs, lambda _name, _declared: None)
    assert never.due_between(noon, noon + timedelta(days=1)) == []
    broken = Schedule(db, lab.room.registry, lab.jobs, lambda _name, _declared: "at noon")
    assert broken.due_between(noon, noon + timedelta(days=1)) == []


async def test_a_turn_is_taken_by_one(lab, db):
    assert [await claim_turn(db, "sweep", 30) for _ in range(3)] == [True, False, False]
