"""Whoever changes several assets holds them in the order of their ids: two at once wait, and neither is refused."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.assets.deleting import erase
from immich_host.testing.host import RunningHost

WAITS = "SELECT true FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1"
HOLD = "SELECT FROM asset WHERE id = $1 FOR NO KEY UPDATE"


@pytest.fixture
async def running(host: Any) -> RunningHost:
    return await host(plugins=[])


async def pair(running: RunningHost) -> tuple[UUID, UUID]:
    """A still and a video, of which the still comes first in the order of ids."""
    still, video = sorted([await running.upload(uuid4().bytes) for _ in range(2)])
    await running.kernel.db.execute("UPDATE asset SET type = 'VIDEO' WHERE id = $1", video)
    return still, video


async def meanwhile[T](running: RunningHost, still: UUID, video: UUID, change: Coroutine[Any, Any, T]) -> T:
    """Make a change while another holds first the still and then the video, as a bulk edit of both does."""
    db = running.kernel.db
    async with db.dedicated() as other, other.transaction():
        await other.execute(HOLD, still)
        changing = asyncio.create_task(change)
        async with asyncio.timeout(10):
            while not await db.fetchval(WAITS):
                pass
        await other.execute(HOLD, video)
    return await changing


async def test_linking_a_live_photo(running: RunningHost) -> None:
    still, video = await pair(running)
    client = await running.client()
    link = client.put(f"/api/assets/{still}", json={"livePhotoVideoId": str(video)})
    answer = await meanwhile(running, still, video, link)
    assert answer.json()["livePhotoVideoId"] == str(video)


async def test_unlinking_a_live_photo(running: RunningHost) -> None:
    still, video = await pair(running)
    client = await running.client()
    await client.put(f"/api/assets/{still}", json={"livePhotoVideoId": str(video)})
    unlink = client.put(f"/api/assets/{still}", json={"livePhotoVideoId": None})
    answer = await meanwhile(running, still, video, unlink)
    assert answer.json()["livePhotoVideoId"] is None


async def test_erasing_the_video_of_a_live_photo(running: RunningHost) -> None:
    still, video = await pair(running)
    client = await running.client()
    await client.put(f"/api/assets/{still}", json={"livePhotoVideoId": str(video)})
    await meanwhile(running, still, video, erase(running.kernel, video))
    assert await running.kernel.db.fetch("SELECT id, live_photo_video_id FROM asset") == [(still, None)]
