"""Change notices: PostgreSQL tells every process which rows others changed, also by hand in SQL."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import asyncpg
import structlog

from immich_host.db.errors import DATABASE_FAILS

log = structlog.get_logger("db.notices")

CHANNEL = "host_changed"
"""Channel of the triggers made by `notify_on_change`; payload `<table>:<id>[,<id>]` or `<table>:*`."""

type Handler = Callable[[frozenset[str] | None], None]
"""Takes the ids that changed, or None for "anything may have changed". Must be quick and must not raise."""


class Notices:
    """Listens on one connection and calls handlers by table.

    While the connection is down nothing can be trusted, so `connected` is False and handlers are
    called with None at once and again when it is back.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._handlers: dict[str, list[Handler]] = defaultdict(list)
        self._task: asyncio.Task[None] | None = None
        self._first = asyncio.Event()
        self.connected = False

    def subscribe(self, table: str, handler: Handler) -> None:
        """Call `handler` when rows of `table` have changed."""
        self._handlers[table].append(handler)

    async def start(self) -> None:
        """Connect; returns once notices arrive.

        Raises:
            OSError, asyncpg.PostgresError: The first connection fails; later ones are tried again for ever.
        """
        self._task = asyncio.create_task(self._run(), name="change-notices")
        first = asyncio.create_task(self._first.wait())
        await asyncio.wait({self._task, first}, return_when=asyncio.FIRST_COMPLETED)
        first.cancel()
        if self._task.done():
            self._task.result()

    async def stop(self) -> None:
        """Disconnect."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except DATABASE_FAILS as error:
                if not self._first.is_set():
                    raise
                log.warning("lost the connection for change notices; trying again", error=str(error))
            self.connected = False
            self._dispatch_all()
            await asyncio.sleep(0.25)

    async def _listen(self) -> None:
        closed = asyncio.Event()
        connection = await asyncpg.connect(self.url)
        try:
            connection.add_termination_listener(lambda *_: closed.set())
            await connection.add_listener(CHANNEL, self._received)
            self.connected = True
            self._dispatch_all()
            self._first.set()
            await closed.wait()
        finally:
            with suppress(*DATABASE_FAILS):
                await connection.close(timeout=2)

    def _received(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        table, _, ids = str(payload).partition(":")
        changed = None if ids == "*" else frozenset(ids.split(","))
        for handler in self._handlers.get(table, ()):
            handler(changed)

    def _dispatch_all(self) -> None:
        for handlers in self._handlers.values():
            for handler in handlers:
                handler(None)
