import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from immich_host.jobs import room
from immich_host.jobs.scripts import NAMESPACE
from immich_host.jobs.sweep import Sweep
from immich_host.testing.waiting import PATIENCE
from tests.jobs.lab import PATH, Lab


async def rows(db) -> int:
    return await db.fetchval("SELECT count(*) FROM job_request")


async def messages(valkey, queue: str) -> int:
    return await valkey.hlen(f"{NAMESPACE}:{queue}.msgs")


async def test_a_request_is_handed_over_after_commit(lab, db, valkey):
    async with db.transaction():
        await lab.jobs.request("lab.note", number=1)
        assert await messages(valkey, "labNote") == 0
    assert await messages(valkey, "labNote") == 1


async def test_a_rollback_leaves_neither_row_nor_message_nor_fact(lab, db, valkey, asset):
    async def fail_halfway():
        async with db.transaction():
            await lab.jobs.request("lab.note", number=1)
            await lab.jobs.publish("asset_created", **asset)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_halfway()
    await lab.jobs.settle()
    assert await rows(db) == 0
    assert await db.fetchval("SELECT count(*) FROM fact_request") == 0
    assert await valkey.keys(f"{NAMESPACE}:lab*") == []
    assert lab.listening.told == []


async def test_equal_requests_that_wait_are_one(lab, db):
    assert await lab.jobs.request("lab.note", number=1) is not None
    assert await lab.jobs.request("lab.note", number=1, force=True) is None
    assert await lab.jobs.request("lab.note", number=2) is not None
    assert [r["force"] for r in await db.fetch("SELECT force FROM job_request ORDER BY id")] == [True, False]


async def test_requests_for_many_assets_are_unique_too(lab, db):
    ids = [uuid4() for _ in range(1200)]
    assert await lab.jobs.request_many("lab.nothing", [*ids, *ids[:5]]) == 1200
    assert await lab.jobs.request_many("lab.nothing", ids) == 0


@pytest.mark.parametrize(("types", "requested"), [((), 1), (("IMAGE",), 1), (("VIDEO", "IMAGE"), 1), (("VIDEO",), 0)])
async def test_a_job_for_some_types_is_not_requested_for_others(db, photo, types, requested):
    lab = await Lab(db, None, [replace(PATH[3], asset_types=types)]).on()
    await lab.jobs.publish("asset_viewable", asset_id=photo, owner_id=uuid4(), cause="upload")
    await lab.jobs.settle()
    assert await rows(db) == requested
    await lab.jobs.request("path.search", asset_id=photo)
    assert await rows(db) == 1, "who asks for it by name gets it"


def test_a_milestone_is_for_every_asset():
    with pytest.raises(ValueError, match="every type"):
        replace(PATH[0], asset_types=("VIDEO",))


async def test_a_job_of_a_plugin_that_is_off_is_not_requested(lab, db):
    await lab.on(off=frozenset({"lab"}))
    assert await lab.jobs.request("lab.note", number=1) is None
    assert await lab.jobs.request("nobody.knows") is None
    assert await rows(db) == 0


async def test_the_sweep_hands_over_what_an_emptied_valkey_forgot_and_only_once(lab, db, valkey):
    sweep = Sweep(db, lab.room.registry, lab.jobs, lab.room.transport, lab.room.elsewhere)
    await lab.jobs.request_many("lab.nothing", [uuid4() for _ in range(1500)])
    await valkey.flushall()
    await sweep.sweep(thorough=False)
    await sweep.sweep()
    assert await messages(valkey, "labNothing") == 1500
    assert await valkey.llen(f"{NAMESPACE}:labNothing") == 1500


async def test_the_sweep_delivers_facts_of_a_process_that_died(lab, db, asset):
    sweep = Sweep(db, lab.room.registry, lab.jobs, lab.room.transport, lab.room.elsewhere)
    await lab.jobs.publish("asset_placed", **asset)
    await lab.jobs.settle()
    assert lab.listening.told == [("asset_placed", asset["asset_id"])]
    await db.execute(
        "INSERT INTO fact_request (fact, arguments, created_at) VALUES ($1, $2, now() - interval '1 minute')",
        "asset_viewable",
        f'{{"asset_id": "{asset["asset_id"]}", "owner_id": "{asset["owner_id"]}", "cause": "upload"}}',
    )
    await sweep.sweep()
    assert lab.listening.told[1:] == [("asset_viewable", asset["asset_id"])]
    assert await db.fetchval("SELECT count(*) FROM fact_request") == 0


async def test_valkey_away_fails_no_request(db, servers):
    from tests.jobs.lab import Lab

    lab = await Lab(db, "unix:///nowhere/valkey.sock").on()
    assert await lab.jobs.request("lab.note", number=1) is not None
    await lab.room.close()
    assert await rows(db) == 1


async def test_a_listener_that_hangs_holds_up_no_end_and_its_fact_stays(lab, db, asset, monkeypatch):
    monkeypatch.setattr(room, "_DELIVER_SECONDS", 0.05)
    begun = asyncio.Event()

    async def hangs(**_arguments: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    lab.hosting.listen("asset_created", hangs)
    await lab.jobs.publish("asset_created", **asset)
    await begun.wait()
    async with asyncio.timeout(PATIENCE):
        await lab.room.close()
    assert await db.fetchval("SELECT count(*) FROM fact_request WHERE fact = 'asset_created'") == 1
