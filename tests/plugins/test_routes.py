import asyncio
from typing import Any

import httpx
import pytest

from immich_host.db.migrating import pending
from immich_host.hosting.apps import app_of
from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from immich_host.testing.waiting import PATIENCE
from tests.hosting.making import plugin

PLUGINS = "/api/admin/plugins"


async def tables(house: RunningHost) -> list[str]:
    rows = await house.kernel.db.fetch(
        "SELECT relname FROM pg_class WHERE relname IN ('pantry_jar', 'cellar') ORDER BY relname"
    )
    return [row["relname"] for row in rows]


async def put(admin: httpx.AsyncClient, name: str, *, enabled: bool, status: int = 200) -> Any:
    return expect(await admin.put(f"{PLUGINS}/{name}", json={"enabled": enabled}), status)


async def test_the_list_shows_what_each_plugin_brings(admin: httpx.AsyncClient) -> None:
    listed = expect(await admin.get(PLUGINS), 200)
    assert [(one["name"], one["status"]) for one in listed] == [
        ("oven", "broken"), ("pantry", "enabled"), ("toast", "enabled"),
    ]  # fmt: skip
    oven, pantry, toast = listed
    assert (oven["brokenAt"], oven["reason"]) == ("check", "there is no gas: open the tap")
    assert (pantry["title"], pantry["uses"], pantry["requiredBy"]) == ("The pantry", ["network"], ["toast"])
    assert toast["requires"] == ["pantry"]
    assert pantry["jobs"] == [
        {"name": "pantry.jar", "queue": "pantry", "after": "asset_created", "provides": "viewable", "cron": None}
    ]
    assert pantry["routes"] == [{"method": "GET", "path": "/plugins/pantry/jars"}]
    assert {"register_jobs", "register_migrations", "settings_check"} <= set(pantry["hooks"])
    assert [one["name"] for one in pantry["tables"]] == ["cellar", "pantry_jar"]
    assert all(one["bytes"] >= 0 for one in pantry["tables"])
    assert pantry["tables"][1]["bytes"] > 0
    assert oven["tables"] == toast["tables"] == []
    assert expect(await admin.get(f"{PLUGINS}/pantry"), 200) == pantry
    for path in ("", "/settings"):
        assert expect(await admin.get(f"{PLUGINS}/cave{path}"), 404) == {"message": "No plugin is called cave"}


async def test_a_plan_changes_nothing(house: RunningHost, admin: httpx.AsyncClient) -> None:
    asked = await admin.post(f"{PLUGINS}/pantry/plan", json={"enabled": False})
    assert expect(asked, 200) == {
        "name": "pantry", "enabled": False, "alsoOff": ["toast"], "alsoOn": [], "obstacle": None,
    }  # fmt: skip
    assert house.kernel.is_enabled("pantry")
    assert await house.kernel.db.fetch("SELECT name FROM plugin_state") == []


async def test_off_and_on_take_dependents_along(house: RunningHost, admin: httpx.AsyncClient) -> None:
    off = await put(admin, "pantry", enabled=False)
    assert (off["plugin"]["status"], off["plugin"]["wanted"]) == ("disabled", False)
    assert (off["alsoOff"], off["alsoOn"]) == (["toast"], [])
    expect(await admin.get("/api/plugins/pantry/jars"), 404)
    toast = expect(await admin.get(f"{PLUGINS}/toast"), 200)
    assert (toast["status"], toast["wanted"], toast["reason"]) == ("disabled", True, "requires pantry, which is off")
    refused = await put(admin, "toast", enabled=True, status=409)
    assert refused == {"message": "toast cannot be switched on: requires pantry, which is off"}
    assert await tables(house) == ["cellar", "pantry_jar"]
    on = await put(admin, "pantry", enabled=True)
    assert (on["plugin"]["status"], on["alsoOff"], on["alsoOn"]) == ("enabled", [], ["toast"])
    expect(await admin.get("/api/plugins/pantry/jars"), 200)


async def test_a_broken_plugin_is_tried_again(house: RunningHost, admin: httpx.AsyncClient, missing: list[str]) -> None:
    faults = "SELECT stage, reason FROM plugin_fault"
    assert [tuple(row) for row in await house.kernel.db.fetch(faults)] == [("check", missing[0])]
    again = await put(admin, "oven", enabled=True)
    assert again["plugin"]["status"] == "broken"
    missing.clear()
    mended = await put(admin, "oven", enabled=True)
    assert (mended["plugin"]["status"], mended["plugin"]["reason"]) == ("enabled", "")
    assert await house.kernel.db.fetch(faults) == []


async def test_a_sweep_runs_what_was_missed(house: RunningHost, admin: httpx.AsyncClient) -> None:
    assert expect(await admin.post(f"{PLUGINS}/pantry/sweep"), 200) == {"jobs": ["pantry.jar"]}
    rows = await house.kernel.db.fetch("SELECT job, cause FROM job_request")
    assert [tuple(row) for row in rows] == [("host.fan_out", "missing")]
    await put(admin, "pantry", enabled=False)
    assert expect(await admin.post(f"{PLUGINS}/pantry/sweep"), 409) == {"message": "pantry is off"}


async def test_settings_are_shown_checked_and_kept(house: RunningHost, admin: httpx.AsyncClient) -> None:
    path = f"{PLUGINS}/pantry/settings"
    [section] = expect(await admin.get(path), 200)
    assert section["key"] == "pantry"
    assert section["defaults"] == section["value"] == {"shelfCount": 3, "label": "jam"}
    assert section["jsonSchema"]["properties"]["shelfCount"]["minimum"] == 1
    changed = await admin.put(path, json={"sections": {"pantry": {"shelfCount": 5}}})
    assert expect(changed, 200)[0]["value"] == {"shelfCount": 5, "label": "jam"}
    stored = await house.kernel.db.fetchval("SELECT value -> 'pantry' FROM system_metadata WHERE key = 'system-config'")
    assert stored == '{"shelfCount": 5}'
    bad = expect(await admin.put(path, json={"sections": {"pantry": {"shelfCount": 0}, "cave": {}}}), 400)
    assert bad["message"] == "Validation failed"
    assert [issue["path"] for issue in bad["errors"]] == [["sections", "pantry", "shelfCount"], ["sections", "cave"]]
    assert expect(await admin.get(path), 200)[0]["value"]["shelfCount"] == 5


async def test_purge_drops_tables_jobs_and_settings_and_nothing_before(
    house: RunningHost, admin: httpx.AsyncClient
) -> None:
    data = f"{PLUGINS}/pantry/data"
    assert expect(await admin.delete(data), 409) == {"message": "pantry is on; switch it off first"}
    expect(await admin.put(f"{PLUGINS}/pantry/settings", json={"sections": {"pantry": {"label": "tea"}}}), 200)
    asset_id = await house.upload(b"\xff\xd8\xff\xe0 not much of a photo")
    await put(admin, "pantry", enabled=False)
    assert await tables(house) == ["cellar", "pantry_jar"]
    heard: list[object] = []

    async def viewable(asset_id: object, **_: object) -> None:
        heard.append(asset_id)

    house.kernel.hosting.listen("asset_viewable", viewable)
    assert expect(await admin.delete(data), 200) == {"tables": ["cellar", "pantry_jar"], "jobs": 1}
    await house.kernel.job_room.outbox.settle()
    assert await tables(house) == []
    assert heard == [asset_id]
    assert await house.kernel.db.fetch("SELECT job FROM job_request WHERE job LIKE 'pantry%'") == []
    shown = expect(await admin.get(f"{PLUGINS}/pantry"), 200)
    assert (shown["tables"], shown["status"], shown["settings"][0]["value"]["label"]) == ([], "disabled", "jam")
    assert shown["purgedAt"]


@pytest.mark.parametrize("is_wished_by_hand", [False, True])
async def test_after_a_purge_tables_come_back_with_the_plugin_alone(
    house: RunningHost, admin: httpx.AsyncClient, is_wished_by_hand: bool
) -> None:
    await put(admin, "pantry", enabled=False)
    expect(await admin.delete(f"{PLUGINS}/pantry/data"), 200)
    if is_wished_by_hand:
        await house.kernel.db.execute("UPDATE plugin_state SET is_enabled = true")
        await put(admin, "oven", enabled=False)
        assert not house.kernel.is_enabled("pantry")
    on = await put(admin, "pantry", enabled=True)
    assert (on["plugin"]["status"], on["plugin"]["purgedAt"]) == ("enabled", None)
    assert await tables(house) == ["cellar", "pantry_jar"]
    app = app_of(house.kernel.hosting.records["pantry"])
    assert app is not None
    assert await pending(house.kernel.db, app) == []


async def test_a_purge_waits_for_running_jobs_and_for_others_tables(
    house: RunningHost, admin: httpx.AsyncClient
) -> None:
    await put(admin, "pantry", enabled=False)
    data = f"{PLUGINS}/pantry/data"
    db = house.kernel.db
    await db.execute(
        "INSERT INTO job_request (job, queue, started_at, beat_at) VALUES ('pantry.jar', 'pantry', now(), now())"
    )
    assert "still running" in expect(await admin.delete(data), 409)["message"]
    await db.execute("DELETE FROM job_request")
    await db.execute("CREATE TABLE lid (jar int REFERENCES pantry_jar)")
    assert "cannot be dropped" in expect(await admin.delete(data), 409)["message"]
    assert await tables(house) == ["cellar", "pantry_jar"]
    await db.execute("DROP TABLE lid")
    expect(await admin.delete(data), 200)
    assert await tables(house) == []


async def test_what_two_plugins_give_is_shown_with_the_one_that_is_left_out(
    house: RunningHost, admin: httpx.AsyncClient
) -> None:
    def features(name: str) -> Any:
        async def api_features(user: Any) -> dict[str, bool]:
            return {"map": True}

        return plugin(name, api_features)

    house.kernel.hosting.adopt([features("atlas"), features("globe")])
    for name in ("atlas", "globe"):
        await put(admin, name, enabled=True)
    turns = house.kernel.switching.turns
    assert expect(await admin.get("/api/server/features"), 200)["map"] is True
    async with asyncio.timeout(PATIENCE):
        await house.kernel.switching.until(lambda: house.kernel.switching.turns > turns)
    house.kernel.hosting.records["globe"].reason = ""  # as in a process that has not met it
    globe = expect(await admin.get(f"{PLUGINS}/globe"), 200)
    assert (globe["status"], globe["reason"]) == (
        "enabled", "api_features: map is given by atlas already; that one is taken",
    )  # fmt: skip
    assert expect(await admin.get(f"{PLUGINS}/atlas"), 200)["reason"] == ""
    off = await put(admin, "globe", enabled=False)
    assert off["plugin"]["reason"] == "switched off"
    on = await put(admin, "globe", enabled=True)
    assert on["plugin"]["reason"] == ""
