"""Routes of the tag Plugins (admin): Immich has none of them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from immich_host.hosting import Status
from immich_host.jobs.room import Jobs
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Routes
from immich_host.plugins import changes
from immich_host.plugins.answers import overview, sections, view
from immich_host.plugins.dto import (
    InstalledPluginDto,
    InstalledPluginSectionDto,
    PluginPlanDto,
    PluginPurgedDto,
    PluginSettingsDto,
    PluginSweepDto,
    PluginSwitchDto,
    PluginSwitchedDto,
)
from immich_host.settings.store import SettingsKernel

routes = Routes("Plugins (admin)")

PATIENCE: Final = 5.0
"""Seconds that a switch waits for this process to follow; it goes on afterwards."""


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


@routes.get("/admin/plugins", permission=Permission.ADMIN_CONFIG_READ, admin=True, operation_id="getInstalledPlugins")
async def plugins(host: PluginsKernel) -> list[InstalledPluginDto]:
    """All installed plugins, broken ones with their reason."""
    return await overview(host.db, host.hosting, host.live_settings)


@routes.get(
    "/admin/plugins/{name}", permission=Permission.ADMIN_CONFIG_READ, admin=True, operation_id="getInstalledPlugin"
)
async def plugin(host: PluginsKernel, name: str) -> InstalledPluginDto:
    """One plugin."""
    changes.found(host.hosting, name)
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
    with suppress(TimeoutError):  # the answer shows how far it came
        async with asyncio.timeout(PATIENCE):
            await host.switching.until(
                lambda: host.switching.turns > turns and record.status in {wanted, Status.BROKEN}
            )
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
    """Drop the tables of a plugin that is off, its jobs and its own settings. Files stay."""
    return await changes.purge(host.db, host.hosting, host.job_room.outbox, name)
