"""Every query of downloads."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from immich_host.db.database import Database

_SIZES = """
SELECT asset.id, COALESCE(exif.file_size_in_byte, 0) AS size, video.id AS video_id,
  COALESCE(video_exif.file_size_in_byte, 0) AS video_size,
  COALESCE(video.original_path LIKE 'encoded-video/%', false) AS is_embedded
FROM asset
LEFT JOIN asset_exif exif ON exif.asset_id = asset.id
LEFT JOIN asset video ON video.id = asset.live_photo_video_id
LEFT JOIN asset_exif video_exif ON video_exif.asset_id = video.id
"""

_FILES = """
SELECT a.id, a.original_path, a.original_file_name, a.is_external, f.path AS edited_path
FROM asset a LEFT JOIN asset_file f ON $2 AND a.is_edited AND f.asset_id = a.id AND f.type = 'fullsize' AND f.is_edited
WHERE a.id = ANY($1::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Item:
    """An asset to be downloaded, with its live-photo video; sizes in bytes."""

    id: UUID
    size: int
    video_id: UUID | None
    video_size: int
    is_embedded: bool


@dataclass(frozen=True, slots=True)
class ZippedFile:
    """A file for an archive; paths as rows hold them."""

    id: UUID
    original_path: str
    original_file_name: str
    is_external: bool
    edited_path: str | None


async def items_by_id(db: Database, ids: Sequence[UUID]) -> AsyncIterator[Item]:
    """The assets, in the order of `ids`."""
    for start in range(0, len(ids), 1000):
        batch = ids[start : start + 1000]
        rows = {row["id"]: row for row in await db.fetch(f"{_SIZES} WHERE asset.id = ANY($1::uuid[])", batch)}
        for asset_id in batch:
            if asset_id in rows:
                yield Item(**rows[asset_id])


async def items_where(db: Database, condition: str, values: Sequence[Any]) -> AsyncIterator[Item]:
    """Assets that are not trashed, oldest first; each `?` of the condition stands for the next value."""
    pieces = condition.split("?")
    text = "".join(f"{piece}${number}" for number, piece in enumerate(pieces[:-1], 1)) + pieces[-1]
    sql = f"{_SIZES} WHERE asset.deleted_at IS NULL AND ({text}) ORDER BY asset.file_created_at, asset.id"
    async for row in db.stream(sql, *values):
        yield Item(**row)


async def files_of(db: Database, ids: Sequence[UUID], *, edited: bool) -> list[ZippedFile]:
    """The files of these assets in the order of `ids`; with `edited` the edited form where there is one."""
    rows = {row["id"]: row for row in await db.fetch(_FILES, list(ids), edited)}
    return [ZippedFile(**rows[asset_id]) for asset_id in ids if asset_id in rows]


async def videos_of(db: Database, stills: Collection[UUID], videos: Collection[UUID]) -> set[UUID]:
    """Of `videos` those that are the moving half of one of `stills`."""
    rows = await db.fetch(
        "SELECT live_photo_video_id FROM asset WHERE id = ANY($1::uuid[]) AND live_photo_video_id = ANY($2::uuid[])",
        list(stills), list(videos),
    )  # fmt: skip
    return {row[0] for row in rows}
