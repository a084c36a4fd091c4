"""`Hosting`: the set of plugins of a process, and the one way to call their hooks."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pluggy
import structlog

from immich_host.hosting import calling, registering
from immich_host.hosting.calling import Implementation, Listener
from immich_host.hosting.discovery import discover
from immich_host.hosting.ordering import check_providers, in_order, wanted_on
from immich_host.hosting.record import Record, Stage, Status
from immich_host.plugin_api import hookspecs
from immich_host.plugin_api.jobs import Job
from immich_host.plugin_api.markers import PROJECT
from immich_host.plugin_api.settings import Section

if TYPE_CHECKING:
    from immich_host.plugin_api.host import Host

log = structlog.get_logger("hosting")

HOST = "host"
"""The owner's name of what the host itself brings in the same way."""


@dataclass(frozen=True, slots=True)
class RegisteredJob:
    """A plugin's job by its full name; `enabled` as of the lookup."""

    name: str
    plugin: str
    job: Job
    enabled: bool


class Hosting:
    """Loads plugins, keeps their status, and calls hooks of those that are on."""

    def __init__(self, only: Iterable[str] | None = None) -> None:
        """Discover and register; nothing is switched on yet. `only` limits what is looked for."""
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._listeners: dict[str, list[Listener]] = defaultdict(list)
        self._implementations: dict[str, list[Implementation]] = {}
        self._brought: dict[str, Mapping[str, Any]] = {}
        self._host: Host | None = None
        self.on_conflict: Callable[[], None] = lambda: None
        """Called when a plugin that is on was found to give what another gives."""
        self.only = None if only is None else frozenset(only)
        self.records: dict[str, Record] = {}
        self.order: list[Record] = []
        self.adopt(discover(self.only))

    def adopt(self, records: Iterable[Record]) -> None:
        """Take in loaded plugins; they are registered but off. Those that are there keep their milestones."""
        kept = [record.name for record in self.order]
        for record in records:
            registering.collect(record)
            self.records[record.name] = record
        self.order = in_order(self.records)
        check_providers(sorted(self.order, key=lambda record: record.name not in kept))
        self._implementations.clear()
        self._brought.clear()

    async def forget(self, names: Iterable[str]) -> None:
        """Switch plugins off and drop their records: they are not installed any more."""
        leaving = [record for record in reversed(self.order) if record.name in set(names)]
        for record in leaving:
            if record.is_enabled:
                await self._switch_off(record, "uninstalled")
        for record in leaving:
            del self.records[record.name]
        self.order = in_order(self.records)
        self._implementations.clear()
        self._brought.clear()

    def attach(self, host: "Host") -> None:
        """Say what hooks get as their argument `host`."""
        self._host = host

    # -- what plugins bring

    def jobs(self) -> dict[str, RegisteredJob]:
        """Every plugin's jobs by full name, also those of plugins that are off."""
        found: dict[str, RegisteredJob] = {}
        for record in self.order:
            if record.status is not Status.BROKEN or record.broken_at is not Stage.LOAD:
                for job in record.brings.jobs:
                    name = f"{record.name}.{job.name}"
                    found[name] = RegisteredJob(name, record.name, job, record.is_enabled)
        return found

    def sections(self) -> dict[str, list[type[Section]]]:
        """Plugin -> its settings sections."""
        return {record.name: list(record.brings.settings) for record in self.order if record.brings.settings}

    def brought(self, hook: str) -> Mapping[str, Any]:
        """What plugins answer to another plugin's register hook, in order; also those that are off."""
        known = self._brought.get(hook)
        if known is None:
            known = self._brought[hook] = registering.answers(self.order, hook)
        return known

    def is_enabled(self, plugin: str) -> bool:
        """Whether a plugin is on in this process; the host always is."""
        return plugin == HOST or (plugin in self.records and self.records[plugin].is_enabled)

    # -- on and off

    async def converge(self, off: set[str], settings: Mapping[str, Mapping[str, Section]]) -> list[str]:
        """Bring this process to the wanted state; returns the names whose status changed.

        Args:
            off: Plugins that the admin has switched off.
            settings: Plugin -> section key -> current value, for `plugin_check`.
        """
        before = {name: record.status for name, record in self.records.items()}
        for record in self.order:  # a plugin broken by a check gets another chance at each change
            if record.status is Status.BROKEN and record.broken_at is Stage.CHECK:
                record.status = Status.DISABLED
        reasons = wanted_on(self.records, off)
        for record in reversed(self.order):
            if record.is_enabled and record.name in reasons:
                await self._switch_off(record, reasons[record.name])
        for record in self.order:
            if record.status is Status.DISABLED:
                reason = wanted_on(self.records, off).get(record.name)
                if reason:
                    record.reason = reason
                else:
                    await self._switch_on(record, settings.get(record.name, {}))
        return [name for name, record in self.records.items() if record.status is not before[name]]

    async def stop(self) -> None:
        """At shutdown: tell every plugin that is on."""
        for record in reversed(self.order):
            if record.is_enabled:
                await self._switch_off(record, "shutdown")

    async def _switch_on(self, record: Record, settings: Mapping[str, Section]) -> None:
        registering.plug_in(self._manager, record)
        if record.status is Status.BROKEN:
            return
        self._implementations.clear()
        try:
            await self._lifecycle(record, "plugin_check", settings=settings)
            await self._lifecycle(record, "plugin_started")
        except Exception as error:
            log.warning("plugin is unusable", plugin=record.name, reason=str(error))
            registering.unplug(self._manager, record)
            self._implementations.clear()
            record.break_at(Stage.CHECK, str(error) or type(error).__name__)
            return
        record.status, record.broken_at, record.reason = Status.ENABLED, None, ""

    async def _switch_off(self, record: Record, reason: str) -> None:
        try:
            await self._lifecycle(record, "plugin_stopped", seconds=calling.STOP_SECONDS)
        except Exception:
            log.exception("a plugin failed to stop", plugin=record.name)
        registering.unplug(self._manager, record)
        self._implementations.clear()
        record.status, record.reason = Status.DISABLED, reason

    async def _lifecycle(self, record: Record, hook: str, *, seconds: float | None = None, **arguments: Any) -> None:
        for implementation in self._registered(hook):
            if implementation.plugin == record.name:
                await implementation.within(seconds or calling.LIFECYCLE_SECONDS, self._with_host(arguments))

    # -- calling

    def listen(self, fact: str, listener: Listener) -> None:
        """Add a listener of the host's own rooms; they come before plugins'."""
        self._listeners[fact].append(listener)

    def knows(self, fact: str) -> bool:
        """Whether a hook of that name is specified."""
        caller = getattr(self._manager.hook, fact, None)
        return caller is not None and caller.spec is not None

    def has(self, hook: str) -> bool:
        """Whether anybody implements or listens to a hook."""
        return bool(self._of(hook) or self._listeners.get(hook))

    async def publish(self, fact: str, /, **arguments: Any) -> None:
        """Tell the listeners in this process. Rooms and plugins publish through the outbox (`Host.publish`)."""
        for listener in self._listeners.get(fact, ()):
            await calling.isolated(fact, HOST, partial(listener, **arguments))
        await calling.publish(fact, self._of(fact), self._with_host(arguments))

    async def guard(self, hook: str, *, fail_closed: bool = False, **arguments: Any) -> None:
        """Ask every guard; raises `Refused`."""
        await calling.guard(self._of(hook), self._with_host(arguments), fail_closed=fail_closed)

    async def gather(self, hook: str, *, strict: bool = False, **arguments: Any) -> dict[str, Any]:
        """Merge plugins' mappings."""
        return await calling.gather_mapping(
            hook, self._of(hook), self._with_host(arguments), strict=strict, conflict=self._conflict
        )

    def _conflict(self, plugin: str, what: str) -> None:
        """Show the first one with the plugin that is left out, for as long as it is on."""
        record = self.records[plugin]
        if record.is_enabled and not record.reason:
            record.reason = what
            log.error("two plugins give the same", plugin=plugin, what=what)
            self.on_conflict()

    async def gather_ids(self, hook: str, **arguments: Any) -> set[Any]:
        """Merge plugins' sets of ids."""
        return await calling.gather_set(hook, self._of(hook), self._with_host(arguments))

    async def settings_hook(self, plugin: str, hook: str, old: Section, new: Section) -> None:
        """Call `settings_check` or `settings_changed` of the section's owner; errors are the caller's."""
        await self._lifecycle(self.records[plugin], hook, old=old, new=new)

    def _with_host(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {**arguments, "host": self._host}

    def _of(self, hook: str) -> list[Implementation]:
        """Those of plugins that are on: one that is still being checked or started hears nothing yet."""
        return [each for each in self._registered(hook) if self.records[each.plugin].is_enabled]

    def _registered(self, hook: str) -> list[Implementation]:
        known = self._implementations.get(hook)
        if known is None:
            caller = getattr(self._manager.hook, hook, None)
            found = {impl.plugin_name: Implementation(impl) for impl in caller.get_hookimpls()} if caller else {}
            known = [found[record.name] for record in self.order if record.name in found]
            self._implementations[hook] = known
        return known
