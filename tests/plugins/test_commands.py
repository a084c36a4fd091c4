"""`immich-host plugins` on a database beside which a server runs, or none."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import orjson
import pytest
import pytest_asyncio

from immich_host.db.database import Database
from immich_host.testing import RunningHost, Servers
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.waiting import PATIENCE
from tests.plugins.pantry import MIGRATION

pytestmark = pytest.mark.timeout(600)  # each command starts a program

HOOKS = """
from pathlib import Path
from immich_host.plugin_api import Job, Section, hookimpl

class Pantry(Section):
    key = "pantry"
    label: str = "jam"

async def jar(ctx, **_):
    "Fill a jar."

async def missing(host):
    for one in ():
        yield one

@hookimpl
def register_settings():
    return [Pantry]

@hookimpl
def register_jobs():
    return [Job("jar", jar, queue="pantry", missing=missing)]

@hookimpl
def register_migrations():
    return Path(__file__).parent / "migrations"
"""


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


@dataclass
class Terminal:
    """Runs `immich-host plugins` where `pantry`, and `toast` that requires it, are installed too."""

    folder: Path
    url: str
    redis: str

    async def __call__(self, *arguments: str, typed: str = "") -> Ran:
        """Run it and wait."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "immich_host", *arguments,
            env={**os.environ, "PYTHONPATH": str(self.folder), "IMMICH_HOST_DATABASE_URL": self.url,
                 "IMMICH_HOST_REDIS_URL": self.redis},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate(typed.encode())
        return Ran(process.returncode or 0, out.decode(), err.decode())


def install(folder: Path, name: str, hooks: str, requires: str = "") -> Path:
    """Put a package where Python finds it, as pip would."""
    package, info = folder / f"immich_{name}", folder / f"immich_{name}-1.2.dist-info"
    package.mkdir()
    info.mkdir()
    manifest = f"PLUGIN = Plugin('{name}', requires=({requires}))\n"
    (package / "__init__.py").write_text(f"from immich_host.plugin_api import Plugin\n{manifest}")
    (package / "hooks.py").write_text(hooks)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: immich-{name}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[immich_host.plugins]\n{name} = immich_{name}\n")
    return package


@pytest_asyncio.fixture(loop_scope="session")
async def run(servers: Servers, tmp_path: Path) -> AsyncIterator[Terminal]:
    folder = tmp_path / "site"
    folder.mkdir()
    package = install(folder, "pantry", HOOKS)
    (package / "migrations").mkdir()
    (package / "migrations" / "pantry_0001_jars.py").write_text(MIGRATION)
    install(folder, "toast", "", requires="'pantry',")
    url = await servers.fresh_database()
    terminal = Terminal(folder, url, servers.redis_url)
    assert (await terminal("migrate")).status == 0
    yield terminal
    await servers.drop_database(url)


async def statuses(run: Terminal) -> dict[str, str]:
    listed = orjson.loads((await run("plugins", "list", "--json")).out)
    return {one["name"]: one["status"] for one in listed if one["name"] in {"pantry", "toast"}}


async def test_listing_and_looking(run: Terminal) -> None:
    shown = await run("plugins", "list")
    assert shown.status == 0
    assert [line.split()[:3] for line in shown.out.splitlines() if "pantry" in line] == [["pantry", "1.2", "enabled"]]
    assert await statuses(run) == {"pantry": "enabled", "toast": "enabled"}
    one = await run("plugins", "info", "pantry")
    assert "pantry_jar" in one.out
    assert "pantry.jar in the queue pantry" in one.out
    assert '{"label":"jam"}' in one.out
    details = orjson.loads((await run("plugins", "info", "pantry", "--json")).out)
    assert [table["name"] for table in details["tables"]] == ["cellar", "pantry_jar"]
    assert (await run("plugins", "info", "cave")) == Ran(1, "", "No plugin is called cave\n")


async def test_switching_asks_when_others_go_along(run: Terminal) -> None:
    question = "toast will go off with pantry. Go on?"
    for typed in ("n\n", ""):
        refused = await run("plugins", "disable", "pantry", typed=typed)
        assert refused.status == 1
        assert question in refused.err
    assert await statuses(run) == {"pantry": "enabled", "toast": "enabled"}
    assert (await run("plugins", "disable", "pantry", typed="y\n")).out.strip() == "pantry, toast are off"
    assert await statuses(run) == {"pantry": "disabled", "toast": "disabled"}
    stuck = await run("plugins", "enable", "toast")
    assert stuck == Ran(1, "", "toast cannot be switched on: requires pantry, which is off\n")
    assert await run("plugins", "enable", "pantry") == Ran(0, "pantry, toast are on\n", "")
    assert (await run("plugins", "disable", "pantry", "--yes")).status == 0
    assert await run("plugins", "disable", "toast") == Ran(0, "toast is off\n", "")
    assert (await run("plugins", "disable", "cave")).err == "No plugin is called cave\n"


async def test_purging_and_coming_back(run: Terminal) -> None:
    on = await run("plugins", "purge", "pantry", "--yes")
    assert on == Ran(1, "", "pantry is on; switch it off first\n")
    assert (await run("plugins", "disable", "pantry", "--yes")).status == 0
    refused = await run("plugins", "purge", "pantry", typed="n\n")
    assert refused.status == 1
    assert "the tables cellar, pantry_jar of pantry" in refused.err
    gone = await run("plugins", "purge", "pantry", "--yes")
    assert gone == Ran(0, "pantry is purged: the tables cellar, pantry_jar dropped\n", "")
    assert (await run("migrate")).status == 0
    details = orjson.loads((await run("plugins", "info", "pantry", "--json")).out)
    assert (details["tables"], details["status"]) == ([], "disabled")
    assert (await run("plugins", "enable", "pantry")).status == 0
    details = orjson.loads((await run("plugins", "info", "pantry", "--json")).out)
    assert [table["name"] for table in details["tables"]] == ["cellar", "pantry_jar"]


async def test_what_is_not_installed_any_more_is_shown_and_purged(run: Terminal) -> None:
    for folder in run.folder.iterdir():
        shutil.rmtree(folder)
    shown = await run("plugins", "list")
    [line] = [line for line in shown.out.splitlines() if "pantry" in line]
    assert "absent" in line
    assert "not installed any more" in line
    assert not any("toast" in line for line in shown.out.splitlines())
    refused = await run("plugins", "purge", "pantry", typed="n\n")
    assert "the tables cellar, pantry_jar of pantry" in refused.err
    gone = await run("plugins", "purge", "pantry", "--yes")
    assert gone == Ran(0, "pantry is purged: the tables cellar, pantry_jar dropped\n", "")
    assert await run("plugins", "purge", "pantry", "--yes") == Ran(1, "", "No plugin is called pantry\n")


async def test_a_sweep_is_left_to_the_workers(run: Terminal) -> None:
    assert await run("plugins", "sweep", "pantry") == Ran(0, "asked for: pantry.jar\n", "")
    assert (await run("plugins", "sweep", "toast")).out == "toast has no jobs that look for what is missing\n"
    db = Database(run.url, max_connections=2)
    await db.connect()
    try:
        rows = await db.fetch("SELECT job, arguments ->> 'job' FROM job_request")
    finally:
        await db.close()
    assert [tuple(row) for row in rows] == [("host.fan_out", "pantry.jar")]
    assert (await run("plugins", "disable", "pantry", "--yes")).status == 0
    assert await run("plugins", "sweep", "pantry") == Ran(1, "", "pantry is off\n")


async def test_an_empty_database_is_said(servers: Servers, run: Terminal) -> None:
    run.url = urlunsplit(urlsplit(run.url)._replace(path="/postgres"))
    said = await run("plugins", "list")
    assert said.status == 1
    assert "start the server once" in said.err


async def test_a_running_server_follows_and_its_faults_are_seen(host: MakeHost, run: Terminal) -> None:
    running: RunningHost = await host()
    run.url = running.kernel.db.url
    assert (await run("plugins", "disable", "sidecar")).status == 0
    async with asyncio.timeout(PATIENCE):
        await running.kernel.switching.until(lambda: not running.kernel.is_enabled("sidecar"))
    await running.kernel.db.execute(
        "INSERT INTO plugin_fault (name, stage, reason) VALUES ('thumbnails', 'check', 'no [paint]')"
    )
    shown = await run("plugins", "list")
    [line] = [line for line in shown.out.splitlines() if line.strip().startswith("thumbnails")]
    assert "broken (check)" in line
    assert "no [paint]" in line


@pytest.mark.parametrize("command", ["enable", "disable", "purge", "sweep"])
async def test_a_name_is_needed(run: Terminal, command: str) -> None:
    assert (await run("plugins", command)).status == 2
