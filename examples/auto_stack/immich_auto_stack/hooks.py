"""Wiring: what this plugin hands to the host."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from immich_auto_stack import jobs, routes, store
from immich_auto_stack.settings import AutoStack
from immich_host.plugin_api import Host, Job, Routes, Section, hookimpl


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """The rules."""
    return [AutoStack]


@hookimpl
def register_migrations() -> Path:
    """One table."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_jobs() -> Sequence[Job]:
    """`stack`, once a photo's metadata is read."""
    return jobs.JOBS


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """Listing, undoing, running again."""
    return [routes.ROUTES]


@hookimpl
async def asset_deleted(owner_id: UUID, host: Host) -> None:
    """The host has dissolved a stack of which one photo is left: that one is free again."""
    await store.forget_leftovers(host.db, owner_id)
