"""Migrations in SQL: the four names that Piccolo reads from a migration file, in one call."""

from collections.abc import Awaitable, Callable

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

BACKWARDS = "immich_host_backwards"
"""Attribute of a migration's `forwards` with the script that undoes it."""


def sql_migration(
    migration_id: str, *, app: str, forwards: str, backwards: str, description: str = ""
) -> tuple[str, str, str, Callable[[], Awaitable[MigrationManager]]]:
    """Make a migration of two SQL scripts, run inside the migration's transaction.

    Use in a file whose stem is the id and starts with the plugin's name:
    `ID, VERSION, DESCRIPTION, forwards = sql_migration("faces_0001_people", app="faces", ...)`.

    Args:
        migration_id: Unique, sorts in the order of application.
        app: The plugin's name.
        forwards: SQL script, any number of statements.
        backwards: SQL script that undoes it, for purge.
        description: Shown in the list of migrations.

    Returns:
        ID, VERSION, DESCRIPTION and the `forwards` coroutine function.
    """

    async def build() -> MigrationManager:
        manager = MigrationManager(migration_id=migration_id, app_name=app, description=description)
        manager.add_raw(_runner(forwards))
        manager.add_raw_backwards(_runner(backwards))
        return manager

    setattr(build, BACKWARDS, backwards)
    return migration_id, "1", description, build


def _runner(script: str) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        engine = engine_finder()
        transaction = engine.current_transaction.get() if engine else None
        if transaction is None:
            msg = "a migration runs inside a transaction of the host's engine"
            raise RuntimeError(msg)
        await transaction.connection.execute(script)

    return run
