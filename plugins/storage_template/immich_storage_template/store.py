"""Every statement of this plugin."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from immich_host.plugin_api.database import Database
from immich_storage_template.disk import Part

_PART = """
SELECT h.id, h.entity_id, h.path_type, h.old_path, h.new_path, a.id IS NOT NULL AS is_there,
  CASE WHEN h.path_type = 'original' AND a.checksum_algorithm = 'sha1' THEN a.checksum END AS checksum,
  CASE h.path_type WHEN 'original' THEN a.original_path ELSE f.path END AS path
FROM move_history h LEFT JOIN asset a ON a.id = h.entity_id
LEFT JOIN asset_file f ON f.asset_id = a.id AND f.type = 'sidecar' AND NOT f.is_edited
WHERE h.path_type IN ('original', 'sidecar')
"""

_MOVABLE = """
a.deleted_at IS NULL AND a.visibility <> 'hidden' AND NOT a.is_external AND a.original_path NOT LIKE 'encoded-video/%'
"""


async def begin(db: Database, root: Path, parts: Sequence[Part]) -> bool:
    """Write down what is about to be moved; False where one of the new names is given already."""
    async with db.transaction():
        for part in parts:
            if not await db.fetchval(
                "INSERT INTO move_history (id, entity_id, path_type, old_path, new_path) VALUES ($1, $2, $3, $4, $5) "
                "ON CONFLICT DO NOTHING RETURNING true",
                *(part.id, part.asset_id, part.kind, _stored(root, part.old), _stored(root, part.new)),
            ):
                await end(db, parts)
                return False
    return True


async def hold(db: Database, parts: Sequence[Part]) -> bool:
    """Lock these moves until commit; False where somebody else has ended one."""
    rows = await db.fetch("SELECT id FROM move_history WHERE id = ANY($1::uuid[]) FOR UPDATE", _ids(parts))
    return len(rows) == len(parts)


async def end(db: Database, parts: Sequence[Part]) -> None:
    """Forget moves: they are complete, or undone."""
    await db.execute("DELETE FROM move_history WHERE id = ANY($1::uuid[])", _ids(parts))


async def is_begun(db: Database, asset_ids: Sequence[UUID]) -> bool:
    """Whether a move of one of these assets was left behind."""
    return bool(
        await db.fetchval("SELECT EXISTS (SELECT FROM move_history WHERE entity_id = ANY($1::uuid[]))", list(asset_ids))
    )


async def begun(db: Database, asset_ids: Sequence[UUID] | None = None) -> list[Any]:
    """Moves that have begun, of these assets or all; `path` is what the asset's row names now."""
    if asset_ids is None:
        return await db.fetch(f"{_PART} ORDER BY h.entity_id, h.path_type")
    return await db.fetch(f"{_PART} AND h.entity_id = ANY($1::uuid[]) ORDER BY h.path_type", list(asset_ids))


def part_of(row: Any, root: Path) -> Part:
    """A move as `begun` gives it."""
    return Part(
        row["id"], row["entity_id"], row["path_type"], root / row["old_path"], root / row["new_path"], row["checksum"]
    )


async def is_named(db: Database, root: Path, *paths: Path) -> bool:
    """Whether a row names one of these files."""
    return bool(
        await db.fetchval(
            """SELECT EXISTS (SELECT FROM asset WHERE original_path = ANY($1::text[]))
                   OR EXISTS (SELECT FROM asset_file WHERE path = ANY($1::text[]))""",
            [_stored(root, path) for path in paths],
        )
    )


async def is_original(db: Database, root: Path, path: Path) -> bool:
    """Whether an asset's row names this file, be it there or not."""
    return bool(await db.fetchval("SELECT EXISTS (SELECT FROM asset WHERE original_path = $1)", _stored(root, path)))


async def checksum_of(db: Database, asset_id: UUID) -> bytes | None:
    """The SHA-1 of an asset's original, where that is what its row holds."""
    return await db.fetchval("SELECT checksum FROM asset WHERE id = $1 AND checksum_algorithm = 'sha1'", asset_id)


async def still_of(db: Database, video_id: UUID) -> UUID | None:
    """The photo that a live-photo video belongs to, the first of several."""
    return await db.fetchval(
        "SELECT id FROM asset WHERE live_photo_video_id = $1 ORDER BY created_at, id LIMIT 1", video_id
    )


async def folder_of(db: Database, user_id: UUID) -> str:
    """The name of a user's folder: the storage label, else the id."""
    return await db.fetchval('SELECT coalesce(storage_label, id::text) FROM "user" WHERE id = $1', user_id)


async def movable(db: Database) -> AsyncIterator[UUID]:
    """Assets that the template is for, oldest first, so that the oldest of equal names gets it."""
    async for row in db.stream(f"SELECT a.id FROM asset a WHERE {_MOVABLE} ORDER BY a.file_created_at, a.id"):
        yield row["id"]


async def is_in_library(db: Database, asset_id: UUID) -> bool:
    """Whether the asset has been placed before."""
    return bool(
        await db.fetchval(
            "SELECT EXISTS (SELECT FROM asset WHERE id = $1 AND original_path LIKE 'library/%')", asset_id
        )
    )


async def not_in_library(db: Database) -> AsyncIterator[UUID]:
    """Those of them that still lie where they were uploaded to, oldest first."""
    async for row in db.stream(
        f"SELECT a.id FROM asset a WHERE {_MOVABLE} AND a.original_path NOT LIKE 'library/%' "
        "ORDER BY a.file_created_at, a.id"
    ):
        yield row["id"]


def _ids(parts: Sequence[Part]) -> list[UUID]:
    return [part.id for part in parts]


def _stored(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
