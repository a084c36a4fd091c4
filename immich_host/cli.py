"""The command `immich-host`. Each command imports what it needs when it runs, so that all start quickly."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="immich-host",
    help="A photo and video backup server that speaks Immich's API and is made of plugins.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_MENDABLE = {
    "immich_host.runtime.embedded": "NotRunning",
    "immich_host.media.paths": "RootUnusable",
    "immich_host.settings.store": "ConfigFileInvalid",
}
"""Module -> its exception that an operator can mend; not imported for that alone."""

Data = Annotated[Path | None, typer.Option(help="Folder of all data (IMMICH_HOST_DATA; ./data).")]
Host = Annotated[str | None, typer.Option(help="Address to listen on (IMMICH_HOST_HOST; 127.0.0.1).")]
Port = Annotated[int | None, typer.Option(help="Port to listen on (IMMICH_HOST_PORT; 2283).")]


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Options that stand before any command."""
    if version:
        from importlib.metadata import version as version_of

        typer.echo(version_of("immich-host"))
        raise typer.Exit


@app.command()
def serve(host: Host = None, port: Port = None, data: Data = None) -> None:
    """Run everything: database, queue, API and job processes, until Ctrl-C."""
    from immich_host.runtime.serving import serve as run

    run(_settings(host=host, port=port, data=data))


@app.command()
def api(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    fd: Annotated[int | None, typer.Option(help="File descriptor of a socket that listens already.")] = None,
) -> None:
    """Run one process that answers requests."""
    from immich_host.runtime.embedded import connected

    settings = connected(_settings(host=host, port=port, data=data))
    _import_lean()
    from immich_host.app import serve_api

    serve_api(settings, fd=fd, host=settings.host, port=settings.port)


@app.command()
def work(data: Data = None) -> None:
    """Run one process that works on jobs."""
    from immich_host.runtime.embedded import connected

    settings = connected(_settings(data=data))
    _import_lean()
    from immich_host.app import serve_work

    serve_work(settings)


@app.command()
def migrate(data: Data = None) -> None:
    """Bring the database up to date (`serve` does it at every start)."""
    from immich_host.runtime.embedded import database

    settings = _settings(data=data)
    _import_lean()
    with database(settings) as address:
        from immich_host.app import migrate as run

        run(settings.model_copy(update={"database_url": address}))


@app.command()
def doctor(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what is found, in which version, what is missing and how to get it."""
    from immich_host.runtime.doctor import report
    from immich_host.runtime.doctor_view import as_lines, show

    findings = report(_settings(host=host, port=port, data=data))
    if as_json:
        typer.echo(as_lines(findings))
    else:
        show(findings)
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(1)


@app.command()
def openapi() -> None:
    """Print the OpenAPI document of the API, plugins included; needs no running server."""
    import orjson

    from immich_host.app import openapi_document

    typer.echo(orjson.dumps(openapi_document(), option=orjson.OPT_INDENT_2))


def main() -> None:
    """Run the command line; what the operator can mend is said in one line."""
    admin = _admin() if sys.argv[1:2] == ["admin"] else _later()
    app.add_typer(admin, name="admin", help="Users and access, from this machine's terminal.")
    plugins = _plugins() if sys.argv[1:2] == ["plugins"] else _later()
    app.add_typer(plugins, name="plugins", help="Plugins: on and off, what they hold, purge; new ones.")
    add_plugin(*sys.argv[1:2])
    try:
        app()
    except _expected() as problem:
        typer.echo(f"immich-host: {problem}", err=True)
        sys.exit(1)


def add_plugin(word: str = "") -> None:
    """Take in a plugin's commands, `immich-host <plugin> ...`; loaded only when they are asked for."""
    if not word.isidentifier() or word in {"admin", "plugins"} | {
        one.callback.__name__ for one in app.registered_commands if one.callback
    }:
        return
    from immich_host.hosting import Hosting

    for record in Hosting([word]).order:
        group = typer.Typer(help=record.manifest.description if record.manifest else "", no_args_is_help=True)
        for commands in record.brings.commands:
            group.add_typer(commands)
        if record.brings.commands:
            app.add_typer(group, name=record.name)


def _import_lean() -> None:
    """Before anything else imports it: structlog loads rich to show errors in a way that is not used here."""
    from immich_host.runtime.lean import import_lean

    import_lean("structlog", "rich")


def _admin() -> typer.Typer:
    from immich_host.runtime.embedded import database
    from immich_host.users.commands import admin_commands

    admin = admin_commands(lambda: database(_settings()))

    @admin.callback()
    def options(data: Data = None) -> None:
        _settings(data=data)

    return admin


def _plugins() -> typer.Typer:
    from immich_host import authoring
    from immich_host.plugins.commands import plugin_commands
    from immich_host.runtime.embedded import database

    plugins = plugin_commands(lambda: database(_settings()), _queue, lambda: _settings().config_file)
    authoring.add_to(plugins)

    @plugins.callback()
    def options(data: Data = None) -> None:
        _settings(data=data)

    return plugins


def _queue() -> str | None:
    """The address of the queue's server, None while none runs: what waits then is found at the next start."""
    from immich_host.runtime.embedded import NotRunning, connected

    try:
        return connected(_settings()).redis_url
    except NotRunning:
        return None


def _later() -> typer.Typer:
    """Stands for a group in the list of commands, so that listing them imports nothing."""
    return typer.Typer()


def _expected() -> tuple[type[Exception], ...]:
    from immich_host.runtime.binaries import ProgramMissing
    from immich_host.runtime.locks import FolderInUse

    expected: list[type[Exception]] = [ProgramMissing, FolderInUse]
    for module, name in _MENDABLE.items():
        if loaded := sys.modules.get(module):
            expected.append(getattr(loaded, name))
    return tuple(expected)


def _settings(**given: Any) -> Any:
    """The settings; options that were given go before the environment."""
    from pydantic import ValidationError

    from immich_host.runtime.settings import PREFIX, RuntimeSettings

    os.environ.update({f"{PREFIX}{key.upper()}": str(value) for key, value in given.items() if value is not None})
    try:
        return RuntimeSettings()
    except ValidationError as problem:
        for issue in problem.errors():
            name = ".".join(str(part) for part in issue["loc"])
            typer.echo(f"immich-host: {PREFIX}{name.upper()}: {issue['msg']}", err=True)
        raise typer.Exit(1) from None
