"""A host that tests of one file share, with users, photos and faces that are put in by hand."""

import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from immich_faces.settings import FacialRecognition
from immich_host.testing import RunningHost, photo
from immich_host.testing.fixtures import running_host
from immich_host.testing.host import expect

if TYPE_CHECKING:
    from immich_host.testing.servers import Servers

PLUGINS = ("faces", "inference", "thumbnails")

_number = itertools.count()

_FACE = """
INSERT INTO asset_face (asset_id, person_id, image_width, image_height, bounding_box_x1, bounding_box_y1,
  bounding_box_x2, bounding_box_y2, source_type)
VALUES ($1, $2, 100, 100, $3, $4, $5, $6, $7) RETURNING id
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(servers: "Servers", tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHost]:
    """One host for all tests of a file: each takes users of its own. No model looks for faces."""
    async with running_host(servers, tmp_path_factory.mktemp("house") / "data", PLUGINS) as running:
        await running.configure(FacialRecognition(enabled=False))
        yield running


@dataclass
class User:
    """Somebody with photos, in which there are faces of people."""

    house: RunningHost
    name: str
    client: httpx.AsyncClient
    id: UUID

    async def photo(self, **fields: Any) -> UUID:
        """A photo in the timeline; its jobs wait."""
        return await self.house.upload(photo.JPEG + str(next(_number)).encode(), user=self.name, **fields)

    async def person(self, name: str = "", *, photos: int = 0, **columns: Any) -> UUID:
        """A person, seen in so many new photos."""
        answer = await self.client.post("/api/people", json={"name": name, **columns})
        person_id = UUID(expect(answer, 201)["id"])
        for _ in range(photos):
            await self.face(await self.photo(), person_id)
        return person_id

    async def face(
        self,
        asset_id: UUID,
        person_id: UUID | None = None,
        box: Sequence[int] = (10, 20, 30, 40),
        *,
        source: str = "machine-learning",
        vector: Sequence[float] = (),
        model: str = "test",
    ) -> UUID:
        """A face as if a model had found it; in a picture of 100 x 100 pixels."""
        db = self.house.kernel.db
        face_id = await db.fetchval(_FACE, asset_id, person_id, *box, source)
        if vector:
            await db.execute(
                "INSERT INTO face_search (face_id, model, embedding) VALUES ($1, $2, $3::text::vector)",
                face_id, model, str(list(vector)),
            )  # fmt: skip
        await db.execute(
            "UPDATE person SET face_asset_id = coalesce(face_asset_id, $2) WHERE id = $1", person_id, face_id
        )
        return face_id

    async def faces(self, asset_id: UUID) -> list[dict[str, Any]]:
        """What the API says of an asset's faces."""
        return expect(await self.client.get("/api/faces", params={"id": str(asset_id)}), 200)

    async def names(self, asset_id: UUID) -> list[str | None]:
        """Who is in an asset, from left to right; None for nobody."""
        return [face["person"] and face["person"]["name"] for face in await self.faces(asset_id)]

    async def listed(self, **query: Any) -> list[str]:
        """Names in the list of people."""
        return [one["name"] for one in expect(await self.client.get("/api/people", params=query), 200)["people"]]


@pytest.fixture
def user(house: RunningHost) -> Any:
    """Make a user: `ann = await user("ann")`."""

    async def make(name: str) -> User:
        return User(house, name, await house.client(name), await house.user_id(name))

    return make
