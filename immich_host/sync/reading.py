"""One answer: a snapshot of the database, read type by type and sent line by line."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from immich_host.db.database import Database
from immich_host.plugin_api.sync import Lines, SyncRows
from immich_host.sync import store
from immich_host.sync.acks import NOTHING, Ack
from immich_host.sync.types import SyncEntityType

PREFETCH = 1000
"""Rows that are held at a time."""


@dataclass(slots=True)
class Reading:
    """Implements `plugin_api.sync.SyncContext` on one connection.

    A row is told if it is in the state that is read, so that nothing is told before what it hangs on. Nothing from
    `until` on is confirmed, as rows before it may still be on their way: those after it come again.
    """

    db: Database
    connection: Any
    user_id: UUID
    session_id: UUID
    until: UUID
    acks: dict[str, Ack] = field(default_factory=dict[str, Ack])

    def confirmed(self, type: str) -> UUID | None:
        """Up to where the session has confirmed lines of a type."""
        known = self.acks.get(type)
        return known.id if known else None

    def confirmed_extra(self, type: str) -> str | None:
        """The third part of that confirmation."""
        known = self.acks.get(type)
        return known.extra if known else None

    async def confirm(self, type: str, ack: UUID, extra: str | None = None) -> None:
        """Note a confirmation that the client need not send."""
        self.acks[type] = noted = Ack(type, min(ack, self.until), extra)
        await store.confirm(self.db, self.session_id, [(type, noted.text)])

    def rows(self, rows: SyncRows) -> Lines:
        """The lines of rows that the session has not confirmed."""
        return self.lines(rows.type, rows.sql, self.user_id, self.confirmed(rows.type) or NOTHING)

    async def lines(self, type: str, sql: str, *args: Any, extra: str | None = None) -> AsyncGenerator[bytes]:
        """Lines by a statement; PostgreSQL has made the JSON of each row."""
        ending, end = f"|{extra}" if extra else "", str(self.until)
        async for row in self.connection.cursor(sql, *args, prefetch=PREFETCH):
            key, bar, more = str(row["ack"]).partition("|")
            ack = f"{type}|{min(key, end)}{bar}{more}{ending}"
            yield f'{{"type":"{type}","data":{row["data"]},"ack":"{ack}"}}\n'.encode()

    async def fetch(self, sql: str, *args: Any) -> Sequence[Any]:
        """A few rows of the same state of the database."""
        return await self.connection.fetch(sql, *args)

    def acknowledge(self, type: str, ack: UUID, extra: str | None = None) -> bytes:
        """A line without data whose confirmation counts for `type`."""
        return line(SyncEntityType.SYNC_ACK_V1, {}, Ack(type, min(ack, self.until), extra).text)


def line(type: str, data: Mapping[str, Any], ack: str) -> bytes:
    """A line that is not a row."""
    return orjson.dumps({"type": type, "data": data, "ack": ack}) + b"\n"


@asynccontextmanager
async def reading(db: Database, user_id: UUID, session_id: UUID, acks: Mapping[str, str]) -> AsyncIterator[Reading]:
    """A connection on which every statement sees the same state, and the id up to which it is complete.

    That is fixed before the state is: what commits in between is seen, and comes again next time.
    """
    async with db.dedicated() as connection:
        await connection.execute("SELECT set_config('application_name', $1, false)", store.APPLICATION)
        until = await store.horizon(connection)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            known = {kind: Ack.read(text) for kind, text in acks.items()}
            yield Reading(db, connection, user_id, session_id, until, known)


async def together(source: Lines, size: int) -> AsyncGenerator[bytes]:
    """Lines in pieces of about `size` bytes."""
    pieces: list[bytes] = []
    held = 0
    async with aclosing(source) as each:
        async for piece in each:
            pieces.append(piece)
            held += len(piece)
            if held >= size:
                yield b"".join(pieces)
                pieces.clear()
                held = 0
    if pieces:
        yield b"".join(pieces)
