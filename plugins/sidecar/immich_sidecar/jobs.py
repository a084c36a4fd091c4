"""The jobs: find an asset's sidecar, and write edits into it. Both are safe to run twice."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import structlog

from immich_host.plugin_api import Host, Job, JobContext, Outcome
from immich_host.plugin_api.assets import AssetRow
from immich_host.plugin_api.errors import JobFailed
from immich_sidecar import finding, store
from immich_sidecar.composing import Change, compose
from immich_sidecar.writing import NotWritten, replace, with_tags

WRITTEN, FOUND = "sidecar-write", "sidecar-found"
"""Causes with which `sidecar_changed` is published."""

_ALONE = frozenset({"all", "missing", "refresh", "manual", "schedule"})
"""Causes of runs after which nothing follows by itself, so that readers must be told of a change."""

_log = structlog.get_logger("sidecar")


async def discover(ctx: JobContext, *, asset_id: str | UUID) -> Outcome:
    """Register, replace or forget the sidecar of an asset; skipped when nothing has changed."""
    host = ctx.host
    asset, stored, found = await _look(ctx, asset_id)
    if asset is None or found == stored:
        return Outcome.SKIPPED
    async with host.files.holding(asset.id):
        asset, stored, found = await _look(ctx, asset_id)  # again, as it may have been moved meanwhile
        if asset is None or found == stored:
            return Outcome.SKIPPED
        if found is None:
            await host.files.forget(asset.id, "sidecar", keep=True)
        else:
            await host.files.register(asset.id, "sidecar", found)
    if ctx.cause in _ALONE:
        await host.publish("sidecar_changed", asset_id=asset.id, owner_id=asset.owner_id, cause=FOUND)
    return Outcome.DONE


async def _look(ctx: JobContext, asset_id: str | UUID) -> tuple[AssetRow | None, Path | None, Path | None]:
    """The asset, its sidecar as its row says, and as the disk says."""
    asset = await ctx.host.assets.get(UUID(str(asset_id)))
    if asset is None:
        return None, None, None
    stored = await _stored(ctx.host, asset.id)
    return asset, stored, await ctx.in_thread(finding.find, asset.path, stored)


async def write(ctx: JobContext, *, asset_id: str | UUID) -> Outcome:
    """Write the locked fields of an asset, and what plugins hand in, into its sidecar, and unlock them.

    Skipped when there is nothing to write that the sidecar does not hold already.
    """
    async with ctx.host.files.holding(UUID(str(asset_id))):  # the file must not be moved while it is replaced
        return await _write(ctx, asset_id)


async def _write(ctx: JobContext, asset_id: str | UUID) -> Outcome:
    host = ctx.host
    asset = await host.assets.get(UUID(str(asset_id)))
    exif = await store.edited_exif(host.db, UUID(str(asset_id)))
    if asset is None or exif is None:
        return Outcome.SKIPPED
    stored = await _stored(host, asset.id)
    target = finding.target(asset.path, stored)
    try:
        change = await compose(host, asset.id, exif, target)
        is_strange = stored is None and change.seen is not None
        if not change.lines and not is_strange:
            return Outcome.SKIPPED
        await _put(ctx, asset.id, target, change)
    except (NotWritten, PermissionError) as error:
        raise JobFailed(f"the sidecar of {asset.original_file_name} was not written: {error}") from error
    async with host.db.transaction():
        if change.faces is not None:
            await store.remember_faces(host.db, asset.id, change.faces)
        # an edit made meanwhile keeps its locks, and its own run writes it
        unchanged = await store.lock_unchanged(host.db, asset.id, exif["update_id"])
        if unchanged:
            await host.assets.unlock(asset.id, change.fields)
            await host.publish("sidecar_changed", asset_id=asset.id, owner_id=asset.owner_id, cause=WRITTEN)
        else:
            await host.jobs.request("sidecar.write", asset_id=asset.id, cause="edit")
        await host.files.register(asset.id, "sidecar", target, cause=WRITTEN)
    _log.info("sidecar written", asset=str(asset.id), fields=sorted(change.fields), faces=len(change.faces or ()))
    return Outcome.DONE


async def _put(ctx: JobContext, asset_id: UUID, target: Path, change: Change) -> None:
    """Put the change into the file; one that has it already is left as it is."""
    if not change.lines:
        return
    content = await with_tags(ctx.host.binaries.exiftool, change.lines, target)
    if content == await ctx.in_thread(_content, target):
        return
    if change.faces is not None:
        # before the file: a crash in between must not turn one of these faces into a stranger's
        await store.remember_faces(ctx.host.db, asset_id, [*change.before, *change.faces])
    await ctx.in_thread(replace, target, content, change.seen)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


async def missing(host: Host) -> AsyncIterator[UUID]:
    """Assets without a sidecar."""
    async for asset_id in store.without_sidecar(host.db):
        yield asset_id


async def not_written(host: Host) -> AsyncIterator[UUID]:
    """Assets with an edit that waits to be written."""
    async for asset_id in store.not_written(host.db):
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
    Job("write", write, queue="sidecar", missing=not_written),
)
