"""What plugins' migrations have made, and how to undo it, kept in the database: their files may go with the plugin."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from immich_host.db.database import Database

HOST = "host"
_CREATED = re.compile(r'CREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"?(\w+)"?', re.IGNORECASE)


class CannotUndo(Exception):
    """How to undo a migration is not known; the message says of which."""


@dataclass(frozen=True, slots=True)
class Done:
    """A migration that has run, and the tables that it made; without `backwards` it cannot be undone from here."""

    plugin: str
    migration: str
    backwards: str | None
    tables: Collection[str]


def created_in(file: Path) -> set[str]:
    """Tables that a migration's file names in a CREATE TABLE."""
    return {name.lower() for name in _CREATED.findall(file.read_text())}


async def tables_there(db: Database) -> set[str]:
    """All tables."""
    rows = await db.fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace"
    )
    return {row["relname"] for row in rows}


async def can_note(db: Database) -> bool:
    """Whether the host's own migrations have come so far."""
    return await db.fetchval("SELECT to_regclass('plugin_migration') IS NOT NULL")


async def noted(db: Database, plugin: str) -> set[str]:
    """A plugin's migrations that are noted."""
    rows = await db.fetch("SELECT migration FROM plugin_migration WHERE plugin = $1", plugin)
    return {row["migration"] for row in rows}


async def note(db: Database, done: Done) -> None:
    """Note a migration, in the transaction in which it runs."""
    await db.execute(
        """INSERT INTO plugin_migration (plugin, migration, backwards, tables) VALUES ($1, $2, $3, $4)
           ON CONFLICT (plugin, migration) DO UPDATE SET backwards = excluded.backwards, tables = excluded.tables""",
        done.plugin,
        done.migration,
        done.backwards,
        sorted(done.tables),
    )


async def forget(db: Database, plugin: str, migration: str) -> None:
    """A migration is undone."""
    await db.execute("DELETE FROM plugin_migration WHERE plugin = $1 AND migration = $2", plugin, migration)


async def made(db: Database) -> dict[str, set[str]]:
    """Plugin -> tables that its migrations have made; also plugins that are gone, and those without any table."""
    rows = await db.fetch(
        """SELECT app_name AS plugin, '{}'::text[] AS tables FROM migration WHERE app_name <> $1
           UNION ALL SELECT plugin, tables FROM plugin_migration""",
        HOST,
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["plugin"], set()).update(row["tables"])
    return found


async def undo(db: Database, plugin: str) -> None:
    """Run the noted scripts of a plugin backwards, newest first, all or none.

    Nothing is dropped but by these scripts: a table of somebody else that refers to one of the plugin's stops it.

    Raises:
        CannotUndo: One of its migrations is not noted, or is no script.
        asyncpg.PostgresError: A script failed; nothing has changed.
    """
    rows = await db.fetch(
        """SELECT name, backwards FROM migration LEFT JOIN plugin_migration ON plugin = app_name AND migration = name
           WHERE app_name = $1 ORDER BY plugin_migration.id DESC""",
        plugin,
    )
    unknown = sorted(row["name"] for row in rows if row["backwards"] is None)
    if unknown:
        raise CannotUndo(f"it is not known how to undo {', '.join(unknown)}")
    async with db.transaction():
        for row in rows:
            await db.execute(row["backwards"])
            await forget(db, plugin, row["name"])
            await db.execute("DELETE FROM migration WHERE app_name = $1 AND name = $2", plugin, row["name"])
