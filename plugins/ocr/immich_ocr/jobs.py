"""The job: read the text in an asset's preview. Safe to run twice."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Host, Job, JobContext, Outcome
from immich_inference.api import Ask, is_enabled, predict
from immich_ocr import store
from immich_ocr.lines import Line, line_of_row, lines_of
from immich_ocr.models import DETECTION, RECOGNITION, TASK, detection_model
from immich_ocr.searching import search_text
from immich_ocr.settings import OcrSettings

RULES = 1
"""Raised when this code reads better with the same model, so that older results are stale."""

_SAME = 0.005
"""Two runs of one model may differ by so much, in any number, without a line being another one."""


def is_on(host: Host) -> bool:
    """Whether text is read at all, by the settings."""
    return is_enabled(host) and host.settings(OcrSettings).enabled


async def read(ctx: JobContext, *, asset_id: str | UUID) -> Outcome:
    """Read an asset's preview and keep its lines; skipped where there is none, for hidden assets, while it is off."""
    host = ctx.host
    asset = await host.assets.get(UUID(str(asset_id)))
    if asset is None or asset.visibility == "hidden" or asset.type not in {"IMAGE", "VIDEO"} or not is_on(host):
        return Outcome.SKIPPED
    preview = await _preview(host, asset.id)
    if preview is None:
        return Outcome.SKIPPED
    lines = await _lines_in(host, preview)
    async with host.db.transaction():
        if not await store.hold(host.db, asset.id):
            return Outcome.SKIPPED
        await _save(host, asset.id, lines)
    return Outcome.DONE


async def _preview(host: Host, asset_id: UUID) -> Path | None:
    files = await host.files.of_asset(asset_id)
    return next((file.path for file in files if file.type == "preview" and not file.is_edited), None)


async def _lines_in(host: Host, picture: Path) -> list[Line]:
    settings = host.settings(OcrSettings)
    look = {"minScore": settings.min_detection_score, "maxResolution": settings.max_resolution}
    asks = [
        Ask(TASK, DETECTION, detection_model(settings.model_name), look),
        Ask(TASK, RECOGNITION, settings.model_name, {"minScore": settings.min_recognition_score}),
    ]
    prediction = await predict(host, asks, image=picture)
    return lines_of(prediction.values[TASK])


async def _save(host: Host, asset_id: UUID, lines: Sequence[Line]) -> None:
    """Keep lines in place of those that are kept; rows of lines that are the same stay as they are."""
    new = list(lines)
    gone: list[UUID] = []
    for row in await store.saved(host.db, asset_id):
        same = next((line for line in new if _is_same(line, line_of_row(row))), None)
        if same is None:
            gone.append(row["id"])
        else:
            new.remove(same)
    if gone:
        await store.remove(host.db, gone)
    if new:
        await store.add(host.db, asset_id, new)
    await store.set_search_text(host.db, asset_id, search_text([line.text for line in lines]))
    await host.assets.mark_job(asset_id, "ocr_at")


def _is_same(one: Line, other: Line) -> bool:
    return one.text == other.text and all(abs(a - b) <= _SAME for a, b in zip(one.numbers, other.numbers, strict=True))


async def missing(host: Host) -> AsyncIterator[UUID]:
    """Assets in which text was never looked for; none while reading is off."""
    if is_on(host):
        async for asset_id in store.not_read(host.db):
            yield asset_id


def made_by(host: Host) -> Mapping[str, Any]:
    """What a result depends on beside the preview."""
    return {**host.settings(OcrSettings).model_dump(exclude={"enabled"}, by_alias=True), "rules": RULES}


JOBS = (
    Job(
        "read",
        read,
        queue="ocr",
        after="asset_viewable",
        asset_types=("IMAGE", "VIDEO"),
        when=is_on,
        missing=missing,
        made_by=made_by,
        starts_queue=True,
        time_limit=600.0,
    ),
)
