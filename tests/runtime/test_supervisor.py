import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
import redis

from immich_host.runtime.child import UNUSABLE
from immich_host.runtime.embedded import postgres_folder, valkey_folder
from immich_host.runtime.postgres import Postgres
from immich_host.runtime.valkey import Valkey
from immich_host.testing.waiting import PATIENCE

READY = r"immich-host is ready: http://127\.0\.0\.1:(\d+)"


def ask(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        return connection.recv(64)


def test_merges_the_lines_of_all_processes_under_their_names(served):
    server = served(workers=2)
    server.until(READY)
    said = "\n".join(server.said)
    assert re.search(r"^migrate  \| migrate runs as", said, re.MULTILINE)
    assert re.search(r"^api\.1    \| api runs as", said, re.MULTILINE)
    assert server.end() == 0


@pytest.mark.parametrize("name", ["api.1", "work.1"])
def test_a_killed_process_is_started_again(served, name):
    server = served()
    port = int(server.until(READY)[1])
    if not any(line.startswith(name) for line in server.said):
        server.until(rf"^{name}.* runs as")
    os.kill(server.pid(name), signal.SIGKILL)
    server.until(rf"{name} ended \(killed by SIGKILL\)")
    server.until(rf"^{name}.* runs as \d+")
    assert ask(port).startswith(b"HTTP/1.1 200")


def test_connections_wait_while_no_api_process_runs(served, ends):
    server = served()
    port = int(server.until(READY)[1])
    os.kill(server.pid("api.1"), signal.SIGKILL)
    assert ends(server.pid("api.1"))
    assert ask(port).startswith(b"HTTP/1.1 200")


def test_ctrl_c_leaves_nothing_running(served, ends):
    server = served(SUPERVISED_PATIENCE="3600")
    port = int(server.until(READY)[1])
    if not any(line.startswith("work.1") for line in server.said):
        server.until(r"^work\.1")
    assert server.end(signal.SIGINT) == 0
    assert all(ends(server.pid(name), 0) for name in ("api.1", "work.1"))
    with pytest.raises(ConnectionRefusedError):
        ask(port)


def test_a_second_ctrl_c_kills_what_does_not_stop_with_its_helpers(served, ends):
    server = served(STUB_STUBBORN="work", SUPERVISED_PATIENCE="3600")
    server.until(r"helper runs as")
    helper = int(re.findall(r"helper runs as (\d+)", "\n".join(server.said))[0])
    if not any("is ready" in line for line in server.said):
        server.until(READY)
    server.process.send_signal(signal.SIGINT)
    server.until("stopping")
    assert server.end(signal.SIGINT) == 0
    assert ends(helper)


def test_children_end_when_the_supervisor_is_killed(served, ends):
    server = served()
    server.until(READY)
    if not any(line.startswith("work.1") for line in server.said):
        server.until(r"^work\.1")
    server.process.kill()
    assert all(ends(server.pid(name)) for name in ("api.1", "work.1"))


def test_a_failed_migration_is_said_and_ends_the_start(served):
    server = served(STUB_FAILS="migrate")
    server.until("could not start: the database could not be brought up to date")
    assert server.process.wait(PATIENCE) == 1


def test_a_process_that_never_lives_ends_the_start(served):
    server = served(STUB_FAILS="api")
    server.until(r"could not start: api\.1 ended 5 times in a row")
    assert server.process.wait(PATIENCE) == 1


def test_settings_that_cannot_work_end_the_start_at_once(served):
    server = served(STUB_FAILS="api", STUB_CODE=str(UNUSABLE))
    server.until(r"could not start: api\.1 cannot work with these settings \(see above\)")
    assert server.process.wait(PATIENCE) == 1
    assert sum(" runs as " in line for line in server.said if line.startswith("api")) == 1


def test_a_second_server_on_the_same_data_is_refused(served):
    first = served()
    first.until(READY)
    second = served()
    second.until(rf"could not start: .* is in use by process {first.process.pid}")
    assert second.process.wait(PATIENCE) == 1
    assert first.end() == 0


async def fetch(uri: str, statement: str) -> object:
    connection = await asyncpg.connect(uri)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def children_of(process_id: int) -> list[int]:
    text = Path(f"/proc/{process_id}/task/{process_id}/children").read_text()
    return [int(word) for word in text.split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the processes in /proc")
async def test_everything_killed_at_once_comes_back_with_its_data(served: Callable, tmp_path: Path):
    first = served(1, "embedded")
    first.until(READY)
    postgres = Postgres(postgres_folder(tmp_path / "data"))
    valkey = Valkey(valkey_folder(tmp_path / "data"))
    await fetch(postgres.uri, "CREATE TABLE kept (word text)")
    await fetch(postgres.uri, "INSERT INTO kept VALUES ('photo')")
    with redis.from_url(valkey.uri) as queue:
        queue.rpush("waiting", "message")
    for process_id in (first.process.pid, *children_of(first.process.pid)):
        os.kill(process_id, signal.SIGKILL)
    second = served(1, "embedded")
    second.until(READY)
    assert await fetch(postgres.uri, "SELECT word FROM kept") == "photo"
    with redis.from_url(valkey.uri) as queue:
        assert queue.lrange("waiting", 0, -1) == [b"message"]
    assert second.end() == 0
    assert not postgres.running()
    assert not valkey.running()


def test_a_server_that_nobody_listens_to_any_more_can_be_stopped(tmp_path: Path):
    script = Path(__file__).with_name("supervised.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "data"), "1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout
    while b"is ready" not in process.stdout.readline():
        assert process.poll() is None
    process.stdout.close()
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 0
