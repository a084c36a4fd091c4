"""The job: look at a video, and make a copy that browsers play where it needs one. Safe to run twice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Host, Job, JobContext, Outcome
from immich_host.plugin_api.assets import AssetRow, original_missing
from immich_host.plugin_api.errors import JobFailed
from immich_transcode import scratch, store
from immich_transcode.arguments import Plan
from immich_transcode.deciding import decide
from immich_transcode.encoding import Bench, make
from immich_transcode.equipping import equip
from immich_transcode.probing import StillPicture, Unreadable, probe
from immich_transcode.running import Failed, Stuck
from immich_transcode.settings import FFmpegSettings, Limits

RECIPE = 1
"""Raise it when the same settings make a better file."""

_NO_MATTER = {"realtime", "threads", "accel_decode", "preferred_hw_device"}


async def encode(ctx: JobContext, *, asset_id: str | UUID) -> Outcome:
    """Make an asset's playable copy; one that is not needed any more is removed."""
    host = ctx.host
    asset = await host.assets.get(UUID(str(asset_id)))
    if asset is None:
        await ctx.in_thread(scratch.clear_leftovers, host.files.media_root, UUID(str(asset_id)))
        return Outcome.SKIPPED
    if asset.type != "VIDEO":
        return Outcome.SKIPPED
    plan = await _plan(host, asset)
    if plan is None:
        await host.files.forget(asset.id, "encoded_video")
        await host.files.remove_unnamed("encoded-video", asset.id)
        return Outcome.DONE
    try:
        target = await _make(ctx, asset, plan)
    except (Failed, Stuck) as error:
        if await host.assets.get(asset.id) is None:
            return Outcome.SKIPPED
        if isinstance(error, Failed) and error.is_no_fault_of_the_file:
            raise
        raise JobFailed(f"{asset.original_file_name}: {error}") from error
    return await _save(host, asset, target)


async def missing(host: Host) -> AsyncIterator[UUID]:
    """Videos without a copy; whether they need one, the job finds out."""
    async for asset_id in store.without_copy(host.db):
        yield asset_id


async def everything(host: Host) -> AsyncIterator[UUID]:
    """All videos."""
    async for asset_id in store.videos(host.db):
        yield asset_id


def made_by(host: Host) -> dict[str, Any]:
    """The settings, but for those that make no difference to the file."""
    return {"ffmpeg": host.settings(FFmpegSettings).model_dump(mode="json", exclude=_NO_MATTER), "recipe": RECIPE}


async def _plan(host: Host, asset: AssetRow) -> Plan | None:
    try:
        return decide(host.settings(FFmpegSettings), await probe(host.binaries.ffprobe, asset.path))
    except StillPicture:
        return None
    except Unreadable as error:
        raise JobFailed(f"{asset.original_file_name}: {error}") from error
    except FileNotFoundError as error:
        raise await original_missing(host.assets, asset) from error


async def _make(ctx: JobContext, asset: AssetRow, plan: Plan) -> Path:
    host = ctx.host
    limits = host.settings(Limits)
    plan, ffmpeg = await equip(plan, host.settings(FFmpegSettings), host.binaries.ffmpeg)
    target = host.files.derived_path("encoded-video", asset.owner_id, f"{asset.id}.mp4")
    folder = await ctx.in_thread(scratch.open_scratch, target, asset.id)
    limit = asyncio.timeout(limits.hours * 3600)
    try:
        async with limit:
            made = await make(plan, asset.path, Bench(ffmpeg, folder, limits.stall_minutes * 60, ctx.progress))
        await ctx.in_thread(scratch.put_in_place, made, target)
    except TimeoutError as error:
        if limit.expired():
            raise Stuck(f"not done within {limits.hours:g} hours") from error
        raise
    finally:
        await ctx.in_thread(scratch.close_scratch, folder)
    return target


async def _save(host: Host, asset: AssetRow, target: Path) -> Outcome:
    try:
        await host.files.register(asset.id, "encoded_video", target)
    except LookupError:
        if await host.assets.get(asset.id) is not None:
            raise
        # The asset was erased meanwhile, and nothing would ever name the file.
        await host.files.remove_later(target)
        return Outcome.SKIPPED
    return Outcome.DONE


JOBS = (
    Job(
        "encode",
        encode,
        queue="videoConversion",
        after="asset_viewable",
        asset_types=("VIDEO",),
        missing=missing,
        everything=everything,
        made_by=made_by,
        time_limit=7 * 86_400.0,
        starts_queue=True,
    ),
)
