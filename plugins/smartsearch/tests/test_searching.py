"""Which way is taken, and pages that fit together: on made-up vectors."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from immich_host.plugin_api.conditions import Conditions
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect
from immich_smartsearch import searching, store, tending
from immich_smartsearch.neighbours import Effort, Wanted, by_index, exactly
from immich_smartsearch.searching import Searcher

Found = Callable[..., Awaitable[list[UUID]]]
Library = Callable[..., Awaitable[list[UUID]]]
PLUGINS = ["inference", "search", "smartsearch"]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than 300 are many, and blocks are small."""
    monkeypatch.setattr(searching, "EXACT", 300)
    monkeypatch.setattr(tending, "EXACT", 300)
    blocks = ((50, Effort(candidates=100, tuples=2000)), (120, Effort(candidates=200, tuples=2000)))
    monkeypatch.setattr(searching, "BLOCKS", blocks)


async def tended(host: RunningHost) -> None:
    await host.kernel.jobs.request("smartsearch.tend")
    await host.drain()


async def wanted(host: RunningHost, like: UUID, *parts: str) -> Wanted:
    model = await store.answering(host.kernel.db)
    assert model is not None
    among = Conditions()
    among.add("asset.owner_id = ?", await host.user_id())
    for part in parts:
        among.add(part)
    return Wanted(model, (await store.vectors(host.kernel.db, like))[model.id], among)


async def in_full(host: RunningHost, aim: Wanted) -> list[UUID]:
    found = await exactly(host.kernel.db, aim, start=0, amount=100_000)
    assert found is not None
    return found


async def paged(searcher: Searcher, aim: Wanted, size: int) -> list[UUID]:
    pages: list[UUID] = []
    while page := await searcher.nearest(aim, start=len(pages), amount=size):
        pages += page
    return pages


def share(found: list[UUID], right: list[UUID]) -> float:
    return len(set(found) & set(right)) / len(right)


@pytest.mark.usefixtures("few")
async def test_many_have_an_index_and_few_have_none(host: MakeHost, library: Library) -> None:
    server = await host(plugins=PLUGINS)
    ids = await library(server, 300)
    await tended(server)
    assert not (await wanted(server, ids[0])).model.is_indexed
    await library(server, 300, "other")
    await tended(server)
    aim = await wanted(server, ids[0])
    assert aim.model.is_indexed
    near = await by_index(server.kernel.db, aim, amount=50, effort=Effort(100, 2000))
    assert share(near, (await in_full(server, aim))[:50]) >= 0.98


@pytest.mark.usefixtures("few")
async def test_an_index_whose_building_was_interrupted_is_built_again(host: MakeHost, library: Library) -> None:
    server = await host(plugins=PLUGINS)
    ids = await library(server, 400)
    await tended(server)
    assert (await wanted(server, ids[0])).model.is_indexed
    await server.kernel.db.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass('smart_search_model_1')"
    )
    aim = await wanted(server, ids[0])
    assert not aim.model.is_indexed
    assert await Searcher(server.kernel.db).nearest(aim, start=0, amount=400) == await in_full(server, aim)
    await tended(server)
    assert (await wanted(server, ids[0])).model.is_indexed


@pytest.mark.usefixtures("few")
async def test_pages_repeat_nothing_and_leave_nothing_out(host: MakeHost, library: Library) -> None:
    server = await host(plugins=PLUGINS)
    ids = await library(server, 1500)
    await library(server, 300, "other")
    await tended(server)
    searcher = Searcher(server.kernel.db)
    for parts in ((), ("asset.is_favorite",), ("NOT asset.is_favorite",)):
        aim = await wanted(server, ids[7], *parts)
        right = await in_full(server, aim)
        pages = await paged(searcher, aim, 37)
        assert len(pages) == len(set(pages)) == len(right)
        assert set(pages) == set(right)
        assert share(pages[:50], right[:50]) >= 0.95
        # what is not by the index is in its order
        assert pages[120:] == [each for each in right if each not in pages[:120]]
        assert await paged(searcher, aim, 400) == pages


@pytest.mark.usefixtures("few")
async def test_all_are_compared_whatever_the_planner_prefers(host: MakeHost, library: Library) -> None:
    server = await host(plugins=PLUGINS)
    ids = await library(server, 400)
    await tended(server)
    aim = await wanted(server, ids[7])
    assert aim.model.is_indexed
    async with server.kernel.db.transaction():
        for kind in ("seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin"):
            await server.kernel.db.execute(f"SET LOCAL enable_{kind} = off")
        assert set(await in_full(server, aim)) == set(ids)


@pytest.mark.usefixtures("few")
async def test_among_few_nothing_is_missed(host: MakeHost, library: Library) -> None:
    server = await host(plugins=PLUGINS)
    ids = await library(server, 1500)
    await tended(server)
    aim = await wanted(server, ids[7], "asset.is_favorite")
    assert await Searcher(server.kernel.db).nearest(aim, start=0, amount=150) == (await in_full(server, aim))[:150]


@pytest.mark.usefixtures("few")
async def test_what_the_index_does_not_come_to_is_found_all_the_same(
    host: MakeHost, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await host(plugins=PLUGINS)
    ids = await library(server, 1500)
    await tended(server)
    lazy = ((50, Effort(candidates=10, tuples=1)),)
    monkeypatch.setattr(searching, "BLOCKS", lazy)
    monkeypatch.setattr(searching, "EXACT", 100)
    aim = await wanted(server, ids[7], "asset.is_favorite")
    assert len(await by_index(server.kernel.db, aim, amount=50, effort=lazy[0][1])) < 50
    assert await Searcher(server.kernel.db).nearest(aim, start=0, amount=60) == (await in_full(server, aim))[:60]


@pytest.mark.usefixtures("few")
async def test_settings_of_a_search_end_with_it(host: MakeHost, library: Library) -> None:
    server = await host(plugins=PLUGINS)
    ids = await library(server, 400)
    await tended(server)
    db = server.kernel.db
    async with db.transaction():  # on one connection
        before = await db.fetchval("SELECT current_setting('enable_sort')")
    await by_index(db, await wanted(server, ids[0]), amount=5, effort=Effort(77, 2000))
    for _ in range(10):
        assert await db.fetchval("SELECT current_setting('enable_sort')") == before == "on"


async def test_equal_distances_are_told_apart_by_the_id(host: MakeHost, library: Library) -> None:
    server = await host(plugins=PLUGINS)
    ids = await library(server, 30)
    await server.kernel.db.execute("UPDATE smart_search SET embedding = '[1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]'")
    aim = await wanted(server, ids[3])
    assert await in_full(server, aim) == sorted(ids)


async def test_pages_of_the_route(host: MakeHost, library: Library, found: Found) -> None:
    server = await host(plugins=PLUGINS)
    ids = await library(server, 250)
    client = await server.client()
    body: dict[str, Any] = {"queryAssetId": str(ids[0])}
    first = expect(await client.post("/api/search/smart", json=body), 200)["assets"]
    assert (first["count"], first["total"], first["nextPage"]) == (100, 100, "2")
    pages = [await found(client, **body, page=number) for number in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [100, 100, 50, 0]
    assert {each for page in pages for each in page} == set(ids)
    assert pages[0][0] == ids[0]
    assert len(await found(client, **body, size=1000)) == 250
    assert await found(client, **body, page=9_007_199_254_740_991) == []
    # as of 3.2 there is a filter, with which no page can be asked for
    answer = expect(
        await client.post("/api/search/smart", json={**body, "filter": {"isFavorite": {"eq": True}}, "size": 10}), 200
    )["assets"]
    assert (answer["count"], answer["nextPage"], answer["nextCursor"]) == (10, None, None)
    for size in (0, 1001):
        assert (await client.post("/api/search/smart", json={**body, "size": size})).status_code == 400
    both = {**body, "page": 2, "filter": {"isFavorite": {"eq": True}}}
    assert (await client.post("/api/search/smart", json=both)).status_code == 400


@pytest.mark.usefixtures("few")
async def test_what_is_remembered_of_a_search_is_small_whatever_is_asked(host: MakeHost, library: Library) -> None:
    server = await host(plugins=PLUGINS)
    ids = await library(server, 400)
    await tended(server)
    aim = await wanted(server, ids[0])
    aim.among.add("asset.original_file_name <> ALL(?::text[])", ["a name", "x" * 100_000])
    searcher = Searcher(server.kernel.db)
    assert len(await searcher.nearest(aim, start=0, amount=10)) == 10
    assert 0 < len(repr(searcher._large)) < 1000
