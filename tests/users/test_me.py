from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import PASSWORD, expect

KEY = "IMCL-" + "-".join(["AB12"] * 8)


async def test_the_own_account_in_full(house: RunningHost) -> None:
    me = expect(await (await house.client()).get("/api/users/me"), 200)
    assert set(me) == {
        "id", "name", "email", "profileImagePath", "profileChangedAt", "avatarColor", "storageLabel", "createdAt",
        "updatedAt", "deletedAt", "isAdmin", "shouldChangePassword", "oauthId", "quotaSizeInBytes",
        "quotaUsageInBytes", "status", "license", "clusterGroupId",
    }  # fmt: skip
    assert (me["profileImagePath"], me["license"], me["quotaSizeInBytes"], me["deletedAt"]) == ("", None, None, None)


async def test_changing_name_address_colour_and_password(house: RunningHost) -> None:
    eve = await house.client("eve")
    change = {"name": "Éve", "email": "EVE2@host.test", "avatarColor": "red", "password": "battery staple"}
    me = expect(await eve.put("/api/users/me", json=change), 200)
    assert (me["name"], me["email"], me["avatarColor"]) == ("Éve", "eve2@host.test", "red")
    assert me["shouldChangePassword"] is False
    login = {"email": "eve2@host.test", "password": "battery staple"}
    expect(await house.anonymous().post("/api/auth/login", json=login), 201)
    taken = await eve.put("/api/users/me", json={"email": "admin@host.test"})
    assert expect(taken, 400) == {"message": "Email already in use by another account"}
    cleared = expect(await eve.put("/api/users/me", json={"avatarColor": None}), 200)
    assert cleared["avatarColor"] in {"primary", "pink", "red", "yellow", "blue", "green", "purple", "orange", "gray",
                                      "amber"}  # fmt: skip
    assert expect(await eve.put("/api/users/me", json={"isAdmin": True}), 200)["isAdmin"] is False


async def test_users_are_sorted_for_people_and_may_be_private(house: RunningHost) -> None:
    admin = await house.client()
    for name in ("zoe", "Ärmel", "bob", "Arno"):
        account = {"email": f"{name.encode().hex()}@host.test", "password": PASSWORD, "name": name}
        expect(await admin.post("/api/admin/users", json=account), 201)
    users = expect(await admin.get("/api/users"), 200)
    assert [user["name"] for user in users] == ["Admin", "Ärmel", "Arno", "bob", "zoe"]
    assert set(users[0]) == {"id", "name", "email", "profileImagePath", "profileChangedAt", "avatarColor"}
    bob = next(user["id"] for user in users if user["name"] == "bob")
    eve = await house.client("eve")
    assert len(expect(await eve.get("/api/users"), 200)) == 6
    assert expect(await eve.get(f"/api/users/{bob}"), 200)["name"] == "bob"
    assert expect(await eve.get(f"/api/users/{uuid4()}"), 400) == {"message": "User not found"}
    config = expect(await admin.get("/api/system-config"), 200)
    config["server"]["publicUsers"] = False
    expect(await admin.put("/api/system-config", json=config), 200)
    assert [user["name"] for user in expect(await eve.get("/api/users"), 200)] == ["Eve"]
    assert len(expect(await admin.get("/api/users"), 200)) == 6


async def test_preferences_are_merged_and_only_the_difference_is_kept(house: RunningHost) -> None:
    admin = await house.client()
    before = expect(await admin.get("/api/users/me/preferences"), 200)
    assert before["download"] == {"archiveSize": 4 * 1024**3, "includeEmbeddedVideos": False}
    assert before["people"]["minimumFaces"] == 3
    change = {"folders": {"enabled": True}, "memories": {"duration": 9}, "avatar": {"color": "pink"}}
    after = expect(await admin.put("/api/users/me/preferences", json=change), 200)
    assert after["folders"] == {"enabled": True, "sidebarWeb": False}
    assert after["memories"] == before["memories"] | {"duration": 9}
    assert expect(await admin.get("/api/users/me/preferences"), 200) == after
    assert expect(await admin.get("/api/users/me"), 200)["avatarColor"] == "pink"
    stored = "SELECT value = $1::jsonb FROM user_metadata WHERE key = 'preferences'"
    assert await house.kernel.db.fetchval(stored, '{"folders": {"enabled": true}, "memories": {"duration": 9}}')
    expect(await admin.put("/api/users/me/preferences", json={"folders": {"enabled": False}}), 200)
    assert await house.kernel.db.fetchval(stored, '{"memories": {"duration": 9}}')
    path = f"/api/admin/users/{await house.user_id('eve')}/preferences"
    assert expect(await admin.put(path, json={"tags": {"enabled": True}}), 200)["tags"]["enabled"]
    assert expect(await (await house.client("eve")).get("/api/users/me/preferences"), 200)["tags"]["enabled"]
    assert expect(await admin.get(path), 200)["tags"]["enabled"]
    expect(await admin.get(f"/api/admin/users/{uuid4()}/preferences"), 400)


async def test_the_product_key(house: RunningHost) -> None:
    client = await house.client()
    expect(await client.get("/api/users/me/license"), 404)
    for wrong in ("IMCL-1", KEY.replace("IMCL", "IMSV"), ""):
        expect(await client.put("/api/users/me/license", json={"licenseKey": wrong, "activationKey": "a"}), 400)
    stored = expect(await client.put("/api/users/me/license", json={"licenseKey": KEY, "activationKey": "a"}), 200)
    assert set(stored) == {"licenseKey", "activationKey", "activatedAt"}
    assert expect(await client.get("/api/users/me/license"), 200) == stored
    assert expect(await client.get("/api/users/me"), 200)["license"] == stored
    expect(await client.delete("/api/users/me/license"), 204)
    expect(await client.get("/api/users/me/license"), 404)


async def test_onboarding(house: RunningHost) -> None:
    client = await house.client()
    assert expect(await client.get("/api/users/me/onboarding"), 200) == {"isOnboarded": False}
    assert expect(await client.put("/api/users/me/onboarding", json={"isOnboarded": True}), 200) == {
        "isOnboarded": True
    }
    assert expect(await client.get("/api/users/me/onboarding"), 200) == {"isOnboarded": True}
    login = {"email": "admin@host.test", "password": PASSWORD}
    assert expect(await house.anonymous().post("/api/auth/login", json=login), 201)["isOnboarded"]
    expect(await client.delete("/api/users/me/onboarding"), 204)
    assert expect(await client.get("/api/users/me/onboarding"), 200) == {"isOnboarded": False}


@pytest.mark.parametrize(
    "range_", [{"to": "0001-01-01"}, {"to": "0001-06-01"}, {"from": "9999-12-31", "to": "9999-12-31"}]
)
async def test_the_heat_map_at_the_ends_of_time(house: RunningHost, range_: dict[str, str]) -> None:
    answer = expect(await (await house.client()).get("/api/users/me/calendar-heatmap", params=range_), 200)
    assert (answer["to"], answer["totalCount"]) == (range_["to"], 0)


async def asset(house: RunningHost, number: int, taken: str, **columns: object) -> None:
    values = {"visibility": "timeline", "deleted_at": None, "type": "IMAGE", "is_favorite": False} | columns
    await house.kernel.db.execute(
        """INSERT INTO asset (owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
             local_date_time, checksum, visibility, deleted_at, is_favorite, created_at)
           VALUES ($1, $2, 'p', 'n', $3, $3, $3, $4, $5, $6, $7, '2024-06-01T12:00:00Z')""",
        await house.user_id(),
        values["type"],
        datetime.fromisoformat(taken),
        bytes([number]),
        values["visibility"],
        values["deleted_at"],
        values["is_favorite"],
    )


async def test_the_heat_map_counts_days(house: RunningHost) -> None:
    client = await house.client()
    await asset(house, 1, "2024-05-01T00:00:00Z")
    await asset(house, 2, "2024-05-01T23:59:59.999Z", visibility="archive")
    await asset(house, 3, "2024-05-03T10:00:00Z")
    await asset(house, 4, "2024-05-02T10:00:00Z", visibility="hidden")
    await asset(house, 5, "2024-05-02T10:00:00Z", visibility="locked")
    await asset(house, 6, "2024-05-02T10:00:00Z", deleted_at=datetime.now(UTC))
    range_of_may = {"from": "2024-05-01", "to": "2024-05-03", "type": "Taken"}
    expected = {
        "from": "2024-05-01",
        "to": "2024-05-03",
        "series": [{"date": "2024-05-01", "count": 2}, {"date": "2024-05-03", "count": 1}],
        "totalCount": 3,
    }
    path = "/api/users/me/calendar-heatmap"
    assert expect(await client.get(path, params=range_of_may), 200) == expected
    uploaded = {"from": "2024-06-01", "to": "2024-06-01"}
    assert expect(await client.get(path, params=uploaded), 200)["series"] == [{"date": "2024-06-01", "count": 3}]
    year = expect(await client.get(path), 200)
    assert year["totalCount"] == 0
    assert datetime.fromisoformat(year["to"]) - datetime.fromisoformat(year["from"]) == timedelta(days=365)
    expect(await client.get(path, params={"from": "2024-05-02", "to": "2024-05-01"}), 400)
    expect(await client.get(path, params={"from": "0001-01-01", "to": "2024-05-01"}), 400)
    expect(await client.get(path, params={"type": "Nope"}), 400)
    admins = f"/api/admin/users/{await house.user_id()}/calendar-heatmap"
    assert expect(await client.get(admins, params=range_of_may), 200) == expected


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, (2, 1)),
        ({"isFavorite": "true"}, (1, 0)),
        ({"isTrashed": "true"}, (1, 0)),
        ({"visibility": "archive"}, (0, 1)),
        ({"visibility": "locked"}, (1, 0)),
    ],
)
async def test_statistics(house: RunningHost, params: dict[str, str], expected: tuple[int, int]) -> None:
    await asset(house, 1, "2024-05-01T00:00:00Z")
    await asset(house, 2, "2024-05-01T00:00:00Z", is_favorite=True)
    await asset(house, 3, "2024-05-01T00:00:00Z", visibility="archive", type="VIDEO")
    await asset(house, 4, "2024-05-01T00:00:00Z", visibility="locked")
    await asset(house, 5, "2024-05-01T00:00:00Z", deleted_at=datetime.now(UTC))
    path = f"/api/admin/users/{await house.user_id()}/statistics"
    images, videos = expected
    counted = expect(await (await house.client()).get(path, params=params), 200)
    assert counted == {"images": images, "videos": videos, "total": images + videos}
