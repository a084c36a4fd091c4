"""A process that lacks a plugin leaves its jobs to those that have it."""

import pytest

from immich_host.jobs.execution import End
from immich_host.jobs.sweep import Sweep
from tests.jobs.lab import Lab


@pytest.fixture
async def poor(db, lab, servers):
    """A process whose plugin `lab` has lost a job that another process has."""
    await lab.room.elsewhere.stamp()
    poor = await Lab(db, servers.redis_url, lacks=frozenset({"note", "nothing"})).on()
    yield poor
    await poor.room.close()


async def sweep(lab: Lab) -> int:
    assert lab.room.transport
    room = lab.room
    return await Sweep(lab.db, room.registry, room.outbox, room.transport, room.elsewhere).drop_disabled()


async def test_what_another_process_can_run_is_left_to_it(lab, poor, db):
    row_id = await lab.jobs.request("lab.note", number=1)
    assert await sweep(poor) == 0
    assert await poor.room.executor.execute(row_id) is End.ELSEWHERE
    assert await db.fetchval("SELECT attempts FROM job_request WHERE started_at IS NULL AND run_at > now()") == 0
    await db.execute("UPDATE job_request SET run_at = now()")
    assert await lab.room.executor.execute(row_id) is End.DONE


async def test_a_start_over_all_assets_is_left_to_it_too(lab, poor, db):
    await lab.room.commands.start("labNothing", "all")
    row_id = await db.fetchval("SELECT id FROM job_request")
    assert await poor.room.executor.execute(row_id) is End.ELSEWHERE
    assert await db.fetchval("SELECT job FROM job_request") == "host.fan_out"


async def test_what_no_process_has_had_for_long_is_dropped(lab, poor, db):
    row_id = await lab.jobs.request("lab.note", number=1)
    await lab.jobs.request("lab.note", number=2)
    await db.execute("UPDATE job_seen SET seen_at = now() - interval '11 minutes'")
    assert await poor.room.executor.execute(row_id) is End.DROPPED
    assert await sweep(poor) == 1


async def test_what_is_switched_off_is_dropped_at_once_also_by_a_process_that_lacks_it(lab, poor, db):
    await lab.jobs.request("lab.note", number=1)
    await db.execute("INSERT INTO plugin_state (name, is_enabled) VALUES ('lab', false)")
    assert await sweep(poor) == 1


async def test_a_stamp_is_kept_fresh_and_costs_nothing_in_between(lab, db):
    await lab.room.elsewhere.stamp()
    await db.execute("DELETE FROM job_seen")
    await lab.room.elsewhere.stamp()
    assert await db.fetchval("SELECT count(*) FROM job_seen") == 0
    await lab.hosting.converge({"path"}, {})
    await lab.room.elsewhere.stamp()
    assert await db.fetchval("SELECT count(*) FROM job_seen WHERE job LIKE 'lab.%'") > 0
    assert await db.fetchval("SELECT count(*) FROM job_seen WHERE job LIKE 'path.%'") == 0


async def test_processes_share_a_queue_though_one_lacks_a_job_of_it(lab, db, work):
    await lab.room.elsewhere.stamp()
    await work(1, LAB_LACKS="note")
    for number in range(3):
        await lab.jobs.request("lab.note", number=number)
    await db.until("SELECT count(*) = 3 FROM job_request WHERE run_at > now() AND started_at IS NULL")
    await work(1)
    await db.until("SELECT count(*) = 3 FROM lab_log")
