"""Waiting in tests for what must come, however slow the machine is."""

import asyncio
from typing import Final
from uuid import uuid4

from immich_host.db.notices import CHANNEL, Notices
from immich_host.plugin_api.database import Database

PATIENCE: Final = 60.0
"""Seconds to wait for what must come: only what is broken takes so long, and no passing test is slower by it."""


async def all_told(notices: Notices, db: Database) -> None:
    """Wait until this process has been told of every change of rows that was committed before.

    PostgreSQL tells of commits in their order, so one more notice is the last to come.

    Raises:
        TimeoutError: Nothing is told any more.
    """
    fence, come = f"fence_{uuid4().hex}", asyncio.Event()
    notices.subscribe(fence, lambda _ids: come.set())
    await db.execute("SELECT pg_notify($1, $2)", CHANNEL, f"{fence}:*")
    async with asyncio.timeout(PATIENCE):
        await come.wait()
