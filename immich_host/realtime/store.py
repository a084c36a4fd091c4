"""The rows behind events, in the shapes of the sync stream."""

from base64 import b64encode
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic.alias_generators import to_camel

from immich_host.plugin_api.database import Database
from immich_host.plugin_api.types import wire_time

_ASSET = (
    "id", "owner_id", "type", "original_file_name", "checksum", "thumbhash", "created_at", "file_created_at",
    "file_modified_at", "local_date_time", "deleted_at", "is_favorite", "is_edited", "visibility", "duration",
    "width", "height", "live_photo_video_id", "library_id", "stack_id",
)  # fmt: skip

_EXIF = (
    "city", "country", "date_time_original", "description", "exif_image_height", "exif_image_width",
    "exposure_time", "f_number", "file_size_in_byte", "focal_length", "fps", "iso", "latitude", "lens_model",
    "longitude", "make", "model", "modify_date", "orientation", "profile_description", "projection_type",
    "rating", "state", "time_zone",
)  # fmt: skip

_READY = f"""
SELECT {", ".join(f"a.{name} AS a_{name}" for name in _ASSET)}, {", ".join(f"e.{name} AS e_{name}" for name in _EXIF)}
FROM asset a LEFT JOIN asset_exif e ON e.asset_id = a.id
WHERE a.id = $1 AND a.visibility IN ('timeline', 'archive') AND a.deleted_at IS NULL
"""


async def ready_asset(db: Database, asset_id: UUID) -> dict[str, Any] | None:
    """`{asset: SyncAssetV2, exif: SyncAssetExifV1}` of an asset that shows in the timeline or archive, else None."""
    row = await db.fetchrow(_READY, asset_id)
    if row is None:
        return None
    return {
        "asset": {to_camel(name): _plain(row[f"a_{name}"]) for name in _ASSET},
        "exif": {"assetId": str(asset_id)} | {to_camel(name): _plain(row[f"e_{name}"]) for name in _EXIF},
    }


async def is_hidden(db: Database, asset_id: UUID) -> bool:
    """Whether an asset is part of another."""
    return await db.fetchval("SELECT visibility = 'hidden' FROM asset WHERE id = $1", asset_id) or False


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return wire_time(value)
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return str(value) if isinstance(value, UUID) else value
