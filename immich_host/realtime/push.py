"""Sending events to clients, from any process: API or worker."""

from typing import Any, Final
from uuid import UUID

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger("realtime")

CHANNEL: Final = "immich-host:sockets"
"""Redis channel on which the processes pass events to each other."""

EVERYONE: Final = "everyone"
"""Room of every connection that has shown good credentials."""


class Push:
    """Implements the push port (`plugin_api.push.PushPort`).

    It writes what python-socketio's Redis manager writes, without loading that library: workers
    only send.
    """

    def __init__(self, redis_url: str) -> None:
        """Connects when something is sent."""
        self._redis = Redis.from_url(redis_url)

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
        await self._redis.aclose()

    async def _send(self, event: str, data: tuple[Any, ...], room: str) -> None:
        message = {
            "method": "emit",
            "event": event,
            "data": data,
            "binary": False,
            "namespace": "/",
            "room": room,
            "skip_sid": None,
            "callback": None,
            "host_id": "push",
        }
        try:
            await self._redis.publish(CHANNEL, orjson.dumps(message))
        except (RedisError, OSError) as error:  # an event is worth less than the work that it tells of
            log.warning("an event could not be sent", socket_event=event, error=str(error))
