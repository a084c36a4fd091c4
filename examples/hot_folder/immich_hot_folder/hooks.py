"""Wiring: what this plugin hands to the host."""

from collections.abc import Sequence
from pathlib import Path

from immich_host.plugin_api import Host, Job, Refused, Routes, Section, hookimpl
from immich_hot_folder import jobs, routes, store
from immich_hot_folder.settings import HotFolder
from immich_hot_folder.watching import WATCHERS, Watcher


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """The folders."""
    return [HotFolder]


@hookimpl
def register_migrations() -> Path:
    """One table."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_jobs() -> Sequence[Job]:
    """`scan`."""
    return jobs.JOBS


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """Status, files, scan."""
    return [routes.ROUTES]


@hookimpl
async def plugin_started(host: Host) -> None:
    """Begin to watch, or to wait for one's turn."""
    WATCHERS[host] = Watcher(host)


@hookimpl
async def plugin_stopped(host: Host) -> None:
    """End it."""
    watcher = WATCHERS.pop(host, None)
    if watcher is not None:
        await watcher.stop()


@hookimpl
async def settings_check(new: Section, host: Host) -> None:
    """Refuse folders that cannot be meant."""
    if not isinstance(new, HotFolder):
        return
    root = host.files.media_root.resolve()
    for folder in new.folders:
        path = folder.path.resolve()
        if not folder.path.is_absolute():
            raise Refused(400, f"The path {folder.path} must be absolute")
        if path.is_relative_to(root) or root.is_relative_to(path):
            raise Refused(400, f"The folder {folder.path} and that of the library must lie apart")
        if await store.owner_id(host.db, folder.owner) is None:
            raise Refused(400, f"No account has the address {folder.owner}")


@hookimpl
async def settings_changed(host: Host) -> None:
    """Watch other folders."""
    watcher = WATCHERS.get(host)
    if watcher is not None:
        watcher.settings_changed()
