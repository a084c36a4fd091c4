"""The jobs room from outside the server's processes: for commands on the terminal of the machine."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, cast

import asyncpg
import orjson
import typer

from immich_host.db.database import Database
from immich_host.db.errors import DATABASE_FAILS
from immich_host.db.notices import Notices
from immich_host.hosting import Hosting
from immich_host.jobs.room import Jobs
from immich_host.plugin_api import Host, Job, Section
from immich_host.plugin_api.errors import Refused
from immich_host.plugins.store import stand_in
from immich_host.server.job_dto import WorkQueueDto
from immich_host.settings.store import LiveSettings, assembled

FAILED: Final = 1
"""Exit code of what could not be done."""

FAILURES: Final = 3
"""Exit code of what was done, where jobs have been given up."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where commands find the database, the queue's server (None while none runs) and the configuration file.

    `jobs` are the host's own, which no plugin brings.
    """

    address: Callable[[], AbstractContextManager[str]]
    queue: Callable[[], str | None] = lambda: None
    config_file: Callable[[], Path | None] = lambda: None
    jobs: Sequence[Job] = ()

    def run[T](self, work: Callable[["Outside"], Awaitable[T]]) -> T:
        """Do work on the database; on failure say why on stderr and exit with 1."""
        try:
            with self.address() as url:
                return asyncio.run(self._connected(url, work))
        except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError):
            fail("the database is empty or older than this program: start the server once with `immich-host serve`")
        except DATABASE_FAILS as error:
            fail(f"the database cannot be used: {error}")
        except Refused as error:
            fail(error.message)

    async def _connected[T](self, url: str, work: Callable[["Outside"], Awaitable[T]]) -> T:
        db = Database(url, max_connections=2)
        room: Jobs | None = None
        try:
            await db.connect()
            hosting = Hosting()
            await stand_in(db, hosting)
            room = Jobs(db, hosting, _nobody, redis_url=self.queue())
            room.registry.add(*self.jobs)
            return await work(Outside(db, hosting, room, self.config_file()))
        finally:
            if room is not None:
                await room.close()
            await db.close()


@dataclass(frozen=True, slots=True)
class Outside:
    """Jobs as requested and left by the server's processes; none runs here."""

    db: Database
    hosting: Hosting
    room: Jobs
    config_file: Path | None

    def check(self, queue: str) -> str:
        """The name of a queue that there is; ends the command otherwise."""
        names = self.room.counts.names()
        if queue not in names:
            fail(f"no queue is called {queue}; there are {', '.join(names)}")
        return queue

    async def settings(self) -> Host:
        """A host that has its settings and nothing else, for jobs to say what their results depend on."""
        live = LiveSettings(self.db, Notices(self.db.url), self.hosting, assembled(self.hosting), self.config_file)
        await live.start()
        return cast("Host", _SettingsOnly(live))


@dataclass(frozen=True, slots=True)
class _SettingsOnly:
    _live: LiveSettings

    def settings[S: Section](self, section: type[S]) -> S:
        return self._live.get(section)


def _nobody() -> Host:
    """No job runs here."""
    raise RuntimeError


def fail(message: str) -> NoReturn:
    """Say why on stderr and end with 1."""
    typer.echo(message, err=True)
    raise typer.Exit(FAILED)


def as_json(value: Any) -> str:
    """For programs: models, or lists of them."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_INDENT_2).decode()


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", by_alias=True)


def is_at_work(queue: WorkQueueDto) -> bool:
    """Whether a queue holds anything that is still to be done now."""
    return queue.statistics.active + queue.statistics.waiting > 0
