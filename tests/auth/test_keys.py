from uuid import uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect


async def test_a_key_lives_from_making_to_revoking(house: RunningHost) -> None:
    client = await house.client()
    made = expect(await client.post("/api/api-keys", json={"permissions": ["user.read"]}), 201)
    assert made["name"] == "API Key"
    assert made["apiKey"]["id"] == made["id"]
    path = f"/api/api-keys/{made['id']}"
    listed = expect(await client.get("/api/api-keys"), 200)
    assert [set(key) for key in listed] == [{"id", "name", "createdAt", "updatedAt", "permissions"}]
    assert expect(await client.get(path), 200) == listed[0]
    key = house.anonymous(headers={"x-api-key": made["secret"]})
    assert expect(await key.get("/api/api-keys/me"), 200)["id"] == made["id"]
    changed = expect(await client.put(path, json={"name": "phone", "permissions": ["asset.read"]}), 200)
    assert (changed["name"], changed["permissions"]) == ("phone", ["asset.read"])
    assert expect(await key.get("/api/users/me"), 403) == {"message": "Missing required permission: user.read"}
    expect(await client.delete(path), 204)
    expect(await key.get("/api/api-keys/me"), 401)
    expect(await client.get(path), 400)


async def test_only_a_key_is_told_about_itself(house: RunningHost) -> None:
    answer = await (await house.client()).get("/api/api-keys/me")
    assert expect(answer, 403) == {"message": "Not authenticated with API Key"}


async def test_rotating_voids_the_old_secret(house: RunningHost) -> None:
    client = await house.client()
    made = expect(await client.post("/api/api-keys", json={"permissions": ["user.read"], "name": "a"}), 201)
    rotated = expect(await client.post(f"/api/api-keys/{made['id']}/rotate"), 201)
    assert (rotated["id"], rotated["name"], rotated["permissions"]) == (made["id"], "a", ["user.read"])
    for secret, status in ((made["secret"], 401), (rotated["secret"], 200)):
        expect(await house.anonymous().get("/api/users/me", headers={"x-api-key": secret}), status)


@pytest.mark.parametrize("permissions", [["all"], ["asset.read"], ["apiKey.create", "user.read"]])
async def test_a_key_grants_no_more_than_it_has(house: RunningHost, permissions: list[str]) -> None:
    owner = await house.client()
    wide = expect(await owner.post("/api/api-keys", json={"permissions": permissions}), 201)["id"]
    key = await house.key_client("apiKey.create", "apiKey.update", "apiKey.rotate", "apiKey.read")
    mine = expect(await key.get("/api/api-keys/me"), 200)["id"]
    for answer in (
        await key.post("/api/api-keys", json={"permissions": permissions}),
        await key.put(f"/api/api-keys/{mine}", json={"permissions": permissions}),
        await key.post(f"/api/api-keys/{wide}/rotate"),
    ):
        assert expect(answer, 400) == {"message": "Cannot grant permissions you do not have"}
    expect(await key.post("/api/api-keys", json={"permissions": ["apiKey.read"]}), 201)
    expect(await (await house.key_client("all")).post("/api/api-keys", json={"permissions": permissions}), 201)


async def test_keys_of_others_cannot_be_told_from_unknown_ones(house: RunningHost) -> None:
    admin, eve = await house.client(), await house.client("eve")
    theirs = expect(await admin.post("/api/api-keys", json={"permissions": ["all"]}), 201)["id"]
    for key in (theirs, str(uuid4())):
        for method, path, permission in (
            ("GET", f"/api/api-keys/{key}", "apiKey.read"),
            ("PUT", f"/api/api-keys/{key}", "apiKey.update"),
            ("DELETE", f"/api/api-keys/{key}", "apiKey.delete"),
            ("POST", f"/api/api-keys/{key}/rotate", "apiKey.rotate"),
        ):
            answer = await eve.request(method, path, json={"name": "x"} if method == "PUT" else None)
            assert expect(answer, 400) == {"message": f"Not found or no {permission} access"}
    assert expect(await admin.get("/api/api-keys"), 200)[0]["id"] == theirs


@pytest.mark.parametrize("permissions", [[], ["no.such"], None])
async def test_permissions_are_checked(house: RunningHost, permissions: object) -> None:
    answer = await (await house.client()).post("/api/api-keys", json={"permissions": permissions})
    assert expect(answer, 400)["errors"]
