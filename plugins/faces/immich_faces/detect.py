"""The job that finds the faces in an asset, on its preview."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

from immich_faces import detect_store, features, sidecars
from immich_faces.detect_matching import Box, Found, matched
from immich_faces.inference_tasks import TASK
from immich_faces.settings import FacialRecognition
from immich_host.plugin_api import Host, Job, JobContext, Outcome
from immich_inference.api import Ask, is_enabled, predict

CLUSTER = "faces.cluster"

RECIPE = 1
"""Raised when this code finds faces better, so that older results are stale."""

FIRST_WAIT = 1.0
LONGEST_WAIT = 600.0
SHARE = 10
"""Clustering waits so many times as long as it took the last time, for more faces to come."""


def is_wanted(host: Host) -> bool:
    """Whether faces are looked for at all, by the settings."""
    return is_enabled(host) and host.settings(FacialRecognition).enabled


async def detect(ctx: JobContext, *, asset_id: str | UUID) -> Outcome:
    """Find the faces of an asset; those that are known stay, with whatever was said of them."""
    host = ctx.host
    asset = await host.assets.get(UUID(str(asset_id)))
    if not is_wanted(host) or asset is None or asset.visibility == "hidden" or asset.type not in {"IMAGE", "VIDEO"}:
        return Outcome.SKIPPED
    preview = await _preview(host, asset.id)
    if preview is None:
        return Outcome.SKIPPED
    settings = host.settings(FacialRecognition)  # once: the vectors are of the model that they are kept with
    found = await _found(host, preview, settings)
    anew = ctx.force and ctx.cause == "all"
    if not await save(host, asset.id, found, settings.model_name, anew=anew):
        return Outcome.SKIPPED
    return Outcome.DONE


async def _preview(host: Host, asset_id: UUID) -> Path | None:
    files = await host.files.of_asset(asset_id)
    return next((file.path for file in files if file.type == "preview" and not file.is_edited), None)


async def _found(host: Host, preview: Path, settings: FacialRecognition) -> list[Found]:
    asks = (
        Ask(TASK, "detection", settings.model_name, {"minScore": settings.min_score}),
        Ask(TASK, "recognition", settings.model_name),
    )
    prediction = await predict(host, asks, image=preview)
    width, height = prediction.width or 0, prediction.height or 0
    return [_face(face, width, height) for face in prediction.values[TASK]]


def _face(face: dict[str, Any], width: int, height: int) -> Found:
    left, top, right, bottom = (round(face["boundingBox"][side]) for side in ("x1", "y1", "x2", "y2"))
    return Found(Box(left, top, right, bottom, width, height), face["embedding"])


async def save(host: Host, asset_id: UUID, found: list[Found], model: str, *, anew: bool) -> bool:
    """Write what a model found, and ask who they are; False where the asset is gone."""
    async with host.db.transaction():
        group_id = await detect_store.hold_asset(host.db, asset_id)
        if group_id is None:
            return False
        plan = matched(found, await detect_store.known(host.db, asset_id), anew=anew)
        lost = await detect_store.delete(host.db, plan.gone)
        new = await detect_store.insert(host.db, asset_id, plan.new)
        vectors = [*zip(new, (face.vector for face in plan.new), strict=True), *plan.again]
        is_changed = await detect_store.set_vectors(host.db, model, vectors)
        await features.settle(host, lost)
        if lost:
            await sidecars.names_changed(host, [asset_id])
        await host.assets.mark_job(asset_id, "faces_recognized_at")
        if is_changed or plan.gone:
            await ask_for_clustering(host, group_id)
    return True


async def ask_for_clustering(host: Host, group_id: UUID) -> None:
    """Have the faces of a group told apart, soon; the longer that takes, the more faces it waits for."""
    took = await detect_store.seconds_of_clustering(host.db, group_id)
    wait = min(LONGEST_WAIT, FIRST_WAIT + SHARE * took)
    await host.jobs.request(CLUSTER, cause="faces", delay=wait, group_id=group_id)


async def missing(host: Host) -> AsyncIterator[UUID]:
    """Assets in which no faces were looked for, newest first."""
    async for asset_id in detect_store.not_looked_at(host.db):
        yield asset_id


async def everything(host: Host) -> AsyncIterator[UUID]:
    """All assets, newest first."""
    async for asset_id in detect_store.all_assets(host.db):
        yield asset_id


def made_by(host: Host) -> dict[str, object]:
    """What a result depends on beside the preview."""
    settings = host.settings(FacialRecognition)
    return {"model": settings.model_name, "min_score": settings.min_score, "recipe": RECIPE}


JOBS = (
    Job(
        "detect",
        detect,
        queue="faceDetection",
        after="asset_viewable",
        asset_types=("IMAGE", "VIDEO"),
        when=is_wanted,
        missing=missing,
        everything=everything,
        made_by=made_by,
        starts_queue=True,
    ),
)
