"""Confirmations, and who may give them."""

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from tests.sync.conftest import Syncing

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
ROUTES = (
    ("POST", "/api/sync/stream", {"types": []}, "sync.stream"),
    ("GET", "/api/sync/ack", None, "syncCheckpoint.read"),
    ("POST", "/api/sync/ack", {"acks": []}, "syncCheckpoint.update"),
    ("DELETE", "/api/sync/ack", {}, "syncCheckpoint.delete"),
)


async def test_the_last_of_each_type_counts(app: Syncing) -> None:
    later = ID.replace("0189", "0190")
    acks = [f"AssetV2|{later}", f"UserV1|{ID}", f"AssetV2|{ID}", f"AlbumUserBackfillV1|{ID}|complete"]
    expect(await app.http.post("/api/sync/ack", json={"acks": acks}), 204)
    assert expect(await app.http.get("/api/sync/ack"), 200) == [
        {"type": "AlbumUserBackfillV1", "ack": f"AlbumUserBackfillV1|{ID}|complete"},
        {"type": "AssetV2", "ack": f"AssetV2|{ID}"},
        {"type": "UserV1", "ack": f"UserV1|{ID}"},
    ]


async def test_some_or_all_are_forgotten(app: Syncing) -> None:
    acks = [f"{kind}|{ID}" for kind in ("AssetV2", "UserV1", "AlbumV1")]
    expect(await app.http.post("/api/sync/ack", json={"acks": acks}), 204)

    async def forget(body: dict[str, list[str]]) -> list[str]:
        expect(await app.http.request("DELETE", "/api/sync/ack", json=body), 204)
        return [one["type"] for one in expect(await app.http.get("/api/sync/ack"), 200)]

    assert await forget({"types": []}) == ["AlbumV1", "AssetV2", "UserV1"]
    assert await forget({"types": ["AlbumV1"]}) == ["AssetV2", "UserV1"]
    assert await forget({}) == []


@pytest.mark.parametrize(
    "ack",
    [
        "UserV1",
        "UserV1|x",
        f"UserV1|{ID}|" + "x" * 200,
        f"UserV1|{'f' * 32}",
        f"NoSuchV1|{ID}",
        "",
        "|",
        f"|{ID}",
    ],
)
async def test_what_is_no_confirmation_is_refused_whole(app: Syncing, ack: str) -> None:
    answer = await app.http.post("/api/sync/ack", json={"acks": [f"AssetV2|{ID}", ack]})
    assert expect(answer, 400)["message"].startswith("Invalid ack")
    assert expect(await app.http.get("/api/sync/ack"), 200) == []


async def test_nothing_to_confirm_is_no_error(app: Syncing) -> None:
    expect(await app.http.post("/api/sync/ack", json={"acks": []}), 204)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/sync/stream", {"types": ["NoSuchV1"]}),
        ("POST", "/api/sync/stream", {}),
        ("POST", "/api/sync/ack", {"acks": ["x"] * 1001}),
        ("DELETE", "/api/sync/ack", {"types": ["NoSuchV1"]}),
        ("DELETE", "/api/sync/ack", None),
    ],
)
async def test_bodies_are_checked(app: Syncing, method: str, path: str, body: object) -> None:
    assert "message" in expect(await app.http.request(method, path, json=body), 400)


@pytest.mark.parametrize(("method", "path", "body", "permission"), ROUTES)
async def test_only_sessions(running: RunningHost, method: str, path: str, body: object, permission: str) -> None:
    assert expect(await running.anonymous().request(method, path, json=body), 401)
    key = await running.key_client(permission)
    answer = await key.request(method, path, json=body)
    assert expect(answer, 403) == {"message": "Sync endpoints cannot be used with API keys"}
    poor = await running.key_client("asset.read")
    answer = await poor.request(method, path, json=body)
    assert expect(answer, 403) == {"message": f"Missing required permission: {permission}"}


async def test_a_strangers_confirmations_stay(running: RunningHost, app: Syncing) -> None:
    expect(await app.http.post("/api/sync/ack", json={"acks": [f"AssetV2|{ID}"]}), 204)
    stranger = await running.client("ann")
    assert expect(await stranger.get("/api/sync/ack"), 200) == []
    expect(await stranger.request("DELETE", "/api/sync/ack", json={}), 204)
    assert len(expect(await app.http.get("/api/sync/ack"), 200)) == 1
