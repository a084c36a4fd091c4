"""What is known of an asset after everything was done, and checks that hold for every one of them."""

import io
from base64 import b64decode
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from PIL import Image

from immich_host.testing import RunningHost
from immich_host.testing.host import expect

MOMENTS: dict[str, tuple[str, ...]] = {
    "asset": (),
    "asset_exif": (),
    "asset_file": ("updated_at", "update_id"),
    "asset_job_status": (*("metadata_extracted_at", "faces_recognized_at", "ocr_at", "duplicates_detected_at"),),
    "asset_video": (),
    "asset_audio": (),
    "asset_keyframe": (),
    "map_located": (),
    "smart_search": ("preview_id",),
    "asset_face": (),
    "asset_ocr": (),
    "ocr_search": (),
    "duplicates_fingerprint": (),
    "duplicates_frame": (),
}
"""The tables of an asset, each with the columns that tell when it was read or written last."""

SIDES = {"thumbnail": 250, "preview": 1440}


async def details(host: RunningHost, asset_id: UUID, user: str = "admin") -> dict[str, Any]:
    """The asset as the API shows it."""
    client = await host.client(user)
    return expect(await client.get(f"/api/assets/{asset_id}"), 200)


async def files_of(host: RunningHost, asset_id: UUID) -> dict[str, Path]:
    """Its derived files and sidecar by type."""
    return {file.type: file.path for file in await host.kernel.files.of_asset(asset_id)}


async def stored(host: RunningHost, asset_id: UUID) -> dict[str, Any]:
    """All rows of an asset and the bytes of all its files, but for the moments of reading and writing."""
    rows: dict[str, Any] = {}
    for table in MOMENTS:
        key = "id" if table == "asset" else "asset_id"
        found = await host.kernel.db.fetch(f"SELECT * FROM {table} WHERE {key} = $1 ORDER BY 1", asset_id)
        rows[table] = [{name: value for name, value in row.items() if name not in MOMENTS[table]} for row in found]
    asset = await host.kernel.assets.get(asset_id)
    assert asset is not None
    paths = [asset.path, *(await files_of(host, asset_id)).values()]
    return rows | {"bytes": {str(path): path.read_bytes() for path in paths}}


async def failures(host: RunningHost, queue: str) -> dict[str, str]:
    """Asset -> error of a queue's failed jobs, as an admin sees them."""
    client = await host.client()
    jobs = expect(await client.get(f"/api/queues/{queue}/jobs", params={"status": "failed"}), 200)
    return {job["data"]["asset_id"]: job["data"]["error"] for job in jobs}


async def row_of_timeline(host: RunningHost, asset: dict[str, Any], user: str = "admin") -> dict[str, Any]:
    """The asset's cells in its month."""
    client = await host.client(user)
    month = asset["localDateTime"][:7] + "-01"
    bucket = expect(await client.get("/api/timeline/bucket", params={"timeBucket": month}), 200)
    at = bucket["id"].index(asset["id"])
    return {name: column[at] for name, column in bucket.items()}


def scaled(size: tuple[int, int], short_side: int) -> tuple[int, int]:
    """A picture's size when its shorter side is at most so long."""
    factor = min(1.0, short_side / min(size))
    return round(size[0] * factor), round(size[1] * factor)


async def check_pictures(host: RunningHost, asset: dict[str, Any], user: str = "admin") -> None:
    """Thumbnail and preview are on disk, decodable, of the right size, and what the API sends."""
    client = await host.client(user)
    files = await files_of(host, UUID(asset["id"]))
    for size, side in SIDES.items():
        content = files[size].read_bytes()
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            for got, wanted in zip(image.size, scaled((asset["width"], asset["height"]), side), strict=True):
                assert abs(got - wanted) <= 1, (size, image.size)
        answer = await client.get(f"/api/assets/{asset['id']}/thumbnail", params={"size": size})
        assert (answer.status_code, answer.content) == (200, content)
    assert 5 <= len(b64decode(asset["thumbhash"])) <= 25


async def check_timeline(host: RunningHost, asset: dict[str, Any], user: str = "admin") -> dict[str, Any]:
    """The timeline's row says the same as the asset; the row."""
    row = await row_of_timeline(host, asset, user)
    assert row["ratio"] == round(asset["width"] / asset["height"], 3)
    assert row["isImage"] == (asset["type"] == "IMAGE")
    assert row["thumbhash"] == asset["thumbhash"]
    assert datetime.fromisoformat(row["fileCreatedAt"] + "Z") == datetime.fromisoformat(asset["fileCreatedAt"])
    assert row["livePhotoVideoId"] == asset["livePhotoVideoId"]
    assert (row["visibility"], row["isTrashed"], row["ownerId"]) == ("timeline", False, asset["ownerId"])
    return row


async def check_original(host: RunningHost, asset: dict[str, Any], content: bytes, user: str = "admin") -> None:
    """The original is byte for byte what was uploaded, whole and in part."""
    assert Path(asset["originalPath"]).read_bytes() == content
    client = await host.client(user)
    path = f"/api/assets/{asset['id']}/original"
    assert (await client.get(path)).content == content
    part = await client.get(path, headers={"Range": "bytes=10-99"})
    assert (part.status_code, part.content) == (206, content[10:100])
