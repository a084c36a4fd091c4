"""Searches of 1,000,000 assets by what is known of them, each route against its SQL alone.

At most 1.5 times is wanted. The assets are those of `timeline.py` (one user's, and a tenth of it of a second),
with 2,000 cities, 60 cameras, sizes and stars. The route's own functions are run once in this process to learn
their statements; these are then run on a connection of asyncpg, in turns with the request, which goes over TCP
through a real `serve`. Both must answer the same.

    python benchmarks/search_metadata.py [--assets N] [--rounds N] [--only PART] [--plans] [--json]
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
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from bare_database import Bare
from pydantic import TypeAdapter
from served import Served, serving
from timeline import fill

from immich_host.plugin_api.web import Caller, RawJson
from immich_host.runtime.postgres import Postgres
from immich_search import explore_routes, routes
from immich_search.dto import (
    LargeAssetsQuery,
    MetadataSearchDto,
    RandomSearchDto,
    StatisticsSearchDto,
    SuggestionsQuery,
)

EXIF = """
INSERT INTO asset_exif (asset_id, file_size_in_byte, city, state, country, make, model, lens_model, rating, description)
SELECT id, 100000 + hashtext(id::text)::bigint % 90000, CASE WHEN n % 3 = 0 THEN NULL ELSE 'City ' || n % 2000 END,
  'State ' || n % 100, 'Country ' || n % 50, 'Make ' || n % 6, 'Model ' || n % 60, 'Lens ' || n % 60,
  CASE WHEN n % 10 = 0 THEN 1 + n % 5 END,
  CASE WHEN n % 20 = 0 THEN 'A walk number ' || n || ' along the sea' ELSE '' END
FROM (SELECT id, row_number() OVER (ORDER BY checksum) AS n FROM asset) AS numbered
"""
INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS sql FROM pg_index
WHERE indrelid IN ('asset'::regclass, 'asset_exif'::regclass) AND NOT indisunique
"""
DEEP = 900
"""The number of a page far back, as by a client that reads the whole library."""


@dataclass(frozen=True)
class Case:
    """A request, and the function that answers it."""

    path: str
    handler: Callable[..., Awaitable[Any]]
    body: dict[str, Any] | None = None
    query: dict[str, Any] | None = None
    is_random: bool = False

    def arguments(self) -> dict[str, Any]:
        """The handler's own, beside caller and host."""
        if self.body is not None:
            kinds = {"metadata": MetadataSearchDto, "random": RandomSearchDto, "statistics": StatisticsSearchDto}
            return {"body": kinds[self.path].model_validate(self.body)}
        if self.query is not None:
            kind = {"large-assets": LargeAssetsQuery, "suggestions": SuggestionsQuery}[self.path]
            return {"query": kind.model_validate(self.query)}
        return {}


def metadata(**body: Any) -> Case:
    return Case("metadata", routes.search_metadata, body)


CASES = {
    "first page of 250": metadata(),
    "first page of 1,000, exif": metadata(size=1000, withExif=True),
    f"page {DEEP} of 1,000, exif": metadata(size=1000, withExif=True, page=DEEP),
    "1,000 by local time, exif": metadata(size=1000, withExif=True, orderBy={"field": "localDateTime"}),
    "250 by size": metadata(orderBy={"field": "fileSizeInBytes"}),
    "250 by stars": metadata(orderBy={"field": "rating"}),
    "a city": metadata(city="City 7", withExif=True),
    "two of a camera's lenses, or": metadata(
        filter={"make": {"eq": "Make 1"}, "or": [{"lensModel": {"eq": "Lens 1"}}, {"lensModel": {"eq": "Lens 7"}}]}
    ),
    "part of a file name": metadata(originalFileName="99123"),
    "part of a description": metadata(description="number 43"),
    "random 250": Case("random", routes.search_random, {}, is_random=True),
    "count of all": Case("statistics", routes.search_statistics, {}),
    "count of a country": Case("statistics", routes.search_statistics, {"country": "Country 7"}),
    "250 largest": Case("large-assets", routes.search_large, query={}),
    "explore": Case("explore", explore_routes.explore),
    "cities": Case("cities", explore_routes.assets_by_city),
    "suggestions: cities": Case("suggestions", explore_routes.suggestions, query={"type": "city"}),
    "suggestions: models of a make": Case(
        "suggestions", explore_routes.suggestions, query={"type": "camera-model", "make": "Make 3"}
    ),
}


def asking(line: http.client.HTTPConnection, token: str, case: Case) -> Callable[[], bytes]:
    path = f"/api/search/{case.path}?{urllib.parse.urlencode(case.query or {})}"
    method = "GET" if case.path in ("explore", "cities", "suggestions") else "POST"
    text = None if case.body is None else json.dumps(case.body)

    def ask() -> bytes:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        line.request(method, path, text, headers)
        answer = line.getresponse()
        got = answer.read()
        assert answer.status == 200, got
        return got

    return ask


async def compare(case: Case, ask: Callable[[], bytes], host: Bare, caller: Caller, rounds: int) -> dict[str, Any]:
    """Medians of SQL and request in ms, after both gave the same answer."""

    async def handle() -> Any:
        return await case.handler(caller=caller, host=host, **case.arguments())

    async def chosen_anew() -> float:
        host.seconds = 0.0
        await handle()
        return host.seconds

    async def requested() -> float:
        return (await asyncio.to_thread(timed, ask))[0]

    host.ran.clear()
    answer = await handle()
    kept, text = list(host.ran), _text(answer)
    got = (await asyncio.to_thread(timed, ask))[1]
    assert case.is_random or json.loads(text) == json.loads(got), "the request does not answer what the statements give"
    # what is chosen at random costs something else each time
    ways = (chosen_anew if case.is_random else host.again, requested)
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 2):
        for way, times in zip(ways, taken, strict=True):
            times.append(await way() * 1000)
    sql, request = (statistics.median(times[2:]) for times in taken)
    plans = [await explained(host.connection, statement, args) for _, statement, args in kept]
    return {"sql_ms": sql, "request_ms": request, "ratio": request / sql, "bytes": len(text), "plans": plans}


def timed(ask: Callable[[], bytes]) -> tuple[float, bytes]:
    begin = time.perf_counter()
    got = ask()
    return time.perf_counter() - begin, got


async def explained(connection: asyncpg.Connection, sql: str, args: Sequence[Any]) -> list[str]:
    return [row[0] for row in await connection.fetch(f"EXPLAIN (ANALYZE, COSTS OFF) {sql}", *args)]


def _text(answer: Any) -> str:
    if isinstance(answer, RawJson):
        return str(answer.text)
    return TypeAdapter(Any).dump_json(answer, by_alias=True).decode()


async def measure(
    server: Served, url: str, data: Path, amount: int, rounds: int, only: str
) -> dict[str, dict[str, Any]]:
    owner = UUID(server.call("GET", "/users/me")["id"])
    connection = await asyncpg.connect(url)
    begin = time.perf_counter()
    indexes = await connection.fetch(INDEXES)  # made afterwards they are ready sooner, and as they are on a server
    await connection.execute(f"DROP INDEX {', '.join(row['name'] for row in indexes)}")
    await fill(connection, owner, amount, exif=EXIF)
    for row in indexes:
        await connection.execute(row["sql"])
    print(f"{amount} assets written in {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    await connection.close()
    host = Bare(await asyncpg.connect(url), data / "media")
    caller = Caller(owner, "", "", is_admin=True)
    line = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc)
    results: dict[str, dict[str, Any]] = {}
    for name, case in CASES.items():
        if only not in name:
            continue
        ask = asking(line, server.token, case)
        if case.body and (page := case.body.get("page")):
            before = Case(case.path, case.handler, case.body | {"page": page - 1})
            results[f"page {page - 1}, counted to"] = await compare(
                before, asking(line, server.token, before), host, caller, rounds
            )
        results[name] = await compare(case, ask, host, caller, rounds)
    await host.connection.close()
    return results


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--assets", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--only", default="", help="part of the names of cases")
    options.add_argument("--plans", action="store_true")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="search-") as name:
        data = Path(name) / "data"
        with serving(data) as server:
            url = Postgres(data / "postgres").uri
            results = asyncio.run(measure(server, url, data, chosen.assets, chosen.rounds, chosen.only))
    if chosen.json:
        print(json.dumps(results))
        return
    print(f"{'':32}{'kB':>8}{'SQL ms':>10}{'request ms':>12}{'ratio':>8}")
    for kind, each in results.items():
        print(
            f"{kind:32}{each['bytes'] / 1000:8.0f}{each['sql_ms']:10.1f}{each['request_ms']:12.1f}{each['ratio']:8.2f}"
        )
        if chosen.plans:
            print("\n\n".join("\n".join(plan) for plan in each["plans"]))


if __name__ == "__main__":
    main()
