"""Finding what an asset is near to among 100,000 photos of one owner: by the index, and one by one.

Vectors are made up: scenes of twenty photos each, and copies of some of them at distances that real copies have. Wanted
is that the index finds at least 0.98 of what comparing one by one finds. Both run the plugin's own statements, in
turns, on a PostgreSQL of their own; half as many photos of a second owner lie in the same table. Also measured: what
keeping a fingerprint costs, and comparing two grey maps.

    python benchmarks/duplicates.py [--photos N] [--copies N] [--rounds N] [--json]
"""

import argparse
import asyncio
import json
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import numpy as np

from immich_duplicates import store
from immich_duplicates.comparing import MAP_SIDE, agreement
from immich_duplicates.settings import DuplicateDetection
from immich_host.db.database import Database
from immich_host.db.migrating import create_database, migrate
from immich_host.hosting import Hosting
from immich_host.hosting.apps import all_apps
from immich_host.runtime.postgres import Postgres

NUMBERS = 1280
SCENE = 20
RECIPE = "benchmark"
WITHIN = DuplicateDetection().max_distance
ASSETS = """
INSERT INTO asset (id, owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
                   local_date_time, checksum)
SELECT id, $2, 'IMAGE', 'upload/' || id, id || '.jpg', now(), now(), now(), decode(replace(id::text, '-', ''), 'hex')
FROM unnest($1::uuid[]) AS id
"""


def vectors(rng: np.random.Generator, amount: int, copies: int) -> Iterator[np.ndarray]:
    """Unit vectors in blocks; the last `copies` of all are copies of the first ones."""
    originals: list[np.ndarray] = []
    made = 0
    while made < amount - copies:
        block = min(2000, amount - copies - made)
        scenes = np.maximum(rng.normal(0, 1, (-(-block // SCENE), NUMBERS)), 0).repeat(SCENE, axis=0)[:block]
        photos = _unit(np.maximum(scenes + rng.normal(0, 0.55, scenes.shape), 0))
        originals.append(photos[: max(0, copies - made)])
        made += block
        yield photos
    first = np.concatenate(originals)[:copies]
    noise = rng.uniform(0.05, 0.4, (len(first), 1)) / np.sqrt(NUMBERS)
    yield _unit(np.maximum(first + rng.normal(0, 1, first.shape) * noise, 0))


def _unit(block: np.ndarray) -> np.ndarray:
    return (block / np.linalg.norm(block, axis=1, keepdims=True)).astype(np.float32)


async def fill(connection: asyncpg.Connection, owner: UUID, blocks: Iterator[np.ndarray]) -> list[UUID]:
    """The photos of an owner, with fingerprints; their ids in order."""
    ids: list[UUID] = []
    for block in blocks:
        fresh = [uuid4() for _ in block]
        await connection.execute(ASSETS, fresh, owner)
        await connection.copy_records_to_table(
            "duplicates_fingerprint", records=[(each, RECIPE) for each in fresh], columns=["asset_id", "recipe"]
        )
        await connection.copy_to_table("duplicates_frame", source=_binary(fresh, block), format="binary")
        ids += fresh
    return ids


async def _binary(ids: Sequence[UUID], block: np.ndarray) -> AsyncIterator[bytes]:
    """Rows as COPY reads them: id, number of the frame, vector of half floats, an empty map."""
    yield b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
    for each, vector in zip(ids, block.astype(">f2"), strict=True):
        content = struct.pack(">hh", NUMBERS, 0) + vector.tobytes()
        fields = (each.bytes, struct.pack(">h", 0), content, b"")
        yield struct.pack(">h", 4) + b"".join(struct.pack(">i", len(field)) + field for field in fields)
    yield struct.pack(">h", -1)


async def measure(url: str, photos: int, copies: int, rounds: int) -> dict[str, Any]:
    """All figures; times are medians in ms."""
    connection = await asyncpg.connect(url)
    await connection.execute("SET synchronous_commit = off; SET maintenance_work_mem = '2GB'")
    index = await connection.fetchval("SELECT pg_get_indexdef('duplicates_frame_embedding'::regclass)")
    await connection.execute("DROP INDEX duplicates_frame_embedding")
    rng = np.random.default_rng(7)
    owner, other = [
        await connection.fetchval('INSERT INTO "user" (email, name) VALUES ($1, $1) RETURNING id', name)
        for name in ("a", "b")
    ]
    begin = time.perf_counter()
    ids = await fill(connection, owner, vectors(rng, photos, copies))
    await fill(connection, other, vectors(rng, photos // 2, copies))
    built = time.perf_counter()
    await connection.execute(index)
    await connection.execute("ANALYZE")
    print(f"written in {built - begin:.0f} s, indexed in {time.perf_counter() - built:.0f} s", file=sys.stderr)
    database = Database(url, max_connections=2)
    await database.connect()
    result = await searching(database, owner, ids, copies, rounds) | await keeping(database, connection, owner, rng)
    result["table_mb"], result["index_mb"] = [
        await connection.fetchval(f"SELECT pg_relation_size('{name}') / 1e6")
        for name in ("duplicates_frame", "duplicates_frame_embedding")
    ]
    await database.close()
    await connection.close()
    return result


async def searching(database: Database, owner: UUID, ids: Sequence[UUID], copies: int, rounds: int) -> dict[str, Any]:
    """Both ways in turns, for copies: how long they take, and how much the index finds."""
    times: dict[str, list[float]] = {"index": [], "one by one": []}
    wanted = found = 0
    for each in list(ids[-copies:])[:: max(1, copies // rounds)][:rounds]:
        asset = store.Looked(each, owner, "IMAGE", True, RECIPE)
        near: dict[str, set[UUID]] = {}
        for way, limit in (("index", 0), ("one by one", len(ids) + 1)):
            store.EXACT_UP_TO = limit
            begin = time.perf_counter()
            near[way] = {one.asset_id for one in await store.near_photos(database, asset, RECIPE, within=WITHIN)}
            times[way].append(1000 * (time.perf_counter() - begin))
        wanted += len(near["one by one"])
        found += len(near["one by one"] & near["index"])
    result = {f"{way.replace(' ', '_')}_ms": statistics.median(taken) for way, taken in times.items()}
    return result | {"index_p95_ms": np.quantile(times["index"], 0.95), "near": wanted, "found": found / wanted}


async def keeping(
    database: Database, connection: asyncpg.Connection, owner: UUID, rng: np.random.Generator
) -> dict[str, Any]:
    """Fingerprints one at a time, with the index there; and comparing maps."""
    fresh = [uuid4() for _ in range(100)]
    await connection.execute(ASSETS, fresh, owner)
    block = next(vectors(rng, 200, 100))
    taken: list[float] = []
    for each, vector in zip(fresh, block, strict=True):
        frame = store.Frame(0, json.dumps(vector.tolist()), b"\0" * MAP_SIDE**2)
        begin = time.perf_counter()
        await store.remember(database, each, RECIPE, [frame])
        taken.append(1000 * (time.perf_counter() - begin))
    maps = [rng.integers(0, 255, MAP_SIDE**2, np.uint8).tobytes() for _ in range(50)]
    begin = time.process_time()
    for one in maps:
        agreement(one, one)
    same = 1000 * (time.process_time() - begin) / len(maps)
    return {"keep_ms": statistics.median(taken), "compare_cpu_ms": same}


async def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """On a PostgreSQL of its own."""
    with tempfile.TemporaryDirectory(prefix="duplicates-") as folder:
        postgres = Postgres(Path(folder, "postgres"))
        postgres.start(output=subprocess.DEVNULL)
        try:
            url = urlunsplit(urlsplit(postgres.uri)._replace(path="/measured"))
            await create_database(url)
            database = Database(url, max_connections=2)
            await database.connect()
            failed = await migrate(database, all_apps(Hosting(["inference", "duplicates"])))
            await database.close()
            assert not failed, failed
            return await measure(url, arguments.photos, arguments.copies, arguments.rounds)
        finally:
            postgres.stop()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--copies", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    result = asyncio.run(run(arguments))
    if arguments.json:
        print(json.dumps(result, default=float))
        return
    for name, value in result.items():
        print(f"{name:16} {value:10.3f}")


if __name__ == "__main__":
    main()
