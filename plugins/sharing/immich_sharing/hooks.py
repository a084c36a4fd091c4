"""Wiring: what this plugin hands to the host, and whom it lets see what."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Caller, Host, Permission, Routes, hookimpl
from immich_host.plugin_api.sync import SyncStream
from immich_sharing import (
    link_callers,
    link_routes,
    link_store,
    links,
    partner_routes,
    partner_store,
    partner_sync,
)

_OF_PARTNERS = frozenset(
    {Permission.ASSET_READ, Permission.ASSET_VIEW, Permission.ASSET_DOWNLOAD, Permission.ASSET_SHARE}
)
"""What one may do with a partner's assets."""


@hookimpl
def register_migrations() -> Path:
    """Partners and links."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """Partners and links."""
    return [partner_routes.ROUTES, link_routes.ROUTES]


@hookimpl
def register_sync() -> Sequence[SyncStream]:
    """Partners and what they share."""
    return partner_sync.STREAMS


@hookimpl
async def share_link(
    key: str | None, slug: str | None, password_tokens: Sequence[str], host: Host
) -> Mapping[str, Caller]:
    """Who comes by a link."""
    caller = await link_callers.caller_by(host, key, slug, password_tokens)
    shown = key if key is not None else slug
    return {} if caller is None or shown is None else {shown: caller}


@hookimpl
async def asset_access(asset_ids: Sequence[UUID], user: Caller, permission: str, host: Host) -> set[UUID]:
    """What partners have in their timelines, and what links to single assets show."""
    if permission not in _OF_PARTNERS:
        return set()
    if user.shared_link is not None:
        return await link_callers.granted(host, user, asset_ids)
    return await partner_store.visible(host.db, user.user_id, asset_ids)


@hookimpl
async def asset_filter(params: Mapping[str, Any], user: Caller, host: Host) -> Mapping[str, tuple[str, Sequence[Any]]]:
    """What a link shows."""
    return await link_callers.condition(host, user, params) if "sharedLink" in params else {}


@hookimpl
async def timeline_access(user_ids: Sequence[UUID], user: Caller, host: Host) -> set[UUID]:
    """Partners' timelines."""
    if user.shared_link is not None:
        return set()
    return await partner_store.sharing(host.db, user.user_id, user_ids)


@hookimpl
async def timeline_owners(user: Caller, host: Host) -> set[UUID]:
    """Partners whom the caller has in the own timeline."""
    if user.shared_link is not None:
        return set()
    return await partner_store.in_timeline(host.db, user.user_id)


@hookimpl(fail_closed=True)
async def upload_kept(asset_id: UUID, user: Caller, host: Host) -> None:
    """Show by a link what was uploaded by it."""
    await links.take_upload(host, user, asset_id)


@hookimpl
async def albums_linked(album_ids: Sequence[UUID], host: Host) -> Mapping[UUID, bool]:
    """Albums to which there are links."""
    return dict.fromkeys(await link_callers.reachable_albums(host, album_ids), True)


@hookimpl
async def asset_copied(source_id: UUID, asset_id: UUID, parts: Sequence[str], host: Host) -> None:
    """Show an asset by the links that show another."""
    if "shared_links" in parts:
        await link_store.copy(host.db, source_id, asset_id)
