"""The settings of a running server, and this room's door for other domains."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

import orjson
import structlog

from immich_host.db.database import Database
from immich_host.db.notices import Notices
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.settings import Section
from immich_host.plugin_api.web import Caller
from immich_host.settings.catalogue import HOST, IMMICH_KEYS, Catalogue, Reading, assembled, dumped
from immich_host.settings.documents import Document, difference, merge, nested
from immich_host.settings.dto_admin import AdminConfigDto
from immich_host.settings.sections import (
    HOST_SECTIONS,
    JobSection,
    LoggingSection,
    NewVersionCheckSection,
    NightlyTasksSection,
    PasswordLoginSection,
    ServerSection,
    ThemeSection,
    TrashSection,
    UserSection,
)
from immich_host.wire.issues import VALIDATION_FAILED
from immich_host.wire.kernel import Kernel

__all__ = [
    "HOST_SECTIONS",
    "ConfigFileInvalid",
    "JobSection",
    "LiveSettings",
    "LoggingSection",
    "NewVersionCheckSection",
    "NightlyTasksSection",
    "PasswordLoginSection",
    "ServerSection",
    "SettingsKernel",
    "ThemeSection",
    "TrashSection",
    "UserSection",
    "assembled",
    "dumped",
    "features",
]

log = structlog.get_logger("settings")

KEY = "system-config"
"""Key of the row in `system_metadata`; it holds only what differs from the defaults."""

type Changed = Callable[[frozenset[type[Section]]], Awaitable[None]]
"""Told after sections have changed, in every process; an error is logged."""


class ConfigFileInvalid(ValueError):
    """The configuration file cannot be used; the message says why."""


class Hooks(Protocol):
    """How the owners of sections are asked and told; `Hosting` does it."""

    async def settings_hook(self, plugin: str, hook: str, old: Section, new: Section) -> None:
        """Call `settings_check` or `settings_changed` of the section's owner."""
        ...


class LiveSettings:
    """All settings, in memory; a change in any process or in the database holds here within a second."""

    def __init__(
        self, db: Database, notices: Notices, hooks: Hooks, catalogue: Catalogue, config_file: Path | None = None
    ) -> None:
        """With a `config_file` (JSON) that file says everything, and nothing can be changed."""
        self.catalogue = catalogue
        self.config_file = config_file
        self._db = db
        self._hooks = hooks
        self._reading = catalogue.read({})
        self._listeners: list[Changed] = []
        self._generation = 0
        self._reload: asyncio.Task[None] | None = None
        self._again = False
        if config_file is None:
            notices.subscribe("system_metadata", self._noticed)

    async def start(self) -> None:
        """Read the settings; the sections of all plugins are in the catalogue by now.

        Raises:
            ConfigFileInvalid: The configuration file is unreadable or not valid.
        """
        if self.config_file is not None:
            self._reading = await asyncio.to_thread(self._read_file, self.config_file)
        else:
            self._reading = self._read(await self._stored())

    async def take_in(self, catalogue: Catalogue) -> None:
        """Go on with other sections: plugins have come or gone. Nobody is told of changes.

        Raises:
            ConfigFileInvalid: The configuration file does not fit the new sections.
        """
        self._generation += 1
        self.catalogue = catalogue
        await self.start()

    async def stop(self) -> None:
        """End a reload that is under way."""
        if self._reload:
            self._reload.cancel()
            await asyncio.wait({self._reload})

    def get[S: Section](self, section: type[S]) -> S:
        """The current value of a section.

        Raises:
            KeyError: Nobody registered the section.
        """
        return cast("S", self._reading.sections[section])

    def of_plugin(self, plugin: str) -> dict[str, Section]:
        """The sections that a plugin owns, by key."""
        owners = self.catalogue.owners
        return {section.key: value for section, value in self._reading.sections.items() if owners[section] == plugin}

    @property
    def config(self) -> AdminConfigDto:
        """Immich's document as it is."""
        return self._reading.config

    @property
    def default_config(self) -> AdminConfigDto:
        """Immich's document of defaults."""
        return AdminConfigDto.model_validate(self.catalogue.defaults)

    def on_change(self, listener: Changed) -> None:
        """Call `listener` after changes, in this process."""
        self._listeners.append(listener)

    async def update(self, config: AdminConfigDto) -> AdminConfigDto:
        """Replace Immich's document; parts that it does not know stay. Returns the new one.

        Raises:
            Refused: 400 - not valid, a plugin refuses, or a configuration file is in use.
        """
        known = {key: value for key, value in dumped(config).items() if key in IMMICH_KEYS}
        return await self._change(known)

    async def update_section(self, section: Section) -> None:
        """Replace one section; refusals as in `update`."""
        await self._change(nested(section.key, dumped(section)))

    async def _change(self, wanted: Document) -> AdminConfigDto:
        if self.config_file is not None:
            raise Refused(400, f"The settings come from the file {self.config_file.name} and are changed there")
        async with self._db.transaction():
            await self._db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", KEY)
            old = self._read(await self._stored())
            new = self.catalogue.read(merge(old.document, wanted))
            if new.faults:
                raise Refused(400, VALIDATION_FAILED, new.faults)
            for section, before, after in _changes(old, new):
                await self._call_hook(section, "settings_check", before, after)
            await self._save(difference(new.document, self.catalogue.defaults))
            self._db.on_commit(self._changed_here)
        return new.config

    async def _changed_here(self) -> None:
        """Once a change of this process holds, everybody here has been told, whoever of two tasks did so."""
        new = self._read(await self._stored())
        # one that has begun meanwhile may be telling the same
        while self._reload and not self._reload.done() and self._reload is not asyncio.current_task():
            await asyncio.wait({self._reload})
            new = self._read(await self._stored())
        await self._adopt(new)

    async def _adopt(self, new: Reading) -> None:
        """Make a reading the current one and tell everybody here what changed."""
        self._generation += 1
        old, self._reading = self._reading, new
        changes = _changes(old, new)
        for section, before, after in changes:
            try:
                await self._call_hook(section, "settings_changed", before, after)
            except Exception:
                log.exception("a plugin failed to take its new settings", section=section.key)
        if changes or old.config != new.config:
            await self._tell(frozenset(section for section, _, _ in changes))

    async def _tell(self, sections: frozenset[type[Section]]) -> None:
        for listener in self._listeners:
            try:
                await listener(sections)
            except Exception:
                log.exception("a listener for changed settings failed")

    async def _call_hook(self, section: type[Section], hook: str, old: Section, new: Section) -> None:
        owner = self.catalogue.owners[section]
        if owner != HOST:
            await self._hooks.settings_hook(owner, hook, old, new)

    def _noticed(self, keys: frozenset[str] | None) -> None:
        if keys is not None and KEY not in keys:
            return
        if self._reload is None or self._reload.done():
            self._reload = asyncio.ensure_future(self._load_again())
        else:
            self._again = True

    async def _load_again(self) -> None:
        self._again = True
        while self._again:
            self._again = False
            generation = self._generation
            try:
                new = self._read(await self._stored())
                if generation == self._generation:
                    await self._adopt(new)
                else:  # a change made here meanwhile is newer than what was read
                    self._again = True
            except Exception:  # the database is away; its return is noticed and tries again
                log.warning("the settings could not be read again", exc_info=True)

    def _read(self, stored: Mapping[str, Any]) -> Reading:
        reading = self.catalogue.read(stored)
        for fault in reading.faults:
            log.warning("a setting is not valid and counts as its default", **fault)
        return reading

    async def _stored(self) -> Document:
        value = await self._db.fetchval("SELECT value FROM system_metadata WHERE key = $1", KEY)
        found = orjson.loads(value) if value else {}
        return found if isinstance(found, dict) else {}

    async def _save(self, changed: Document) -> None:
        if not changed:
            await self._db.execute("DELETE FROM system_metadata WHERE key = $1", KEY)
            return
        await self._db.execute(
            "INSERT INTO system_metadata (key, value) VALUES ($1, $2) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            KEY,
            orjson.dumps(changed).decode(),
        )

    def _read_file(self, file: Path) -> Reading:
        try:
            document = orjson.loads(file.read_bytes())
        except (OSError, ValueError) as error:
            raise ConfigFileInvalid(f"the configuration file {file} cannot be read: {error}") from error
        if not isinstance(document, dict):
            raise ConfigFileInvalid(f"the configuration file {file} does not hold a JSON object")
        reading = self.catalogue.read(document)
        if reading.faults:
            wrong = "; ".join(f"{'.'.join(map(str, _path(f)))}: {f['message']}" for f in reading.faults)
            raise ConfigFileInvalid(f"the configuration file {file} is not valid: {wrong}")
        return reading


def _path(fault: Mapping[str, object]) -> list[object]:
    path = fault["path"]
    return path if isinstance(path, list) else []


def _changes(old: Reading, new: Reading) -> list[tuple[type[Section], Section, Section]]:
    return [
        (section, old.sections[section], value)
        for section, value in new.sections.items()
        if section in old.sections and old.sections[section] != value
    ]


class SettingsKernel(Kernel, Protocol):
    """A kernel with the live settings."""

    @property
    def live_settings(self) -> LiveSettings:
        """All settings."""
        ...


async def features(host: SettingsKernel, caller: Caller | None) -> dict[str, bool]:
    """What this server can do: the host's own flags, and those of plugins that are on."""
    live = host.live_settings
    own = {
        "configFile": live.config_file is not None,
        "passwordLogin": live.get(PasswordLoginSection).enabled,
        "trash": live.get(TrashSection).enabled,
    }
    return await host.hosting.gather("api_features", user=caller) | own
