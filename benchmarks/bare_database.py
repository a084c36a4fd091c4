"""The database alone in the place of a host, to learn which statements a plugin's functions run."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import asyncpg

from immich_host.assets.json_responses import asset_json
from immich_host.assets.responses import asset_responses
from immich_host.media.paths import MediaPaths
from immich_host.plugin_api.web import Caller


@dataclass
class Bare:
    """Stands for the host: statements run on one connection and are kept."""

    connection: asyncpg.Connection
    media: Path
    url: str = ""
    ran: list[tuple[str, str, tuple[Any, ...]]] = field(default_factory=list)
    seconds: float = 0.0
    """In the database, so far."""

    def __getattr__(self, name: str) -> Any:
        if name in ("fetch", "fetchrow", "fetchval", "execute"):
            return partial(self._run, name)
        raise AttributeError(name)

    async def _run(self, name: str, sql: str, *args: Any) -> Any:
        self.ran.append((name, sql, args))
        begin = time.perf_counter()
        try:
            return await getattr(self.connection, name)(sql, *args)
        finally:
            self.seconds += time.perf_counter() - begin

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Its statements are kept too."""
        await self._run("execute", "BEGIN")
        yield
        await self._run("execute", "COMMIT")

    async def execute_apart(self, sql: str, **settings: str) -> str:
        """On a connection of its own."""
        connection = await asyncpg.connect(self.url, server_settings=settings)
        try:
            return await connection.execute(sql)
        finally:
            await connection.close()

    @property
    def db(self) -> Any:
        """The database is this."""
        return self

    @property
    def paths(self) -> MediaPaths:
        """Where files lie."""
        return MediaPaths(self.media)

    @property
    def files(self) -> Any:
        """Where the media folder is."""
        return SimpleNamespace(media_root=self.media)

    @property
    def access(self) -> Any:
        """Nobody has partners."""

        async def timeline_owners(caller: Caller) -> set[UUID]:
            return {caller.user_id}

        return SimpleNamespace(timeline_owners=timeline_owners)

    async def progress(self, *_: object) -> None:
        """Nobody looks."""

    @property
    def host(self) -> Any:
        """For a job this is the host too."""
        return self

    @property
    def assets(self) -> Any:
        """The host's own functions, on this."""
        host: Any = self
        return SimpleNamespace(
            answers=lambda caller, ids, **options: asset_responses(host, ids, caller, **options),
            answers_json=lambda caller, ids, **options: asset_json(host, ids, caller, **options),
        )

    async def again(self) -> float:
        """Run the kept statements; the seconds that it took."""
        begin = time.perf_counter()
        for name, sql, args in self.ran:
            await getattr(self.connection, name)(sql, *args)
        return time.perf_counter() - begin
