"""The jobs: find an asset's sidecar, and write edits into it. Both are safe to run twice."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import structlog

from immich_host.plugin_api import Host, Job, JobContext, Outcome
from immich_host.plugin_api.errors import JobFailed
from immich_sidecar import finding, store
from immich_sidecar.fields import assignments
from immich_sidecar.writing import NotWritten, replacing, write_tags

WRITTEN, FOUND = "sidecar-write", "sidecar-found"
"""Causes with which `sidecar_changed` is published."""

_ALONE = frozenset({"all", "missing", "refresh", "manual", "schedule"})
"""Causes of runs after which nothing follows by itself, so that readers must be told of a change."""

_log = structlog.get_logger("sidecar")


async def discover(ctx: JobContext, *, asset_id: str | UUID) -> Outcome:
    """Register, replace or forget the sidecar of an asset; skipped when nothing has changed."""
    host = ctx.host
    asset = await host.assets.get(UUID(str(asset_id)))
    if asset is None:
        return Outcome.SKIPPED
    stored = await _stored(host, asset.id)
    found = await ctx.in_thread(finding.find, asset.path, stored)
    if found == stored:
        return Outcome.SKIPPED
    if found is None:
        await host.files.forget(asset.id, "sidecar", keep=True)
    else:
        await host.files.register(asset.id, "sidecar", found)
    if ctx.cause in _ALONE:
        await host.publish("sidecar_changed", asset_id=asset.id, owner_id=asset.owner_id, cause=FOUND)
    return Outcome.DONE


async def write(ctx: JobContext, *, asset_id: str | UUID) -> Outcome:
    """Write the locked fields of an asset into its sidecar and unlock them; skipped when none is locked."""
    host = ctx.host
    asset = await host.assets.get(UUID(str(asset_id)))
    exif = await store.edited_exif(host.db, UUID(str(asset_id)))
    if asset is None or exif is None:
        return Outcome.SKIPPED
    lines, written = assignments(frozenset(exif["locked_properties"]), exif)
    if not written:
        return Outcome.SKIPPED
    stored = await _stored(host, asset.id)
    target = finding.target(asset.path, stored)
    try:
        async with replacing(target) as copy:
            await write_tags(host.binaries.exiftool, lines, target, copy)
    except (NotWritten, PermissionError) as error:
        raise JobFailed(f"the sidecar of {asset.original_file_name} was not written: {error}") from error
    async with host.db.transaction():
        # an edit made meanwhile keeps its locks, and its own run writes it
        unchanged = await store.lock_unchanged(host.db, asset.id, exif["update_id"])
        if unchanged:
            await host.assets.unlock(asset.id, written)
            await host.publish("sidecar_changed", asset_id=asset.id, owner_id=asset.owner_id, cause=WRITTEN)
        else:
            await host.jobs.request("sidecar.write", asset_id=asset.id, cause="edit")
        await host.files.register(asset.id, "sidecar", target, cause=WRITTEN)
    _log.info("sidecar written", asset=str(asset.id), fields=sorted(written))
    return Outcome.DONE


async def missing(host: Host) -> AsyncIterator[UUID]:
    """Assets without a sidecar."""
    async for asset_id in store.without_sidecar(host.db):
        yield asset_id


async def _stored(host: Host, asset_id: UUID) -> Path | None:
    files = await host.files.of_asset(asset_id)
    return next((file.path for file in files if file.type == "sidecar"), None)


JOBS = (
    Job(
        "discover",
        discover,
        queue="sidecar",
        after="asset_created",
        provides="gathered",
        missing=missing,
        starts_queue=True,
    ),
    Job("write", write, queue="sidecar"),
)
