"""Wiring: what this plugin hands to the host."""

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from uuid import UUID

from immich_host.plugin_api import Host, Job, Routes, Section, hookimpl
from immich_storage_template import hookspecs, jobs, routes, store
from immich_storage_template.settings import StorageTemplate

NAMING = frozenset({"file_created_at", "make", "model", "lens_model"})
"""Columns that templates may name files by."""


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """Immich's `storageTemplate` section."""
    return [StorageTemplate]


@hookimpl
def register_migrations() -> Path:
    """The table of moves under way."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_jobs() -> Sequence[Job]:
    """`move` on an asset's way in; `migrate` and `tidy` for the whole library."""
    return jobs.JOBS


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """The options of the template's editor."""
    return [routes.ROUTES]


@hookimpl
def register_facts() -> ModuleType:
    """`storage_template_values`."""
    return hookspecs


@hookimpl
async def asset_changed(asset_id: UUID, fields: Sequence[str], cause: str, host: Host) -> None:
    """Files that are in the library follow what is read later of them, as after a reading that failed at first.

    An edit waits until it has been written into the sidecar, which moves with its file.
    """
    if cause != "edit" and not NAMING.isdisjoint(fields):
        await _follow(host, asset_id)


@hookimpl(optional=True)
async def sidecar_changed(asset_id: UUID, host: Host) -> None:
    """Files follow an edit of their date."""
    await _follow(host, asset_id)


async def _follow(host: Host, asset_id: UUID) -> None:
    if host.settings(StorageTemplate).enabled and await store.is_in_library(host.db, asset_id):
        await host.jobs.request("storage_template.move", asset_id=asset_id, cause="changed")
