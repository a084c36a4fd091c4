"""A host that tests of one file share, with users whose photos are of days that tests choose."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
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

PLUGINS = ("memories",)

_number = itertools.count()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(servers: "Servers", tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHost]:
    """One host for all tests of a file: each takes users of its own."""
    async with running_host(servers, tmp_path_factory.mktemp("house") / "data", PLUGINS) as running:
        yield running


def today() -> date:
    """The day of UTC."""
    return datetime.now(UTC).date()


def earlier(years: int, day: date | None = None) -> date:
    """The same day so many times four years ago: 29 February has it too."""
    day = day or today()
    return day.replace(year=day.year - 4 * years)


@dataclass
class User:
    """Somebody with photos and memories."""

    house: RunningHost
    name: str
    client: httpx.AsyncClient
    id: UUID

    async def photo(self, taken: date | None = None, *, preview: bool = True, hour: int = 12, **fields: Any) -> UUID:
        """A photo of a day, in the timeline; its preview is a row without a file."""
        moment = f"{taken or earlier(1)}T{hour:02}:00:00.000Z"
        content = photo.JPEG + str(next(_number)).encode()
        asset_id = await self.house.upload(content, user=self.name, fileCreatedAt=moment, **fields)
        if preview:
            await self.house.kernel.db.execute(
                "INSERT INTO asset_file (asset_id, type, path) VALUES ($1, 'preview', 'thumbs/none.jpeg')", asset_id
            )
        return asset_id

    async def create(self, *assets: UUID, year: int = 2020, **fields: Any) -> str:
        """A memory by hand; its id."""
        body = {"type": "on_this_day", "memoryAt": f"{year}-05-01T00:00:00.000Z", "data": {"year": year}}
        body |= {"assetIds": [str(each) for each in assets]} | fields
        return expect(await self.client.post("/api/memories", json=body), 201)["id"]

    async def listed(self, **query: Any) -> list[dict[str, Any]]:
        """The list of memories."""
        return expect(await self.client.get("/api/memories", params=query), 200)

    async def change(self, asset_id: UUID, **fields: Any) -> None:
        """Change one of the photos, and wait until everybody has heard of it."""
        expect(await self.client.put(f"/api/assets/{asset_id}", json=fields), 200)
        await self.house.drain()

    async def delete(self, asset_id: UUID, *, force: bool = False) -> None:
        """Put a photo into the trash, or erase it."""
        body = {"ids": [str(asset_id)], "force": force}
        expect(await self.client.request("DELETE", "/api/assets", json=body), 204)
        await self.house.drain()


@pytest.fixture
def user(house: RunningHost) -> Any:
    """Make a user: `ann = await user("ann")`."""

    async def make(name: str) -> User:
        return User(house, name, await house.client(name), await house.user_id(name))

    return make


@pytest.fixture
def night(house: RunningHost) -> Any:
    """Run a job of the night: `await night("generate")`."""

    async def run(name: str) -> None:
        row_id = await house.kernel.jobs.request(f"memories.{name}", cause="schedule")
        assert row_id is not None
        await house.kernel.job_room.executor.execute(row_id)
        failed = await house.kernel.db.fetchval("SELECT error FROM job_request WHERE id = $1", row_id)
        assert failed is None

    return run
