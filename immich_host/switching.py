"""Following what the admin wants: rows of `plugin_state` decide which plugins are on in this process."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from immich_host.db.errors import is_away
from immich_host.db.migrating import pending
from immich_host.hosting import Record, Stage, Status
from immich_host.hosting.apps import plugin_apps

if TYPE_CHECKING:
    from immich_host.kernel import HostKernel

log = structlog.get_logger("hosting")

type Switched = Callable[[list[Record]], Awaitable[None]]
"""Told after plugins have changed their status in this process; an error is logged."""


class Switching:
    """Converges at start and after each change of `plugin_state`, whoever made it."""

    def __init__(self, kernel: "HostKernel") -> None:
        self._kernel = kernel
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._converged = asyncio.Condition()
        self._listeners: list[Switched] = []
        self.turns = 0
        """How often this process has brought itself to the wanted state."""
        self._faults: dict[str, tuple[str, str]] | None = None
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

    def on_change(self, listener: Switched) -> None:
        """Call `listener` after changes, in this process."""
        self._listeners.append(listener)

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait for a state that a change brings about."""
        async with self._converged:
            await self._converged.wait_for(reached)

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._converge()
            except Exception as error:
                how = {"error": repr(error)} if is_away(error) else {"exc_info": True}
                log.warning("plugins could not be brought to the wanted state; trying again", **how)
                await asyncio.sleep(1)
                self._changed.set()

    async def _converge(self) -> None:
        kernel = self._kernel
        rows = await kernel.db.fetch(
            "SELECT name, purged_at FROM plugin_state WHERE NOT is_enabled OR purged_at IS NOT NULL"
        )
        await self._note_migrations({row["name"] for row in rows if row["purged_at"]})
        settings = {name: kernel.live_settings.of_plugin(name) for name in kernel.hosting.records}
        changed = await kernel.hosting.converge({row["name"] for row in rows}, settings)
        await self._note_faults()
        async with self._converged:
            self.turns += 1
            self._converged.notify_all()
        if changed:
            log.info("plugins switched", names=changed)
            await self._tell([kernel.hosting.records[name] for name in changed])

    async def _note_migrations(self, purged: set[str]) -> None:
        """Plugins whose tables are not as they should be are broken, until they are."""
        for app in plugin_apps(self._kernel.hosting):
            record = self._kernel.hosting.records[app.name]
            is_stuck = record.broken_at is Stage.MIGRATION
            if record.is_enabled or app.name in purged or (record.status is Status.BROKEN and not is_stuck):
                continue
            waiting = await pending(self._kernel.db, app)
            if waiting:
                record.break_at(Stage.MIGRATION, f"its migration {waiting[0]} has not run; see the log of the start")
            elif is_stuck:
                record.mend()

    async def _note_faults(self) -> None:
        """Write down what is broken, for those who look from outside this process."""
        records = self._kernel.hosting.records
        faults = {r.name: (str(r.broken_at), r.reason) for r in records.values() if r.status is Status.BROKEN}
        if faults == self._faults:
            return
        self._faults = faults
        db = self._kernel.db
        await db.execute("DELETE FROM plugin_fault WHERE name = ANY($1)", sorted(records.keys() - faults.keys()))
        for name, (stage, reason) in sorted(faults.items()):
            await db.execute(
                """INSERT INTO plugin_fault (name, stage, reason) VALUES ($1, $2, $3)
                   ON CONFLICT (name) DO UPDATE
                   SET stage = excluded.stage, reason = excluded.reason, seen_at = now()""",
                name,
                stage,
                reason.replace("\0", ""),
            )

    async def _tell(self, records: list[Record]) -> None:
        for listener in self._listeners:
            try:
                await listener(records)
            except Exception:
                log.exception("a listener for switched plugins failed")
