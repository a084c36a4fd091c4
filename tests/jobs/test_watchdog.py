"""What makes a worker process unusable ends it; the job to blame is failed in the end, and no other job is lost."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from immich_host.jobs.failures import Wanted
from immich_host.jobs.running import Running, blamed
from immich_host.jobs.watchdog import ENDED
from immich_host.testing.waiting import PATIENCE
from tests.jobs.conftest import Worker

MEMORY = 400_000_000
LEAK = 600
"""MB, more than a worker may hold here."""

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is watched on Linux"),
]


def run(name: str, held: int, *, started: float = 0.0, is_suspect: bool = False) -> Running:
    return Running(uuid4(), name, started, held, is_suspect)


@pytest.mark.parametrize(
    ("runs", "guilty", "suspects"),
    [
        ([], "", ""),
        ([run("a", 10)], "a", ""),
        ([run("a", 70)], "", ""),
        ([run("a", 10), run("b", 70)], "a", ""),
        ([run("a", 10), run("b", 20)], "", "ab"),
        ([run("a", 10), run("b", 20, is_suspect=True)], "b", ""),
        ([run("a", 10), run("b", 90, is_suspect=True)], "a", ""),
        ([run("a", 10, is_suspect=True), run("b", 20, started=8.0, is_suspect=True)], "b", ""),
        ([run("a", 10), run("b", 10), run("c", 95)], "", "ab"),
    ],
)
def test_who_is_blamed(runs: list[Running], guilty: str, suspects: str):
    found = blamed(runs, held=100, room=80, now=10.0)
    assert ["".join(sorted(one.job for one in part)) for part in found] == [guilty, suspects]


async def kept_running(work, ended: list[int], **environment: str) -> None:
    """Start a worker again whenever it ends, as the supervisor does, until cancelled."""
    while True:
        [worker] = await work(**environment)
        code = await _end_of(worker)
        ended.append(code)


async def _end_of(worker: Worker) -> int:
    while (code := worker.process.poll()) is None:  # noqa: ASYNC110 - another process's end
        await asyncio.sleep(0.05)
    return code


@pytest.fixture
async def keep(work):
    """Keeps one worker running; gives the exit codes of those that ended."""
    ended: list[int] = []
    tasks: list[asyncio.Task[None]] = []

    def start(**environment: str) -> list[int]:
        tasks.append(asyncio.create_task(kept_running(work, ended, **environment)))
        return ended

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_job_that_leaks_each_time_is_failed_with_the_reason_and_no_other_is_lost(lab, db, keep, holding):
    ended = keep(LAB_MEMORY=str(MEMORY), LAB_ALONE="1")
    await lab.jobs.request("lab.hold", number=1)
    await db.until("SELECT count(*) = 1 FROM lab_log WHERE job = 'lab.hold'")
    await lab.jobs.request("lab.leak", number=8, megabytes=LEAK)
    [failed] = await until_failed(lab, db, "labLeak")
    assert failed.error.startswith("memory limit: its worker process held ")
    assert "400 MB" in failed.error
    assert len(ended) >= 2
    assert set(ended) == {ENDED}
    assert await db.fetchval("SELECT failed_at IS NULL FROM job_request WHERE job = 'lab.hold'")
    await holding(1)
    await db.until("SELECT count(*) = 1 FROM lab_log WHERE job = 'lab.hold' AND ended IS NOT NULL")


async def until_failed(lab, db, queue: str):
    await db.until("SELECT count(*) = 1 FROM job_request WHERE queue = $1 AND failed_at IS NOT NULL", queue)
    return await lab.room.counts.listed(queue, ["failed"])


async def test_of_two_that_grew_both_are_suspects_and_only_one_is_failed(lab, db, keep, holding):
    """The small one alone would fit: it runs to its end once it is not beside the other."""
    ended = keep(LAB_MEMORY=str(MEMORY))
    await lab.jobs.request("lab.leak", number=8, megabytes=3)
    await db.until("SELECT count(*) = 1 FROM lab_log WHERE number = 8")
    await lab.jobs.request("lab.leak", number=7, megabytes=LEAK)
    await until_ended(ended, 1)
    rows = await db.fetch("SELECT attempts, ended_by FROM job_request")
    assert [row["attempts"] for row in rows] == [0, 0], "nobody knows yet which of them it was"
    assert all(row["ended_by"].startswith("memory limit") for row in rows)
    await holding(8)
    [failed] = await until_failed(lab, db, "labLeak")
    assert failed.arguments == {"number": 7, "megabytes": LEAK}
    await db.until("SELECT count(*) = 0 FROM job_request WHERE failed_at IS NULL")


async def until_ended(ended: list[int], times: int) -> None:
    async with asyncio.timeout(3 * PATIENCE):
        while len(ended) < times:  # noqa: ASYNC110 - another process's end
            await asyncio.sleep(0.05)


async def test_a_job_that_keeps_the_loop_is_failed_and_no_other_is_lost(lab, db, keep, holding):
    ended = keep(LAB_LOOP="3")
    await lab.jobs.request("lab.hold", number=1)
    await db.until("SELECT count(*) = 1 FROM lab_log WHERE job = 'lab.hold'")
    await lab.jobs.request("lab.stand")
    [failed] = await until_failed(lab, db, "labStand")
    assert failed.error.startswith("it kept its worker process from everything else for 3 seconds")
    assert ended == [ENDED] * 2
    await db.until("SELECT attempts = 1 FROM job_request WHERE job = 'lab.hold'")  # it runs, as if for the first time
    await holding(1)
    await db.until("SELECT count(*) = 0 FROM job_request WHERE failed_at IS NULL")


async def test_a_job_that_ends_its_process_is_failed(lab, db, keep):
    ended = keep()
    await lab.jobs.request("lab.die")
    await lab.jobs.request("lab.note", number=1)
    [failed] = await until_failed(lab, db, "labStand")
    assert failed.error == "its worker process ended 3 times while running it"
    assert ended == [9] * 3, "the first may have been another's fault"
    await db.until("SELECT count(*) >= 1 FROM lab_log WHERE job = 'lab.note'")
    [failure] = await lab.room.failures.find(Wanted(queue="labStand"))
    assert (failure.attempts, failure.tries) == (2, 2)


async def test_what_ran_beside_jobs_that_end_their_process_is_spared(lab, db, keep, holding):
    """However long it takes itself, and however often the other is tried."""
    ended = keep(LAB_ALONE="8")
    await lab.jobs.request("lab.hold", number=1)
    await db.until("SELECT count(*) = 1 FROM lab_log WHERE job = 'lab.hold'")
    await lab.jobs.request("lab.die")
    await until_failed(lab, db, "labStand")
    assert len(ended) == 3, "more often than it is tried"
    [row] = await db.fetch("SELECT deaths, spared FROM job_request WHERE job = 'lab.hold'")
    assert row["spared"] == row["deaths"] >= 1
    await holding(1)
    await db.until("SELECT count(*) = 0 FROM job_request WHERE failed_at IS NULL")
    assert await db.fetchval("SELECT count(*) FROM job_request WHERE job = 'lab.hold'") == 0


async def test_threads_that_never_end_are_ended_with_their_process_before_there_are_none_left(lab, db, keep):
    ended = keep()
    await db.execute("INSERT INTO lab_setting VALUES ('labStuck', 16)")
    # more than it takes: on a busy machine the time of some is up before their thread has begun
    for number in range(24):
        await lab.jobs.request("lab.stuck", number=number)
    await db.until("SELECT count(*) = 24 FROM job_request WHERE failed_at IS NOT NULL")
    await lab.jobs.request("lab.note", number=1)
    await db.until("SELECT count(*) = 1 FROM lab_log WHERE job = 'lab.note'")
    await until_ended(ended, 1)
    assert set(ended) == {ENDED}
