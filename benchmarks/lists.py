"""Every list of a full server against its SQL alone: `full_library.py` says what is in it.

At most 1.5 times is wanted. Which statements a request runs is learned by asking once a host in this process, on the
same database; they are then run again on one connection of asyncpg, in turns with the request, which goes over TCP
through a real `serve`. Both hosts must answer the same. What a request reads before it answers (who asks) is part of
its SQL, and so are the beginnings and ends of transactions.

    python benchmarks/lists.py [--assets N] [--rounds N] [--only PART] [--data FOLDER] [--plans] [--json]

With `--data` the server is kept in that folder, and not filled again the next time.
"""

import argparse
import asyncio
import http.client
import json
import logging
import statistics as stats
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from full_library import fill, folder, made
from served import Served, serving

from immich_host.kernel import HostKernel
from immich_host.runtime.embedded import connected
from immich_host.runtime.postgres import Postgres
from immich_host.runtime.settings import RuntimeSettings
from immich_host.testing.host import RunningHost
from immich_host.testing.statements import Statement, statements
from immich_host.web import build_app

ALBUM, ASSET, PERSON, TAG = made("album", 1), made("asset", 1), made("person", 1), made("tag", 30)
MONTH = "2015-03-01"
LONG, LEAST = 20.0, 3
"""Seconds after which no further round is begun, but for so many."""

CASES: dict[str, tuple[str, Any]] = {
    "albums": ("/albums", None),
    "albums: own": ("/albums?isOwned=true", None),
    "albums: shared": ("/albums?isShared=true", None),
    "albums of an asset": (f"/albums?assetId={ASSET}", None),
    "album": (f"/albums/{ALBUM}", None),
    "album: map": (f"/albums/{ALBUM}/map-markers", None),
    "albums: numbers": ("/albums/statistics", None),
    "activities": (f"/activities?albumId={ALBUM}", None),
    "activities: numbers": (f"/activities/statistics?albumId={ALBUM}", None),
    "people": ("/people?size=500", None),
    "people: page 5": ("/people?size=500&page=5", None),
    "people by name": ("/search/person?name=Person%2012", None),
    "faces of an asset": (f"/faces?id={ASSET}", None),
    "tags": ("/tags", None),
    "stacks": ("/stacks", None),
    "memories": ("/memories", None),
    "memories: of a day": ("/memories?for=2024-05-01&size=20", None),
    "memories: numbers": ("/memories/statistics", None),
    "notifications": ("/notifications", None),
    "partners": ("/partners?direction=shared-with", None),
    "shared links": ("/shared-links", None),
    "map": ("/map/markers", None),
    "map: with partners, albums": ("/map/markers?withPartners=true&withSharedAlbums=true", None),
    "buckets": ("/timeline/buckets?visibility=timeline", None),
    "buckets: with partners": ("/timeline/buckets?visibility=timeline&withPartners=true", None),
    "buckets: album": (f"/timeline/buckets?albumId={ALBUM}", None),
    "buckets: person": (f"/timeline/buckets?personId={PERSON}", None),
    "buckets: tag": (f"/timeline/buckets?tagId={TAG}", None),
    "bucket": (f"/timeline/bucket?timeBucket={MONTH}&visibility=timeline&withStacked=true", None),
    "bucket: with partners": (f"/timeline/bucket?timeBucket={MONTH}&visibility=timeline&withPartners=true", None),
    "bucket: album": (f"/timeline/bucket?timeBucket={MONTH}&albumId={ALBUM}", None),
    "bucket: person": (f"/timeline/bucket?timeBucket={MONTH}&personId={PERSON}", None),
    "search: albums": ("/search/metadata", {"albumIds": [ALBUM], "withExif": True}),
    "search: tags": ("/search/metadata", {"tagIds": [TAG], "withExif": True}),
    "search: people": ("/search/metadata", {"personIds": [PERSON], "withExif": True}),
    "search: in no album": ("/search/metadata", {"isNotInAlbum": True}),
    "duplicates": ("/duplicates", None),
    "users": ("/users", None),
    "users: administration": ("/admin/users", None),
    "sessions": ("/sessions", None),
    "API keys": ("/api-keys", None),
    "assets: numbers": ("/assets/statistics", None),
    "server: numbers": ("/server/statistics", None),
    "queues": ("/queues", None),
}


@dataclass(frozen=True)
class Learned:
    """What a request runs, and what it answers."""

    statements: list[Statement]
    answer: Any


async def learn(data: Path, token: str, cases: dict[str, tuple[str, Any]]) -> dict[str, Learned]:
    """Ask a host in this process."""
    kernel = HostKernel(connected(RuntimeSettings(data=data)), hand_over=False)
    await kernel.start()
    found: dict[str, Learned] = {}
    try:
        app = await build_app(kernel)
        async with app.running():
            running = RunningHost(kernel, app)
            client = running.anonymous(headers={"Authorization": f"Bearer {token}"})
            for name, (path, body) in cases.items():
                method = "GET" if body is None else "POST"
                await client.request(method, f"/api{path}", json=body, timeout=600)  # what is remembered is known now
                with statements() as ran:
                    answer = await client.request(method, f"/api{path}", json=body, timeout=600)
                assert answer.status_code == 200, (path, answer.text)
                found[name] = Learned(ran, answer.json())
            await running.close()
    finally:
        await kernel.stop()
    return found


def asking(line: http.client.HTTPConnection, token: str, path: str, body: Any) -> Callable[[], bytes]:
    """The request by the server."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask() -> bytes:
        line.request(
            "GET" if body is None else "POST", f"/api{path}", None if body is None else json.dumps(body), headers
        )
        answer = line.getresponse()
        got = answer.read()
        assert answer.status == 200, got
        return got

    return ask


async def compare(
    connection: asyncpg.Connection, learned: Learned, ask: Callable[[], bytes], rounds: int
) -> dict[str, Any]:
    """Medians in ms of the statements and of the request, after both hosts gave the same answer."""
    got = await asyncio.to_thread(ask)
    same(json.loads(got), learned.answer)
    taken: tuple[list[float], list[float]] = ([], [])
    ends = time.monotonic() + LONG
    for number in range(rounds + 1):
        if number > LEAST and time.monotonic() > ends:
            break
        begin = time.perf_counter()
        for each in learned.statements:
            await each.run(connection)
        taken[0].append((time.perf_counter() - begin) * 1000)
        begin = time.perf_counter()
        await asyncio.to_thread(ask)
        taken[1].append((time.perf_counter() - begin) * 1000)
    sql, request = (stats.median(times[1:]) for times in taken)
    return {
        "statements": len(learned.statements), "bytes": len(got), "sql_ms": sql, "request_ms": request,
        "ratio": request / sql, "over_ms": request - sql,
    }  # fmt: skip


def same(one: Any, other: Any, where: str = "answer") -> None:
    """Both hosts answer the same; says where not."""
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (first, second) in enumerate(zip(one, other, strict=True)):
            same(first, second, f"{where}[{place}]")
    elif isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name, value in one.items():
            same(value, other[name], f"{where}.{name}")
    elif one != other:
        raise SystemExit(f"the request does not answer what the statements give: {where} is {one!r}, not {other!r}")


async def plans(connection: asyncpg.Connection, learned: Learned) -> list[str]:
    """How PostgreSQL runs the statements that read."""
    lines: list[str] = []
    for each in learned.statements:
        if each.sql.lstrip(" (\n").upper().startswith(("SELECT", "WITH")):
            rows = await connection.fetch(f"EXPLAIN (ANALYZE, COSTS OFF) {each.sql}", *each.args)
            lines += [each.sql, *(row[0] for row in rows), ""]
    return lines


async def measure(server: Served, data: Path, chosen: argparse.Namespace) -> dict[str, dict[str, Any]]:
    url = Postgres(data / "postgres").uri
    me = UUID(server.call("GET", "/users/me")["id"])
    connection = await asyncpg.connect(url)
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM asset)"):
        await fill(url, me, chosen.assets)
    cases = {name: case for name, case in CASES.items() if any(part in name for part in chosen.only.split(","))}
    learned = await learn(data, server.token, cases)
    line = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc, timeout=600)
    results: dict[str, dict[str, Any]] = {}
    for name, (path, body) in cases.items():
        ask = asking(line, server.token, path, body)
        results[name] = await compare(connection, learned[name], ask, chosen.rounds)
        if not chosen.json:
            print(shown(name, results[name]), flush=True)
        if chosen.plans:
            print("\n".join(await plans(connection, learned[name])), flush=True)
    await connection.close()
    return results


def shown(name: str, one: dict[str, Any]) -> str:
    """A line of the table."""
    numbers = f"{one['statements']:6}{one['bytes'] / 1000:10.1f}{one['sql_ms']:10.1f}{one['request_ms']:12.1f}"
    return f"{name:30}{numbers}{one['ratio']:8.2f}"


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    options = argparse.ArgumentParser()
    options.add_argument("--assets", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--only", default="", help="parts of the names of cases, with commas between")
    options.add_argument("--data", type=Path, help="folder in which the server is kept")
    options.add_argument("--plans", action="store_true")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    if not chosen.json:
        print(f"{'':30}{'SQL':>6}{'kB':>10}{'SQL ms':>10}{'request ms':>12}{'ratio':>8}")
    with folder(chosen.data, "lists-") as data, serving(data) as server:
        results = asyncio.run(measure(server, data, chosen))
    if chosen.json:
        print(json.dumps(results))


if __name__ == "__main__":
    main()
