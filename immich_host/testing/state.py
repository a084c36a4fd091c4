"""What a database and a media folder hold, for comparing before with after."""

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from immich_host.db.database import Database
from immich_host.kernel import HostKernel

UNSTABLE = ("update_id", "updated_at")
"""Columns that say when a row was written, and so differ each time."""

_SCHEMA = """
SELECT 'column ' || table_name || '.' || column_name || ' ' || udt_name || ' ' || is_nullable
       || ' ' || coalesce(column_default, '') AS line
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function ' || oid::regprocedure || ' ' || md5(prosrc)
  FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'type ' || t.typname FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
  WHERE t.typnamespace = 'public'::regnamespace AND t.typelem = 0 AND (c.oid IS NULL OR c.relkind = 'c')
"""


@dataclass(frozen=True, slots=True)
class Schema:
    """Tables by name, and a line for every column, index, constraint, trigger, function and type."""

    tables: frozenset[str]
    lines: frozenset[str]


async def schema(database: Database) -> Schema:
    """How the database is built now."""
    tables = await database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    lines = await database.fetch(_SCHEMA)
    return Schema(frozenset(row["tablename"] for row in tables), frozenset(row["line"] for row in lines))


async def rows_and_files(kernel: HostKernel, plugin: str, tables: Iterable[str]) -> dict[str, Any]:
    """Rows of `tables` and of those that begin with the plugin's name, and a checksum of every file."""
    known = await schema(kernel.db)
    wanted = {name for name in known.tables if name in set(tables) or name.startswith(f"{plugin}_")}
    found: dict[str, Any] = {}
    for table in sorted(wanted):
        rows = await kernel.db.fetch(f'SELECT * FROM "{table}"')  # noqa: S608 - a table's own name
        kept = [{key: value for key, value in dict(row).items() if key not in UNSTABLE} for row in rows]
        found[f"table {table}"] = sorted(map(repr, kept))
    return found | await asyncio.to_thread(_files, kernel.paths.root)


def _files(folder: Path) -> dict[str, Any]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
