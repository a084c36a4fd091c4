"""Queries about tags themselves: finding, making, renaming, deleting."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from immich_host.plugin_api.database import Database, Row

_COLUMNS = "t.id, t.value, t.color, t.parent_id, t.created_at, t.updated_at"

_LISTED = """
SELECT coalesce(json_agg(json_strip_nulls(json_build_object(
  'id', t.id, 'name', split_part(t.value, '/', -1), 'value', t.value, 'color', t.color, 'parentId', t.parent_id,
  'createdAt', immich_time(t.created_at), 'updatedAt', immich_time(t.updated_at)
)) ORDER BY t.value), '[]')::text
FROM tag t WHERE t.user_id = $1
"""

_FOLLOW = """
INSERT INTO tags_change (asset_id, before, after)
SELECT a.id, t.value, $2::text || substr(t.value, length(top.value) + 1)
FROM tag top JOIN tag_closure c ON c.id_ancestor = top.id JOIN tag t ON t.id = c.id_descendant
JOIN tag_asset ta ON ta.tag_id = t.id JOIN asset a ON a.id = ta.asset_id
WHERE top.id = $1 ORDER BY a.id, t.value FOR KEY SHARE OF a
"""

_EMPTY = """NOT EXISTS (
  SELECT FROM tag_closure c JOIN tag_asset ta ON ta.tag_id = c.id_descendant WHERE c.id_ancestor = t.id)"""


async def hold(db: Database, owner_id: UUID, *, alone: bool) -> None:
    """Nobody makes, renames or deletes tags of an owner until the end of the transaction; before anything is locked.

    Args:
        db: In a transaction.
        owner_id: Whose tags.
        alone: Whether one will do so oneself: then nobody gives or takes them either.
    """
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    await db.execute(f"SELECT {function}(hashtextextended($1, 0))", f"tags {owner_id}")


async def all_of(db: Database, owner_id: UUID) -> str:
    """JSON of an owner's tags, in the order of their paths."""
    return await db.fetchval(_LISTED, owner_id)


async def find(db: Database, owner_id: UUID, tag_id: UUID) -> Row | None:
    """A tag of an owner."""
    return await db.fetchrow(f"SELECT {_COLUMNS} FROM tag t WHERE t.user_id = $1 AND t.id = $2", owner_id, tag_id)


async def by_ids(db: Database, owner_id: UUID, tag_ids: Collection[UUID]) -> dict[UUID, str]:
    """Those of the tags that are the owner's, with their paths."""
    rows = await db.fetch(
        "SELECT id, value FROM tag WHERE user_id = $1 AND id = ANY($2::uuid[]) ORDER BY value", owner_id, list(tag_ids)
    )
    return {row["id"]: row["value"] for row in rows}


async def by_paths(db: Database, owner_id: UUID, paths: Collection[str]) -> dict[str, UUID]:
    """The tags that there are already."""
    rows = await db.fetch(
        "SELECT id, value FROM tag WHERE user_id = $1 AND value = ANY($2::text[])", owner_id, list(paths)
    )
    return {row["value"]: row["id"] for row in rows}


async def shown(db: Database, owner_id: UUID, paths: Sequence[str]) -> list[Row]:
    """Tags by their paths, in that order."""
    return await db.fetch(
        f"""SELECT {_COLUMNS} FROM tag t WHERE t.user_id = $1 AND t.value = ANY($2::text[])
            ORDER BY array_position($2::text[], t.value)""",
        owner_id, list(paths),
    )  # fmt: skip


async def insert(db: Database, owner_id: UUID, parents: Mapping[str, UUID | None]) -> dict[str, UUID]:
    """Make tags of one depth, each below its parent."""
    rows = await db.fetch(
        """INSERT INTO tag (user_id, value, parent_id)
           SELECT $1, made.value, made.parent_id FROM unnest($2::text[], $3::uuid[]) AS made (value, parent_id)
           RETURNING id, value""",
        owner_id, list(parents), list(parents.values()),
    )  # fmt: skip
    await db.execute(
        """INSERT INTO tag_closure (id_ancestor, id_descendant)
           SELECT c.id_ancestor, t.id FROM tag t JOIN tag_closure c ON c.id_descendant = t.parent_id
           WHERE t.id = ANY($1::uuid[])
           UNION ALL SELECT id, id FROM unnest($1::uuid[]) AS id""",
        [row["id"] for row in rows],
    )
    return {row["value"]: row["id"] for row in rows}


async def paint(db: Database, tag_id: UUID, color: str | None) -> None:
    """Set or take away a tag's colour."""
    await db.execute("UPDATE tag SET color = $2 WHERE id = $1 AND color IS DISTINCT FROM $2", tag_id, color)


async def subtree(db: Database, tag_id: UUID) -> list[str]:
    """The paths of a tag and of all below it."""
    rows = await db.fetch(
        "SELECT t.value FROM tag_closure c JOIN tag t ON t.id = c.id_descendant WHERE c.id_ancestor = $1", tag_id
    )
    return [row["value"] for row in rows]


async def rename(db: Database, tag_id: UUID, path: str) -> None:
    """Give a tag, and all below it, another path; notes that columns of assets are to follow."""
    await db.execute(_FOLLOW, tag_id, path)
    await db.execute(
        """UPDATE tag SET value = $2::text || substr(tag.value, length(top.value) + 1)
           FROM tag_closure c JOIN tag top ON top.id = c.id_ancestor
           WHERE c.id_ancestor = $1 AND tag.id = c.id_descendant""",
        tag_id, path,
    )  # fmt: skip


async def delete(db: Database, tag_id: UUID) -> None:
    """Delete a tag and all below it; notes that columns of assets are to follow."""
    await db.execute(_FOLLOW, tag_id, None)
    await db.execute("DELETE FROM tag WHERE id = $1", tag_id)


async def owners_of_empty(db: Database) -> list[UUID]:
    """Who has tags without assets."""
    rows = await db.fetch(f"SELECT DISTINCT user_id FROM tag AS t WHERE {_EMPTY} ORDER BY 1")
    return [row["user_id"] for row in rows]


async def delete_empty(db: Database, owner_id: UUID) -> None:
    """Delete tags that no asset has, nor has one below them."""
    await db.execute(f"DELETE FROM tag AS t WHERE t.user_id = $1 AND {_EMPTY}", owner_id)
