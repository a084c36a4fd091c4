"""The jobs: tags out of columns, columns after tags, and no empty tags. All are safe to run twice."""

from collections.abc import AsyncIterator
from uuid import UUID

from immich_host.plugin_api import Host, Job, JobContext, Outcome
from immich_tags import asset_store, store
from immich_tags.tagging import agree
from immich_tags.tree import FOLLOW

READ = "tags.read"
"""Full name of the job that makes tags of what a file says."""

_PIECE = 200
"""So many assets are changed at a time."""


async def read(ctx: JobContext, *, asset_id: str | UUID) -> Outcome:
    """Give an asset the tags that its column says, in place of those before."""
    asset = await ctx.host.assets.get(UUID(str(asset_id)))
    if asset is None:
        return Outcome.SKIPPED
    await agree(ctx.host, asset.owner_id, [asset.id])
    return Outcome.DONE


async def follow(ctx: JobContext) -> Outcome:
    """Let columns of assets follow what was done to their tags, a piece at a time."""
    host = ctx.host
    total, done = await asset_store.amount_waiting(host.db), 0
    while piece := await asset_store.waiting(host.db, _PIECE):
        for owner_id, asset_ids in piece.items():
            await agree(host, owner_id, asset_ids)
            done += len(asset_ids)
        await ctx.progress(done, max(total, done))
    return Outcome.DONE


async def tidy(ctx: JobContext) -> Outcome:
    """Delete tags that no asset has, nor has one below them."""
    for owner_id in await store.owners_of_empty(ctx.host.db):
        async with ctx.host.db.transaction():
            await store.hold(ctx.host.db, owner_id, alone=True)
            await store.delete_empty(ctx.host.db, owner_id)
    return Outcome.DONE


async def missing(host: Host) -> AsyncIterator[UUID]:
    """Assets whose tags are not what their columns say: read while the plugin was off, for instance."""
    async for asset_id in asset_store.not_read(host.db):
        yield asset_id


async def everything(host: Host) -> AsyncIterator[UUID]:
    """All assets with tags."""
    async for asset_id in asset_store.tagged(host.db):
        yield asset_id


JOBS = (
    Job("read", read, queue="tags", missing=missing, everything=everything, starts_queue=True),
    Job(FOLLOW.rpartition(".")[2], follow, queue="tags", unique=None, time_limit=6 * 3600.0),
    Job("tidy", tidy, queue="backgroundTask", manual="tag-cleanup", time_limit=600.0),
)
