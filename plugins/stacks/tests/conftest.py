"""A host that tests of one file share, with users who have photos."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from immich_host.testing import RunningHost, photo
from immich_host.testing.fixtures import running_host
from immich_host.testing.host import expect

if TYPE_CHECKING:
    from immich_host.testing.servers import Servers

_number = itertools.count()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(servers: "Servers", tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHost]:
    """One host for all tests of a file: each takes users of its own."""
    async with running_host(servers, tmp_path_factory.mktemp("house") / "data", ("stacks",)) as running:
        yield running


@dataclass
class User:
    """Somebody with photos."""

    house: RunningHost
    name: str
    client: httpx.AsyncClient
    id: UUID

    async def photos(self, count: int) -> list[str]:
        """Photos in the timeline, the later the newer."""
        return [
            str(
                await self.house.upload(
                    photo.JPEG + str(next(_number)).encode(),
                    user=self.name,
                    fileCreatedAt=f"2024-05-01T10:00:{number:02}.000Z",
                )
            )
            for number in range(count)
        ]

    async def stack(self, *asset_ids: str) -> dict[str, Any]:
        """A stack, the first is shown."""
        return expect(await self.client.post("/api/stacks", json={"assetIds": list(asset_ids)}), 201)

    async def stacks(self, **query: str) -> list[tuple[str, list[str]]]:
        """The listed stacks, each with the ids of its assets."""
        found = expect(await self.client.get("/api/stacks", params=query), 200)
        return [(one["id"], [asset["id"] for asset in one["assets"]]) for one in found]


@pytest.fixture
def user(house: RunningHost) -> Any:
    """Make a user: `ann = await user("ann")`."""

    async def make(name: str) -> User:
        return User(house, name, await house.client(name), await house.user_id(name))

    return make
