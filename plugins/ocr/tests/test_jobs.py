"""Reading uploads: real previews, the real model, and what is kept of it."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image

from immich_host.plugin_api.errors import JobFailed
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect
from immich_inference.settings import MachineLearning
from immich_ocr.jobs import missing
from immich_ocr.settings import OcrSettings

Print = Callable[..., Image.Image]
Jpeg = Callable[[Image.Image], bytes]
Upload = Callable[[RunningHost, list[str]], Awaitable[UUID]]

PLUGINS = ["metadata", "thumbnails", "inference", "ocr"]


@pytest.fixture
def uploaded(printed: Print, jpeg: Jpeg) -> Upload:
    async def go(server: RunningHost, lines: list[str]) -> UUID:
        asset_id = await server.upload(jpeg(printed(lines, picture=(500, 250))), name="sign.jpg")
        await server.drain()
        return asset_id

    return go


async def rows(server: RunningHost, asset_id: UUID) -> dict[str, Any]:
    found = await server.kernel.db.fetch("SELECT * FROM asset_ocr WHERE asset_id = $1", asset_id)
    return {row["text"]: dict(row) for row in found}


async def search_text(server: RunningHost, asset_id: UUID) -> str | None:
    return await server.kernel.db.fetchval("SELECT text FROM ocr_search WHERE asset_id = $1", asset_id)


async def read_at(server: RunningHost, asset_id: UUID) -> Any:
    return await server.kernel.db.fetchval("SELECT ocr_at FROM asset_job_status WHERE asset_id = $1", asset_id)


async def not_read(server: RunningHost) -> list[UUID]:
    return [asset_id async for asset_id in missing(server.kernel)]


async def again(server: RunningHost, asset_id: UUID, *, force: bool = True) -> None:
    await server.kernel.jobs.request("ocr.read", asset_id=asset_id, cause="all", force=force)
    await server.drain()


async def audited(server: RunningHost) -> list[tuple[UUID, UUID]]:
    found = await server.kernel.db.fetch("SELECT ocr_id, asset_id FROM asset_ocr_audit ORDER BY id")
    return [(row["ocr_id"], row["asset_id"]) for row in found]


async def test_an_upload_is_read(host: MakeHost, uploaded: Upload) -> None:
    server = await host(plugins=PLUGINS)
    asset_id = await uploaded(server, ["Gate 12", "Departure 14:30"])
    kept = await rows(server, asset_id)
    assert set(kept) == {"Gate 12", "Departure 14:30"}
    gate = kept["Gate 12"]
    assert 0 < gate["x1"] < gate["x2"] < 1
    assert 0 < gate["y1"] < gate["y4"] < kept["Departure 14:30"]["y4"] < 1
    assert gate["box_score"] > 0.5
    assert gate["text_score"] >= 0.8
    assert gate["is_visible"]
    assert gate["update_id"].version == 7
    assert await search_text(server, asset_id) == " gate 12 departure 14:30 "
    assert await read_at(server, asset_id) is not None
    assert await not_read(server) == []


async def test_a_photo_without_text_is_read_once(host: MakeHost, uploaded: Upload) -> None:
    server = await host(plugins=PLUGINS)
    asset_id = await uploaded(server, [])
    assert await rows(server, asset_id) == {}
    assert await search_text(server, asset_id) is None
    assert await read_at(server, asset_id) is not None
    assert await not_read(server) == []


async def test_reading_again_leaves_rows_that_are_the_same(host: MakeHost, uploaded: Upload) -> None:
    """What phones have is not sent to them anew; what is not read any more goes, with its id noted."""
    server = await host(plugins=PLUGINS)
    asset_id = await uploaded(server, ["Gate 12"])
    before = await rows(server, asset_id)
    await again(server, asset_id)
    assert await rows(server, asset_id) == before
    assert await audited(server) == []
    wrong = await server.kernel.db.fetchval(
        "INSERT INTO asset_ocr (asset_id, x1, y1, x2, y2, x3, y3, x4, y4, box_score, text_score, text) "
        "VALUES ($1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 'wrong') RETURNING id",
        asset_id,
    )
    await again(server, asset_id)
    assert await rows(server, asset_id) == before
    assert await audited(server) == [(wrong, asset_id)]


async def test_every_write_has_an_update_id_of_its_own(host: MakeHost, uploaded: Upload) -> None:
    server = await host(plugins=PLUGINS)
    asset_id = await uploaded(server, ["Gate 12"])
    first = (await rows(server, asset_id))["Gate 12"]["update_id"]
    await server.kernel.db.execute("UPDATE asset_ocr SET is_visible = false WHERE asset_id = $1", asset_id)
    assert (await rows(server, asset_id))["Gate 12"]["update_id"] > first


async def test_with_its_asset_text_goes_and_is_not_audited(host: MakeHost, uploaded: Upload) -> None:
    server = await host(plugins=PLUGINS)
    asset_id = await uploaded(server, ["Gate 12"])
    await server.kernel.assets.erase([asset_id])
    await server.drain()
    assert await rows(server, asset_id) == {}
    assert await search_text(server, asset_id) is None
    assert await audited(server) == []


async def test_hidden_trashed_and_unknown_assets_are_not_read(host: MakeHost, uploaded: Upload) -> None:
    server = await host(plugins=PLUGINS)
    await server.configure(OcrSettings(enabled=False))
    asset_id = await uploaded(server, ["Gate 12"])
    await server.configure(OcrSettings())
    assert await not_read(server) == [asset_id]
    await server.kernel.assets.update(asset_id, visibility="hidden")
    assert await not_read(server) == []
    await again(server, asset_id)
    assert await read_at(server, asset_id) is None
    await server.kernel.assets.update(asset_id, visibility="timeline")
    client = await server.client()
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(asset_id)]}), 204)
    assert await not_read(server) == []
    await again(server, uuid4())


@pytest.mark.parametrize("off", [OcrSettings(enabled=False), MachineLearning(enabled=False)])
async def test_while_it_is_off_nothing_is_read(
    host: MakeHost, uploaded: Upload, off: OcrSettings | MachineLearning
) -> None:
    server = await host(plugins=PLUGINS)
    await server.configure(off)
    asset_id = await uploaded(server, ["Gate 12"])
    await again(server, asset_id)
    assert await read_at(server, asset_id) is None
    assert await not_read(server) == []
    await server.configure(type(off)())
    assert await not_read(server) == [asset_id]
    await again(server, asset_id, force=False)
    assert set(await rows(server, asset_id)) == {"Gate 12"}


async def test_what_other_settings_read_is_stale(host: MakeHost, uploaded: Upload) -> None:
    server = await host(plugins=PLUGINS)
    asset_id = await uploaded(server, ["Gate 12"])
    await server.configure(OcrSettings(min_recognition_score=1.0, min_detection_score=1.0))
    await server.kernel.job_room.commands.start("ocr", "stale")
    await server.drain()
    assert await rows(server, asset_id) == {}
    assert await search_text(server, asset_id) is None
    assert len(await audited(server)) == 1
    before = await read_at(server, asset_id)
    await server.kernel.job_room.commands.start("ocr", "stale")
    await server.drain()
    assert await read_at(server, asset_id) == before


async def test_an_asset_waits_for_its_preview(host: MakeHost, printed: Print, jpeg: Jpeg) -> None:
    server = await host(plugins=["thumbnails", "inference", "ocr"])
    await server.turn_off("thumbnails")
    asset_id = await server.upload(jpeg(printed(["Gate 12"])), name="sign.jpg")
    await server.drain()
    assert await read_at(server, asset_id) is None
    assert await not_read(server) == []
    await server.turn_on("thumbnails")
    await server.kernel.jobs.request("thumbnails.generate", asset_id=asset_id, cause="missing")
    await server.drain()
    assert set(await rows(server, asset_id)) == {"Gate 12"}


async def test_a_model_that_is_not_here_fails_and_loses_nothing(host: MakeHost, uploaded: Upload) -> None:
    server = await host(plugins=PLUGINS)
    asset_id = await uploaded(server, ["Gate 12"])
    await server.configure(OcrSettings(model_name="PP-OCR_unknown"))
    with pytest.raises(JobFailed):
        await again(server, asset_id)
    assert set(await rows(server, asset_id)) == {"Gate 12"}
