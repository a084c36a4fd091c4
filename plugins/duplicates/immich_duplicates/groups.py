"""Putting assets into groups and taking them out; one process at a time for each owner."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import batched
from uuid import UUID, uuid4

from immich_duplicates import groups_store as store
from immich_duplicates.grouping import Member, regrouped
from immich_duplicates.store import Looked, Near
from immich_host.plugin_api import Host

CAUSE = "duplicates"
"""Of changes that this plugin makes to an asset's group."""

_AT_A_TIME = 100
"""So many groups are dissolved in one transaction."""


async def link(host: Host, asset: Looked, near: Sequence[Near], known: Collection[UUID] | None = None) -> None:
    """Note what an asset matches now, and group accordingly.

    Args:
        host: The host.
        asset: What was looked at.
        near: What was found to be near to it.
        known: What it matched when the search for these began. Others that it matches by now have found it
            meanwhile, and may have come too late to be found: they stay. None: there can be none.
    """
    async with host.db.transaction():
        await store.lock(host.db, asset.owner_id)
        before = await store.matched(host.db, asset.id)
        found = {each.asset_id for each in near}
        late = before - found - set(before if known is None else known)
        await store.replace_matches(host.db, asset.id, near, late)
        if not await _joined(host, asset, is_less=bool(before - found - late)):
            await _regroup(host, asset.owner_id, before | {asset.id}, ())


async def regroup(host: Host, owner_id: UUID, asset_ids: Iterable[UUID] = (), groups: Iterable[UUID] = ()) -> None:
    """Group anew whatever hangs together with some assets or groups: one of them may have left or come back."""
    async with host.db.transaction():
        await store.lock(host.db, owner_id)
        await _regroup(host, owner_id, asset_ids, groups)


async def tidy(host: Host, owner_id: UUID) -> bool:
    """Dissolve groups in which fewer than two assets are left; says whether there were any."""
    lonely = await store.lonely(host.db, owner_id)
    if lonely:
        await regroup(host, owner_id, groups=lonely)
    return bool(lonely)


async def dissolve(host: Host, owner_id: UUID, ids: Iterable[UUID]) -> None:
    """Take all assets out of some of an owner's groups, for good: they are no duplicates of each other.

    Unknown groups and those of others are left alone. Some at a time are done for good, so that nobody waits long.
    """
    for some in batched(sorted(set(ids)), _AT_A_TIME, strict=False):
        async with host.db.transaction():
            await store.lock(host.db, owner_id)
            there = await store.members(host.db, owner_id, (), some)
            await release(host, there.values())


async def release(host: Host, members: Iterable[Member]) -> None:
    """Take assets out of their groups and remember that all of them are to be kept. In a transaction with the lock."""
    wanted = list(members)
    await store.settle(host.db, {member.id: member.duplicate_id for member in wanted if member.duplicate_id})
    await put(host, wanted, dict.fromkeys((member.id for member in wanted), None))


async def _regroup(host: Host, owner_id: UUID, asset_ids: Iterable[UUID], groups: Iterable[UUID]) -> None:
    members, links = await store.surroundings(host.db, owner_id, asset_ids, groups)
    await put(host, members, regrouped(members, links))


async def _joined(host: Host, asset: Looked, *, is_less: bool) -> bool:
    """Where an asset matches more than before, groups only grow: bring them together without reading all of them.

    Returns:
        Whether that was all there was to do.
    """
    partners = await store.partners(host.db, asset.id)
    members = await store.members(host.db, asset.owner_id, partners | {asset.id})
    own = members.get(asset.id)
    if is_less or own is None or not own.is_candidate or (own.duplicate_id is not None and len(members) == 1):
        return False
    held = {member.duplicate_id for member in members.values() if member.duplicate_id is not None}
    if len(members) == 1:
        return True
    together = await store.members(host.db, asset.owner_id, members, held)
    candidates = [member for member in together.values() if member.is_candidate]
    sizes = {group: sum(member.duplicate_id == group for member in candidates) for group in held}
    target = min(sizes, key=lambda group: (-sizes[group], group), default=None) or uuid4()
    await put(host, candidates, dict.fromkeys((member.id for member in candidates), target))
    return True


async def put(host: Host, members: Iterable[Member], groups: Mapping[UUID, UUID | None]) -> None:
    """Write the groups that differ, in the order of the assets' ids. In a transaction with the lock."""
    changed = {member.id: groups[member.id] for member in members if groups[member.id] != member.duplicate_id}
    for asset_id in sorted(changed):
        await host.assets.update(asset_id, cause=CAUSE, duplicate_id=changed[asset_id])
    await store.note_groups(host.db, changed)
