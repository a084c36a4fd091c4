"""Which statements some code runs: to see that a list makes no query per row, and to run them again elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from asyncpg import Connection

_METHODS: Final = ("execute", "executemany", "fetch", "fetchmany", "fetchrow", "fetchval", "cursor")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as it was given to asyncpg: the method of its connection, the SQL, the arguments."""

    method: str
    sql: str
    args: tuple[Any, ...]
    options: dict[str, Any]

    async def run(self, connection: Any) -> None:
        """Run it on another connection; of a cursor (inside a transaction) every row is read."""
        ran = getattr(connection, self.method)(self.sql, *self.args, **self.options)
        if self.method != "cursor":
            await ran
            return
        async for _ in ran:
            pass


_kept: ContextVar[list[Statement] | None] = ContextVar("statements", default=None)


@contextmanager
def statements() -> Iterator[list[Statement]]:
    """The statements that run inside, in this task and those that it starts, in the order in which they begin.

    Beginnings and ends of transactions and savepoints are among them. Whatever else the process does meanwhile is
    not: a host that runs in it is asked by `host.client()`, which answers in the task that asks.
    """
    real = {name: getattr(Connection, name) for name in _METHODS}
    for name, method in real.items():
        setattr(Connection, name, _keeping(name, method))
    found: list[Statement] = []
    token = _kept.set(found)
    try:
        yield found
    finally:
        _kept.reset(token)
        for name, method in real.items():
            setattr(Connection, name, method)


def _keeping(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def run(connection: Connection, sql: str, *args: Any, **options: Any) -> Any:
        if (found := _kept.get()) is not None:
            found.append(Statement(name, sql, args, options))
        return real(connection, sql, *args, **options)

    return run
