"""What can be done with albums themselves. Each is one transaction; whoever sees the album is told after it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import MISSING

from immich_albums import content_store, contents, members, news, store
from immich_albums.answers import linked
from immich_albums.dto import CreateAlbumDto, GetAlbumsQuery, UpdateAlbumDto
from immich_albums.rights import OWNER, require_album
from immich_host.plugin_api import Caller, Host, Permission, Refused


async def find(host: Host, caller: Caller, query: GetAlbumsQuery) -> list[UUID]:
    """The caller's albums that fit, the newest first. Shared is what has other members or a link."""
    rows = await store.mine(
        host.db,
        caller.user_id,
        album_id=query.id,
        asset_id=query.asset_id,
        name=query.name,
        is_owned=query.is_owned,
    )
    ids: list[UUID] = [row["id"] for row in rows]
    if query.is_shared is None:
        return ids
    shared = {row["id"] for row in rows if row["is_joint"]} | await linked(host, ids)
    return [album_id for album_id in ids if (album_id in shared) is query.is_shared]


async def counts(host: Host, caller: Caller) -> tuple[int, int, int]:
    """How many albums the caller owns, sees shared, and owns without sharing them."""
    rows = await store.mine(host.db, caller.user_id)
    shared = {row["id"] for row in rows if row["is_joint"]} | await linked(host, [row["id"] for row in rows])
    owned = {row["id"] for row in rows if row["is_owned"]}
    return len(owned), len(shared), len(owned - shared)


async def create(host: Host, caller: Caller, body: CreateAlbumDto) -> UUID:
    """A new album; assets that the caller may not share are left out.

    Raises:
        Refused: 400 - with somebody who is not there, or as another owner.
    """
    told = [] if body.album_users is MISSING else body.album_users
    order = await host.users.preference(caller.user_id, "albums", "defaultAssetOrder")
    asset_ids = [] if body.asset_ids is MISSING else list(dict.fromkeys(body.asset_ids))
    may = await contents.may_be_shared(host, caller, asset_ids)
    async with host.db.transaction():
        wanted = await members.wanted(host, {each.user_id: each.role for each in told}, owner_id=caller.user_id)
        fit = await content_store.hold_assets(host.db, may)
        description = "" if body.description is MISSING else body.description or ""
        album_id = await store.create(host.db, name=body.album_name, description=description, order=order)
        await store.add_members(host.db, album_id, {caller.user_id: OWNER})
        if wanted:
            await members.add(host, caller, album_id, wanted)
        kept = [asset_id for asset_id in asset_ids if asset_id in fit]
        await contents.put(host, caller, [album_id], kept)
    await news.told_members(host, [album_id])
    return album_id


async def change(host: Host, caller: Caller, album_id: UUID, body: UpdateAlbumDto) -> None:
    """Change what the body says.

    Raises:
        Refused: 400 - no right to it, or the cover is not in it.
    """
    values = _columns(body)
    cover = values.get("album_thumbnail_asset_id")
    async with host.db.transaction():
        is_in_it = cover is None or await content_store.hold_in_album(host.db, album_id, cover)
        await store.hold(host.db, [album_id])
        await require_album(host, caller, Permission.ALBUM_UPDATE, album_id)
        if not is_in_it:
            raise Refused(400, "Invalid album thumbnail")
        if values:
            await store.update(host.db, album_id, values)
    await news.told_members(host, [album_id])


def _columns(body: UpdateAlbumDto) -> dict[str, Any]:
    values = {name: value for name, value in body if name in store.COLUMNS and value is not MISSING}
    if "description" in values:
        values["description"] = values["description"] or ""
    return values


async def delete(host: Host, caller: Caller, album_id: UUID) -> None:
    """Delete an album; its assets stay.

    Raises:
        Refused: 400 - it is not the caller's.
    """
    await require_album(host, caller, Permission.ALBUM_DELETE, album_id)
    audience: Sequence[Any] = await store.audience(host.db, [album_id])
    async with host.db.transaction():
        await store.delete(host.db, album_id)
    await news.told_members(host, [album_id], *(row["user_id"] for row in audience))
