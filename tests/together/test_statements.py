"""No list makes a query per row: with ten times as many objects it takes no more statements.

Those that are read in pages (stacks, memories, duplicates) take more once they are longer than a page.
"""

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from immich_host.hosting import Hosting
from immich_host.testing import Servers
from immich_host.testing.fixtures import running_host
from immich_host.testing.host import expect
from immich_host.testing.statements import Statement, statements
from immich_host.testing.waiting import all_told
from immich_host.web import catalogue_of
from immich_host.wire.openapi import document
from tests.together.plenty import Plenty

FEW, MANY = 3, 30
PARAMETER = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True)
class List:
    """A request that answers a list; `{name}` in path, query and body is the id of the first one of its kind.

    Args:
        path: Below `/api`, with the query string.
        at: Where in the answer the list is; a name in each object on the way.
        body: Of a POST.
        more: How many statements more it takes, of a list that is read in pages.
        grows: Whether there are more items in the list, and not only more behind each.
    """

    path: str
    at: tuple[str, ...] = ()
    body: dict[str, Any] | None = None
    more: int = 0
    grows: bool = True

    def length(self, answer: Any) -> int:
        """Of the list."""
        for name in self.at:
            answer = answer[name]
        return len(answer)


LISTS = (
    List("/activities?albumId={album}"),
    List("/admin/jobs/failures"),
    List("/admin/users"),
    List("/admin/users/{me}/sessions"),
    List("/albums"),
    List("/albums?isOwned=true&isShared=true"),
    List("/albums?assetId={asset}"),
    List("/albums/{album}", ("albumUsers",)),
    List("/albums/{album}/map-markers"),
    List("/api-keys"),
    List("/asset-files?assetId={asset}", grows=False),
    List("/assets/{asset}", ("people",)),
    List("/assets/{asset}", ("tags",)),
    List("/assets/{asset}/failed-jobs"),
    List("/assets/{asset}/metadata"),
    List("/assets/{asset}/ocr"),
    List("/cluster-groups/requests"),
    List("/cluster-groups/{group}/requests"),
    List("/cluster-groups/{group}/users"),
    List("/duplicates"),
    List("/faces?id={asset}"),
    List("/map/markers"),
    List("/map/markers?withPartners=true&withSharedAlbums=true"),
    List("/memories"),
    List("/memories/{memory}", ("assets",)),
    List("/notifications"),
    List("/partners?direction=shared-by"),
    List("/partners?direction=shared-with"),
    List("/people", ("people",)),
    List("/queues", grows=False),
    List("/queues/thumbnailGeneration/jobs"),
    List("/search/cities"),
    List("/search/explore", grows=False),
    List("/search/large-assets?minFileSize=0", body={}),
    List("/search/metadata", ("assets", "items"), body={"withExif": True, "withPeople": True, "withStacked": True}),
    List("/search/metadata", ("assets", "items"), body={"albumIds": ["{album}"]}),
    List("/search/metadata", ("assets", "items"), body={"tagIds": ["{tag}"]}),
    List("/search/metadata", ("assets", "items"), body={"personIds": ["{person}"]}),
    List("/search/person?name=Person"),
    List("/search/random", body={}),
    List("/search/suggestions?type=city"),
    List("/sessions"),
    List("/shared-links", more=11),  # 60 links: a second page, with its assets and what hangs on them
    List("/stacks"),
    List("/tags"),
    List("/timeline/buckets"),
    List("/timeline/buckets?albumId={album}"),
    List("/timeline/bucket?timeBucket=2024-05-01&withPartners=true&visibility=timeline", ("id",)),
    List("/timeline/bucket?timeBucket=2024-05-01&personId={person}", ("id",), grows=False),
    List("/users"),
)

FIXED = {
    "/admin/jobs/results": "one for each job that there is",
    "/admin/jobs/running": "no job runs here; the statement is one of failures'",
    "/admin/plugins": "what is installed",
    "/admin/plugins/{name}/settings": "a plugin's own settings",
    "/admin/queues": "one for each queue that there is",
    "/map/reverse-geocode": "no database",
    "/search/places": "no database",
    "/server/version-history": "one for each version",
    "/sync/ack": "one for each kind of line",
}
"""Lists that do not grow with what people have, and why."""


@dataclass(frozen=True)
class Cost:
    """What a request took, and how long its list was."""

    statements: list[Statement]
    length: int


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def costs(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[int, tuple[Cost, Cost]]]:
    """By place in `LISTS`: of a few objects, and of many."""
    async with running_host(servers, tmp_path_factory.mktemp("plenty"), None) as house:
        plenty = await Plenty.begin(house)
        few = await costs_with(plenty, range(FEW))
        many = await costs_with(plenty, range(FEW, MANY))
        yield dict(enumerate(zip(few, many, strict=True)))


async def costs_with(plenty: Plenty, numbers: Iterable[int]) -> list[Cost]:
    """Of all lists, with so many things more."""
    for number in numbers:
        await plenty.more(number)
    await plenty.house.kernel.db.execute("ANALYZE")  # as autovacuum does on a server within a minute
    return [await cost(plenty, each) for each in LISTS]


async def cost(plenty: Plenty, each: List) -> Cost:
    for _ in range(2):  # what a process remembers, it knows from now on, and forgets nothing of it for a late notice
        await ask(plenty, each)
        await all_told(plenty.house.kernel.notices, plenty.house.kernel.db)
    with statements() as ran:
        answer = await ask(plenty, each)
    return Cost(ran, each.length(answer))


async def ask(plenty: Plenty, each: List) -> Any:
    path, body = filled("/api" + each.path, plenty.first), filled(each.body, plenty.first)
    method = "GET" if body is None else "POST"
    return expect(await plenty.client.request(method, path, json=body), 200)


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, str):
        return value.format_map(ids)
    if isinstance(value, list):
        return [filled(one, ids) for one in value]
    if isinstance(value, dict):
        return {name: filled(one, ids) for name, one in value.items()}
    return value


@pytest.mark.parametrize(
    "place", [pytest.param(place, id=f"{each.path} {each.body or ''}") for place, each in enumerate(LISTS)]
)
def test_a_list_takes_as_many_statements_however_long_it_is(place: int, costs: dict[int, tuple[Cost, Cost]]) -> None:
    few, many = costs[place]
    assert few.statements, "a list without any statement: is it counted where they are run?"
    if LISTS[place].grows:
        assert 0 < few.length < many.length
    assert len(many.statements) <= len(few.statements) + LISTS[place].more, more_often(few, many)


def more_often(few: Cost, many: Cost) -> str:
    """The statements that run more often with many objects, for whoever has to mend it."""
    counted = Counter(one.sql for one in many.statements) - Counter(one.sql for one in few.statements)
    return "\n\n".join(f"{times} more of: {sql}" for sql, times in counted.items())


def test_every_list_is_measured_or_does_not_grow() -> None:
    """A new route that answers a list has to be put in one of the two tables."""
    known = [*(each.path.partition("?")[0] for each in LISTS), *FIXED]
    paths = document(catalogue_of(Hosting()))["paths"]
    lists = [path for path, methods in paths.items() if answers_a_list(methods.get("get", {}))]
    assert len(lists) > 30
    missing = [path for path in lists if not any(re.fullmatch(PARAMETER.sub("[^/]+", path), each) for each in known)]
    assert missing == []


def answers_a_list(operation: dict[str, Any]) -> bool:
    answer = operation.get("responses", {}).get("200", {}).get("content", {}).get("application/json", {})
    return answer.get("schema", {}).get("type") == "array"


async def test_a_query_per_row_would_be_seen(servers: Servers) -> None:
    connection = await asyncpg.connect(servers.postgres_url)
    try:
        with statements() as ran:
            async with connection.transaction():
                for number in range(3):
                    await connection.fetchval("SELECT $1::int", number)
        await connection.fetchval("SELECT 1")
    finally:
        await connection.close()
    assert [one.args for one in ran if one.method == "fetchval"] == [(0,), (1,), (2,)]
    assert [one.sql.split()[0].rstrip(";") for one in ran if one.method == "execute"] == ["BEGIN", "COMMIT"]
