"""Making an asset's rows: the asset, its exif row with the size, its job status, its owner's usage."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from pydantic_core import to_json

from immich_host.db.database import Database

KEPT: Final = ("active", "trashed")
"""Status of assets that stay; one that waits to be erased does not make an upload a duplicate."""


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
WITH new AS (
  INSERT INTO asset (id, owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
    local_date_time, checksum, visibility, is_favorite, duration, live_photo_video_id)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $8, $9, $10, $11, $12)
  ON CONFLICT (owner_id, checksum) WHERE library_id IS NULL DO NOTHING
  RETURNING id, owner_id
), exif AS (
  INSERT INTO asset_exif (asset_id, file_size_in_byte) SELECT id, $13 FROM new
), status AS (
  INSERT INTO asset_job_status (asset_id) SELECT id FROM new
)
UPDATE "user" SET quota_usage_in_bytes = quota_usage_in_bytes + $13 FROM new WHERE "user".id = new.owner_id
RETURNING quota_size_in_bytes IS NULL OR quota_usage_in_bytes <= quota_size_in_bytes
"""
_SIDECAR = "INSERT INTO asset_file (asset_id, type, path) VALUES ($1, 'sidecar', $2)"
_METADATA = "INSERT INTO asset_metadata (asset_id, key, value) VALUES ($1, $2, $3::jsonb)"


async def insert_asset(db: Database, new: NewAsset) -> bool:
    """Write the rows, inside the caller's transaction; False where the owner has the checksum already.

    The statement waits for a concurrent insert of the same file to commit or roll back, so of two
    equal uploads exactly one becomes a row.
    """
    return await insert_within_quota(db, new) is not None


async def insert_within_quota(db: Database, new: NewAsset) -> bool | None:
    """As `insert_asset`; None for a known checksum, else whether the owner's quota holds all of it.

    Raising the usage locks the owner's row, so that of several uploads at once each sees the others'.
    """
    fits = await db.fetchval(
        _INSERT, new.id, new.owner_id, new.type, new.original_path, new.original_file_name, new.file_created_at,
        new.file_modified_at, new.checksum, new.visibility, new.is_favorite, new.duration, new.live_photo_video_id,
        new.size,
    )  # fmt: skip
    if fits is None:
        return None
    if new.sidecar_path is not None:
        await db.execute(_SIDECAR, new.id, new.sidecar_path)
    for key, value in new.metadata.items():
        await db.execute(_METADATA, new.id, key, to_json(value, inf_nan_mode="null").decode())
    return fits


async def find_by_checksum(
    db: Database, owner_id: UUID, checksum: bytes, *, statuses: Sequence[str] = KEPT
) -> UUID | None:
    """The owner's uploaded asset with this SHA-1 (20 bytes), trashed ones too."""
    return await db.fetchval(
        "SELECT id FROM asset WHERE owner_id = $1 AND checksum = $2 AND library_id IS NULL AND status = ANY($3)",
        owner_id, checksum, statuses,
    )  # fmt: skip
