"""Wire models of the plugin routes; the command line prints the same."""

from enum import StrEnum
from typing import Any

from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.types import Timestamp


class InstalledPluginStatus(StrEnum):
    """Where a plugin stands."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    BROKEN = "broken"


class InstalledPluginJobDto(Dto):
    """A job that a plugin brings; `after` is the fact it runs after, `provides` the milestone it reaches."""

    name: str
    queue: str
    after: str | None
    provides: str | None
    cron: str | None


class InstalledPluginRouteDto(Dto):
    """A route that a plugin serves, below `/api`."""

    method: str
    path: str


class InstalledPluginTableDto(Dto):
    """A table of a plugin that is there, with its indexes' bytes."""

    name: str
    bytes: int


class InstalledPluginSectionDto(Dto):
    """One section of a plugin's settings, under `key` of the settings document."""

    key: str
    json_schema: dict[str, Any]
    defaults: dict[str, Any]
    value: dict[str, Any]


class InstalledPluginDto(Dto):
    """An installed plugin. `wanted` is the administrator's wish, `status` what came of it, and why not."""

    name: str
    title: str
    description: str
    version: str
    api: str
    status: InstalledPluginStatus
    broken_at: str | None
    reason: str
    wanted: bool
    purged_at: Timestamp | None
    requires: list[str]
    required_by: list[str]
    wants: list[str]
    provides: list[str]
    uses: list[str]
    hooks: list[str]
    jobs: list[InstalledPluginJobDto]
    routes: list[InstalledPluginRouteDto]
    tables: list[InstalledPluginTableDto]
    settings: list[InstalledPluginSectionDto]


class PluginSwitchDto(Dto):
    """Whether a plugin shall be on."""

    enabled: bool


class PluginPlanDto(Dto):
    """What a switch does: plugins that go off or come on with it, and what stands against it."""

    name: str
    enabled: bool
    also_off: list[str]
    also_on: list[str]
    obstacle: str | None


class PluginSwitchedDto(Dto):
    """A plugin after its switch, with the plugins that went off or came on with it."""

    plugin: InstalledPluginDto
    also_off: list[str]
    also_on: list[str]


class PluginSweepDto(Dto):
    """Jobs that were asked to run on what they have missed."""

    jobs: list[str]


class PluginSettingsDto(Dto):
    """New values by the keys of sections; what a section does not say takes its default."""

    sections: dict[str, dict[str, Any]]


class PluginPurgedDto(Dto):
    """Tables that are gone, and how many waiting or failed jobs went with them."""

    tables: list[str]
    jobs: int
