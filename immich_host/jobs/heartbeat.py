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
        self._args = (worker_id, int(DEAD_AFTER_SECONDS * 1000), *queues)
        self._lost = lost
        self._client = client
        self._run_id: str | None = None
        self._stop = threading.Event()

    def run(self) -> None:
        """Beat until stopped."""
        away = False
        while not self._stop.is_set():
            try:
                came_empty = self._keep(keys=[NAMESPACE], args=self._args)
                is_another = self._is_another_run()
            except RedisError as error:
                if not away:
                    log.warning("Valkey is away", error=str(error))
                away = True
            else:
                if away or came_empty or is_another:
                    self._lost()
                away = False
            self._stop.wait(EVERY_SECONDS)

    def _is_another_run(self) -> bool:
        """Whether the server was started again since the last beat, be it too quickly to be missed."""
        run_id: str = self._client.info("server")["run_id"]  # type: ignore[index] - this client is not asynchronous
        before, self._run_id = self._run_id, run_id
        return before is not None and before != run_id

    def add(self, queues: Sequence[str]) -> None:
        """Beat for more queues, from the next beat on."""
        self._args = (*self._args, *queues)

    def stop(self) -> None:
        """Fall silent."""
        self._stop.set()
