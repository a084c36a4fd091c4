"""Every query of this plugin; the tables are the host's."""

from collections.abc import AsyncIterator, Collection, Sequence
from uuid import UUID

from immich_host.plugin_api.database import Database, Row

AT_A_TIME = 2000
"""So many stacks of a list are known at a time."""

_WITH_ASSETS = """
SELECT s.id, s.primary_asset_id, array(
  SELECT a.id FROM asset a
  WHERE a.stack_id = s.id AND a.deleted_at IS NULL AND a.visibility IN ('timeline', 'archive')
  ORDER BY a.id <> s.primary_asset_id, a.file_created_at, a.id
) AS asset_ids
FROM stack s WHERE s.owner_id = $1 AND s.id = ANY($2::uuid[]) ORDER BY array_position($2::uuid[], s.id)
"""

_OF_ASSETS = """
SELECT a.id, (SELECT row_to_json(shown)::text FROM (SELECT (
    SELECT count(*) FROM asset m WHERE m.stack_id = s.id AND m.deleted_at IS NULL AND m.visibility = a.visibility
  ) AS "assetCount", s.id, s.primary_asset_id AS "primaryAssetId") AS shown) AS stack
FROM asset a JOIN stack s ON s.id = a.stack_id WHERE a.id = ANY($1::uuid[])
"""


async def ids(db: Database, owner_id: UUID, primary_id: UUID | None) -> AsyncIterator[list[UUID]]:
    """An owner's stacks, some at a time, the oldest first; only the one that an asset stands for, where it is given."""
    made, last = None, None
    while True:
        rows = await db.fetch(
            """SELECT id, created_at FROM stack WHERE owner_id = $1 AND ($2::uuid IS NULL OR primary_asset_id = $2)
                 AND ($3::timestamptz IS NULL OR (created_at, id) > ($3, $4::uuid))
               ORDER BY created_at, id LIMIT $5""",
            owner_id, primary_id, made, last, AT_A_TIME,
        )  # fmt: skip
        if rows:
            yield [row["id"] for row in rows]
        if len(rows) < AT_A_TIME:
            return
        made, last = rows[-1]["created_at"], rows[-1]["id"]


async def with_assets(db: Database, owner_id: UUID, stack_ids: Sequence[UUID]) -> list[Row]:
    """Those stacks that are there and the owner's, with the ids of their assets that may be shown."""
    return await db.fetch(_WITH_ASSETS, owner_id, list(stack_ids))


async def owned(db: Database, owner_id: UUID, stack_ids: Collection[UUID]) -> set[UUID]:
    """Those of the stacks that are the owner's."""
    rows = await db.fetch(
        "SELECT id FROM stack WHERE owner_id = $1 AND id = ANY($2::uuid[])", owner_id, list(stack_ids)
    )
    return {row["id"] for row in rows}


async def of_assets(db: Database, asset_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The stacks that assets are in, each as the JSON of an `AssetStackResponseDto`."""
    return {row["id"]: row["stack"] for row in await db.fetch(_OF_ASSETS, list(asset_ids))}


async def place(db: Database, asset_id: UUID) -> Row | None:
    """Which stack an asset is in, and whether it stands for it."""
    return await db.fetchrow(
        """SELECT a.stack_id, s.primary_asset_id = a.id AS is_primary
           FROM asset a LEFT JOIN stack s ON s.id = a.stack_id WHERE a.id = $1""",
        asset_id,
    )
