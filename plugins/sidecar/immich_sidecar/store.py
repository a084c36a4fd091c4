"""Every query of this plugin."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from immich_host.plugin_api.database import Database


async def has_locks(db: Database, asset_id: UUID) -> bool:
    """Whether a user's edit of this asset waits to be written."""
    return bool(await db.fetchval("SELECT locked_properties <> '{}' FROM \"asset_exif\" WHERE asset_id = $1", asset_id))


async def edited_exif(db: Database, asset_id: UUID) -> dict[str, Any] | None:
    """The asset's exif row, or None."""
    row = await db.fetchrow('SELECT * FROM "asset_exif" WHERE asset_id = $1', asset_id)
    return None if row is None else dict(row)


async def lock_unchanged(db: Database, asset_id: UUID, seen: Any) -> bool:
    """Lock the exif row until commit; whether it is still the version (`update_id`) that was read."""
    now = await db.fetchval('SELECT update_id FROM "asset_exif" WHERE asset_id = $1 FOR UPDATE', asset_id)
    return now == seen


async def without_sidecar(db: Database) -> AsyncIterator[UUID]:
    """Assets without a sidecar that are not in the trash, newest first."""
    rows = db.stream(
        'SELECT a.id FROM "asset" AS a WHERE a.deleted_at IS NULL AND NOT EXISTS '
        "(SELECT FROM \"asset_file\" AS f WHERE f.asset_id = a.id AND f.type = 'sidecar') "
        "ORDER BY a.created_at DESC"
    )
    async for row in rows:
        yield row["id"]
