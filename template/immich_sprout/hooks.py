"""Wiring: what this plugin hands to the host and which facts it listens to."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from immich_host.plugin_api import Host, Job, Routes, Section, hookimpl
from immich_sprout import jobs, routes, store
from immich_sprout.settings import SproutSettings


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """What counts."""
    return [SproutSettings]


@hookimpl
def register_migrations() -> Path:
    """The table."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_jobs() -> Sequence[Job]:
    """`look`, for every asset that can be seen."""
    return jobs.JOBS


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """What clients may ask."""
    return [routes.ROUTES]


@hookimpl
async def asset_trashed(asset_ids: Sequence[UUID], host: Host) -> None:
    """Forget what was thrown away."""
    await store.forget(host.db, list(asset_ids))
