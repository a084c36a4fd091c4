"""`immich-host plugins`: what there is, on, off and purged, on the terminal of the machine; no server need run."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from pathlib import Path

import asyncpg
import typer

from immich_host.db.database import Database
from immich_host.db.errors import DATABASE_FAILS
from immich_host.hosting import Hosting
from immich_host.jobs.room import Jobs
from immich_host.plugin_api import Host
from immich_host.plugin_api.errors import Refused
from immich_host.plugins import changes, store
from immich_host.plugins.dto import InstalledPluginDto
from immich_host.plugins.install_commands import add_installing
from immich_host.plugins.showing import show_one, show_table
from immich_host.plugins.terminal import Json, Name, Outside, Run, Yes, and_others, ask, fail
from immich_host.plugins.terminal import as_json as json_text

type Address = Callable[[], AbstractContextManager[str]]
"""Opens the database for as long as the block lasts and gives its address."""

type Queue = Callable[[], str | None]
"""The address of the queue's server, None while none runs."""


def plugin_commands(
    address: Address, queue: Queue = lambda: None, config_file: Callable[[], Path | None] = lambda: None
) -> typer.Typer:
    """The commands, on the database that `address` opens."""
    app = typer.Typer(
        help="Plugins: list them, switch them on and off, purge what they have stored.", no_args_is_help=True
    )

    def run[T](work: Callable[[Outside], Awaitable[T]]) -> T:
        return _run(address, config_file, work)

    _looking(app, run)
    _switching(app, run)
    _purging(app, run)
    _sweeping(app, run, queue)
    add_installing(app, run)
    return app


def _run[T](address: Address, config_file: Callable[[], Path | None], work: Callable[[Outside], Awaitable[T]]) -> T:
    """Do work on the database; on failure say why on stderr and exit with 1."""

    async def connected(url: str) -> T:
        db = Database(url, max_connections=2)
        try:
            await db.connect()
            hosting = Hosting()
            await store.stand_in(db, hosting)
            return await work(Outside(db, hosting, config_file()))
        finally:
            await db.close()

    try:
        with address() as url:
            return asyncio.run(connected(url))
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError):
        fail("the database is empty or older than this program: start the server once with `immich-host serve`")
    except DATABASE_FAILS as error:
        fail(f"the database cannot be used: {error}")
    except Refused as error:
        fail(error.message)


def _looking(app: typer.Typer, run: Run) -> None:
    @app.command("list")
    def list_plugins(as_json: Json = False) -> None:
        """List the plugins, with what keeps them off, and those that are gone but have left data behind."""
        shown: list[InstalledPluginDto] = run(Outside.shown)
        if as_json:
            typer.echo(json_text([one.model_dump(mode="json", by_alias=True) for one in shown]))
        else:
            show_table(shown)

    @app.command()
    def info(name: Name, as_json: Json = False) -> None:
        """Show all about a plugin: hooks, jobs, routes, tables with their sizes, settings."""
        plugins: list[InstalledPluginDto] = run(Outside.shown)
        shown = next((one for one in plugins if one.name == name), None)
        if shown is None:
            fail(f"No plugin is called {name}")
        if as_json:
            typer.echo(json_text(shown.model_dump(mode="json", by_alias=True)))
        else:
            show_one(shown)


def _switching(app: typer.Typer, run: Run) -> None:
    @app.command()
    def enable(name: Name) -> None:
        """Switch a plugin on; processes that run follow within 2 seconds."""

        async def work(outside: Outside) -> None:
            plan = await changes.switch(outside.db, outside.hosting, name, is_enabled=True)
            typer.echo(f"{and_others(name, plan.also_on)} on")

        run(work)

    @app.command()
    def disable(name: Name, yes: Yes = False) -> None:
        """Switch a plugin off, and those that require it; asks when there are any. What they have stored stays."""

        async def work(outside: Outside) -> None:
            plan = await changes.planned(outside.db, outside.hosting, name, is_enabled=False)
            if plan.also_off and not yes:
                ask(f"{', '.join(plan.also_off)} will go off with {name}. Go on?")
            await changes.switch(outside.db, outside.hosting, name, is_enabled=False)
            typer.echo(f"{and_others(name, plan.also_off)} off")

        run(work)


def _purging(app: typer.Typer, run: Run) -> None:
    @app.command()
    def purge(name: Name, yes: Yes = False) -> None:
        """Drop the tables of a plugin, its jobs and own settings; asks first. Files stay.

        It is off, or not installed any more: what was noted when its tables were made tells how they are dropped.
        """

        async def work(outside: Outside) -> None:
            await changes.check_purge(outside.db, outside.hosting, name)
            tables = (await store.tables(outside.db, outside.hosting)).get(name, {})
            if not yes:
                ask(f"{_tables(sorted(tables))} of {name} and all that is in them will be gone. Go on?")
            gone = await changes.purge(outside.db, outside.hosting, None, name)
            typer.echo(f"{name} is purged: {_tables(gone.tables)} dropped")

        run(work)


def _tables(names: list[str]) -> str:
    return f"the tables {', '.join(names)}" if names else "no tables"


def _sweeping(app: typer.Typer, run: Run, queue: Queue) -> None:
    @app.command()
    def sweep(name: Name) -> None:
        """Run a plugin's jobs on what they have missed while it was off; workers do it."""

        async def work(outside: Outside) -> None:
            if not changes.found(outside.hosting, name).is_enabled:
                raise Refused(changes.CONFLICT, f"{name} is off")
            room = Jobs(outside.db, outside.hosting, _nobody, redis_url=queue())
            try:
                asked = await room.commands.request_missing(name)
            finally:
                await room.close()
            typer.echo(
                f"asked for: {', '.join(asked)}" if asked else f"{name} has no jobs that look for what is missing"
            )

        run(work)


def _nobody() -> Host:
    """No job runs here."""
    raise RuntimeError
