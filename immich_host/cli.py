"""The command `immich-host`. Each command imports what it needs when it runs, so that all start quickly."""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

if Path(sys.argv[0]).name in {"immich-host", "__main__.py"}:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # while all this is imported, a Ctrl-C just ends it

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

_LASTING = {"RootUnusable", "ConfigFileInvalid"}
"""Those that come again at every start until somebody has mended them."""

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

    _logs_aside()
    typer.echo(orjson.dumps(openapi_document(), option=orjson.OPT_INDENT_2))


def main() -> None:
    """Run the command line; what the operator can mend is said in one line."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _run() -> None:
    admin = _admin() if sys.argv[1:2] == ["admin"] else _later()
    app.add_typer(admin, name="admin", help="Users and access, from this machine's terminal.")
    plugins = _plugins() if sys.argv[1:2] == ["plugins"] else _later()
    app.add_typer(plugins, name="plugins", help="Plugins: on and off, what they hold, purge; new ones.")
    jobs = _jobs() if sys.argv[1:2] == ["jobs"] else _later()
    app.add_typer(jobs, name="jobs", help="Jobs: queues, what runs, what failed and why.")
    line = _add_plugins(*sys.argv[1:2])
    try:
        app(obj=line)
    except _expected() as problem:
        typer.echo(f"immich-host: {problem}", err=True)
        sys.exit(_exit_code(problem))


def _exit_code(problem: Exception) -> int:
    """What tells the supervisor whether trying again can help."""
    if type(problem).__name__ not in _LASTING:
        return 1
    from immich_host.runtime.child import UNUSABLE

    return UNUSABLE


def _add_plugins(word: str = "--help") -> Any:
    """Take in the commands of the plugin that is asked for, or the names of all where the list of commands is.

    Returns:
        What plugins' commands get as `ctx.obj`; None where none is asked for.
    """
    known = {"admin", "plugins", "jobs"} | {each.callback.__name__ for each in app.registered_commands if each.callback}
    if word in known or word == "--version":
        return None
    _logs_aside()
    from immich_host.plugin_commands import Line, add_plugin, words

    if word.startswith("-"):
        for name, plugin in words().items():
            app.add_typer(_later(), name=name, help=f"Of the plugin {plugin}.")
        return None
    add_plugin(app, word)
    return Line(_settings, _terminal)


def _import_lean() -> None:
    """Before anything else imports it: structlog loads rich to show errors in a way that is not used here."""
    from immich_host.runtime.lean import import_lean

    import_lean("structlog", "rich")


def _logs_aside() -> None:
    from immich_host.runtime.logs import aside

    aside()


def _admin() -> typer.Typer:
    _logs_aside()
    from immich_host.runtime.embedded import database
    from immich_host.users.commands import admin_commands

    admin = admin_commands(lambda: database(_settings()))

    @admin.callback()
    def options(data: Data = None) -> None:
        _settings(data=data)

    return admin


def _plugins() -> typer.Typer:
    _logs_aside()
    from immich_host import authoring
    from immich_host.plugins.commands import plugin_commands
    from immich_host.runtime.embedded import database

    plugins = plugin_commands(lambda: database(_settings()), _queue, lambda: _settings().config_file)
    authoring.add_to(plugins)

    @plugins.callback()
    def options(data: Data = None) -> None:
        _settings(data=data)

    return plugins


def _terminal() -> Any:
    from immich_host.nightly import HOST_JOBS
    from immich_host.runtime.embedded import database
    from immich_host.server.job_terminal import Terminal

    return Terminal(lambda: database(_settings()), _queue, lambda: _settings().config_file, HOST_JOBS)


def _jobs() -> typer.Typer:
    _logs_aside()
    from immich_host.server.job_commands import job_commands

    jobs = job_commands(_terminal())

    @jobs.callback()
    def options(data: Data = None) -> None:
        _settings(data=data)

    return jobs


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
