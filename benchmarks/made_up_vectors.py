"""A library for searches by vectors: assets, and vectors that lie as those of photos do."""

import argparse
from uuid import UUID

import asyncpg
import numpy as np

from immich_smartsearch.models import RULES

OTHERS, OF_OTHERS = 10, 2000
"""Other users, and the vectors of each."""

USERS = """
INSERT INTO "user" (email, name, quota_usage_in_bytes)
SELECT n || '@host.test', 'User', 0 FROM generate_series(1, $1) AS n
"""
ASSETS = """
INSERT INTO asset (owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
                   local_date_time, width, height, checksum, thumbhash, is_favorite, visibility, deleted_at)
SELECT $1::uuid, CASE WHEN n % 2 = 0 THEN 'VIDEO' ELSE 'IMAGE' END, 'upload/' || n || '.jpg', 'IMG_' || n || '.jpg',
       moment, moment, moment, 4032, 3024, sha256(($1::uuid::text || $3::text || n)::bytea),
       decode(md5(n::text), 'hex'), n % 200 = 0, 'timeline', CASE WHEN $3::text <> '' THEN now() END
FROM (SELECT n, '2010-01-01'::timestamptz + n * interval '1 hour' AS moment
      FROM generate_series(0, $2::int - 1) AS n) AS t
"""
EXIF = """
INSERT INTO asset_exif (asset_id, city, country, make, model)
SELECT id, CASE WHEN get_byte(checksum, 0) < 26 THEN 'Paris' ELSE 'Rome' END, 'A country', 'Maker', 'Phone' FROM asset
"""


def vectors(amount: int, queries: int, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of photos, and of texts."""
    chance = np.random.default_rng(7)
    weights = 1 / np.sqrt(1 + np.arange(dimensions) / 40)

    def drawn(number: int, length: float) -> np.ndarray:
        found = chance.normal(size=(number, dimensions)).astype(np.float32) * weights
        return length * found / np.sqrt((weights**2).sum())

    side = drawn(1, 1.0)[0]
    subjects = drawn(60, 0.55)
    occasions = subjects[chance.integers(60, size=2500)] + drawn(2500, 0.45)
    share = chance.pareto(1.2, size=2500) + 0.1
    photos = 0.75 * side + occasions[chance.choice(2500, size=amount, p=share / share.sum())] + drawn(amount, 0.35)
    texts = 0.45 * side + 0.8 * subjects[chance.integers(60, size=queries)] + drawn(queries, 0.4)
    return _unit(photos), _unit(texts)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _packed(row: np.ndarray) -> bytes:
    """As PostgreSQL reads half-precision vectors in a binary COPY."""
    return len(row).to_bytes(2) + bytes(2) + row.astype(">f2").tobytes()


async def fill(connection: asyncpg.Connection, owner: UUID, chosen: argparse.Namespace) -> list[UUID]:
    """Assets and vectors; the ids of those that stand for queries, which are in the trash."""
    await connection.execute("SET synchronous_commit = off; SET session_replication_role = replica")
    await connection.execute(USERS, OTHERS)
    await connection.execute(ASSETS, owner, chosen.assets, "")
    for row in await connection.fetch('SELECT id FROM "user" WHERE id <> $1', owner):
        await connection.execute(ASSETS, row["id"], OF_OTHERS, "")
    ids = [row["id"] for row in await connection.fetch("SELECT id FROM asset ORDER BY checksum")]
    await connection.execute(ASSETS, owner, chosen.queries, "query")
    asked = [row["id"] for row in await connection.fetch("SELECT id FROM asset WHERE deleted_at IS NOT NULL")]
    await connection.execute(EXIF)
    model = await connection.fetchval(
        "INSERT INTO smartsearch_model (name, rules, dimensions, is_answering, asked_at) "
        "VALUES ('starter', $1, $2, true, now()) RETURNING id",
        RULES,
        chosen.dimensions,
    )
    photos, texts = vectors(len(ids), len(asked), chosen.dimensions)
    await connection.set_type_codec("halfvec", schema="public", encoder=_packed, decoder=bytes, format="binary")
    rows = ((each, model, None, row) for each, row in zip(ids + asked, np.vstack([photos, texts]), strict=True))
    columns = ["asset_id", "model_id", "preview_id", "embedding"]
    await connection.copy_records_to_table("smart_search", records=rows, columns=columns)
    for table in ("asset", "asset_exif", "smart_search"):
        await connection.execute(f"VACUUM (ANALYZE) {table}")
    return asked
