"""Naming places in a running host: real uploads, metadata read by its plugin."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect
from immich_map.jobs import everything, missing
from immich_map.settings import ReverseGeocodingSettings

MakePhoto = Callable[..., bytes]
Upload = Callable[..., Awaitable[UUID]]
MUNICH, OCEAN = (48.137, 11.575), (30.0, -40.0)
BAVARIA = ("Munich", "Bayern", "Germany")
NONE = (None, None, None)


async def names(host: RunningHost, asset_id: UUID) -> tuple[Any, ...]:
    row = await host.kernel.assets.exif(asset_id)
    assert row is not None
    return row["city"], row["state"], row["country"]


async def ids(selector: Any, host: RunningHost) -> list[UUID]:
    return [found async for found in selector(host.kernel)]


@pytest.fixture
def uploaded(photo_at: MakePhoto) -> Upload:
    async def go(host: RunningHost, *position: float | None) -> UUID:
        asset_id = await host.upload(photo_at(*position), name="a.jpg")
        await host.drain()
        return asset_id

    return go


async def edit(host: RunningHost, asset_id: UUID, **change: Any) -> None:
    client = await host.client()
    expect(await client.put(f"/api/assets/{asset_id}", json=change), 200)
    await host.drain()


async def test_an_upload_gets_its_names(host: MakeHost, uploaded: Upload) -> None:
    server = await host(plugins=["metadata", "map"])
    asset_id = await uploaded(server, *MUNICH)
    assert await names(server, asset_id) == BAVARIA
    client = await server.client()
    shown = expect(await client.get(f"/api/assets/{asset_id}"), 200)["exifInfo"]
    assert (shown["city"], shown["state"], shown["country"]) == BAVARIA
    assert await ids(missing, server) == []
    assert await ids(everything, server) == [asset_id]


async def test_a_photo_without_a_position_asks_for_nothing(host: MakeHost, uploaded: Upload) -> None:
    server = await host(plugins=["metadata", "map"])
    asset_id = await uploaded(server, None)
    assert await names(server, asset_id) == NONE
    assert await ids(missing, server) == await ids(everything, server) == []


async def test_the_high_seas_have_no_name_and_are_not_asked_again(host: MakeHost, uploaded: Upload) -> None:
    server = await host(plugins=["metadata", "map"])
    asset_id = await uploaded(server, *OCEAN)
    assert await names(server, asset_id) == NONE
    assert await ids(missing, server) == []


async def test_reading_the_file_again_keeps_the_names(host: MakeHost, uploaded: Upload) -> None:
    server = await host(plugins=["metadata", "map"])
    asset_id = await uploaded(server, *MUNICH)
    before = dict(await server.kernel.db.fetchrow("SELECT * FROM asset_exif WHERE asset_id = $1", asset_id))
    for job in ("metadata.extract", "metadata.reread", "map.locate"):
        await server.kernel.jobs.request(job, asset_id=asset_id, cause="all", force=True)
        await server.drain()
    assert dict(await server.kernel.db.fetchrow("SELECT * FROM asset_exif WHERE asset_id = $1", asset_id)) == before


async def test_a_person_moves_a_photo(host: MakeHost, uploaded: Upload) -> None:
    """The new position is named; written to a sidecar and read back it is still there, and locked it stays."""
    server = await host(plugins=["sidecar", "metadata", "map"])
    asset_id = await uploaded(server, *MUNICH)
    await edit(server, asset_id, latitude=-33.8568, longitude=151.2153)
    assert await names(server, asset_id) == ("Sydney", "New South Wales", "Australia")
    await server.turn_off("sidecar")
    await edit(server, asset_id, latitude=41.8902, longitude=12.4922)
    await server.kernel.jobs.request("metadata.extract", asset_id=asset_id, cause="all")
    await server.drain()
    assert await names(server, asset_id) == ("Rome", "Lazio", "Italy")


async def test_a_position_that_is_taken_away_takes_its_names_with_it(host: MakeHost, uploaded: Upload) -> None:
    server = await host(plugins=["map"])
    asset_id = await uploaded(server, None)
    await edit(server, asset_id, latitude=MUNICH[0], longitude=MUNICH[1])
    assert await names(server, asset_id) == BAVARIA
    await server.kernel.assets.write_exif(asset_id, latitude=None, longitude=None)
    await server.drain()
    # it is locked: what a person set is not for a job to take
    assert await names(server, asset_id) == BAVARIA
    await server.kernel.assets.unlock(asset_id, frozenset({"latitude", "longitude"}))
    await server.kernel.assets.write_exif(asset_id, latitude=None, longitude=None)
    await server.drain()
    assert await names(server, asset_id) == NONE
    assert await ids(everything, server) == []


async def test_what_came_while_it_was_off_is_found(host: MakeHost, uploaded: Upload) -> None:
    server = await host(plugins=["metadata", "map"])
    moved = await uploaded(server, *MUNICH)
    await server.turn_off("map")
    fresh = await uploaded(server, 41.8902, 12.4922)
    await edit(server, moved, latitude=-33.8568, longitude=151.2153)
    assert await names(server, fresh) == NONE
    await server.turn_on("map")
    found = await ids(missing, server)
    assert set(found) == {moved, fresh}
    await server.kernel.jobs.request_many("map.locate", found, cause="missing")
    await server.drain()
    assert await names(server, fresh) == ("Rome", "Lazio", "Italy")
    assert await names(server, moved) == ("Sydney", "New South Wales", "Australia")
    assert await ids(missing, server) == []


async def test_metadata_off_and_on_again(host: MakeHost, uploaded: Upload) -> None:
    server = await host(plugins=["metadata", "map"])
    await server.turn_off("metadata")
    asset_id = await uploaded(server, *MUNICH)
    assert await names(server, asset_id) == NONE
    await server.turn_on("metadata")
    await server.kernel.jobs.request("metadata.extract", asset_id=asset_id, cause="missing")
    await server.drain()
    assert await names(server, asset_id) == BAVARIA


async def test_naming_switched_off(host: MakeHost, uploaded: Upload) -> None:
    """Names stay until the position changes; then there are none, and nothing is missing."""
    server = await host(plugins=["metadata", "map"])
    asset_id = await uploaded(server, *MUNICH)
    await server.configure(ReverseGeocodingSettings(enabled=False))
    await server.kernel.jobs.request("map.locate", asset_id=asset_id, cause="all", force=True)
    await server.drain()
    assert await names(server, asset_id) == BAVARIA
    await edit(server, asset_id, latitude=-33.8568, longitude=151.2153)
    assert await names(server, asset_id) == NONE
    assert await ids(missing, server) == []
    await server.configure(ReverseGeocodingSettings(enabled=True))
    assert await ids(missing, server) == [asset_id]
