"""Following what the admin wants: rows of `plugin_state` decide which plugins are on in this process."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from immich_host.kernel import HostKernel

log = structlog.get_logger("hosting")


class Switching:
    """Converges at start and after each change of `plugin_state`, whoever made it."""

    def __init__(self, kernel: "HostKernel") -> None:
        self._kernel = kernel
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._converged = asyncio.Condition()
        kernel.notices.subscribe("plugin_state", lambda _names: self._changed.set())

    async def start(self) -> None:
        """Switch on what is wanted, then follow changes."""
        self._changed.clear()
        await self._converge()
        self._task = asyncio.create_task(self._follow(), name="plugin switching")

    async def stop(self) -> None:
        """Follow no more."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._converge()
            except Exception:
                log.exception("plugins could not be brought to the wanted state")
                await asyncio.sleep(1)
                self._changed.set()

    async def _converge(self) -> None:
        kernel = self._kernel
        rows = await kernel.db.fetch("SELECT name FROM plugin_state WHERE NOT is_enabled")
        settings = {name: kernel.live_settings.of_plugin(name) for name in kernel.hosting.records}
        changed = await kernel.hosting.converge({row["name"] for row in rows}, settings)
        if changed:
            log.info("plugins switched", names=changed)
        async with self._converged:
            self._converged.notify_all()

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait for a state that a change brings about."""
        async with self._converged:
            await self._converged.wait_for(reached)
