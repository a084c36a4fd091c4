from dataclasses import replace

import asyncpg
import pytest

from immich_host.hosting.record import Status
from immich_host.jobs.execution import End
from immich_host.jobs.failures import Wanted
from immich_host.jobs.milestones import facts_reached
from immich_host.plugin_api import Outcome
from immich_host.plugin_api.errors import JobFailed
from tests.jobs.lab import PATH, Lab, damaged

ALL = ["created", "gathered", "described", "placed", "viewable"]


def told(lab) -> list[str]:
    return [fact.removeprefix("asset_") for fact, _ in lab.listening.told if fact.startswith("asset_")]


async def jobs_run(db) -> list[str]:
    return [row["job"].removeprefix("path.") for row in await db.fetch("SELECT job FROM lab_log ORDER BY id")]


async def with_path(db, made_by=None, **changed) -> Lab:
    path = [replace(job, run=changed.get(job.name, job.run), made_by=made_by, retries=0) for job in PATH]
    return await Lab(db, None, path).on()


def test_milestones_without_a_provider_are_passed_up_to_the_next_that_has_one():
    assert facts_reached("asset_created", frozenset()) == [f"asset_{milestone}" for milestone in ALL]
    assert facts_reached("asset_created", frozenset({"described"})) == ["asset_created", "asset_gathered"]
    assert facts_reached("asset_trashed", frozenset()) == ["asset_trashed"]


async def test_a_photo_goes_its_way(lab, db, asset):
    await lab.jobs.publish("asset_created", **asset)
    await lab.jobs.settle()
    assert told(lab) == ["created"], "gathered has a provider"
    await lab.room.drain()
    assert told(lab) == ALL
    assert await jobs_run(db) == ["gather", "describe", "view", "search"]
    assert await db.fetchval("SELECT count(*) FROM job_request") == 0
    assert await db.fetchval("SELECT count(*) FROM fact_request") == 0


async def test_without_the_plugin_everything_is_passed_at_once(lab, db, asset):
    lab.hosting.listen("asset_viewable", lambda **fact: note(fact))
    heard = []

    async def note(fact):
        heard.append(fact)

    await lab.on(off=frozenset({"path"}))
    await lab.jobs.publish("asset_created", **asset)
    await lab.jobs.settle()
    assert heard == [asset]
    assert await db.fetchval("SELECT count(*) FROM job_request") == 0


async def test_what_waits_for_a_plugin_switched_off_is_dropped_and_passed(lab, db, asset):
    await lab.jobs.publish("asset_created", **asset)
    row_id = await db.fetchval("SELECT id FROM job_request")
    lab.hosting.listen("asset_viewable", lambda **_: lab.jobs.request("lab.note", number=7))
    await lab.on(off=frozenset({"path"}))
    assert await lab.room.executor.execute(row_id) is End.DROPPED
    await lab.room.drain()
    assert await jobs_run(db) == ["lab.note"]


async def test_a_failure_up_to_placed_hides_no_photo_and_its_rerun_runs_alone(db, asset):
    lab = await with_path(db, describe=damaged)
    await lab.jobs.publish("asset_created", **asset)
    with pytest.raises(JobFailed):
        await lab.room.drain()
    assert told(lab) == ALL
    assert await jobs_run(db) == ["gather", "describe", "view", "search"]
    failed = await db.fetchrow("SELECT * FROM job_request")
    assert (failed["job"], failed["chain"], failed["error"]) == ("path.describe", False, "the file is damaged")

    well = await with_path(db)
    await well.room.failures.retry(Wanted(queue="metadataExtraction"))
    await well.room.drain()
    assert told(well) == []
    assert (await jobs_run(db))[4:] == ["describe"]


async def test_viewable_needs_its_files_and_is_reached_by_the_rerun(db, asset):
    lab = await with_path(db, view=damaged)
    await lab.jobs.publish("asset_created", **asset)
    with pytest.raises(JobFailed):
        await lab.room.drain()
    assert told(lab) == ALL[:-1]

    well = await with_path(db)
    assert await well.room.failures.retry(Wanted(queue="thumbnailGeneration")) == 1
    await well.room.drain()
    assert told(well) == ["viewable"]
    assert (await jobs_run(db))[-1] == "search"


async def test_a_rerun_reaches_no_milestone(lab, db, asset):
    await lab.jobs.request("path.view", asset_id=asset["asset_id"])
    await lab.room.drain()
    assert told(lab) == []


async def test_a_waiting_rerun_takes_part_in_the_chain_when_the_chain_comes_by(lab, db, asset):
    await lab.jobs.request("path.view", asset_id=asset["asset_id"])
    await lab.jobs.publish("asset_placed", **asset)
    await lab.room.drain()
    assert told(lab) == ["placed", "viewable"]


async def run_on_missing(lab, asset) -> None:
    assert await lab.jobs.request("path.view", asset_id=asset["asset_id"], cause="missing")
    await lab.room.drain()


async def fail_to_view(db, asset) -> None:
    lab = await with_path(db, view=damaged)
    await lab.jobs.publish("asset_placed", **asset)
    with pytest.raises(JobFailed):
        await lab.room.drain()


@pytest.mark.parametrize("made_by", [None, lambda _: {"quality": 80}])
async def test_a_later_run_reaches_once_what_a_failure_owes(db, asset, made_by):
    await fail_to_view(db, asset)
    lab = await with_path(db, made_by=made_by)
    heard = []

    async def hear(**fact):
        heard.append(fact)

    lab.hosting.listen("asset_viewable", hear)
    await run_on_missing(lab, asset)
    assert heard == [asset], "as the upload, which it ends"
    assert (await jobs_run(db))[-2:] == ["view", "search"]
    assert await db.fetchval("SELECT count(*) FROM job_request") == 0
    await run_on_missing(lab, asset)
    assert told(lab) == ["viewable"]
    assert (await jobs_run(db))[-1] == "view"


async def test_what_a_failure_has_let_pass_is_not_reached_by_a_later_run(db, asset):
    lab = await with_path(db, describe=damaged)
    await lab.jobs.publish("asset_created", **asset)
    with pytest.raises(JobFailed):
        await lab.room.drain()
    well = await with_path(db)
    await well.jobs.request("path.describe", asset_id=asset["asset_id"], cause="missing")
    await well.room.drain()
    assert told(well) == []
    assert await db.fetchval("SELECT count(*) FROM job_request") == 0


async def test_a_later_run_that_fails_too_owes_the_same(db, asset):
    await fail_to_view(db, asset)
    lab = await with_path(db, view=damaged)
    with pytest.raises(JobFailed):
        await run_on_missing(lab, asset)
    failed = await db.fetchrow("SELECT * FROM job_request")
    assert (failed["chain"], failed["cause"], failed["owner_id"]) == (True, "upload", asset["owner_id"])
    well = await with_path(db)
    await run_on_missing(well, asset)
    assert (told(lab), told(well)) == ([], ["viewable"])


@pytest.mark.parametrize("is_chained", [False, True])
async def test_what_two_failures_and_a_run_owe_is_reached_once(db, asset, is_chained):
    await fail_to_view(db, asset)
    await db.execute(
        """INSERT INTO job_request (job, queue, arguments, unique_key, cause, chain, provides, failed_at, error)
           SELECT job, queue, arguments, unique_key, cause, chain, provides, failed_at, error FROM job_request"""
    )
    lab = await with_path(db)
    await lab.jobs.request("path.view", asset_id=asset["asset_id"], chain=is_chained)
    await lab.room.drain()
    assert told(lab) == ["viewable"]
    assert await db.fetchval("SELECT count(*) FROM job_request") == 0


async def test_retrying_a_failure_leaves_what_it_owes_to_the_equal_that_waits(db, asset):
    await fail_to_view(db, asset)
    lab = await with_path(db)
    await lab.jobs.request("path.view", asset_id=asset["asset_id"], cause="missing")
    assert await lab.room.failures.retry(Wanted()) == 0
    await lab.room.drain()
    assert told(lab) == ["viewable"]


async def test_a_run_that_another_process_has_taken_over_leaves_failures_alone(db, asset):
    await fail_to_view(db, asset)

    async def taken(ctx, **_) -> Outcome:
        await ctx.host.db.execute("UPDATE job_request SET attempts = attempts + 1 WHERE failed_at IS NULL")
        return Outcome.DONE

    lab = await with_path(db, view=taken)
    row_id = await lab.jobs.request("path.view", asset_id=asset["asset_id"])
    assert await lab.room.executor.execute(row_id) is End.ABSENT
    assert await db.fetchval("SELECT chain FROM job_request WHERE failed_at IS NOT NULL") is True
    assert told(lab) == []


async def test_what_is_owed_outlives_a_crash_at_the_end_of_the_run(db, asset):
    await fail_to_view(db, asset)
    lab = await with_path(db)
    row_id = await lab.jobs.request("path.view", asset_id=asset["asset_id"])
    await db.execute("ALTER TABLE fact_request ADD CONSTRAINT broken CHECK (fact <> 'asset_viewable')")
    try:
        with pytest.raises(asyncpg.CheckViolationError):
            await lab.room.executor.execute(row_id)
    finally:
        await db.execute("ALTER TABLE fact_request DROP CONSTRAINT broken")
    assert await db.fetchval("SELECT count(*) FROM job_request") == 2
    await db.execute("UPDATE job_request SET beat_at = to_timestamp(0), attempts = 0 WHERE id = $1", row_id)
    assert await lab.room.executor.execute(row_id) is End.DONE
    await lab.room.drain()
    assert told(lab) == ["viewable"]


async def test_a_plugin_with_a_milestone_out_of_order_is_broken_and_its_milestone_passed(db, asset):
    lab = await Lab(db, None, [replace(PATH[0], after="asset_placed")]).on()
    record = lab.records["path"]
    assert record.status is Status.BROKEN
    assert "path.gather provides gathered" in record.reason
    assert lab.room.registry.get("path.gather") is None
    assert lab.room.registry.provided() == frozenset()


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_job_that_is_not_wanted_is_not_requested_and_its_milestone_passed(db, asset, wanted):
    lab = await Lab(db, None, [replace(PATH[0], when=lambda _host: wanted), *PATH[1:]]).on()
    await lab.jobs.publish("asset_created", **asset)
    await lab.jobs.settle()
    waiting = {row["job"] for row in await db.fetch("SELECT job FROM job_request")}
    assert waiting == ({"path.gather"} if wanted else {"path.describe"})
    await lab.room.drain()
    assert told(lab)[-1] == "viewable"


async def test_a_plugin_that_cannot_say_whether_its_job_is_wanted_has_it_run(db, asset):
    def unknown(_host):
        raise LookupError

    lab = await Lab(db, None, [replace(PATH[0], when=unknown)]).on()
    await lab.jobs.publish("asset_created", **asset)
    await lab.jobs.settle()
    assert [row["job"] for row in await db.fetch("SELECT job FROM job_request")] == ["path.gather"]
