"""Every query for notifications."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from immich_host.plugin_api.database import Database, Row

LISTED = 1000
"""At most so many are listed, the newest."""

_SHOWN = "id, user_id, created_at, level, type, title, description, data, read_at"

_MATCHING = f"""
SELECT {_SHOWN} FROM notification WHERE user_id = $1 AND deleted_at IS NULL
  AND ($2::uuid IS NULL OR id = $2) AND ($3::text IS NULL OR level = $3)
  AND ($4::text IS NULL OR type = $4) AND (NOT $5 OR read_at IS NULL)
ORDER BY created_at DESC, id LIMIT {LISTED}
"""

# what is null in `data` stays there
_LISTED = f"""
SELECT coalesce(json_agg(jsonb_strip_nulls(jsonb_build_object(
  'id', id, 'createdAt', immich_time(created_at), 'level', level, 'type', type, 'title', title,
  'description', description, 'readAt', immich_time(read_at)
)) || CASE WHEN data IS NULL THEN '{{}}' ELSE jsonb_build_object('data', data) END
ORDER BY created_at DESC, id), '[]')::text
FROM ({_MATCHING}) AS matching
"""

_ADD = f"""
INSERT INTO notification (user_id, level, type, title, description, data, read_at)
SELECT id, $2, $3, $4, $5, $6::jsonb, $7 FROM "user"
WHERE id = $1 AND deleted_at IS NULL AND ($8::interval IS NULL OR NOT EXISTS (
  SELECT FROM notification AS before WHERE before.user_id = $1 AND before.type = $3 AND before.title = $4
    AND before.description IS NOT DISTINCT FROM $5 AND before.data IS NOT DISTINCT FROM $6::jsonb
    AND before.created_at > clock_timestamp() - $8::interval))
RETURNING {_SHOWN}
"""

_AGAIN = f"""
UPDATE notification SET level = $2, title = $4, description = $5, data = $6::jsonb
WHERE id = (SELECT id FROM notification WHERE user_id = $1 AND type = $3 AND data ->> $7 = $8 AND read_at IS NULL
  AND deleted_at IS NULL ORDER BY created_at DESC LIMIT 1)
RETURNING {_SHOWN}
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be told; `data` is JSON-able."""

    type: str
    title: str
    level: str = "info"
    description: str | None = None
    data: dict[str, Any] | None = None
    read_at: datetime | None = None

    @property
    def json(self) -> str | None:
        """`data` as text."""
        return None if self.data is None else orjson.dumps(self.data, default=str).decode()


async def hold(db: Database, user_id: UUID) -> None:
    """Until the transaction ends nobody else adds to what this user is told."""
    await db.execute("SELECT pg_advisory_xact_lock(hashtextextended('notifications ' || $1::uuid::text, 0))", user_id)


async def add(db: Database, user_id: UUID, notice: Notice, unless_within: timedelta | None = None) -> Row | None:
    """Write a notification; None where there is no such user, or the same was told `unless_within` that time."""
    return await db.fetchrow(
        _ADD, user_id, notice.level, notice.type, notice.title, notice.description, notice.json, notice.read_at,
        unless_within,
    )  # fmt: skip


async def say_again(db: Database, user_id: UUID, notice: Notice, key: str) -> Row | None:
    """Write over the newest that is unread and has the same `data[key]`; None where there is none."""
    return await db.fetchrow(
        _AGAIN, user_id, notice.level, notice.type, notice.title, notice.description, notice.json, key,
        str((notice.data or {})[key]),
    )  # fmt: skip


async def of_user(
    db: Database, user_id: UUID, *, notice_id: UUID | None, level: str | None, type: str | None, unread: bool
) -> str:
    """JSON of a user's notifications, newest first."""
    return await db.fetchval(_LISTED, user_id, notice_id, level, type, unread)


async def owned(db: Database, user_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Those of `ids` that are the user's; nobody else changes them until the transaction ends."""
    rows = await db.fetch(
        """SELECT id FROM notification WHERE id = ANY($2::uuid[]) AND user_id = $1 AND deleted_at IS NULL
           ORDER BY id FOR UPDATE""",
        user_id,
        list(ids),
    )
    return {row["id"] for row in rows}


async def find(db: Database, user_id: UUID, notice_id: UUID) -> Row | None:
    """One of a user's notifications."""
    return await db.fetchrow(
        f"SELECT {_SHOWN} FROM notification WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL", user_id, notice_id
    )


async def set_read(db: Database, ids: Sequence[UUID], read_at: datetime | None) -> None:
    """Say when they were read."""
    await db.execute("UPDATE notification SET read_at = $2 WHERE id = ANY($1::uuid[])", list(ids), read_at)


async def delete(db: Database, ids: Sequence[UUID]) -> None:
    """Delete them; their rows go some days later."""
    await db.execute("UPDATE notification SET deleted_at = clock_timestamp() WHERE id = ANY($1::uuid[])", list(ids))


async def administrators(db: Database) -> list[UUID]:
    """Who is told of the server's own troubles."""
    rows = await db.fetch('SELECT id FROM "user" WHERE is_admin AND deleted_at IS NULL ORDER BY id')
    return [row["id"] for row in rows]


async def account(db: Database, user_id: UUID) -> Row | None:
    """Name and address of an account that is not deleted."""
    return await db.fetchrow('SELECT id, name, email FROM "user" WHERE id = $1 AND deleted_at IS NULL', user_id)


async def tidy(db: Database, *, deleted: timedelta, read: timedelta, unread: timedelta) -> int:
    """Erase what was deleted, read or written so long ago; returns how many."""
    done = await db.execute(
        """DELETE FROM notification WHERE deleted_at < now() - $1::interval OR read_at < now() - $2::interval
             OR (read_at IS NULL AND created_at < now() - $3::interval)""",
        deleted,
        read,
        unread,
    )
    return int(done.split()[-1])
