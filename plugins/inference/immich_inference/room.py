"""Room in memory, given out in bytes and in the order in which it was asked for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Room:
    """So many bytes, for all who ask."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._free = size
        self._turn = asyncio.Lock()
        self._given_back = asyncio.Event()

    @asynccontextmanager
    async def take(self, wanted: int) -> AsyncIterator[None]:
        """Hold room for as long as the block lasts; what is larger than all of it gets it when nobody else has any."""
        wanted = min(wanted, self._size)
        async with self._turn:
            while self._free < wanted:
                self._given_back.clear()
                await self._given_back.wait()
            self._free -= wanted
        try:
            yield
        finally:
            self._free += wanted
            self._given_back.set()
