"""What clients are told about sidecars."""

from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect


async def test_clients_see_whether_sidecars_are_taken(host: MakeHost) -> None:
    server = await host(plugins=["sidecar"])
    client = server.anonymous()
    assert expect(await client.get("/api/server/features"), 200)["sidecar"] is True
    await server.turn_off("sidecar")
    assert expect(await client.get("/api/server/features"), 200)["sidecar"] is False
