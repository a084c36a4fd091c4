"""Wire models of the plugin routes; the command line prints the same."""

from enum import StrEnum
from typing import Any

from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.types import Timestamp


class InstalledPluginStatus(StrEnum):
    """Where a plugin stands; `absent` is not installed any more, but its data are still there."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    BROKEN = "broken"
    ABSENT = "absent"


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


class PluginSourceDto(Dto):
    """What to install: a package's name, or the path on the server of a wheel or a project folder."""

    source: str


class PluginInstallDto(PluginSourceDto):
    """`enabled` switches the plugin on as well; otherwise a new one stays off, an old one as it was."""

    enabled: bool = False


class PluginCandidateDto(Dto):
    """A plugin that could be installed; `uses` says what it does beyond the plugin API."""

    name: str
    version: str
    title: str
    description: str
    requires: list[str]
    uses: list[str]


class PluginFindingDto(Dto):
    """A rule that a plugin breaks, and how."""

    rule: str
    message: str


class PluginTrialDto(Dto):
    """What a package would bring, and what stands against it."""

    plugins: list[PluginCandidateDto]
    findings: list[PluginFindingDto]


class PluginsInstalledDto(Dto):
    """Plugins that a package brought, as this process has them now; `reloading` where a new process will have them."""

    plugins: list[InstalledPluginDto]
    reloading: list[str]


class PluginsUninstalledDto(Dto):
    """Plugins that are gone with their package, and those that went off with them."""

    names: list[str]
    also_off: list[str]


class PluginUninstallDto(Dto):
    """`purge` drops the plugin's tables and settings first."""

    purge: bool = False
