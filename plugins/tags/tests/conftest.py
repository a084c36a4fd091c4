"""A host that tests of one file share, with users who have photos and tags."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

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
    """One host for all tests of a file: each takes users of its own. Nobody reads files."""
    async with running_host(servers, tmp_path_factory.mktemp("house") / "data", ("tags", "search")) as running:
        yield running


@dataclass
class User:
    """Somebody with photos and tags."""

    house: RunningHost
    name: str
    client: httpx.AsyncClient
    id: UUID

    async def photo(self, *listed: str, **fields: Any) -> UUID:
        """A photo in the timeline, with tags as if its file had them; its jobs wait."""
        asset_id = await self.house.upload(photo.JPEG + str(next(_number)).encode(), user=self.name, **fields)
        if listed:
            await self.reads(asset_id, *listed)
        return asset_id

    async def reads(self, asset_id: UUID, *listed: str) -> None:
        """The file of a photo is read, and has these tags."""
        await self.house.kernel.assets.write_exif(asset_id, tags=list(listed) or None)

    async def tag(self, path: str) -> str:
        """The id of a tag, which is made."""
        return expect(await self.client.put("/api/tags", json={"tags": [path]}), 200)[0]["id"]

    async def values(self) -> list[str]:
        """The paths of all tags."""
        return [one["value"] for one in expect(await self.client.get("/api/tags"), 200)]

    async def give(self, tag_id: str, *asset_ids: UUID) -> list[str | None]:
        """Tag assets; what went wrong, for each."""
        return await self._change("PUT", tag_id, asset_ids)

    async def take(self, tag_id: str, *asset_ids: UUID) -> list[str | None]:
        """Untag assets; what went wrong, for each."""
        return await self._change("DELETE", tag_id, asset_ids)

    async def _change(self, method: str, tag_id: str, asset_ids: tuple[UUID, ...]) -> list[str | None]:
        ids = [str(each) for each in asset_ids]
        answers = expect(await self.client.request(method, f"/api/tags/{tag_id}/assets", json={"ids": ids}), 200)
        assert [one["id"] for one in answers] == ids
        assert all(one["success"] is ("error" not in one) for one in answers)
        return [one.get("error") for one in answers]

    async def tags_of(self, asset_id: UUID) -> list[str]:
        """The tags that an asset is answered with."""
        found = expect(await self.client.get(f"/api/assets/{asset_id}"), 200)
        return [one["value"] for one in found["tags"]]

    async def column(self, asset_id: UUID) -> tuple[list[str] | None, bool]:
        """What the sidecar is to say, and whether it is to be written."""
        exif = await self.house.kernel.assets.exif(asset_id)
        assert exif is not None
        return exif["tags"], "tags" in exif["locked_properties"]


@pytest.fixture
def user(house: RunningHost) -> Any:
    """Make a user: `ann = await user("ann")`."""

    async def make(name: str) -> User:
        return User(house, name, await house.client(name), await house.user_id(name))

    return make


@pytest.fixture
async def someone(user: Any) -> User:
    """A user of the test's own."""
    return await user(f"u{uuid4().hex[:8]}")
