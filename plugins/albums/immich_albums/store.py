"""Statements on albums themselves, and on whom they are shared with."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from immich_host.plugin_api.answers import AlbumUserRole
from immich_host.plugin_api.database import Database, Row

COLUMNS = frozenset({"album_name", "description", "album_thumbnail_asset_id", "is_activity_enabled", "order"})
"""What an editor may change."""

_SEEN = "asset.deleted_at IS NULL AND asset.visibility IN ('timeline', 'archive')"

LIVING = """EXISTS (
  SELECT FROM album_user AS owner JOIN "user" ON "user".id = owner.user_id
  WHERE owner.album_id = {album} AND owner.role = 'owner' AND "user".deleted_at IS NULL)"""
"""Nobody sees albums of accounts that are to be erased; they are back when the account is restored."""

_MANY = 100
_DESCRIBED = f"""
SELECT album.*, coalesce(counted.asset_count, 0) AS asset_count, counted.start_date, counted.end_date,
  counted.last_modified
FROM album LEFT JOIN (
  SELECT album_asset.album_id, count(*) AS asset_count, min(asset.local_date_time) AS start_date,
    max(asset.local_date_time) AS end_date, max(asset.updated_at) AS last_modified
  FROM album_asset JOIN asset ON asset.id = album_asset.asset_id
  WHERE album_asset.album_id = ANY($1::uuid[]) AND {_SEEN} GROUP BY album_asset.album_id
) AS counted ON counted.album_id = album.id
WHERE album.id = ANY($1::uuid[])
"""

# --- reading ------------------------------------------------------------------------------------


async def roles(db: Database, user_id: UUID, album_ids: Collection[UUID]) -> dict[UUID, AlbumUserRole]:
    """What a user may do in those of the albums that they are a member of and see."""
    rows = await db.fetch(
        f"""SELECT album_id, role FROM album_user AS me
            WHERE user_id = $1 AND album_id = ANY($2::uuid[]) AND {LIVING.format(album="me.album_id")}""",
        user_id,
        list(album_ids),
    )
    return {row["album_id"]: AlbumUserRole(row["role"]) for row in rows}


async def there(db: Database, album_ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are albums."""
    rows = await db.fetch("SELECT id FROM album WHERE id = ANY($1::uuid[])", list(album_ids))
    return {row["id"] for row in rows}


async def mine(
    db: Database,
    user_id: UUID,
    *,
    album_id: UUID | None = None,
    asset_id: UUID | None = None,
    name: str | None = None,
    is_owned: bool | None = None,
) -> list[Row]:
    """A user's albums, the newest first: `id`, `is_owned`, `is_joint` (others are members)."""
    return await db.fetch(
        f"""SELECT album.id, me.role = 'owner' AS is_owned, EXISTS (
             SELECT FROM album_user AS other JOIN "user" ON "user".id = other.user_id
             WHERE other.album_id = album.id AND other.role <> 'owner' AND "user".deleted_at IS NULL) AS is_joint
           FROM album JOIN album_user AS me ON me.album_id = album.id AND me.user_id = $1
           WHERE {LIVING.format(album="album.id")}
             AND ($2::uuid IS NULL OR album.id = $2) AND ($4::text IS NULL OR album.album_name = $4)
             AND ($5::bool IS NULL OR (me.role = 'owner') = $5)
             AND ($3::uuid IS NULL OR EXISTS (
               SELECT FROM album_asset WHERE album_asset.album_id = album.id AND album_asset.asset_id = $3))
           ORDER BY album.created_at DESC, album.id""",
        user_id, album_id, asset_id, name, is_owned,
    )  # fmt: skip


async def described(db: Database, album_ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Albums with the number and the dates of what is seen in them."""
    if len(album_ids) < _MANY:
        rows = await db.fetch(_DESCRIBED, list(album_ids))
    else:
        # a plan for any parameters looks up each of a million assets, one for these reads the table once
        async with db.planned():
            rows = await db.fetch(_DESCRIBED, list(album_ids))
    return {row["id"]: row for row in rows}


async def members(db: Database, album_ids: Sequence[UUID]) -> list[Row]:
    """`album_id`, `user_id`, `role` of members, the owner first; accounts that are to be erased are not shown."""
    return await db.fetch(
        """SELECT album_id, user_id, role FROM album_user JOIN "user" ON "user".id = album_user.user_id
           WHERE album_id = ANY($1::uuid[]) AND (role = 'owner' OR "user".deleted_at IS NULL)
           ORDER BY album_id, role = 'owner' DESC, create_id""",
        list(album_ids),
    )


async def contributors(db: Database, album_id: UUID) -> list[Row]:
    """`user_id` and `asset_count` of those whose assets are seen in an album, the most first."""
    return await db.fetch(
        f"""SELECT asset.owner_id AS user_id, count(*) AS asset_count
            FROM album_asset JOIN asset ON asset.id = album_asset.asset_id
            WHERE album_asset.album_id = $1 AND {_SEEN} GROUP BY 1 ORDER BY 2 DESC, 1""",
        album_id,
    )


async def outline(db: Database, album_id: UUID) -> dict[str, Any]:
    """`name`, `cover` (an asset that is seen, or None) and `user_ids` of an album; empty where there is none."""
    row = await db.fetchrow(
        f"""SELECT album_name AS name,
              (SELECT id FROM asset WHERE id = album.album_thumbnail_asset_id AND {_SEEN}) AS cover,
              ARRAY(SELECT user_id FROM album_user WHERE album_id = album.id) AS user_ids
            FROM album WHERE id = $1""",
        album_id,
    )
    return dict(row) if row else {}


# --- writing ------------------------------------------------------------------------------------


async def hold(db: Database, album_ids: Collection[UUID]) -> set[UUID]:
    """Those of the albums that are there; nobody else changes them until the transaction ends."""
    rows = await db.fetch(
        "SELECT id FROM album WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE", list(album_ids)
    )
    return {row["id"] for row in rows}


async def hold_contents(db: Database, album_ids: Collection[UUID]) -> None:
    """Nobody else adds to these albums until the transaction ends; before any of their rows is held."""
    await db.execute(
        """SELECT pg_advisory_xact_lock(key) FROM (
             SELECT hashtextextended('album:' || id, 0) AS key FROM unnest($1::uuid[]) AS id
             ORDER BY key OFFSET 0) AS keys""",
        list(album_ids),
    )


async def create(db: Database, *, name: str, description: str, order: str) -> UUID:
    """A new album, of nobody yet."""
    return await db.fetchval(
        'INSERT INTO album (album_name, description, "order") VALUES ($1, $2, $3) RETURNING id',
        name,
        description,
        order,
    )


async def update(db: Database, album_id: UUID, values: Mapping[str, Any]) -> None:
    """Set `COLUMNS` of an album.

    Raises:
        KeyError: Another column.
    """
    if not values.keys() <= COLUMNS:
        raise KeyError(*(values.keys() - COLUMNS))
    sets = ", ".join(f'"{name}" = ${place}' for place, name in enumerate(values, start=2))
    await db.execute(f"UPDATE album SET {sets} WHERE id = $1", album_id, *values.values())


async def delete(db: Database, album_id: UUID) -> bool:
    """Delete an album and all that hangs on it; its assets stay. False where it is gone."""
    await hold_contents(db, [album_id])
    await db.execute("SELECT FROM album_asset WHERE album_id = $1 ORDER BY asset_id FOR UPDATE", album_id)
    return await db.execute("DELETE FROM album WHERE id = $1", album_id) == "DELETE 1"


# --- members ------------------------------------------------------------------------------------


async def active(db: Database, user_ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are accounts in use; in a transaction they stay there until its end."""
    rows = await db.fetch(
        'SELECT id FROM "user" WHERE id = ANY($1::uuid[]) AND deleted_at IS NULL ORDER BY id FOR KEY SHARE',
        list(user_ids),
    )
    return {row["id"] for row in rows}


async def add_members(db: Database, album_id: UUID, wanted: Mapping[UUID, AlbumUserRole]) -> set[UUID]:
    """Make users members; answers those who were none before, the others keep their role."""
    rows = await db.fetch(
        """INSERT INTO album_user (album_id, user_id, role)
           SELECT $1, told.user_id, told.role
           FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS told (user_id, role, place) ORDER BY told.place
           ON CONFLICT (album_id, user_id) DO NOTHING RETURNING user_id""",
        album_id,
        list(wanted),
        [role.value for role in wanted.values()],
    )
    return {row["user_id"] for row in rows}


async def set_role(db: Database, album_id: UUID, user_id: UUID, role: AlbumUserRole) -> bool:
    """Give a member who is not the owner another role; False where there is no such member."""
    tag = await db.execute(
        "UPDATE album_user SET role = $3 WHERE album_id = $1 AND user_id = $2 AND role <> 'owner'",
        album_id,
        user_id,
        role.value,
    )
    return tag == "UPDATE 1"


async def remove_member(db: Database, album_id: UUID, user_id: UUID) -> bool:
    """Take a member who is not the owner out; False where there is no such member."""
    tag = await db.execute(
        "DELETE FROM album_user WHERE album_id = $1 AND user_id = $2 AND role <> 'owner'", album_id, user_id
    )
    return tag == "DELETE 1"


async def audience(db: Database, album_ids: Collection[UUID]) -> list[Row]:
    """`album_id` and `user_id` of all members, for those who are to be told."""
    return await db.fetch("SELECT album_id, user_id FROM album_user WHERE album_id = ANY($1::uuid[])", list(album_ids))
