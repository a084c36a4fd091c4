"""What sessions have confirmed, and where an answer may end."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from immich_host.plugin_api.database import Database

APPLICATION = "immich_host sync"
"""Name of the connections that read for clients, so that they do not hold each other back."""


async def checkpoints(db: Database, session_id: UUID) -> dict[str, str]:
    """Entity type -> confirmation."""
    rows = await db.fetch(
        "SELECT type, ack FROM session_sync_checkpoint WHERE session_id = $1 ORDER BY type", session_id
    )
    return {row["type"]: row["ack"] for row in rows}


async def confirm(db: Database, session_id: UUID, acks: Iterable[tuple[str, str]]) -> None:
    """Keep confirmations, the last of each type; those of a session that is gone are dropped."""
    last = dict(acks)
    await db.execute(
        """INSERT INTO session_sync_checkpoint (session_id, type, ack)
           SELECT session.id, type, ack FROM unnest($2::text[], $3::text[]) AS told (type, ack), session
           WHERE session.id = $1
           ON CONFLICT (session_id, type) DO UPDATE
             SET ack = excluded.ack, updated_at = clock_timestamp(), update_id = immich_uuid_v7()""",
        session_id,
        list(last),
        list(last.values()),
    )


async def forget(db: Database, session_id: UUID, types: Sequence[str] | None = None) -> None:
    """Drop confirmations, all where no types are named."""
    await db.execute(
        "DELETE FROM session_sync_checkpoint WHERE session_id = $1 AND ($2::text[] IS NULL OR type = ANY($2))",
        session_id,
        None if types is None else list(types),
    )


async def begin_anew(db: Database, session_id: UUID) -> None:
    """Drop all confirmations, and the wish that the client forgets everything."""
    async with db.transaction():
        await forget(db, session_id)
        await db.execute(
            "UPDATE session SET is_pending_sync_reset = false WHERE id = $1 AND is_pending_sync_reset", session_id
        )


async def is_reset_pending(db: Database, session_id: UUID) -> bool:
    """Whether the client has been asked to forget everything."""
    return bool(await db.fetchval("SELECT is_pending_sync_reset FROM session WHERE id = $1", session_id))


async def horizon(connection: Any) -> UUID:
    """The least id that a row which is not yet to be seen could have.

    Ids are made when rows are written, and seen when their transaction commits. An answer that ended with "now"
    would pass over rows of transactions that are still open, for good. So it is complete up to the oldest of these:
    one that has written began with its transaction, any other makes its first id in the statement it is at.
    The clock is read before them, so that one that begins in between makes later ids.
    """
    now = await connection.fetchval("SELECT clock_timestamp()")
    return await connection.fetchval(
        """WITH oldest AS (
             SELECT least($2::timestamptz, min(CASE WHEN backend_xid IS NULL THEN query_start ELSE xact_start END))
               AS at
             FROM pg_stat_activity
             WHERE datname = current_database() AND (backend_xid IS NOT NULL OR state = 'active')
               AND pid <> pg_backend_pid() AND application_name <> $1 AND xact_start IS NOT NULL)
           SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
           FROM oldest""",
        APPLICATION,
        now,
    )


AUDITED = """
SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'deleted_at'
WHERE relkind = 'r' AND relname LIKE '%\\_audit' AND relnamespace = 'public'::regnamespace ORDER BY relname
"""
"""Tables of what was deleted, of the host and of plugins."""


async def prune(db: Database, days: int) -> int:
    """Forget deletions that are older than `days`, a few thousand rows at a time; answers how many."""
    gone = 0
    for row in await db.fetch(AUDITED):
        table = row["relname"]
        while amount := await _prune_some(db, table, days):
            gone += amount
    return gone


async def _prune_some(db: Database, table: str, days: int) -> int:
    tag = await db.execute(
        f"""DELETE FROM "{table}" WHERE ctid = ANY (ARRAY(
              SELECT ctid FROM "{table}" WHERE deleted_at < now() - make_interval(days => $1) LIMIT 5000))""",
        days,
    )
    return int(tag.split()[-1])
