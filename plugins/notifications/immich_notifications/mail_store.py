"""Every query for mails that are to be sent, and for changes of albums that are to be told of."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from immich_host.plugin_api.database import Database, Row

AT_ONCE = 1000
"""So many that are late are looked at in one go."""


async def add(
    db: Database, user_id: UUID, kind: str, about: dict[str, Any], unless_within: timedelta | None = None
) -> UUID | None:
    """Note a mail to a user; None where the same was noted `unless_within` that time."""
    return await db.fetchval(
        """INSERT INTO notifications_mail (user_id, kind, about) SELECT $1, $2, $3::jsonb
           WHERE $4::interval IS NULL OR NOT EXISTS (SELECT FROM notifications_mail
             WHERE user_id = $1 AND kind = $2 AND about = $3::jsonb
               AND created_at > clock_timestamp() - $4::interval)
           RETURNING id""",
        user_id,
        kind,
        orjson.dumps(about).decode(),
        unless_within,
    )


async def unsent(db: Database, mail_id: UUID) -> Row | None:
    """A mail that was not sent."""
    return await db.fetchrow(
        "SELECT id, user_id, kind, about FROM notifications_mail WHERE id = $1 AND sent_at IS NULL", mail_id
    )


async def sent(db: Database, mail_id: UUID) -> None:
    """It was sent, or is not to be."""
    await db.execute("UPDATE notifications_mail SET sent_at = clock_timestamp() WHERE id = $1", mail_id)


async def give_up(db: Database, mail_id: UUID) -> None:
    """It could not be sent, and is tried again only if an administrator says so."""
    await db.execute("UPDATE notifications_mail SET failed_at = clock_timestamp() WHERE id = $1", mail_id)


async def late(db: Database, after: timedelta) -> list[UUID]:
    """Mails that should have been sent so long ago, but that nobody has given up; the oldest of them."""
    rows = await db.fetch(
        """SELECT id FROM notifications_mail
           WHERE sent_at IS NULL AND failed_at IS NULL AND created_at < clock_timestamp() - $1::interval
           ORDER BY created_at LIMIT $2""",
        after,
        AT_ONCE,
    )
    return [row["id"] for row in rows]


async def late_changes(db: Database, after: timedelta) -> list[tuple[UUID, UUID]]:
    """Albums that have been quiet for so long, and who should have heard of what had come; the oldest of them."""
    rows = await db.fetch(
        """SELECT album_id, user_id FROM notifications_album_change WHERE last_at < clock_timestamp() - $1::interval
           ORDER BY last_at LIMIT $2""",
        after,
        AT_ONCE,
    )
    return [(row["album_id"], row["user_id"]) for row in rows]


async def tidy(db: Database, older_than: timedelta) -> int:
    """Forget mails and changes of so long ago; returns how many."""
    mails = await db.execute("DELETE FROM notifications_mail WHERE created_at < now() - $1::interval", older_than)
    changes = await db.execute(
        "DELETE FROM notifications_album_change WHERE last_at < now() - $1::interval", older_than
    )
    return int(mails.split()[-1]) + int(changes.split()[-1])


async def note_change(db: Database, album_id: UUID, user_ids: Sequence[UUID]) -> list[UUID]:
    """An album has changed, of which these users are to hear; returns those who have an account."""
    rows = await db.fetch(
        """INSERT INTO notifications_album_change AS change (album_id, user_id)
           SELECT $1, id FROM "user" WHERE id = ANY($2::uuid[]) AND deleted_at IS NULL ORDER BY id
           ON CONFLICT (album_id, user_id) DO UPDATE SET last_at = clock_timestamp()
           RETURNING user_id""",
        album_id,
        list(user_ids),
    )
    return [row["user_id"] for row in rows]


async def take_change(db: Database, album_id: UUID, user_id: UUID, *, quiet: timedelta, at_most: timedelta) -> bool:
    """Take a change that has been quiet for so long, or is so old; False where there is none."""
    done = await db.execute(
        """DELETE FROM notifications_album_change WHERE album_id = $1 AND user_id = $2
             AND (last_at <= clock_timestamp() - $3::interval OR first_at <= clock_timestamp() - $4::interval)""",
        album_id,
        user_id,
        quiet,
        at_most,
    )
    return done == "DELETE 1"
