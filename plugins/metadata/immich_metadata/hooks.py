"""Wiring: what this plugin hands to the host."""

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from immich_host.plugin_api import Host, Job, hookimpl
from immich_metadata import hookspecs, jobs


@hookimpl
def register_migrations() -> Path:
    """The tables of streams and keyframes."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_jobs() -> Sequence[Job]:
    """`extract` on an asset's way in, `reread` for files whose tags have changed since."""
    return jobs.JOBS


@hookimpl
def register_facts() -> ModuleType:
    """`metadata_faces_read`."""
    return hookspecs


@hookimpl
async def plugin_stopped(host: Host) -> None:
    """End the exiftool processes."""
    await jobs.close_reader(host)
