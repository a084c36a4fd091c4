"""The host of one process, put together: database, plugins, settings, jobs, ports."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from redis.asyncio import Redis

from immich_host.assets.files import Files
from immich_host.assets.importing import Importing
from immich_host.assets.port import Assets
from immich_host.assets.stacking import Stacks
from immich_host.assets.store import READ_SECONDS, asset_json, asset_responses, discard, mark_deleted, owners_view
from immich_host.db.database import Database
from immich_host.db.notices import Notices
from immich_host.hosting import Hosting, Record
from immich_host.jobs.room import Jobs, JobSettings
from immich_host.media.incoming import Incoming
from immich_host.media.paths import MediaPaths
from immich_host.nightly import HOST_JOBS, Nightly
from immich_host.plugin_api.settings import Section
from immich_host.realtime.listeners import listeners
from immich_host.realtime.push import Push
from immich_host.runtime.settings import RuntimeSettings, cores
from immich_host.settings.catalogue import assembled
from immich_host.settings.store import JobSection, LiveSettings, ServerSection
from immich_host.switching import Switching
from immich_host.users.port import Users
from immich_host.wire.access import Access

log = structlog.get_logger("kernel")


class HostKernel:
    """Implements `wire.kernel.Kernel` and the plugins' `Host`; one per process.

    Use `await start()`, and `await stop()` in the end.
    """

    def __init__(
        self,
        settings: RuntimeSettings,
        *,
        only: Iterable[str] | None = None,
        records: Iterable[Record] = (),
        hand_over: bool = True,
    ) -> None:
        """Build, but connect nothing yet.

        Args:
            settings: The addresses of database and queue, and the media root.
            only: Names of installed plugins to load; all where None.
            records: Plugins that are not installed, in addition.
            hand_over: Give jobs to the queue; otherwise they wait for `job_room.drain()`.

        Raises:
            ValueError: No address of the database or of the queue.
        """
        if settings.database_url is None or settings.redis_url is None:
            msg = "IMMICH_HOST_DATABASE_URL and IMMICH_HOST_REDIS_URL must be set"
            raise ValueError(msg)
        self.runtime = settings
        self.db = Database(settings.database_url)
        self.notices = Notices(settings.database_url)
        self.redis = Redis.from_url(settings.redis_url)
        self.paths = MediaPaths(settings.media_folder)
        self.incoming = Incoming(self.paths)
        self.hosting = Hosting(only)
        self.hosting.adopt(records)
        self.hosting.attach(self)
        self.access = Access(self.db, self.hosting)
        self.live_settings = LiveSettings(
            self.db, self.notices, self.hosting, assembled(self.hosting), settings.config_file
        )
        self.push = Push(settings.redis_url)
        self.job_room = self._jobs(settings.redis_url if hand_over else None)
        self.jobs = self.job_room.outbox
        self.assets = self._assets()
        self.stacks = Stacks(self.db, self.publish, self.push)
        self.users = Users(self.db, self.paths)
        self.files = Files(self.db, self.paths, self.jobs, self.publish)
        self.binaries = settings.binaries()
        self.switching = Switching(self)
        for fact, listener in listeners(owners_view).items():
            self.hosting.listen(fact, partial(listener, self))

    def _jobs(self, redis_url: str | None) -> Jobs:
        nightly = Nightly(self)
        room = Jobs(
            self.db,
            self.hosting,
            lambda: self,
            redis_url=redis_url,
            settings=JobSettings(
                concurrency=lambda queue: self.settings(JobSection).of(queue),
                cron=nightly.cron,
                memory=self.runtime.work_memory,
            ),
        )
        room.registry.add(*HOST_JOBS, nightly.job)
        return room

    def _assets(self) -> Assets:
        return Assets(
            self.db,
            self.paths,
            self.publish,
            Importing(self.db, self.incoming, self.hosting.guard, self.publish),
            partial(mark_deleted, self),
            partial(discard, self, delay=READ_SECONDS),
            partial(asset_responses, self),
            partial(asset_json, self),
        )

    # -- start and stop

    async def start(self) -> None:
        """Connect, read the settings, switch plugins on. The database must be migrated.

        Raises:
            OSError, asyncpg.PostgresError: The database cannot be reached.
            ConfigFileInvalid: The configuration file cannot be used.
            RootUnusable: The media root cannot be used.
        """
        self.paths.prepare()
        await self.db.connect()
        await self.notices.start()
        await self.live_settings.start()
        await self.switching.start()
        for record in self.hosting.order:
            log.info(
                "plugin", name=record.name, version=record.version, status=record.status.value, reason=record.reason
            )

    async def stop(self) -> None:
        """Stop plugins and let go of every connection."""
        await self.switching.stop()
        await self.hosting.stop()
        self.incoming.close()
        await self.live_settings.stop()
        await self.job_room.close()
        await self.push.close()
        await self.notices.stop()
        await self.redis.aclose()
        await self.db.close()

    # -- ports

    def settings[S: Section](self, section: type[S]) -> S:
        """The current value of a settings section."""
        return self.live_settings.get(section)

    async def publish(self, fact: str, /, **arguments: Any) -> None:
        """Publish a fact; inside a transaction it is delivered after commit.

        Raises:
            LookupError: No such fact is specified.
        """
        if not self.hosting.knows(fact):
            msg = f"no fact is called {fact}"
            raise LookupError(msg)
        await self.job_room.outbox.publish(fact, **arguments)

    async def gather(self, hook: str, /, **arguments: Any) -> dict[str, Any]:
        """Ask the plugins that are on by a gather hook; errors are the caller's.

        Raises:
            LookupError: No such hook is specified.
        """
        if not self.hosting.knows(hook):
            msg = f"no hook is called {hook}"
            raise LookupError(msg)
        return await self.hosting.gather(hook, strict=True, **arguments)

    def brought(self, hook: str, /) -> Mapping[str, Any]:
        """What plugins answer to another plugin's register hook, also while they are off."""
        return self.hosting.brought(hook)

    def folder(self, plugin: str, /) -> Path:
        """A folder of a plugin's own in the data folder."""
        folder = self.runtime.plugin_folder(plugin)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def external_domain(self) -> str:
        """Address that links begin with; empty where none is set."""
        return self.settings(ServerSection).external_domain.strip().rstrip("/")

    @property
    def memory_limit(self) -> int:
        """Bytes that this process may hold; 0 for any amount."""
        return self.runtime.work_memory

    @property
    def cores(self) -> int:
        """This process's share of the cores."""
        return max(1, cores() // self.runtime.work_processes)

    @property
    def installs_plugins(self) -> bool:
        """Whether administrators may install plugins over the API."""
        return self.runtime.install_over_api

    def is_enabled(self, plugin: str) -> bool:
        """Whether a plugin is on in this process."""
        return self.hosting.is_enabled(plugin)
