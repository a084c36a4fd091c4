"""A host without plugins, and waiting for change notices."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import asyncpg
import pytest
import pytest_asyncio

from immich_host.testing import RunningHost
from immich_host.testing.waiting import all_told


@pytest_asyncio.fixture(loop_scope="session")
async def house(host: Callable[..., Awaitable[RunningHost]]) -> RunningHost:
    return await host(plugins=[])


@pytest.fixture
def elsewhere(house: RunningHost) -> Callable[[], AbstractAsyncContextManager[asyncpg.Connection]]:
    """SQL by another program; the block ends when this process has been told of the change."""

    @asynccontextmanager
    async def change() -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(house.kernel.db.url)
        try:
            yield connection
        finally:
            await connection.close()
        await all_told(house.kernel.notices, house.kernel.db)

    return change
