"""Making links and changing them, what they show, and what comes by them."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from pydantic import MISSING

from immich_albums.api import add_assets, allowed_albums, told_members
from immich_host.plugin_api import Caller, Host, Permission, Refused
from immich_host.plugin_api.database import Row
from immich_sharing import link_store
from immich_sharing.link_dto import (
    AssetIdErrorReason,
    AssetIdsResponseDto,
    SharedLinkCreateDto,
    SharedLinkEditDto,
    SharedLinkType,
)
from immich_sharing.link_proofs import new_key

NOT_FOUND: Final = "Shared link not found"
_LONGEST_SLUG: Final = 200


async def owned(host: Host, caller: Caller, link_id: UUID) -> Row:
    """One of the caller's links.

    Raises:
        Refused: 400 - there is none.
    """
    row = await link_store.one(host.db, caller.user_id, link_id)
    if row is None:
        raise Refused(400, NOT_FOUND)
    return row


async def create(host: Host, caller: Caller, wanted: SharedLinkCreateDto) -> Row:
    """Make a link to an album or to assets that the caller may share.

    Raises:
        Refused: 400 - neither, none of them, one that may not be shared, or a slug that cannot be had.
    """
    columns = _columns(wanted) | {"user_id": caller.user_id, "key": new_key(), "type": wanted.type.value}
    columns["allow_download"] = wanted.allow_download and wanted.show_metadata
    if wanted.type is SharedLinkType.ALBUM:
        return await _to_album(host, caller, wanted, columns)
    return await _to_assets(host, caller, wanted, columns)


async def _to_album(host: Host, caller: Caller, wanted: SharedLinkCreateDto, columns: dict[str, Any]) -> Row:
    if wanted.album_id is MISSING:
        raise Refused(400, "Invalid albumId")
    async with host.db.transaction():
        if not await allowed_albums(host, caller, Permission.ALBUM_SHARE, [wanted.album_id]):
            raise _refusal(Permission.ALBUM_SHARE)
        try:
            row = _had(await link_store.create(host.db, columns | {"album_id": wanted.album_id}))
        except link_store.NothingThere:
            raise _refusal(Permission.ALBUM_SHARE) from None
    await told_members(host, [wanted.album_id])
    return row


async def _to_assets(host: Host, caller: Caller, wanted: SharedLinkCreateDto, columns: dict[str, Any]) -> Row:
    asset_ids = set() if wanted.asset_ids is MISSING else set(wanted.asset_ids)
    if not asset_ids:
        raise Refused(400, "Invalid assetIds")
    if await host.access.allowed_assets(caller, Permission.ASSET_SHARE, asset_ids) != asset_ids:
        raise _refusal(Permission.ASSET_SHARE)
    async with host.db.transaction():
        row = _had(await link_store.create(host.db, columns))
        if await link_store.add(host.db, row["id"], asset_ids) != asset_ids:  # a locked one, or gone by now
            raise _refusal(Permission.ASSET_SHARE)
    return row


async def change(host: Host, caller: Caller, link_id: UUID, wanted: SharedLinkEditDto) -> Row:
    """Change what is told of.

    Raises:
        Refused: 400 - it is not the caller's, or the slug cannot be had.
    """
    row = await owned(host, caller, link_id)
    columns = _columns(wanted)
    if not columns:
        return row
    changed = await link_store.update(host.db, link_id, columns)
    if changed is None:  # it was deleted in between, or it is the slug
        await owned(host, caller, link_id)
    return _had(changed)


def _columns(wanted: SharedLinkCreateDto | SharedLinkEditDto) -> dict[str, Any]:
    """The columns that are told of; nothing is the same as none."""
    given = {
        "description": wanted.description,
        "expires_at": wanted.expires_at,
        "allow_upload": wanted.allow_upload,
        "allow_download": wanted.allow_download,
        "show_exif": wanted.show_metadata,
        "password": wanted.password,
        "slug": wanted.slug,
    }
    told = {name: None if value == "" else value for name, value in given.items() if value is not MISSING}
    slug = told.get("slug")
    if slug is not None and not (slug.isprintable() and len(slug) <= _LONGEST_SLUG):
        raise Refused(400, f"A slug has at most {_LONGEST_SLUG} characters, all of them printable")
    return told


def _had(row: Row | None) -> Row:
    if row is None:
        raise Refused(400, link_store.SLUG_TAKEN)
    return row


def _refusal(permission: Permission) -> Refused:
    return Refused(400, f"Not found or no {permission.value} access")


async def remove(host: Host, caller: Caller, link_id: UUID) -> None:
    """Delete a link.

    Raises:
        Refused: 400 - it is not the caller's.
    """
    row = await link_store.remove(host.db, caller.user_id, link_id)
    if row is None:
        raise Refused(400, NOT_FOUND)
    if row["album_id"] is not None:
        await told_members(host, [row["album_id"]])


# --- what a link to single assets shows ---------------------------------------------------------


async def add(host: Host, caller: Caller, link_id: UUID, asset_ids: Sequence[UUID]) -> list[AssetIdsResponseDto]:
    """Show more assets by a link; how it went for each.

    Raises:
        Refused: 400 - the link is not the caller's, or shows an album.
    """
    await _to_single(host, caller, link_id)
    may = await host.access.allowed_assets(caller, Permission.ASSET_SHARE, asset_ids)
    async with host.db.transaction():
        added = await link_store.add(host.db, link_id, may)
        there = await link_store.present(host.db, link_id, asset_ids)
    return [
        _went(each, added, there, AssetIdErrorReason.DUPLICATE, AssetIdErrorReason.NO_PERMISSION) for each in asset_ids
    ]


async def take_out(host: Host, caller: Caller, link_id: UUID, asset_ids: Sequence[UUID]) -> list[AssetIdsResponseDto]:
    """Show assets no more by a link; how it went for each.

    Raises:
        Refused: 400 - the link is not the caller's, or shows an album.
    """
    await _to_single(host, caller, link_id)
    gone = await link_store.take_out(host.db, link_id, asset_ids)
    none = AssetIdErrorReason.NOT_FOUND
    return [_went(each, gone, set(), none, none) for each in asset_ids]


async def _to_single(host: Host, caller: Caller, link_id: UUID) -> None:
    if (await owned(host, caller, link_id))["type"] != SharedLinkType.INDIVIDUAL:
        raise Refused(400, "Invalid shared link type")


def _went(
    asset_id: UUID, done: set[UUID], there: set[UUID], if_there: AssetIdErrorReason, otherwise: AssetIdErrorReason
) -> AssetIdsResponseDto:
    """How it went; an id that comes twice is done the first time."""
    if asset_id in done:
        done.discard(asset_id)
        return AssetIdsResponseDto(asset_id=asset_id, success=True)
    return AssetIdsResponseDto(asset_id=asset_id, success=False, error=if_there if asset_id in there else otherwise)


async def take_upload(host: Host, caller: Caller, asset_id: UUID) -> None:
    """What is uploaded by a link is shown by it.

    Raises:
        Refused: 400 - the album is gone.
    """
    link = caller.shared_link
    if link is None:
        return
    if link.album_id is not None:
        await add_assets(host, caller, link.album_id, [asset_id])
    else:
        await link_store.add(host.db, link.id, [asset_id])
