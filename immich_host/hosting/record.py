"""What the host knows of a plugin: what it brings, and whether it is on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any

from immich_host.plugin_api.jobs import Job
from immich_host.plugin_api.manifest import Manifest
from immich_host.plugin_api.markers import PROJECT
from immich_host.plugin_api.settings import Section
from immich_host.plugin_api.sync import SyncStream
from immich_host.plugin_api.web import Routes

_IMPLEMENTS = f"{PROJECT}_impl"
"""Attribute with which `hookimpl` marks functions."""


class Status(StrEnum):
    """Where a plugin stands."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    BROKEN = "broken"


class Stage(StrEnum):
    """What a broken plugin failed in."""

    LOAD = "load"
    CHECK = "check"
    SETTINGS = "settings"
    MIGRATION = "migration"


CONFLICT = "conflict"
"""In place of a stage, where a plugin is on, but something of it is left out because another gives the same."""


@dataclass(slots=True)
class Brings:
    """What a plugin registered; collected once, kept while it is off."""

    settings: Sequence[type[Section]] = ()
    migrations: Path | None = None
    jobs: Sequence[Job] = ()
    routes: Sequence[Routes] = ()
    sync: Sequence[SyncStream] = ()
    commands: Sequence[Any] = ()
    pages: Sequence[tuple[str, Path]] = ()


@dataclass(slots=True)
class Record:
    """One installed plugin. `reason` says why it is broken, what keeps it off, or what of it is left out.

    `fingerprint` tells one installed state of its files from another; empty where it is not installed by pip.
    """

    name: str
    version: str = ""
    fingerprint: str = ""
    manifest: Manifest | None = None
    hooks: ModuleType | None = None
    status: Status = Status.DISABLED
    broken_at: Stage | None = None
    reason: str = ""
    brings: Brings = field(default_factory=Brings)

    @property
    def is_enabled(self) -> bool:
        """Whether its hooks, routes and jobs are live in this process."""
        return self.status is Status.ENABLED

    @property
    def hook_names(self) -> list[str]:
        """The hooks that it implements."""
        return sorted(self._implementations())

    def implementation(self, hook: str) -> Callable[..., Any] | None:
        """Its function for a hook, whether the plugin is on or off."""
        return self._implementations().get(hook)

    def _implementations(self) -> dict[str, Callable[..., Any]]:
        found: dict[str, Callable[..., Any]] = {}
        for name, value in vars(self.hooks).items() if self.hooks else ():
            if options := getattr(value, _IMPLEMENTS, None):
                found[options["specname"] or name] = value
        return found

    def break_at(self, stage: Stage, reason: str) -> None:
        """Mark the plugin broken; it stays listed, with its reason."""
        self.status = Status.BROKEN
        self.broken_at = stage
        self.reason = reason

    def mend(self) -> None:
        """It is broken no longer, and off until it is switched on."""
        self.status, self.broken_at, self.reason = Status.DISABLED, None, ""
