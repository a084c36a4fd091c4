"""What plugins that are not installed any more have left in the database: it is shown, and can be purged."""

from typing import Any

import httpx
import pytest
import pytest_asyncio

from immich_host.db.migrating import migrate
from immich_host.hosting.apps import app_of, plugin_apps
from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from tests.plugins.test_routes import tables

PLUGINS = "/api/admin/plugins"
GONE = "not installed any more; its data are still there"


@pytest_asyncio.fixture(loop_scope="session")
async def left(house: RunningHost) -> RunningHost:
    """The host after `pip uninstall` of pantry and of what requires it."""
    await house.kernel.hosting.forget(["pantry", "toast"])
    return house


async def shown(admin: httpx.AsyncClient) -> dict[str, Any]:
    return {one["name"]: one for one in expect(await admin.get(PLUGINS), 200)}


async def test_what_was_left_is_shown_with_its_tables(left: RunningHost, admin: httpx.AsyncClient) -> None:
    plugins = await shown(admin)
    assert plugins.keys() == {"oven", "pantry"}, "toast has left nothing"
    pantry = plugins["pantry"]
    assert (pantry["status"], pantry["reason"], pantry["version"]) == ("absent", GONE, "")
    assert [table["name"] for table in pantry["tables"]] == ["cellar", "pantry_jar"]
    assert pantry["tables"][1]["bytes"] > 0
    assert expect(await admin.get(f"{PLUGINS}/pantry"), 200) == pantry
    expect(await admin.put(f"{PLUGINS}/pantry", json={"enabled": True}), 404)


async def test_it_is_purged_by_what_was_noted_when_it_was_made(left: RunningHost, admin: httpx.AsyncClient) -> None:
    db = left.kernel.db
    await db.execute("INSERT INTO job_request (job, queue) VALUES ('pantry.jar', 'pantry')")
    assert expect(await admin.delete(f"{PLUGINS}/pantry/data"), 200) == {"tables": ["cellar", "pantry_jar"], "jobs": 1}
    assert await tables(left) == []
    assert "pantry" not in await shown(admin)
    assert await db.fetch("SELECT FROM migration WHERE app_name = 'pantry'") == []
    expect(await admin.delete(f"{PLUGINS}/pantry/data"), 404)


async def test_a_table_of_somebody_else_is_never_dropped_with_it(left: RunningHost, admin: httpx.AsyncClient) -> None:
    await left.kernel.db.execute("CREATE TABLE lid (jar int REFERENCES pantry_jar)")
    refused = expect(await admin.delete(f"{PLUGINS}/pantry/data"), 409)
    assert "cannot be dropped: cannot drop table pantry_jar" in refused["message"]
    assert await tables(left) == ["cellar", "pantry_jar"], "all or nothing"
    await left.kernel.db.execute("DROP TABLE lid")
    expect(await admin.delete(f"{PLUGINS}/pantry/data"), 200)


async def test_without_a_note_it_is_left_alone(left: RunningHost, admin: httpx.AsyncClient) -> None:
    await left.kernel.db.execute("DELETE FROM plugin_migration")
    assert "pantry" in await shown(admin)
    refused = expect(await admin.delete(f"{PLUGINS}/pantry/data"), 409)
    assert "it is not known how to undo pantry_0001_jars" in refused["message"]
    assert await tables(left) == ["cellar", "pantry_jar"]


async def test_what_ran_before_there_were_notes_is_noted_later(house: RunningHost, admin: httpx.AsyncClient) -> None:
    db = house.kernel.db
    before = await db.fetch("SELECT plugin, migration, backwards, tables FROM plugin_migration WHERE plugin = 'pantry'")
    await db.execute("DELETE FROM plugin_migration")
    assert await migrate(db, plugin_apps(house.kernel.hosting)) == {}
    after = await db.fetch("SELECT plugin, migration, backwards, tables FROM plugin_migration WHERE plugin = 'pantry'")
    assert [tuple(row) for row in after] == [tuple(row) for row in before]
    assert before[0]["tables"] == ["cellar", "pantry_jar"]


async def test_what_cannot_be_loaded_any_more_can_be_purged(house: RunningHost, admin: httpx.AsyncClient) -> None:
    expect(await admin.put(f"{PLUGINS}/pantry", json={"enabled": False}), 200)
    record = house.kernel.hosting.records["pantry"]
    record.brings.migrations = None
    assert app_of(record) is None
    assert expect(await admin.delete(f"{PLUGINS}/pantry/data"), 200)["tables"] == ["cellar", "pantry_jar"]
    assert await tables(house) == []


@pytest.mark.parametrize("path", ["sweep", "plan"])
async def test_nothing_else_can_be_done_with_it(left: RunningHost, admin: httpx.AsyncClient, path: str) -> None:
    expect(await admin.post(f"{PLUGINS}/pantry/{path}", json={"enabled": True}), 404)
