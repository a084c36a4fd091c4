"""Plugins on the terminal."""

import sys
from collections.abc import Iterator, Sequence

import orjson
from rich.console import Console
from rich.table import Table

from immich_host.plugins.dto import InstalledPluginDto

_UNITS = "B", "kB", "MB", "GB", "TB"
_STYLES = {"enabled": "green", "disabled": "dim", "broken": "red", "absent": "yellow"}


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 200, highlight=False)


def size(number: int) -> str:
    """Bytes for people."""
    value, unit = float(number), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.3g} {_UNITS[unit]}"


def show_table(plugins: Sequence[InstalledPluginDto]) -> None:
    """One line a plugin."""
    table = Table("Name", "Version", "Status", "Tables", "Description", "Reason", box=None)
    for one in plugins:
        status = f"[{_STYLES[one.status]}]{_status(one)}[/]"
        held = size(sum(table.bytes for table in one.tables)) if one.tables else ""
        table.add_row(one.name, one.version, status, held, _plain(one.description), _plain(one.reason))
    _console().print(table)


def show_one(plugin: InstalledPluginDto) -> None:
    """All about one plugin."""
    table = Table(box=None, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for word, value in _facts(plugin):
        if value:
            table.add_row(word, _plain(value))
    _console().print(table)


def _facts(plugin: InstalledPluginDto) -> Iterator[tuple[str, str]]:
    yield "Name", plugin.name
    yield "Title", plugin.title
    yield "Description", plugin.description
    yield "Version", f"{plugin.version} (plugin API {plugin.api})"
    yield "Status", _status(plugin) + (f": {plugin.reason}" if plugin.reason else "")
    yield "Requires", ", ".join(plugin.requires)
    yield "Required by", ", ".join(plugin.required_by)
    yield "Wants", ", ".join(plugin.wants)
    yield "Provides", ", ".join(plugin.provides)
    yield "Makes use of", ", ".join(plugin.uses)
    yield "Hooks", ", ".join(plugin.hooks)
    yield "Jobs", "\n".join(f"{job.name} in the queue {job.queue}{_when(job.after, job.cron)}" for job in plugin.jobs)
    yield "Routes", "\n".join(f"{route.method} /api{route.path}" for route in plugin.routes)
    yield "Tables", "\n".join(f"{table.name} {size(table.bytes)}" for table in plugin.tables)
    yield "Settings", "\n".join(f"{one.key} {orjson.dumps(one.value).decode()}" for one in plugin.settings)


def _status(plugin: InstalledPluginDto) -> str:
    if plugin.purged_at:
        return "purged"
    return f"{plugin.status} ({plugin.broken_at})" if plugin.broken_at else str(plugin.status)


def _when(after: str | None, cron: str | None) -> str:
    return (f", after {after}" if after else "") + (f", at {cron}" if cron else "")


def _plain(text: str) -> str:
    """Brackets of the text are no markup."""
    return text.replace("[", "\\[")
