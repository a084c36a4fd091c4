"""The timeline of 1,000,000 assets: all buckets, and one of 10,000 assets, against their SQL alone.

At most 1.5 times is wanted. The assets are one user's (a second user has a tenth), spread over 192
months, written by SQL and vacuumed. The SQL is taken from the server's own statement and run on a
connection of asyncpg in this process, with the answer taken as text; the request goes over TCP through
a real `serve`. Both alternate.

    python benchmarks/timeline.py [--assets N] [--bucket N] [--rounds N] [--plans] [--json]
"""

import argparse
import asyncio
import http.client
import json
import statistics
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from served import Served, serving

from immich_host.runtime.postgres import Postgres
from immich_host.timeline import store
from immich_host.timeline.conditions import Conditions

MONTHS = 192
BIG = date(2016, 6, 1)
"""The month with the most assets."""
ASSETS = """
INSERT INTO asset (owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
                   local_date_time, width, height, checksum, thumbhash, is_favorite, visibility)
SELECT $1, CASE WHEN n % 20 = 0 THEN 'VIDEO' ELSE 'IMAGE' END, 'upload/' || n || '.jpg', 'IMG_' || n || '.jpg',
       moment, moment, moment + interval '2 hours', 4032, CASE WHEN n % 3 = 0 THEN 3024 ELSE 2268 END,
       sha256(('a' || $1 || $3 || n)::bytea), decode(md5(n::text) || substr(md5(n::text), 1, 18), 'hex'),
       n % 50 = 0, CASE WHEN n % 25 = 0 THEN 'archive' ELSE 'timeline' END
FROM (SELECT n, $3::timestamptz + (n::float8 / $2) * $4::interval AS moment FROM generate_series(1, $2) AS n) AS t
"""
EXIF = """
INSERT INTO asset_exif (asset_id, city, country, latitude, longitude, make, model)
SELECT id, 'Paris', 'France', 48.85 + width % 7, 2.29, 'Maker', 'Phone' FROM asset
"""


async def fill(connection: asyncpg.Connection, owner: UUID, amount: int, big: int = 10_000, exif: str = EXIF) -> None:
    """The assets, `big` visible ones of them in the month `BIG`; `exif` writes their rows of asset_exif."""
    other: Any = await connection.fetchval(
        "INSERT INTO \"user\" (email, name, quota_usage_in_bytes) VALUES ('b@host.test', 'B', 0) RETURNING id"
    )
    await connection.execute("SET synchronous_commit = off; SET session_replication_role = replica")
    start = date(2008, 1, 1).isoformat() + " 00:00+00"
    for user, number in ((owner, amount), (other, amount // 10)):
        await connection.execute(_text(ASSETS, user, number, start, "192 months"))
    await connection.execute(f"DELETE FROM asset WHERE local_month = '{BIG}'")
    await connection.execute(_text(ASSETS, owner, big * 25 // 24, f"{BIG} 04:00+00", "29 days"))
    await connection.execute(exif)
    await connection.execute("VACUUM (ANALYZE) asset")
    await connection.execute("VACUUM (ANALYZE) asset_exif")


def _text(sql: str, owner: UUID, amount: int, start: str, span: str) -> str:
    values = {"$1": f"'{owner}'::uuid", "$2": str(amount), "$3": f"'{start}'", "$4": f"'{span}'"}
    for mark, value in values.items():
        sql = sql.replace(mark, value)
    return sql


class Recorder:
    """Stands for the database while the server's own function writes its statement."""

    def __init__(self) -> None:
        self.sql, self.args = "", ()

    async def fetchval(self, sql: str, *args: Any) -> str:
        """Keep the statement."""
        self.sql, self.args = sql, args
        return ""


async def statements(owner: UUID) -> dict[str, Recorder]:
    """What the routes run for a client that asks as the web page does."""

    def scope() -> Conditions:
        found = Conditions()
        found.add("asset.owner_id = ?", owner)
        found.add("asset.deleted_at IS NULL")
        found.add("asset.visibility = 'timeline'")
        return found

    buckets: Any = Recorder()
    bucket: Any = Recorder()
    await store.buckets(buckets, scope(), month="local_month", newest_first=True)
    await store.bucket(
        bucket, scope(), month="local_month", first_day=BIG, viewer=owner, newest_first=True,
        with_places=True, with_coordinates=False, with_stacks=False,
    )  # fmt: skip
    return {"buckets": buckets, "one bucket": bucket}


async def measure(server: Served, url: str, amount: int, big: int, rounds: int) -> dict[str, dict[str, Any]]:
    """Medians in ms of SQL and request, and the plan of each statement."""
    owner = UUID(server.call("GET", "/users/me")["id"])
    connection = await asyncpg.connect(url)
    begin = time.perf_counter()
    await fill(connection, owner, amount, big)
    print(f"{amount} assets written in {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    await connection.close()
    connection = await asyncpg.connect(url)
    line = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc)
    paths = {
        "buckets": "/api/timeline/buckets?visibility=timeline",
        "one bucket": f"/api/timeline/bucket?visibility=timeline&timeBucket={BIG}",
    }
    results: dict[str, dict[str, Any]] = {}
    for name, recorder in (await statements(owner)).items():
        plan = await connection.fetch("EXPLAIN (ANALYZE, COSTS OFF) " + recorder.sql, *recorder.args)
        by_sql = lambda recorder=recorder: connection.fetchval(recorder.sql, *recorder.args)  # noqa: E731
        by_request = lambda name=name: asyncio.to_thread(ask, line, server.token, paths[name])  # noqa: E731
        sql, request = await alternating(by_sql, by_request, rounds)
        text = await by_request()
        assert text == (await by_sql()).encode(), "the request does not answer what the statement gives"
        size = len(json.loads(text)["id"]) if name == "one bucket" else len(json.loads(text))
        results[name] = {
            "sql_ms": sql, "request_ms": request, "ratio": request / sql, "rows": size, "bytes": len(text),
            "plan": [row[0] for row in plan],
        }  # fmt: skip
    await connection.close()
    return results


def ask(line: http.client.HTTPConnection, token: str, path: str) -> bytes:
    line.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = line.getresponse()
    text = answer.read()
    assert answer.status == 200, text
    return text


async def alternating(
    first: Callable[[], Awaitable[Any]], second: Callable[[], Awaitable[Any]], rounds: int
) -> tuple[float, float]:
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 3):
        for way, times in zip((first, second), taken, strict=True):
            begin = time.perf_counter()
            await way()
            times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken[0][3:]), statistics.median(taken[1][3:])


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--assets", type=int, default=1_000_000)
    options.add_argument("--bucket", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=25)
    options.add_argument("--plans", action="store_true")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="timeline-") as name:
        data = Path(name) / "data"
        with serving(data) as server:
            url = Postgres(data / "postgres").uri
            results = asyncio.run(measure(server, url, chosen.assets, chosen.bucket, chosen.rounds))
    if chosen.json:
        print(json.dumps(results))
        return
    print(f"{'':18}{'rows':>8}{'kB':>8}{'SQL ms':>10}{'request ms':>12}{'ratio':>8}")
    for kind, each in results.items():
        numbers = f"{each['rows']:8}{each['bytes'] / 1000:8.0f}{each['sql_ms']:10.1f}{each['request_ms']:12.1f}"
        print(f"{kind:18}{numbers}{each['ratio']:8.2f}")
        if chosen.plans:
            print("\n".join(each["plan"]))


if __name__ == "__main__":
    main()
