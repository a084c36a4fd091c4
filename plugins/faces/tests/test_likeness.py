"""What somebody says of one face has the faces of their group told apart again."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio

from immich_faces.settings import FacialRecognition
from immich_host.testing import RunningHost
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]


@pytest_asyncio.fixture(loop_scope="session")
async def telling_apart(house: RunningHost) -> AsyncIterator[RunningHost]:
    await house.configure(FacialRecognition())
    yield house
    await house.configure(FacialRecognition(enabled=False))


async def is_asked(house: RunningHost, user: Any) -> bool:
    """Whether the faces of the user's group wait to be told apart; from now on they do not."""
    group = expect(await user.client.get("/api/users/me"), 200)["clusterGroupId"]
    done = await house.kernel.db.execute(
        "DELETE FROM job_request WHERE job = 'faces.cluster' AND arguments ->> 'group_id' = $1", group
    )
    return done != "DELETE 0"


async def test_after_a_face_was_given_or_moved_and_people_were_merged(
    user: MakeUser, telling_apart: RunningHost
) -> None:
    ann = await user("ann")
    kim, lee = await ann.person("Kim"), await ann.person("Lee")
    asset_id = await ann.photo()
    face_id = await ann.face(asset_id, kim)
    assert not await is_asked(telling_apart, ann)
    expect(await ann.client.put(f"/api/people/{kim}", json={"name": "Kim Ono"}), 200)
    assert not await is_asked(telling_apart, ann)
    expect(await ann.client.put(f"/api/faces/{lee}", json={"id": str(face_id)}), 200)
    assert await is_asked(telling_apart, ann)
    data = [{"assetId": str(asset_id), "personId": str(lee)}]
    expect(await ann.client.put(f"/api/people/{kim}/reassign", json={"data": data}), 200)
    assert await is_asked(telling_apart, ann)
    expect(await ann.client.post(f"/api/people/{lee}/merge", json={"ids": [str(kim)]}), 200)
    assert await is_asked(telling_apart, ann)


async def test_not_where_nobody_tells_faces_apart(user: MakeUser, house: RunningHost) -> None:
    ben = await user("ben")
    kim = await ben.person("Kim")
    face_id = await ben.face(await ben.photo())
    expect(await ben.client.put(f"/api/faces/{kim}", json={"id": str(face_id)}), 200)
    assert not await is_asked(house, ben)
