"""Every query of this plugin."""

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from immich_host.plugin_api.database import Database
from immich_sidecar.faces import Face


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


async def not_written(db: Database) -> AsyncIterator[UUID]:
    """Assets with an edit that can be written and was not, because this plugin was off or its job failed."""
    rows = db.stream(
        """SELECT e.asset_id FROM "asset_exif" AS e JOIN "asset" AS a ON a.id = e.asset_id
           WHERE a.deleted_at IS NULL AND (e.locked_properties && '{description,rating,tags}'
             OR e.locked_properties && '{dateTimeOriginal,timeZone}' AND e.date_time_original IS NOT NULL
             OR e.locked_properties && '{latitude,longitude}' AND e.latitude IS NOT NULL AND e.longitude IS NOT NULL)
           ORDER BY e.asset_id"""
    )
    async for row in rows:
        yield row["asset_id"]


async def written_faces(db: Database, asset_id: UUID) -> list[Face]:
    """The faces that were written into the asset's sidecar."""
    found = await db.fetchval('SELECT faces FROM "sidecar_people" WHERE asset_id = $1', asset_id)
    return [Face(**face) for face in json.loads(found)] if found else []


async def remember_faces(db: Database, asset_id: UUID, faces: Iterable[Face]) -> None:
    """Note the faces that are written into the asset's sidecar."""
    text = json.dumps([asdict(face) for face in dict.fromkeys(faces)])
    if text == "[]":
        await db.execute('DELETE FROM "sidecar_people" WHERE asset_id = $1', asset_id)
        return
    await db.execute(
        'INSERT INTO "sidecar_people" (asset_id, faces) SELECT id, $2::jsonb FROM "asset" WHERE id = $1 '
        "ON CONFLICT (asset_id) DO UPDATE SET faces = excluded.faces",
        asset_id,
        text,
    )
