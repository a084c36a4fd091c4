"""Every query about partners."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from immich_host.plugin_api.database import Database

_OF: Final = """
SELECT p.{other} AS other, p.in_timeline FROM partner p JOIN "user" u ON u.id = p.{other} AND u.deleted_at IS NULL
WHERE p.{mine} = $1 ORDER BY p.create_id
"""
_SHARED_BY: Final = _OF.format(other="shared_with_id", mine="shared_by_id")
_SHARED_WITH: Final = _OF.format(other="shared_by_id", mine="shared_with_id")

_SHARING: Final = """
SELECT p.shared_by_id FROM partner p JOIN "user" u ON u.id = p.shared_by_id AND u.deleted_at IS NULL
WHERE p.shared_with_id = $1
"""

# the moving half of a live photo is hidden, and shared as its still is
_VISIBLE: Final = """
SELECT a.id FROM asset a
JOIN partner p ON p.shared_by_id = a.owner_id AND p.shared_with_id = $2
JOIN "user" u ON u.id = a.owner_id AND u.deleted_at IS NULL
WHERE a.id = ANY($1::uuid[]) AND a.deleted_at IS NULL AND (a.visibility = 'timeline'
  OR a.visibility = 'hidden' AND EXISTS (SELECT FROM asset still
    WHERE still.live_photo_video_id = a.id AND still.deleted_at IS NULL AND still.visibility = 'timeline'))
"""


async def with_whom(db: Database, user_id: UUID) -> list[tuple[UUID, bool]]:
    """With whom a user shares, and whether they have it in their timeline."""
    return [(row["other"], row["in_timeline"]) for row in await db.fetch(_SHARED_BY, user_id)]


async def by_whom(db: Database, user_id: UUID) -> list[tuple[UUID, bool]]:
    """Who shares with a user, and whether that is in the user's timeline."""
    return [(row["other"], row["in_timeline"]) for row in await db.fetch(_SHARED_WITH, user_id)]


async def are_there(db: Database, user_ids: Sequence[UUID]) -> bool:
    """Whether all accounts are there; they stay until the transaction ends."""
    rows = await db.fetch(
        'SELECT id FROM "user" WHERE id = ANY($1::uuid[]) AND deleted_at IS NULL ORDER BY id FOR KEY SHARE',
        list(user_ids),
    )
    return len(rows) == len(set(user_ids))


async def add(db: Database, shared_by_id: UUID, shared_with_id: UUID) -> bool:
    """Make a partnership; False where it is there."""
    return bool(
        await db.fetchval(
            """INSERT INTO partner (shared_by_id, shared_with_id) VALUES ($1, $2)
               ON CONFLICT DO NOTHING RETURNING true""",
            shared_by_id,
            shared_with_id,
        )
    )


async def set_in_timeline(db: Database, shared_by_id: UUID, shared_with_id: UUID, *, value: bool) -> bool:
    """Show somebody's photos in another's timeline, or not; False where they do not share."""
    return bool(
        await db.fetchval(
            """UPDATE partner SET in_timeline = $3 WHERE shared_by_id = $1 AND shared_with_id = $2
                 AND EXISTS (SELECT FROM "user" WHERE id = $1 AND deleted_at IS NULL) RETURNING true""",
            shared_by_id,
            shared_with_id,
            value,
        )
    )


async def remove(db: Database, shared_by_id: UUID, shared_with_id: UUID) -> bool:
    """End a partnership; False where there is none."""
    return bool(
        await db.fetchval(
            "DELETE FROM partner WHERE shared_by_id = $1 AND shared_with_id = $2 RETURNING true",
            shared_by_id,
            shared_with_id,
        )
    )


async def visible(db: Database, user_id: UUID, asset_ids: Sequence[UUID]) -> set[UUID]:
    """Of these assets those that partners share with a user."""
    return {row["id"] for row in await db.fetch(_VISIBLE, list(asset_ids), user_id)}


async def sharing(db: Database, user_id: UUID, user_ids: Sequence[UUID]) -> set[UUID]:
    """Of these users those who share with a user."""
    rows = await db.fetch(f"{_SHARING} AND p.shared_by_id = ANY($2::uuid[])", user_id, list(user_ids))
    return {row["shared_by_id"] for row in rows}


async def in_timeline(db: Database, user_id: UUID) -> set[UUID]:
    """Those whose photos a user has in their own timeline."""
    return {row["shared_by_id"] for row in await db.fetch(f"{_SHARING} AND p.in_timeline", user_id)}
