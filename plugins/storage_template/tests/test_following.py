"""Files in the library follow what becomes known of them later."""

from typing import Any

from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect
from immich_storage_template.settings import StorageTemplate


async def placed(host: MakeHost, plugins: list[str]) -> Any:
    server = await host(plugins=["storage_template", *plugins])
    await server.configure(StorageTemplate(enabled=True, template="{{y}}/{{filename}}"))
    asset_id = await server.upload(b"a photo, or so", name="late.jpg")
    await server.drain()
    return server, asset_id


async def year_of(server: Any, asset_id: Any) -> str:
    row = await server.kernel.assets.get(asset_id)
    assert row.path.read_bytes() == b"a photo, or so"
    return row.path.parent.name


async def test_a_date_that_is_read_later_moves_the_file(host: MakeHost) -> None:
    server, asset_id = await placed(host, [])
    assert await year_of(server, asset_id) == "2024"
    row = await server.kernel.assets.get(asset_id)
    older = row.file_created_at.replace(year=2021)
    await server.kernel.assets.update(asset_id, cause="missing", file_created_at=older)
    await server.drain()
    assert await year_of(server, asset_id) == "2021"


async def test_an_edited_date_moves_the_file_and_its_sidecar(host: MakeHost) -> None:
    server, asset_id = await placed(host, ["sidecar", "metadata"])
    client = await server.client()
    change = {"dateTimeOriginal": "2019-05-01T00:00:00.000Z"}
    expect(await client.put(f"/api/assets/{asset_id}", json=change), 200)
    await server.drain()
    assert await year_of(server, asset_id) == "2019"
    [sidecar] = [file.path for file in await server.kernel.files.of_asset(asset_id) if file.type == "sidecar"]
    assert (sidecar.parent.name, sidecar.name) == ("2019", "late.jpg.xmp")
    assert b"2019-05-01" in sidecar.read_bytes()


async def test_what_names_no_file_moves_none(host: MakeHost) -> None:
    server, asset_id = await placed(host, [])
    await server.kernel.assets.update(asset_id, width=100)
    await server.kernel.assets.update(asset_id, cause="edit", visibility="archive")
    [row] = await server.kernel.db.fetch("SELECT count(*) AS n FROM job_request WHERE job = 'storage_template.move'")
    assert row["n"] == 0
