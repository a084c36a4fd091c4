"""What a client is sent: everything once, then what has changed, in an order that holds together."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from immich_host.plugin_api.sync import SyncRows, SyncStream
from immich_host.sync import store
from immich_host.sync.streaming import in_order
from immich_host.sync.types import SyncRequestType
from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from immich_host.testing.waiting import PATIENCE
from tests.sync.conftest import Syncing

PHOTO = b"a photo"


async def test_everything_comes_once_then_only_what_changes(running: RunningHost, app: Syncing) -> None:
    photo = str(await running.upload(PHOTO))
    other = str(await running.upload(b"another", user="ann"))
    mine = str(await running.user_id())
    first = await app.fresh()
    kinds = [kind for kind, _ in first]
    assert kinds == ["AuthUserV1", "UserV1", "UserV1", "AssetV2", "AssetExifV1"]
    (asset,) = [data for kind, data in first if kind == "AssetV2"]
    assert (asset["id"], asset["ownerId"], asset["thumbhash"], asset["duration"]) == (photo, mine, None, None)
    assert asset["fileCreatedAt"] == "2024-05-01T10:11:12.345Z"
    assert other not in str(first)
    assert next(data for kind, data in first if kind == "AuthUserV1")["pinCode"] is None
    assert await app.fresh() == []
    client = await running.client()
    expect(await client.put(f"/api/assets/{photo}", json={"isFavorite": True, "description": "dusk"}), 200)
    changed = dict(await app.fresh())
    assert changed["AssetV2"]["isFavorite"] is True
    assert changed["AssetExifV1"]["description"] == "dusk"
    assert set(changed) == {"AssetV2", "AssetExifV1"}


async def test_what_is_gone_is_told_first(running: RunningHost, app: Syncing) -> None:
    photo = await running.upload(PHOTO)
    await app.fresh()
    client = await running.client()
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(photo)], "force": True}), 204)
    await running.drain()
    kept = str(await running.upload(b"a newer one"))
    lines = await app.fresh("AssetsV2")
    assert [(kind, data.get("assetId") or data["id"]) for kind, data in lines] == [
        ("AssetDeleteV1", str(photo)),
        ("AssetV2", kept),
    ]


async def test_the_trash_and_the_locked_folder_are_the_owners(running: RunningHost, app: Syncing) -> None:
    photo = await running.upload(PHOTO)
    locked = await running.upload(b"a secret", visibility="locked")
    client = await running.client()
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(photo)]}), 204)
    lines = {data["id"]: data for _, data in await app.fresh("AssetsV2")}
    assert lines[str(photo)]["deletedAt"] is not None
    assert lines[str(locked)]["visibility"] == "locked"


async def test_a_row_of_a_transaction_that_was_open_is_not_passed_over(running: RunningHost, app: Syncing) -> None:
    first, second = await running.upload(PHOTO), await running.upload(b"another")
    await app.fresh()
    db = running.kernel.db
    other = await asyncpg.connect(db.url)
    try:
        change = other.transaction()
        await change.start()
        await other.execute("UPDATE asset SET is_favorite = true WHERE id = $1", first)
        await db.execute("UPDATE asset SET is_favorite = true WHERE id = $1", second)  # later, and seen at once
        early = [data["id"] for _, data in await app.fresh("AssetsV2")]
        assert str(first) not in early
        await change.commit()
    finally:
        await other.close()
    late = [data["id"] for _, data in await app.fresh("AssetsV2")]
    assert set(early) | set(late) == {str(first), str(second)}


async def test_nothing_comes_without_what_it_hangs_on_while_a_transaction_is_open(
    running: RunningHost, app: Syncing
) -> None:
    """A new photo has changed since: what is known of it is older, and the app refuses that without the photo."""
    await app.fresh()
    photo = str(await running.upload(PHOTO))
    other = await asyncpg.connect(running.kernel.db.url)
    try:
        change = other.transaction()
        await change.start()
        await other.execute("""UPDATE "user" SET name = 'Ann' WHERE id = $1""", await running.user_id())
        await running.kernel.db.execute("UPDATE asset SET is_favorite = true WHERE id::text = $1", photo)
        lines = await app.stream()
        kinds = [line["type"] for line in lines]
        assert kinds.index("AssetV2") < kinds.index("AssetExifV1")
        by_type = {line["type"]: line for line in lines}
        assert by_type["AssetV2"]["data"]["isFavorite"] is True
        ends = [by_type[kind]["ack"].partition("|")[2] for kind in ("AssetV2", "SyncCompleteV1")]
        assert ends[0] == ends[1], "it comes again when nothing before it can be missing"
        await app.ack(lines)
        assert "AssetV2" in [kind for kind, _ in await app.fresh()]
        await change.commit()
    finally:
        await other.close()
    await app.fresh()
    assert await app.fresh() == []


async def test_many_rows_are_sent_and_confirmed_in_pieces(running: RunningHost, app: Syncing) -> None:
    owner = await running.user_id()
    await running.kernel.db.execute(
        """INSERT INTO asset (owner_id, type, original_path, original_file_name, checksum, file_created_at,
                              file_modified_at, local_date_time)
           SELECT $1, 'IMAGE', 'upload/' || n, n || '.jpg', n::text::bytea, now(), now(), now()
           FROM generate_series(1, 3000) AS n""",
        owner,
    )
    lines = await app.stream("AssetsV2")
    assert len(lines) == 3001
    acks = [one["ack"] for one in lines[:-1]]
    assert acks == sorted(acks)
    await app.ack(lines[:1000])
    rest = await app.stream("AssetsV2")
    assert [one["data"]["id"] for one in rest[:-1]] == [one["data"]["id"] for one in lines[1000:-1]]


async def test_a_client_that_stops_reading_leaves_nothing_open(running: RunningHost, app: Syncing) -> None:
    await running.upload(PHOTO)
    async with app.http.stream("POST", "/api/sync/stream", json={"types": ["AssetsV2"]}) as answer:
        assert answer.status_code == 200
    count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()"
    async with asyncio.timeout(PATIENCE):
        while await running.kernel.db.fetchval(count, store.APPLICATION):  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.02)


async def test_whoever_has_been_away_too_long_begins_anew(running: RunningHost, app: Syncing) -> None:
    await running.upload(PHOTO)
    await app.fresh()
    past = int((datetime.now(UTC) - timedelta(days=30, minutes=1)).timestamp() * 1000)
    old = UUID(int=(past << 80) | (7 << 76) | (2 << 62))
    expect(await app.http.post("/api/sync/ack", json={"acks": [f"SyncCompleteV1|{old}"]}), 204)
    assert await app.stream() == [{"type": "SyncResetV1", "data": {}, "ack": "SyncResetV1|reset"}]
    expect(await app.http.post("/api/sync/ack", json={"acks": ["SyncResetV1|reset"]}), 204)
    assert expect(await app.http.get("/api/sync/ack"), 200) == []
    assert "AssetV2" in dict(await app.fresh())


async def test_a_session_that_is_asked_to_begins_anew(running: RunningHost, app: Syncing) -> None:
    await running.upload(PHOTO)
    await app.fresh()
    (session,) = expect(await app.http.get("/api/sessions"), 200)
    expect(await app.http.put(f"/api/sessions/{session['id']}", json={"isPendingSyncReset": True}), 200)
    assert [one["type"] for one in await app.stream()] == ["SyncResetV1"]
    assert "AssetV2" in [one["type"] for one in await app.stream(reset=True)]


async def test_sessions_have_checkpoints_of_their_own(running: RunningHost, app: Syncing) -> None:
    await running.upload(PHOTO)
    await app.fresh()
    login = {"email": "admin@host.test", "password": "correct horse"}
    token = expect(await running.anonymous().post("/api/auth/login", json=login), 201)["accessToken"]
    second = Syncing(running.anonymous(headers={"Authorization": f"Bearer {token}"}))
    assert "AssetV2" in dict(await second.fresh())


async def test_deletions_are_forgotten_when_every_client_has_heard_of_them(running: RunningHost, app: Syncing) -> None:
    owner = await running.user_id()
    insert = (
        "INSERT INTO asset_audit (asset_id, owner_id, deleted_at) VALUES ($1, $2, now() - make_interval(days => $3))"
    )
    recent = uuid4()
    for asset, age in ((uuid4(), 32), (recent, 30)):
        await running.kernel.db.execute(insert, asset, owner, age)
    await running.kernel.jobs.request("host.audit_cleanup")
    await running.drain()
    assert await app.fresh("AssetsV2") == [("AssetDeleteV1", {"assetId": str(recent)})]


@pytest.fixture
def plugin_stream(running: RunningHost) -> SyncStream:
    sql = """SELECT update_id AS ack, json_build_object('n', 1)::text AS data FROM asset
             WHERE owner_id = $1 AND update_id > $2 ORDER BY update_id"""
    return SyncStream("AssetOcrV1", (SyncRows("AssetOcrV1", sql),))


def test_streams_come_in_the_protocols_order_whoever_brings_them(plugin_stream: SyncStream) -> None:
    unknown = SyncStream("TreasuresV1", (SyncRows("TreasureV1", "SELECT"),))
    edits = SyncStream("AssetEditsV1", (SyncRows("AssetEditV1", "SELECT"),))
    exif = SyncStream("AssetExifsV1", (SyncRows("AssetExifV1", "SELECT"),))
    assert in_order([edits, plugin_stream, unknown, exif]) == [exif, plugin_stream, edits]


@pytest.mark.parametrize("request_type", ["AssetsV1", "PartnerAssetsV1", "AlbumAssetsV1", "AssetFacesV1"])
async def test_types_of_old_apps_are_refused_before_the_first_byte(app: Syncing, request_type: str) -> None:
    answer = await app.http.post("/api/sync/stream", json={"types": ["AuthUsersV1", request_type]})
    assert expect(answer, 400)["message"] == f"{request_type} is not supported any more, ask for {request_type[:-1]}2"


def test_every_request_type_has_its_place() -> None:
    assert len(SyncRequestType) == 27
    with pytest.raises(ValueError, match="either rows or a function"):
        SyncStream("PeopleV1")
