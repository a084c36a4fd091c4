"""Notifications as their users see them, and as administrators write them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from immich_notifications import store
from immich_notifications.dto import NotificationLevel, NotificationType
from plugins.notifications.tests.hearing import Pushed

type MakeUser = Callable[[str], Awaitable[Any]]

CONTRACT = Path(__file__).resolve().parents[4] / "shared" / "api" / "immich-api-3.2.2.json"
MOMENT = "2024-05-01T10:11:12.345Z"


async def test_an_administrator_tells_somebody_and_their_clients_hear_of_it(user: MakeUser, pushed: Pushed) -> None:
    ann = await user("ann")
    fields = {"level": "warning", "type": "SystemMessage", "description": "at eight", "data": {"a": [1, None, "ü"]}}
    notice_id = await ann.told("Maintenance", **fields)
    shown = expect(await ann.client.get(f"/api/notifications/{notice_id}"), 200)
    assert shown == {"id": notice_id, "title": "Maintenance", "createdAt": shown["createdAt"], **fields}
    assert await ann.notices() == [shown]
    assert await pushed.all() == [(ann.id, shown)]


async def test_what_is_not_said_is_not_there(user: MakeUser) -> None:
    ben = await user("ben")
    notice_id = await ben.told("Plain", description=None, readAt=None)
    (shown,) = await ben.notices(id=notice_id)
    assert set(shown) == {"id", "title", "createdAt", "level", "type"}
    assert (shown["level"], shown["type"]) == ("info", "Custom")
    read = await ben.told("Read", readAt=MOMENT)
    assert (await ben.notices(id=read))[0]["readAt"] == MOMENT


async def test_a_notification_is_listed_as_it_is_answered_alone(user: MakeUser) -> None:
    eve = await user("eve")
    data = {"none": None, "deep": {"none": None, "list": [None, 1.5, 2**60, 1e-9, "\u2028\\"]}, "id": "another"}
    for fields in ({"data": data}, {"data": {}}, {"description": ""}, {"readAt": "0999-01-02T03:04:05.678Z"}, {}):
        await eve.told('A "title"\n\t\\ \U0001f600', **fields)
    listed = await eve.notices()
    assert [set(one) - {"id", "title", "createdAt", "level", "type"} for one in listed] == [
        set(), {"readAt"}, {"description"}, {"data"}, {"data"},
    ]  # fmt: skip
    assert listed[-1]["data"] == data
    for one in listed:
        assert one == expect(await eve.client.get(f"/api/notifications/{one['id']}"), 200)


async def test_answers_are_as_the_contract_says(user: MakeUser) -> None:
    if not CONTRACT.exists():
        pytest.skip("no contract here")
    schemas = json.loads(CONTRACT.read_text())["components"]["schemas"]
    carl = await user("carl")
    for level in schemas["NotificationLevel"]["enum"]:
        for kind in schemas["NotificationType"]["enum"]:
            await carl.told("Any", level=level, type=kind, description="d", data={}, readAt=MOMENT)
    assert set(NotificationLevel) == set(schemas["NotificationLevel"]["enum"])
    assert set(NotificationType) == set(schemas["NotificationType"]["enum"])
    shown = await carl.notices()
    assert len(shown) == len(NotificationLevel) * len(NotificationType)
    properties = schemas["NotificationDto"]["properties"]
    assert all(set(one) == set(properties) for one in shown)


async def test_the_list_can_be_narrowed(user: MakeUser) -> None:
    dora = await user("dora")
    first = await dora.told("1", level="error", type="JobFailed")
    second = await dora.told("2", level="info", readAt=MOMENT)
    third = await dora.told("3", level="info")

    async def ids(**query: Any) -> list[str]:
        return [one["id"] for one in await dora.notices(**query)]

    assert await ids() == [third, second, first]
    assert await ids(level="error") == [first]
    assert await ids(type="Custom") == [third, second]
    assert await ids(unread="true") == [third, first]
    assert await ids(unread="false") == [third, second, first]
    assert await ids(id=second) == [second]
    assert await ids(id=second, unread="true") == []
    assert await ids(id=str(uuid4())) == []
    for bad in ({"level": "loud"}, {"type": "Gossip"}, {"unread": "1"}, {"id": "x"}):
        answer = expect(await dora.client.get("/api/notifications", params=bad), 400)
        assert answer["errors"][0]["path"] == [next(iter(bad))]


async def test_no_more_than_so_many_are_listed(user: MakeUser, house: RunningHost) -> None:
    many = await user("many")
    await house.kernel.db.execute(
        "INSERT INTO notification (user_id, title, created_at) SELECT $1, i, now() + i * interval '1 second'"
        " FROM generate_series(1, $2::int) AS i",
        many.id,
        store.LISTED + 5,
    )
    shown = await many.notices()
    assert (len(shown), shown[0]["title"]) == (store.LISTED, str(store.LISTED + 5))


async def test_reading_and_unreading(user: MakeUser, pushed: Pushed) -> None:
    fred = await user("fred")
    one, two = await fred.told("1"), await fred.told("2")
    path = f"/api/notifications/{one}"
    assert expect(await fred.client.put(path, json={"readAt": MOMENT}), 200)["readAt"] == MOMENT
    assert expect(await fred.client.put(path, json={}), 200)["readAt"] == MOMENT
    assert "readAt" not in expect(await fred.client.put(path, json={"readAt": None}), 200)
    for far in ("0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59.999-10:00"):
        assert expect(await fred.client.put(path, json={"readAt": far}), 200)["readAt"][:4] == far[:4]
    body = {"ids": [one, two, one], "readAt": MOMENT}
    expect(await fred.client.put("/api/notifications", json=body), 204)
    assert await fred.notices(unread="true") == []
    expect(await fred.client.put("/api/notifications", json={"ids": [one, two]}), 204)
    assert await fred.notices(unread="true") == []
    assert len(await pushed.all()) == 2
    for bad in ({"ids": []}, {"ids": ["x"]}, {}, {"ids": [one], "readAt": "yesterday"}):
        expect(await fred.client.put("/api/notifications", json=bad), 400)


async def test_deleting(user: MakeUser, house: RunningHost) -> None:
    gina = await user("gina")
    one, two, three = [await gina.told(str(number)) for number in range(3)]
    expect(await gina.client.delete(f"/api/notifications/{one}"), 204)
    expect(await gina.client.request("DELETE", "/api/notifications", json={"ids": [two, two]}), 204)
    assert [each["id"] for each in await gina.notices()] == [three]
    for method, path, body in (
        ("GET", f"/api/notifications/{one}", None),
        ("PUT", f"/api/notifications/{one}", {"readAt": MOMENT}),
        ("DELETE", f"/api/notifications/{one}", None),
        ("DELETE", "/api/notifications", {"ids": [three, one]}),
    ):
        expect(await gina.client.request(method, path, json=body), 400)
    assert [each["id"] for each in await gina.notices()] == [three]
    deleted = "SELECT count(*) FROM notification WHERE user_id = $1 AND deleted_at IS NOT NULL"
    assert await house.kernel.db.fetchval(deleted, gina.id) == 2


async def test_changing_and_deleting_the_same_at_once_ends_well(user: MakeUser) -> None:
    hal = await user("hal")
    ids = [await hal.told(str(number)) for number in range(12)]
    update = {"readAt": MOMENT}
    answers = await asyncio.gather(
        *(hal.client.put("/api/notifications", json=update | {"ids": ids[::step]}) for step in (1, -1) * 5),
        hal.client.request("DELETE", "/api/notifications", json={"ids": ids[::-1]}),
        hal.client.request("DELETE", "/api/notifications", json={"ids": ids}),
    )
    statuses = [answer.status_code for answer in answers]
    assert statuses[-2:].count(204) == 1
    assert set(statuses) <= {204, 400}
    assert await hal.notices() == []


async def test_what_nobody_can_be_told(user: MakeUser, house: RunningHost) -> None:
    admin, gone = await house.client(), await user("gone")
    expect(await admin.request("DELETE", f"/api/admin/users/{gone.id}", json={}), 200)
    for body, message in (
        ({"userId": str(uuid4()), "title": "x"}, "User not found"),
        ({"userId": str(gone.id), "title": "x"}, "User not found"),
        ({"userId": str(gone.id)}, "Validation failed"),
        ({"userId": "me", "title": "x"}, "Validation failed"),
        ({"userId": str(gone.id), "title": "x", "type": "Gossip"}, "Validation failed"),
        ({"userId": str(gone.id), "title": "x", "data": [1]}, "Validation failed"),
    ):
        assert expect(await admin.post("/api/admin/notifications", json=body), 400)["message"] == message


async def test_off_and_on_again_nothing_is_lost(user: MakeUser, house: RunningHost) -> None:
    ivy = await user("ivy")
    kept = await ivy.told("Kept")
    await house.turn_off("notifications")
    assert await ivy.notices() == []
    expect(await ivy.client.get(f"/api/notifications/{kept}"), 404)
    features = expect(await ivy.client.get("/api/server/features"), 200)
    assert features["email"] is False
    await house.turn_on("notifications")
    assert [one["id"] for one in await ivy.notices()] == [kept]


async def test_what_is_old_is_erased_at_night(user: MakeUser, house: RunningHost) -> None:
    june = await user("june")
    ages = {"deleted_at": ("2 days", "4 days"), "read_at": ("1 day", "3 days"), "created_at": ("14 days", "16 days")}
    stays = set()
    for column, (young, old) in ages.items():
        for age in (young, old):
            notice_id = await june.told(f"{column} {age}")
            await house.kernel.db.execute(
                f"UPDATE notification SET {column} = now() - $2::text::interval WHERE id = $1", UUID(notice_id), age
            )
            stays |= {UUID(notice_id)} if age == young else set()
    await house.kernel.jobs.request("host.nightly")
    await house.drain()
    rows = await house.kernel.db.fetch("SELECT id FROM notification WHERE user_id = $1", june.id)
    assert {row["id"] for row in rows} == stays


async def test_notifications_go_with_their_user(user: MakeUser, house: RunningHost) -> None:
    kim = await user("kim")
    await kim.told("x")
    admin = await house.client()
    expect(await admin.request("DELETE", f"/api/admin/users/{kim.id}", json={"force": True}), 200)
    await house.drain()
    assert await house.kernel.db.fetchval("SELECT count(*) FROM notification WHERE user_id = $1", kim.id) == 0
