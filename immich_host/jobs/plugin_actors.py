"""Dramatiq actors that plugins bring themselves, by `register_actors`; most plugins declare jobs instead."""

from typing import Any, override

import dramatiq
import structlog
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware, SkipMessage

from immich_host.hosting import Hosting
from immich_host.hosting.record import Record, Stage, Status
from immich_host.jobs.heartbeat import DEAD_AFTER_SECONDS

log = structlog.get_logger("jobs")

NAMESPACE = "plugins"
"""Keys of plugins' actors start with it; those of jobs are apart."""

_THREADS = 4
_EVERY_COMMAND = 1_000_000


class SwitchedOff(Middleware):
    """Drops messages of plugins that are off."""

    def __init__(self, hosting: Hosting) -> None:
        self._hosting = hosting

    @override
    def before_process_message(self, broker: dramatiq.Broker, message: Any) -> None:
        if not self._hosting.is_enabled(message.actor_name.partition(".")[0]):
            raise SkipMessage


def brings_actors(record: Record) -> bool:
    """Whether the plugin has actors of its own."""
    return hasattr(record.hooks, "register_actors")


def start_plugin_actors(hosting: Hosting, redis_url: str) -> dramatiq.Worker | None:
    """Ask every plugin for its actors and consume them; None where there are none.

    An actor's name starts with its plugin's (`faces.warm_up`). A plugin that raises is broken.
    """
    broker = RedisBroker(
        url=redis_url,
        namespace=NAMESPACE,
        heartbeat_timeout=int(DEAD_AFTER_SECONDS * 1000),
        maintenance_chance=_EVERY_COMMAND,
    )
    broker.add_middleware(SwitchedOff(hosting))
    for record in hosting.order:
        register = getattr(record.hooks, "register_actors", None)
        if register is None or record.status is Status.BROKEN:
            continue
        before = broker.get_declared_actors()
        try:
            register(broker)
            foreign = [n for n in broker.get_declared_actors() - before if not n.startswith(f"{record.name}.")]
            if foreign:
                msg = f"names of its actors start with {record.name}.: {', '.join(sorted(foreign))}"
                raise ValueError(msg)
        except Exception as error:
            log.exception("plugin cannot be registered", plugin=record.name, hook="register_actors")
            record.break_at(Stage.LOAD, f"register_actors: {error}")
            for name in broker.get_declared_actors() - before:
                del broker.actors[name]
    if not broker.get_declared_actors():
        broker.close()
        return None
    worker = dramatiq.Worker(broker, worker_threads=_THREADS)
    worker.start()
    return worker
