"""A server with everything in it, written by SQL: 1,000,000 assets of 50 users, their albums, people, tags and so on.

The administrator has 80 of 100 assets, the other 49 users share the rest. Ids are made of a kind and a number, so that
rows refer to each other without a join. All amounts but those of users and partners shrink with the assets.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import asyncpg

USERS = 50
PARTNERS = 10
TABLES = ("asset", "asset_exif")
"""Whose indexes are made afterwards: they are ready sooner, and as they are on a server."""

MADE = """
CREATE FUNCTION pg_temp.made(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT overlay(overlay(md5(kind || n) PLACING '4' FROM 13 FOR 1) PLACING '8' FROM 17 FOR 1)::uuid $$;
CREATE FUNCTION pg_temp.person_of_all(n bigint, me uuid) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN n % 50 = 0 THEN me ELSE pg_temp.made('user', n % 50) END $$;
"""

INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS sql FROM pg_index
WHERE indrelid = ANY($1::text[]::regclass[]) AND NOT indisunique
"""

# Each is given the numbers of `Amounts` and `me`, the administrator.
ROWS = {
    "users": """
INSERT INTO "user" (id, email, name)
SELECT pg_temp.made('user', n), 'user' || n || '@host.test', 'User ' || n FROM generate_series(1, {users} - 1) AS n""",
    "assets": """
INSERT INTO asset (id, owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
  local_date_time, width, height, checksum, thumbhash, is_favorite, visibility, deleted_at, status, stack_id,
  duplicate_id)
SELECT pg_temp.made('asset', n), CASE WHEN n <= {mine} THEN {me} ELSE pg_temp.made('user', 1 + n % 49) END,
  CASE WHEN n % 20 = 0 THEN 'VIDEO' ELSE 'IMAGE' END, 'upload/' || n || '.jpg', 'IMG_' || n || '.jpg',
  moment, moment, moment + interval '2 hours', 4032, CASE WHEN n % 3 = 0 THEN 3024 ELSE 2268 END,
  sha256(('a' || n)::bytea), decode(md5(n::text) || substr(md5(n::text), 1, 18), 'hex'), n % 50 = 0,
  CASE WHEN n % 25 = 0 THEN 'archive' ELSE 'timeline' END,
  CASE WHEN n % 200 = 7 THEN now() END, CASE WHEN n % 200 = 7 THEN 'trashed' ELSE 'active' END,
  CASE WHEN n <= {stacks} * 3 AND n % 3 > 0 THEN pg_temp.made('stack', n / 3 + 1) END,
  CASE WHEN n > {mine} - {duplicates} * 2 AND n <= {mine} THEN pg_temp.made('duplicate', n / 2) END
FROM (SELECT n, '2009-01-01 00:00+00'::timestamptz + hashtext(n::text)::bigint % 96 * interval '1 month'
        + n % 2419200 * interval '1 second' + interval '96 months' AS moment
      FROM generate_series(1, {assets}) AS n) AS t""",
    "stacks": """
INSERT INTO stack (id, primary_asset_id, owner_id)
SELECT pg_temp.made('stack', n), pg_temp.made('asset', 3 * n - 2), {me} FROM generate_series(1, {stacks}) AS n""",
    "exif": """
INSERT INTO asset_exif (asset_id, file_size_in_byte, city, state, country, make, model, lens_model, latitude,
  longitude, rating, exif_image_width, exif_image_height, date_time_original, time_zone, f_number, focal_length, iso,
  exposure_time)
SELECT pg_temp.made('asset', n), 100000 + n % 90000, CASE WHEN n % 3 > 0 THEN 'City ' || n % 2000 END,
  'State ' || n % 100, 'Country ' || n % 50, 'Make ' || n % 6, 'Model ' || n % 60, 'Lens ' || n % 60,
  CASE WHEN n % 4 = 0 THEN n % 170 - 85 + n % 997 / 1000.0 END, CASE WHEN n % 4 = 0 THEN n % 350 - 175 END,
  CASE WHEN n % 10 = 0 THEN 1 + n % 5 END, 4032, 3024, now(), 'UTC+2', 1.8, 26, 100, '1/250'
FROM generate_series(1, {assets}) AS n""",
    "albums": """
INSERT INTO album (id, album_name, description, album_thumbnail_asset_id)
SELECT pg_temp.made('album', n), 'Album ' || n, 'Of a journey', pg_temp.made('asset', 1 + n * 7919 % {mine})
FROM generate_series(1, {albums}) AS n""",
    "members of albums": """
INSERT INTO album_user (album_id, user_id, role)
SELECT pg_temp.made('album', n), CASE WHEN n % 4 > 0 THEN {me} ELSE pg_temp.made('user', 1 + n % 49) END, 'owner'
FROM generate_series(1, {albums}) AS n
UNION ALL SELECT pg_temp.made('album', n), pg_temp.made('user', 1 + (n + k) % 49), 'editor'
FROM generate_series(10, {albums}, 10) AS n, generate_series(1, 10) AS k
UNION ALL SELECT pg_temp.made('album', n), {me}, 'viewer' FROM generate_series(8, {albums}, 8) AS n""",
    "assets of albums": """
INSERT INTO album_asset (album_id, asset_id)
SELECT DISTINCT pg_temp.made('album', n), pg_temp.made('asset', 1 + (n * 7919 + k * 101) % {mine})
FROM generate_series(1, {albums}) AS n, generate_series(0, 99 + n * 7919 % 801) AS k""",
    "activities": """
INSERT INTO activity (album_id, user_id, comment)
SELECT pg_temp.made('album', 1 + n % 10), pg_temp.person_of_all(n, {me}), 'Nice ' || n
FROM generate_series(1, {activities}) AS n""",
    "people": """
INSERT INTO person (id, owner_id, name, is_hidden, thumbnail_path, face_asset_id)
SELECT pg_temp.made('person', n), {me}, CASE WHEN n % 5 > 1 THEN 'Person ' || n ELSE '' END, n % 20 = 0,
  'thumbs/' || n || '.jpeg', pg_temp.made('face', n) FROM generate_series(1, {people}) AS n""",
    "faces": """
INSERT INTO asset_face (id, asset_id, person_id, image_width, image_height, bounding_box_x1, bounding_box_x2,
  bounding_box_y2)
SELECT pg_temp.made('face', n), pg_temp.made('asset', 1 + n / 2 * 15 % {mine}),
  pg_temp.made('person', CASE WHEN n <= {people} THEN n
    ELSE 1 + floor({people} * power(abs(hashtext(n::text)) / 2147483648.0, 3))::bigint END),
  1440, 1080, n % 2 * 500, 100 + n % 2 * 500, 100 FROM generate_series(1, {faces}) AS n""",
    "tags": """
INSERT INTO tag (id, user_id, value, color, parent_id)
SELECT pg_temp.made('tag', n), {me}, CASE WHEN n <= 20 THEN 'Tag ' || n ELSE 'Tag ' || 1 + n % 20 || '/' || n END,
  '#ff0000', CASE WHEN n > 20 THEN pg_temp.made('tag', 1 + n % 20) END FROM generate_series(1, {tags}) AS n""",
    "tags under tags": """
INSERT INTO tag_closure (id_ancestor, id_descendant)
SELECT pg_temp.made('tag', n), pg_temp.made('tag', n) FROM generate_series(1, {tags}) AS n
UNION ALL SELECT pg_temp.made('tag', 1 + n % 20), pg_temp.made('tag', n) FROM generate_series(21, {tags}) AS n""",
    "assets of tags": """
INSERT INTO tag_asset (asset_id, tag_id)
SELECT DISTINCT pg_temp.made('asset', 1 + n * 37 % {mine}), pg_temp.made('tag', 1 + n % {tags})
FROM generate_series(1, {tags} * 100) AS n""",
    "memories": """
INSERT INTO memory (id, owner_id, type, data, memory_at)
SELECT pg_temp.made('memory', n), {me}, 'on_this_day', jsonb_build_object('year', 2009 + n % 16),
  '2024-01-01 00:00+00'::timestamptz - n * interval '1 day' FROM generate_series(1, {memories}) AS n""",
    "assets of memories": """
INSERT INTO memory_asset (memories_id, asset_id)
SELECT pg_temp.made('memory', n), pg_temp.made('asset', 1 + (n * 101 + k) % {mine})
FROM generate_series(1, {memories}) AS n, generate_series(0, 7) AS k""",
    "notifications": """
INSERT INTO notification (user_id, title, data, created_at)
SELECT {me}, 'Note ' || n, '{{}}', now() - n * interval '1 hour' FROM generate_series(1, {notifications}) AS n""",
    "partners": """
INSERT INTO partner (shared_by_id, shared_with_id, in_timeline)
SELECT pg_temp.made('user', n), {me}, n % 2 = 0 FROM generate_series(1, {partners}) AS n""",
    "shared links": """
INSERT INTO shared_link (id, user_id, key, type, album_id)
SELECT pg_temp.made('link', n), {me}, sha256(('link' || n)::bytea), CASE WHEN n % 6 > 0 THEN 'ALBUM'
  ELSE 'INDIVIDUAL' END,
  CASE WHEN n % 6 > 0 THEN pg_temp.made('album', 1 + 4 * n % {albums}) END FROM generate_series(1, {links}) AS n""",
    "assets of shared links": """
INSERT INTO shared_link_asset (shared_link_id, asset_id)
SELECT pg_temp.made('link', n), pg_temp.made('asset', 1 + (n * 101 + k) % {mine})
FROM generate_series(6, {links}, 6) AS n, generate_series(0, 19) AS k""",
    "sessions": """
INSERT INTO session (token, user_id, device_type) SELECT sha256(('session' || n)::bytea), {me}, 'Phone'
FROM generate_series(1, 100) AS n""",
    "API keys": """
INSERT INTO api_key (name, key, user_id) SELECT 'Key ' || n, sha256(('key' || n)::bytea), {me}
FROM generate_series(1, 100) AS n""",
}


@dataclass(frozen=True)
class Amounts:
    """How many of everything there are for so many assets."""

    assets: int

    def of(self, me: UUID) -> dict[str, Any]:
        """For the statements."""
        share = self.assets / 1_000_000
        whole = {
            "albums": 2000, "people": 5000, "faces": 100_000, "tags": 2000, "stacks": 20_000, "memories": 3000,
            "notifications": 5000, "links": 300, "activities": 5000, "duplicates": 2000,
        }  # fmt: skip
        scaled = {name: max(20, round(number * share)) for name, number in whole.items()}
        mine = self.assets * 8 // 10
        return scaled | {
            "assets": self.assets,
            "mine": mine,
            "users": USERS,
            "partners": PARTNERS,
            "me": f"'{me}'::uuid",
        }


async def fill(url: str, me: UUID, assets: int) -> None:
    """Write everything, and vacuum."""
    begin = time.perf_counter()
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET synchronous_commit = off; SET session_replication_role = replica")
        await connection.execute(MADE)
        indexes = await connection.fetch(INDEXES, list(TABLES))
        await connection.execute(f"DROP INDEX {', '.join(row['name'] for row in indexes)}")
        values = Amounts(assets).of(me)
        for sql in ROWS.values():
            await connection.execute(sql.format(**values))
        for row in indexes:
            await connection.execute(row["sql"])
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()
    print(f"{assets} assets with all else written in {time.perf_counter() - begin:.0f} s", file=sys.stderr)


def made(kind: str, number: int) -> str:
    """The id of the `number`th (from 1) of a kind: asset, album, person, tag, user, memory, ..."""
    text = md5(f"{kind}{number}".encode(), usedforsecurity=False).hexdigest()
    return str(UUID(text[:12] + "4" + text[13:16] + "8" + text[17:]))


@contextmanager
def folder(chosen: Path | None, prefix: str) -> Iterator[Path]:
    """For a server: the one that was chosen, or one that is gone afterwards."""
    if chosen is not None:
        yield chosen
        return
    with TemporaryDirectory(prefix=prefix) as name:
        yield Path(name) / "data"
