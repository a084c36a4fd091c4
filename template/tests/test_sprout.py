"""What this plugin is there for."""

from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect
from immich_sprout.jobs import size_of

NOTED = "/api/plugins/sprout/noted"


def test_the_size_of_a_file(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"12345")
    assert size_of(path) == 5


async def test_an_upload_is_noted_for_its_owner_alone(host: MakeHost):
    running = await host(plugins=["sprout"])
    photo = await running.upload(b"a photo", user="ann")
    await running.drain()
    ann, ben = await running.client("ann"), await running.client("ben")
    assert expect(await ann.get(NOTED), 200) == [{"id": str(photo), "size": 7}]
    assert expect(await ben.get(NOTED), 200) == []


async def test_what_is_thrown_away_is_forgotten(host: MakeHost):
    running = await host(plugins=["sprout"])
    photo = await running.upload(b"a photo")
    await running.drain()
    client = await running.client()
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(photo)]}), 204)
    await running.drain()
    assert expect(await client.get(NOTED), 200) == []
