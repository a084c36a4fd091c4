"""The jobs: move one asset's files, ask for that for all, tidy up. All are safe to run twice."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import structlog

from immich_host.plugin_api import Host, Job, JobContext, Outcome
from immich_storage_template import disk, moving, placing, store
from immich_storage_template.settings import StorageTemplate

LOCK = "storage_template move"
"""Name of the lock that whoever moves files holds, so that a move in the books that nobody holds was left behind."""

_PAGE = 1000

_log = structlog.get_logger("storage_template")


async def move(ctx: JobContext, *, asset_id: str | UUID) -> Outcome:
    """Bring an asset's files to where the template wants them; skipped where it is off, or not for them."""
    host = ctx.host
    if not host.settings(StorageTemplate).enabled:
        return Outcome.SKIPPED
    group = await placing.group_of(host, UUID(str(asset_id)))
    ids = [asset.id for asset in group] or [UUID(str(asset_id))]
    settled = not group or all(place.is_settled for place in await placing.places_of(host, group))
    if settled and not await store.is_begun(host.db, ids):
        return Outcome.DONE if group else Outcome.SKIPPED
    async with host.db.lock(LOCK), AsyncExitStack() as held:
        for each in sorted(ids):
            await held.enter_async_context(host.files.holding(each))
        await moving.recover(ctx, await store.begun(host.db, ids))
        group = [asset for asset in await placing.group_of(host, UUID(str(asset_id))) if asset.id in ids]
        number = ""
        for place in await placing.places_of(host, group) if group else ():
            # the video of a live photo takes the number of its still, so that the two stay side by side
            number = await placing.settle(ctx, place, number)
    return Outcome.DONE


async def migrate(ctx: JobContext) -> Outcome:
    """Ask for `move` of every asset, and for `tidy` after them."""
    host = ctx.host
    if not host.settings(StorageTemplate).enabled:
        return Outcome.SKIPPED
    page: list[UUID] = []
    async for asset_id in store.movable(host.db):
        page.append(asset_id)
        if len(page) == _PAGE:
            await host.jobs.request_many("storage_template.move", page, cause=ctx.cause)
            page = []
    await host.jobs.request_many("storage_template.move", page, cause=ctx.cause)
    await host.jobs.request("storage_template.tidy", cause=ctx.cause)
    return Outcome.DONE


async def tidy(ctx: JobContext) -> Outcome:
    """End the moves that a crash left behind, and take away empty folders; skipped where there is neither."""
    host = ctx.host
    async with host.db.lock(LOCK):
        rows = await store.begun(host.db)
        failures = [error for row in rows if (error := await _recovered(ctx, row))]
        removed = 0
        if host.settings(StorageTemplate).enabled:
            removed = await ctx.in_thread(disk.remove_empty_folders, moving.library_of(host))
    if failures:
        raise failures[0]
    if not rows and not removed:
        return Outcome.SKIPPED
    _log.info("tidied up", moves=len(rows), folders=removed)
    return Outcome.DONE


async def _recovered(ctx: JobContext, row: Any) -> OSError | None:
    """End a move; where its files are out of reach, the others go on."""
    try:
        async with ctx.host.files.holding(row["entity_id"]):
            await moving.recover(ctx, [row])
    except OSError as error:
        _log.warning("an interrupted move stays", asset=str(row["entity_id"]), error=str(error))
        return error
    return None


async def missing(host: Host) -> AsyncIterator[UUID]:
    """Assets that still lie where they were uploaded to, where the template is on."""
    if host.settings(StorageTemplate).enabled:
        async for asset_id in store.not_in_library(host.db):
            yield asset_id


def made_by(host: Host) -> Mapping[str, Any]:
    """Places depend on the template; those of another one are stale."""
    return {"template": host.settings(StorageTemplate).template}


JOBS = (
    Job(
        "move",
        move,
        queue="storageTemplateMigration",
        after="asset_described",
        provides="placed",
        missing=missing,
        made_by=made_by,
        when=lambda host: host.settings(StorageTemplate).enabled,
        time_limit=6 * 3600.0,
    ),
    Job("migrate", migrate, queue="storageTemplateMigration", starts_queue=True, time_limit=6 * 3600.0),
    Job("tidy", tidy, queue="storageTemplateMigration", cron="30 3 * * *", time_limit=6 * 3600.0),
)
