"""Many change the same albums and photos at once: nobody blocks anybody, and what is left holds together."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from immich_host.testing import RunningHost

type MakeUser = Callable[[str], Awaitable[Any]]

SEED = 1

WAITS = "SELECT true FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1"

WRONG = """
SELECT count(*) FROM album WHERE album_thumbnail_asset_id IS NOT NULL AND NOT EXISTS (
  SELECT FROM album_asset WHERE album_id = album.id AND asset_id = album.album_thumbnail_asset_id)
  OR NOT EXISTS (SELECT FROM album_user WHERE album_id = album.id AND role = 'owner')
"""


class Crowd:
    """Two editors of the same albums, who do everything."""

    def __init__(self, house: RunningHost, users: list[Any], albums: list[UUID], assets: list[UUID]) -> None:
        self.house, self.users, self.albums, self.assets = house, users, albums, assets
        self.chance = random.Random(SEED)

    async def request(self, user: Any, method: str, path: str, body: Any = None) -> int:
        return (await user.client.request(method, f"/api{path}", json=body)).status_code

    def some(self) -> list[str]:
        return [str(each) for each in self.chance.sample(self.assets, 6)]

    async def change(self) -> int:
        """Something; the status of the answer."""
        user, album_id = self.chance.choice(self.users), self.chance.choice(self.albums)
        some = self.some()
        methods: list[tuple[str, str, Any]] = [
            ("PUT", f"/albums/{album_id}/assets", {"ids": some}),
            ("DELETE", f"/albums/{album_id}/assets", {"ids": some}),
            ("PUT", "/albums/assets", {"albumIds": [str(each) for each in self.albums], "assetIds": some}),
            ("PATCH", f"/albums/{album_id}", {"albumThumbnailAssetId": some[0]}),
            ("PUT", "/assets", {"ids": some, "visibility": self.chance.choice(["locked", "timeline"])}),
            ("PUT", "/assets", {"ids": some, "visibility": "locked", "dateTimeRelative": 60}),
            ("DELETE", "/assets", {"ids": some}),
            ("POST", "/trash/restore/assets", {"ids": some}),
            ("POST", "/activities", {"albumId": str(album_id), "assetId": some[0], "type": "like"}),
        ]
        return await self.request(user, *self.chance.choice(methods))

    async def erase(self) -> int:
        """Let a photo go for good."""
        asset_id = self.chance.choice(self.assets)
        await self.house.kernel.db.execute("DELETE FROM asset WHERE id = $1", asset_id)
        return 204

    async def drop(self, album_id: UUID) -> int:
        """Delete an album."""
        return await self.request(self.users[0], "DELETE", f"/albums/{album_id}")


@pytest.mark.timeout(600)
async def test_a_crowd_changes_the_same_albums(user: MakeUser, house: RunningHost) -> None:
    ann, bob = await user("ann"), await user("bob")
    assets = [await who.photo() for who in (ann, bob) for _ in range(10)]
    albums = [await ann.album(*assets[:10], editors=(bob,)) for _ in range(3)]
    crowd = Crowd(house, [ann, bob], albums, assets)
    for number in range(6):
        work = [crowd.change() for _ in range(24)] + [crowd.erase()]
        work += [crowd.drop(albums[number // 2])] if number % 2 else []
        statuses = await asyncio.gather(*work)
        assert max(statuses) < 500, statuses
    await house.kernel.job_room.outbox.settle()
    assert await house.kernel.db.fetchval(WRONG) == 0
    assert await house.kernel.db.fetchval("SELECT count(*) FROM album WHERE id = ANY($1::uuid[])", albums) == 0


async def test_photos_that_are_dated_and_locked_are_all_held_before_their_albums(
    user: MakeUser, house: RunningHost
) -> None:
    ann, db = await user("ann"), house.kernel.db
    first, second = sorted([await ann.photo() for _ in range(2)])
    album_id = await ann.album(first)
    body = {"ids": [str(first), str(second)], "visibility": "locked", "dateTimeRelative": 60}
    async with db.dedicated() as adding, adding.transaction():
        await adding.execute("SELECT FROM asset WHERE id = $1 FOR SHARE", second)
        editing = asyncio.create_task(ann.client.put("/api/assets", json=body))
        async with asyncio.timeout(10):
            while not await db.fetchval(WAITS):
                pass
        await adding.execute("SELECT FROM album WHERE id = $1 FOR NO KEY UPDATE", album_id)
    assert (await editing).status_code == 204
    rows = await db.fetch("SELECT visibility, file_created_at FROM asset WHERE id IN ($1, $2)", first, second)
    assert {str(row["visibility"]) for row in rows} == {"locked"}
    assert {row["file_created_at"].strftime("%H:%M") for row in rows} == {"11:11"}
