"""When photos are looked at, and what comes of those that cannot be."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from immich_host.plugin_api.errors import JobFailed
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect
from immich_smartsearch import store
from immich_smartsearch.jobs import made_by, missing
from immich_smartsearch.settings import ClipSettings

Picture = Callable[[str], bytes]
Found = Callable[..., Awaitable[list[UUID]]]
Models = Callable[..., Awaitable[None]]
Vectors = Callable[[RunningHost], Awaitable[dict[UUID, str]]]
PLUGINS = ["metadata", "thumbnails", "inference", "starter_models", "search", "smartsearch"]


async def lacking(host: RunningHost) -> list[UUID]:
    return [each async for each in missing(host.kernel)]


async def embed(host: RunningHost, *asset_ids: UUID, **how: Any) -> None:
    await host.kernel.jobs.request_many("smartsearch.embed", list(asset_ids), **how)
    await host.drain()


async def waiting(host: RunningHost) -> set[str]:
    return {row["job"] for row in await host.kernel.db.fetch("SELECT job FROM job_request WHERE failed_at IS NULL")}


async def failures(host: RunningHost) -> list[str]:
    rows = await host.kernel.db.fetch("SELECT error FROM job_request WHERE failed_at IS NOT NULL ORDER BY id")
    return [row["error"] for row in rows]


async def replace_preview(host: RunningHost, asset_id: UUID, content: bytes) -> None:
    files = {file.type: file for file in await host.kernel.files.of_asset(asset_id)}
    files["preview"].path.write_bytes(content)
    await host.kernel.files.register(asset_id, "preview", files["preview"].path)


async def test_another_preview_is_looked_at_anew(host: MakeHost, picture: Picture, found: Found) -> None:
    server = await host(plugins=PLUGINS)
    first, second = [await server.upload(picture(name), name=f"{name}.jpg") for name in ("coffee", "rocket")]
    await server.drain()
    client = await server.client()
    assert (await found(client, query="a cat"))[0] in {first, second}
    await replace_preview(server, second, picture("chelsea"))
    await server.drain()
    assert await found(client, query="a cat") == [second, first]
    assert await lacking(server) == []


async def test_who_is_looked_at(host: MakeHost, picture: Picture, vectors: Vectors) -> None:
    server = await host(plugins=PLUGINS)
    client = await server.client()
    shown, hidden, trashed = [
        await server.upload(picture(name), name=f"{name}.jpg") for name in ("coffee", "rocket", "chelsea")
    ]
    await server.drain()
    assert await vectors(server) == dict.fromkeys((shown, hidden, trashed), "starter")
    await server.kernel.assets.update(hidden, visibility="hidden")
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(trashed)]}), 204)
    await server.drain()
    await server.kernel.db.execute("DELETE FROM smart_search")
    assert set(await lacking(server)) == {shown, trashed}
    await embed(server, hidden)
    assert await vectors(server) == {}
    expect(await client.post("/api/trash/restore/assets", json={"ids": [str(trashed)]}), 200)
    await server.drain()
    assert await vectors(server) == {trashed: "starter"}


async def test_videos_are_looked_at_by_their_picture_and_sounds_are_not(
    host: MakeHost, picture: Picture, vectors: Vectors
) -> None:
    server = await host(plugins=PLUGINS)
    await server.configure(ClipSettings(enabled=False))
    video, sound = [await server.upload(picture(name), name=f"{name}.jpg") for name in ("coffee", "rocket")]
    await server.drain()
    await server.configure(ClipSettings(enabled=True))
    for asset_id, kind in ((video, "VIDEO"), (sound, "AUDIO")):
        await server.kernel.db.execute("UPDATE asset SET type = $2 WHERE id = $1", asset_id, kind)
    assert await lacking(server) == [video]
    await embed(server, video, sound)
    assert await vectors(server) == {video: "starter"}


async def test_what_was_hidden_and_is_shown_is_looked_at(host: MakeHost, picture: Picture, vectors: Vectors) -> None:
    server = await host(plugins=PLUGINS)
    asset_id = await server.upload(picture("coffee"), name="coffee.jpg")
    await server.drain()
    await server.kernel.db.execute("DELETE FROM smart_search")
    await server.kernel.assets.update(asset_id, visibility="hidden")
    await server.drain()
    assert await vectors(server) == {}
    await server.kernel.assets.update(asset_id, visibility="archive")
    await server.drain()
    assert await vectors(server) == {asset_id: "starter"}


async def test_without_previews_nothing_fails_and_later_all_is_looked_at(
    host: MakeHost, picture: Picture, vectors: Vectors
) -> None:
    server = await host(plugins=PLUGINS)
    await server.turn_off("thumbnails")
    asset_id = await server.upload(picture("coffee"), name="coffee.jpg")
    await server.drain()
    assert await vectors(server) == {}
    assert await lacking(server) == []
    await server.turn_on("thumbnails")
    await server.kernel.jobs.request("thumbnails.generate", asset_id=asset_id, cause="missing")
    await server.drain()
    assert await vectors(server) == {asset_id: "starter"}


async def test_an_erased_asset_takes_its_vector_with_it(host: MakeHost, picture: Picture) -> None:
    server = await host(plugins=PLUGINS)
    asset_id = await server.upload(picture("coffee"), name="coffee.jpg")
    await server.drain()
    await server.kernel.assets.erase([asset_id])
    await server.drain()
    assert await server.kernel.db.fetchval("SELECT count(*) FROM smart_search") == 0


async def test_a_picture_that_cannot_be_read_fails_alone(host: MakeHost, picture: Picture, vectors: Vectors) -> None:
    server = await host(plugins=PLUGINS)
    good, bad = [await server.upload(picture(name), name=f"{name}.jpg") for name in ("coffee", "rocket")]
    await server.drain()
    await replace_preview(server, bad, b"no picture")
    with pytest.raises(JobFailed, match="cannot be read"):
        await server.drain()
    assert await lacking(server) == [bad]
    model = await store.current(server.kernel.db, "starter")
    assert model.problem is None
    # its own fault does not make a change of model wait; what was found by it before is still there
    assert [each async for each in store.without_vector(server.kernel.db, model, again=False)] == [bad]
    assert set(await vectors(server)) == {good, bad}


async def test_switched_off_it_costs_nothing(host: MakeHost, picture: Picture, vectors: Vectors) -> None:
    server = await host(plugins=PLUGINS)
    await server.configure(ClipSettings(enabled=False))
    asset_id = await server.upload(picture("coffee"), name="coffee.jpg")
    await server.drain()
    assert await vectors(server) == {}
    assert await lacking(server) == []
    await embed(server, asset_id, cause="all", force=True)
    assert await vectors(server) == {}
    client = await server.client()
    answer = await client.post("/api/search/smart", json={"query": "coffee"})
    assert (answer.status_code, answer.json()["message"]) == (400, "Smart search is not enabled")
    assert expect(await client.get("/api/server/features"), 200)["smartSearch"] is False
    await server.configure(ClipSettings(enabled=True))
    await server.drain()
    assert await vectors(server) == {asset_id: "starter"}


async def test_a_missing_model_is_told_once_and_made_up_for(
    host: MakeHost, picture: Picture, vectors: Vectors, models: Models, found: Found
) -> None:
    server = await host(plugins=PLUGINS)
    await models(server)
    await server.configure(ClipSettings(model_name="elsewhere"))
    ids = [await server.upload(picture(name), name=f"{name}.jpg") for name in ("coffee", "rocket", "chelsea")]
    with pytest.raises(JobFailed, match="elsewhere"):
        await server.drain()
    assert await vectors(server) == {}
    told = await failures(server)
    assert len(told) == 1
    assert "machineLearning.clip.modelName" in told[0]
    client = await server.client()
    assert expect(await client.get("/api/server/features"), 200)["smartSearch"] is False
    status = expect(await client.get("/api/plugins/smartsearch/status"), 200)
    assert "elsewhere" in status["models"][0]["problem"]
    # the one that tells it can be tried again, as often as anybody likes
    with pytest.raises(JobFailed, match="elsewhere"):
        await embed(server, *ids)
    await server.kernel.jobs.request("smartsearch.tend")
    await server.drain()
    assert await vectors(server) == {}
    await models(server, "elsewhere")
    await server.kernel.jobs.request("smartsearch.tend")
    await server.drain()
    assert await vectors(server) == dict.fromkeys(ids, "elsewhere")
    assert (await found(client, query="a cat"))[0] == ids[2]
    assert expect(await client.get("/api/server/features"), 200)["smartSearch"] is True
    assert await lacking(server) == []


async def test_what_vectors_depend_on(host: MakeHost) -> None:
    server = await host(plugins=PLUGINS)
    before = made_by(server.kernel)
    await server.configure(ClipSettings(model_name="another"))
    assert made_by(server.kernel) != before
