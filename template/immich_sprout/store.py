"""Every statement of this plugin."""

from collections.abc import AsyncIterator
from uuid import UUID

from immich_host.plugin_api.database import Database, Row


async def note(db: Database, asset_id: UUID, size: int) -> None:
    """Note an asset; again is as good as once."""
    await db.execute(
        "INSERT INTO sprout_noted (asset_id, size) VALUES ($1, $2) "
        "ON CONFLICT (asset_id) DO UPDATE SET size = excluded.size",
        asset_id,
        size,
    )


async def forget(db: Database, asset_ids: list[UUID]) -> None:
    """Take assets out."""
    await db.execute("DELETE FROM sprout_noted WHERE asset_id = ANY($1)", asset_ids)


async def noted(db: Database, owner_id: UUID) -> list[Row]:
    """An owner's assets, the largest first."""
    return await db.fetch(
        "SELECT n.asset_id, n.size FROM sprout_noted n JOIN asset a ON a.id = n.asset_id "
        "WHERE a.owner_id = $1 ORDER BY n.size DESC LIMIT 100",
        owner_id,
    )


async def not_noted(db: Database) -> AsyncIterator[UUID]:
    """Assets that are neither noted nor in the trash."""
    rows = db.stream(
        "SELECT id FROM asset WHERE deleted_at IS NULL "
        "AND NOT EXISTS (SELECT FROM sprout_noted WHERE asset_id = asset.id)"
    )
    async for row in rows:
        yield row["id"]
