from dataclasses import replace

import pytest

from immich_host.hosting.record import Status
from immich_host.jobs.execution import End
from immich_host.jobs.milestones import facts_reached
from immich_host.plugin_api.errors import JobFailed
from tests.jobs.lab import PATH, Lab, damaged

ALL = ["created", "gathered", "described", "placed", "viewable"]


def told(lab) -> list[str]:
    return [fact.removeprefix("asset_") for fact, _ in lab.listening.told if fact.startswith("asset_")]


async def jobs_run(db) -> list[str]:
    return [row["job"].removeprefix("path.") for row in await db.fetch("SELECT job FROM lab_log ORDER BY id")]


async def with_path(db, **changed) -> Lab:
    path = [replace(job, run=changed.get(job.name, job.run), retries=0) for job in PATH]
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
    await well.room.commands.retry_failed("metadataExtraction")
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
    assert await well.room.commands.retry_failed("thumbnailGeneration") == 1
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


async def test_a_plugin_with_a_milestone_out_of_order_is_broken_and_its_milestone_passed(db, asset):
    lab = await Lab(db, None, [replace(PATH[0], after="asset_placed")]).on()
    record = lab.records["path"]
    assert record.status is Status.BROKEN
    assert "path.gather provides gathered" in record.reason
    assert lab.room.registry.get("path.gather") is None
    assert lab.room.registry.provided() == frozenset()
