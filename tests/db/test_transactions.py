"""Transactions that join others, and work that is done once at their end."""

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from immich_host.db.database import Database
from immich_host.db.errors import DATABASE_FAILS
from immich_host.testing.waiting import PATIENCE


@pytest.fixture
async def db(servers):
    database = Database(await servers.fresh_database())
    await database.connect()
    await database.execute("CREATE TABLE noted (name text PRIMARY KEY)")
    yield database
    await database.close()


async def names(db: Database) -> set[str]:
    return {row["name"] for row in await db.fetch("SELECT name FROM noted")}


async def note(db: Database, name: str) -> None:
    async with db.joining():
        await db.execute("INSERT INTO noted VALUES ($1)", name)


async def test_joined_work_is_kept_or_undone_with_what_is_around_it(db):
    await note(db, "alone")
    async with db.transaction():
        await note(db, "together")
    with suppress(KeyError):
        async with db.transaction():
            await note(db, "undone")
            raise KeyError
    assert await names(db) == {"alone", "together"}


async def test_an_error_of_joined_work_is_one_of_the_whole(db):
    await note(db, "twice")

    async def go_on_after_an_error() -> None:
        async with db.transaction():
            with suppress(asyncpg.UniqueViolationError):
                await note(db, "twice")
            await note(db, "after it")

    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        await go_on_after_an_error()
    assert await names(db) == {"twice"}


async def test_what_is_given_for_the_end_is_done_once_inside_the_transaction(db):
    done: list[list[Any]] = []

    async def write(items: list[Any]) -> None:
        done.append(items)
        await db.executemany("INSERT INTO noted VALUES ($1)", [(item,) for item in items])

    async def fail_at_the_end() -> None:
        async with db.transaction():
            await db.execute("INSERT INTO noted VALUES ('b')")
            for item in "ab":
                db.at_end(write, item)

    with pytest.raises(asyncpg.UniqueViolationError):
        await fail_at_the_end()
    assert await names(db) == set()
    async with db.transaction():
        db.at_end(write, "a")
        async with db.transaction():
            db.at_end(write, "b")
        assert len(done) == 1
    assert done[1:] == [["a", "b"]]
    assert await names(db) == {"a", "b"}


async def test_what_a_savepoint_gave_goes_with_it(db):
    done: list[Any] = []

    async def write(items: list[Any]) -> None:
        done.extend(items)

    async with db.transaction():
        db.at_end(write, "kept")
        with suppress(KeyError):
            async with db.transaction():
                db.at_end(write, "dropped")
                raise KeyError
    assert done == ["kept"]


async def test_the_end_of_no_transaction_cannot_be_waited_for(db):
    async def write(items: list[Any]) -> None:
        raise AssertionError(items)

    with pytest.raises(RuntimeError, match="no transaction"):
        db.at_end(write, "never")


async def lose_the_connection(db: Database) -> None:
    async with db.transaction():
        pid = await db.fetchval("SELECT pg_backend_pid()")
        async with db.dedicated() as other:
            await other.execute("SELECT pg_terminate_backend($1)", pid)
        await db.execute("INSERT INTO noted VALUES ('lost')")


async def test_a_task_whose_connection_was_killed_in_a_transaction_goes_on_with_another(db):
    with pytest.raises(DATABASE_FAILS):
        await lose_the_connection(db)
    assert not db.in_transaction()
    await note(db, "after it")
    assert await names(db) == {"after it"}


async def test_commits_that_fail_keep_no_connection(db):
    await db.execute("ALTER TABLE noted ADD of text REFERENCES noted DEFERRABLE INITIALLY DEFERRED")
    for _ in range(20):  # more than the pool has
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            async with db.transaction():
                await db.execute("INSERT INTO noted VALUES ('child', 'nobody')")
        assert not db.in_transaction()
    async with asyncio.timeout(PATIENCE):
        assert await names(db) == set()


async def test_a_statement_apart_has_its_settings_to_itself(db):
    await db.execute_apart("CREATE INDEX CONCURRENTLY noted_backwards ON noted (reverse(name))")
    assert await db.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 'noted_backwards'::regclass")
    await db.execute_apart(
        "INSERT INTO noted SELECT current_setting('maintenance_work_mem')", maintenance_work_mem="77MB"
    )
    assert await names(db) == {"77MB"}
    assert await db.fetchval("SHOW maintenance_work_mem") != "77MB"


async def test_a_statement_apart_is_cancelled_with_its_caller(db):
    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
    task = asyncio.create_task(db.execute_apart("SELECT pg_sleep(600)"))
    async with asyncio.timeout(PATIENCE):
        while not await db.fetchval(running):  # noqa: ASYNC110 - the server tells nobody that it has begun
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while await db.fetchval(running):  # noqa: ASYNC110 - nor that it has ended
            await asyncio.sleep(0.01)


async def test_ids_sort_by_the_time_of_their_rows(db):
    rows = await db.fetch(
        """SELECT immich_uuid_v7('2024-01-01 00:00:00+00'::timestamptz + n * interval '100 microseconds') AS id
           FROM generate_series(1, 40) AS n ORDER BY n"""
    )
    ids = [row["id"] for row in rows]
    assert ids == sorted(ids)


async def test_statements_are_planned_for_their_arguments_where_that_is_asked_for(db):
    reading = "SELECT count(*) FROM noted WHERE name = $1"

    async def plans_for_any() -> int:
        for number in range(10):
            await db.fetchval(reading, str(number))
        return await db.fetchval("SELECT generic_plans FROM pg_prepared_statements WHERE statement = $1", reading)

    async with db.planned():
        assert await plans_for_any() == 0
    assert await db.fetchval("SHOW plan_cache_mode") == "auto"
    async with db.transaction():
        assert await plans_for_any() > 0
