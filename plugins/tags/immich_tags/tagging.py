"""Which assets have which tags.

The truth is the column `tags` of `asset_exif`, which files and sidecars share; rows of `tag_asset` are made of it, in
the transaction that changes it or by a job after others have.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from uuid import UUID

from immich_host.plugin_api import Host
from immich_tags import asset_store, store
from immich_tags.paths import changed, tags_of, with_more
from immich_tags.tree import make

CAUSE = "tag"
"""Of the changes of columns that are made here."""

_AT_A_TIME = 250
"""So many assets are changed in one transaction."""

type Pairs = set[tuple[UUID, UUID]]
"""Assets and their tags."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Tags that assets are to have, and those that they are not to have."""

    more: Collection[UUID] = ()
    less: Collection[UUID] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Which assets were there and the owner's, and who had which tags before and after."""

    assets: set[UUID]
    before: Pairs
    after: Pairs


class _TagMissing(Exception):
    """A tag has to be made first."""


NOTHING = Wish()


async def agree(host: Host, owner_id: UUID, asset_ids: Collection[UUID], wish: Wish = NOTHING) -> None:
    """Bring the tags of an owner's assets and their columns into agreement, and fulfil a wish meanwhile."""
    async for _ in agreeing(host, owner_id, asset_ids, wish):
        pass


async def agreeing(host: Host, owner_id: UUID, asset_ids: Collection[UUID], wish: Wish) -> AsyncIterator[Outcome]:
    """As `agree`, and tells what has become of some assets at a time.

    Those are done for good, so that nobody waits long. Others' and unknown assets are left alone.
    """
    for some in batched(sorted(set(asset_ids)), _AT_A_TIME, strict=False):
        yield await _agree(host, owner_id, some, wish)


async def _agree(host: Host, owner_id: UUID, asset_ids: Sequence[UUID], wish: Wish) -> Outcome:
    try:
        async with host.db.transaction():
            return await _agreed(host, owner_id, asset_ids, wish, alone=False)
    except _TagMissing:
        async with host.db.transaction():
            return await _agreed(host, owner_id, asset_ids, wish, alone=True)


async def _agreed(host: Host, owner_id: UUID, asset_ids: Sequence[UUID], wish: Wish, *, alone: bool) -> Outcome:
    await store.hold(host.db, owner_id, alone=alone)
    columns = await asset_store.hold(host.db, owner_id, asset_ids)
    wanted = await _wanted(host, owner_id, columns, wish)
    tags = {asset_id: tags_of(listed) for asset_id, listed in wanted.items()}
    ids = await _ids(host, owner_id, {path for each in tags.values() for path in each}, alone=alone)
    before = await asset_store.tag_ids(host.db, columns)
    after = {(asset_id, ids[path]) for asset_id, paths in tags.items() for path in paths}
    await asset_store.write(host.db, after - before, before - after)
    await _write_columns(host, columns, wanted)
    await asset_store.note_read(host.db, wanted)
    return Outcome(set(columns), before, after)


async def _wanted(host: Host, owner_id: UUID, columns: Mapping[UUID, list[str]], wish: Wish) -> dict[UUID, list[str]]:
    """What the columns are to hold: after changes of tags that have not reached them, and as it is wished."""
    changes = await asset_store.take_changes(host.db, columns)
    named = await store.by_ids(host.db, owner_id, {*wish.more, *wish.less})
    more = [named[each] for each in wish.more if each in named]
    less = [(named[each], None) for each in wish.less if each in named]
    return {
        asset_id: with_more(changed(listed, [*changes.get(asset_id, ()), *less]), more)
        for asset_id, listed in columns.items()
    }


async def _ids(host: Host, owner_id: UUID, paths: Collection[str], *, alone: bool) -> dict[str, UUID]:
    """The ids of tags, which are made where they are not there.

    Raises:
        _TagMissing: They are not all there, and others work with tags at the same time.
    """
    found = await store.by_paths(host.db, owner_id, paths)
    absent = set(paths) - found.keys()
    if not absent:
        return found
    if not alone:
        raise _TagMissing
    return found | await make(host.db, owner_id, absent)


async def _write_columns(host: Host, columns: Mapping[UUID, list[str]], wanted: Mapping[UUID, list[str]]) -> None:
    """As the owner's edit, so that no file brings old tags back; in few statements, as many get the same."""
    alike: dict[tuple[str, ...], list[UUID]] = {}
    for asset_id, listed in wanted.items():
        if listed != columns[asset_id]:
            alike.setdefault(tuple(listed), []).append(asset_id)
    for listed, asset_ids in alike.items():
        await host.assets.edit_many(asset_ids, cause=CAUSE, tags=list(listed) or None)


async def copy(host: Host, owner_id: UUID, source_id: UUID, asset_id: UUID) -> None:
    """Give one asset the tags of another."""
    await agree(host, owner_id, [source_id])
    rows = await asset_store.of_assets(host.db, [source_id], owner_id)
    await agree(host, owner_id, [asset_id], Wish(more=[row["id"] for row in rows]))
