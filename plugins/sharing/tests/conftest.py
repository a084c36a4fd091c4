"""A host that tests of one file share; each takes users of its own."""

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

PLUGINS = ("albums", "sharing", "search")

_number = itertools.count()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(servers: "Servers", tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHost]:
    """One host for all tests of a file."""
    async with running_host(servers, tmp_path_factory.mktemp("house") / "data", PLUGINS) as running:
        yield running


@dataclass
class User:
    """Somebody with photos."""

    house: RunningHost
    name: str
    client: httpx.AsyncClient
    id: UUID

    async def photo(self, **fields: Any) -> UUID:
        """A photo; its jobs wait."""
        return await self.house.upload(photo.JPEG + str(next(_number)).encode(), user=self.name, **fields)

    async def change(self, asset_id: UUID, **fields: Any) -> None:
        """Change an asset as a client does."""
        expect(await self.client.put(f"/api/assets/{asset_id}", json=fields), 200)

    async def shares_with(self, other: "User", *, in_timeline: bool = False) -> None:
        """Become the other's partner."""
        expect(await self.client.post("/api/partners", json={"sharedWithId": str(other.id)}), 201)
        if in_timeline:
            expect(await other.client.put(f"/api/partners/{self.id}", json={"inTimeline": True}), 200)

    async def stops_sharing_with(self, other: "User") -> None:
        """Be the other's partner no more."""
        expect(await self.client.delete(f"/api/partners/{other.id}"), 204)

    async def ask(self, path: str, status: int = 200, **query: Any) -> Any:
        """The JSON of a path below /api."""
        return expect(await self.client.get(f"/api{path}", params=query), status)

    async def partners(self, direction: str) -> list[tuple[str, bool]]:
        """Names of partners, and whether they are in the timeline."""
        return [(one["name"], one["inTimeline"]) for one in await self.ask("/partners", direction=direction)]

    async def album(self, *asset_ids: UUID, **members: str) -> UUID:
        """An album with assets; members by id, with their roles."""
        body = {
            "albumName": "Alps",
            "assetIds": [str(each) for each in asset_ids],
            "albumUsers": [{"userId": member, "role": role} for member, role in members.items()],
        }
        return UUID(expect(await self.client.post("/api/albums", json=body), 201)["id"])

    async def link(self, *asset_ids: UUID, status: int = 201, **fields: Any) -> Any:
        """A link to assets, or to the album that is named."""
        body = {"type": "INDIVIDUAL", "assetIds": [str(each) for each in asset_ids]} | fields
        if "albumId" in fields:
            body |= {"type": "ALBUM", "albumId": str(fields["albumId"])}
        return expect(await self.client.post("/api/shared-links", json=body), status)

    async def edit(self, link: Any, status: int = 200, **fields: Any) -> Any:
        """Change a link."""
        return expect(await self.client.patch(f"/api/shared-links/{link['id']}", json=fields), status)

    async def put(self, link: Any, *asset_ids: UUID) -> list[Any]:
        """Add assets to a link; how it went for each."""
        return await self._assets("PUT", link, asset_ids)

    async def take(self, link: Any, *asset_ids: UUID) -> list[Any]:
        """Take assets out of a link; how it went for each."""
        return await self._assets("DELETE", link, asset_ids)

    async def _assets(self, method: str, link: Any, asset_ids: tuple[UUID, ...]) -> list[Any]:
        body = {"assetIds": [str(each) for each in asset_ids]}
        told = expect(await self.client.request(method, f"/api/shared-links/{link['id']}/assets", json=body), 200)
        assert [UUID(one["assetId"]) for one in told] == list(asset_ids)
        assert all(one["success"] is ("error" not in one) for one in told)
        return [one["success"] or one["error"] for one in told]


class Viewer:
    """Somebody without an account who has a link."""

    def __init__(self, house: RunningHost, **credential: str) -> None:
        self.house = house
        self.client = house.anonymous(params=credential)

    async def ask(self, path: str, status: int = 200, **query: Any) -> Any:
        """The JSON of a path below /api."""
        return expect(await self.client.get(f"/api{path}", params=query), status)

    async def post(self, path: str, body: Any, status: int = 200) -> Any:
        """The answer to a body."""
        return expect(await self.client.post(f"/api{path}", json=body), status)

    async def upload(self, content: bytes, status: int = 201) -> Any:
        """Upload a photo by the link."""
        form = {"fileCreatedAt": "2024-05-01T10:11:12Z", "fileModifiedAt": "2024-05-01T10:11:12Z"}
        answer = await self.client.post("/api/assets", data=form, files={"assetData": ("guest.jpg", content)})
        return expect(answer, status)

    async def sees(self) -> set[UUID]:
        """What the link itself holds."""
        return {UUID(one["id"]) for one in (await self.ask("/shared-links/me"))["assets"]}

    async def timeline(self, **query: Any) -> set[UUID]:
        """What the timeline holds."""
        found: set[UUID] = set()
        for bucket in await self.ask("/timeline/buckets", **query):
            found |= {UUID(one) for one in (await self.ask("/timeline/bucket", **(query | bucket)))["id"]}
        return found


@pytest.fixture
def viewer(house: RunningHost) -> Any:
    """Somebody with a link: `guest = viewer(link)`, or `viewer(slug="party")`."""

    def make(link: Any = None, **credential: str) -> Viewer:
        return Viewer(house, **(credential or {"key": link["key"]}))

    return make


@pytest.fixture
def user(house: RunningHost) -> Any:
    """Make a user: `ann = await user("ann")`."""

    async def make(name: str) -> User:
        return User(house, name, await house.client(name), await house.user_id(name))

    return make
