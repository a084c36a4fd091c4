"""Every job run twice leaves what it leaves when run once: the same rows, the same bytes."""

import inspect
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from immich_host.hosting import HOST
from immich_host.testing import RunningHost
from tests.together.gallery import stored
from tests.together.making import camera_exif, clip, live_photo, motion_photo, picture

PER_ASSET = (
    *("sidecar.discover", "sidecar.write", "metadata.extract", "metadata.reread", "map.locate", "thumbnails.generate"),
    *("transcode.encode", "storage_template.move", "smartsearch.embed", "faces.detect", "ocr.read", "duplicates.find"),
    "tags.read",
)
WITH_MORE = {"faces.import_regions"}
"""Jobs that are given more than an asset; the tests of their plugins run them twice."""


def test_every_job_on_assets_is_among_them(gallery: RunningHost) -> None:
    jobs = [one for one in gallery.kernel.job_room.registry.all() if one.plugin != HOST]
    found = {one.name for one in jobs if "asset_id" in inspect.signature(one.job.run).parameters}
    assert found == {*PER_ASSET, *WITH_MORE}


async def photo(host: RunningHost, _folder: Path) -> list[UUID]:
    return [await host.upload(picture(exif=camera_exif()), name="twice.jpg")]


async def video(host: RunningHost, folder: Path) -> list[UUID]:
    return [await host.upload(clip(folder, "twice.mp4"))]


async def edited(host: RunningHost, folder: Path) -> list[UUID]:
    [asset_id] = await photo(host, folder)
    await host.drain()
    client = await host.client()
    await client.put(f"/api/assets/{asset_id}", json={"description": "mine", "rating": 3})
    return [asset_id]


async def live(host: RunningHost, folder: Path) -> list[UUID]:
    still, moving = live_photo(folder, "TWICE")
    return [await host.upload(still, name="twice.heic"), await host.upload(moving, name="twice.mov")]


async def motion(host: RunningHost, folder: Path) -> list[UUID]:
    asset_id = await host.upload(motion_photo(folder)[0], name="motion.jpg")
    await host.drain()
    row = await host.kernel.assets.get(asset_id)
    assert row is not None
    assert row.live_photo_video_id is not None
    return [asset_id, row.live_photo_video_id]


@pytest.mark.parametrize("make", [photo, video, edited, live, motion])
async def test_twice_is_once(clean: RunningHost, folder: Path, make: Callable[..., object]) -> None:
    ids = await make(clean, folder)  # type: ignore[misc]
    await clean.drain()
    before = [await stored(clean, one) for one in ids]
    amount = await clean.kernel.db.fetchval("SELECT count(*) FROM asset")
    for job in PER_ASSET:
        for one in ids:
            await clean.kernel.jobs.request(job, asset_id=one, cause="all", force=True)
        await clean.drain()
        assert [await stored(clean, one) for one in ids] == before, job
    assert await clean.kernel.db.fetchval("SELECT count(*) FROM asset") == amount


async def test_a_whole_chain_again_changes_nothing(clean: RunningHost, folder: Path) -> None:
    ids = await photo(clean, folder)
    await clean.drain()
    before = await stored(clean, ids[0])
    owner = await clean.user_id()
    await clean.publish("asset_created", asset_id=ids[0], owner_id=owner, cause="upload")
    await clean.drain()
    assert await stored(clean, ids[0]) == before
