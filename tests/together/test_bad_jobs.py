"""A plugin whose jobs leak, end their process and fail, in a real server: everybody else's work is done."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from immich_host.testing.host import expect
from immich_host.testing.waiting import PATIENCE
from tests.plugins.test_commands import install
from tests.together.making import picture
from tests.together.served import Person, Served, until

HOOKS = """
import os
from immich_host.plugin_api import Host, Job, JobContext, Outcome, Permission, Routes, hookimpl

ROUTES = Routes("Villain")
HOARD = []

async def leak(ctx: JobContext) -> Outcome:
    "Keep more memory than a worker may hold."
    while True:
        await ctx.in_thread(lambda: HOARD.append(bytearray(b"x") * 50_000_000))

async def die(ctx: JobContext) -> Outcome:
    "End the process, as a library with a fault does."
    os._exit(11)

async def fail(ctx: JobContext) -> Outcome:
    "Raise."
    raise ValueError("not today")

JOBS = [Job(run.__name__, run, queue="villain", retries=1) for run in (leak, die, fail)]

@ROUTES.post("/plugins/villain/{name}", permission=Permission.JOB_CREATE, operation_id="doEvil")
async def do(host: Host, name: str) -> None:
    "Ask for one of them."
    await host.jobs.request(f"villain.{name}")

@hookimpl
def register_jobs():
    return JOBS

@hookimpl
def register_blueprints():
    return [ROUTES]
"""
REASONS = {
    "villain.leak": "memory limit: its worker process held",
    "villain.die": "its worker process ended 3 times while running it",
    "villain.fail": "ValueError: not today",
}

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def beset(tmp_path: Path, programs: None) -> Iterator[Served]:
    """A server with the villain, whose workers may hold 400 MB."""
    site = tmp_path / "site"
    site.mkdir()
    install(site, "villain", HOOKS)
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    running = Served(tmp_path / "data", PYTHONPATH=path, IMMICH_HOST_WORK_MEMORY="400MB")
    yield running
    assert running.stop() == 0


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is watched on Linux")
async def test_bad_jobs_are_failed_with_their_reason_and_all_photos_arrive(beset: Served) -> None:
    admin = await Person.make(beset, "admin")
    await admin.use_models(enabled=False)  # they would take the memory that the villain shall take
    apis = beset.pids("immich_host api")
    async with admin.client() as client:
        ids = []
        for job in REASONS:
            expect(await client.post(f"/api/plugins/villain/{job.partition('.')[2]}"), 204)

            async def has_failed(name: str = job) -> bool:
                made = await admin.upload(picture(size=(64, 48)), client=client)
                ids.append(expect(made, 201)["id"])
                await asyncio.sleep(0.5)
                rows = await beset.sql("SELECT FROM job_request WHERE job = $1 AND failed_at IS NOT NULL", name)
                return bool(rows)

            await until(has_failed, 3 * PATIENCE)
        await beset.idle()
        failures = expect(await client.get("/api/admin/jobs/failures"), 200)
        others = [one for one in failures if one["job"] not in REASONS]
        assert others == [], f"no other job has failed: {others}"
        assert {one["job"] for one in failures} == REASONS.keys()
        assert all(REASONS[one["job"]] in one["reason"] for one in failures), failures
        [row] = await beset.sql("SELECT count(*) AS n FROM asset WHERE thumbhash IS NOT NULL")
        assert row["n"] == len(ids) > 5
        plugins = expect(await client.get("/api/admin/plugins"), 200)
        assert {one["status"] for one in plugins} == {"enabled"}
    assert beset.pids("immich_host api") == apis
