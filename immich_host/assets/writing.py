"""Changing the columns of an asset: only what differs is written, and what changed is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from immich_host.assets import columns as known
from immich_host.db.database import Database
from immich_host.plugin_api.types import storable

_EXIF = """
SELECT exif.*, asset.owner_id FROM asset_exif AS exif JOIN asset ON asset.id = exif.asset_id
WHERE exif.asset_id = $1 FOR NO KEY UPDATE OF exif
"""


async def update_columns(db: Database, asset_id: UUID, columns: dict[str, Any]) -> tuple[UUID | None, frozenset[str]]:
    """Set columns of `asset` inside the caller's transaction.

    Returns:
        The owner (None when the asset is gone) and the columns that changed.
    """
    known.check(columns, known.ASSET)
    row = await db.fetchrow("SELECT * FROM asset WHERE id = $1 FOR NO KEY UPDATE", asset_id)
    if row is None:
        return None, frozenset()
    changed = _different(row, columns)
    if changed:
        await _set(db, "asset", "id", asset_id, changed)
    return row["owner_id"], frozenset(changed)


async def update_exif(
    db: Database, asset_id: UUID, columns: dict[str, Any], *, respect_locks: bool = True
) -> tuple[UUID | None, frozenset[str]]:
    """Set columns of `asset_exif`, making the row where it is missing.

    Args:
        db: In the caller's transaction.
        asset_id: The asset.
        columns: Column -> value.
        respect_locks: Leave columns alone that a user's edit has locked.

    Returns:
        The owner (None when the asset is gone) and the columns that changed.
    """
    known.check(columns, known.EXIF)
    row = await db.fetchrow(_EXIF, asset_id)
    if row is None:
        await db.execute(
            "INSERT INTO asset_exif (asset_id) SELECT id FROM asset WHERE id = $1 ON CONFLICT DO NOTHING", asset_id
        )
        row = await db.fetchrow(_EXIF, asset_id)
    if row is None:
        return None, frozenset()
    if respect_locks:
        locked = set(row["locked_properties"])
        columns = {name: value for name, value in columns.items() if known.LOCKS.get(name) not in locked}
    changed = _different(row, columns)
    if changed:
        await _set(db, "asset_exif", "asset_id", asset_id, changed)
    return row["owner_id"], frozenset(changed)


async def lock(db: Database, asset_id: UUID, columns: set[str]) -> frozenset[str]:
    """Lock exif columns against being overwritten by a re-read of the file.

    Returns:
        Those that were not locked before.
    """
    before = await db.fetchval(
        "SELECT locked_properties FROM asset_exif WHERE asset_id = $1 FOR NO KEY UPDATE", asset_id
    )
    fresh = frozenset(column for column in columns if known.LOCKS[column] not in (before or ()))
    if before is None or not fresh:
        return frozenset()
    await db.execute(
        "UPDATE asset_exif SET locked_properties = $2::text[] WHERE asset_id = $1",
        asset_id,
        sorted({*before, *(known.LOCKS[column] for column in fresh)}),
    )
    return fresh


async def unlock(db: Database, asset_id: UUID, properties: frozenset[str]) -> None:
    """Take locks away; `properties` by their wire names."""
    await db.execute(
        """UPDATE asset_exif SET locked_properties =
             ARRAY(SELECT p FROM unnest(locked_properties) AS p WHERE p <> ALL($2::text[]))
           WHERE asset_id = $1 AND locked_properties && $2::text[]""",
        asset_id,
        sorted(properties),
    )


def _different(row: Mapping[str, Any], columns: dict[str, Any]) -> dict[str, Any]:
    new = {name: storable(value) if isinstance(value, datetime) else value for name, value in columns.items()}
    return {name: value for name, value in new.items() if row[name] != value}


async def _set(db: Database, table: str, key: str, asset_id: UUID, columns: dict[str, Any]) -> None:
    assignments = ", ".join(f"{name} = ${number}" for number, name in enumerate(columns, 2))
    await db.execute(f"UPDATE {table} SET {assignments} WHERE {key} = $1", asset_id, *columns.values())  # noqa: S608 - names are checked
