"""A worker process's sign of life in Valkey, and the care for what dead ones left behind."""

import threading
from collections.abc import Callable, Sequence

import structlog
from redis import Redis
from redis.exceptions import RedisError

from immich_host.jobs.scripts import KEEP, NAMESPACE

log = structlog.get_logger("jobs")

EVERY_SECONDS = 1.0
DEAD_AFTER_SECONDS = 5.0


class Heartbeat(threading.Thread):
    """Beats in a thread of its own, so that a busy event loop is not taken for a dead process.

    `lost` is called, in that thread, when the server has come back and may have forgotten messages.
    """

    def __init__(self, client: Redis, worker_id: str, queues: Sequence[str], lost: Callable[[], None]) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._keep = client.register_script(KEEP)
        self._args = [worker_id, int(DEAD_AFTER_SECONDS * 1000), *queues]
        self._lost = lost
        self._stop = threading.Event()

    def run(self) -> None:
        """Beat until stopped."""
        away = False
        while not self._stop.is_set():
            try:
                came_empty = self._keep(keys=[NAMESPACE], args=self._args)
            except RedisError as error:
                if not away:
                    log.warning("Valkey is away", error=str(error))
                away = True
            else:
                if away or came_empty:
                    self._lost()
                away = False
            self._stop.wait(EVERY_SECONDS)

    def stop(self) -> None:
        """Fall silent."""
        self._stop.set()
