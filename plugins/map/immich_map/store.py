"""Every query of this plugin."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from immich_host.plugin_api.conditions import Conditions
from immich_host.plugin_api.database import Database

type Position = tuple[float, float]
"""Latitude and longitude in degrees."""

_POSITION = "SELECT latitude, longitude FROM asset_exif WHERE asset_id = $1 AND latitude + longitude IS NOT NULL"

_FOUND = """
SELECT asset.id, asset.file_created_at, exif.latitude, exif.longitude, exif.city, exif.state, exif.country
FROM asset JOIN asset_exif AS exif ON exif.asset_id = asset.id
WHERE asset.deleted_at IS NULL AND exif.latitude IS NOT NULL AND {}
"""

# one coordinate is looked for and the other one here: PostgreSQL takes them for independent, and expects too few assets
_MARKERS = """
SELECT coalesce(json_agg(json_build_object(
  'id', id, 'lat', latitude, 'lon', longitude, 'city', city, 'state', state, 'country', country
) ORDER BY file_created_at DESC, id) FILTER (WHERE longitude IS NOT NULL), '[]')::text
FROM ({}) AS found
"""


async def position(db: Database, asset_id: UUID) -> Position | None:
    """Where an asset was taken; None when that is not known, or the asset is gone."""
    row = await db.fetchrow(_POSITION, asset_id)
    return None if row is None else (row["latitude"], row["longitude"])


async def hold_position(db: Database, asset_id: UUID) -> Position | None:
    """The same, and nobody changes it until the end of the transaction."""
    # the asset first, as everybody does who needs both: whoever erases it holds it and wants the rest
    await db.execute("SELECT FROM asset WHERE id = $1 FOR KEY SHARE", asset_id)
    row = await db.fetchrow(f"{_POSITION} FOR NO KEY UPDATE", asset_id)
    return None if row is None else (row["latitude"], row["longitude"])


async def located(db: Database, asset_id: UUID) -> Position | None:
    """The position that was named last."""
    row = await db.fetchrow("SELECT latitude, longitude FROM map_located WHERE asset_id = $1", asset_id)
    return None if row is None else (row["latitude"], row["longitude"])


async def remember(db: Database, asset_id: UUID, named: Position | None) -> None:
    """Note the position that has its names now, or that none has."""
    if named is None:
        await db.execute("DELETE FROM map_located WHERE asset_id = $1", asset_id)
        return
    await db.execute(
        "INSERT INTO map_located (asset_id, latitude, longitude) VALUES ($1, $2, $3) ON CONFLICT (asset_id) "
        "DO UPDATE SET latitude = excluded.latitude, longitude = excluded.longitude",
        asset_id,
        *named,
    )


async def without_names(db: Database) -> AsyncIterator[UUID]:
    """Assets with a position that was not named, or named no longer; not in the trash, newest first."""
    rows = db.stream(
        "SELECT asset.id FROM asset JOIN asset_exif AS exif ON exif.asset_id = asset.id "
        "LEFT JOIN map_located AS named ON named.asset_id = asset.id "
        "WHERE asset.deleted_at IS NULL AND (exif.latitude, exif.longitude) IS DISTINCT FROM "
        "(named.latitude, named.longitude) "
        "AND (named.asset_id IS NOT NULL OR (exif.latitude IS NOT NULL AND exif.longitude IS NOT NULL)) "
        "ORDER BY asset.created_at DESC"
    )
    async for row in rows:
        yield row["id"]


async def with_position(db: Database) -> AsyncIterator[UUID]:
    """Assets that have a position, or had one that was named; not in the trash, newest first."""
    rows = db.stream(
        "SELECT asset.id FROM asset JOIN asset_exif AS exif ON exif.asset_id = asset.id "
        "WHERE asset.deleted_at IS NULL AND ((exif.latitude IS NOT NULL AND exif.longitude IS NOT NULL) "
        "OR EXISTS (SELECT FROM map_located AS named WHERE named.asset_id = asset.id)) "
        "ORDER BY asset.created_at DESC"
    )
    async for row in rows:
        yield row["id"]


async def markers(db: Database, found: Sequence[Conditions]) -> str:
    """JSON of the assets that fulfil one of the conditions and have a position, newest first; nothing from the trash.

    Args:
        db: The database.
        found: No asset fulfils two of them; they share their arguments.
    """
    searches = " UNION ALL ".join(_FOUND.format(each.where) for each in found)
    async with db.planned():  # a plan for any owner looks up each of a million assets
        return await db.fetchval(_MARKERS.format(searches), *found[0].args)
