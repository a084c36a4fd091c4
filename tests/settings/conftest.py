import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest
from pydantic import Field

from immich_host.db.database import Database
from immich_host.db.notices import Notices
from immich_host.hosting import Hosting
from immich_host.hosting.record import Record
from immich_host.plugin_api import Plugin, Refused, Section, hookimpl
from immich_host.settings.catalogue import Catalogue
from immich_host.settings.store import LiveSettings
from immich_host.testing import Servers


class Faces(Section):
    key: ClassVar[str] = "metadata.faces"
    import_: bool = Field(default=False, alias="import")


class Tones(Section):
    key: ClassVar[str] = "tones"
    pitch: int = Field(default=440, ge=1)


@pytest.fixture(scope="module")
async def db(servers: Servers) -> AsyncIterator[Database]:
    database = Database(await servers.fresh_database())
    await database.connect()
    yield database
    await database.close()
    await servers.drop_database(database.url)


class Tuner:
    """A plugin `tones` with settings, and what its hooks were told."""

    def __init__(self) -> None:
        self.told: list[tuple[Section, Section]] = []
        self.hooks = ModuleType("tones.hooks")

        @hookimpl
        async def settings_check(old: Section, new: Section) -> None:
            if isinstance(new, Tones) and new.pitch == 666:
                raise Refused(400, "That pitch is not played here")

        @hookimpl
        async def settings_changed(old: Section, new: Section) -> None:
            self.told.append((old, new))

        @hookimpl
        async def api_features(user) -> dict[str, bool]:
            return {"smartSearch": True}

        for hook in (settings_check, settings_changed, api_features):
            setattr(self.hooks, hook.__name__, hook)


class Process:
    """What one process of the server has of the settings."""

    def __init__(self, db: Database, config_file: Path | None = None) -> None:
        self.tuner = Tuner()
        self.hosting = Hosting([])
        self.hosting.adopt([Record("tones", manifest=Plugin("tones"), hooks=self.tuner.hooks)])
        self.catalogue = Catalogue()
        self.catalogue.add(Faces, "tones")
        self.catalogue.add(Tones, "tones")
        self.notices = Notices(db.url)
        self.live = LiveSettings(db, self.notices, self.hosting, self.catalogue, config_file)
        self.changes: asyncio.Queue[frozenset[type[Section]]] = asyncio.Queue()
        self.live.on_change(self._changed)

    async def _changed(self, sections: frozenset[type[Section]]) -> None:
        await self.changes.put(sections)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Process"]:
        await self.hosting.converge(set(), {})
        await self.notices.start()
        await self.live.start()
        yield self
        await self.notices.stop()
        await self.live.stop()


@pytest.fixture
async def process(db: Database) -> AsyncIterator[Process]:
    await db.execute("DELETE FROM system_metadata")
    async with Process(db).running() as one:
        yield one


@pytest.fixture
async def other(db: Database, process: Process) -> AsyncIterator[Process]:
    async with Process(db).running() as one:
        yield one
