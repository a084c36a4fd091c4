"""One real server on a ground that can be taken away, and the way a library ends when nothing happens."""

import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from immich_host.runtime.binaries import media_binaries
from immich_host.testing.host import expect
from tests.faults.endstate import State, end_state, left_undone
from tests.faults.holding import Holding, prepare
from tests.faults.stages import bring, make_library, send_until_taken
from tests.faults.striking import Ground
from tests.together.served import Person, Served


@dataclass
class Stand:
    """The server, its ground, its admin, the files of the stages."""

    served: Served
    ground: Ground
    admin: Person
    library: dict[str, bytes]

    async def idle(self) -> None:
        """Wait until everything is done, or has failed for good."""
        try:
            await self.served.idle()
        except AssertionError as error:
            rows = await self.served.sql(
                """SELECT job, original_file_name, run_at - now() AS due, started_at, now() - beat_at AS beaten,
                     attempts, error FROM job_request r LEFT JOIN asset a ON a.id::text = r.arguments->>'asset_id'
                   WHERE failed_at IS NULL"""
            )
            rows += await self.served.sql("SELECT fact, arguments, created_at - now() AS due FROM fact_request")
            raise AssertionError("\n".join(["not all is done:", *(repr(dict(row)) for row in rows)])) from error

    async def sweep(self) -> None:
        """What an administrator does once all is well again: try failures again, look for what was missed."""
        async with self.admin.client() as client:
            expect(await client.post("/api/admin/jobs/failures/retry", json={}), 200)
            for plugin in expect(await client.get("/api/admin/plugins"), 200):
                if plugin["status"] == "enabled":
                    expect(await client.post(f"/api/admin/plugins/{plugin['name']}/sweep"), 200)


@dataclass
class Ended:
    """How it all ended, and what the server said of errors."""

    state: State
    undone: list[str]
    said: list[str]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stand() -> AsyncIterator[Stand]:
    programs = dict(media_binaries().found)
    if len(programs) < 3 or not Path("/proc/self/stat").exists():
        pytest.skip("a media program is missing, or this is not Linux")
    folder = Path(tempfile.mkdtemp(prefix="faults-"))  # not pytest's: it could not remove a mount that was left
    ground = Ground(folder)
    python = ground.lay(programs, sys.executable)
    try:
        served = Served(ground.data, str(python))
        try:
            admin = await Person.make(served, "admin")
            async with admin.client() as client:
                config = expect(await client.get("/api/system-config"), 200)
                config["storageTemplate"]["enabled"] = True
                expect(await client.put("/api/system-config", json=config), 200)
            await prepare(served)
            yield Stand(served, ground, admin, make_library(folder))
        finally:
            served.stop()
    finally:
        ground.clear()
        shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def calm(stand: Stand) -> State:
    """The end when nothing happens."""
    served = stand.served
    person = await Person.make(served, "calm", stand.admin)
    async with Holding(served) as holding:
        await bring(served, person, stand.library, holding, begun=False)
    await send_until_taken(person, "received.jpg", stand.library["received.jpg"])
    await stand.idle()
    await stand.sweep()
    await stand.idle()
    assert await left_undone(served) == []
    return await end_state(served, person)
