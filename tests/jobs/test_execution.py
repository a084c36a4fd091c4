import pytest

from immich_host.jobs.execution import End
from immich_host.plugin_api.errors import JobFailed, TryLater


async def test_drain_runs_everything_in_order_and_raises_the_first_failure(lab, db):
    for number in (1, 2):
        await lab.jobs.request("lab.note", number=number)
    await lab.jobs.request("lab.damaged")
    await lab.jobs.request("lab.note", number=3)
    with pytest.raises(JobFailed, match="damaged"):
        await lab.room.drain()
    assert [row["number"] for row in await db.logged("lab.note")] == [1, 2, 3]
    assert await db.fetchval("SELECT count(*) FROM job_request WHERE failed_at IS NULL") == 0
    await lab.room.drain()


async def test_a_failure_is_tried_again_until_it_is_a_dead_letter(lab, db):
    row_id = await lab.jobs.request("lab.flaky", number=9)
    assert await lab.room.executor.execute(row_id) is End.RETRIED
    assert await lab.room.executor.execute(row_id) is End.ABSENT, "it is not due yet"
    for expected in (End.RETRIED, End.FAILED):
        await db.execute("UPDATE job_request SET run_at = now()")
        assert await lab.room.executor.execute(row_id) is expected
    row = await db.fetchrow("SELECT * FROM job_request")
    assert (row["attempts"], row["failed_at"] is not None) == (3, True)
    assert row["error"].rstrip().endswith("ValueError: attempt 3")
    assert ("lab.flaky", "ValueError: attempt 3") in lab.listening.told


async def test_delays_grow(lab, db):
    row_id = await lab.jobs.request("lab.flaky", number=9)
    delays = []
    for _ in range(2):
        await db.execute("UPDATE job_request SET run_at = now()")
        await lab.room.executor.execute(row_id)
        delays.append(await db.fetchval("SELECT extract(epoch FROM run_at - now())::float8 FROM job_request"))
    assert delays == [pytest.approx(0.3, abs=0.2), pytest.approx(1.2, abs=0.2)]


async def test_job_failed_is_final_at_once_and_success_later_clears_it(lab, db):
    row_id = await lab.jobs.request("lab.damaged", asset_id=str(db))
    assert await lab.room.executor.execute(row_id) is End.FAILED
    assert await db.fetchval("SELECT error FROM job_request") == "the file is damaged"
    await db.execute("UPDATE job_request SET job = 'lab.note'")
    await db.execute("INSERT INTO job_request (job, queue, unique_key) SELECT job, queue, unique_key FROM job_request")
    await lab.room.drain()
    assert await db.fetchval("SELECT count(*) FROM job_request") == 0


async def test_a_job_whose_need_is_away_waits_and_loses_no_try(lab, db):
    row_id = await lab.jobs.request("lab.away")
    for attempts in (0, 0, 0, 0, 2):
        await db.execute("UPDATE job_request SET run_at = now(), attempts = $1", attempts)
        assert await lab.room.executor.execute(row_id) is End.RETRIED
        row = await db.fetchrow("SELECT *, extract(epoch FROM run_at - now())::float8 AS wait FROM job_request")
        assert (row["attempts"], row["failed_at"], row["error"]) == (attempts, None, "no service runs models")
        assert row["wait"] == pytest.approx(30, abs=5)
    await db.execute("UPDATE job_request SET run_at = now()")
    with pytest.raises(TryLater):
        await lab.room.drain()


async def test_a_run_that_lasts_too_long_fails(lab, db):
    row_id = await lab.jobs.request("lab.endless")
    assert await lab.room.executor.execute(row_id) is End.FAILED
    assert "time limit of 0.1 seconds" in await db.fetchval("SELECT error FROM job_request")


@pytest.mark.parametrize(
    ("job", "error"),
    [("lab.cancelled", "waited for was cancelled"), ("lab.leaving", "SystemExit: no such option")],
)
async def test_a_cancellation_or_an_exit_inside_a_job_is_a_failure_like_any_other(lab, db, job: str, error: str):
    row_id = await lab.jobs.request(job)
    assert await lab.room.executor.execute(row_id) is End.FAILED
    assert error in await db.fetchval("SELECT error FROM job_request")


async def test_a_job_whose_process_keeps_dying_is_given_up(lab, db):
    row_id = await lab.jobs.request("lab.note", number=1)
    await db.execute(
        """UPDATE job_request SET attempts = 4, deaths = 3, spared = 1, started_at = now(),
                                  suspected_at = now(), beat_at = now() - interval '1 minute'"""
    )
    assert await lab.room.executor.execute(row_id) is End.FAILED
    assert "ended 4 times" in await db.fetchval("SELECT error FROM job_request")


async def test_what_runs_elsewhere_is_left_alone_until_that_process_is_dead(lab, db):
    row_id = await lab.jobs.request("lab.note", number=1)
    await db.execute("UPDATE job_request SET started_at = now(), beat_at = now(), attempts = 1")
    assert await lab.room.executor.execute(row_id) is End.ABSENT
    again = await lab.jobs.request("lab.note", number=1)
    assert again is not None, "what runs may have read old data, so a new request counts"
    assert await lab.room.executor.execute(again) is End.ABSENT, "but not beside the running one"
    await db.execute("UPDATE job_request SET beat_at = now() - interval '6 seconds' WHERE id = $1", row_id)
    assert await lab.room.executor.execute(row_id) is End.DONE


async def test_a_retry_merges_into_a_newer_equal_request(lab, db):
    row_id = await lab.jobs.request("lab.flaky", number=1, chain=True)
    run = await db.fetchval("SELECT count(*) FROM job_request")
    assert run == 1

    original = lab.room.executor._call

    async def request_meanwhile(*args):
        await lab.jobs.request("lab.flaky", number=1)
        return await original(*args)

    lab.room.executor._call = request_meanwhile
    assert await lab.room.executor.execute(row_id) is End.RETRIED
    rows = await db.fetch("SELECT id, chain, attempts FROM job_request")
    assert [(row["id"] != row_id, row["chain"], row["attempts"]) for row in rows] == [(True, True, 0)]


async def test_ids_arrive_as_uuid_and_progress_is_kept(lab, db, asset):
    seen = {}

    async def look(ctx, *, asset_id):
        seen["asset_id"] = asset_id
        seen["threaded"] = await ctx.in_thread(pow, 2, 5)
        await ctx.progress(1, 4, "a quarter")
        await lab.room.executor.beat(0)
        seen["progress"] = await db.fetchval("SELECT progress->>'note' FROM job_request")
        raise JobFailed

    known = lab.room.registry.get("lab.nothing")
    object.__setattr__(known.job, "run", look)
    await lab.room.executor.execute(await lab.jobs.request("lab.nothing", asset_id=asset["asset_id"]))
    assert seen == {"asset_id": asset["asset_id"], "threaded": 32, "progress": "a quarter"}
