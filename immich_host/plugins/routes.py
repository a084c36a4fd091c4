"""Routes of the tag Plugins (admin): Immich has none of them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from immich_host.hosting import Status
from immich_host.jobs.room import Jobs
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, Routes
from immich_host.plugins import changes, installing
from immich_host.plugins.answers import overview, sections, view
from immich_host.plugins.dto import (
    InstalledPluginDto,
    InstalledPluginSectionDto,
    PluginInstallDto,
    PluginPlanDto,
    PluginPurgedDto,
    PluginSettingsDto,
    PluginsInstalledDto,
    PluginSourceDto,
    PluginsUninstalledDto,
    PluginSweepDto,
    PluginSwitchDto,
    PluginSwitchedDto,
    PluginTrialDto,
    PluginUninstallDto,
)
from immich_host.settings.store import SettingsKernel

routes = Routes("Plugins (admin)")

PATIENCE: Final = 5.0
"""Seconds that a switch waits for this process to follow; it goes on afterwards."""
LOADED_WITHIN: Final = 30.0
"""The same for taking in what was installed."""


class SwitchingPort(Protocol):
    """How this process follows what administrators want."""

    @property
    def turns(self) -> int:
        """How often it has done so."""
        ...

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait for a state that a change brings about."""
        ...


class PluginsKernel(SettingsKernel, Protocol):
    """A kernel with jobs and switching."""

    @property
    def job_room(self) -> Jobs:
        """Requested jobs."""
        ...

    @property
    def switching(self) -> SwitchingPort:
        """Which plugins are on here."""
        ...

    @property
    def installs_plugins(self) -> bool:
        """Whether the API may install and uninstall."""
        ...


@routes.get("/admin/plugins", permission=Permission.ADMIN_CONFIG_READ, admin=True, operation_id="getInstalledPlugins")
async def plugins(host: PluginsKernel) -> list[InstalledPluginDto]:
    """All installed plugins, broken ones with their reason, and those that have left data behind."""
    return await overview(host.db, host.hosting, host.live_settings)


@routes.get(
    "/admin/plugins/{name}", permission=Permission.ADMIN_CONFIG_READ, admin=True, operation_id="getInstalledPlugin"
)
async def plugin(host: PluginsKernel, name: str) -> InstalledPluginDto:
    """One plugin."""
    return await view(host.db, host.hosting, host.live_settings, name)


@routes.post(
    "/admin/plugins/{name}/plan",
    permission=Permission.ADMIN_CONFIG_READ,
    admin=True,
    operation_id="planInstalledPlugin",
)
async def plan(host: PluginsKernel, name: str, body: PluginSwitchDto) -> PluginPlanDto:
    """What switching a plugin would do; changes nothing."""
    return await changes.planned(host.db, host.hosting, name, is_enabled=body.enabled)


@routes.put(
    "/admin/plugins/{name}", permission=Permission.ADMIN_CONFIG_UPDATE, admin=True, operation_id="switchInstalledPlugin"
)
async def switch(host: PluginsKernel, name: str, body: PluginSwitchDto) -> PluginSwitchedDto:
    """Switch a plugin on or off, in every process; answers when this one has followed."""
    turns = host.switching.turns
    plan = await changes.switch(host.db, host.hosting, name, is_enabled=body.enabled)
    record, wanted = host.hosting.records[name], Status.ENABLED if body.enabled else Status.DISABLED
    await _followed(host, lambda: host.switching.turns > turns and record.status in {wanted, Status.BROKEN})
    return PluginSwitchedDto(
        plugin=await view(host.db, host.hosting, host.live_settings, name),
        also_off=plan.also_off,
        also_on=plan.also_on,
    )


@routes.post(
    "/admin/plugins/{name}/sweep", permission=Permission.JOB_CREATE, admin=True, operation_id="sweepInstalledPlugin"
)
async def sweep(host: PluginsKernel, name: str) -> PluginSweepDto:
    """Run a plugin's jobs on what they have missed while it was off."""
    if not changes.found(host.hosting, name).is_enabled:
        raise Refused(changes.CONFLICT, f"{name} is off")
    return PluginSweepDto(jobs=await host.job_room.commands.request_missing(name))


@routes.get(
    "/admin/plugins/{name}/settings",
    permission=Permission.ADMIN_CONFIG_READ,
    admin=True,
    operation_id="getInstalledPluginSettings",
)
async def settings(host: PluginsKernel, name: str) -> list[InstalledPluginSectionDto]:
    """A plugin's settings, with their schema and defaults."""
    changes.found(host.hosting, name)
    return sections(host.live_settings.of_plugin(name))


@routes.put(
    "/admin/plugins/{name}/settings",
    permission=Permission.ADMIN_CONFIG_UPDATE,
    admin=True,
    operation_id="updateInstalledPluginSettings",
)
async def update_settings(host: PluginsKernel, name: str, body: PluginSettingsDto) -> list[InstalledPluginSectionDto]:
    """Replace sections of a plugin's settings, all or none; they hold in every process within a second."""
    changes.found(host.hosting, name)
    await changes.change_settings(host.db, host.live_settings, name, body.sections)
    return sections(host.live_settings.of_plugin(name))


@routes.delete(
    "/admin/plugins/{name}/data",
    permission=Permission.ADMIN_CONFIG_UPDATE,
    admin=True,
    operation_id="purgeInstalledPlugin",
    status=200,
)
async def purge(host: PluginsKernel, name: str) -> PluginPurgedDto:
    """Drop the tables of a plugin that is off or not installed any more, its jobs and its own settings. Files stay."""
    return await changes.purge(host.db, host.hosting, host.job_room.outbox, name)


@routes.post(
    "/admin/plugins/try", permission=Permission.ADMIN_CONFIG_UPDATE, admin=True, operation_id="tryPlugin", status=200
)
async def try_plugin(host: PluginsKernel, caller: Caller, body: PluginSourceDto) -> PluginTrialDto:
    """What a package would bring, and what stands against installing it; it is loaded, but nothing changes."""
    _check_allowed(host)
    async with installing.tried(body.source, _telling(host, caller, body.source)) as candidate:
        return PluginTrialDto(plugins=list(candidate.plugins), findings=list(candidate.findings))


@routes.post(
    "/admin/plugins", permission=Permission.ADMIN_CONFIG_UPDATE, admin=True, operation_id="installPlugin", status=201
)
async def install(host: PluginsKernel, caller: Caller, body: PluginInstallDto) -> PluginsInstalledDto:
    """Install plugins from a package that passes the check; answers when this process has taken them in.

    The event `on_plugin_install` tells the caller of each step. A plugin whose earlier code this process holds
    comes with a new process, which takes this one's place in a moment.
    """
    _check_allowed(host)
    say = _telling(host, caller, body.source)
    async with installing.tried(body.source, say) as candidate:
        before = dict(host.hosting.records)
        await installing.install(host.db, candidate, say, is_enabled=body.enabled)
        fresh = [name for name in candidate.names if name not in before]
        await _followed(host, lambda: all(_settled(host, name, body.enabled) for name in fresh), LOADED_WITHIN)
    there = [name for name in fresh if name in host.hosting.records]
    return PluginsInstalledDto(
        plugins=[await view(host.db, host.hosting, host.live_settings, name) for name in there],
        reloading=[name for name in candidate.names if name not in there],
    )


@routes.delete(
    "/admin/plugins/{name}",
    permission=Permission.ADMIN_CONFIG_UPDATE,
    admin=True,
    operation_id="uninstallPlugin",
    status=200,
)
async def uninstall(host: PluginsKernel, caller: Caller, name: str, query: PluginUninstallDto) -> PluginsUninstalledDto:
    """Switch a plugin off and take its package out of the server's environment; its data stay unless purged."""
    _check_allowed(host)
    changes.found(host.hosting, name)
    plan = await changes.planned(host.db, host.hosting, name, is_enabled=False)

    async def off(names: list[str]) -> None:
        await _followed(host, lambda: not any(host.is_enabled(one) for one in names))

    gone = await installing.uninstall(
        host.db, host.hosting, host.job_room.outbox, name, _telling(host, caller, name), purge=query.purge, off=off
    )
    await _followed(host, lambda: not any(one in host.hosting.records for one in gone), LOADED_WITHIN)
    return PluginsUninstalledDto(names=gone, also_off=[one for one in plan.also_off if one not in gone])


def _check_allowed(host: PluginsKernel) -> None:
    if not host.installs_plugins:
        raise Refused(403, "Plugins are installed on the server's own terminal (IMMICH_HOST_INSTALL_OVER_API)")


def _telling(host: PluginsKernel, caller: Caller, source: str) -> installing.Say:
    async def say(step: str) -> None:
        await host.push.to_user(caller.user_id, "on_plugin_install", {"source": source, "step": step})

    return say


def _settled(host: PluginsKernel, name: str, enabled: bool) -> bool:
    record = host.hosting.records.get(name)
    return record is not None and (not enabled or record.status is not Status.DISABLED)


async def _followed(host: PluginsKernel, reached: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for this process; the answer shows how far it came."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await host.switching.until(reached)
