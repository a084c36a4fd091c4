"""SQL for everybody: pooled connections, nesting transactions, work after commit, change notices."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import asyncpg
import structlog

from immich_host.db.engine import ENGINE

log = structlog.get_logger("db")

type AfterCommit = Callable[[], Awaitable[None]]
type AtEnd = Callable[[list[Any]], Awaitable[None]]

_after_commit: ContextVar[list[AfterCommit] | None] = ContextVar("after_commit", default=None)
_at_end: ContextVar[list[tuple[AtEnd, Any]] | None] = ContextVar("at_end", default=None)


async def _keep(_connection: asyncpg.Connection) -> None:
    """In place of asyncpg's reset: nothing here leaves session state behind, and it costs a round trip."""


class Database:
    """Implements the database port (`plugin_api.database.Database`) on Piccolo's engine and pool."""

    def __init__(self, url: str, *, max_connections: int = 8) -> None:
        self.url = url
        self._max = max_connections
        self._tasks: set[asyncio.Future[None]] = set()

    async def connect(self) -> None:
        """Open the pool.

        Raises:
            OSError, asyncpg.PostgresError: The server cannot be reached or refuses.
        """
        ENGINE.config = {"dsn": self.url}
        await ENGINE.start_connection_pool(
            min_size=1, max_size=self._max, reset=_keep, max_inactive_connection_lifetime=20.0
        )

    async def close(self) -> None:
        """Wait for after-commit work and close the pool."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if ENGINE.pool:
            await ENGINE.close_connection_pool()

    @property
    def pool(self) -> asyncpg.Pool:
        """The pool, for a connection of one's own (advisory locks, LISTEN use `dedicated`)."""
        if ENGINE.pool is None:
            msg = "the database is not connected"
            raise RuntimeError(msg)
        return ENGINE.pool

    def in_transaction(self) -> bool:
        """Whether the caller runs inside `transaction()`."""
        return ENGINE.current_transaction.get() is not None

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        current = ENGINE.current_transaction.get()
        if current is not None:
            yield current.connection
        else:
            async with self.pool.acquire() as connection:
                yield connection

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        """All rows."""
        async with self._connection() as connection:
            return await connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        """The first row, or None."""
        async with self._connection() as connection:
            return await connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first column of the first row, or None."""
        async with self._connection() as connection:
            return await connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        """Run a statement; without arguments it may be a script of several."""
        async with self._connection() as connection:
            return await connection.execute(sql, *args)

    async def execute_apart(self, sql: str, /, **settings: str) -> str:
        """Run a statement that cannot be part of a transaction, on a connection of its own with these settings."""
        async with self.dedicated() as connection:
            for name, value in settings.items():
                await connection.execute("SELECT set_config($1, $2, false)", name, value)
            return await connection.execute(sql)

    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once per row of arguments."""
        async with self._connection() as connection:
            await connection.executemany(sql, rows)

    async def stream(self, sql: str, *args: Any, prefetch: int = 1000) -> AsyncIterator[Any]:
        """Rows by a server-side cursor on a connection of its own.

        Not one of the pool's: who reads rows asks for more connections meanwhile, and might wait for ever.
        """
        async with self.dedicated() as connection, connection.transaction(readonly=True):
            async for row in connection.cursor(sql, *args, prefetch=prefetch):
                yield row

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """A transaction, or a savepoint inside one.

        Work given to `on_commit` inside a savepoint that rolls back is dropped with it.
        """
        current = ENGINE.current_transaction.get()
        if current is not None:
            lists = [pending for pending in (_after_commit.get(), _at_end.get()) if pending is not None]
            marks = [len(pending) for pending in lists]
            try:
                async with current.connection.transaction():
                    yield
            except BaseException:
                for pending, mark in zip(lists, marks, strict=True):
                    del pending[mark:]
                raise
            return
        callbacks: list[AfterCommit] = []
        ends: list[tuple[AtEnd, Any]] = []
        tokens = _after_commit.set(callbacks), _at_end.set(ends)
        try:
            async with self._whole():
                yield
                await self._end(ends)
        finally:
            _after_commit.reset(tokens[0])
            _at_end.reset(tokens[1])
        for callback in callbacks:
            await self._run_after_commit(callback)

    @asynccontextmanager
    async def planned(self) -> AsyncIterator[None]:
        """A transaction in which statements are planned for their own arguments."""
        async with self.transaction():
            await self.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            yield

    @asynccontextmanager
    async def _whole(self) -> AsyncIterator[None]:
        """Piccolo's transaction, which forgets to let go where ending it fails: its server was killed, say.

        Whatever the task did next would be done on that connection, in vain.
        """
        try:
            async with ENGINE.transaction():
                yield
        finally:
            left = ENGINE.current_transaction.get()
            if left is not None:
                ENGINE.current_transaction.set(None)
                await self.pool.release(left.connection)

    @asynccontextmanager
    async def joining(self) -> AsyncIterator[None]:
        """Part of the transaction around it, without the two round trips of a savepoint; else one of its own.

        An error in it is one of the whole transaction.
        """
        if self.in_transaction():
            yield
        else:
            async with self.transaction():
                yield

    def at_end(self, work: AtEnd, item: Any) -> None:
        """Call `work` once, with all its items, before the outermost transaction commits.

        An item given inside a savepoint that rolls back is dropped with it.

        Raises:
            RuntimeError: Outside of a transaction.
        """
        ends = _at_end.get()
        if ends is None:
            msg = "there is no transaction whose end could be waited for"
            raise RuntimeError(msg)
        ends.append((work, item))

    async def _end(self, ends: list[tuple[AtEnd, Any]]) -> None:
        while ends:
            by_work: dict[AtEnd, list[Any]] = {}
            for work, item in ends:
                by_work.setdefault(work, []).append(item)
            ends.clear()
            for work, items in by_work.items():
                await work(items)

    def on_commit(self, callback: AfterCommit) -> None:
        """Run after the outermost transaction has committed; outside one, as a task at once."""
        pending = _after_commit.get()
        if pending is not None:
            pending.append(callback)
            return
        task = asyncio.ensure_future(self._run_after_commit(callback))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_after_commit(self, callback: AfterCommit) -> None:
        """Errors are logged only: the change itself is committed, and sweeps redo what was left."""
        try:
            await callback()
        except Exception:
            log.exception("work after a commit failed")

    @asynccontextmanager
    async def dedicated(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection outside the pool, for session state such as advisory locks."""
        connection = await asyncpg.connect(self.url)
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def try_lock(self, name: str) -> AsyncIterator[bool]:
        """Hold the advisory lock `name` among all processes, if it is free; yields whether it is held."""
        async with self.dedicated() as connection:  # it may be held for days, which the pool is not made for
            held = bool(await connection.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", name))
            try:
                yield held
            finally:
                if held and not connection.is_closed():
                    await connection.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", name)

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[None]:
        """Hold the advisory lock `name` among all processes, after whoever holds it now."""
        async with self.dedicated() as connection:  # closing it lets go of the lock
            await connection.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", name)
            yield
