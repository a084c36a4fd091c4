"""Plugins go off, on and are purged while people upload: all processes follow, and nobody notices."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio

from immich_host.testing.host import expect
from tests.together.eyes import HOLDS_WITHIN, Eyes
from tests.together.making import picture
from tests.together.served import Person, Served, until

PROCESSES = 4
PLUGINS = "/api/admin/plugins"


@pytest_asyncio.fixture(loop_scope="session")
async def boss(served: Served, admin: Person) -> AsyncIterator[httpx.AsyncClient]:
    """The administrator; all plugins are on again afterwards."""
    await admin.use_models(enabled=False)
    async with admin.client() as client:
        yield client
        for plugin in await admin.get("/admin/plugins"):
            if not plugin["wanted"]:
                await client.put(f"{PLUGINS}/{plugin['name']}", json={"enabled": True})
    await admin.use_models(enabled=True)
    await served.idle()


def followed(served: Served) -> int:
    """How often processes have said that they switched plugins."""
    return sum("plugins switched" in line for line in list(served.said))


async def switch(served: Served, boss: httpx.AsyncClient, name: str, *, enabled: bool) -> None:
    """Switch a plugin, and wait until all processes have followed."""
    before = followed(served)
    expect(await boss.put(f"{PLUGINS}/{name}", json={"enabled": enabled}), 200)

    async def all_said() -> bool:
        return followed(served) >= before + PROCESSES

    await until(all_said, HOLDS_WITHIN)


@asynccontextmanager
async def load(person: Person, people: int = 3) -> AsyncIterator[list[httpx.Response]]:
    """Uploads and looks at what is there, until the block ends; every answer is kept."""
    answers: list[httpx.Response] = []
    ended = asyncio.Event()

    async def one() -> None:
        async with person.client() as client:
            while not ended.is_set():
                # the drawing has few variants; bytes after its end make each upload a new one
                made = await person.upload(picture(size=(64, 48)) + os.urandom(8), client=client)
                answers.append(made)
                answers.append(await client.get(f"/api/assets/{made.json()['id']}"))
                answers.append(await client.get("/api/server/features"))

    tasks = [asyncio.create_task(one()) for _ in range(people)]
    try:
        yield answers
    finally:
        ended.set()
        await asyncio.gather(*tasks)


def bad(answers: Iterable[httpx.Response]) -> list[tuple[int, str]]:
    return [(one.status_code, one.text[:200]) for one in answers if one.status_code not in {200, 201}]


async def count(served: Served, statement: str, *values: Any) -> int:
    [row] = await served.sql(f"SELECT count(*) AS n FROM {statement}", *values)
    return row["n"]


async def test_toggling_under_load_fails_no_request_and_loses_no_job(
    served: Served, admin: Person, boss: httpx.AsyncClient
) -> None:
    person = await Person.make(served, "under-load", admin)
    async with load(person) as answers:
        for _ in range(3):
            for enabled in (False, True):
                await switch(served, boss, "thumbnails", enabled=enabled)
                await switch(served, boss, "sidecar", enabled=enabled)
    assert bad(answers) == []
    uploaded = sum(one.status_code == 201 for one in answers)
    assert uploaded > 10
    await served.idle()
    assert await count(served, "asset WHERE owner_id = $1::uuid", person.id) == uploaded
    expect(await boss.post(f"{PLUGINS}/thumbnails/sweep"), 200)
    await served.idle()
    assert await count(served, "asset WHERE owner_id = $1::uuid AND thumbhash IS NULL", person.id) == 0
    assert await count(served, "job_request WHERE failed_at IS NOT NULL") == 0


async def test_what_waits_is_dropped_when_its_plugin_goes_off(
    served: Served, admin: Person, boss: httpx.AsyncClient
) -> None:
    person = await Person.make(served, "waiting", admin)
    queue = "/api/queues/metadataExtraction"
    expect(await boss.put(queue, json={"isPaused": True}), 200)
    await served.paused("metadataExtraction")
    for number in range(5):
        expect(await person.upload(picture(), f"{number}.jpg"), 201)

    async def all_wait() -> bool:
        return await count(served, "job_request WHERE job = 'metadata.extract'") == 5

    await until(all_wait)
    await switch(served, boss, "metadata", enabled=False)
    expect(await boss.put(queue, json={"isPaused": False}), 200)
    await served.idle()
    mine = "asset WHERE owner_id = $1::uuid"
    assert await count(served, f"{mine} AND thumbhash IS NOT NULL", person.id) == 5  # the milestone was passed


async def test_tables_are_gone_after_a_purge_and_only_then(
    served: Served, admin: Person, boss: httpx.AsyncClient
) -> None:
    person = await Person.make(served, "purged", admin)
    path = f"{PLUGINS}/metadata"
    names = [table["name"] for table in expect(await boss.get(path), 200)["tables"]]
    assert names
    async with Eyes(served) as eyes, load(person, people=2) as answers:
        assert expect(await boss.delete(f"{path}/data"), 409) == {"message": "metadata is on; switch it off first"}
        await switch(served, boss, "metadata", enabled=False)
        there = "pg_class WHERE relname = ANY($1)"
        assert await count(served, there, names) == len(names)

        async def nothing_runs() -> bool:
            gone = await boss.delete(f"{path}/data")
            return gone.status_code == 200 or "still running" not in expect(gone, 409)["message"]

        await until(nothing_runs)
        assert await count(served, there, names) == 0
        await switch(served, boss, "metadata", enabled=True)
        assert await count(served, there, names) == len(names)
        headers = {"Authorization": f"Bearer {admin.token}"}
        await eyes.all_see(path, lambda answer: answer.json()["status"] == "enabled", **headers)
    assert bad(answers) == []
    await served.idle()
    assert await count(served, "job_request WHERE failed_at IS NOT NULL") == 0


async def test_the_command_switches_a_running_server(served: Served, boss: httpx.AsyncClient) -> None:
    for command, wanted in (("disable", False), ("enable", True)):
        before = followed(served)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "immich_host", "plugins", "--data", str(served.folder), command, "sidecar",
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await process.communicate()
        assert (process.returncode, out) == (0, f"sidecar is {'on' if wanted else 'off'}\n".encode())

        async def all_said(enough: int = before + PROCESSES) -> bool:
            return followed(served) >= enough

        await until(all_said, HOLDS_WITHIN)
        shown = expect(await boss.get(f"{PLUGINS}/sidecar"), 200)
        assert (shown["status"], shown["wanted"]) == ("enabled" if wanted else "disabled", wanted)


@pytest.mark.parametrize("enabled", [False, True])
async def test_asking_for_what_is_there_already_is_no_error(
    served: Served, boss: httpx.AsyncClient, enabled: bool
) -> None:
    for _ in range(2):
        answer = expect(await boss.put(f"{PLUGINS}/sidecar", json={"enabled": enabled}), 200)
        assert answer["plugin"]["status"] == ("enabled" if enabled else "disabled")
