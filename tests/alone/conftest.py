"""One host without any plugin for each module: a process holds one at a time."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from immich_host.testing import RunningHost, Servers
from immich_host.testing.fixtures import running_host


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def alone(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHost]:
    async with running_host(servers, tmp_path_factory.mktemp("alone"), []) as running:
        yield running
