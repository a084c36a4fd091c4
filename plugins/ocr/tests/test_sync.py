"""Lines of text as the mobile app gets them."""

import json
from collections.abc import Callable
from typing import Any

from PIL import Image

from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect
from immich_ocr.settings import OcrSettings

FIELDS = {
    *("id", "assetId", "x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4"),
    *("boxScore", "textScore", "text", "isVisible"),
}


async def fresh(server: RunningHost) -> list[dict[str, Any]]:
    """What is new of it since the last call; confirmed."""
    client = await server.client()
    answer = await client.post("/api/sync/stream", json={"types": ["AssetOcrV1"]})
    lines = [json.loads(line) for line in answer.content.splitlines()]
    expect(await client.post("/api/sync/ack", json={"acks": [line["ack"] for line in lines]}), 204)
    assert lines[-1]["type"] == "SyncCompleteV1"
    return lines[:-1]


async def test_lines_come_and_go(
    host: MakeHost, printed: Callable[..., Image.Image], jpeg: Callable[..., bytes]
) -> None:
    server = await host(plugins=["metadata", "thumbnails", "inference", "ocr"])
    sign = jpeg(printed(["Gate 12"], picture=(500, 250)))
    asset_id = str(await server.upload(sign, name="sign.jpg"))
    await server.upload(sign, name="sign.jpg", user="ann")
    await server.drain()
    (line,) = await fresh(server)
    assert (line["type"], line["data"]["assetId"], line["data"]["text"]) == ("AssetOcrV1", asset_id, "Gate 12")
    assert set(line["data"]) == FIELDS
    assert await fresh(server) == []
    await server.configure(OcrSettings(min_recognition_score=1.0, min_detection_score=1.0))
    await server.kernel.jobs.request("ocr.read", asset_id=asset_id, cause="all", force=True)
    await server.drain()
    (gone,) = await fresh(server)
    assert (gone["type"], gone["data"]["id"]) == ("AssetOcrDeleteV1", line["data"]["id"]), "the id that the phone knows"
    assert set(gone["data"]) == {"id", "assetId", "deletedAt"}
