"""Wiring: what this plugin hands to the host and which facts it listens to."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from immich_host.plugin_api import Host, Job, Section, hookimpl
from immich_metadata import jobs
from immich_metadata.settings import MetadataSettings

SIDECAR_WRITTEN = "sidecar-write"
"""The cause with which a written sidecar is announced; its tags are read again."""

_hosts: list[Host] = []


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """One section, `metadata`."""
    return [MetadataSettings]


@hookimpl
def register_migrations() -> Path:
    """The tables of streams and keyframes."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_jobs() -> Sequence[Job]:
    """`extract` on an asset's way in, `reread` for files whose tags have changed since."""
    return jobs.JOBS


@hookimpl
async def plugin_started(host: Host) -> None:
    """Remember the host, by which listeners ask for jobs."""
    _hosts.append(host)


@hookimpl
async def plugin_stopped(host: Host) -> None:
    """End the exiftool processes."""
    if host in _hosts:
        _hosts.remove(host)
    await jobs.close_reader(host)


@hookimpl
async def asset_file_written(asset_id: UUID, type: str, cause: str) -> None:
    """Read a sidecar again after it was written here."""
    if type == "sidecar" and cause == SIDECAR_WRITTEN and _hosts:
        await _hosts[-1].jobs.request("metadata.reread", asset_id=asset_id, cause=SIDECAR_WRITTEN)
