"""Routes of single assets and of many: reading, changing, deleting, counting."""

from uuid import UUID

from immich_host.assets import deleting, editing
from immich_host.assets.copying import copy_properties
from immich_host.assets.dto_input import (
    AssetBulkDeleteDto,
    AssetBulkUpdateDto,
    AssetCopyDto,
    AssetJobName,
    AssetJobsDto,
    GetAssetStatisticsQuery,
    UpdateAssetDto,
)
from immich_host.assets.responses import asset_response
from immich_host.assets.store import count_assets
from immich_host.plugin_api.answers import AssetResponseDto, AssetVisibility
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, Routes
from immich_host.wire.access import require_elevated
from immich_host.wire.dto import AssetStatsResponseDto
from immich_host.wire.kernel import Kernel

routes = Routes("Assets")

JOB_QUEUES = {
    AssetJobName.REFRESH_FACES: "faceDetection",
    AssetJobName.REFRESH_METADATA: "metadataExtraction",
    AssetJobName.REGENERATE_THUMBNAIL: "thumbnailGeneration",
    AssetJobName.TRANSCODE_VIDEO: "videoConversion",
}
"""Which queue's own job each of these asks for; nothing happens while no plugin serves the queue."""


@routes.get("/assets/statistics", operation_id="getAssetStatistics", permission=Permission.ASSET_STATISTICS)
async def statistics(caller: Caller, host: Kernel, query: GetAssetStatisticsQuery) -> AssetStatsResponseDto:
    """How many images and videos the caller has."""
    if query.visibility is AssetVisibility.LOCKED:
        require_elevated(caller)
    images, videos = await count_assets(
        host.db,
        caller.user_id,
        is_favorite=query.is_favorite,
        is_trashed=query.is_trashed,
        visibility=query.visibility,
    )
    return AssetStatsResponseDto(images=images, videos=videos, total=images + videos)


@routes.get("/assets/{id}", operation_id="getAssetInfo", permission=Permission.ASSET_READ, shared_link=True)
async def read_asset(id: UUID, caller: Caller, host: Kernel) -> AssetResponseDto:
    """One asset with everything that is known of it."""
    await host.access.require_assets(caller, Permission.ASSET_READ, [id])
    return await asset_response(host, id, caller)


@routes.put("/assets/{id}", operation_id="updateAsset", permission=Permission.ASSET_UPDATE, deprecated=True)
async def update_asset(id: UUID, caller: Caller, host: Kernel, body: UpdateAssetDto) -> AssetResponseDto:
    """Change one asset."""
    await host.access.require_assets(caller, Permission.ASSET_UPDATE, [id])
    await editing.update_one(host, caller, id, body)
    return await asset_response(host, id, caller)


@routes.put("/assets", operation_id="updateAssets", permission=Permission.ASSET_UPDATE, deprecated=True)
async def update_assets(caller: Caller, host: Kernel, body: AssetBulkUpdateDto) -> None:
    """Make one change to many assets."""
    await host.access.require_assets(caller, Permission.ASSET_UPDATE, body.ids)
    await editing.update_many(host, body)


@routes.delete("/assets", operation_id="deleteAssets", permission=Permission.ASSET_DELETE)
async def delete_assets(caller: Caller, host: Kernel, body: AssetBulkDeleteDto) -> None:
    """Put assets into the trash; with `force`, or while the trash is off, they are erased."""
    await host.access.require_assets(caller, Permission.ASSET_DELETE, body.ids)
    if body.force is True:
        await deleting.mark_deleted(host, body.ids)
    else:
        await deleting.discard(host, body.ids)


@routes.put("/assets/copy", operation_id="copyAsset", permission=Permission.ASSET_COPY)
async def copy_asset(caller: Caller, host: Kernel, body: AssetCopyDto) -> None:
    """Give one asset what another has: favourite, stack, sidecar, albums, shared links."""
    await host.access.require_assets(caller, Permission.ASSET_COPY, [body.source_id, body.target_id])
    await copy_properties(host, body)


@routes.post("/assets/jobs", operation_id="runAssetJobs", permission=Permission.JOB_CREATE, status=204)
async def run_jobs(caller: Caller, host: Kernel, body: AssetJobsDto) -> None:
    """Run a job again for some assets."""
    await host.access.require_assets(caller, Permission.ASSET_UPDATE, body.asset_ids)
    queue = JOB_QUEUES[body.name]
    for name, known in host.hosting.jobs().items():
        if known.enabled and known.job.starts_queue and known.job.queue == queue:
            await host.jobs.request_many(name, list(body.asset_ids), cause="rerun", force=True)
