"""The jobs: read a file, make columns of it, save them. Both are safe to run twice."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import structlog

from immich_host.plugin_api import Host, Job, JobContext, Outcome
from immich_host.plugin_api.assets import AssetRow, original_missing
from immich_metadata import live, motion, store
from immich_metadata.describe import FileFacts, describe
from immich_metadata.motion_asset import save_motion_video
from immich_metadata.reading import Found, file_facts, read_all
from immich_metadata.tags import TagReader

REREAD = "metadata.reread"
RULES = 1
"""Counts up when files are read better, so that what was read before is stale."""

_log = structlog.get_logger("metadata")
_readers: dict[int, TagReader] = {}


async def run(ctx: JobContext, *, asset_id: str | UUID) -> Outcome:
    """Read an asset's file and sidecar into `asset`, `asset_exif` and the stream tables."""
    host = ctx.host
    asset = await host.assets.get(UUID(str(asset_id)))
    if asset is None:
        return Outcome.SKIPPED
    try:
        stat = await ctx.in_thread(asset.path.stat)
    except FileNotFoundError as error:
        raise await original_missing(host.assets, asset) from error
    found = await read_all(
        asset.path,
        await _sidecar(host, asset.id),
        video=asset.type == "VIDEO",
        reader=_reader(host),
        binaries=host.binaries,
    )
    if not await ctx.in_thread(asset.path.exists):  # then programs have read nothing, and that is no description
        raise await original_missing(host.assets, asset)
    await _save(ctx, asset, found, file_facts(stat, asset.file_created_at))
    if asset.type == "IMAGE" and (part := motion.find_video(found.own, stat.st_size)):
        # read again, for the dates and the link that were just saved
        still = await host.assets.get(asset.id)
        if still is not None:
            await save_motion_video(host, still, part)
    return Outcome.DONE


async def missing(host: Host) -> AsyncIterator[UUID]:
    """Assets whose file was never read."""
    async for asset_id in store.without_metadata(host.db):
        yield asset_id


async def close_reader(host: Host) -> None:
    """End the exiftool processes that serve this host."""
    reader = _readers.pop(id(host), None)
    if reader is not None:
        await reader.close()


def _reader(host: Host) -> TagReader:
    if id(host) not in _readers:
        _readers[id(host)] = TagReader(host.binaries.exiftool)
    return _readers[id(host)]


async def _sidecar(host: Host, asset_id: UUID) -> Path | None:
    files = await host.files.of_asset(asset_id)
    return next((file.path for file in files if file.type == "sidecar" and file.path.exists()), None)


async def _save(ctx: JobContext, asset: AssetRow, found: Found, facts: FileFacts) -> None:
    """Write everything in one transaction; the locked columns are read in it, so no edit is lost."""
    host, cause = ctx.host, ctx.cause
    identifier = live.content_identifier(found.merged)
    async with host.db.transaction():
        if identifier:
            await store.hold_pair(host.db, identifier)
        known = await store.hold_known(host.db, asset.id)
        described = describe(found.merged, facts, known.locked, video=asset.type == "VIDEO")
        columns = described.asset
        if asset.is_edited:
            columns = {name: columns[name] for name in columns.keys() - {"width", "height"}}
        await host.assets.update(asset.id, cause=cause, **columns)
        await host.assets.write_exif(asset.id, cause=cause, **described.exif)
        if asset.type == "VIDEO" and found.streams is not None:
            streams = found.streams
            await store.save_streams(host.db, asset.id, streams.video, streams.audio, found.keyframes)
        # a sidecar changes nothing about the pair: if they are apart again, then because a person wanted it
        if identifier and not (ctx.job == REREAD and known.identifier == identifier):
            await _link_live_photo(host, asset, identifier)
        if described.faces or known.was_read:
            await host.publish(
                "metadata_faces_read",
                asset_id=asset.id, owner_id=asset.owner_id, faces=described.faces, cause=cause,
            )  # fmt: skip
        await host.assets.mark_job(asset.id, "metadata_extracted_at")


async def _link_live_photo(host: Host, asset: AssetRow, identifier: str) -> None:
    pair = await store.pair_up(host.db, asset.id, identifier)
    if pair is None:
        return
    await host.assets.update(pair.still, cause="live-photo", live_photo_video_id=pair.video)
    await host.assets.update(pair.video, cause="live-photo", visibility="hidden")
    _log.info("live photo linked", still=str(pair.still), video=str(pair.video))


JOBS = (
    Job(
        "extract",
        run,
        queue="metadataExtraction",
        after="asset_gathered",
        provides="described",
        missing=missing,
        made_by=lambda _: {"rules": RULES},
        starts_queue=True,
    ),
    Job("reread", run, queue="metadataExtraction", after="sidecar_changed"),
)
