"""Memories beside the plugin that knows people, and switched off."""

from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect


async def test_photos_of_hidden_people_are_in_no_memory(host: MakeHost) -> None:
    running: RunningHost = await host(plugins=["memories", "faces", "inference", "thumbnails"])
    client, db = await running.client(), running.kernel.db
    kim = expect(await client.post("/api/people", json={"name": "Kim"}), 201)["id"]
    asset_id = await running.upload(b"with Kim")
    await db.execute("INSERT INTO asset_face (asset_id, person_id) VALUES ($1, $2)", asset_id, kim)
    body = {"type": "on_this_day", "data": {"year": 2020}, "memoryAt": "2020-01-01T00:00:00.000Z"}
    memory = expect(await client.post("/api/memories", json=body | {"assetIds": [str(asset_id)]}), 201)
    assert len(memory["assets"]) == 1
    expect(await client.put(f"/api/people/{kim}", json={"isHidden": True}), 200)
    assert expect(await client.get("/api/memories"), 200) == []
    assert expect(await client.get("/api/memories/statistics"), 200) == {"total": 0}
    assert expect(await client.get(f"/api/memories/{memory['id']}"), 200)["assets"] == []
    await running.turn_off("faces")
    (shown,) = expect(await client.get("/api/memories"), 200)
    assert shown["id"] == memory["id"]


async def test_off_there_are_none_and_on_they_are_back(host: MakeHost) -> None:
    running: RunningHost = await host(plugins=["memories"])
    client = await running.client()
    asset_id = await running.upload(b"one")
    body = {"type": "on_this_day", "data": {"year": 2020}, "memoryAt": "2020-01-01T00:00:00.000Z"}
    memory = expect(await client.post("/api/memories", json=body | {"assetIds": [str(asset_id)]}), 201)
    await running.turn_off("memories")
    assert expect(await client.get("/api/memories"), 200) == []
    expect(await client.get(f"/api/memories/{memory['id']}"), 404)
    await running.turn_on("memories")
    assert expect(await client.get("/api/memories"), 200) == [memory]
