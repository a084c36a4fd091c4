"""Statements on likes and comments."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from immich_host.plugin_api.database import Database, Row

_SHOWN = """
FROM activity JOIN "user" ON "user".id = activity.user_id
WHERE activity.album_id = $1 AND ($2::uuid IS NULL OR activity.asset_id = $2) AND "user".deleted_at IS NULL
  AND (activity.asset_id IS NULL OR EXISTS (
    SELECT FROM asset WHERE asset.id = activity.asset_id AND asset.deleted_at IS NULL))
"""

_JSON = """json_build_object(
  'id', activity.id, 'assetId', activity.asset_id, 'comment', activity.comment,
  'createdAt', immich_time(activity.created_at), 'type', CASE WHEN activity.is_liked THEN 'like' ELSE 'comment' END
)::text"""


async def found(
    db: Database, album_id: UUID, asset_id: UUID | None, *, about_assets: bool | None, likes: bool | None,
    user_id: UUID | None,
) -> list[Row]:  # fmt: skip
    """What is said about an album, or about one asset in it, the oldest first: `user_id`, and `data` as JSON.

    The JSON is that of `ActivityResponseDto` without `user`.

    Args:
        db: The database.
        album_id: The album.
        asset_id: The asset, or None for all.
        about_assets: About assets only, or about the album itself only, or both (None).
        likes: Likes only, or comments only, or both (None).
        user_id: By whom, or None for all.
    """
    return await db.fetch(
        f"""SELECT activity.user_id, {_JSON} AS data {_SHOWN}
              AND ($3::bool IS NULL OR (activity.asset_id IS NOT NULL) = $3)
              AND ($4::bool IS NULL OR activity.is_liked = $4) AND ($5::uuid IS NULL OR activity.user_id = $5)
            ORDER BY activity.created_at, activity.id""",
        album_id, asset_id, about_assets, likes, user_id,
    )  # fmt: skip


async def counts(db: Database, album_id: UUID, asset_id: UUID | None) -> Mapping[str, Any]:
    """`comments` and `likes` of an album, or of one asset in it."""
    return await db.fetchrow(
        f"""SELECT count(*) FILTER (WHERE is_liked) AS likes, count(*) FILTER (WHERE NOT is_liked) AS comments
            {_SHOWN}""",
        album_id,
        asset_id,
    ) or {"comments": 0, "likes": 0}


async def is_open(db: Database, album_id: UUID) -> bool:
    """Whether something may be said about an album, which is there until the transaction ends."""
    return bool(await db.fetchval("SELECT is_activity_enabled FROM album WHERE id = $1 FOR KEY SHARE", album_id))


async def comment(db: Database, album_id: UUID, user_id: UUID, asset_id: UUID | None, text: str) -> Row | None:
    """Say something about an album, or an asset that is held in it."""
    return await _insert(db, album_id, user_id, asset_id, text)


async def like(db: Database, album_id: UUID, user_id: UUID, asset_id: UUID | None) -> tuple[Row | None, bool]:
    """Like an album or an asset that is held in it, once: the like, and whether it is new."""
    row = await _insert(db, album_id, user_id, asset_id, None)
    if row is not None:
        return row, True
    known = await db.fetchrow(
        """SELECT * FROM activity
           WHERE album_id = $1 AND user_id = $2 AND asset_id IS NOT DISTINCT FROM $3 AND is_liked""",
        album_id,
        user_id,
        asset_id,
    )
    return known, False


async def _insert(db: Database, album_id: UUID, user_id: UUID, asset_id: UUID | None, text: str | None) -> Row | None:
    return await db.fetchrow(
        """INSERT INTO activity (album_id, user_id, asset_id, comment, is_liked)
           VALUES ($1, $2, $3, $4::text, $4::text IS NULL)
           ON CONFLICT DO NOTHING RETURNING *""",
        album_id, user_id, asset_id, text,
    )  # fmt: skip


async def delete(db: Database, activity_id: UUID, user_id: UUID) -> bool:
    """Remove what a user has said, or what was said in an album of theirs; False where it is neither."""
    tag = await db.execute(
        """DELETE FROM activity WHERE id = $1 AND (user_id = $2 OR EXISTS (
             SELECT FROM album_user WHERE album_user.album_id = activity.album_id
               AND album_user.user_id = $2 AND album_user.role = 'owner'))""",
        activity_id,
        user_id,
    )
    return tag == "DELETE 1"
