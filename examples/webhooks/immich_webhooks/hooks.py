"""Wiring: what this plugin hands to the host, and the facts that it passes on."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from immich_host.plugin_api import Host, Job, Routes, Section, hookimpl
from immich_webhooks import jobs, routes
from immich_webhooks.settings import Webhooks
from immich_webhooks.telling import tell


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """Time and patience."""
    return [Webhooks]


@hookimpl
def register_migrations() -> Path:
    """Endpoints and deliveries."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_jobs() -> Sequence[Job]:
    """`deliver` and `tidy`."""
    return jobs.JOBS


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """Managing endpoints."""
    return [routes.ROUTES]


@hookimpl
async def asset_created(asset_id: UUID, owner_id: UUID, cause: str, host: Host) -> None:
    """Pass it on."""
    await tell(host, "asset_created", owner_id, assetId=str(asset_id), cause=cause)


@hookimpl
async def asset_described(asset_id: UUID, owner_id: UUID, cause: str, host: Host) -> None:
    """Pass it on."""
    await tell(host, "asset_described", owner_id, assetId=str(asset_id), cause=cause)


@hookimpl
async def asset_viewable(asset_id: UUID, owner_id: UUID, cause: str, host: Host) -> None:
    """Pass it on."""
    await tell(host, "asset_viewable", owner_id, assetId=str(asset_id), cause=cause)


@hookimpl
async def asset_changed(asset_id: UUID, owner_id: UUID, fields: Sequence[str], cause: str, host: Host) -> None:
    """Pass it on."""
    await tell(host, "asset_changed", owner_id, assetId=str(asset_id), fields=list(fields), cause=cause)


@hookimpl
async def asset_trashed(asset_ids: Sequence[UUID], owner_id: UUID, host: Host) -> None:
    """Pass it on."""
    await tell(host, "asset_trashed", owner_id, assetIds=[str(each) for each in asset_ids])


@hookimpl
async def asset_restored(asset_ids: Sequence[UUID], owner_id: UUID, host: Host) -> None:
    """Pass it on."""
    await tell(host, "asset_restored", owner_id, assetIds=[str(each) for each in asset_ids])


@hookimpl
async def asset_deleted(asset_id: UUID, owner_id: UUID, host: Host) -> None:
    """Pass it on."""
    await tell(host, "asset_deleted", owner_id, assetId=str(asset_id))


@hookimpl
async def user_created(user_id: UUID, host: Host) -> None:
    """Pass it on: to administrators who listen to all users."""
    await tell(host, "user_created", user_id)
