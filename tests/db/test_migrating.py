"""Running migrations: one plugin's fault is that plugin's alone."""

from pathlib import Path

import asyncpg
import pytest

from immich_host.db.database import Database
from immich_host.db.errors import is_away
from immich_host.db.migrating import App, migrate, stem_faults
from immich_host.testing.servers import Servers

MIGRATION = """
from immich_host.plugin_api.migrations import sql_migration

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "{stem}", app="{app}", forwards="CREATE TABLE {table} (id int)", backwards="DROP TABLE {table}"
)
"""


def an_app(folder: Path, name: str, stem: str) -> App:
    path = folder / name / stem
    path.mkdir(parents=True)
    (path / f"{stem}.py").write_text(MIGRATION.format(stem=stem, app=name, table=f"{name}_things"))
    return App(name, path)


def test_faults_of_stems_name_the_later_app(tmp_path: Path) -> None:
    first = an_app(tmp_path, "zoo", "zoo_a_0001")
    second = an_app(tmp_path, "zoo_a", "zoo_a_0001")
    third = an_app(tmp_path, "yak", "first")
    assert set(stem_faults([first, second, third])) == {"zoo_a", "yak"}


async def test_an_app_with_a_bad_name_stops_no_other(servers: Servers, tmp_path: Path) -> None:
    database = Database(await servers.fresh_database(), max_connections=2)
    await database.connect()
    try:
        good = an_app(tmp_path, "goodone", "goodone_0001")
        bad = an_app(tmp_path, "badone", "first")
        failures = await migrate(database, [bad, good])
        assert list(failures) == ["badone"]
        assert await database.fetchval("SELECT to_regclass('goodone_things')") == "goodone_things"
        assert await database.fetchval("SELECT to_regclass('badone_things')") is None
    finally:
        await database.close()
        await servers.drop_database(database.url)


async def test_plugins_have_the_type_of_vectors(servers: Servers) -> None:
    database = Database(await servers.fresh_database(), max_connections=2)
    await database.connect()
    try:
        assert await database.fetchval("SELECT '[1,2]'::halfvec <=> '[1,2]'::vector::halfvec") == 0
    finally:
        await database.close()
        await servers.drop_database(database.url)


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (asyncpg.ConnectionDoesNotExistError("x"), True),
        (asyncpg.CannotConnectNowError("x"), True),
        (ConnectionRefusedError(), True),
        (asyncpg.UniqueViolationError("x"), False),
        (FileNotFoundError(), False),
    ],
)
def test_which_errors_say_that_the_database_is_away(error: Exception, away: bool) -> None:
    assert is_away(error) is away
