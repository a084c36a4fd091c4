"""The job: load the asset, render in a thread, write the files, save. Safe to run twice."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from immich_host.plugin_api import Host, Job, JobContext, Outcome
from immich_host.plugin_api.assets import AssetRow, original_missing
from immich_host.plugin_api.errors import JobFailed
from immich_thumbnails import store
from immich_thumbnails.errors import CannotRenderError
from immich_thumbnails.settings import ImageSettings, Limits

if TYPE_CHECKING:
    from immich_thumbnails.rendering import Picture, Rendered

_log = structlog.get_logger("thumbnails")

RECIPE = 3
"""Raised when this code makes better pictures of the same file, so that older ones are stale."""


async def generate(ctx: JobContext, *, asset_id: str | UUID) -> Outcome:
    """Make an asset's pictures; skipped for hidden assets and for what is neither image nor video."""
    host = ctx.host
    asset = await host.assets.get(UUID(str(asset_id)))
    if asset is None or asset.type not in {"IMAGE", "VIDEO"}:
        return Outcome.SKIPPED
    if asset.visibility == "hidden":
        # it may have become so after an earlier try was killed between writing and saving
        await host.files.remove_unnamed("thumbs", asset.id)
        return Outcome.SKIPPED
    exif = await host.assets.exif(asset.id)
    if exif is None:
        raise JobFailed(f"{asset.original_file_name} has no metadata row; run metadata extraction first")
    is_panorama = str(exif["projection_type"]).upper() == "EQUIRECTANGULAR"
    try:
        rendered = await ctx.in_thread(_render, host, asset, is_panorama)
    except CannotRenderError as error:
        raise JobFailed(f"{asset.original_file_name}: {error}") from error
    except FileNotFoundError as error:
        raise await original_missing(host.assets, asset) from error
    paths = await _write(ctx, asset, rendered.pictures)
    try:
        await _save(host, asset, rendered, paths)
    except LookupError:
        if await host.assets.get(asset.id) is not None:
            raise
        # The asset was erased meanwhile, and nothing would ever name these files.
        await host.files.remove_later(*paths)
        return Outcome.SKIPPED
    return Outcome.DONE


async def missing(host: Host) -> AsyncIterator[UUID]:
    """Assets that lack a picture which the settings ask for."""
    fullsize = host.settings(ImageSettings).fullsize.enabled
    async for asset_id in store.without_pictures(host.db, fullsize=fullsize):
        yield asset_id


def made_by(host: Host) -> dict[str, object]:
    """What pictures depend on beside the original; those made by something else are stale."""
    return {"image": host.settings(ImageSettings), "recipe": RECIPE}


def _render(host: Host, asset: AssetRow, is_panorama: bool) -> "Rendered":
    """Blocking; the decoders are loaded here, so that only worker processes carry them."""
    from immich_thumbnails.probing import Tools
    from immich_thumbnails.rendering import render
    from immich_thumbnails.sources import Request

    limits = host.settings(Limits)
    return render(
        Request(
            path=asset.path,
            tools=Tools(host.binaries.ffmpeg, host.binaries.ffprobe, limits.video_seconds),
            is_video=asset.type == "VIDEO",
            is_panorama=is_panorama,
            settings=host.settings(ImageSettings),
            limits=limits,
        )
    )


async def _write(ctx: JobContext, asset: AssetRow, pictures: Sequence["Picture"]) -> list[Path]:
    paths = []
    for picture in pictures:
        name = f"{asset.id}_{picture.type}.{picture.format}"
        path = ctx.host.files.derived_path("thumbs", asset.owner_id, name)
        async with ctx.host.files.writing(path) as temporary:
            await ctx.in_thread(temporary.write_bytes, picture.data)
        paths.append(path)
    return paths


async def _save(host: Host, asset: AssetRow, rendered: "Rendered", paths: Sequence[Path]) -> None:
    async with host.db.transaction():
        for picture, path in zip(rendered.pictures, paths, strict=True):
            await host.files.register(
                asset.id,
                picture.type,
                path,
                is_progressive=picture.is_progressive,
                is_transparent=picture.is_transparent,
            )
        if all(picture.type != "fullsize" for picture in rendered.pictures):
            await host.files.forget(asset.id, "fullsize")
        if not asset.is_edited:
            await host.assets.update(asset.id, thumbhash=rendered.thumbhash)
    if any(picture.is_transparent for picture in rendered.pictures):
        flattened = [picture.type for picture in rendered.pictures if picture.format == "jpeg"]
        if flattened:
            _log.info("transparency became white", asset=str(asset.id), files=flattened)


JOBS = (
    Job(
        "generate",
        generate,
        queue="thumbnailGeneration",
        after="asset_placed",
        provides="viewable",
        missing=missing,
        starts_queue=True,
        made_by=made_by,
    ),
)
