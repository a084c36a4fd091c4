"""The database port: SQL with `$1` parameters, transactions that nest, callbacks after commit."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

type Row = Any
"""An asyncpg record: index by column name or position."""


class Database(Protocol):
    """What the host gives a plugin to reach PostgreSQL.

    Statements run on the connection of the surrounding `transaction()`, else on one of the pool.
    uuid columns are `UUID`, timestamps are aware datetimes, jsonb is text.
    """

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        """All rows; keep the result bounded."""
        ...

    async def fetchrow(self, sql: str, *args: Any) -> Row | None:
        """The first row, or None."""
        ...

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first column of the first row, or None."""
        ...

    async def execute(self, sql: str, *args: Any) -> str:
        """Run a statement; returns the command tag, e.g. `UPDATE 3`."""
        ...

    async def execute_apart(self, sql: str, /, **settings: str) -> str:
        """Run a statement that cannot be part of a transaction, such as CREATE INDEX CONCURRENTLY or VACUUM.

        On a connection of its own, with these settings of PostgreSQL (`maintenance_work_mem="256MB"`), however
        long it takes. A caller that is cancelled cancels it.
        """
        ...

    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once per row of arguments."""
        ...

    def stream(self, sql: str, *args: Any, prefetch: int = 1000) -> AsyncIterator[Row]:
        """Rows by a server-side cursor, in a read transaction of its own."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """A transaction, or a savepoint inside one; an exception rolls back."""
        ...

    def planned(self) -> AbstractAsyncContextManager[None]:
        """A transaction in which PostgreSQL plans every statement for its own arguments.

        Otherwise it may plan, from the sixth time on, for any arguments: many times slower where one owner has a
        million rows and another ten. Costs three round trips and the planning: for statements that read much.
        Inside another transaction it holds until that one ends.
        """
        ...

    def try_lock(self, name: str) -> AbstractAsyncContextManager[bool]:
        """Hold the lock `name` among all processes, if it is free; yields whether it is held.

        For what is to run in one process only, however long: begin the name with the plugin's. It is free again
        when the block or the process ends. Should the database be restarted meanwhile, the lock is lost and
        another may take it: twice must be as good as once.
        """
        ...

    def lock(self, name: str) -> AbstractAsyncContextManager[None]:
        """Hold the lock `name` among all processes, after whoever holds it now; otherwise as `try_lock`.

        For what only one process may do at a time, such as moving files about. Not inside a transaction
        that others could wait for.
        """
        ...

    def on_commit(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Run after the outermost transaction has committed; outside one, as a task at once."""
        ...
