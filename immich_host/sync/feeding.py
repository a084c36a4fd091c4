"""Between the database and a client that reads as fast as it can, or stops: nothing is held for it for ever."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

TAKEN_WITHIN: Final = 60.0
"""Seconds that a client has for each piece of an answer; one that takes longer has gone, or may as well have."""

AT_ONCE: Final = 8
"""Answers of one process that hold a connection to the database; more of them wait."""

OF_ONE_USER: Final = 3
"""How many of these may be one user's."""

_AHEAD = 2


class Slow(Exception):
    """The client has not taken what it asked for."""


class Places:
    """Who may read from the database now."""

    def __init__(self, at_once: int = AT_ONCE, of_one_user: int = OF_ONE_USER) -> None:
        self._all = asyncio.Semaphore(at_once)
        self._of_one_user = of_one_user
        self._users: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    async def fed(
        self, user_id: UUID, source: AsyncGenerator[bytes], *, seconds: float = TAKEN_WITHIN
    ) -> AsyncIterator[bytes]:
        """The pieces of `source`, which is begun when there is a place and closed when nobody takes them.

        Raises:
            Slow: A piece was not taken in time; what is left of the answer is not sent.
        """
        ready: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(_AHEAD)
        feeder = asyncio.create_task(self._feed(user_id, source, ready, seconds))
        try:
            while (piece := await ready.get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            feeder.cancel()
            with suppress(asyncio.CancelledError):
                await feeder

    async def _feed(
        self,
        user_id: UUID,
        source: AsyncGenerator[bytes],
        ready: "asyncio.Queue[bytes | Exception | None]",
        seconds: float,
    ) -> None:
        own = self._users.get(user_id) or self._users.setdefault(user_id, asyncio.Semaphore(self._of_one_user))
        try:
            async with own, self._all, aclosing(source) as pieces:
                async for piece in pieces:
                    async with asyncio.timeout(seconds):
                        await ready.put(piece)
            await ready.put(None)
        except Exception as error:
            while not ready.empty():
                ready.get_nowait()
            ready.put_nowait(Slow() if isinstance(error, TimeoutError) else error)
