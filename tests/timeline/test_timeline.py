"""The timeline over the API: months, columns, filters, edges of days and zones."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.testing.host import RunningHost, expect

COLUMNS = {
    "id", "ownerId", "ratio", "isFavorite", "visibility", "isTrashed", "isImage", "thumbhash", "fileCreatedAt",
    "createdAt", "localOffsetHours", "duration", "livePhotoVideoId", "projectionType", "city", "country",
}  # fmt: skip


async def put_asset(
    host: RunningHost, owner: UUID, moment: str, *, wall: str | None = None,
    exif: dict[str, Any] | None = None, **columns: Any,
) -> str:  # fmt: skip
    """A row as the metadata job would leave it; `moment` is the instant, `wall` the local clock."""
    instant = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    local = datetime.fromisoformat(wall).replace(tzinfo=UTC) if wall else instant
    values = {
        "id": uuid4(), "owner_id": owner, "type": "IMAGE", "original_path": f"upload/{uuid4()}.jpg",
        "original_file_name": "a.jpg", "file_created_at": instant, "file_modified_at": instant,
        "local_date_time": local, "checksum": uuid4().bytes,
    } | columns  # fmt: skip
    marks = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    await host.kernel.db.execute(f"INSERT INTO asset ({', '.join(values)}) VALUES ({marks})", *values.values())
    described = {"asset_id": values["id"]} | (exif or {})
    marks = ", ".join(f"${number}" for number in range(1, len(described) + 1))
    await host.kernel.db.execute(
        f"INSERT INTO asset_exif ({', '.join(described)}) VALUES ({marks})", *described.values()
    )
    return str(values["id"])


@pytest.fixture
async def running(host: Any) -> RunningHost:
    return await host(plugins=[])


async def buckets(host: RunningHost, user: str = "admin", **query: str) -> list[tuple[str, int]]:
    client = await host.client(user)
    found = expect(await client.get("/api/timeline/buckets", params=query), 200)
    return [(bucket["timeBucket"], bucket["count"]) for bucket in found]


async def bucket(host: RunningHost, month: str, user: str = "admin", **query: str) -> dict[str, list[Any]]:
    client = await host.client(user)
    return expect(await client.get("/api/timeline/bucket", params={"timeBucket": month} | query), 200)


async def test_months_newest_first_or_oldest_first(running: RunningHost) -> None:
    owner = await running.user_id()
    for moment in ("2024-05-03T10:00:00", "2024-05-04T10:00:00", "2023-01-01T00:00:00", "2024-12-31T23:59:59"):
        await put_asset(running, owner, moment)
    newest = [("2024-12-01", 1), ("2024-05-01", 2), ("2023-01-01", 1)]
    assert await buckets(running, visibility="timeline") == newest
    assert await buckets(running, visibility="timeline", order="asc") == newest[::-1]


async def test_an_empty_library_has_no_months_and_an_empty_month_has_empty_columns(running: RunningHost) -> None:
    assert await buckets(running) == []
    empty = await bucket(running, "2024-05-01")
    assert set(empty) == COLUMNS
    assert all(column == [] for column in empty.values())


async def test_the_local_clock_decides_the_month(running: RunningHost) -> None:
    owner = await running.user_id()
    ahead = await put_asset(running, owner, "2024-04-30T22:30:00", wall="2024-05-01T00:30:00")
    behind = await put_asset(running, owner, "2024-05-01T03:00:00", wall="2024-04-30T22:00:00")
    assert await buckets(running) == [("2024-05-01", 1), ("2024-04-01", 1)]
    may, april = await bucket(running, "2024-05-01"), await bucket(running, "2024-04-01")
    assert (may["id"], may["localOffsetHours"], may["fileCreatedAt"]) == ([ahead], [2.0], ["2024-04-30T22:30:00"])
    assert (april["id"], april["localOffsetHours"]) == ([behind], [-5.0])


@pytest.mark.parametrize(
    ("wall", "month"),
    [
        ("2024-02-29T23:59:59.999", "2024-02-01"),
        ("2024-03-01T00:00:00", "2024-03-01"),
        ("2023-12-31T23:59:59.999999", "2023-12-01"),
        ("2024-01-01T00:00:00", "2024-01-01"),
    ],
)
async def test_edges_of_months(running: RunningHost, wall: str, month: str) -> None:
    await put_asset(running, await running.user_id(), "2024-06-15T12:00:00", wall=wall)
    assert await buckets(running) == [(month, 1)]
    assert len((await bucket(running, month))["id"]) == 1


async def test_sorted_by_local_day_then_by_instant(running: RunningHost) -> None:
    owner = await running.user_id()
    # the second has the later clock but the earlier instant; on one day the instant decides
    first = await put_asset(running, owner, "2024-05-03T10:00:00", wall="2024-05-03T10:00:00")
    second = await put_asset(running, owner, "2024-05-03T09:00:00", wall="2024-05-03T19:00:00")
    other_day = await put_asset(running, owner, "2024-05-03T08:00:00", wall="2024-05-04T01:00:00")
    assert (await bucket(running, "2024-05-01"))["id"] == [other_day, first, second]
    assert (await bucket(running, "2024-05-01", order="asc"))["id"] == [second, first, other_day]


async def test_columns_of_one_asset(running: RunningHost) -> None:
    owner = await running.user_id()
    video = await put_asset(running, owner, "2024-05-02T00:00:00", type="VIDEO", visibility="hidden")
    asset = await put_asset(
        running, owner, "2024-05-03T10:11:12.345", wall="2024-05-03T15:41:12.345", width=4032, height=3024,
        is_favorite=True, thumbhash=b"\x01\x02\x03", duration=1500, live_photo_video_id=UUID(video),
        exif={"city": "Delhi", "country": "India", "latitude": 28.6, "longitude": 77.2,
              "projection_type": "EQUIRECTANGULAR"},
    )  # fmt: skip
    found = await bucket(running, "2024-05-01", withCoordinates="true", visibility="timeline")
    created = found.pop("createdAt")
    assert len(created) == 1
    assert not created[0].endswith("Z")
    assert found == {
        "id": [asset], "ownerId": [str(owner)], "ratio": [1.333], "isFavorite": [True], "visibility": ["timeline"],
        "isTrashed": [False], "isImage": [True], "thumbhash": ["AQID"], "fileCreatedAt": ["2024-05-03T10:11:12.345"],
        "localOffsetHours": [5.5], "duration": [1500], "livePhotoVideoId": [video],
        "projectionType": ["EQUIRECTANGULAR"], "city": ["Delhi"], "country": ["India"],
        "latitude": [28.6], "longitude": [77.2],
    }  # fmt: skip


async def test_unknown_size_has_the_ratio_one(running: RunningHost) -> None:
    owner = await running.user_id()
    await put_asset(running, owner, "2024-05-03T10:00:00")
    await put_asset(running, owner, "2024-05-02T10:00:00", width=100, height=0)
    assert (await bucket(running, "2024-05-01"))["ratio"] == [1, 1]


async def test_visibility_trash_and_favourites(running: RunningHost) -> None:
    owner = await running.user_id()
    now = datetime.now(UTC)
    shown = await put_asset(running, owner, "2024-05-01T00:00:00")
    archived = await put_asset(running, owner, "2024-05-02T00:00:00", visibility="archive")
    await put_asset(running, owner, "2024-05-03T00:00:00", visibility="hidden")
    await put_asset(running, owner, "2024-05-04T00:00:00", visibility="locked")
    trashed = await put_asset(running, owner, "2024-05-05T00:00:00", deleted_at=now, status="trashed")
    await put_asset(running, owner, "2024-05-06T00:00:00", deleted_at=now, status="deleted")
    loved = await put_asset(running, owner, "2024-05-07T00:00:00", is_favorite=True)

    async def ids(**query: str) -> list[str]:
        found = (await bucket(running, "2024-05-01", **query))["id"]
        assert sum(count for _, count in await buckets(running, **query)) == len(found)
        return found

    assert await ids() == [loved, archived, shown]
    assert await ids(visibility="timeline") == [loved, shown]
    assert await ids(visibility="archive") == [archived]
    assert await ids(isTrashed="true") == [trashed]
    assert await ids(isFavorite="true") == [loved]
    assert await ids(isFavorite="false", visibility="timeline") == [shown]


async def test_the_locked_folder_needs_the_pin(running: RunningHost) -> None:
    owner = await running.user_id()
    locked = await put_asset(running, owner, "2024-05-04T00:00:00", visibility="locked")
    client = await running.client()
    answer = await client.get("/api/timeline/buckets", params={"visibility": "locked"})
    assert (answer.status_code, answer.json()["message"]) == (401, "Elevated permission is required")
    expect(await client.post("/api/auth/pin-code", json={"pinCode": "123456"}), 204)
    expect(await client.post("/api/auth/session/unlock", json={"pinCode": "123456"}), 204)
    assert (await bucket(running, "2024-05-01", visibility="locked"))["id"] == [locked]


async def test_only_the_primary_of_a_stack_with_its_size(running: RunningHost) -> None:
    owner = await running.user_id()
    primary = await put_asset(running, owner, "2024-05-03T00:00:00")
    member = await put_asset(running, owner, "2024-05-02T00:00:00")
    alone = await put_asset(running, owner, "2024-05-01T00:00:00")
    db = running.kernel.db
    stack = await db.fetchval(
        "INSERT INTO stack (primary_asset_id, owner_id) VALUES ($1, $2) RETURNING id", UUID(primary), owner
    )
    await db.execute("UPDATE asset SET stack_id = $1 WHERE id = ANY($2::uuid[])", stack, [UUID(primary), UUID(member)])
    stacked = await bucket(running, "2024-05-01", withStacked="true")
    assert stacked["id"] == [primary, alone]
    assert stacked["stack"] == [[str(stack), "2"], None]
    assert await buckets(running, withStacked="true") == [("2024-05-01", 2)]
    assert (await bucket(running, "2024-05-01"))["id"] == [primary, member, alone]


async def test_by_the_day_of_upload(running: RunningHost) -> None:
    owner = await running.user_id()
    old = await put_asset(running, owner, "1999-01-01T00:00:00", created_at=datetime(2024, 5, 1, tzinfo=UTC))
    new = await put_asset(running, owner, "1990-01-01T00:00:00", created_at=datetime(2024, 5, 2, tzinfo=UTC))
    assert await buckets(running, orderBy="createdAt") == [("2024-05-01", 2)]
    assert (await bucket(running, "2024-05-01", orderBy="createdAt"))["id"] == [new, old]


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ("10,45,12,50", ["munich"]),
        ("170,-30,-170,0", ["fiji", "samoa"]),
        ("-180,-90,180,90", ["munich", "fiji", "samoa"]),
        ("0,0,1,1", []),
    ],
)
async def test_a_box_on_the_map(running: RunningHost, box: str, inside: list[str]) -> None:
    owner = await running.user_id()
    places = {"samoa": (-13.8, -171.8), "fiji": (-17.7, 178.0), "munich": (48.1, 11.6)}
    ids = {}
    for number, (name, (latitude, longitude)) in enumerate(places.items(), 1):
        place = {"latitude": latitude, "longitude": longitude}
        ids[name] = await put_asset(running, owner, f"2024-05-0{number}T00:00:00", exif=place)
    assert (await bucket(running, "2024-05-01", bbox=box))["id"] == [ids[name] for name in inside]
    assert sum(count for _, count in await buckets(running, bbox=box)) == len(inside)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"bbox": "1,2,3"}, 400),
        ({"bbox": "a,b,c,d"}, 400),
        ({"bbox": "0,10,1,5"}, 400),
        ({"withPartners": "true"}, 400),
        ({"withPartners": "true", "visibility": "archive"}, 400),
        ({"withPartners": "true", "visibility": "timeline", "isTrashed": "true"}, 400),
        ({"withPartners": "true", "visibility": "timeline", "isFavorite": "true"}, 400),
        ({"withPartners": "true", "visibility": "timeline"}, 200),
        ({"userId": str(uuid4())}, 400),
        ({"albumId": str(uuid4())}, 400),
        ({"personId": str(uuid4())}, 400),
        ({"visibility": "nowhere"}, 400),
        ({"isFavorite": "yes"}, 400),
    ],
)
async def test_questions_that_are_refused(running: RunningHost, query: dict[str, str], status: int) -> None:
    client = await running.client()
    for path, more in (("buckets", {}), ("bucket", {"timeBucket": "2024-05-01"})):
        answer = await client.get(f"/api/timeline/{path}", params=query | more)
        assert answer.status_code == status, answer.text


async def test_a_malformed_month_is_refused(running: RunningHost) -> None:
    client = await running.client()
    for month in ("", "May", "2024-13-01"):
        answer = await client.get("/api/timeline/bucket", params={"timeBucket": month})
        assert (answer.status_code, answer.json()["message"]) == (400, "Validation failed")


async def test_another_users_timeline_is_closed(running: RunningHost) -> None:
    owner = await running.user_id("anna")
    await put_asset(running, owner, "2024-05-03T10:00:00")
    assert await buckets(running) == []
    assert await buckets(running, "anna") == [("2024-05-01", 1)]
    client = await running.client()
    answer = await client.get("/api/timeline/buckets", params={"userId": str(owner), "visibility": "timeline"})
    assert (answer.status_code, answer.json()["message"]) == (400, "Not found or no timeline.read access")


async def test_months_of_all_counts_add_up(running: RunningHost) -> None:
    owner = await running.user_id()
    start = datetime(2020, 1, 1, tzinfo=UTC)
    for day in range(0, 700, 7):
        await put_asset(running, owner, (start + timedelta(days=day)).replace(tzinfo=None).isoformat())
    found = await buckets(running)
    assert sum(count for _, count in found) == 100
    for month, count in found:
        assert len((await bucket(running, month))["id"]) == count
