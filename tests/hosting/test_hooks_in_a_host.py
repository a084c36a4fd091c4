"""Each hook is called where its specification says, by a running host."""

import itertools
from pathlib import Path
from typing import Any

import orjson
import pytest

from immich_host.plugin_api.web import Caller, RawJson, SharedLinkView
from immich_host.testing import RunningHost
from tests.hosting.watching import Watcher, Watching, start

MILESTONES = ["asset_created", "asset_gathered", "asset_described", "asset_placed", "asset_viewable"]


@pytest.fixture
def watcher(tmp_path: Path) -> Watcher:
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "index.html").write_text("<title>watched</title>")
    (tmp_path / "secret").write_text("secret")
    return Watcher(folder)


@pytest.fixture
async def watched(host: Any, watcher: Watcher) -> RunningHost:
    return await start(host, watcher)


async def test_plugin_check_and_plugin_started_come_at_boot_with_settings_and_host(watched, watcher):
    assert watcher.names()[:2] == ["plugin_check", "plugin_started"]
    assert watcher.of("plugin_check")[0]["settings"] == {"watching": Watching()}
    assert watcher.of("plugin_started")[0]["host"] is watched.kernel


async def test_off_stops_hooks_routes_and_jobs_and_on_brings_them_back(watched, watcher):
    client = await watched.client()
    assert (await client.get("/api/plugins/watching/hello")).json() == {"hello": "Admin", "media": "True"}
    await watched.turn_off("watching")
    assert watcher.names().count("plugin_stopped") == 1
    watcher.called.clear()
    assert (await client.get("/api/plugins/watching/hello")).status_code == 404
    await watched.upload(b"a photo, or so", name="a.jpg")
    await watched.drain()
    assert watcher.called == []
    await watched.turn_on("watching")
    assert watcher.names() == ["plugin_check", "plugin_started"]
    assert (await client.get("/api/plugins/watching/hello")).status_code == 200


async def test_pages_of_a_plugin_are_served_while_it_is_on(watched, watcher):
    client = watched.anonymous()
    for address in ("/watching", "/watching/", "/watching/index.html"):
        answer = await client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "watched" in answer.text
    again = await client.get("/watching", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    for address in ("/watching/none", "/watching/../secret", "/watching/%2e%2e/secret", "/watchingmore", "/api/none"):
        assert (await client.get(address)).status_code == 404, address
    assert "immich-host" in (await client.get("/")).text
    assert (await client.get("/api/server/ping")).json() == {"res": "pong"}
    await watched.turn_off("watching")
    assert (await client.get("/watching")).status_code == 404


async def test_a_plugin_may_take_the_start_page(host, watcher):
    running = await start(host, watcher, pages="/")
    client = running.anonymous()
    assert "watched" in (await client.get("/")).text
    assert (await client.get("/.well-known/immich")).json() == {"api": {"endpoint": "/api"}}
    await running.turn_off("watching")
    assert "watched" not in (await client.get("/")).text


async def test_an_upload_is_offered_stored_and_told_of(watched, watcher):
    asset_id, owner = await watched.upload(b"first", name="first.jpg"), await watched.user_id()
    await watched.drain()
    (offered,), (stored,) = watcher.of("upload_offered"), watcher.of("upload_stored")
    assert offered["user"].user_id == owner
    assert stored["file"].suffix == ".jpg"
    for milestone in MILESTONES:
        (told,) = watcher.of(milestone)
        assert (told["asset_id"], told["owner_id"], told["cause"]) == (asset_id, owner, "upload")
    told_in_order = [name for name in watcher.names() if name in MILESTONES]
    assert told_in_order == MILESTONES
    assert [one["asset_id"] for one in watcher.of("upload_kept")] == [asset_id]
    assert await watched.upload(b"first", name="again.jpg") == asset_id
    assert [one["asset_id"] for one in watcher.of("upload_kept")] == [asset_id, asset_id]
    assert len(watcher.of("upload_stored")) == 1


async def test_what_is_kept_stays_whatever_a_guard_says_of_it(watched, watcher):
    watcher.refuse = "upload_kept"
    form = {"fileCreatedAt": "2024-05-01T10:11:12Z", "fileModifiedAt": "2024-05-01T10:11:12Z"}
    client = await watched.client()
    answer = await client.post("/api/assets", data=form, files={"assetData": ("a.jpg", b"kept")})
    assert (answer.status_code, answer.json()) == (418, {"message": "upload_kept refuses"})
    assert await watched.kernel.db.fetchval("SELECT count(*) FROM asset") == 1


@pytest.mark.parametrize("hook", ["upload_offered", "upload_stored"])
async def test_a_refused_upload_leaves_neither_row_nor_file(watched, watcher, hook: str):
    client = await watched.client()
    watcher.refuse = hook
    form = {"fileCreatedAt": "2024-05-01T10:11:12Z", "fileModifiedAt": "2024-05-01T10:11:12Z"}
    answer = await client.post("/api/assets", data=form, files={"assetData": ("a.jpg", b"refused")})
    assert (answer.status_code, answer.json()) == (418, {"message": f"{hook} refuses"})
    assert await watched.kernel.db.fetchval("SELECT count(*) FROM asset") == 0
    assert [path for path in watched.kernel.paths.root.rglob("*.jpg") if path.is_file()] == []


async def test_api_request_can_refuse_and_api_responded_is_told(watched, watcher):
    client = await watched.client()
    watcher.called.clear()
    watcher.refuse = "api_request"
    assert (await client.get("/api/users/me")).status_code == 418
    watcher.refuse = None
    assert (await client.get("/api/users/me")).status_code == 200
    assert [one["user"].name for one in watcher.of("api_request")] == ["Admin", "Admin"]
    told = await watcher.until("api_responded", 2)
    assert [one["status"] for one in told] == [418, 200]
    assert all(0 <= one["seconds"] < 60 for one in told)


async def test_job_facts_tell_of_every_run(watched, watcher):
    await watched.upload(b"work", name="work.jpg")
    await watched.drain()
    runs = {"job": "watching.look", "queue": "watching"}
    assert [runs.items() <= one.items() for one in watcher.of("job_started")] == [True]
    assert [one["outcome"] for one in watcher.of("job_finished")] == ["done"]
    assert [one["thing"] for one in watcher.of("watching_seen")] == ["look"]
    await watched.kernel.jobs.request("watching.look", damaged=True)
    with pytest.raises(Exception, match="it is damaged"):
        await watched.drain()
    assert ["it is damaged" in one["error"] for one in watcher.of("job_failed")] == [True]


async def test_settings_check_can_refuse_and_settings_changed_is_told(watched, watcher):
    live = watched.kernel.live_settings
    watcher.refuse = "settings_check"
    with pytest.raises(Exception, match="settings_check refuses"):
        await live.update_section(Watching(amount=2))
    assert watched.kernel.settings(Watching).amount == 1
    watcher.refuse = None
    await live.update_section(Watching(amount=3))
    (changed,) = watcher.of("settings_changed")
    assert (changed["old"].amount, changed["new"].amount) == (1, 3)
    assert watched.kernel.settings(Watching).amount == 3


async def test_asset_access_and_timeline_access_grant_what_others_own(watched, watcher):
    asset_id = await watched.upload(b"mine", name="mine.jpg", user="ann")
    ann, ben = await watched.user_id("ann"), await watched.client("ben")
    month = {"timeBucket": "2024-05-01", "userId": str(ann), "visibility": "timeline"}
    assert (await ben.get(f"/api/assets/{asset_id}")).status_code == 400
    assert (await ben.get("/api/timeline/bucket", params=month)).status_code == 400
    watcher.give = {"asset_access": {asset_id}, "timeline_access": {ann}}
    assert (await ben.get(f"/api/assets/{asset_id}")).status_code == 200
    assert (await ben.get("/api/timeline/bucket", params=month)).json()["id"] == [str(asset_id)]
    assert {one["permission"] for one in watcher.of("asset_access")} == {"asset.read"}


async def test_timeline_owners_add_the_photos_of_others(watched, watcher):
    theirs = await watched.upload(b"theirs", name="theirs.jpg", user="ann")
    own = await watched.upload(b"own", name="own.jpg", user="ben")
    watcher.give = {"timeline_owners": {await watched.user_id("ann")}}
    ben = await watched.client("ben")
    asked = {"timeBucket": "2024-05-01", "withPartners": "true", "visibility": "timeline"}
    found = (await ben.get("/api/timeline/bucket", params=asked)).json()["id"]
    assert set(found) == {str(theirs), str(own)}


async def test_asset_filter_narrows_and_asset_extras_add_fields(watched, watcher):
    first, second = [await watched.upload(text, name="a.jpg") for text in (b"1", b"2")]
    client = await watched.client()
    month = {"timeBucket": "2024-05-01", "tagId": "5d8fa3a4-1c0f-4d7e-9f49-6f2d3f1f0a11"}
    assert (await client.get("/api/timeline/bucket", params=month)).status_code == 400
    watcher.give["asset_filter"] = {"tagId": ("asset.id = ?", [second])}
    assert (await client.get("/api/timeline/bucket", params=month)).json()["id"] == [str(second)]
    tag = {
        "id": "5d8fa3a4-1c0f-4d7e-9f49-6f2d3f1f0a11", "name": "cat", "value": "cat",
        "createdAt": "2024-05-01T00:00:00.000Z", "updatedAt": "2024-05-01T00:00:00.000Z",
    }  # fmt: skip
    owner = Caller(await watched.user_id(), "", "", is_admin=False)
    ways = [tag], RawJson(orjson.dumps([tag])), RawJson(orjson.dumps([tag]).decode())
    for given, extras in itertools.product(ways, (["tags", "people"], ["people"])):
        watcher.give["asset_extras"] = {"tags": {first: given}}
        assert (await client.get(f"/api/assets/{first}")).json()["tags"] == [tag]
        assert (await client.get(f"/api/assets/{second}")).json()["tags"] == []
        models = await watched.kernel.assets.answers(owner, [first, second], extras=extras)
        texts = await watched.kernel.assets.answers_json(owner, [first, second], extras=extras)
        assert [orjson.loads(text) for text in texts.values()] == [one.model_dump(mode="json") for one in models]
        assert ["tags" in text for text in texts.values()] == ["tags" in extras] * 2


async def test_api_features_of_plugins_are_shown(watched, watcher):
    watcher.give["api_features"] = {"map": True}
    assert (await watched.anonymous().get("/api/server/features")).json()["map"] is True
    await watched.turn_off("watching")
    assert (await watched.anonymous().get("/api/server/features")).json()["map"] is False


async def test_changes_of_assets_are_told(watched, watcher):
    first, second = [await watched.upload(text, name="a.jpg") for text in (b"1", b"2")]
    client, owner = await watched.client(), await watched.user_id()
    await client.put(f"/api/assets/{first}", json={"isFavorite": True})
    (changed,) = await watcher.until("asset_changed", 1)
    assert (changed["asset_id"], list(changed["fields"])) == (first, ["is_favorite"])
    copy = {"sourceId": str(first), "targetId": str(second), "albums": True, "sharedLinks": False}
    assert (await client.put("/api/assets/copy", json=copy)).status_code == 204
    (copied,) = await watcher.until("asset_copied", 1)
    assert (copied["source_id"], copied["asset_id"], list(copied["parts"])) == (first, second, ["albums"])
    await client.request("DELETE", "/api/assets", json={"ids": [str(first)]})
    await client.post("/api/trash/restore/assets", json={"ids": [str(first)]})
    await client.request("DELETE", "/api/assets", json={"ids": [str(first)], "force": True})
    await watched.drain()
    for fact in ("asset_trashed", "asset_restored"):
        assert [list(one["asset_ids"]) for one in watcher.of(fact)] == [[first]], fact
    assert [(one["asset_id"], one["owner_id"]) for one in watcher.of("asset_deleted")] == [(first, owner)]


async def test_files_written_are_told(watched, watcher):
    asset_id = await watched.upload(b"1", name="a.jpg")
    files = watched.kernel.files
    target = files.derived_path("thumbs", await watched.user_id(), f"{asset_id}_preview.jpeg")
    async with files.writing(target) as growing:
        growing.write_bytes(b"preview")
    await files.register(asset_id, "preview", target)
    (written,) = await watcher.until("asset_file_written", 1)
    assert (written["asset_id"], written["type"]) == (asset_id, "preview")


async def test_accounts_made_and_erased_are_told(watched, watcher):
    ann = await watched.user_id("ann")
    assert ann in [one["user_id"] for one in await watcher.until("user_created", 2)]
    admin = await watched.client()
    answer = await admin.request("DELETE", f"/api/admin/users/{ann}", json={"force": True})
    assert answer.status_code == 200
    await watched.drain()
    assert [one["user_id"] for one in watcher.of("user_deleted")] == [ann]


async def test_share_link_says_who_comes_by_a_link(watched, watcher):
    asset_id = await watched.upload(b"1", name="a.jpg")
    link = SharedLinkView(asset_id, None, allow_upload=False, allow_download=True, show_metadata=True)
    caller = Caller(user_id=await watched.user_id(), email="", name="", is_admin=False, shared_link=link)
    watcher.give = {"share_link": {"secret": caller}, "asset_access": {asset_id}}
    guest = watched.anonymous()
    assert (await guest.get(f"/api/assets/{asset_id}")).status_code == 401
    assert (await guest.get(f"/api/assets/{asset_id}", params={"key": "secret"})).status_code == 200
    (asked,) = watcher.of("share_link")
    assert (asked["key"], asked["slug"]) == ("secret", None)


async def test_profile_image_stored_may_refuse(watched, watcher):
    client = await watched.client()
    watcher.refuse = "profile_image_stored"
    answer = await client.post("/api/users/profile-image", files={"file": ("a.png", b"\x89PNG\r\n\x1a\n" + b"0" * 64)})
    assert answer.status_code == 418


async def test_what_nobody_has_specified_is_neither_told_nor_asked(watched):
    with pytest.raises(LookupError, match="watching_nothing"):
        await watched.kernel.publish("watching_nothing")
    with pytest.raises(LookupError, match="watching_nothing"):
        await watched.kernel.gather("watching_nothing")
