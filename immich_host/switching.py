"""Following what the admin wants: which plugins are installed, and which of them are on in this process."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from immich_host.db.errors import is_away
from immich_host.db.migrating import pending
from immich_host.hosting import CONFLICT, Record, Stage, Status
from immich_host.hosting.apps import plugin_apps
from immich_host.hosting.arrivals import NOTICE, compare
from immich_host.hosting.discovery import load
from immich_host.settings.catalogue import assembled

if TYPE_CHECKING:
    from immich_host.kernel import HostKernel

log = structlog.get_logger("hosting")

type Switched = Callable[[list[Record]], Awaitable[None]]
"""Told after plugins have changed their status in this process; an error is logged."""


type TookIn = Callable[[], Awaitable[None]]
"""Told after plugins have come or gone in this process, before any is switched on."""


class Switching:
    """Converges at start and after each change of `plugin_state` or of what is installed, whoever made it."""

    def __init__(self, kernel: "HostKernel") -> None:
        self._kernel = kernel
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._converged = asyncio.Condition()
        self._listeners: list[Switched] = []
        self.turns = 0
        """How often this process has brought itself to the wanted state."""
        self._faults: dict[str, tuple[str, str]] | None = None
        self._look = False
        self._takers: list[TookIn] = []
        self.renew: Callable[[str], None] = self._cannot_renew
        """Asks for a new process in place of this one, as it holds code that is not the installed one's; why."""
        kernel.notices.subscribe("plugin_state", lambda _names: self._changed.set())
        kernel.notices.subscribe(NOTICE, self._packages_changed)
        kernel.hosting.on_conflict = self.again

    async def start(self) -> None:
        """Switch on what is wanted, then follow changes."""
        self._changed.clear()
        self._look = False
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

    def on_packages(self, taker: TookIn) -> None:
        """Call `taker` when plugins have come or gone, before they are switched on; an error is logged."""
        self._takers.append(taker)

    def again(self) -> None:
        """Converge once more: something that decides it has changed in this process."""
        self._changed.set()

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

    def _packages_changed(self, _names: object) -> None:
        self._look = True
        self._changed.set()

    def _cannot_renew(self, reason: str) -> None:
        log.warning("this process needs a restart to go on with plugins as they are installed", reason=reason)

    async def _take_in(self) -> None:
        """Load what was installed and drop what is gone; what cannot be done in place asks for a new process."""
        kernel = self._kernel
        arrivals = await asyncio.to_thread(compare, kernel.hosting.records, kernel.hosting.only)
        if arrivals.stale:
            self.renew(f"installed anew: {', '.join(arrivals.stale)}")
        if not arrivals.new and not arrivals.gone:
            return
        loaded = [await asyncio.to_thread(load, point) for point in arrivals.new]
        await kernel.hosting.forget(arrivals.gone)
        kernel.hosting.adopt(loaded)
        kernel.job_room.take_in()
        await kernel.live_settings.take_in(assembled(kernel.hosting))
        for taker in self._takers:
            try:
                await taker()
            except Exception:
                log.exception("a part of this process failed to take plugins in")
        log.info("plugins taken in", new=[record.name for record in loaded], gone=list(arrivals.gone))
        await self._tell([*loaded, *(Record(name, reason="uninstalled") for name in arrivals.gone)])

    async def _converge(self) -> None:
        kernel = self._kernel
        if self._look:
            self._look = False
            await self._take_in()
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
        """Write down what is broken, and what is left out, for those who look from outside this process."""
        records = self._kernel.hosting.records
        faults = {r.name: (str(r.broken_at), r.reason) for r in records.values() if r.status is Status.BROKEN}
        faults |= {r.name: (CONFLICT, r.reason) for r in records.values() if r.is_enabled and r.reason}
        if faults == self._faults:
            return
        self._faults = faults
        db = self._kernel.db
        await db.execute(
            "DELETE FROM plugin_fault WHERE name = ANY($1) AND (stage <> $2 OR name <> ALL($3))",
            sorted(records.keys() - faults.keys()),
            CONFLICT,
            [record.name for record in records.values() if record.is_enabled],
        )
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
