"""A host with the pantry, toast and an oven that lacks gas."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from immich_host.testing import RunningHost
from tests.plugins.pantry import records


@pytest.fixture
def missing() -> list[str]:
    """What the oven lacks."""
    return ["there is no gas: open the tap"]


@pytest_asyncio.fixture(loop_scope="session")
async def house(host: Callable[..., Awaitable[RunningHost]], tmp_path: Path, missing: list[str]) -> RunningHost:
    return await host(plugins=[], records=records(tmp_path / "migrations", missing))


@pytest_asyncio.fixture(loop_scope="session")
async def admin(house: RunningHost) -> httpx.AsyncClient:
    return await house.client()
