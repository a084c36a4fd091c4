"""Failures are seen, each with its error and what becomes of it, and tried again on request."""

from uuid import UUID, uuid4

import pytest

from immich_host.jobs.execution import End
from immich_host.jobs.failures import Failure, Wanted
from tests.jobs.lab import Lab


async def fail(lab: Lab, job: str = "lab.damaged", **arguments) -> UUID:
    row_id = await lab.jobs.request(job, **arguments)
    assert row_id
    assert await lab.room.executor.execute(row_id) in {End.FAILED, End.RETRIED}
    return row_id


async def found(lab: Lab, **wanted) -> list[Failure]:
    return await lab.room.failures.find(Wanted(**wanted))


async def test_a_failure_is_seen_with_its_reason_and_its_asset(lab, db, photo):
    row_id = await fail(lab, asset_id=photo)
    await lab.jobs.request("lab.note", number=3)
    [failure] = await found(lab)
    assert (failure.id, failure.job, failure.queue, failure.status) == (row_id, "lab.damaged", "labNote", "failed")
    assert (failure.asset_id, failure.file_name, failure.reason) == (photo, "a.jpg", "the file is damaged")
    assert (failure.attempts, failure.tries, failure.next_try_at) == (1, 3, None)
    assert failure.failed_at is not None


async def test_what_will_be_tried_again_says_when(lab):
    await fail(lab, "lab.flaky", number=1)
    [failure] = await found(lab, queue="labFlaky")
    assert (failure.status, failure.attempts, failure.failed_at) == ("waiting", 1, None)
    assert failure.reason == "ValueError: attempt 1"
    assert failure.next_try_at is not None
    assert failure.next_try_at > failure.requested_at


async def test_failures_are_found_by_what_is_wanted_and_in_pages(lab):
    photos = [uuid4() for _ in range(3)]
    ids = [await fail(lab, asset_id=photo) for photo in photos]
    other = await fail(lab, "lab.flaky", number=9)
    assert [one.id for one in await found(lab)] == [other, *reversed(ids)]
    assert [one.id for one in await found(lab, asset_ids=photos[:1])] == ids[:1]
    assert [one.id for one in await found(lab, job="lab.flaky")] == [other]
    assert [one.id for one in await found(lab, ids=ids[1:])] == [ids[2], ids[1]]
    assert await found(lab, queue="labHold") == []
    first = await lab.room.failures.find(Wanted(), limit=2)
    assert [one.id for one in await lab.room.failures.find(Wanted(), before=first[-1].id)] == [ids[1], ids[0]]
    assert [one.id for one in await lab.room.failures.find(Wanted(), statuses=["waiting"])] == [other]


@pytest.mark.parametrize("by", ["ids", "asset_ids", "queue", "job", "nothing"])
async def test_retrying_those_that_are_wanted(lab, db, by: str):
    photo = uuid4()
    mine = await fail(lab, asset_id=photo)
    other = await fail(lab, "lab.cancelled")
    wanted = {
        "ids": Wanted(ids=[mine]),
        "asset_ids": Wanted(asset_ids=[photo]),
        "queue": Wanted(queue="labNote"),
        "job": Wanted(job="lab.damaged"),
        "nothing": Wanted(),
    }[by]
    again = await lab.room.failures.retry(wanted)
    rows = await db.fetch("SELECT id FROM job_request WHERE failed_at IS NULL AND attempts = 0 AND error IS NULL")
    assert {row["id"] for row in rows} == ({mine} if by in {"ids", "asset_ids", "job"} else {mine, other})
    assert again == len(rows)


async def test_what_waits_for_its_next_attempt_need_not_wait(lab, db):
    row_id = await fail(lab, "lab.flaky", number=1)
    assert await lab.room.executor.execute(row_id) is End.ABSENT
    assert await lab.room.failures.retry(Wanted(ids=[row_id])) == 1
    assert await lab.room.executor.execute(row_id) is End.DONE
    assert [row["attempt"] for row in await db.logged("lab.flaky")] == [1, 2]


async def test_what_waits_already_is_not_tried_twice(lab, db):
    photo = uuid4()
    failed = await fail(lab, asset_id=photo)
    waiting = await lab.jobs.request("lab.damaged", asset_id=photo)
    assert waiting
    assert await lab.room.failures.retry(Wanted()) == 0
    assert [one.id for one in await found(lab)] == [failed]
    assert await lab.room.executor.execute(waiting) is End.FAILED
    assert [one.id for one in await found(lab)] == [waiting]


async def test_clearing_forgets_what_was_given_up_only(lab):
    await fail(lab, asset_id=uuid4())
    await fail(lab, "lab.flaky", number=1)
    assert await lab.room.failures.clear(Wanted()) == 1
    [left] = await found(lab)
    assert left.status == "waiting"
