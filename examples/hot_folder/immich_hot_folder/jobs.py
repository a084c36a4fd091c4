"""The job that looks through the folders and takes in what is complete."""

import time
from uuid import UUID

import structlog

from immich_host.plugin_api import Host, Job, JobContext, Outcome, Refused
from immich_hot_folder import store
from immich_hot_folder.looking import Found, is_same, look
from immich_hot_folder.settings import Folder, HotFolder

SCAN = "hot_folder.scan"
_log = structlog.get_logger("hot_folder")


async def scan(ctx: JobContext) -> Outcome:
    """Take in all that is new; where a file is being written, another look is asked for."""
    host = ctx.host
    settings = host.settings(HotFolder)
    waiting: list[tuple[Folder, UUID, Found]] = []
    unsettled = False
    for folder in settings.folders:
        owner = await store.owner_id(host.db, folder.owner)
        if owner is None:
            _log.warning("no account has this address", folder=str(folder.path), owner=folder.owner)
            continue
        for found in await ctx.in_thread(lambda path=folder.path: list(look(path, settings.ignore))):
            if 0 <= time.time() - found.written < settings.settle_seconds:
                unsettled = True
            elif not await store.is_done(host.db, owner, found):
                waiting.append((folder, owner, found))
    for number, (folder, owner, found) in enumerate(waiting):
        await _tell(ctx, owner, number, len(waiting), found.path.name)
        unsettled |= await _take(host, folder, owner, found)
    if waiting:
        await _tell(ctx, waiting[-1][1], len(waiting), len(waiting), "")
    if unsettled:
        await host.jobs.request(SCAN, cause="unsettled", delay=max(settings.settle_seconds, 0.5))
    return Outcome.DONE if waiting else Outcome.SKIPPED


async def _tell(ctx: JobContext, owner: UUID, done: int, total: int, name: str) -> None:
    await ctx.progress(done, total, name)
    await ctx.host.push.to_user(owner, "hot_folder_progress", {"done": done, "total": total, "name": name})


async def _take(host: Host, folder: Folder, owner: UUID, found: Found) -> bool:
    """Take in one file and note what came of it; true where it is to be looked at again."""
    try:
        asset_id, created = await host.assets.import_file(found.path, owner_id=owner, sidecar=found.sidecar)
    except Refused as refusal:
        if refusal.status == 409:
            return True
        await store.note(host.db, owner, found, "refused", reason=refusal.message)
        return False
    except OSError as error:
        if not found.path.exists():
            return False
        await store.note(host.db, owner, found, "failed", reason=str(error))
        return False
    await store.note(host.db, owner, found, "imported" if created else "duplicate", asset_id=asset_id)
    if folder.after_import == "delete":
        await _remove(host, found, asset_id)
    return False


async def _remove(host: Host, found: Found, asset_id: UUID) -> None:
    """Remove the source, if it is what was taken in and the library keeps that."""
    asset = await host.assets.get(asset_id)
    if asset is None or asset.deleted_at is not None or not asset.path.exists() or not is_same(found):
        return
    for path in (found.path, found.sidecar):
        if path is not None:
            path.unlink(missing_ok=True)


JOBS = (Job("scan", scan, queue="hot_folder", time_limit=24 * 3600),)
