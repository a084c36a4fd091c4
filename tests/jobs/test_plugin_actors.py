from types import ModuleType
from typing import Any

import dramatiq
import pytest

from immich_host.hosting import Hosting
from immich_host.hosting.record import Record, Status
from immich_host.jobs.plugin_actors import start_plugin_actors
from immich_host.plugin_api import Plugin, hookimpl


def hosting_with(actor_name: str, done: list[int], brokers: list[Any]) -> Hosting:
    module = ModuleType("own.hooks")

    @hookimpl
    def register_actors(broker: Any) -> None:
        brokers.append(dramatiq.actor(done.append, actor_name=actor_name, broker=broker, queue_name="own"))

    module.register_actors = register_actors  # type: ignore[attr-defined]
    hosting = Hosting([])
    hosting.adopt([Record("own", manifest=Plugin("own"), hooks=module)])
    return hosting


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_a_plugin_may_bring_actors_which_rest_while_it_is_off(servers, valkey):
    done: list[int] = []
    actors: list[Any] = []
    hosting = hosting_with("own.add", done, actors)
    worker = start_plugin_actors(hosting, servers.redis_url)
    assert worker is not None
    try:
        actors[0].send(1)
        worker.broker.join("own", timeout=60_000)
        assert done == [], "it is off"
        await hosting.converge(set(), {})
        actors[0].send(2)
        worker.broker.join("own", timeout=60_000)
        worker.join()
        assert done == [2]
    finally:
        worker.stop()
        worker.broker.close()


def test_a_foreign_name_breaks_the_plugin_and_nothing_else(servers):
    hosting = hosting_with("other.add", [], [])
    assert start_plugin_actors(hosting, servers.redis_url) is None
    record = hosting.records["own"]
    assert record.status is Status.BROKEN
    assert "other.add" in record.reason
