"""Tables as the code sees them, compared with those that the migrations make."""

import importlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping

import pytest
from piccolo.columns import Serial
from piccolo.table import Table

from immich_host.db.database import Database
from immich_host.db.migrating import HOST_APP
from immich_host.hosting import Hosting
from immich_host.hosting.apps import all_apps
from immich_host.testing import Servers
from tests.house.sources import all_modules, nothing

TYPES = {
    "Text": {"text", "USER-DEFINED"},
    "Varchar": {"text", "character varying"},
    "UUID": {"uuid"},
    "BigInt": {"bigint"},
    "Integer": {"integer", "smallint"},
    "SmallInt": {"smallint"},
    "Boolean": {"boolean"},
    "Bytea": {"bytea"},
    "DoublePrecision": {"double precision"},
    "Real": {"real"},
    "Timestamptz": {"timestamp with time zone"},
    "Date": {"date"},
    "JSONB": {"jsonb"},
    "Array": {"ARRAY"},
}
"""Piccolo's column -> the types in PostgreSQL that it reads."""


def tables() -> list[type[Table]]:
    found: list[type[Table]] = []
    for module in all_modules():
        if module.path.name == "tables.py":
            names = vars(importlib.import_module(module.name)).values()
            found += [one for one in names if isinstance(one, type) and issubclass(one, Table) and one is not Table]
    return found


@pytest.fixture(scope="module")
async def database(servers: Servers) -> AsyncIterator[Database]:
    url = await servers.fresh_database()
    database = Database(url, max_connections=2)
    await database.connect()
    yield database
    await database.close()
    await servers.drop_database(url)


async def columns(database: Database, table: str) -> Mapping[str, tuple[str, bool]]:
    """Column -> its type and whether it takes null; columns that the database computes are left out."""
    rows = await database.fetch(
        """SELECT column_name, data_type, is_nullable = 'YES' AS takes_null FROM information_schema.columns
           WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER'""",
        table,
    )
    return {row["column_name"]: (row["data_type"], row["takes_null"]) for row in rows}


async def faults(database: Database, table: type[Table]) -> list[str]:
    """What the class says that the database does not."""
    name = table._meta.tablename
    real = await columns(database, name)
    found = [f"{name}.{column} is not described" for column in real.keys() - described(table)]
    for column in table._meta.columns:
        key = column._meta.db_column_name
        if isinstance(column, Serial) and key not in real:
            continue  # Piccolo's own addition to a table whose key has several columns
        kind, takes_null = real.get(key, ("missing", False))
        if kind not in TYPES[type(column).__name__]:
            found.append(f"{name}.{key} is {kind} in the database, {type(column).__name__} in {table.__module__}")
        elif takes_null and not column._meta.null:
            found.append(f"{name}.{key} may be null in the database")
    return found


def described(table: type[Table]) -> set[str]:
    return {column._meta.db_column_name for column in table._meta.columns}


@pytest.mark.parametrize("table", tables(), ids=lambda table: table._meta.tablename)
async def test_a_table_is_described_as_it_is(database: Database, table: type[Table]):
    nothing(await faults(database, table))


def test_no_two_migrations_have_one_name():
    stems = [path.stem for app in all_apps(Hosting()) for path in app.folder.glob("*.py") if path.stem != "__init__"]
    nothing(stem for stem, times in Counter(stems).items() if times > 1)


def test_migrations_begin_with_their_owners_name():
    nothing(
        str(path)
        for app in all_apps(Hosting())
        for path in app.folder.glob("*.py")
        if path.stem != "__init__" and not path.stem.startswith(f"{app.name}_")
    )
    assert any(HOST_APP.folder.glob("host_*.py"))
