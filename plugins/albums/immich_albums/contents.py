"""Putting assets into albums and taking them out."""

from collections.abc import Collection, Sequence
from itertools import batched
from typing import Final
from uuid import UUID

from immich_albums import content_store, news, store
from immich_albums.rights import allowed_albums, refusal
from immich_host.plugin_api import Caller, Host, Permission
from immich_host.plugin_api.answers import BulkIdErrorReason, BulkIdResponseDto

_PAIRS: Final = 10_000
"""So many assets of albums are added by one statement; those of one album always are."""

_DUPLICATE, _NO_PERMISSION = BulkIdErrorReason.DUPLICATE, BulkIdErrorReason.NO_PERMISSION


async def may_be_shared(host: Host, caller: Caller, asset_ids: Collection[UUID]) -> set[UUID]:
    """Those of the assets that the caller may put into albums: their own, and what others let them share.

    Whoever comes by a link brings what they have uploaded by it, which is the link's owner's.
    """
    if caller.shared_link is not None:
        return await content_store.owned(host.db, caller.user_id, asset_ids)
    return await host.access.allowed_assets(caller, Permission.ASSET_SHARE, asset_ids)


async def add_assets(host: Host, caller: Caller, album_id: UUID, asset_ids: Sequence[UUID]) -> list[BulkIdResponseDto]:
    """Put assets into an album; answers how it went for each id, in their order.

    Errors of single ids: `duplicate` for what is there already or comes twice, `no_permission` for what the caller
    may not share, or is locked or unknown. By a shared link that allows uploads, assets of the link's owner can be
    put into the album that it shows. Members are told, and `albums_changed` is published.

    Raises:
        Refused: 400 - the caller may not add to this album, or it is gone.
    """
    may = await may_be_shared(host, caller, asset_ids)
    async with host.db.transaction():
        fit = await content_store.hold_assets(host.db, may)
        await content_store.hold_present(host.db, [album_id], asset_ids)
        present = await content_store.present(host.db, album_id, asset_ids)
        await store.hold(host.db, [album_id])
        if not await allowed_albums(host, caller, Permission.ALBUM_ASSET_CREATE, [album_id]):
            raise refusal(Permission.ALBUM_ASSET_CREATE)
        results, new = _sorted_out(asset_ids, present, fit)
        await put(host, caller, [album_id], new)
    if new:
        await news.told_members(host, [album_id])
    return results


def _sorted_out(
    asset_ids: Sequence[UUID], present: Collection[UUID], fit: Collection[UUID]
) -> tuple[list[BulkIdResponseDto], list[UUID]]:
    """How it goes for each, and which are new."""
    results: list[BulkIdResponseDto] = []
    new: dict[UUID, None] = {}
    for asset_id in asset_ids:
        if asset_id in present or asset_id in new:
            results.append(BulkIdResponseDto(id=asset_id, success=False, error=_DUPLICATE))
        elif asset_id not in fit:
            results.append(BulkIdResponseDto(id=asset_id, success=False, error=_NO_PERMISSION))
        else:
            new[asset_id] = None
            results.append(BulkIdResponseDto(id=asset_id, success=True))
    return results, list(new)


async def put(host: Host, caller: Caller, album_ids: Sequence[UUID], asset_ids: Sequence[UUID]) -> set[UUID]:
    """Put assets that may be there into albums that are held; publishes it, and answers the albums that have more."""
    if not asset_ids:
        return set()
    grown: set[UUID] = set()
    for some in batched(album_ids, max(1, _PAIRS // len(asset_ids)), strict=False):
        added: dict[UUID, list[UUID]] = {}
        for row in await content_store.add(host.db, some, asset_ids):
            added.setdefault(row["album_id"], []).append(row["asset_id"])
        for album_id, ids in added.items():
            await news.told_added(host, album_id, caller.user_id, ids)
        grown |= added.keys()
    return grown


async def add_to_many(
    host: Host, caller: Caller, album_ids: Sequence[UUID], asset_ids: Sequence[UUID]
) -> BulkIdErrorReason | None:
    """Put assets into several albums, as far as the caller may; answers why nothing was put anywhere, else None."""
    may = await may_be_shared(host, caller, asset_ids)
    async with host.db.transaction():
        fit = await content_store.hold_assets(host.db, may)
        await content_store.hold_present(host.db, set(album_ids), fit)
        held = await store.hold(host.db, set(album_ids))
        albums = await allowed_albums(host, caller, Permission.ALBUM_ASSET_CREATE, held)
        if not albums or not fit:
            return _NO_PERMISSION
        grown = await put(host, caller, sorted(albums), [each for each in dict.fromkeys(asset_ids) if each in fit])
    await news.told_members(host, grown)
    return None if grown else _DUPLICATE


async def remove_assets(
    host: Host, caller: Caller, album_id: UUID, asset_ids: Sequence[UUID]
) -> list[BulkIdResponseDto]:
    """Take assets out of an album: its owner takes out any, editors what they may share.

    Raises:
        Refused: 400 - the caller is no editor of the album.
    """
    if not await allowed_albums(host, caller, Permission.ALBUM_ASSET_DELETE, [album_id]):
        raise refusal(Permission.ALBUM_ASSET_DELETE)
    present = await content_store.present(host.db, album_id, asset_ids)
    may = present
    if not await allowed_albums(host, caller, Permission.ALBUM_DELETE, [album_id]):
        may = await may_be_shared(host, caller, present)
    async with host.db.transaction():
        gone = await content_store.remove(host.db, album_id, may)
    if gone:
        await news.told_members(host, [album_id])
    return [_removal(asset_id, present, may, gone) for asset_id in asset_ids]


def _removal(asset_id: UUID, present: set[UUID], may: set[UUID], gone: set[UUID]) -> BulkIdResponseDto:
    if asset_id in gone:
        gone.discard(asset_id)  # told once: who names it twice is told that it is not there
        return BulkIdResponseDto(id=asset_id, success=True)
    why = _NO_PERMISSION if asset_id in present - may else BulkIdErrorReason.NOT_FOUND
    return BulkIdResponseDto(id=asset_id, success=False, error=why)


async def copied(host: Host, source_id: UUID, target_id: UUID, owner_id: UUID) -> None:
    """Put an asset into all albums that another of the same owner is in."""
    async with host.db.transaction():
        if not await content_store.hold_assets(host.db, [target_id]):
            return
        of_source = await content_store.albums_of(host.db, [source_id])
        await content_store.hold_present(host.db, of_source, [target_id])
        albums = sorted(await store.hold(host.db, of_source))
        rows = await content_store.add(host.db, albums, [target_id])
        for row in rows:
            await news.told_added(host, row["album_id"], owner_id, [target_id])
    await news.told_members(host, [row["album_id"] for row in rows])
