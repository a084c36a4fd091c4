"""What the processes with sockets hear, and would send on to clients."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from redis.asyncio.client import PubSub

from immich_host.realtime.push import CHANNEL
from immich_host.testing import RunningHost

END = "that is all"


@dataclass
class Pushed:
    """Listens since it was made."""

    house: RunningHost
    channel: PubSub

    async def all(self) -> list[tuple[UUID, Any]]:
        """Users and notifications of the events `on_notification` since it was last asked."""
        await self.house.kernel.redis.publish(CHANNEL, json.dumps({"event": END}))
        found: list[tuple[UUID, Any]] = []
        async for message in self.channel.listen():
            told = json.loads(message["data"]) if message["type"] == "message" else {}
            if told.get("event") == END:
                break
            if told.get("event") == "on_notification":
                found.append((UUID(told["room"]), told["data"][0]))
        return found
