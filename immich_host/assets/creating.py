"""Making an asset's rows: the asset, its exif row with the size, its job status, its owner's usage."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson

from immich_host.db.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAsset:
    """What is known of a new asset; `original_path` as rows hold it (relative to the media root)."""

    owner_id: UUID
    type: str
    original_path: str
    original_file_name: str
    checksum: bytes
    size: int
    file_created_at: datetime
    file_modified_at: datetime
    id: UUID = field(default_factory=uuid4)
    visibility: str = "timeline"
    is_favorite: bool = False
    duration: int | None = None
    live_photo_video_id: UUID | None = None
    sidecar_path: str | None = None
    metadata: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])


_INSERT = """
INSERT INTO asset (id, owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
  local_date_time, checksum, visibility, is_favorite, duration, live_photo_video_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $8, $9, $10, $11, $12)
ON CONFLICT (owner_id, checksum) WHERE library_id IS NULL DO NOTHING
RETURNING id
"""
_EXIF = "INSERT INTO asset_exif (asset_id, file_size_in_byte) VALUES ($1, $2)"
_STATUS = "INSERT INTO asset_job_status (asset_id) VALUES ($1)"
_SIDECAR = "INSERT INTO asset_file (asset_id, type, path) VALUES ($1, 'sidecar', $2)"
_METADATA = "INSERT INTO asset_metadata (asset_id, key, value) VALUES ($1, $2, $3::jsonb)"
_USAGE = 'UPDATE "user" SET quota_usage_in_bytes = quota_usage_in_bytes + $2 WHERE id = $1'


async def insert_asset(db: Database, new: NewAsset) -> bool:
    """Write the rows, inside the caller's transaction; False where the owner has the checksum already.

    The statement waits for a concurrent insert of the same file to commit or roll back, so of two
    equal uploads exactly one becomes a row.
    """
    inserted = await db.fetchval(
        _INSERT, new.id, new.owner_id, new.type, new.original_path, new.original_file_name, new.file_created_at,
        new.file_modified_at, new.checksum, new.visibility, new.is_favorite, new.duration, new.live_photo_video_id,
    )  # fmt: skip
    if inserted is None:
        return False
    await db.execute(_EXIF, new.id, new.size)
    await db.execute(_STATUS, new.id)
    if new.sidecar_path is not None:
        await db.execute(_SIDECAR, new.id, new.sidecar_path)
    for key, value in new.metadata.items():
        await db.execute(_METADATA, new.id, key, orjson.dumps(value).decode())
    await db.execute(_USAGE, new.owner_id, new.size)
    return True


async def find_by_checksum(db: Database, owner_id: UUID, checksum: bytes) -> UUID | None:
    """The owner's uploaded asset with this SHA-1 (20 bytes), trashed ones too."""
    return await db.fetchval(
        "SELECT id FROM asset WHERE owner_id = $1 AND checksum = $2 AND library_id IS NULL", owner_id, checksum
    )
