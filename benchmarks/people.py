"""The list of 5,000 people, who have 100,000 faces in 50,000 photos: each page against its SQL alone.

At most 1.5 times is wanted. Photos, people and faces are one user's, written by SQL and vacuumed. The statement is the
plugin's own, run on a connection in this process; the request goes over TCP through a real `serve`. Both
alternate.

    python benchmarks/people.py [--photos N] [--people N] [--rounds N] [--json]
"""

import argparse
import asyncio
import http.client
import json
import tempfile
import urllib.parse
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from served import Served, serving
from timeline import alternating, ask

from immich_faces import people_store
from immich_host.db.database import Database
from immich_host.runtime.postgres import Postgres

PHOTOS = """
INSERT INTO asset (owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
                   local_date_time, checksum)
SELECT $1, 'IMAGE', 'upload/' || n, n || '.jpg', now(), now(), now(), sha256(n::text::bytea)
FROM generate_series(1, $2::int) AS n
"""
PEOPLE = """
INSERT INTO person (owner_id, name) SELECT $1, CASE WHEN n % 10 = 0 THEN 'Person ' || n ELSE '' END
FROM generate_series(1, $2::int) AS n
"""
FACES = """
INSERT INTO asset_face (asset_id, person_id, image_width, image_height, bounding_box_x2, bounding_box_y2)
SELECT photo.id, person.id, 100, 100, 10, 10
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM asset) AS photo CROSS JOIN generate_series(1, 2) AS k
JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM person) AS person
  ON person.n = (photo.n * 7 + k * 13) % $1 + 1
"""
SIZE = 500
PAGES = {"first page": 1, "fifth page": 5}


async def fill(connection: asyncpg.Connection, owner: UUID, photos: int, people: int) -> None:
    """Every person has the same number of photos, and each photo two faces."""
    await connection.execute(PHOTOS, owner, photos)
    await connection.execute(PEOPLE, owner, people)
    await connection.execute(FACES, people)
    for table in ("asset", "person", "asset_face"):
        await connection.execute(f"VACUUM (ANALYZE) {table}")


async def measure(server: Served, url: str, photos: int, people: int, rounds: int) -> dict[str, dict[str, Any]]:
    """Medians in ms of SQL and request."""
    owner = UUID(server.call("GET", "/users/me")["id"])
    connection: Any = await asyncpg.connect(url)
    await fill(connection, owner, photos, people)
    await connection.close()
    database = Database(url, max_connections=1)
    await database.connect()
    line = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc)
    results: dict[str, dict[str, Any]] = {}
    for name, number in PAGES.items():

        async def by_sql(number: int = number) -> people_store.Page:
            return await people_store.page(
                database, owner, minimum_faces=3, with_hidden=False, number=number, size=SIZE
            )

        path = f"/api/people?page={number}&size={SIZE}"
        text = await asyncio.to_thread(ask, line, server.token, path)
        expected = [str(row["id"]) for row in (await by_sql()).people]
        assert [person["id"] for person in json.loads(text)["people"]] == expected, "the pages differ"
        sql, request = await alternating(
            by_sql, lambda path=path: asyncio.to_thread(ask, line, server.token, path), rounds
        )
        results[name] = {"sql_ms": sql, "request_ms": request, "ratio": request / sql, "bytes": len(text)}
    await database.close()
    return results


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--photos", type=int, default=50_000)
    options.add_argument("--people", type=int, default=5000)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="people-") as name:
        data = Path(name) / "data"
        with serving(data) as server:
            url = Postgres(data / "postgres").uri
            results = asyncio.run(measure(server, url, chosen.photos, chosen.people, chosen.rounds))
    if chosen.json:
        print(json.dumps(results))
        return
    print(f"{'':18}{'kB':>8}{'SQL ms':>10}{'request ms':>12}{'ratio':>8}")
    for kind, each in results.items():
        kilobytes = f"{each['bytes'] / 1000:8.0f}"
        print(f"{kind:18}{kilobytes}{each['sql_ms']:10.1f}{each['request_ms']:12.1f}{each['ratio']:8.2f}")


if __name__ == "__main__":
    main()
