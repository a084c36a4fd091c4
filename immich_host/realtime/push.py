"""Sending events to clients, from any process: API or worker."""

import logging
from typing import Any, Final
from uuid import UUID

import socketio
import structlog

log = structlog.get_logger("realtime")

LIBRARY_LOG: Final = logging.getLogger("immich_host.realtime.library")
"""Where the Socket.IO library writes; one of its own would print beside the log. Warnings and worse."""
LIBRARY_LOG.setLevel(logging.WARNING)

CHANNEL: Final = "immich-host:sockets"
"""Redis channel on which the processes pass events to each other."""

EVERYONE: Final = "everyone"
"""Room of every connection that has shown good credentials."""


class Push:
    """Implements the push port (`plugin_api.push.PushPort`)."""

    def __init__(self, redis_url: str) -> None:
        """Connects when something is sent."""
        self._sender = socketio.AsyncRedisManager(redis_url, channel=CHANNEL, write_only=True, logger=LIBRARY_LOG)

    async def to_user(self, user_id: UUID, event: str, *data: Any) -> None:
        """Send to every connection of a user; `data` is JSON-able."""
        await self._send(event, data, str(user_id))

    async def to_session(self, session_id: UUID, event: str, *data: Any) -> None:
        """Send to the connections of one session."""
        await self._send(event, data, str(session_id))

    async def to_everyone(self, event: str, *data: Any) -> None:
        """Send to all connections."""
        await self._send(event, data, EVERYONE)

    async def close(self) -> None:
        """Let go of Redis."""
        if self._sender.redis is not None:
            await self._sender.redis.aclose()

    async def _send(self, event: str, data: tuple[Any, ...], room: str) -> None:
        try:
            await self._sender.emit(event, data, room=room)
        except Exception:  # an event is worth less than the work that it tells of
            log.exception("an event could not be sent", socket_event=event)
