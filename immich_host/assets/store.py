"""Queries for assets: statistics, metadata items; also what other domains use of this one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from pydantic_core import to_json

from immich_host.assets.deleting import READ_SECONDS, discard, empty_trash, mark_deleted, restore, trash
from immich_host.assets.json_responses import asset_json
from immich_host.assets.responses import asset_responses, owners_view
from immich_host.assets.tables import AssetMetadata
from immich_host.db.database import Database

__all__ = [
    "READ_SECONDS",
    "asset_json",
    "asset_responses",
    "count_assets",
    "discard",
    "empty_trash",
    "mark_deleted",
    "owners_view",
    "restore",
    "trash",
]


async def count_assets(
    db: Database, owner_id: UUID, *, is_favorite: bool | None, is_trashed: bool | None, visibility: str | None
) -> tuple[int, int]:
    """Images and videos of an owner.

    Without a visibility: timeline and archive; hidden parts of live photos never count.
    """
    row = await db.fetchrow(
        """SELECT count(*) FILTER (WHERE type = 'IMAGE') AS images, count(*) FILTER (WHERE type = 'VIDEO') AS videos
           FROM asset
           WHERE owner_id = $1 AND status <> 'deleted' AND (deleted_at IS NOT NULL) = $2
             AND ($3::boolean IS NULL OR is_favorite = $3)
             AND CASE WHEN $4::text IS NULL THEN visibility IN ('timeline', 'archive') ELSE visibility = $4 END""",
        owner_id,
        bool(is_trashed),
        is_favorite,
        visibility,
    )
    return row["images"], row["videos"]


async def metadata_items(asset_id: UUID, key: str | None = None) -> list[dict[str, Any]]:
    """Key-value rows of an asset, by key."""
    query = AssetMetadata.select(AssetMetadata.key, AssetMetadata.value, AssetMetadata.updated_at)
    query = query.where(AssetMetadata.asset_id == asset_id).order_by(AssetMetadata.key).output(load_json=True)
    return await (query.where(AssetMetadata.key == key) if key is not None else query)


async def put_metadata(db: Database, items: Sequence[tuple[UUID, str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Upsert key-value rows; returns them with the time of their change. Of equal keys the last one counts."""
    last = {(asset_id, key): value for asset_id, key, value in items}
    keys = sorted(last)  # one order for everybody, so that two clients never wait for each other
    rows = await db.fetch(
        """INSERT INTO asset_metadata (asset_id, key, value)
           SELECT * FROM unnest($1::uuid[], $2::text[], $3::jsonb[])
           ON CONFLICT (asset_id, key) DO UPDATE SET value = EXCLUDED.value
           RETURNING asset_id, key, value, updated_at""",
        [asset_id for asset_id, _ in keys],
        [key for _, key in keys],
        [to_json(last[key], inf_nan_mode="null").decode() for key in keys],
    )
    return [dict(row) | {"value": orjson.loads(row["value"])} for row in rows]


async def forget_metadata(db: Database, items: Sequence[tuple[UUID, str]]) -> None:
    """Delete key-value rows; missing ones are fine."""
    await db.execute(
        """DELETE FROM asset_metadata WHERE (asset_id, key) IN (
             SELECT asset_id, key FROM asset_metadata WHERE (asset_id, key) IN (
               SELECT * FROM unnest($1::uuid[], $2::text[]))
             ORDER BY asset_id, key FOR UPDATE)""",
        [asset_id for asset_id, _ in items],
        [key for _, key in items],
    )
