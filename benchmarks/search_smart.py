"""Smart search among 100,000 photos of one user: how soon, against its SQL alone, and how much of the nearest is found.

At most 1.5 times the SQL is wanted, and of the 100 nearest at least 98 without a filter and 95 with one. The vectors
are made up to lie as those of photos do: all on one side, in some 60 subjects and 2,500 occasions, a few of which
have most of the photos, and queries lie apart from all of them, as texts do. Another 20,000 vectors belong to ten
other users. The plugin's own functions are run in this process to learn their statements; these are then run on a
connection of asyncpg in turns with the request, which goes over TCP through a real `serve`. What an exact
search finds is the measure. Last, how long the exact way and the index take for ever larger choices.

    python benchmarks/search_smart.py [--assets N] [--dimensions N] [--queries N] [--json]
"""

import argparse
import asyncio
import http.client
import json
import os
import statistics
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from bare_database import Bare
from made_up_vectors import fill
from served import Served, serving

from immich_host.assets.json_responses import asset_json
from immich_host.plugin_api.conditions import Conditions
from immich_host.plugin_api.web import Caller
from immich_host.runtime.postgres import Postgres
from immich_search.api import conditions
from immich_smartsearch import searching, store
from immich_smartsearch.dto import SmartSearchDto
from immich_smartsearch.indexing import build_index
from immich_smartsearch.models import Model
from immich_smartsearch.neighbours import Wanted, by_index, exactly
from immich_smartsearch.searching import Searcher

BEST = 100


@dataclass(frozen=True)
class Case:
    """What is asked beside the query."""

    filters: dict[str, Any]
    by_other: bool = False
    page: int = 1


CASES = {
    "all": Case({}),
    "all, page 3": Case({}, page=3),
    "all, page 15": Case({}, page=15),
    "half (videos)": Case({"type": "VIDEO"}),
    "10 % (a city)": Case({"city": "Paris"}),
    "0.5 % (favourites)": Case({"isFavorite": True}),
    "one user of many": Case({}, by_other=True),
}


class Measuring:
    """Runs a case in its two ways, and exactly."""

    def __init__(self, host: Bare, model: Model, callers: dict[bool, tuple[Caller, str]], url: str) -> None:
        self.host = host
        self.model = model
        self.callers = callers
        self.searcher = Searcher(host)  # pyright: ignore[reportArgumentType] - stands for the database
        self.line = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)

    async def wanted(self, case: Case, vector: str) -> Wanted:
        """What the route looks for."""
        caller: Any = self.callers[case.by_other][0]
        host: Any = self.host
        among = await conditions(host, caller, SmartSearchDto.model_validate(case.filters))
        return Wanted(self.model, vector, among)

    async def by_statements(self, case: Case, asset_id: UUID) -> list[UUID]:
        """The route's statements, which are kept."""
        host: Any = self.host
        vector = (await store.vectors(host, asset_id))[self.model.id]
        await store.models(host)
        aim = await self.wanted(case, vector)
        ids = await self.searcher.nearest(aim, start=(case.page - 1) * BEST, amount=BEST + 1)
        await asset_json(host, ids[:BEST], self.callers[case.by_other][0], with_exif=False, extras=())
        return ids[:BEST]

    def by_request(self, case: Case, asset_id: UUID) -> list[UUID]:
        """The same through the server."""
        body = {**case.filters, "queryAssetId": str(asset_id), "page": case.page}
        headers = {"Authorization": f"Bearer {self.callers[case.by_other][1]}", "Content-Type": "application/json"}
        self.line.request("POST", "/api/search/smart", json.dumps(body), headers)
        answer = self.line.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return [UUID(item["id"]) for item in json.loads(text)["assets"]["items"]]

    async def exact(self, case: Case, asset_id: UUID) -> list[UUID]:
        """The nearest, none left out."""
        db: Any = self.host
        vector = (await store.vectors(db, asset_id))[self.model.id]
        aim = await self.wanted(case, vector)
        return await exactly(db, aim, start=0, amount=BEST) or []

    async def measure(self, case: Case, asked: list[UUID]) -> dict[str, float]:
        """Milliseconds and recall of a case."""
        sql: list[float] = []
        request: list[float] = []
        recalls: list[float] = []
        for asset_id in asked:
            self.host.ran.clear()
            found = await self.by_statements(case, asset_id)
            ran = list(self.host.ran)
            assert await asyncio.to_thread(self.by_request, case, asset_id) == found, "request and statements differ"
            sql.append(await _timed(lambda ran=ran: self._again(ran)))
            request.append(await _timed(lambda one=asset_id: asyncio.to_thread(self.by_request, case, one)))
            if case.page == 1:
                right = await self.exact(case, asset_id)
                recalls.append(len(set(found) & set(right)) / max(len(right), 1))
        return {
            "sql_ms": statistics.median(sql), "request_ms": statistics.median(request),
            "ratio": statistics.median(request) / statistics.median(sql), "sql_p95": _p95(sql),
            "request_p95": _p95(request), "recall": statistics.mean(recalls) if recalls else 1.0,
            "recall_least": min(recalls, default=1.0),
        }  # fmt: skip

    async def _again(self, ran: list[tuple[str, str, tuple[Any, ...]]]) -> None:
        for name, sql, args in ran:
            await getattr(self.host.connection, name)(sql, *args)

    async def turn(self, amount: int, asked: list[UUID]) -> dict[str, float]:
        """The exact way and the index for a choice of so many."""
        db: Any = self.host
        times: dict[str, list[float]] = {"exact_ms": [], "index_ms": []}
        size, effort = searching.BLOCKS[0]
        for asset_id in asked:
            vector = (await store.vectors(db, asset_id))[self.model.id]
            among = Conditions()
            among.add("asset.owner_id = ?", self.callers[False][0].user_id)
            among.add("asset.deleted_at IS NULL")
            moment = await self.host.connection.fetchval(
                "SELECT '2010-01-01'::timestamptz + $1 * interval '1 hour'", amount
            )
            among.add("asset.file_created_at < ?", moment)
            aim = Wanted(self.model, vector, among)
            times["exact_ms"].append(await _timed(lambda aim=aim: exactly(db, aim, start=0, amount=BEST)))
            times["index_ms"].append(await _timed(lambda aim=aim: by_index(db, aim, amount=size, effort=effort)))
        return {name: statistics.median(each) for name, each in times.items()}


async def _timed(work: Callable[[], Awaitable[Any]]) -> float:
    begin = time.perf_counter()
    await work()
    return (time.perf_counter() - begin) * 1000


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def another_user(server: Served) -> str:
    """The token of one of the other users."""
    account = {"email": "1@host.test", "password": "correct horse", "name": "User"}
    users = {user["email"]: user["id"] for user in server.call("GET", "/admin/users")}
    server.call("PUT", f"/admin/users/{users[account['email']]}", {"password": account["password"]})
    return server.call("POST", "/auth/login", account)["accessToken"]


async def run(server: Served, url: str, data: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    owner = UUID(server.call("GET", "/users/me")["id"])
    host: Any = Bare(await asyncpg.connect(url), data / "media", url)
    # the server's own job is not to build the index as well
    await host.connection.execute("SELECT pg_advisory_lock(hashtextextended('smartsearch tend', 0))")
    connection = await asyncpg.connect(url)
    begin = time.perf_counter()
    asked = await fill(connection, owner, chosen)
    await connection.close()
    print(f"written in {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    begin = time.perf_counter()
    model = (await store.models(host))[0]
    await build_index(host, model)
    built = time.perf_counter() - begin
    model = (await store.models(host))[0]
    size = await host.connection.fetchval(f"SELECT pg_relation_size('{model.index}')")
    print(f"index built in {built:.0f} s", file=sys.stderr)
    other = UUID(str(await host.connection.fetchval("SELECT id FROM \"user\" WHERE email = '1@host.test'")))
    theirs = [
        row["id"]
        for row in await host.connection.fetch(
            "SELECT id FROM asset WHERE owner_id = $1 ORDER BY checksum LIMIT $2", other, chosen.queries
        )
    ]
    callers = {
        False: (Caller(owner, "", "", is_admin=True), server.token),
        True: (Caller(other, "", "", is_admin=False), another_user(server)),
    }
    measuring = Measuring(host, model, callers, server.url)
    results = {name: await measuring.measure(case, theirs if case.by_other else asked) for name, case in CASES.items()}
    turns = {
        amount: await measuring.turn(amount, asked[:15])
        for amount in (2_000, 5_000, 10_000, 20_000, 40_000, 80_000)
        if amount <= chosen.assets
    }
    await host.connection.close()
    return {
        "built_seconds": built,
        "index_mb": size / 2**20,
        "load": os.getloadavg()[0],
        "cases": results,
        "turns": turns,
    }


def table(result: dict[str, Any]) -> str:
    lines = [
        f"index: {result['built_seconds']:.0f} s, {result['index_mb']:.0f} MB; load at the end {result['load']:.1f}",
        f"{'':20}{'SQL ms':>9}{'p95':>8}{'request ms':>12}{'p95':>8}{'ratio':>7}{'recall':>8}{'least':>7}",
    ]
    lines += [
        f"{name:20}{one['sql_ms']:9.1f}{one['sql_p95']:8.1f}{one['request_ms']:12.1f}{one['request_p95']:8.1f}"
        f"{one['ratio']:7.2f}{one['recall']:8.3f}{one['recall_least']:7.2f}"
        for name, one in result["cases"].items()
    ]
    lines.append(f"{'among':>20}{'exact ms':>12}{'index ms':>12}")
    lines += [f"{amount:20}{one['exact_ms']:12.1f}{one['index_ms']:12.1f}" for amount, one in result["turns"].items()]
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--assets", type=int, default=100_000)
    options.add_argument("--dimensions", type=int, default=512)
    options.add_argument("--queries", type=int, default=40)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="search-smart-") as name:
        data = Path(name) / "data"
        with serving(data) as server:
            result = asyncio.run(run(server, Postgres(data / "postgres").uri, data, chosen))
    print(json.dumps(result) if chosen.json else table(result))


if __name__ == "__main__":
    main()
