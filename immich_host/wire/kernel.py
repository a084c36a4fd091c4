"""The host as its own domains see it: what plugins get, and the rooms below the domains."""

from collections.abc import Sequence
from typing import Any, Protocol

from redis.asyncio import Redis

from immich_host.db.database import Database
from immich_host.db.notices import Notices
from immich_host.hosting import Hosting
from immich_host.media.incoming import Incoming
from immich_host.media.paths import MediaPaths
from immich_host.plugin_api.host import Host
from immich_host.plugin_api.jobs import JobsPort
from immich_host.wire.access import Access


class HostJobs(JobsPort, Protocol):
    """The jobs port, and what only the host's own domains need of it."""

    async def publish_each(self, fact: str, /, many: Sequence[dict[str, Any]]) -> None:
        """Publish a fact once per set of arguments, for the cost of one."""
        ...


class Kernel(Host, Protocol):
    """What a host route's handler gets as `host: Kernel`; `immich_host.app` builds it."""

    @property
    def jobs(self) -> HostJobs:
        """Requests of jobs, and facts by the hundred."""
        ...

    @property
    def db(self) -> Database:
        """SQL, transactions, advisory locks."""
        ...

    @property
    def notices(self) -> Notices:
        """Change notices from PostgreSQL."""
        ...

    @property
    def redis(self) -> Redis:
        """The Valkey or Redis server."""
        ...

    @property
    def hosting(self) -> Hosting:
        """Plugins and their hooks."""
        ...

    @property
    def access(self) -> Access:
        """Object rights."""
        ...

    @property
    def paths(self) -> MediaPaths:
        """The media root and its layout."""
        ...

    @property
    def incoming(self) -> Incoming:
        """This process's folder for uploads that are being received; API processes open it."""
        ...
