"""With the plugin `albums` itself: who is added hears of it, and members of what comes in."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from uuid import UUID

import pytest_asyncio

from immich_host.testing import RunningHost, photo
from immich_host.testing.fixtures import running_host
from immich_host.testing.host import expect
from immich_notifications import albums
from plugins.notifications.tests.mailing import mail_server

if TYPE_CHECKING:
    import pytest

    from immich_host.testing.servers import Servers


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(servers: "Servers", tmp_path_factory: "pytest.TempPathFactory") -> AsyncIterator[RunningHost]:
    """A host with albums."""
    folder = tmp_path_factory.mktemp("house") / "data"
    async with running_host(servers, folder, ["notifications", "albums"]) as running:
        yield running


async def test_members_are_told_of_the_album_and_of_what_comes_into_it(house: RunningHost) -> None:
    ann, ben = await house.client("ann"), await house.client("ben")
    ben_id = await house.user_id("ben")
    first = await house.upload(photo.JPEG, user="ann")
    body = {
        "albumName": "Alps",
        "assetIds": [str(first)],
        "albumUsers": [{"userId": str(ben_id), "role": "viewer"}],
    }
    async with mail_server() as server:
        await house.configure(server.settings())
        album_id = UUID(expect(await ann.post("/api/albums", json=body), 201)["id"])
        second = await house.upload(photo.JPEG + b"2", user="ann")
        added = await ann.put(f"/api/albums/{album_id}/assets", json={"ids": [str(second)]})
        assert expect(added, 200)[0]["success"] is True
        await house.kernel.job_room.outbox.settle()
        await house.kernel.db.execute("UPDATE notifications_album_change SET last_at = now() - interval '5 minutes'")
        await house.drain()
        assert [str(mail["Subject"]) for mail in server.mails] == [
            "You were added to the album Alps",
            "New in the album Alps",
        ]
        assert server.recipients == ["ben@host.test"] * 2
    told = expect(await ben.get("/api/notifications"), 200)
    assert [(one["type"], one["data"]) for one in told] == [
        ("AlbumUpdate", {"albumId": str(album_id)}),
        ("AlbumInvite", {"albumId": str(album_id)}),
    ]
    assert expect(await ann.get("/api/notifications"), 200) == []
    known = await albums.find(house.kernel, album_id)
    assert known is not None
    assert known.cover in {first, second}
    assert known.user_ids == {ben_id, await house.user_id("ann")}
    expect(await ann.put("/api/assets", json={"ids": [str(first), str(second)], "visibility": "locked"}), 204)
    known = await albums.find(house.kernel, album_id)
    assert known is not None
    assert known.cover is None
    expect(await ann.delete(f"/api/albums/{album_id}"), 204)
    assert await albums.find(house.kernel, album_id) is None
