"""Queries of `asset_file` rows for the routes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from immich_host.db.database import Database
from immich_host.plugin_api.files import AssetFileType

_SELECT = """
SELECT f.id, f.asset_id, f.type, f.path, f.is_edited, f.is_progressive, f.is_transparent, f.created_at, f.updated_at,
  a.is_external
FROM asset_file f JOIN asset a ON a.id = f.asset_id
"""


@dataclass(frozen=True, slots=True)
class AssetFileDetail:
    """A row of `asset_file`; `path` as rows hold it."""

    id: UUID
    asset_id: UUID
    type: AssetFileType
    path: str
    is_edited: bool
    is_progressive: bool
    is_transparent: bool
    created_at: datetime
    updated_at: datetime
    is_external: bool


async def find_file(db: Database, file_id: UUID) -> AssetFileDetail | None:
    """The row, or None."""
    row = await db.fetchrow(f"{_SELECT} WHERE f.id = $1", file_id)
    return AssetFileDetail(**row) if row is not None else None


async def find_files(db: Database, asset_id: UUID, **wanted: Any) -> list[AssetFileDetail]:
    """The rows of one asset, oldest first.

    Args:
        db: The database.
        asset_id: The asset.
        **wanted: `type`, `is_edited`, `is_progressive`, `is_transparent`; None leaves one open.
    """
    rows = await db.fetch(
        f"""{_SELECT} WHERE f.asset_id = $1 AND ($2::text IS NULL OR f.type = $2)
        AND ($3::bool IS NULL OR f.is_edited = $3) AND ($4::bool IS NULL OR f.is_progressive = $4)
        AND ($5::bool IS NULL OR f.is_transparent = $5) ORDER BY f.created_at, f.id""",
        asset_id, wanted.get("type"), wanted.get("is_edited"), wanted.get("is_progressive"),
        wanted.get("is_transparent"),
    )  # fmt: skip
    return [AssetFileDetail(**row) for row in rows]
