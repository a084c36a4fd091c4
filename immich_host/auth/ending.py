"""Telling the clients of a session that it has ended: a moment later, so that its own answer comes first."""

import asyncio
from typing import Final
from uuid import UUID

from immich_host.plugin_api.push import PushPort

AFTER: Final = 0.5
EVENT: Final = "on_session_delete"

_waiting: Final[set[asyncio.Task[None]]] = set()


def tell_soon(push: PushPort, session_id: UUID) -> None:
    """Tell them in `AFTER` seconds."""
    task = asyncio.get_running_loop().create_task(_tell(push, session_id))
    _waiting.add(task)
    task.add_done_callback(_waiting.discard)


async def _tell(push: PushPort, session_id: UUID) -> None:
    await asyncio.sleep(AFTER)
    await push.to_session(session_id, EVENT, str(session_id))


async def stop() -> None:
    """Tell nobody any more: the server is going, and every connection with it."""
    for task in _waiting:
        task.cancel()
    await asyncio.gather(*_waiting, return_exceptions=True)
