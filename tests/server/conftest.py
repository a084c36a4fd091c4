from collections.abc import Awaitable, Callable

import pytest

from immich_host.testing import RunningHost


@pytest.fixture
async def house(host: Callable[..., Awaitable[RunningHost]]) -> RunningHost:
    """A host without plugins."""
    return await host(plugins=[])
