"""Rights, refusals, and filters together with a search."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect

Found = Callable[..., Awaitable[list[UUID]]]
Library = Callable[..., Awaitable[list[UUID]]]
PLUGINS = ["inference", "search", "smartsearch"]


async def test_rights(host: MakeHost, library: Library, found: Found) -> None:
    server = await host(plugins=PLUGINS)
    mine, theirs = await library(server, 5), await library(server, 5, "other")
    body = {"queryAssetId": str(mine[0])}
    assert (await server.anonymous().post("/api/search/smart", json=body)).status_code == 401
    assert (await (await server.key_client("album.read")).post("/api/search/smart", json=body)).status_code == 403
    reader = await server.key_client("asset.read")
    assert set(await found(reader, **body)) == set(mine)
    for stranger in (theirs[0], uuid4()):
        answer = await reader.post("/api/search/smart", json={"queryAssetId": str(stranger)})
        assert answer.status_code == 400, answer.text
    status = "/api/plugins/smartsearch/status"
    assert (await server.anonymous().get(status)).status_code == 401
    assert (await (await server.client("other")).get(status)).status_code == 403
    assert (await reader.get(status)).status_code == 403
    assert (await (await server.key_client("systemConfig.read")).get(status)).status_code == 200


async def test_what_is_trashed_archived_or_locked(host: MakeHost, library: Library, found: Found) -> None:
    server = await host(plugins=PLUGINS)
    ids = await library(server, 6)
    client, usual = await server.client(), ids[:2]
    expect(await client.put(f"/api/assets/{ids[2]}", json={"visibility": "archive"}), 200)
    expect(await client.put(f"/api/assets/{ids[3]}", json={"visibility": "locked"}), 200)
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(ids[4])]}), 204)
    await server.kernel.assets.update(ids[5], visibility="hidden")
    body = {"queryAssetId": str(ids[0])}
    assert set(await found(client, **body)) == {*usual, ids[2]}
    assert set(await found(client, **body, visibility="timeline")) == set(usual)
    assert set(await found(client, **body, withDeleted=True)) == {*usual, ids[2], ids[4]}
    assert (await client.post("/api/search/smart", json={**body, "visibility": "locked"})).status_code == 401


async def test_filters(host: MakeHost, library: Library, found: Found) -> None:
    server = await host(plugins=PLUGINS)
    ids = await library(server, 40)
    client, body = await server.client(), {"queryAssetId": str(ids[1])}
    assert set(await found(client, **body, isFavorite=True)) == set(ids[::10])
    assert set(await found(client, **body, takenBefore="2020-01-01T00:04:00.000Z")) == set(ids[:5])
    assert await found(client, **body, city="Paris") == []
    assert set(await found(client, **body, filter={"isFavorite": {"eq": True}})) == set(ids[::10])
    named = {"or": [{"originalFileName": {"eq": "3.jpg"}}, {"isFavorite": {"eq": True}}]}
    assert set(await found(client, **body, filter=named)) == {*ids[::10], ids[3]}


async def test_refusals(host: MakeHost, library: Library) -> None:
    server = await host(plugins=PLUGINS)
    client = await server.client()

    async def refused(**body: Any) -> str:
        return expect(await client.post("/api/search/smart", json=body), 400)["message"]

    assert "query" in await refused()
    assert "query" in await refused(query="   ")
    await refused(queryAssetId="1")
    await refused(query=1)
    ids = await library(server, 2)
    await server.kernel.db.execute("DELETE FROM smart_search WHERE asset_id = $1", ids[0])
    assert "Nothing has looked" in await refused(queryAssetId=str(ids[0]))
    # no plugin brings a model of this name
    assert "starter" in await refused(query="a cat")


async def test_before_anything_was_looked_at_nothing_is_found(host: MakeHost, found: Found) -> None:
    server = await host(plugins=[*PLUGINS, "starter_models"])
    assert await found(await server.client(), query="a cat") == []
