"""A host that the tests of one file share, and users with photos and albums."""

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
from plugins.albums.tests.neighbour import Neighbour

if TYPE_CHECKING:
    from immich_host.testing.servers import Servers

PLUGINS = ("albums", "search")

_number = itertools.count()


@pytest.fixture(scope="module")
def neighbour() -> Neighbour:
    """What other plugins say about links."""
    return Neighbour()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(
    servers: "Servers", tmp_path_factory: pytest.TempPathFactory, neighbour: Neighbour
) -> AsyncIterator[RunningHost]:
    """One host for all tests of a file: each takes users of its own."""
    folder = tmp_path_factory.mktemp("house") / "data"
    async with running_host(servers, folder, PLUGINS, records=[neighbour.record()]) as running:
        yield running


@dataclass
class User:
    """Somebody with photos and albums."""

    house: RunningHost
    name: str
    client: httpx.AsyncClient
    id: UUID

    async def photo(self, **fields: Any) -> UUID:
        """A photo in the timeline; its jobs wait."""
        return await self.house.upload(photo.JPEG + str(next(_number)).encode(), user=self.name, **fields)

    async def album(
        self, *asset_ids: UUID, name: str = "Alps", editors: tuple["User", ...] = (), viewers: tuple["User", ...] = ()
    ) -> UUID:
        """An album with assets, shared with others."""
        members = [(user, "editor") for user in editors] + [(user, "viewer") for user in viewers]
        body = {
            "albumName": name,
            "assetIds": [str(each) for each in asset_ids],
            "albumUsers": [{"userId": str(user.id), "role": role} for user, role in members],
        }
        return UUID((await self.call("POST", "/albums", body, status=201))["id"])

    async def call(self, method: str, path: str, body: Any = None, *, status: int = 200, **query: Any) -> Any:
        """The answer to a request, which must have this status; whoever listens has heard of it."""
        answer = expect(await self.client.request(method, f"/api{path}", json=body, params=query), status)
        await self.house.kernel.job_room.outbox.settle()
        return answer

    async def add(self, album_id: UUID, *asset_ids: UUID) -> list[Any]:
        """Put assets into an album; how it went for each: True, or why not."""
        return went(await self.call("PUT", f"/albums/{album_id}/assets", {"ids": [str(each) for each in asset_ids]}))

    async def take(self, album_id: UUID, *asset_ids: UUID) -> list[Any]:
        """Take assets out of an album."""
        return went(await self.call("DELETE", f"/albums/{album_id}/assets", {"ids": [str(each) for each in asset_ids]}))

    async def share(self, album_id: UUID, user: "User", role: str = "viewer") -> Any:
        """Share an album with a user."""
        body = {"albumUsers": [{"userId": str(user.id), "role": role}]}
        return await self.call("PUT", f"/albums/{album_id}/users", body)

    async def albums(self, **query: Any) -> list[str]:
        """Names of the albums that are listed."""
        return [album["albumName"] for album in await self.call("GET", "/albums", **query)]

    async def sees(self, asset_id: UUID) -> bool:
        """Whether an asset may be looked at."""
        return (await self.client.get(f"/api/assets/{asset_id}")).status_code == 200


def went(results: list[dict[str, Any]]) -> list[Any]:
    """True or the error of each."""
    assert all(one["success"] is ("error" not in one) for one in results)
    return [one["success"] or one["error"] for one in results]


@pytest.fixture
def user(house: RunningHost) -> Any:
    """Make a user: `ann = await user("ann")`."""

    async def make(name: str) -> User:
        return User(house, name, await house.client(name), await house.user_id(name))

    return make
