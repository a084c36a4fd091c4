"""Commands that plugins bring, on the command line: found by manifest, loaded only when they are asked for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from immich_host.hosting import Hosting, Record
from immich_host.hosting.discovery import installed, manifest_of
from immich_host.plugin_api.settings import Section

if TYPE_CHECKING:
    from immich_host.runtime.settings import RuntimeSettings
    from immich_host.server.job_terminal import Terminal


@dataclass(frozen=True, slots=True)
class Line:
    """Implements the plugins' `CommandLine`."""

    read: "Callable[[], RuntimeSettings]"
    terminal: "Callable[[], Terminal]"

    def brought(self, hook: str, /) -> Mapping[str, Any]:
        """What installed plugins answer to a register hook of a plugin."""
        return Hosting().brought(hook)

    def folder(self, plugin: str, /) -> Path:
        """A plugin's own folder in the data folder."""
        return self.read().plugin_folder(plugin)

    def settings[S: Section](self, section: type[S]) -> S:
        """A section as it is in the database."""
        return self.terminal().run(lambda outside: outside.settings()).settings(section)


def words() -> dict[str, str]:
    """Command that stands at the top -> the plugin that brings it, the first by name; loads only manifests."""
    found: dict[str, str] = {}
    for point in installed():
        manifest = manifest_of(point)
        for word in manifest.commands if manifest else ():
            found.setdefault(word, point.name)
    return found


def add_plugin(app: typer.Typer, word: str) -> None:
    """Take in the commands of the plugin of that name, or of the one that brings a command of that name."""
    plugin = word if any(point.name == word for point in installed()) else words().get(word)
    if plugin is None:
        return
    (record,) = Hosting([plugin]).order
    if not record.brings.commands:
        if record.reason:
            typer.echo(f"immich-host: the plugin {plugin} cannot be used: {record.reason}", err=True)
        return
    app.add_typer(group_of(record), name=plugin)
    for commands in at_top(record):
        app.add_typer(commands)


def group_of(record: Record) -> typer.Typer:
    """All of a plugin's commands, as they stand below its name."""
    group = typer.Typer(help=record.manifest.description if record.manifest else "", no_args_is_help=True)
    for commands in record.brings.commands:
        group.add_typer(commands)
    return group


def at_top(record: Record) -> Iterator[typer.Typer]:
    """Those that stand beside the host's own."""
    top = set(record.manifest.commands) if record.manifest else set()
    return (commands for commands in record.brings.commands if names_of(commands) <= top)


def names_of(commands: typer.Typer) -> set[str]:
    """The words by which an app of a plugin is called: its own name, or those of its commands."""
    if isinstance(commands.info.name, str):
        return {commands.info.name}
    return {
        one.name or (one.callback.__name__.replace("_", "-") if one.callback else "")
        for one in commands.registered_commands
    }
