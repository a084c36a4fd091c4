"""`immich-host jobs` beside a server: what it shows, what it does, and how it ends."""

import asyncio
import os
import pty
import select
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from immich_host.server.job_showing import duration, rate
from immich_host.testing import RunningHost, Servers
from immich_host.testing.waiting import PATIENCE

USAGE = 2


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)


SEVERAL = """
import sys
import orjson
from typer.testing import CliRunner
from immich_host.cli import _jobs

for line in sys.stdin:
    ran = CliRunner().invoke(_jobs(), orjson.loads(line))
    print(orjson.dumps([ran.exit_code, ran.stdout, ran.stderr]).decode(), flush=True)
"""
"""Runs command after command, as the time that a test takes is that of starting Python."""


@pytest.fixture
def begin(house: RunningHost, servers: Servers) -> Callable[..., Awaitable[asyncio.subprocess.Process]]:
    """Begins a process on the database of the test."""

    async def begun(*arguments: str, out: int = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, *arguments,
            env={**os.environ, "IMMICH_HOST_DATABASE_URL": house.kernel.runtime.database_url or "",
                 "IMMICH_HOST_REDIS_URL": servers.redis_url, "TERM": "xterm", "COLUMNS": "80"},
            stdin=asyncio.subprocess.PIPE, stdout=out,
        )  # fmt: skip

    return begun


@pytest.fixture
async def run(begin) -> AsyncIterator[Callable[..., Awaitable[Ran]]]:
    process = await begin("-c", SEVERAL)

    async def to_its_end(*arguments: str) -> Ran:
        process.stdin.write(orjson.dumps(arguments) + b"\n")
        async with asyncio.timeout(PATIENCE):
            return Ran(*orjson.loads(await process.stdout.readline()))

    yield to_its_end
    process.stdin.close()
    async with asyncio.timeout(PATIENCE):
        await process.wait()


@pytest.fixture
def put(house: RunningHost) -> Callable[..., Awaitable[UUID]]:
    """Writes a request; with an `error` it has failed for good."""

    async def request(queue: str, *, error: str | None = None, key: str | None = None) -> UUID:
        return await house.kernel.db.fetchval(
            """INSERT INTO job_request (job, queue, error, failed_at, attempts, unique_key, arguments)
               VALUES ('host.user_delete', $1, $2::text, CASE WHEN $2 IS NOT NULL THEN now() END, 3, $3::text,
                       CASE WHEN $3 IS NULL THEN '{}' ELSE jsonb_build_object('asset_id', $3) END) RETURNING id""",
            queue, error, key,
        )  # fmt: skip

    return request


async def counted(house: RunningHost, condition: str) -> int:
    return await house.kernel.db.fetchval(f"SELECT count(*) FROM job_request WHERE {condition}")


async def test_queues_are_listed_for_people_and_programs(run, put):
    await put("sidecar")
    await put("sidecar", error="ValueError: no such day")
    shown = await run("list")
    assert shown.status == 0
    assert [line.split()[0] for line in shown.out.splitlines()[:3]] == [
        "Queue",
        "thumbnailGeneration",
        "metadataExtraction",
    ]
    queues = {queue["name"]: queue for queue in (await run("list", "--json")).json}
    assert (queues["sidecar"]["statistics"]["waiting"], queues["sidecar"]["statistics"]["failed"]) == (1, 1)


async def test_failures_are_found_retried_and_cleared(run, put, house):
    asset = uuid4()
    first = await put("sidecar", error="Traceback\nValueError: no such day", key=str(asset))
    await put("ocr", error="no [text]")
    shown = await run("failed")
    assert "ValueError: no such day" in shown.out
    assert "no [text]" in shown.out
    assert "3 of 3" in shown.out
    assert [one["id"] for one in (await run("failed", "--asset", str(asset), "--json")).json] == [str(first)]
    assert (await run("failed", "--queue", "library", "--json")).json == []
    for choice in ((), ("--all", "--queue", "ocr")):
        refused = await run("retry", *choice)
        assert refused.status == 1
        assert "say which" in refused.err
    assert await run("retry", str(first)) == Ran(0, "1 to be tried again\n", "")
    assert await counted(house, "failed_at IS NULL AND attempts = 0") == 1
    assert (await run("clear", "--queue", "ocr")).out == "1 forgotten\n"
    assert (await run("clear", "--all")).out == "0 forgotten\n"


async def test_commands_to_queues(run, put, house):
    assert (await run("start", "thumbnailGeneration", "all")).out == "thumbnailGeneration is started\n"
    assert await counted(house, "job = 'host.fan_out' AND cause = 'all' AND force") == 1
    await house.kernel.db.execute("UPDATE job_request SET started_at = now(), beat_at = now()")
    assert await run("start", "thumbnailGeneration") == Ran(1, "", "Job is already running\n")
    assert (await run("pause", "ocr")).status == 0
    assert await house.kernel.db.fetchval("SELECT is_paused FROM queue_state WHERE name = 'ocr'")
    assert (await run("resume", "ocr")).status == 0
    assert not await house.kernel.db.fetchval("SELECT is_paused FROM queue_state WHERE name = 'ocr'")
    await put("ocr")
    assert (await run("empty", "ocr")).out == "1 forgotten or cancelled\n"
    assert (await run("run", "user-cleanup")).status == 0
    assert await counted(house, "job = 'host.user_delete_check' AND cause = 'manual'") == 1


async def test_what_makes_no_sense_is_refused(run):
    unknown = await run("pause", "nowhere")
    assert unknown.status == 1
    assert "no queue is called nowhere; there are thumbnailGeneration," in unknown.err
    assert (await run("pause", "backgroundTask")).status == 1
    assert (await run("start", "ocr", "everything")).status == USAGE
    assert (await run("run", "integrity-missing-files-delete-all")).status == 1
    assert (await run("failed", "--asset", "x")).status == USAGE


async def test_stale_results_are_told(run, house):
    standings = {one["job"]: one for one in (await run("stale", "--json")).json}
    assert (standings["thumbnails.generate"]["results"], standings["thumbnails.generate"]["stale"]) == (0, 0)
    assert "thumbnails.generate" in (await run("stale")).out


async def test_watching_what_is_idle_ends_and_tells_of_failures(run, put):
    assert await run("watch", "--until-idle") == Ran(0, "", "")
    await put("sidecar", error="x")
    assert await run("watch", "--until-idle") == Ran(3, "sidecar: failed=1\n", "")


async def test_watching_follows_what_changes(begin, put, house):
    row_id = await put("sidecar")
    process = await begin("-m", "immich_host", "jobs", "watch", "--until-idle", "--every", "0.2")
    async with asyncio.timeout(PATIENCE):
        assert (await process.stdout.readline()).decode() == "sidecar: waiting=1\n"
        await house.kernel.db.execute("DELETE FROM job_request WHERE id = $1", row_id)
        out, _ = await process.communicate()
    assert (process.returncode, out.decode()) == (0, "sidecar: idle\n")


async def test_watching_draws_on_a_terminal(begin, put):
    await put("sidecar")
    await put("ocr", error="ValueError: no such day")
    terminal, end = pty.openpty()
    process = await begin("-m", "immich_host", "jobs", "watch", out=end)
    os.close(end)
    seen = await asyncio.to_thread(_read_until, terminal, b"no such day")
    assert b"no such day" in seen
    assert b"sidecar" in seen
    assert b"\x1b[" in seen
    process.terminate()
    await process.wait()
    os.close(terminal)


def _read_until(terminal: int, what: bytes) -> bytes:
    seen = b""
    while what not in seen and select.select([terminal], [], [], PATIENCE)[0]:
        seen += os.read(terminal, 4096)
    return seen


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.4, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599.7, "1 h"),
        (5400, "1 h 30 min"),
        (90_000, "1 d 1 h"),
        (-3, "0 s"),
    ],
)
def test_durations(seconds: float, shown: str):
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("per_second", "shown"),
    [(None, ""), (12.345, "12.3/s"), (0.5, "30/min"), (1 / 600, "6/h"), (1 / 86_400, "1/d")],
)
def test_rates(per_second: float | None, shown: str):
    assert rate(per_second) == shown
