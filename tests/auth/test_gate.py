import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from immich_host.auth.tokens import digest
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.web import Caller
from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from immich_host.testing.waiting import all_told


async def token_of(house: RunningHost, user: str = "admin") -> str:
    """Of a session of which every notice has come: a late one would make the process forget what it knows."""
    token = (await house.client(user)).headers["authorization"].removeprefix("Bearer ")
    await all_told(house.kernel.notices, house.kernel.db)
    return token


async def identify(house: RunningHost, token: str, **headers: str) -> Caller | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await house.app.gate.identify({"authorization": f"Bearer {token}"} | named, b"", {})


async def session_row(house: RunningHost, token: str) -> Mapping[str, Any]:
    row = await house.kernel.db.fetchrow("SELECT * FROM session WHERE token = $1", digest(token))
    assert row is not None
    return row


@pytest.mark.parametrize(
    "place",
    [
        {"headers": {"x-immich-user-token": "{}"}},
        {"headers": {"x-immich-session-token": "{}"}},
        {"params": {"sessionKey": "{}"}},
        {"headers": {"authorization": "bearer {}"}},
        {"cookies": {"immich_access_token": "{}"}},
    ],
)
async def test_a_session_token_is_found_in_each_place(house: RunningHost, place: dict[str, dict[str, str]]) -> None:
    token = await token_of(house)
    for value, status in ((token, 200), ("x" + token, 401)):
        given: Any = {
            kind: {name: text.format(value) for name, text in fields.items()} for kind, fields in place.items()
        }
        client = house.anonymous(cookies=given.pop("cookies", None))
        answer = await client.get("/api/users/me", **given)
        body = expect(answer, status)
        assert status == 200 or body == {"message": "Invalid user token"}


async def test_an_api_key_is_found_in_header_and_query(house: RunningHost) -> None:
    secret = (await house.key_client("user.read")).headers["x-api-key"]
    client = house.anonymous()
    expect(await client.get("/api/users/me", headers={"x-api-key": secret}), 200)
    expect(await client.get("/api/users/me", params={"apiKey": secret}), 200)
    bad = await client.get("/api/users/me", headers={"x-api-key": secret + "x"})
    assert expect(bad, 401) == {"message": "Invalid API key"}


async def test_the_first_kind_decides_and_a_bad_one_is_not_replaced(house: RunningHost) -> None:
    token = await token_of(house)
    secret = (await house.key_client("all")).headers["x-api-key"]
    client = house.anonymous()
    bearer = {"Authorization": f"Bearer {token}"}
    both = {"Authorization": "Bearer bad", "x-api-key": secret}
    assert expect(await client.get("/api/users/me", headers=both), 401) == {"message": "Invalid user token"}
    for name, message in (("key", "Invalid share key"), ("slug", "Invalid share slug")):
        answer = await client.get("/api/users/me", headers=bearer, params={name: "x"})
        assert expect(answer, 401) == {"message": message}
        answer = await client.get("/api/users/me", headers=bearer | {f"x-immich-share-{name}": "x"})
        assert expect(answer, 401) == {"message": message}


async def test_without_credentials(house: RunningHost) -> None:
    assert expect(await house.anonymous().get("/api/users/me"), 401) == {"message": "Authentication required"}


async def test_a_known_caller_costs_no_sql(house: RunningHost, monkeypatch: pytest.MonkeyPatch) -> None:
    token = await token_of(house)
    await identify(house, token)
    headers = {"authorization": f"Bearer {token}", "user-agent": "Mozilla/5.0"}
    with monkeypatch.context() as patch:
        patch.setattr(house.kernel, "db", None)
        for _ in range(3):
            assert await house.app.gate.identify(headers, b"size=thumbnail", {})


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM session",
        "TRUNCATE session CASCADE",
        "UPDATE session SET expires_at = now()",
        "UPDATE \"user\" SET deleted_at = now(), status = 'deleted'",
        'DELETE FROM "user"',
    ],
)
async def test_sql_by_hand_ends_a_session(house: RunningHost, elsewhere: Any, sql: str) -> None:
    token = await token_of(house)
    assert await identify(house, token)
    async with elsewhere() as connection:
        await connection.execute(sql)
    with pytest.raises(Refused) as refusal:
        await identify(house, token)
    assert (refusal.value.status, refusal.value.message) == (401, "Invalid user token")


async def test_sql_by_hand_changes_what_a_caller_may(house: RunningHost, elsewhere: Any) -> None:
    token = await token_of(house)
    caller = await identify(house, token)
    assert caller is not None
    assert caller.is_admin
    key = await house.key_client("user.read")
    expect(await key.get("/api/users/me"), 200)
    async with elsewhere() as connection:
        await connection.execute('UPDATE "user" SET is_admin = false')
    caller = await identify(house, token)
    assert caller is not None
    assert not caller.is_admin
    async with elsewhere() as connection:
        await connection.execute("UPDATE api_key SET permissions = '{asset.read}'")
    answer = await key.get("/api/users/me")
    assert expect(answer, 403) == {"message": "Missing required permission: user.read"}
    async with elsewhere() as connection:
        await connection.execute("DELETE FROM api_key")
    expect(await key.get("/api/users/me"), 401)


async def test_nothing_known_is_trusted_while_notices_are_cut_off(house: RunningHost) -> None:
    token = await token_of(house)
    await identify(house, token)
    await house.kernel.notices.stop()
    house.kernel.notices.connected = False
    await house.kernel.db.execute("DELETE FROM session")
    with pytest.raises(Refused):
        await identify(house, token)


async def test_a_change_during_the_look_up_is_not_covered_up(
    house: RunningHost, elsewhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from immich_host.auth import store

    token = await token_of(house)
    read = store.session_of_token

    async def slow(*args: Any) -> Any:
        row = await read(*args)
        async with elsewhere() as connection:
            await connection.execute("DELETE FROM session")
        return row

    house.app.gate._memory.forget(None)
    with monkeypatch.context() as patch:
        patch.setattr(store, "session_of_token", slow)
        await identify(house, token)
    with pytest.raises(Refused):
        await identify(house, token)


async def age(house: RunningHost, **past: float) -> None:
    """Make all sessions look unused for a while; the row's trigger would not let us."""
    async with house.kernel.db.transaction():
        await house.kernel.db.execute("SET LOCAL session_replication_role = replica")
        await house.kernel.db.execute("UPDATE session SET updated_at = now() - $1::interval", timedelta(**past))
    house.app.gate._memory.forget(None)


async def test_a_session_dies_after_90_idle_days(house: RunningHost) -> None:
    token = await token_of(house)
    await age(house, days=89.9)
    assert await identify(house, token)
    await house.app.gate.stop()
    await age(house, days=90.1)
    with pytest.raises(Refused):
        await identify(house, token)
    assert await house.kernel.db.fetchval("SELECT count(*) FROM session") == 1
    await house.kernel.jobs.request("host.session_cleanup")
    await house.drain()
    assert await house.kernel.db.fetchval("SELECT count(*) FROM session") == 0


async def test_a_known_session_dies_at_its_end_without_a_notice(
    house: RunningHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = await house.client()
    child = expect(await parent.post("/api/sessions", json={"duration": 60, "deviceType": "tv"}), 201)
    assert await identify(house, child["token"])
    later = time.time() + 61
    monkeypatch.setattr("immich_host.auth.gate.time.time", lambda: later)
    with pytest.raises(Refused):
        await identify(house, child["token"])


async def test_use_is_noted_once_an_hour(house: RunningHost) -> None:
    token = await token_of(house)
    await age(house, minutes=59)
    before = (await session_row(house, token))["updated_at"]
    await identify(house, token)
    await house.app.gate.stop()
    assert (await session_row(house, token))["updated_at"] == before
    await age(house, minutes=61)
    await identify(house, token)
    await house.app.gate.stop()
    assert datetime.now(UTC) - (await session_row(house, token))["updated_at"] < timedelta(minutes=1)


async def test_a_new_app_version_renews_the_device(house: RunningHost) -> None:
    token = await token_of(house)
    agent = {"user_agent": "immich-android/3.2.0", "devicemodel": "Pixel 9", "devicetype": "Android"}
    await identify(house, token, **agent)
    await house.app.gate.stop()
    row = await session_row(house, token)
    assert (row["app_version"], row["device_type"], row["device_os"]) == ("3.2.0", "Pixel 9", "android")
    touched = row["updated_at"]
    house.app.gate._memory.forget(None)
    await identify(house, token, **agent)
    await house.app.gate.stop()
    assert (await session_row(house, token))["updated_at"] == touched


async def test_an_unlocked_session_slides_and_ends(house: RunningHost, monkeypatch: pytest.MonkeyPatch) -> None:
    token = await token_of(house)
    now = datetime.now(UTC)
    await house.kernel.db.execute("UPDATE session SET pin_expires_at = $1", now + timedelta(minutes=2))
    house.app.gate._memory.forget(None)
    caller = await identify(house, token)
    assert caller is not None
    assert caller.elevated
    await house.app.gate.stop()
    ends = (await session_row(house, token))["pin_expires_at"]
    assert timedelta(minutes=4.9) < ends - now < timedelta(minutes=5.1)
    later = time.time() + 301
    monkeypatch.setattr("immich_host.auth.gate.time.time", lambda: later)
    caller = await identify(house, token)
    assert caller is not None
    assert not caller.elevated


async def test_noting_use_does_not_unlock_what_was_locked_meanwhile(house: RunningHost) -> None:
    from immich_host.auth import store

    row = await session_row(house, await token_of(house))
    await store.note_use(house.kernel.db, row["id"], None, datetime.now(UTC) + timedelta(minutes=5))
    assert (await session_row(house, await token_of(house)))["pin_expires_at"] is None


async def test_many_at_once(house: RunningHost) -> None:
    token = await token_of(house)
    house.app.gate._memory.forget(None)
    callers = await asyncio.gather(*(identify(house, token) for _ in range(50)))
    assert len({caller.session_id for caller in callers if caller}) == 1
