"""Queries of fingerprints: keeping them, and finding those that are near."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from immich_host.plugin_api.assets import AssetType
from immich_host.plugin_api.database import Database, Row

NEAREST = 64
"""At most so many of the nearest are looked at."""

EXACT_UP_TO = 5_000
"""With more assets than these an owner's are searched by the index, which finds nearly all that are near."""

IS_CANDIDATE = "{0}.deleted_at IS NULL AND {0}.visibility IN ('timeline', 'archive') AND {0}.stack_id IS NULL"
"""SQL for an alias of `asset`: whether it may be in a group."""

_CANDIDATE = IS_CANDIDATE.format("a")

_LOOKED_AT = f"""
SELECT a.id, a.owner_id, a.type, ({_CANDIDATE}) AS is_candidate, p.recipe
FROM asset a LEFT JOIN duplicates_fingerprint p ON p.asset_id = a.id WHERE a.id = $1
"""

_NEAR = f"""
SELECT f.asset_id, f.embedding <=> $1::halfvec AS distance
FROM duplicates_frame f JOIN duplicates_fingerprint p ON p.asset_id = f.asset_id JOIN asset a ON a.id = f.asset_id
WHERE f.frame = 0 AND f.asset_id <> $2 AND a.owner_id = $3 AND a.type = 'IMAGE' AND p.recipe = $4 AND {_CANDIDATE}
"""

_BY_INDEX = f"""
SELECT asset_id, distance FROM ({_NEAR} ORDER BY f.embedding <=> $1::halfvec LIMIT {NEAREST}) AS nearest
WHERE distance <= $5 ORDER BY distance, asset_id
"""

_ONE_BY_ONE = f"""
WITH near AS MATERIALIZED ({_NEAR})
SELECT asset_id, distance FROM near WHERE distance <= $5 ORDER BY distance, asset_id LIMIT {NEAREST}
"""

_VIDEOS = f"""
SELECT f.asset_id, avg(f.embedding <=> own.embedding) AS distance
FROM duplicates_fingerprint me
JOIN duplicates_fingerprint p ON p.duration BETWEEN me.duration - $5 AND me.duration + $5
  AND p.asset_id <> me.asset_id AND p.recipe = me.recipe
JOIN asset a ON a.id = p.asset_id AND a.owner_id = $2 AND a.type = 'VIDEO' AND {_CANDIDATE}
JOIN duplicates_frame f ON f.asset_id = p.asset_id
JOIN duplicates_frame own ON own.asset_id = me.asset_id AND own.frame = f.frame
WHERE me.asset_id = $1
GROUP BY f.asset_id HAVING avg(f.embedding <=> own.embedding) <= $3 AND count(*) >= $4
ORDER BY distance, f.asset_id LIMIT {NEAREST}
"""

_WITHOUT = f"""
SELECT a.id FROM asset a
LEFT JOIN duplicates_fingerprint p ON p.asset_id = a.id
LEFT JOIN asset_job_status s ON s.asset_id = a.id
WHERE {_CANDIDATE} AND (p.asset_id IS NULL OR s.duplicates_detected_at IS NULL)
  AND (a.type = 'VIDEO' OR a.type = 'IMAGE' AND EXISTS (
    SELECT FROM asset_file f WHERE f.asset_id = a.id AND f.type = 'preview' AND NOT f.is_edited))
ORDER BY a.file_created_at DESC, a.id
"""

_ALL = f"SELECT a.id FROM asset a WHERE {_CANDIDATE} AND a.type IN ('IMAGE', 'VIDEO') ORDER BY a.id"


@dataclass(frozen=True, slots=True)
class Frame:
    """What one picture looks like; a photo's has number 0, those of a video the numbers from 1 on."""

    number: int
    embedding: str
    details: bytes


@dataclass(frozen=True, slots=True)
class Looked:
    """An asset as this plugin looks at it; `recipe` made the fingerprint that it has."""

    id: UUID
    owner_id: UUID
    type: AssetType
    is_candidate: bool
    recipe: str | None


@dataclass(frozen=True, slots=True)
class Near:
    """Another asset whose feature is near, by cosine distance."""

    asset_id: UUID
    distance: float


async def looked_at(db: Database, asset_id: UUID) -> Looked | None:
    """The asset, or None when it is gone."""
    row = await db.fetchrow(_LOOKED_AT, asset_id)
    return None if row is None else Looked(**dict(row))


async def remember(
    db: Database, asset_id: UUID, recipe: str, frames: Sequence[Frame], *, duration: int | None = None
) -> bool:
    """Keep a fingerprint in place of an older one; False when the asset is gone."""
    async with db.transaction():
        kept = await db.fetchval(
            """INSERT INTO duplicates_fingerprint (asset_id, recipe, duration)
               SELECT id, $2, $3 FROM asset WHERE id = $1 FOR KEY SHARE
               ON CONFLICT (asset_id) DO UPDATE SET recipe = excluded.recipe, duration = excluded.duration
               RETURNING true""",
            asset_id, recipe, duration,
        )  # fmt: skip
        if not kept:
            return False
        await db.execute("DELETE FROM duplicates_frame WHERE asset_id = $1", asset_id)
        await db.executemany(
            "INSERT INTO duplicates_frame (asset_id, frame, embedding, details) VALUES ($1, $2, $3::halfvec, $4)",
            [(asset_id, frame.number, frame.embedding, frame.details) for frame in frames],
        )
    return True


async def near_photos(db: Database, asset: Looked, recipe: str, *, within: float) -> list[Near]:
    """Photos of the same owner whose feature is within a distance, the nearest first."""
    feature = await db.fetchval(
        "SELECT embedding::text FROM duplicates_frame WHERE asset_id = $1 AND frame = 0", asset.id
    )
    if feature is None:
        return []
    async with db.transaction():
        is_large = await db.fetchval(
            "SELECT count(*) > $2 FROM (SELECT FROM asset WHERE owner_id = $1 LIMIT $2 + 1) AS own",
            asset.owner_id, EXACT_UP_TO,
        )  # fmt: skip
        if is_large:
            await db.execute("SET LOCAL hnsw.iterative_scan = strict_order")
        rows = await db.fetch(_BY_INDEX if is_large else _ONE_BY_ONE, feature, asset.id, asset.owner_id, recipe, within)
    return [Near(**dict(row)) for row in rows]


async def near_videos(db: Database, asset: Looked, *, within: float, frames: int, milliseconds: int) -> list[Near]:
    """Videos of the same owner, about as long, whose frames (so many at least) are on average within a distance."""
    rows = await db.fetch(_VIDEOS, asset.id, asset.owner_id, within, frames, milliseconds)
    return [Near(**dict(row)) for row in rows]


async def duration_of(db: Database, asset_id: UUID) -> int | None:
    """Milliseconds of a video that has a fingerprint."""
    return await db.fetchval("SELECT duration FROM duplicates_fingerprint WHERE asset_id = $1", asset_id)


async def details(db: Database, asset_ids: Sequence[UUID]) -> dict[UUID, dict[int, bytes]]:
    """The grey maps of assets: asset -> number of the frame -> map."""
    rows: list[Row] = await db.fetch(
        "SELECT asset_id, frame, details FROM duplicates_frame WHERE asset_id = ANY($1::uuid[])", list(asset_ids)
    )
    found: dict[UUID, dict[int, bytes]] = {}
    for row in rows:
        found.setdefault(row["asset_id"], {})[row["frame"]] = row["details"]
    return found


async def not_looked_at(db: Database) -> AsyncIterator[UUID]:
    """Assets that could be in a group and were never looked at, the newest first."""
    async for row in db.stream(_WITHOUT):
        yield row["id"]


async def candidates(db: Database) -> AsyncIterator[UUID]:
    """All assets that could be in a group."""
    async for row in db.stream(_ALL):
        yield row["id"]
