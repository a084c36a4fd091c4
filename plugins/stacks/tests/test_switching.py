"""Switching the plugin off, and on again."""

from uuid import uuid4

from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect


async def test_nobody_knows_stacks_while_it_is_off(host: MakeHost) -> None:
    running = await host(plugins=["stacks"])
    client = await running.client()
    first, second = [str(await running.upload(uuid4().bytes)) for _ in range(2)]
    stack = expect(await client.post("/api/stacks", json={"assetIds": [first, second]}), 201)
    await running.turn_off("stacks")
    assert expect(await client.get("/api/stacks"), 200) == []
    expect(await client.get(f"/api/stacks/{stack['id']}"), 404)
    assert expect(await client.get(f"/api/assets/{first}"), 200)["stack"] is None
    await running.turn_on("stacks")
    assert [one["id"] for one in expect(await client.get("/api/stacks"), 200)] == [stack["id"]]
