import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import PASSWORD, expect

PIN, OTHER = "123456", "654321"


async def test_setting_unlocking_locking(house: RunningHost) -> None:
    client = await house.client()
    before = expect(await client.get("/api/auth/status"), 200)
    assert before == {"password": True, "pinCode": False, "isElevated": False}
    answer = await client.post("/api/auth/session/unlock", json={"pinCode": PIN})
    assert expect(answer, 400) == {"message": "User does not have a PIN code"}
    expect(await client.post("/api/auth/pin-code", json={"pinCode": PIN}), 204)
    again = await client.post("/api/auth/pin-code", json={"pinCode": PIN})
    assert expect(again, 400) == {"message": "User already has a PIN code"}
    wrong = await client.post("/api/auth/session/unlock", json={"pinCode": OTHER})
    assert expect(wrong, 400) == {"message": "Wrong PIN code"}
    expect(await client.post("/api/auth/session/unlock", json={"pinCode": PIN}), 204)
    status = expect(await client.get("/api/auth/status"), 200)
    assert status["isElevated"]
    assert status["pinCode"]
    assert status["pinExpiresAt"].endswith("Z")
    expect(await client.post("/api/auth/session/lock"), 204)
    assert not expect(await client.get("/api/auth/status"), 200)["isElevated"]


async def test_a_session_can_be_locked_from_another(house: RunningHost) -> None:
    client = await house.client()
    expect(await client.post("/api/auth/pin-code", json={"pinCode": PIN}), 204)
    child = expect(await client.post("/api/sessions", json={}), 201)
    other = house.anonymous(headers={"Authorization": f"Bearer {child['token']}"})
    expect(await other.post("/api/auth/session/unlock", json={"password": PASSWORD}), 204)
    assert expect(await other.get("/api/auth/status"), 200)["isElevated"]
    assert not expect(await client.get("/api/auth/status"), 200)["isElevated"]
    expect(await client.post(f"/api/sessions/{child['id']}/lock"), 204)
    assert not expect(await other.get("/api/auth/status"), 200)["isElevated"]


async def test_changing_needs_a_proof(house: RunningHost) -> None:
    client = await house.client()
    expect(await client.post("/api/auth/pin-code", json={"pinCode": PIN}), 204)
    for proof, message in (
        ({}, "Either password or pinCode is required"),
        ({"pinCode": OTHER}, "Wrong PIN code"),
        ({"password": "wrong"}, "Wrong password"),
    ):
        answer = await client.put("/api/auth/pin-code", json={"newPinCode": OTHER} | proof)
        assert expect(answer, 400) == {"message": message}
    expect(await client.put("/api/auth/pin-code", json={"newPinCode": OTHER, "pinCode": PIN}), 204)
    expect(await client.post("/api/auth/session/unlock", json={"pinCode": OTHER}), 204)


async def test_removing_locks_every_session(house: RunningHost) -> None:
    client = await house.client()
    expect(await client.post("/api/auth/pin-code", json={"pinCode": PIN}), 204)
    expect(await client.post("/api/auth/session/unlock", json={"pinCode": PIN}), 204)
    expect(await client.request("DELETE", "/api/auth/pin-code", json={"pinCode": OTHER}), 400)
    expect(await client.request("DELETE", "/api/auth/pin-code", json={"password": PASSWORD}), 204)
    assert expect(await client.get("/api/auth/status"), 200) == {
        "password": True,
        "pinCode": False,
        "isElevated": False,
    }


@pytest.mark.parametrize("pin", ["12345", "1234567", "12345a", 123456, ""])
async def test_a_pin_has_six_digits(house: RunningHost, pin: object) -> None:
    answer = await (await house.client()).post("/api/auth/pin-code", json={"pinCode": pin})
    assert expect(answer, 400)["message"] == "Validation failed"


async def test_a_key_has_no_session_to_lock_or_unlock(house: RunningHost) -> None:
    key = await house.key_client("all")
    for what in ("lock", "unlock"):
        answer = await key.post(f"/api/auth/session/{what}", json={"pinCode": PIN})
        assert expect(answer, 400) == {"message": "This needs a signed-in session"}
