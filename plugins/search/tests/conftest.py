"""A library for the tests of a file that only read it; there is one host at a time, so such a file makes no other."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from immich_host.testing import RunningHost, Servers
from immich_host.testing.fixtures import running_host
from plugins.search.tests.library import fill

AMOUNT = 12


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHost]:
    """Ann's twelve photos and one of Ben's."""
    async with running_host(servers, tmp_path_factory.mktemp("filled"), ["search"]) as host:
        await fill(host, "ann", AMOUNT)
        await fill(host, "ben", 1)
        yield host
