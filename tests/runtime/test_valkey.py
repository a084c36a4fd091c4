import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from immich_host.runtime.valkey import Valkey

OUTPUT = subprocess.DEVNULL


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / "valkey")
    server.start(OUTPUT)
    yield server
    server.stop()


def test_killed_it_comes_back_with_all_messages(server: Valkey):
    with redis.from_url(server.uri) as queue:
        queue.rpush("dramatiq:default", *range(1000))
    assert server.process
    server.process.kill()
    server.process.wait()
    server.start(OUTPUT)
    with redis.from_url(server.uri) as queue:
        assert queue.llen("dramatiq:default") == 1000


def test_stopped_it_keeps_messages_and_lets_go_of_the_folder(server: Valkey):
    with redis.from_url(server.uri) as queue:
        queue.set("kept", "yes")
    server.stop()
    assert not server.running()
    assert not server.lock.held()
    server.start(OUTPUT)
    with redis.from_url(server.uri) as queue:
        assert queue.get("kept") == b"yes"


def test_a_record_cut_short_by_a_crash_does_not_stop_it(server: Valkey):
    with redis.from_url(server.uri) as queue:
        queue.set("whole", "yes")
    server.stop()
    log = next((server.folder / "appendonlydir").glob("*.incr.aof"))
    with log.open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$3\r\nha")
    server.start(OUTPUT)
    with redis.from_url(server.uri) as queue:
        assert queue.get("whole") == b"yes"


def test_evicts_nothing_and_is_closed_to_the_network(server: Valkey):
    with redis.from_url(server.uri) as queue:
        settings = queue.config_get("maxmemory-policy", "port", "appendonly", "appendfsync")
    assert settings == {
        "maxmemory-policy": "noeviction",
        "port": "0",
        "appendonly": "yes",
        "appendfsync": "everysec",
    }
    assert server.sockets.stat().st_mode & 0o077 == 0
