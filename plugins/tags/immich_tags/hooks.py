"""Wiring: what this plugin hands to the host, and what it listens to."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Caller, Host, Job, Routes, hookimpl
from immich_host.plugin_api.web import RawJson
from immich_tags import asset_store, filters, jobs, routes, tagging


@hookimpl
def register_migrations() -> Path:
    """Tags, and which assets have them."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_jobs() -> Sequence[Job]:
    """Reading tags, following what is done to them, clearing up."""
    return jobs.JOBS


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """Tags, and which assets have them."""
    return [routes.ROUTES]


@hookimpl
async def asset_extras(asset_ids: Sequence[UUID], user: Caller, host: Host) -> Mapping[str, Mapping[UUID, Any]]:
    """The tags of an owner's assets; what others share shows none."""
    if user.shared_link is not None:
        return {}
    found = await asset_store.shown(host.db, asset_ids, user.user_id)
    return {"tags": {asset_id: RawJson(text) for asset_id, text in found.items()}}


@hookimpl
async def asset_filter(params: Mapping[str, Any], user: Caller, host: Host) -> Mapping[str, tuple[str, Sequence[Any]]]:
    """Conditions by tags."""
    return await filters.conditions(host, user, params)


@hookimpl
async def asset_changed(asset_id: UUID, fields: Sequence[str], cause: str, host: Host) -> None:
    """Something else has written the column of which tags are made: a file was read, or copies were merged."""
    if "tags" in fields and cause != tagging.CAUSE:
        await host.jobs.request(jobs.READ, asset_id=asset_id, cause=cause)


@hookimpl
async def asset_copied(source_id: UUID, asset_id: UUID, owner_id: UUID, parts: Sequence[str], host: Host) -> None:
    """One asset takes over the tags of another."""
    if "tags" in parts:
        await tagging.copy(host, owner_id, source_id, asset_id)
