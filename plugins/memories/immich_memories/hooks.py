"""Wiring: what this plugin hands to the host, and what it listens to."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from immich_host.plugin_api import Host, Job, Routes, hookimpl
from immich_host.plugin_api.sync import SyncStream
from immich_memories import jobs, making_store, routes, sync


@hookimpl
def register_migrations() -> Path:
    """Memories and their assets."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_jobs() -> Sequence[Job]:
    """`generate` and `tidy`, at night."""
    return jobs.JOBS


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """Memories."""
    return [routes.ROUTES]


@hookimpl
def register_sync() -> Sequence[SyncStream]:
    """Memories, and the assets in them."""
    return sync.STREAMS


@hookimpl
async def asset_changed(asset_id: UUID, fields: Sequence[str], host: Host) -> None:
    """What leaves the timeline leaves its memories."""
    if "visibility" in fields:
        await making_store.leave(host.db, asset_id)
