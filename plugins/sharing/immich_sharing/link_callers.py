"""Who comes by a link, and which assets that shows."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from immich_albums.api import allowed_albums
from immich_host.plugin_api import Caller, Host, Permission
from immich_host.plugin_api.database import Row
from immich_host.plugin_api.web import SharedLinkView
from immich_sharing import link_store
from immich_sharing.link_proofs import is_proven, key_of


async def caller_by(host: Host, key: str | None, slug: str | None, proofs: Sequence[str]) -> Caller | None:
    """The caller whom a key or a slug stands for; None where it is unknown, has expired, or shows nothing any more.

    A link to an album ends when its owner may not share that any more.
    """
    row = await _found(host, key, slug)
    if row is None:
        return None
    owner = _owner(row)
    album_id = row["album_id"]
    if album_id is not None and not await allowed_albums(host, owner, Permission.ALBUM_SHARE, [album_id]):
        return None
    view = SharedLinkView(
        id=row["id"],
        album_id=album_id,
        allow_upload=row["allow_upload"],
        allow_download=row["allow_download"],
        show_metadata=row["show_exif"],
        wants_password=not is_proven(row["id"], row["password"], proofs),
    )
    return Caller(user_id=owner.user_id, email=owner.email, name=owner.name, is_admin=False, shared_link=view)


def _owner(row: Row) -> Caller:
    return Caller(user_id=row["user_id"], email=row["email"], name=row["name"], is_admin=False)


async def reachable_albums(host: Host, album_ids: Sequence[UUID]) -> set[UUID]:
    """Of these albums those that somebody may reach by a link."""
    reachable: set[UUID] = set()
    linked: dict[UUID, tuple[Caller, set[UUID]]] = {}
    for row in await link_store.to_albums(host.db, album_ids):
        linked.setdefault(row["user_id"], (_owner(row), set()))[1].add(row["album_id"])
    for owner, albums in linked.values():
        reachable |= await allowed_albums(host, owner, Permission.ALBUM_SHARE, albums)
    return reachable


async def _found(host: Host, key: str | None, slug: str | None) -> Row | None:
    if key is not None:
        stored = key_of(key)
        return await link_store.usable(host.db, key=stored, slug=None) if stored is not None else None
    if slug is None or "\0" in slug or not slug.isprintable():
        return None
    return await link_store.usable(host.db, key=None, slug=slug)


async def granted(host: Host, caller: Caller, asset_ids: Sequence[UUID]) -> set[UUID]:
    """What a link to single assets shows; what one to an album shows, is for albums to say."""
    link = caller.shared_link
    if link is None or link.album_id is not None:
        return set()
    return await link_store.granted(host.db, link.id, asset_ids)


async def condition(host: Host, caller: Caller, params: Mapping[str, Any]) -> Mapping[str, tuple[str, Sequence[Any]]]:
    """The condition `sharedLink` for timeline and searches: what the link shows by which the caller comes."""
    link = caller.shared_link
    if link is None or UUID(str(params["sharedLink"])) != link.id:
        return {}
    if link.album_id is None:
        return {"sharedLink": (link_store.ASSETS_OF_LINK, [link.id])}
    given = await host.gather("asset_filter", params={"albumId": link.album_id}, user=caller)
    return {"sharedLink": given["albumId"]} if "albumId" in given else {}
