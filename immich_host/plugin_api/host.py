"""The host as a plugin sees it: one object with the ports."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from immich_host.plugin_api.access import AccessPort
from immich_host.plugin_api.assets import AssetsPort
from immich_host.plugin_api.database import Database
from immich_host.plugin_api.files import FilesPort
from immich_host.plugin_api.jobs import JobsPort
from immich_host.plugin_api.push import PushPort
from immich_host.plugin_api.settings import Section
from immich_host.plugin_api.stacks import StacksPort
from immich_host.plugin_api.users import UsersPort


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
    def access(self) -> AccessPort:
        """Rights to objects."""
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
    def users(self) -> UsersPort:
        """Accounts as others see them."""
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

    async def gather(self, hook: str, /, **arguments: Any) -> dict[str, Any]:
        """Ask the plugins that are on by `asset_filter` or a hook of one's own (`register_facts`); all mappings in one.

        An error of one of them is raised. Where two give one key, the first in order is taken.
        """
        ...

    def brought(self, hook: str, /) -> Mapping[str, Any]:
        """Plugin -> what it answers to a register hook of one's own (`register_facts`), also while it is off.

        One whose answer fails is logged and left out.
        """
        ...

    def folder(self, plugin: str, /) -> Path:
        """A folder of the plugin's own in the server's data, for what is no one's photo: made if need be."""
        ...

    @property
    def external_domain(self) -> str:
        """Address that links in mails and the like begin with, without a slash at its end; empty where none is set."""
        ...

    @property
    def memory_limit(self) -> int:
        """Bytes that this process may hold; 0 for any amount. A job process beyond it is started again."""
        ...

    @property
    def cores(self) -> int:
        """Cores that this process may keep busy when all job processes are at work."""
        ...

    def is_enabled(self, plugin: str) -> bool:
        """Whether a plugin that this one `wants` is there and on."""
        ...
