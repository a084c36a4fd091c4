"""Fingerprints: of a photo by its preview, of a video by a few of its frames."""

import asyncio
from base64 import b64decode
from pathlib import Path

from immich_duplicates import frames, store
from immich_duplicates.settings import Fingerprints
from immich_duplicates.store import Frame, Looked
from immich_duplicates.task import TASK, TYPE
from immich_host.plugin_api import Host
from immich_host.plugin_api.assets import original_missing
from immich_inference.api import Ask, predict

_VERSION = 1
"""Raised when pictures are prepared in another way, as fingerprints of two kinds cannot be compared."""


def recipe(host: Host) -> str:
    """What makes fingerprints now: the model, and how pictures are prepared for it."""
    return f"{host.settings(Fingerprints).model_name} {_VERSION}"


async def make(host: Host, asset: Looked) -> bool:
    """Make and keep an asset's fingerprint; False when it is gone, or a photo has no preview yet.

    Of a video that does not say its length the fingerprint is empty: there is nothing to compare.

    Raises:
        JobFailed: It cannot be read; or no one has the model.
    """
    made_by = recipe(host)
    if asset.type == "IMAGE":
        preview = await _preview(host, asset)
        return preview is not None and await store.remember(host.db, asset.id, made_by, [await _look(host, 0, preview)])
    row = await host.assets.get(asset.id)
    if row is None:
        return False
    try:
        taken = await frames.take(row.path, host.binaries, seconds=host.settings(Fingerprints).video_seconds)
    except FileNotFoundError as error:
        raise await original_missing(host.assets, row) from error
    if taken is None:
        return await store.remember(host.db, asset.id, made_by, [])
    looks = await asyncio.gather(*(_look(host, still.number, still.content) for still in taken.pictures))
    return await store.remember(host.db, asset.id, made_by, looks, duration=taken.duration)


async def _preview(host: Host, asset: Looked) -> Path | None:
    files = await host.files.of_asset(asset.id)
    return next((file.path for file in files if file.type == "preview" and not file.is_edited), None)


async def _look(host: Host, number: int, image: Path | bytes) -> Frame:
    prediction = await predict(host, [Ask(TASK, TYPE, host.settings(Fingerprints).model_name)], image=image)
    seen = prediction.values[TASK]
    return Frame(number, seen["embedding"], b64decode(seen["details"]))
