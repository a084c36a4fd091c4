"""Runs migrations: one Piccolo app per plugin, in order, under an advisory lock."""

import importlib.util
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import structlog
from piccolo.apps.migrations.tables import Migration

from immich_host.db.database import Database
from immich_host.db.engine import ENGINE
from immich_host.db.undoing import Done, can_note, created_in, forget, note, noted, tables_there
from immich_host.plugin_api.migrations import BACKWARDS

log = structlog.get_logger("db.migrations")

HOST_FOLDER = Path(__file__).parent / "migrations"
_LOCK = "immich-host migrations"
_PURGED = "SELECT name FROM plugin_state WHERE purged_at IS NOT NULL"


class DuplicateMigration(Exception):
    """Two migration files have one stem; both places are named."""


@dataclass(frozen=True, slots=True)
class App:
    """A set of migrations: an app's name and the folder with its files."""

    name: str
    folder: Path


HOST_APP = App("host", HOST_FOLDER)


def stem_faults(apps: Sequence[App]) -> dict[str, str]:
    """Apps with a file stem that is another's already, or does not start with the app's name, and which.

    Piccolo imports migrations by bare stem, so the second of two equal ones would never run.
    """
    seen: dict[str, str] = {}
    faults: dict[str, str] = {}
    for app in apps:
        for file in migration_files(app):
            if not file.stem.startswith(app.name + "_"):
                faults[app.name] = f"{file}: the name of a migration of {app.name} starts with {app.name}_"
            elif file.stem in seen:
                faults[app.name] = f"migration {file.stem} exists in {seen[file.stem]} and in {app.name}"
            seen.setdefault(file.stem, app.name)
    return faults


def migration_files(app: App) -> list[Path]:
    """The app's migration files in order of application."""
    return sorted(p for p in app.folder.glob("*.py") if not p.name.startswith("_"))


def _load(file: Path) -> ModuleType:
    name = f"immich_host_migrations.{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        msg = f"cannot import {file}"
        raise ImportError(msg)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    if file.stem != module.ID:
        msg = f"{file}: a migration's ID is its file's stem, not {module.ID}"
        raise DuplicateMigration(msg)
    return module


async def migrate(database: Database, apps: Sequence[App]) -> dict[str, str]:
    """Bring every app's tables up to date; returns app -> error for those that failed.

    Each migration and its record are one transaction. An app that fails keeps what it had; the
    others go on. A failure of the host's own app is raised. After the host's app, those whose data
    were purged are left out: their tables come back when they are switched on.
    """
    failures = stem_faults(apps)
    if HOST_APP.name in failures:
        raise DuplicateMigration(failures[HOST_APP.name])
    purged: set[str] = set()
    async with database.dedicated() as lock:
        await lock.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", _LOCK)
        await Migration.create_table(if_not_exists=True).run()
        for app in apps:
            if app.name in purged or app.name in failures:
                continue
            try:
                await _forwards(database, app)
            except Exception as error:
                if app.name == HOST_APP.name:
                    raise
                log.exception("migrations failed", plugin=app.name)
                failures[app.name] = f"{type(error).__name__}: {error}"
            if app.name == HOST_APP.name:
                purged = {row["name"] for row in await database.fetch(_PURGED)}
    return failures


async def pending(database: Database, app: App) -> list[str]:
    """The app's migrations that have not run, by id."""
    rows = await database.fetch("SELECT name FROM migration WHERE app_name = $1", app.name)
    done = {row["name"] for row in rows}
    return [file.stem for file in migration_files(app) if file.stem not in done]


async def _forwards(database: Database, app: App) -> None:
    done = set(await Migration.get_migrations_which_ran(app_name=app.name))
    is_noted = app.name != HOST_APP.name and await can_note(database)
    known = await noted(database, app.name) if is_noted else set[str]()
    for file in migration_files(app):
        if file.stem in done:
            if is_noted and file.stem not in known:  # it ran before there were notes
                await note(database, _done(app, _load(file), created_in(file)))
            continue
        module = _load(file)
        async with ENGINE.transaction():
            before = await tables_there(database)
            manager = await module.forwards()
            with redirect_stdout(StringIO()):  # Piccolo prints its progress; ours goes to the log
                await manager.run()
            await Migration.insert().add(Migration(name=module.ID, app_name=app.name)).run()
            if is_noted:
                await note(database, _done(app, module, await tables_there(database) - before))
        log.info("migrated", app=app.name, migration=module.ID)


def _done(app: App, module: ModuleType, tables: set[str]) -> Done:
    return Done(app.name, module.ID, getattr(module.forwards, BACKWARDS, None), tables)


async def purge(database: Database, app: App) -> None:
    """Run an app's migrations backwards, newest first; its tables are gone afterwards."""
    async with database.dedicated() as lock:
        await lock.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", _LOCK)
        done = set(await Migration.get_migrations_which_ran(app_name=app.name))
        for file in reversed(migration_files(app)):
            if file.stem not in done:
                continue
            module = _load(file)
            async with ENGINE.transaction():
                manager = await module.forwards()
                with redirect_stdout(StringIO()):
                    await manager.run(backwards=True)
                await Migration.delete().where((Migration.name == module.ID) & (Migration.app_name == app.name)).run()
                await forget(database, app.name, module.ID)


async def create_database(url: str) -> None:
    """Create the database that `url` names where it is missing (needs the right to do so).

    Raises:
        asyncpg.PostgresError: It neither exists nor can be made.
    """
    try:
        connection = await asyncpg.connect(url)
    except asyncpg.InvalidCatalogNameError:
        parts = urlsplit(url)
        connection = await asyncpg.connect(urlunsplit(parts._replace(path="/postgres")))
        await connection.execute(f'CREATE DATABASE "{parts.path.strip("/")}"')
    await connection.close()
