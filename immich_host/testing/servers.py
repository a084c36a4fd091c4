"""Real servers for tests: one PostgreSQL and one Valkey a session, a fresh database whenever asked."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from immich_host.db.database import Database
from immich_host.db.migrating import create_database, migrate
from immich_host.hosting import Hosting
from immich_host.hosting.apps import all_apps
from immich_host.runtime.postgres import Postgres
from immich_host.runtime.valkey import Valkey

TEMPLATE = "host_template"
TRIES = 12


@dataclass
class Servers:
    """Addresses of the session's servers."""

    postgres_url: str
    redis_url: str
    _spare: asyncio.Task[str] | None = field(default=None, init=False, repr=False)

    def url(self, database: str) -> str:
        """The address of a database by name."""
        return urlunsplit(urlsplit(self.postgres_url)._replace(path=f"/{database}"))

    async def fresh_database(self) -> str:
        """The address of a new database with the tables of the host and of all installed plugins."""
        spare, self._spare = self._spare, None
        url = await (spare or self._make())
        # made while the test runs that takes this one: in a thread, as the loop stands still during tests that are
        # not asynchronous, and whoever was about to connect would be late
        self._spare = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(self._make())))
        return url

    async def _make(self) -> str:
        name = f"test_{uuid4().hex[:12]}"
        connection = await asyncpg.connect(self.postgres_url)
        for left in reversed(range(TRIES)):
            try:
                await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE} STRATEGY file_copy')
                break
            except asyncpg.ObjectInUseError:  # by autovacuum, which PostgreSQL gives 5 seconds to go away
                if not left:
                    raise
        await connection.close()
        return self.url(name)

    async def drop_database(self, url: str) -> None:
        """Remove a database; connections to it are ended."""
        connection = await asyncpg.connect(self.postgres_url)
        await connection.execute(f'DROP DATABASE IF EXISTS "{urlsplit(url).path.strip("/")}" WITH (FORCE)')
        await connection.close()

    async def settle(self) -> None:
        """Wait for the database that is being made."""
        if self._spare is not None:
            await asyncio.wait({self._spare})


@asynccontextmanager
async def running_servers(folder: Path) -> AsyncIterator[Servers]:
    """Start both servers with their data in `folder`, and stop them in the end."""
    postgres, valkey = Postgres(folder / "postgres", fsync="off"), Valkey(folder / "valkey")
    postgres.start(output=subprocess.DEVNULL)
    valkey.start(output=subprocess.DEVNULL)
    servers = Servers(postgres.uri, valkey.uri)
    try:
        await create_database(servers.url(TEMPLATE))
        database = Database(servers.url(TEMPLATE), max_connections=2)
        await database.connect()
        await migrate(database, all_apps(Hosting()))
        await database.close()
        yield servers
    finally:
        await servers.settle()
        valkey.stop()
        postgres.stop(patience=0.1)  # nobody needs the data written out
