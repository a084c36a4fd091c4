import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import PASSWORD, expect

EVE = {"email": "Eve@host.test", "password": PASSWORD, "name": "Eve"}


async def made(house: RunningHost, **fields: Any) -> dict[str, Any]:
    return expect(await (await house.client()).post("/api/admin/users", json=EVE | fields), 201)


async def test_making_an_account(house: RunningHost) -> None:
    told: list[tuple[UUID, bool]] = []

    async def listen(user_id: UUID, notify: bool) -> None:
        told.append((user_id, notify))

    await house.client()
    await house.drain()
    house.kernel.hosting.listen("user_created", listen)
    row = await made(
        house, quotaSizeInBytes=5, storageLabel="e.v/e", pinCode="123456", shouldChangePassword=False, notify=True
    )
    assert (row["email"], row["storageLabel"], row["quotaSizeInBytes"]) == ("eve@host.test", "eve", 5)
    assert row["status"] == "active"
    assert row["isAdmin"] is False
    await house.drain()
    assert told == [(UUID(row["id"]), True)]
    silent = await made(house, email="silent@host.test", name="Silent")
    await house.drain()
    assert told[1:] == [(UUID(silent["id"]), False)]
    admin = await house.client()
    for same, message in (
        ({}, "Email already in use by another account"),
        ({"email": "b@host.test", "storageLabel": "eve"}, "Storage label already in use by another account"),
        ({"email": "c@host.test", "password": ""}, "A password is required"),
        ({"email": "d@host.test", "storageLabel": "../.."}, "Invalid storage label"),
        ({"email": "e@host.test", "storageLabel": "CON"}, "Invalid storage label"),
    ):
        answer = await admin.post("/api/admin/users", json=EVE | same)
        assert expect(answer, 400) == {"message": message}
    login = await house.anonymous().post("/api/auth/login", json={"email": "eve@host.test", "password": PASSWORD})
    assert expect(login, 201)["shouldChangePassword"] is False


async def test_changing_every_field(house: RunningHost) -> None:
    admin, row = await house.client(), await made(house)
    path = f"/api/admin/users/{row['id']}"
    change = {
        "email": "NEW@host.test", "name": "New", "isAdmin": True, "quotaSizeInBytes": 7, "storageLabel": "new",
        "avatarColor": "blue", "shouldChangePassword": False, "pinCode": "111111", "password": "another one",
    }  # fmt: skip
    changed = expect(await admin.put(path, json=change), 200)
    secret = {"pinCode", "password"}
    assert {name: changed[name] for name in change if name not in secret} == {
        name: value for name, value in (change | {"email": "new@host.test"}).items() if name not in secret
    }
    login = await house.anonymous().post("/api/auth/login", json={"email": "new@host.test", "password": "another one"})
    eve = house.anonymous(headers={"Authorization": f"Bearer {expect(login, 201)['accessToken']}"})
    expect(await eve.post("/api/auth/session/unlock", json={"pinCode": "111111"}), 204)
    cleared = expect(await admin.put(path, json={"quotaSizeInBytes": None, "storageLabel": None, "pinCode": None}), 200)
    assert (cleared["quotaSizeInBytes"], cleared["storageLabel"]) == (None, None)
    assert expect(await eve.get("/api/auth/status"), 200)["pinCode"] is False
    assert expect(await admin.put(path, json={"storageLabel": ""}), 200)["storageLabel"] is None
    assert expect(await admin.get(path), 200)["name"] == "New"
    for method in ("GET", "PUT", "DELETE"):
        expect(await admin.request(method, f"/api/admin/users/{uuid4()}", json={}), 400)


async def test_nobody_unmakes_themselves(house: RunningHost) -> None:
    admin = await house.client()
    path = f"/api/admin/users/{await house.user_id()}"
    answer = await admin.put(path, json={"isAdmin": False})
    assert expect(answer, 400) == {"message": "Admin status can only be changed by another admin"}
    answer = await admin.request("DELETE", path, json={})
    assert expect(answer, 403) == {"message": "Cannot delete your own account"}


async def test_two_administrators_cannot_unmake_each_other_at_once(house: RunningHost) -> None:
    admin, row = await house.client(), await made(house, isAdmin=True)
    login = await house.anonymous().post("/api/auth/login", json={"email": "eve@host.test", "password": PASSWORD})
    eve = house.anonymous(headers={"Authorization": f"Bearer {expect(login, 201)['accessToken']}"})
    answers = await asyncio.gather(
        admin.put(f"/api/admin/users/{row['id']}", json={"isAdmin": False}),
        eve.put(f"/api/admin/users/{await house.user_id()}", json={"isAdmin": False}),
    )
    assert 200 in [answer.status_code for answer in answers]
    assert await house.kernel.db.fetchval('SELECT count(*) FROM "user" WHERE is_admin') == 1


async def test_deleting_and_restoring(house: RunningHost) -> None:
    admin, eve = await house.client(), await house.client("eve")
    key = await house.key_client("all", user="eve")
    path = f"/api/admin/users/{await house.user_id('eve')}"
    gone = expect(await admin.request("DELETE", path, json={}), 200)
    assert gone["status"] == "deleted"
    assert gone["deletedAt"]
    expect(await eve.get("/api/users/me"), 401)
    expect(await key.get("/api/users/me"), 401)
    login = {"email": "eve@host.test", "password": PASSWORD}
    expect(await house.anonymous().post("/api/auth/login", json=login), 401)
    assert [user["name"] for user in expect(await admin.get("/api/admin/users"), 200)] == ["Admin"]
    everyone = expect(await admin.get("/api/admin/users", params={"withDeleted": "true"}), 200)
    assert [user["name"] for user in everyone] == ["Admin", "Eve"]
    one = {"withDeleted": "true", "id": gone["id"]}
    assert [user["name"] for user in expect(await admin.get("/api/admin/users", params=one), 200)] == ["Eve"]
    await house.kernel.jobs.request("host.user_delete_check")
    await house.drain()
    restored = expect(await admin.post(f"{path}/restore"), 200)
    assert (restored["status"], restored["deletedAt"]) == ("active", None)
    expect(await eve.get("/api/users/me"), 200)


async def test_an_account_is_erased_when_its_time_is_up(house: RunningHost) -> None:
    admin, _ = await house.client(), await house.client("eve")
    eve = await house.user_id("eve")
    told: list[UUID] = []

    async def listen(user_id: UUID) -> None:
        told.append(user_id)

    house.kernel.hosting.listen("user_deleted", listen)
    expect(await admin.put(f"/api/admin/users/{eve}", json={"storageLabel": "eve"}), 200)
    root = house.kernel.paths.root
    mine = [
        root / "upload" / str(eve),
        root / "library" / "eve",
        root / "thumbs" / str(eve),
        root / "profile" / str(eve),
    ]
    others = root / "library" / "admin"
    for folder in (*mine, others):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "file").write_text("x")
    expect(await admin.request("DELETE", f"/api/admin/users/{eve}", json={}), 200)
    long_ago = datetime.now(UTC) - timedelta(days=7, minutes=1)
    await house.kernel.db.execute('UPDATE "user" SET deleted_at = $2 WHERE id = $1', eve, long_ago)
    await house.kernel.jobs.request("host.user_delete_check")
    await house.drain()
    assert told == [eve]
    assert not any(folder.exists() for folder in mine)
    assert (others / "file").exists()
    assert await house.kernel.db.fetchval('SELECT count(*) FROM "user"') == 1
    assert await house.kernel.db.fetchval("SELECT user_id FROM user_audit") == eve


async def test_everybody_is_told_once_of_an_erased_account(house: RunningHost, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []

    async def to_everyone(*message: object) -> None:
        told.append(message)

    monkeypatch.setattr(house.kernel.push, "to_everyone", to_everyone)
    admin, _ = await house.client(), await house.client("eve")
    eve = await house.user_id("eve")
    expect(await admin.request("DELETE", f"/api/admin/users/{eve}", json={"force": True}), 200)
    await house.drain()
    assert told == [("on_user_delete", str(eve))]


async def test_a_delay_of_ages_is_no_error(house: RunningHost) -> None:
    admin = await house.client()
    config = expect(await admin.get("/api/system-config"), 200)
    config["user"]["deleteDelay"] = 2**53 - 1
    expect(await admin.put("/api/system-config", json=config), 200)
    await house.kernel.jobs.request("host.user_delete_check")
    await house.drain()


async def test_force_erases_at_once_and_beyond_restoring(house: RunningHost) -> None:
    admin, _ = await house.client(), await house.client("eve")
    path = f"/api/admin/users/{await house.user_id('eve')}"
    assert expect(await admin.request("DELETE", path, json={"force": True}), 200)["status"] == "removing"
    assert expect(await admin.post(f"{path}/restore"), 400) == {"message": "The account is being erased"}
    assert expect(await admin.request("DELETE", path, json={}), 200)["status"] == "removing"
    await house.drain()
    expect(await admin.get(path), 400)


async def test_erasing_spares_accounts_that_are_not_deleted(house: RunningHost) -> None:
    await house.client("eve")
    await house.kernel.jobs.request("host.user_delete", user_id=await house.user_id("eve"))
    await house.drain()
    expect(await (await house.client("eve")).get("/api/users/me"), 200)


async def test_usage_is_counted_anew(house: RunningHost) -> None:
    await house.client()
    admin = await house.user_id()
    for number, library in enumerate((None, None, uuid4())):
        asset = await house.kernel.db.fetchval(
            """INSERT INTO asset (owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
                 local_date_time, checksum, library_id)
               VALUES ($1, 'IMAGE', 'p', 'n', now(), now(), now(), $2, $3) RETURNING id""",
            admin, bytes([number]), library,
        )  # fmt: skip
        await house.kernel.db.execute("INSERT INTO asset_exif (asset_id, file_size_in_byte) VALUES ($1, 100)", asset)
    await house.kernel.jobs.request("host.user_sync_usage")
    await house.drain()
    assert expect(await (await house.client()).get("/api/users/me"), 200)["quotaUsageInBytes"] == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_others_are_not_let_in(house: RunningHost, method: str) -> None:
    eve = await house.client("eve")
    assert expect(await eve.request(method, "/api/admin/users", json=EVE), 403) == {"message": "Forbidden"}
