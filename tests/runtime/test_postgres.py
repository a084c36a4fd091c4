import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from immich_host.runtime import postgres as room
from immich_host.runtime.postgres import Postgres
from immich_host.testing.waiting import PATIENCE

OUTPUT = subprocess.DEVNULL


async def fetch(server: Postgres, statement: str) -> object:
    connection = await asyncpg.connect(server.uri)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    server = Postgres(tmp_path_factory.mktemp("server") / "postgres")
    server.start(OUTPUT)
    yield server
    server.stop()


async def test_has_the_database_with_unicode_and_the_extensions_that_are_needed(server: Postgres):
    assert await fetch(server, "SELECT current_database()") == "immich"
    assert await fetch(server, "SELECT lower('ÄÖÜ')") == "äöü"
    names = await fetch(server, "SELECT array_agg(name::text) FROM pg_available_extensions")
    assert {"vector", "cube", "earthdistance", "pg_trgm", "unaccent"} <= set(names)


async def test_commits_are_durable_and_the_network_is_closed(server: Postgres):
    assert await fetch(server, "SHOW fsync") == "on"
    assert await fetch(server, "SHOW synchronous_commit") == "on"
    assert await fetch(server, "SHOW listen_addresses") == ""
    assert server.sockets.stat().st_mode & 0o077 == 0


async def test_killed_while_working_it_comes_back_with_all_rows(server: Postgres):
    await fetch(server, "CREATE TABLE killed (number int)")
    for number in range(2):
        await fetch(server, f"INSERT INTO killed VALUES ({number})")
        busy = await asyncpg.connect(server.uri)
        assert server.process
        server.process.kill()
        server.process.wait()
        server.start(OUTPUT)
        busy.terminate()
    assert await fetch(server, "SELECT count(*) FROM killed") == 2


def test_another_process_is_refused_at_once(server: Postgres):
    code = "import sys; from pathlib import Path; from immich_host.runtime.postgres import Postgres; "
    code += "Postgres(Path(sys.argv[1])).start()"
    tried = subprocess.run(
        [sys.executable, "-c", code, str(server.folder)], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert f"is in use by process {os.getpid()}" in tried.stderr
    assert server.running()


async def test_ends_with_the_process_that_started_it(tmp_path: Path):
    code = "import sys; from pathlib import Path; from immich_host.runtime.postgres import Postgres; "
    code += "s = Postgres(Path(sys.argv[1])); s.start(-3); import os; os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "p")], check=False, timeout=PATIENCE)  # noqa: ASYNC221
    again = Postgres(tmp_path / "p")
    again.start(OUTPUT)
    assert await fetch(again, "SELECT 1") == 1
    again.stop()
    assert not again.running()


async def test_a_long_path_gets_its_socket_elsewhere(tmp_path: Path):
    server = Postgres(tmp_path / ("long" * 20) / "postgres")
    server.start(OUTPUT)
    try:
        assert await fetch(server, "SELECT 1") == 1
    finally:
        server.stop()
        server.sockets.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="root only: who else has no other user to be")
async def test_root_without_namespaces_runs_it_as_nobody(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(room, "namespace_works", lambda: False)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = Postgres(Path(folder) / "postgres")
        if "/root" in str(server.programs.postgres.resolve()):
            pytest.skip("other users cannot read the programs")
        server.start(OUTPUT)
        try:
            assert server.who.partition(":")[0] not in ("0", "self", "namespace")
            assert await fetch(server, "SELECT 1") == 1
            server.stop()
            server.start(OUTPUT)
            assert await fetch(server, "SELECT 1") == 1
        finally:
            server.stop()


def test_an_interrupted_creation_is_begun_anew(tmp_path: Path):
    leftover = tmp_path / "postgres" / "cluster.new"
    leftover.mkdir(parents=True)
    (leftover / "PG_VERSION").write_text("18\n")
    server = Postgres(tmp_path / "postgres")
    server.start(OUTPUT)
    assert server.running()
    server.stop()
    assert not leftover.exists()
