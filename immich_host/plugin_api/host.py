"""The host as a plugin sees it: one object with the ports."""

from pathlib import Path
from typing import Any, Protocol

from immich_host.plugin_api.assets import AssetsPort
from immich_host.plugin_api.database import Database
from immich_host.plugin_api.files import FilesPort
from immich_host.plugin_api.jobs import JobsPort
from immich_host.plugin_api.push import PushPort
from immich_host.plugin_api.settings import Section
from immich_host.plugin_api.stacks import StacksPort


class BinariesPort(Protocol):
    """Programs that the host found; absolute paths."""

    @property
    def ffmpeg(self) -> Path:
        """The ffmpeg program."""
        ...

    @property
    def ffprobe(self) -> Path:
        """The ffprobe program."""
        ...

    @property
    def exiftool(self) -> Path:
        """The exiftool program (needs Perl)."""
        ...


class Host(Protocol):
    """Given to `plugin_started`, to jobs (`ctx.host`) and to route handlers that ask for it."""

    @property
    def db(self) -> Database:
        """SQL and transactions."""
        ...

    @property
    def assets(self) -> AssetsPort:
        """Reading assets, writing host-owned columns."""
        ...

    @property
    def stacks(self) -> StacksPort:
        """Putting assets together."""
        ...

    @property
    def files(self) -> FilesPort:
        """Derived files."""
        ...

    @property
    def jobs(self) -> JobsPort:
        """Requesting jobs."""
        ...

    @property
    def push(self) -> PushPort:
        """Events to clients."""
        ...

    @property
    def binaries(self) -> BinariesPort:
        """External programs."""
        ...

    def settings[S: Section](self, section: type[S]) -> S:
        """The current value of a settings section; changes arrive in every process within a second."""
        ...

    async def publish(self, fact: str, /, **arguments: Any) -> None:
        """Publish a fact; inside a transaction it is delivered after commit."""
        ...

    def is_enabled(self, plugin: str) -> bool:
        """Whether a plugin that this one `wants` is there and on."""
        ...
