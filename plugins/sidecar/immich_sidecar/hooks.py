"""Wiring: what this plugin hands to the host and which facts it listens to."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from uuid import UUID

from immich_host.plugin_api import Host, Job, hookimpl
from immich_host.plugin_api.assets import LOCKABLE
from immich_sidecar import hookspecs, jobs, store

_COLUMNS = {"dateTimeOriginal": "date_time_original", "timeZone": "time_zone"}
_WATCHED = frozenset(LOCKABLE) | frozenset(_COLUMNS.get(name, name) for name in LOCKABLE)


@hookimpl
def register_jobs() -> Sequence[Job]:
    """`discover` on an asset's way in, `write` after an edit."""
    return jobs.JOBS


@hookimpl
def register_migrations() -> Path:
    """The table of written faces."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_facts() -> ModuleType:
    """`sidecar_changed`, and `sidecar_extras` by which others hand in tags and faces."""
    return hookspecs


@hookimpl
async def api_features() -> Mapping[str, bool]:
    """Tell clients that sidecars are taken."""
    return {"sidecar": True}


@hookimpl
async def asset_changed(asset_id: UUID, fields: Sequence[str], host: Host) -> None:
    """Ask for a write when a field that people edit has changed and is locked."""
    if not _WATCHED.isdisjoint(fields) and await store.has_locks(host.db, asset_id):
        await host.jobs.request("sidecar.write", asset_id=asset_id, cause="edit")
