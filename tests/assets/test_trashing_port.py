"""Taking assets away as a client's "delete" does: `host.assets.trash`."""

from typing import Any

from immich_host.settings.store import TrashSection


async def test_they_go_to_the_trash(host: Any) -> None:
    running = await host(plugins=[])
    kept, gone = [await running.upload(text, name="a.jpg") for text in (b"1", b"2")]
    await running.kernel.assets.trash([gone])
    rows = await running.kernel.db.fetch("SELECT id, status FROM asset")
    assert {row["id"]: row["status"] for row in rows} == {kept: "active", gone: "trashed"}
    client = await running.client()
    assert (await client.post("/api/trash/restore/assets", json={"ids": [str(gone)]})).json()["count"] == 1


async def test_while_the_trash_is_off_they_are_erased(host: Any) -> None:
    running = await host(plugins=[])
    asset_id = await running.upload(b"1", name="a.jpg")
    path = (await running.kernel.assets.get(asset_id)).path
    await running.configure(TrashSection(enabled=False))
    await running.kernel.assets.trash([asset_id])
    wait = "SELECT run_at - now() FROM job_request WHERE job = 'host.erase_assets'"
    assert (await running.kernel.db.fetchval(wait)).total_seconds() > 5, "listeners have no time to read it"
    await running.drain()
    assert await running.kernel.assets.get(asset_id) is None
    assert not path.exists()
