"""A host without plugins, and waiting for change notices."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import asyncpg
import pytest
import pytest_asyncio

from immich_host.testing import RunningHost


@pytest_asyncio.fixture(loop_scope="session")
async def house(host: Callable[..., Awaitable[RunningHost]]) -> RunningHost:
    return await host(plugins=[])


@pytest.fixture
def elsewhere(house: RunningHost) -> Callable[[str], AbstractAsyncContextManager[asyncpg.Connection]]:
    """SQL by another program; the block ends when this process has been told of the change of `table`."""

    @asynccontextmanager
    async def change(table: str) -> AsyncIterator[asyncpg.Connection]:
        told = asyncio.Event()
        house.kernel.notices.subscribe(table, lambda _ids: told.set())
        connection = await asyncpg.connect(house.kernel.db.url)
        try:
            yield connection
            async with asyncio.timeout(1):
                await told.wait()
        finally:
            await connection.close()

    return change
