import asyncio
import time
from http.cookies import SimpleCookie

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import PASSWORD, expect
from immich_host.testing.waiting import PATIENCE
from immich_host.users.passwords import hash_secret, matches

ADMIN = {"email": "admin@host.test", "password": PASSWORD, "name": "Admin"}


async def test_the_first_administrator_signs_up_once_even_when_many_try_at_once(house: RunningHost) -> None:
    client = house.anonymous()
    accounts = [ADMIN | {"email": f"admin{number}@host.test"} for number in range(5)]
    answers = await asyncio.gather(*(client.post("/api/auth/admin-sign-up", json=account) for account in accounts))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400, 400]
    made = next(answer.json() for answer in answers if answer.status_code == 201)
    assert made["isAdmin"]
    assert made["storageLabel"] == "admin"
    assert made["shouldChangePassword"] is False
    refused = await client.post("/api/auth/admin-sign-up", json=ADMIN)
    assert refused.json() == {"message": "The server already has an admin"}


async def test_an_administrator_needs_a_password(house: RunningHost) -> None:
    expect(await house.anonymous().post("/api/auth/admin-sign-up", json=ADMIN | {"password": ""}), 400)


async def test_login_gives_a_token_and_three_cookies(house: RunningHost) -> None:
    await house.client()
    client = house.anonymous()
    answer = await client.post("/api/auth/login", json={"email": "ADMIN@Host.test", "password": PASSWORD})
    body = expect(answer, 201)
    assert set(body) == {
        "accessToken", "userId", "userEmail", "name", "profileImagePath", "isAdmin", "shouldChangePassword",
        "isOnboarded",
    }  # fmt: skip
    assert body["userEmail"] == "admin@host.test"
    assert body["profileImagePath"] == ""
    assert body["accessToken"].isalnum()
    cookies = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        cookies.load(line)
    assert cookies["immich_access_token"].value == body["accessToken"]
    assert cookies["immich_auth_type"].value == "password"
    assert cookies["immich_is_authenticated"].value == "true"
    for name, cookie in cookies.items():
        assert (cookie["path"], cookie["samesite"], cookie["max-age"]) == ("/", "Lax", str(400 * 86400))
        assert bool(cookie["httponly"]) == (name != "immich_is_authenticated")
        assert not cookie["secure"]
    assert expect(await client.post("/api/auth/validateToken"), 200) == {"authStatus": True}


async def test_cookies_are_secure_behind_a_proxy_that_speaks_https(house: RunningHost) -> None:
    await house.client()
    credentials = {"email": "admin@host.test", "password": PASSWORD}
    answer = await house.anonymous().post("/api/auth/login", json=credentials, headers={"X-Forwarded-Proto": "https"})
    assert all("; Secure" in line for line in answer.headers.get_list("set-cookie"))


@pytest.mark.parametrize("wrong", [{"email": "nobody@host.test"}, {"password": "wrong"}, {"password": ""}])
async def test_a_wrong_password_and_an_unknown_address_answer_alike(house: RunningHost, wrong: dict[str, str]) -> None:
    await house.client()
    credentials = {"email": "admin@host.test", "password": PASSWORD} | wrong
    answer = await house.anonymous().post("/api/auth/login", json=credentials)
    assert expect(answer, 401) == {"message": "Incorrect email or password"}
    assert "set-cookie" not in answer.headers


async def test_no_account_takes_as_long_as_a_wrong_password() -> None:
    hashed = await hash_secret("secret")
    assert await matches("secret", hashed)
    assert not await matches("anything", None)

    async def seconds(stored: str | None) -> float:
        begun = time.perf_counter()
        assert not await matches("wrong", stored)
        return time.perf_counter() - begun

    # the best of several: a busy machine makes single ones longer, never shorter
    with_account, without = [min([await seconds(stored) for _ in range(10)]) for stored in (hashed, None)]
    assert without > with_account / 2


async def test_only_the_first_72_bytes_of_a_password_count_as_in_immich() -> None:
    hashed = await hash_secret("ä" * 40)
    assert await matches("ä" * 36 + "x", hashed)
    assert not await matches("ä" * 35, hashed)
    assert not await matches("x", "not a hash")


async def test_password_login_can_be_switched_off(house: RunningHost) -> None:
    admin = await house.client()
    config = expect(await admin.get("/api/system-config"), 200)
    config["passwordLogin"]["enabled"] = False
    expect(await admin.put("/api/system-config", json=config), 200)
    answer = await house.anonymous().post("/api/auth/login", json={"email": "admin@host.test", "password": PASSWORD})
    assert expect(answer, 401) == {"message": "Password login has been disabled"}


async def test_logout_ends_the_session_and_tells_it(house: RunningHost, monkeypatch: pytest.MonkeyPatch) -> None:
    told: asyncio.Queue[tuple[object, ...]] = asyncio.Queue()

    async def to_session(*message: object) -> None:
        told.put_nowait(message)

    client = await house.client()
    monkeypatch.setattr(house.kernel.push, "to_session", to_session)
    session = expect(await client.get("/api/sessions"), 200)[0]["id"]
    answer = await client.post("/api/auth/logout")
    assert expect(answer, 200) == {"successful": True, "redirectUri": "/auth/login?autoLaunch=0"}
    assert len(answer.headers.get_list("set-cookie")) == 3
    assert expect(await client.get("/api/users/me"), 401) == {"message": "Invalid user token"}
    async with asyncio.timeout(PATIENCE):
        told_session, event, payload = await told.get()
    assert (str(told_session), event, payload) == (session, "on_session_delete", session)


async def test_changing_the_password_can_end_other_sessions(house: RunningHost) -> None:
    admin = await house.client()
    expect(await admin.post("/api/admin/users", json=ADMIN | {"email": "eve@host.test", "name": "Eve"}), 201)
    credentials = {"email": "eve@host.test", "password": PASSWORD}
    clients = [house.anonymous() for _ in range(2)]
    for client in clients:
        assert expect(await client.post("/api/auth/login", json=credentials), 201)["shouldChangePassword"]
    change = {"password": "wrong", "newPassword": "battery staple", "invalidateSessions": True}
    assert expect(await clients[0].post("/api/auth/change-password", json=change), 400) == {"message": "Wrong password"}
    short = change | {"password": PASSWORD, "newPassword": "short"}
    assert expect(await clients[0].post("/api/auth/change-password", json=short), 400)["errors"]
    changed = expect(await clients[0].post("/api/auth/change-password", json=change | {"password": PASSWORD}), 200)
    assert changed["shouldChangePassword"] is False
    expect(await clients[0].get("/api/users/me"), 200)
    expect(await clients[1].get("/api/users/me"), 401)
    expect(await house.anonymous().post("/api/auth/login", json=credentials), 401)
    expect(await house.anonymous().post("/api/auth/login", json=credentials | {"password": "battery staple"}), 201)
