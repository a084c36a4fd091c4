"""The job that stacks a photo with those that it belongs to."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

from immich_auto_stack import store
from immich_auto_stack.grouping import Group, Photo, group_of
from immich_auto_stack.settings import AutoStack
from immich_host.plugin_api import Host, Job, JobContext, Outcome

LARGEST = 500
"""No stack grows over this: a camera that took photos all day long is no burst."""


async def stack(ctx: JobContext, *, asset_id: str | UUID) -> Outcome:
    """Stack the photo; skipped where it stands alone, or all is as it should be."""
    host = ctx.host
    asset = await host.assets.get(UUID(str(asset_id)))
    if asset is None:
        return Outcome.SKIPPED
    async with host.db.transaction():
        await store.one_at_a_time(host.db, asset.owner_id)
        photo = await store.photo(host.db, asset.id)
        group = await _group(host, asset.owner_id, photo) if photo else None
        done = group is not None and await _save(host, group)
    return Outcome.DONE if done else Outcome.SKIPPED


async def _group(host: Host, owner_id: UUID, photo: Photo) -> Group | None:
    """Look around the photo, then around what belongs to it, until nothing is added."""
    rules = host.settings(AutoStack)
    reach = timedelta(seconds=max(rules.pair_seconds, rules.burst_seconds))
    known = {photo.id: photo}
    looked: set[UUID] = set()
    waiting = [photo]
    group: Group | None = None
    while waiting and len(looked) < LARGEST:
        around = waiting.pop()
        looked.add(around.id)
        known |= {each.id: each for each in await store.related(host.db, owner_id, around, reach)}
        group = group_of(photo.id, known.values(), rules)
        if not waiting and group is not None:
            waiting = [each for each in group.photos if each.id not in looked]
    return group if group is not None and len(group.photos) <= LARGEST else None


async def _save(host: Host, group: Group) -> bool:
    """Whether anything was changed."""
    ids = [photo.id for photo in group.photos]
    wanted = ids[0]
    by_hand = await store.shown_by_hand(host.db, ids)
    ordered = ids if by_hand is None else [by_hand, *(each for each in ids if each != by_hand)]
    if await store.is_stacked(host.db, ordered):
        return False
    stack_id = await host.stacks.stack(ordered, cause="auto_stack")
    await store.remember(host.db, stack_id, ids, wanted, sorted(group.rules))
    return True


async def missing(host: Host) -> AsyncIterator[UUID]:
    """Photos that stand alone."""
    async for asset_id in store.alone(host.db):
        yield asset_id


JOBS = (Job("stack", stack, queue="auto_stack", after="asset_described", missing=missing, starts_queue=True),)
