"""What has happened elsewhere, and who is told of it: albums, cluster groups, failed jobs, other plugins."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

from immich_host.testing import RunningHost
from immich_notifications import jobs, mail_store
from plugins.notifications.tests.hearing import Pushed
from plugins.notifications.tests.others import ALBUMS

type MakeUser = Callable[[str], Awaitable[Any]]
type MakeAlbum = Callable[..., UUID]


async def count(house: RunningHost, job: str) -> int:
    return await house.kernel.db.fetchval("SELECT count(*) FROM job_request WHERE job = $1", job)


async def all_is_quiet(house: RunningHost, minutes: int = 5) -> None:
    """As if so much time had gone by since the last change of an album."""
    await house.kernel.db.execute(
        "UPDATE notifications_album_change SET first_at = first_at - $1::int * interval '1 minute',"
        " last_at = last_at - $1::int * interval '1 minute'",
        minutes,
    )


async def changed(house: RunningHost, album_id: UUID, by: Any) -> None:
    await house.publish("albums_changed", album_id=album_id, by=by.id, asset_ids=[uuid4()])
    await house.kernel.job_room.outbox.settle()


async def test_who_is_added_to_an_album_is_told(
    user: MakeUser, house: RunningHost, album: MakeAlbum, pushed: Pushed
) -> None:
    ann, ben = await user("ann"), await user("ben")
    summer = album("Summer", ann, ben)
    await house.publish("albums_invited", album_id=summer, user_id=ben.id, by=ann.id)
    await house.drain()
    (shown,) = await ben.notices(type="AlbumInvite")
    assert shown["description"] == "Ann shares the album Summer with you"
    assert shown["data"] == {"albumId": str(summer)}
    assert await pushed.all() == [(ben.id, shown)]
    assert await ann.notices() == []


async def test_one_cause_is_told_once_however_often_the_fact_comes(
    user: MakeUser, house: RunningHost, album: MakeAlbum
) -> None:
    ann, carl = await user("ann"), await user("carl")
    autumn = album("Autumn", ann, carl)
    for _ in range(2):
        facts = [house.publish("albums_invited", album_id=autumn, user_id=carl.id, by=ann.id) for _ in range(3)]
        await asyncio.gather(*facts)
        await house.drain()
    assert len(await carl.notices()) == 1


async def test_invitations_that_no_longer_hold_are_not_told(
    user: MakeUser, house: RunningHost, album: MakeAlbum
) -> None:
    ann, dora = await user("ann"), await user("dora")
    for album_id in (album("Taken back", ann), uuid4()):
        await house.publish("albums_invited", album_id=album_id, user_id=dora.id, by=ann.id)
    await house.drain()
    assert await dora.notices() == []


async def test_members_hear_of_many_changes_once_when_it_is_quiet(
    user: MakeUser, house: RunningHost, album: MakeAlbum, pushed: Pushed
) -> None:
    ann, eve, fred = await user("ann"), await user("eve"), await user("fred")
    winter = album("Winter", ann, eve, fred)
    for _ in range(20):
        await changed(house, winter, ann)
    assert await count(house, jobs.ALBUM_UPDATE) in {2, 4}  # where a minute ends in between, twice as many
    await house.drain()
    assert await eve.notices() == await fred.notices() == []
    await changed(house, winter, ann)
    await all_is_quiet(house)
    await house.drain()
    (shown,) = await eve.notices()
    assert (shown["type"], shown["data"]) == ("AlbumUpdate", {"albumId": str(winter)})
    assert "Winter" in shown["description"]
    assert len(await fred.notices()) == 1
    assert await ann.notices() == []
    assert {user_id for user_id, _ in await pushed.all()} == {eve.id, fred.id}
    await changed(house, winter, eve)
    await all_is_quiet(house)
    await house.drain()
    assert [len(await each.notices()) for each in (ann, eve, fred)] == [1, 1, 2]


async def test_an_album_that_never_rests_is_told_of_after_an_hour(
    user: MakeUser, house: RunningHost, album: MakeAlbum
) -> None:
    ann, gina = await user("ann"), await user("gina")
    busy = album("Busy", ann, gina)
    await changed(house, busy, ann)
    await house.kernel.db.execute("UPDATE notifications_album_change SET first_at = now() - interval '61 minutes'")
    await house.drain()
    assert len(await gina.notices()) == 1


async def test_a_change_whose_job_is_gone_is_told_of_all_the_same(
    user: MakeUser, house: RunningHost, album: MakeAlbum
) -> None:
    ann, rob = await user("ann"), await user("rob")
    await changed(house, album("Dropped", ann, rob), ann)
    await house.kernel.db.execute("DELETE FROM job_request WHERE job = $1", jobs.ALBUM_UPDATE)
    for minutes, told in ((8, 0), (3, 1), (0, 1)):
        await all_is_quiet(house, minutes)
        await house.kernel.jobs.request("notifications.catch_up")
        await house.drain()
        assert len(await rob.notices()) == told


async def test_a_change_is_taken_by_one_job(user: MakeUser, house: RunningHost, album: MakeAlbum) -> None:
    ann, hal = await user("ann"), await user("hal")
    album_id = album("Taken", ann, hal)
    await changed(house, album_id, ann)
    await all_is_quiet(house)
    taken = await asyncio.gather(
        *(
            mail_store.take_change(house.kernel.db, album_id, hal.id, quiet=jobs.QUIET, at_most=jobs.AT_MOST)
            for _ in range(5)
        )
    )
    assert sorted(taken) == [False] * 4 + [True]
    await house.drain()
    assert await hal.notices() == []


async def test_who_has_left_or_never_was_there_hears_nothing(
    user: MakeUser, house: RunningHost, album: MakeAlbum
) -> None:
    ann, ivy, jon = await user("ann"), await user("ivy"), await user("jon")
    alone = album("Alone", ann)
    await changed(house, alone, ann)
    await changed(house, uuid4(), ann)
    assert await count(house, jobs.ALBUM_UPDATE) == 0
    left = album("Left", ann, ivy)
    await changed(house, left, ann)
    album("Other", ann)
    ALBUMS[left]["user_ids"] = [ann.id]
    await all_is_quiet(house)
    await house.drain()
    assert await ivy.notices() == await jon.notices() == []


async def test_whom_a_cluster_group_invites_is_told(user: MakeUser, house: RunningHost) -> None:
    ann, kim, group = await user("ann"), await user("kim"), uuid4()
    for _ in range(2):
        await house.publish("faces_group_invited", user_id=kim.id, invited_by=ann.id, cluster_group_id=group)
        await house.drain()
    (shown,) = await kim.notices()
    assert (shown["type"], shown["data"]["clusterGroupId"]) == ("ClusterGroupRequest", str(group))
    assert shown["description"].startswith("Ann ")


async def failed(house: RunningHost, job: str, times: int, error: str = "no") -> None:
    for _ in range(times):
        await house.publish("job_failed", job=job, queue="faceDetection", arguments={}, error=error)


async def test_administrators_are_told_of_ten_thousand_failures_once(
    user: MakeUser, house: RunningHost, pushed: Pushed
) -> None:
    admin, lea = await user("admin"), await user("lea")
    await failed(house, "faces.detect", 300)
    await failed(house, "ocr.read", 1, "the disk is full " + "x" * 1000)
    assert await count(house, jobs.FAILURE) == 2
    await house.drain()
    await failed(house, "faces.detect", 300, "out of memory")
    await house.drain()
    shown = {one["data"]["job"]: one for one in await admin.notices(type="JobFailed")}
    assert set(shown) == {"faces.detect", "ocr.read"}
    assert shown["faces.detect"]["description"] == "faces.detect: out of memory"
    assert shown["faces.detect"]["level"] == "error"
    assert len(shown["ocr.read"]["description"]) < 400
    assert len(await pushed.all()) == 2
    assert await lea.notices() == []
    body = {"ids": [one["id"] for one in shown.values()], "readAt": "2024-05-01T10:11:12.345Z"}
    await admin.client.put("/api/notifications", json=body)
    await failed(house, "faces.detect", 3)
    await house.drain()
    assert len(await admin.notices(unread="true")) == 1


async def test_a_failure_to_tell_is_not_told(house: RunningHost) -> None:
    await failed(house, jobs.FAILURE, 1)
    assert await count(house, jobs.FAILURE) == 0


async def test_telling_of_one_job_at_once_makes_one_notification(user: MakeUser, house: RunningHost) -> None:
    from immich_notifications.store import Notice
    from immich_notifications.telling import tell_once

    mia = await user("mia")
    notice = Notice("JobFailed", "Job failed", data={"job": "x.y"})
    await asyncio.gather(*(tell_once(house.kernel, mia.id, notice, "job") for _ in range(8)))
    assert len(await mia.notices()) == 1


async def test_other_plugins_have_things_told(user: MakeUser, house: RunningHost) -> None:
    admin, nina = await user("admin"), await user("nina")
    asked = {"level": "error", "title": "Backup failed", "description": "The disk is full"}
    await house.publish("notifications_asked", user_ids=[], type="BackupFailed", data=None, **asked)
    data = {"asset": nina.id}
    await house.publish("notifications_asked", user_ids=[nina.id, nina.id], type="SystemMessage", data=data, **asked)
    await house.drain()
    (shown,) = await admin.notices(type="BackupFailed")
    assert (shown["title"], shown["description"]) == ("Backup failed", "The disk is full")
    (shown,) = await nina.notices()
    assert (shown["type"], shown["data"]) == ("SystemMessage", {"asset": str(nina.id)})


async def test_while_it_is_off_nothing_is_noted(user: MakeUser, house: RunningHost, album: MakeAlbum) -> None:
    ann, otto = await user("ann"), await user("otto")
    spring = album("Spring", ann, otto)
    await house.turn_off("notifications")
    await house.publish("albums_invited", album_id=spring, user_id=otto.id, by=ann.id)
    await changed(house, spring, ann)
    await failed(house, "faces.detect", 1)
    await house.drain()
    await house.turn_on("notifications")
    await house.drain()
    assert await otto.notices() == []
    assert await house.kernel.db.fetchval("SELECT count(*) FROM notifications_album_change") == 0
