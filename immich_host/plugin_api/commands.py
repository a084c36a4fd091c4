"""What a plugin's commands are given: `ctx.obj` of typer's context is a `CommandLine`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from immich_host.plugin_api.settings import Section


class CommandLine(Protocol):
    """The host on a terminal: no server need run, and no database until settings are asked for."""

    def brought(self, hook: str, /) -> Mapping[str, Any]:
        """Plugin -> what it answers to a register hook of one's own, of all that are installed."""
        ...

    def folder(self, plugin: str, /) -> Path:
        """A plugin's own folder in the server's data, which may not be there yet."""
        ...

    def settings[S: Section](self, section: type[S]) -> S:
        """A settings section as it is stored; the embedded database runs meanwhile, where it is down.

        Raises:
            typer.Exit: The database cannot be used, which was said.
        """
        ...
