"""Every query of an upload."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from immich_host.assets.creating import NewAsset, insert_within_quota
from immich_host.db.database import Database
from immich_host.plugin_api.errors import Refused

QUOTA_EXCEEDED = "Quota has been exceeded!"
"""The mobile app stops its backup on exactly this text."""

_KNOWN_PATHS = """
SELECT original_path FROM asset WHERE original_path = ANY($1::text[])
UNION SELECT path FROM asset_file WHERE path = ANY($1::text[])
UNION SELECT profile_image_path FROM "user" WHERE profile_image_path = ANY($1::text[])
"""


async def check_quota(db: Database, owner_id: UUID, size: int) -> None:
    """Let pass while usage and `size` (bytes) stay within the owner's quota.

    Raises:
        Refused: 400.
    """
    fits = await db.fetchval(
        'SELECT quota_size_in_bytes IS NULL OR quota_usage_in_bytes + $2 <= quota_size_in_bytes FROM "user" '
        "WHERE id = $1",
        owner_id, size,
    )  # fmt: skip
    if not fits:
        raise Refused(400, QUOTA_EXCEEDED)


async def known_or_fits(db: Database, owner_id: UUID, checksum: bytes, size: int) -> tuple[UUID, bool] | None:
    """The owner's asset with this checksum and whether it stays; None if there is none.

    One that does not stay waits to be erased, and an upload of `size` bytes may take its place.

    Raises:
        Refused: 400 where the owner's quota would be exceeded.
    """
    row = await db.fetchrow(
        """SELECT asset.id, asset.status <> 'deleted' AS stays,
             quota_size_in_bytes IS NULL OR quota_usage_in_bytes + $3 <= quota_size_in_bytes AS fits
           FROM "user" LEFT JOIN asset ON owner_id = "user".id AND checksum = $2 AND library_id IS NULL
           WHERE "user".id = $1""",
        owner_id, checksum, size,
    )  # fmt: skip
    if row is None or not (row["stays"] or row["fits"]):
        raise Refused(400, QUOTA_EXCEEDED)
    return (row["id"], row["stays"]) if row["id"] is not None else None


async def store_upload(db: Database, new: NewAsset) -> bool:
    """Write the rows, inside the caller's transaction; False where the owner has the checksum already.

    Raises:
        Refused: 400 where the owner's quota would be exceeded; roll back then.
    """
    fits = await insert_within_quota(db, new)
    if fits is False:
        raise Refused(400, QUOTA_EXCEEDED)
    return fits is not None


async def check_live_video(db: Database, video_id: UUID, owner_id: UUID) -> str:
    """The visibility of the video half of a live photo, which cannot be erased until the transaction ends.

    Raises:
        Refused: 400: it does not exist, is no video, or is somebody else's.
    """
    row = await db.fetchrow("SELECT owner_id, type, visibility FROM asset WHERE id = $1 FOR KEY SHARE", video_id)
    if row is None:
        raise Refused(400, "Live photo video not found")
    if row["type"] != "VIDEO":
        raise Refused(400, "Live photo video must be a video")
    if row["owner_id"] != owner_id:
        raise Refused(400, "Live photo video does not belong to the user")
    return row["visibility"]


async def find_by_checksums(db: Database, owner_id: UUID, checksums: Sequence[bytes]) -> dict[bytes, Any]:
    """The owner's uploads with these SHA-1s: checksum -> row of id and is_trashed."""
    rows = await db.fetch(
        "SELECT id, checksum, deleted_at IS NOT NULL AS is_trashed FROM asset "
        "WHERE owner_id = $1 AND checksum = ANY($2::bytea[]) AND library_id IS NULL AND status <> 'deleted'",
        owner_id, list(checksums),
    )  # fmt: skip
    return {row["checksum"]: row for row in rows}


async def known_paths(db: Database, stored: Sequence[str]) -> set[str]:
    """Of these relative paths, those that a row names; for `media.incoming.recover`."""
    return {row[0] for row in await db.fetch(_KNOWN_PATHS, list(stored))}
