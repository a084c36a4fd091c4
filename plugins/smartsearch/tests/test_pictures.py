"""Real pictures found by the models that come with the server."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect

Picture = Callable[[str], bytes]
Found = Callable[..., Awaitable[list[UUID]]]
PLUGINS = ["metadata", "thumbnails", "inference", "starter_models", "search", "smartsearch"]


async def test_pictures_are_found_by_words_and_by_pictures(host: MakeHost, picture: Picture, found: Found) -> None:
    server = await host(plugins=PLUGINS)
    ids = {name: await server.upload(picture(name), name=f"{name}.jpg") for name in ("chelsea", "coffee", "rocket")}
    await server.drain()
    client = await server.client()
    for query, name in (("a cat", "chelsea"), ("a cup of coffee", "coffee"), ("a rocket launch", "rocket")):
        assert (await found(client, query=query))[0] == ids[name], query
    assert set(await found(client, query="a cat")) == set(ids.values())
    assert (await found(client, queryAssetId=str(ids["coffee"])))[0] == ids["coffee"]
    page = expect(await client.post("/api/search/smart", json={"query": "a cat", "size": 2, "withExif": True}), 200)
    assert page["albums"] == {"count": 0, "facets": [], "items": [], "total": 0}
    assert (page["assets"]["nextPage"], page["assets"]["nextCursor"], page["assets"]["count"]) == ("2", None, 2)
    assert page["assets"]["items"][0]["exifInfo"]["exifImageWidth"] == 300
    last = expect(await client.post("/api/search/smart", json={"query": "a cat", "size": 2, "page": 2}), 200)["assets"]
    assert (last["nextPage"], last["count"]) == (None, 1)
    assert "exifInfo" not in last["items"][0]
    assert expect(await client.get("/api/server/features"), 200)["smartSearch"] is True
