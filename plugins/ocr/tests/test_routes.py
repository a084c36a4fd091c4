"""The text in a picture, over HTTP, and the search for it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image

from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect
from immich_inference.settings import MachineLearning
from immich_ocr import store
from immich_ocr.lines import Line
from immich_ocr.settings import OcrSettings

LINES = [
    Line("right", (0.5, 0.11, 0.8, 0.11, 0.8, 0.2, 0.5, 0.2), 0.9, 0.95),
    Line("below", (0.1, 0.4, 0.4, 0.4, 0.4, 0.5, 0.1, 0.5), 0.8, 0.85),
    Line("left", (0.1, 0.1, 0.4, 0.1, 0.4, 0.2, 0.1, 0.2), 0.7, 0.99),
]


@pytest.fixture
async def server(host: MakeHost) -> RunningHost:
    running = await host(plugins=["inference", "ocr"])
    await running.configure(OcrSettings(enabled=False))  # nothing is read here: text is put into the tables
    return running


@pytest.fixture
async def asset_id(server: RunningHost, jpeg: Callable[[Image.Image], bytes]) -> UUID:
    asset_id = await server.upload(jpeg(Image.new("RGB", (40, 40))))
    await store.add(server.kernel.db, asset_id, LINES)
    return asset_id


async def test_lines_in_reading_order(server: RunningHost, asset_id: UUID) -> None:
    client = await server.client()
    answer = expect(await client.get(f"/api/assets/{asset_id}/ocr"), 200)
    assert [line["text"] for line in answer] == ["left", "right", "below"]
    ids = {row["text"]: str(row["id"]) for row in await store.saved(server.kernel.db, asset_id)}
    assert answer[0] == {
        "assetId": str(asset_id),
        "id": ids["left"],
        "text": "left",
        "boxScore": pytest.approx(0.7),
        "textScore": pytest.approx(0.99),
        **{f"{axis}{n}": pytest.approx(v) for (n, axis), v in zip(CORNERS, LINES[2].box, strict=True)},
    }


CORNERS = [(corner, axis) for corner in (1, 2, 3, 4) for axis in "xy"]


async def test_what_an_edit_has_hidden_is_left_out(server: RunningHost, asset_id: UUID) -> None:
    await server.kernel.db.execute("UPDATE asset_ocr SET is_visible = false WHERE text = 'left'")
    client = await server.client()
    answer = expect(await client.get(f"/api/assets/{asset_id}/ocr"), 200)
    assert [line["text"] for line in answer] == ["right", "below"]


async def test_rights(server: RunningHost, asset_id: UUID) -> None:
    path = f"/api/assets/{asset_id}/ocr"
    assert (await server.anonymous().get(path)).status_code == 401
    assert (await (await server.client("stranger")).get(path)).status_code == 400
    assert (await (await server.key_client("asset.read")).get(path)).status_code == 200
    assert (await (await server.key_client("asset.view")).get(path)).status_code == 403
    client = await server.client()
    assert (await client.get(f"/api/assets/{uuid4()}/ocr")).status_code == 400
    assert (await client.get("/api/assets/none/ocr")).status_code == 400


async def test_while_the_plugin_is_off_there_is_no_text(server: RunningHost, asset_id: UUID) -> None:
    client = await server.client()
    await server.turn_off("ocr")
    assert expect(await client.get(f"/api/assets/{asset_id}/ocr"), 200) == []
    await server.turn_on("ocr")
    assert len(expect(await client.get(f"/api/assets/{asset_id}/ocr"), 200)) == 3


async def test_settings_and_features(server: RunningHost) -> None:
    client = await server.client()

    async def is_told() -> bool:
        return expect(await client.get("/api/server/features"), 200)["ocr"]

    assert not await is_told()
    await server.configure(OcrSettings())
    assert await is_told()
    await server.configure(MachineLearning(enabled=False))
    assert not await is_told()
    await server.configure(MachineLearning())
    await server.turn_off("ocr")
    assert not await is_told()
    await server.turn_on("ocr")
    section = expect(await client.get("/api/system-config"), 200)["machineLearning"]["ocr"]
    assert section == {
        "enabled": True,
        "modelName": "PP-OCRv6_small",
        "minDetectionScore": 0.5,
        "minRecognitionScore": 0.8,
        "maxResolution": 736,
    }


async def test_searching_by_text(host: MakeHost, jpeg: Callable[[Image.Image], bytes]) -> None:
    server = await host(plugins=["inference", "ocr", "search"])
    await server.configure(OcrSettings(enabled=False))
    client = await server.client()
    ids = [await server.upload(jpeg(Image.new("RGB", (40, 40), colour))) for colour in ("red", "blue")]
    foreign = await server.upload(jpeg(Image.new("RGB", (40, 40), "green")), user="ben")
    for asset_id, text in zip([*ids, foreign], (" invoice 東京駅 ", " menu ", " invoice "), strict=True):
        await store.set_search_text(server.kernel.db, asset_id, text)

    async def found(**body: Any) -> list[str]:
        answer = expect(await client.post("/api/search/metadata", json=body), 200)
        return [asset["id"] for asset in answer["assets"]["items"]]

    assert await found(ocr="Invoice") == [str(ids[0])]
    assert await found(ocr="東京") == [str(ids[0])]
    assert await found(ocr="menu") == [str(ids[1])]
    assert await found(ocr="receipt") == []
