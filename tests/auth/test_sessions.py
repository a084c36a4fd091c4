from datetime import UTC, datetime, timedelta
from uuid import uuid4

from immich_host.testing import RunningHost
from immich_host.testing.host import PASSWORD, expect

CREDENTIALS = {"email": "admin@host.test", "password": PASSWORD}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def test_the_list_says_which_device_and_which_is_mine(house: RunningHost) -> None:
    client = await house.client()
    await house.anonymous().post("/api/auth/login", json=CREDENTIALS, headers={"User-Agent": FIREFOX})
    rows = expect(await client.get("/api/sessions"), 200)
    assert [row["current"] for row in rows].count(True) == 1
    firefox = rows[0]
    assert set(firefox) == {
        "id", "createdAt", "updatedAt", "current", "deviceType", "deviceOS", "appVersion", "isPendingSyncReset",
    }  # fmt: skip
    assert (firefox["deviceType"], firefox["deviceOS"], firefox["appVersion"]) == ("Firefox", "Linux", None)
    assert firefox["createdAt"].endswith("Z")


async def test_a_child_session_expires_and_goes_with_its_parent(house: RunningHost) -> None:
    client = await house.client()
    child = expect(
        await client.post("/api/sessions", json={"duration": 3600, "deviceType": "tv", "deviceOS": "os"}), 201
    )
    ends = datetime.fromisoformat(child["expiresAt"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < ends <= timedelta(hours=1)
    assert (child["deviceType"], child["deviceOS"], child["current"]) == ("tv", "os", False)
    television = house.anonymous(headers={"x-immich-session-token": child["token"]})
    expect(await television.get("/api/users/me"), 200)
    forever = expect(await client.post("/api/sessions", json={}), 201)
    assert "expiresAt" not in forever
    expect(await client.post("/api/sessions", json={"duration": 10**15}), 400)
    expect(await client.post("/api/sessions", json={"duration": 0}), 400)
    expect(await client.post("/api/auth/logout"), 200)
    expect(await television.get("/api/users/me"), 401)


async def test_a_key_makes_no_sessions(house: RunningHost) -> None:
    key = await house.key_client("all")
    assert expect(await key.post("/api/sessions", json={}), 400) == {"message": "This needs a signed-in session"}


async def test_deleting_all_spares_mine_and_the_one_it_came_from(house: RunningHost) -> None:
    client = await house.client()
    child = expect(await client.post("/api/sessions", json={}), 201)
    other = expect(await house.anonymous().post("/api/auth/login", json=CREDENTIALS), 201)["accessToken"]
    mine = house.anonymous(headers={"Authorization": f"Bearer {child['token']}"})
    expect(await mine.delete("/api/sessions"), 204)
    expect(await mine.get("/api/users/me"), 200)
    expect(await client.get("/api/users/me"), 200)
    expect(await house.anonymous().get("/api/users/me", params={"sessionKey": other}), 401)
    expect(await client.delete("/api/sessions"), 204)
    expect(await mine.get("/api/users/me"), 401)


async def test_one_session_is_changed_and_deleted(house: RunningHost) -> None:
    client = await house.client()
    child = expect(await client.post("/api/sessions", json={}), 201)
    path = f"/api/sessions/{child['id']}"
    assert expect(await client.put(path, json={"isPendingSyncReset": True}), 200)["isPendingSyncReset"] is True
    expect(await client.put(path, json={}), 400)
    expect(await client.delete(path), 204)
    refused = await client.delete(path)
    assert expect(refused, 400) == {"message": "Not found or no session.delete access"}
    expect(await house.anonymous().get("/api/users/me", params={"sessionKey": child["token"]}), 401)


async def test_sessions_of_others_cannot_be_told_from_unknown_ones(house: RunningHost) -> None:
    admin, eve = await house.client(), await house.client("eve")
    theirs = expect(await admin.get("/api/sessions"), 200)[0]["id"]
    for session in (theirs, str(uuid4())):
        for method, path, json, permission in (
            ("DELETE", f"/api/sessions/{session}", None, "session.delete"),
            ("PUT", f"/api/sessions/{session}", {"isPendingSyncReset": True}, "session.update"),
            ("POST", f"/api/sessions/{session}/lock", None, "session.lock"),
        ):
            answer = await eve.request(method, path, json=json)
            assert expect(answer, 400) == {"message": f"Not found or no {permission} access"}
    expect(await admin.get("/api/users/me"), 200)


async def test_an_administrator_sees_the_sessions_of_a_user(house: RunningHost) -> None:
    admin, eve = await house.client(), await house.client("eve")
    path = f"/api/admin/users/{await house.user_id('eve')}/sessions"
    rows = expect(await admin.get(path), 200)
    assert [row["current"] for row in rows] == [False]
    assert expect(await eve.get(path), 403) == {"message": "Forbidden"}
    expect(await admin.get(f"/api/admin/users/{uuid4()}/sessions"), 400)
