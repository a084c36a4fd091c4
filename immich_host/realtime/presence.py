"""Which users have a client connected to any process, so that nothing is prepared for nobody."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger("realtime")

TTL: Final = 60
"""Seconds that a user counts as connected after the last sign of it; a crash needs no tidying up."""

EVERY: Final = 20.0
"""Seconds between signs."""


class Presence:
    """Keys `immich-host:connected:<user>` that expire."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def seen(self, users: Iterable[UUID]) -> None:
        """Say that these users are connected here."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for user in users:
                pipeline.set(_key(user), b"1", ex=TTL)
            await pipeline.execute()

    async def is_connected(self, user: UUID) -> bool:
        """Whether the user has, or had within a minute, a client; True when Redis does not say."""
        try:
            return bool(await self._redis.exists(_key(user)))
        except RedisError:
            return True

    async def keep_saying(self, connected: Callable[[], Iterable[UUID]]) -> None:
        """Until cancelled: repeat who is connected here."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.seen(connected())
            except RedisError as error:
                log.warning("could not say who is connected", error=str(error))


def _key(user: UUID) -> str:
    return f"immich-host:connected:{user}"
