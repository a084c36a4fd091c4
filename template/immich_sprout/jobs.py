"""The job: load, look, save. It may run twice, and twice is as good as once."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from immich_host.plugin_api import Host, Job, JobContext, Outcome
from immich_sprout import store
from immich_sprout.settings import SproutSettings


async def look(ctx: JobContext, *, asset_id: str | UUID) -> Outcome:
    """Note the size of an asset's file; skipped when it is gone or small."""
    host = ctx.host
    asset = await host.assets.get(UUID(str(asset_id)))
    if asset is None or asset.deleted_at is not None:
        return Outcome.SKIPPED
    size = await ctx.in_thread(size_of, asset.path)
    if size < host.settings(SproutSettings).minimum_bytes:
        return Outcome.SKIPPED
    await store.note(host.db, asset.id, size)
    return Outcome.DONE


def size_of(path: Path) -> int:
    """The work itself: no host, no database, so that it is easily tested."""
    return path.stat().st_size


async def missing(host: Host) -> AsyncIterator[UUID]:
    """Assets that are not noted."""
    async for asset_id in store.not_noted(host.db):
        yield asset_id


JOBS = (Job("look", look, queue="sprout", after="asset_viewable", missing=missing, starts_queue=True),)
