"""Every query for accounts; also what other domains use of this one."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from immich_host.media.paths import MediaPaths
from immich_host.plugin_api.answers import UserResponseDto
from immich_host.plugin_api.database import Database
from immich_host.plugin_api.errors import Refused
from immich_host.users.answers import admin_answer, profile_path, user_answer
from immich_host.users.changes import changed, on_change
from immich_host.users.passwords import hash_now, hash_secret, matches
from immich_host.users.rows import UserRow
from immich_host.users.tables import User

__all__ = [
    "UserRow",
    "admin_answer",
    "administrators",
    "changed",
    "create",
    "find",
    "find_by_email",
    "hash_now",
    "hash_secret",
    "is_onboarded",
    "matches",
    "on_change",
    "other_admin_exists",
    "profile_path",
    "shown",
    "update",
]

SELECT: Final = """
SELECT "user".*, license.value AS license FROM "user"
LEFT JOIN user_metadata AS license ON license.user_id = "user".id AND license.key = 'license'
"""

_TAKEN: Final = {
    "user_email_key": "Email already in use by another account",
    "user_storage_label_key": "Storage label already in use by another account",
}


async def find(db: Database, user_id: UUID, *, with_deleted: bool = False) -> UserRow | None:
    """An account by id."""
    row = await db.fetchrow(f'{SELECT} WHERE "user".id = $1 AND ($2 OR deleted_at IS NULL)', user_id, with_deleted)
    return UserRow.of(row) if row else None


async def find_by_email(db: Database, email: str) -> UserRow | None:
    """An account that is not deleted, by its lower-case address."""
    row = await db.fetchrow(f'{SELECT} WHERE "user".email = $1 AND deleted_at IS NULL', email)
    return UserRow.of(row) if row else None


async def everyone(db: Database, *, with_deleted: bool = False, user_id: UUID | None = None) -> list[UserRow]:
    """All accounts in the order of their names, for people; or the one of `user_id`."""
    rows = await db.fetch(
        f'{SELECT} WHERE ($1 OR deleted_at IS NULL) AND ($2::uuid IS NULL OR "user".id = $2)'
        ' ORDER BY sort_key("user".name), "user".email',
        with_deleted,
        user_id,
    )
    return [UserRow.of(row) for row in rows]


async def create(db: Database, **columns: Any) -> UserRow:
    """Make an account.

    Raises:
        Refused: 400 when the address or the storage label is taken.
    """
    values = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    sql = f'INSERT INTO "user" ({", ".join(columns)}) VALUES ({values}) RETURNING id'
    try:
        user_id = await db.fetchval(sql, *columns.values())
    except asyncpg.UniqueViolationError as error:
        raise _taken(error) from error
    return await _just_written(db, user_id)


async def update(db: Database, user_id: UUID, **columns: Any) -> UserRow:
    """Set columns of an account, which may be a deleted one.

    Raises:
        Refused: 400 when there is no such account, or the address or the storage label is taken.
    """
    if columns:
        try:
            await User.update({**columns}).where(User.id == user_id).run()
        except asyncpg.UniqueViolationError as error:
            raise _taken(error) from error
        db.on_commit(lambda: _announce(user_id))
    return await _just_written(db, user_id)


async def mark_deleted(db: Database, user_id: UUID, *, force: bool) -> UserRow:
    """Delete an account for now, or (`force`) for good as soon as its job runs."""
    await db.execute(
        'UPDATE "user" SET deleted_at = coalesce(deleted_at, now()),'
        " status = CASE WHEN $2 OR status = 'removing' THEN 'removing' ELSE 'deleted' END WHERE id = $1",
        user_id,
        force,
    )
    db.on_commit(lambda: _announce(user_id))
    return await _just_written(db, user_id)


async def set_picture(db: Database, user_id: UUID, path: str) -> UserRow:
    """Set where the profile picture lies, relative to the media root; empty for none."""
    await db.execute(
        'UPDATE "user" SET profile_image_path = $2, profile_changed_at = clock_timestamp() WHERE id = $1', user_id, path
    )
    return await _just_written(db, user_id)


async def _announce(user_id: UUID) -> None:
    changed(user_id)


async def _just_written(db: Database, user_id: UUID) -> UserRow:
    row = await find(db, user_id, with_deleted=True)
    if row is None:
        raise Refused(400, "User not found")
    return row


def _taken(error: asyncpg.UniqueViolationError) -> Refused:
    return Refused(400, _TAKEN.get(str(error.as_dict().get("constraint_name")), "User exists"))


# --- administrators -----------------------------------------------------------------------------


@asynccontextmanager
async def administrators(db: Database) -> AsyncIterator[None]:
    """A transaction in which nobody else makes or unmakes an administrator."""
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock(hashtextextended('administrators', 0))")
        yield


async def other_admin_exists(db: Database, user_id: UUID | None = None) -> bool:
    """Whether there is an administrator (besides `user_id`) who can sign in."""
    return await db.fetchval(
        'SELECT EXISTS (SELECT 1 FROM "user" WHERE is_admin AND deleted_at IS NULL AND id IS DISTINCT FROM $1)', user_id
    )


async def set_password_login(db: Database, enabled: bool) -> None:
    """Allow or forbid signing in by password; the stored settings hold what differs from the defaults."""
    if enabled:
        await db.execute(
            "UPDATE system_metadata SET value = value #- '{passwordLogin,enabled}' WHERE key = 'system-config'"
        )
        return
    await db.execute("""
        INSERT INTO system_metadata AS stored (key, value)
        VALUES ('system-config', '{"passwordLogin": {"enabled": false}}')
        ON CONFLICT (key) DO UPDATE SET value = stored.value || jsonb_build_object('passwordLogin',
          coalesce(stored.value -> 'passwordLogin', '{}') || '{"enabled": false}')
    """)


# --- erasing ------------------------------------------------------------------------------------


async def to_be_erased(db: Database, delay_days: int) -> list[UUID]:
    """Deleted accounts whose time is up."""
    rows = await db.fetch(
        """SELECT id FROM "user" WHERE status = 'removing'
           OR deleted_at <= now() - make_interval(days => least($1::bigint, 100000)::int)""",
        delay_days,
    )
    return [row["id"] for row in rows]


async def begin_erasing(db: Database, user_id: UUID, delay_days: int) -> UserRow | None:
    """A deleted account whose time is up, from now on beyond restoring; None if it is none."""
    async with administrators(db):
        row = await find(db, user_id, with_deleted=True)
        if row is None or user_id not in await to_be_erased(db, delay_days):
            return None
        return await mark_deleted(db, user_id, force=True)


async def erase(db: Database, user_id: UUID) -> bool:
    """Delete the row of an account that is being erased, and all that hangs on it; False if it is gone."""
    done = await db.execute("DELETE FROM \"user\" WHERE id = $1 AND status = 'removing'", user_id)
    return done == "DELETE 1"


async def count_usage(db: Database) -> None:
    """Set every account's usage to the sum of its files; rows that are right already stay untouched."""
    await db.execute("""
        UPDATE "user" SET quota_usage_in_bytes = counted.bytes
        FROM (
          SELECT "user".id, coalesce(sum(file_size_in_byte), 0)::bigint AS bytes
          FROM "user"
          LEFT JOIN asset ON asset.owner_id = "user".id AND asset.library_id IS NULL
          LEFT JOIN asset_exif ON asset_exif.asset_id = asset.id
          GROUP BY "user".id
        ) AS counted
        WHERE "user".id = counted.id AND quota_usage_in_bytes <> counted.bytes
    """)


# --- what is kept under a key -------------------------------------------------------------------


async def metadata(db: Database, user_id: UUID, key: str) -> Any:
    """The value of `user_metadata`, or None."""
    value = await db.fetchval("SELECT value FROM user_metadata WHERE user_id = $1 AND key = $2", user_id, key)
    return orjson.loads(value) if value is not None else None


async def set_metadata(db: Database, user_id: UUID, key: str, value: Any) -> None:
    """Store a value of `user_metadata`."""
    await db.execute(
        "INSERT INTO user_metadata (user_id, key, value) VALUES ($1, $2, $3)"
        " ON CONFLICT (user_id, key) DO UPDATE SET value = excluded.value",
        user_id,
        key,
        orjson.dumps(value).decode(),
    )


async def forget_metadata(db: Database, user_id: UUID, key: str) -> None:
    """Remove a value of `user_metadata`."""
    await db.execute("DELETE FROM user_metadata WHERE user_id = $1 AND key = $2", user_id, key)


async def is_onboarded(db: Database, user_id: UUID) -> bool:
    """Whether the user has been shown around."""
    return bool((await metadata(db, user_id, "onboarding") or {}).get("isOnboarded"))


@asynccontextmanager
async def locked(db: Database, user_id: UUID) -> AsyncIterator[None]:
    """A transaction in which nobody else changes what hangs on this account."""
    async with db.transaction():
        await db.execute('SELECT 1 FROM "user" WHERE id = $1 FOR NO KEY UPDATE', user_id)
        yield


async def shown(db: Database, paths: MediaPaths, user_ids: Collection[UUID]) -> dict[UUID, UserResponseDto]:
    """Accounts as others see them, by id; unknown ones are left out."""
    rows = await db.fetch(f'{SELECT} WHERE "user".id = ANY($1::uuid[])', list(user_ids))
    return {row["id"]: user_answer(UserRow.of(row), paths) for row in rows}


# --- counting -----------------------------------------------------------------------------------


async def statistics(
    db: Database, user_id: UUID, *, visibility: str | None, is_favorite: bool | None, is_trashed: bool | None
) -> tuple[int, int]:
    """Numbers of a user's images and videos; archive and timeline where no visibility is asked for."""
    row = await db.fetchrow(
        """
        SELECT count(*) FILTER (WHERE type = 'IMAGE') AS images, count(*) FILTER (WHERE type = 'VIDEO') AS videos
        FROM asset
        WHERE owner_id = $1 AND visibility = ANY($2)
          AND ($3::bool IS NULL OR is_favorite = $3)
          AND (deleted_at IS NOT NULL) = coalesce($4, false)
        """,
        user_id,
        [visibility] if visibility else ["archive", "timeline"],
        is_favorite,
        is_trashed,
    )
    return (row["images"], row["videos"]) if row else (0, 0)


async def per_day(db: Database, user_id: UUID, column: str, first: date, last: date) -> list[tuple[date, int]]:
    """How many of a user's assets fall on each day that has any, by `created_at` or `local_date_time`."""
    moment = f"(asset.{column} AT TIME ZONE 'UTC')"
    rows = await db.fetch(
        f"""
        SELECT {moment}::date AS day, count(*) AS amount FROM asset
        WHERE owner_id = $1 AND deleted_at IS NULL AND visibility IN ('archive', 'timeline')
          AND asset.{column} >= $2::date::timestamp AT TIME ZONE 'UTC'
          AND asset.{column} < ($3::date + 1)::timestamp AT TIME ZONE 'UTC'
        GROUP BY day ORDER BY day
        """,
        user_id,
        first,
        last,
    )
    return [(row["day"], row["amount"]) for row in rows]
