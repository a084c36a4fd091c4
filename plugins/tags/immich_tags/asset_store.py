"""Queries about the tags of assets."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from uuid import UUID

from immich_host.plugin_api.database import Database, Row
from immich_tags.paths import Change

_OF_ASSETS = """
SELECT ta.asset_id, t.id, t.value, t.color, t.parent_id, t.created_at, t.updated_at
FROM tag_asset ta JOIN tag t ON t.id = ta.tag_id
WHERE ta.asset_id = ANY($1::uuid[]) AND t.user_id = $2 ORDER BY t.value
"""

_SHOWN = """
SELECT ta.asset_id, '[' || string_agg(json_strip_nulls((
    SELECT row_to_json(shown) FROM (SELECT t.color, immich_time(t.created_at) AS "createdAt", t.id,
      split_part(t.value, '/', -1) AS name, t.parent_id AS "parentId", immich_time(t.updated_at) AS "updatedAt", t.value
    ) AS shown))::text, ',' ORDER BY t.value) || ']' AS tags
FROM tag_asset ta JOIN tag t ON t.id = ta.tag_id
WHERE ta.asset_id = ANY($1::uuid[]) AND t.user_id = $2 GROUP BY ta.asset_id
"""

_NOT_READ = """
SELECT a.id FROM asset a LEFT JOIN asset_exif e ON e.asset_id = a.id LEFT JOIN tags_read r ON r.asset_id = a.id
WHERE coalesce(e.tags, '{}') IS DISTINCT FROM coalesce(r.tags, '{}')
  OR EXISTS (SELECT FROM tags_change c WHERE c.asset_id = a.id)
ORDER BY a.created_at DESC, a.id
"""

_ALL = """
SELECT asset_id AS id FROM (
  SELECT asset_id FROM asset_exif WHERE cardinality(tags) > 0 UNION SELECT asset_id FROM tag_asset
) AS tagged ORDER BY asset_id
"""


async def of_assets(db: Database, asset_ids: Sequence[UUID], owner_id: UUID) -> list[Row]:
    """Tags of assets, by their paths; only those that are the owner's."""
    return await db.fetch(_OF_ASSETS, list(asset_ids), owner_id)


async def shown(db: Database, asset_ids: Sequence[UUID], owner_id: UUID) -> dict[UUID, str]:
    """The same as a JSON list of `TagResponseDto` for each asset that has any."""
    return {row["asset_id"]: row["tags"] for row in await db.fetch(_SHOWN, list(asset_ids), owner_id)}


async def hold(db: Database, owner_id: UUID, asset_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """What the column `tags` holds of those assets that are the owner's; it stays so until the transaction ends."""
    rows = await db.fetch(
        "SELECT id FROM asset WHERE owner_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR NO KEY UPDATE",
        owner_id, list(asset_ids),
    )  # fmt: skip
    ids = [row["id"] for row in rows]
    exif = await db.fetch(
        "SELECT asset_id, tags FROM asset_exif WHERE asset_id = ANY($1::uuid[]) ORDER BY asset_id FOR NO KEY UPDATE",
        ids,
    )
    return {asset_id: [] for asset_id in ids} | {row["asset_id"]: row["tags"] or [] for row in exif}


async def take_changes(db: Database, asset_ids: Collection[UUID]) -> dict[UUID, list[Change]]:
    """What is to be done to the columns of assets, which is the caller's business from now on."""
    rows = await db.fetch(
        "DELETE FROM tags_change WHERE asset_id = ANY($1::uuid[]) RETURNING id, asset_id, before, after",
        list(asset_ids),
    )
    found: dict[UUID, list[Change]] = {}
    for row in sorted(rows, key=lambda row: row["id"]):
        found.setdefault(row["asset_id"], []).append((row["before"], row["after"]))
    return found


async def tag_ids(db: Database, asset_ids: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """Assets and their tags."""
    rows = await db.fetch("SELECT asset_id, tag_id FROM tag_asset WHERE asset_id = ANY($1::uuid[])", list(asset_ids))
    return {(row["asset_id"], row["tag_id"]) for row in rows}


async def write(db: Database, more: Collection[tuple[UUID, UUID]], less: Collection[tuple[UUID, UUID]]) -> None:
    """Give tags to assets and take them away: pairs of an asset and a tag."""
    if less:
        await db.execute(
            """DELETE FROM tag_asset USING unnest($1::uuid[], $2::uuid[]) AS gone (asset_id, tag_id)
               WHERE tag_asset.asset_id = gone.asset_id AND tag_asset.tag_id = gone.tag_id""",
            *_columns(less),
        )
    if more:
        await db.execute(
            """INSERT INTO tag_asset (asset_id, tag_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])
               ON CONFLICT DO NOTHING""",
            *_columns(more),
        )


def _columns(pairs: Collection[tuple[UUID, UUID]]) -> tuple[list[UUID], list[UUID]]:
    return [asset_id for asset_id, _ in pairs], [tag_id for _, tag_id in pairs]


async def note_read(db: Database, columns: Mapping[UUID, Sequence[str]]) -> None:
    """Note of which columns the tags were made."""
    empty = [asset_id for asset_id, tags in columns.items() if not tags]
    await db.execute("DELETE FROM tags_read WHERE asset_id = ANY($1::uuid[])", empty)
    await db.executemany(
        """INSERT INTO tags_read (asset_id, tags) VALUES ($1, $2::text[])
           ON CONFLICT (asset_id) DO UPDATE SET tags = excluded.tags WHERE tags_read.tags <> excluded.tags""",
        [(asset_id, list(tags)) for asset_id, tags in columns.items() if tags],
    )


async def waiting(db: Database, limit: int) -> dict[UUID, list[UUID]]:
    """Some assets whose columns are to follow a change, by owner."""
    rows = await db.fetch(
        """SELECT a.owner_id, a.id FROM asset a JOIN (SELECT DISTINCT asset_id FROM tags_change LIMIT $1) AS changed
           ON changed.asset_id = a.id""",
        limit,
    )
    found: dict[UUID, list[UUID]] = {}
    for row in rows:
        found.setdefault(row["owner_id"], []).append(row["id"])
    return found


async def amount_waiting(db: Database) -> int:
    """How many assets' columns are to follow a change."""
    return await db.fetchval("SELECT count(DISTINCT asset_id) FROM tags_change")


async def not_read(db: Database) -> AsyncIterator[UUID]:
    """Assets whose tags are not what their columns say, the newest first."""
    async for row in db.stream(_NOT_READ):
        yield row["id"]


async def tagged(db: Database) -> AsyncIterator[UUID]:
    """All assets with tags."""
    async for row in db.stream(_ALL):
        yield row["id"]
