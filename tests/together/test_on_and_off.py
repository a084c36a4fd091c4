"""Plugins go off and on in a running host; photos get through, and what was missed is made up for."""

import random
from uuid import UUID

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from tests.together.gallery import check_pictures, check_timeline, details, files_of
from tests.together.making import camera_exif, picture

PLUGINS = ("sidecar", "metadata", "thumbnails")


class Viewable:
    """Hears which assets became viewable."""

    def __init__(self, host: RunningHost) -> None:
        self.ids: list[UUID] = []
        host.kernel.hosting.listen("asset_viewable", self._heard)

    async def _heard(self, asset_id: UUID, **_arguments: object) -> None:
        self.ids.append(asset_id)


@pytest.fixture
def viewable(clean: RunningHost) -> Viewable:
    return Viewable(clean)


async def upload(host: RunningHost) -> UUID:
    return await host.upload(picture(exif=camera_exif()), name="switched.jpg")


async def waiting(host: RunningHost) -> list[str]:
    return [row["job"] for row in await host.kernel.db.fetch("SELECT job FROM job_request ORDER BY id")]


async def missing_are_made(host: RunningHost, plugin: str) -> None:
    assert await host.kernel.job_room.commands.request_missing(plugin)
    await host.drain()


async def test_without_thumbnails_a_photo_is_viewable_and_gets_them_later(
    clean: RunningHost, viewable: Viewable
) -> None:
    await clean.turn_off("thumbnails")
    asset_id = await upload(clean)
    await clean.drain()
    assert asset_id in viewable.ids
    assert await files_of(clean, asset_id) == {}
    client = await clean.client()
    assert (await client.get(f"/api/assets/{asset_id}/thumbnail")).status_code == 404
    assert (await details(clean, asset_id))["exifInfo"]["make"] == "Leica"
    expect(await client.put("/api/jobs/thumbnailGeneration", json={"command": "start", "force": False}), 200)
    assert await waiting(clean) == []
    config = expect(await client.get("/api/system-config"), 200)
    assert config["image"]["thumbnail"]["size"] == 250
    await clean.turn_on("thumbnails")
    expect(await client.put("/api/jobs/thumbnailGeneration", json={"command": "start", "force": False}), 200)
    await clean.drain()
    await check_pictures(clean, await details(clean, asset_id))
    assert viewable.ids.count(asset_id) == 1


async def test_a_job_that_waits_while_its_plugin_goes_off_is_dropped_and_the_photo_passes(
    clean: RunningHost, viewable: Viewable
) -> None:
    asset_id = await upload(clean)
    await clean.kernel.job_room.outbox.settle()
    assert await waiting(clean) == ["sidecar.discover"]
    for name in PLUGINS:
        await clean.turn_off(name)
    await clean.drain()
    assert await waiting(clean) == []
    assert asset_id in viewable.ids
    assert (await details(clean, asset_id))["exifInfo"]["make"] is None
    for name in PLUGINS:
        await clean.turn_on(name)
        await missing_are_made(clean, name)
    asset = await details(clean, asset_id)
    assert asset["exifInfo"]["make"] == "Leica"
    await check_pictures(clean, asset)
    await check_timeline(clean, asset)


async def test_without_metadata_a_photo_has_its_pictures_and_is_described_later(
    clean: RunningHost, viewable: Viewable
) -> None:
    await clean.turn_off("metadata")
    asset_id = await upload(clean)
    await clean.drain()
    assert asset_id in viewable.ids
    assert set(await files_of(clean, asset_id)) == {"thumbnail", "preview"}
    assert (await details(clean, asset_id))["exifInfo"]["make"] is None
    await clean.turn_on("metadata")
    await missing_are_made(clean, "metadata")
    asset = await details(clean, asset_id)
    assert (asset["exifInfo"]["make"], asset["localDateTime"]) == ("Leica", "2023-07-02T23:30:00.250Z")
    await check_timeline(clean, asset)
    assert viewable.ids.count(asset_id) == 1


async def test_without_sidecars_an_edit_stays_locked_until_it_can_be_written(clean: RunningHost) -> None:
    await clean.turn_off("sidecar")
    asset_id = await upload(clean)
    await clean.drain()
    client = await clean.client()
    expect(await client.put(f"/api/assets/{asset_id}", json={"description": "mine"}), 200)
    await clean.drain()
    await clean.kernel.jobs.request("metadata.extract", asset_id=asset_id)
    await clean.drain()
    assert (await details(clean, asset_id))["exifInfo"]["description"] == "mine"
    assert "sidecar" not in await files_of(clean, asset_id)
    await clean.turn_on("sidecar")
    expect(await client.put(f"/api/assets/{asset_id}", json={"rating": 2}), 200)
    await clean.drain()
    text = (await files_of(clean, asset_id))["sidecar"].read_text()
    assert "mine" in text
    exif = (await details(clean, asset_id))["exifInfo"]
    assert (exif["description"], exif["rating"]) == ("mine", 2)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_off_every_photo_arrives_and_nothing_is_lost(
    clean: RunningHost, viewable: Viewable, seed: int
) -> None:
    chance = random.Random(seed)
    ids = []
    for _ in range(5):
        for name in PLUGINS:
            wanted = chance.random() < 0.5
            if clean.kernel.is_enabled(name) is not wanted:
                await (clean.turn_on(name) if wanted else clean.turn_off(name))
        ids.append(await upload(clean))
        if chance.random() < 0.5:
            await clean.drain()
    await clean.drain()
    assert sorted(one for one in viewable.ids if one in ids) == sorted(ids)
    for name in PLUGINS:
        if not clean.kernel.is_enabled(name):
            await clean.turn_on(name)
        await missing_are_made(clean, name)
    for one in ids:
        asset = await details(clean, one)
        assert asset["exifInfo"]["make"] == "Leica"
        await check_pictures(clean, asset)
        await check_timeline(clean, asset)
    assert await waiting(clean) == []
