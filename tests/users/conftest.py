"""A host without plugins."""

from collections.abc import Awaitable, Callable

import pytest_asyncio

from immich_host.testing import RunningHost


@pytest_asyncio.fixture(loop_scope="session")
async def house(host: Callable[..., Awaitable[RunningHost]]) -> RunningHost:
    return await host(plugins=[])
