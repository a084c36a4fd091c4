"""Wiring: what this plugin hands to the host, and what it listens to."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from immich_albums import (
    activity_routes,
    content_store,
    contents,
    filters,
    granting,
    hookspecs,
    news,
    routes,
    store,
    sync,
)
from immich_host.plugin_api import Caller, Host, Routes, hookimpl
from immich_host.plugin_api.sync import SyncStream


@hookimpl
def register_migrations() -> Path:
    """Albums, members, what is in them, activities."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """Albums and activities."""
    return [routes.ROUTES, activity_routes.ROUTES]


@hookimpl
def register_sync() -> Sequence[SyncStream]:
    """Albums that the user is a member of, with members and assets."""
    return sync.STREAMS


@hookimpl
def register_facts() -> ModuleType:
    """`albums_linked`, `albums_invited`, `albums_changed`."""
    return hookspecs


@hookimpl
async def asset_access(asset_ids: Sequence[UUID], user: Caller, permission: str, host: Host) -> set[UUID]:
    """Members look at and download what is in their albums, and callers by a link to an album what is in that."""
    return await granting.granted(host, user, permission, asset_ids)


@hookimpl
async def asset_filter(params: Mapping[str, Any], user: Caller, host: Host) -> Mapping[str, tuple[str, Sequence[Any]]]:
    """Conditions by albums."""
    return await filters.conditions(host, user, params)


@hookimpl
async def asset_copied(source_id: UUID, asset_id: UUID, owner_id: UUID, parts: Sequence[str], host: Host) -> None:
    """Put an asset where another is."""
    if "albums" in parts:
        await contents.copied(host, source_id, asset_id, owner_id)


@hookimpl
async def asset_trashed(asset_ids: Sequence[UUID], host: Host) -> None:
    """A cover in the trash is replaced."""
    await _seen_or_not(host, asset_ids)


@hookimpl
async def asset_restored(asset_ids: Sequence[UUID], host: Host) -> None:
    """An album may have something to show again."""
    await _seen_or_not(host, asset_ids)


@hookimpl
async def asset_changed(asset_id: UUID, fields: Sequence[str], host: Host) -> None:
    """Locked and hidden assets have left their albums by now."""
    if "visibility" in fields:
        await news.told_members(host, await content_store.just_left(host.db, asset_id))


@hookimpl
async def asset_deleted(asset_id: UUID, host: Host) -> None:
    """What is gone for good has left its albums."""
    await news.told_members(host, await content_store.just_left(host.db, asset_id))


@hookimpl(optional=True)
async def storage_template_values(asset_ids: Sequence[UUID], host: Host) -> Mapping[str, Mapping[UUID, Any]]:
    """Name folders by albums."""
    rows = await content_store.first_albums(host.db, asset_ids)
    return {
        "album": {
            row["asset_id"]: {"name": row["name"], "start": row["start_date"], "end": row["end_date"]} for row in rows
        }
    }


@hookimpl(optional=True)
async def notifications_album(album_id: UUID, host: Host) -> Mapping[str, Any]:
    """Say what may be told of an album, and to whom."""
    return await store.outline(host.db, album_id)


async def _seen_or_not(host: Host, asset_ids: Sequence[UUID]) -> None:
    await content_store.mend_covers(host.db, asset_ids)
    await news.told_members(host, await content_store.albums_of(host.db, asset_ids))
