"""Watches the folders: in one process among all, as long as the plugin is on."""

import asyncio
from weakref import WeakKeyDictionary

import structlog
from watchfiles import awatch

from immich_host.plugin_api import Host
from immich_hot_folder.jobs import SCAN
from immich_hot_folder.settings import HotFolder

LOCK = "hot_folder watch"
PAUSE_SECONDS = 5.0
_log = structlog.get_logger("hot_folder")


class Watcher:
    """This process's watcher; it waits while another one's is at work."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="hot_folder watch")

    def settings_changed(self) -> None:
        """Watch what is to be watched now."""
        self._changed.set()

    async def stop(self) -> None:
        """End it and give the lock to others."""
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _run(self) -> None:
        while True:
            try:
                async with self._host.db.try_lock(LOCK) as is_mine:
                    while is_mine:
                        await self._watch()
            except Exception:
                _log.exception("watching has failed and begins again")
            await asyncio.sleep(PAUSE_SECONDS)

    async def _watch(self) -> None:
        """Ask for a look at once, at each change and each while; ends when the settings change."""
        self._changed.clear()
        settings = self._host.settings(HotFolder)
        paths = {folder.path for folder in settings.folders if folder.path.is_dir()}
        if settings.folders:
            await self._host.jobs.request(SCAN, cause="watch")
        if not paths:
            await self._wait(settings.rescan_seconds)
            return
        changes = awatch(
            *paths, stop_event=self._changed, rust_timeout=int(settings.rescan_seconds * 1000), yield_on_timeout=True,
            ignore_permission_denied=True,
        )  # fmt: skip
        async for found in changes:
            await self._host.jobs.request(SCAN, cause="watch", delay=settings.settle_seconds if found else 0)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            _log.debug("no folder is there to be watched")


WATCHERS: WeakKeyDictionary[Host, Watcher] = WeakKeyDictionary()
"""One a host."""
