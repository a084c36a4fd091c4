import pytest

from immich_host.server.store import record_version
from immich_host.testing.host import expect


async def test_a_sign_of_life(house):
    assert expect(await house.anonymous().get("/api/server/ping"), 200) == {"res": "pong"}


async def test_clients_are_told_the_version_of_the_api(house):
    answer = expect(await house.anonymous().get("/api/server/version"), 200)
    assert answer == {"major": 3, "minor": 2, "patch": 2, "prerelease": None}


async def test_the_server_says_whether_it_has_been_set_up(house):
    async def state() -> tuple[bool, bool]:
        config = expect(await house.anonymous().get("/api/server/config"), 200)
        return config["isInitialized"], config["isOnboarded"]

    assert await state() == (False, False)
    admin = await house.client()
    assert await state() == (True, False)
    path = "/api/system-metadata/admin-onboarding"
    assert expect(await admin.get(path), 200) == {"isOnboarded": False}
    expect(await admin.post(path, json={"isOnboarded": True}), 204)
    assert await state() == (True, True)
    assert expect(await admin.get(path), 200) == {"isOnboarded": True}


async def test_the_config_follows_the_settings(house):
    admin = await house.client()
    document = expect(await admin.get("/api/system-config"), 200)
    document["trash"]["days"] = 7
    document["server"] |= {"externalDomain": "https://photos.example.org", "loginPageMessage": "hi"}
    document["oauth"]["accountManagementUrl"] = "https://id.example.org"
    expect(await admin.put("/api/system-config", json=document), 200)
    config = expect(await house.anonymous().get("/api/server/config"), 200)
    assert config["trashDays"] == 7
    assert config["externalDomain"] == "https://photos.example.org"
    assert config["loginPageMessage"] == "hi"
    assert config["oauthAccountManagementUrl"] == "https://id.example.org"
    assert (config["minFaces"], config["userDeleteDelay"], config["publicUsers"]) == (3, 7, True)
    assert config["maintenanceMode"] is False


async def test_without_plugins_only_the_hosts_own_features_are_there(house):
    features = expect(await house.anonymous().get("/api/server/features"), 200)
    assert {name for name, able in features.items() if able} == {"trash", "passwordLogin"}
    assert len(features) == 16


async def test_media_types_are_extensions(house):
    types = expect(await house.anonymous().get("/api/server/media-types"), 200)
    assert set(types) == {"image", "video", "sidecar"}
    assert {".jpg", ".heic", ".cr3"} <= set(types["image"])
    assert {".mp4", ".mov"} <= set(types["video"])
    assert types["sidecar"] == [".xmp"]


async def test_each_version_is_noted_once(house):
    db = house.kernel.db
    await record_version(db)
    await db.execute("INSERT INTO version_history (version, created_at) VALUES ('0.0.9', now() - interval '1 day')")
    await record_version(db)
    history = expect(await house.anonymous().get("/api/server/version-history"), 200)
    assert [entry["version"] for entry in history] == ["3.2.2", "0.0.9"]
    await db.execute("INSERT INTO version_history (version) VALUES ('9.9.9')")
    await record_version(db)
    assert len(expect(await house.anonymous().get("/api/server/version-history"), 200)) == 4


async def test_clients_find_the_api(house):
    answer = await house.anonymous().get("/.well-known/immich")
    assert expect(answer, 200) == {"api": {"endpoint": "/api"}}
    assert answer.headers["content-type"].startswith("application/json")


async def test_theme_and_icon(house):
    admin = await house.client()
    document = expect(await admin.get("/api/system-config"), 200)
    document["theme"]["customCss"] = "body { color: red }"
    expect(await admin.put("/api/system-config", json=document), 200)
    css = await house.anonymous().get("/custom.css")
    assert (css.text, css.headers["content-type"]) == ("body { color: red }", "text/css; charset=utf-8")
    icon = await house.anonymous().get("/favicon.ico")
    assert icon.headers["content-type"].startswith("image/svg+xml")


@pytest.mark.parametrize("signed_up", [False, True])
async def test_the_page_at_the_root_offers_what_comes_next(house, signed_up):
    if signed_up:
        await house.client()
    page = await house.anonymous().get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert ('<section class="hidden" id="first">' in page.text) is signed_up
    assert "http://host.test/api" in page.text
    assert "{{" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


async def test_the_page_stands_whatever_the_external_address_is(house):
    admin = await house.client()
    config = (await admin.get("/api/system-config")).json()
    config["server"]["externalDomain"] = "http://[bad"
    assert (await admin.put("/api/system-config", json=config)).status_code == 200
    page = await house.anonymous().get("/")
    assert (page.status_code, "http://[bad/api" in page.text) == (200, True)


async def test_the_page_escapes_what_the_client_says(house):
    page = await house.anonymous().get("/", headers={"host": 'x"><script>alert(1)</script>'})
    assert "<script>alert" not in page.text


async def test_other_addresses_are_not_there(house):
    assert (await house.anonymous().get("/no-such-page")).status_code == 404
