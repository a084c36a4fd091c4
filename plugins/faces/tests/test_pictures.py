"""Pictures of people: made of the photo, made anew when it goes; and people whom no photo shows."""

import io
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from immich_faces import people_jobs
from immich_host.settings.store import NightlyTasksSection
from immich_host.testing import RunningHost
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]


def picture(*colours: str) -> bytes:
    """A photo of 400 x 300 pixels with squares of 100 x 100 from left to right; as faces they are in hundredths."""
    image = Image.new("RGB", (400, 300), "white")
    for number, colour in enumerate(colours):
        image.paste(colour, (number * 150 + 10, 100, number * 150 + 110, 200))
    file = io.BytesIO()
    image.save(file, "jpeg", quality=95)
    return file.getvalue()


def square(number: int) -> tuple[int, int, int, int]:
    """The box of a square, in hundredths, a little smaller."""
    return round(number * 37.5) + 7, 40, round(number * 37.5) + 23, 60


async def colour_of(user: Any, person_id: Any) -> str:
    answer = await user.client.get(f"/api/people/{person_id}/thumbnail")
    assert answer.status_code == 200
    image = Image.open(io.BytesIO(answer.content)).convert("RGB")
    red, _, blue = image.getpixel((image.width // 2, image.height // 2))  # type: ignore[misc]
    return "red" if red > blue else "blue"


@pytest.fixture
def pushed(house: RunningHost, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What clients are told of pictures of people."""
    told: list[Any] = []

    async def to_user(user_id: Any, event: str, *data: Any) -> None:
        if event == "on_person_thumbnail":
            told.append((user_id, *data))

    monkeypatch.setattr(house.kernel.push, "to_user", to_user)
    return told


async def test_a_picture_is_made_and_clients_are_told(user: MakeUser, house: RunningHost, pushed: list[Any]) -> None:
    ann = await user("ann")
    asset_id = await house.upload(picture("red", "blue"), user="ann")
    kim = await ann.person("Kim")
    expect(await ann.client.get(f"/api/people/{kim}/thumbnail"), 404)
    first, second = [await ann.face(asset_id, None, square(number)) for number in (0, 1)]
    expect(await ann.client.put(f"/api/faces/{kim}", json={"id": str(second)}), 200)
    await house.drain()
    assert await colour_of(ann, kim) == "blue"
    assert pushed == [(ann.id, str(kim))]
    answer = await ann.client.get(f"/api/people/{kim}/thumbnail")
    assert answer.headers["content-type"] == "image/jpeg"
    assert "no-cache" in answer.headers["cache-control"]
    shown = expect(await ann.client.get(f"/api/people/{kim}"), 200)
    path = Path(shown["thumbnailPath"])
    assert path.name.startswith(f"{kim}_")
    assert path.is_relative_to(house.kernel.paths.root / "thumbs" / str(ann.id))
    expect(await ann.client.put(f"/api/faces/{kim}", json={"id": str(first)}), 200)
    expect(await ann.client.request("DELETE", f"/api/faces/{second}", json={"force": True}), 204)
    await house.drain()
    assert await colour_of(ann, kim) == "red"
    assert not path.exists(), "the one before"
    path = Path(expect(await ann.client.get(f"/api/people/{kim}"), 200)["thumbnailPath"])
    assert expect(await ann.client.get(f"/api/people/{kim}"), 200)["updatedAt"] > shown["updatedAt"]
    expect(await ann.client.delete(f"/api/people/{kim}"), 204)
    await house.drain()
    assert not path.exists()


async def test_another_photo_takes_the_place_of_one_that_is_erased(
    user: MakeUser, house: RunningHost, pushed: list[Any]
) -> None:
    ben = await user("ben")
    lee = await ben.person("Lee")
    first, second = [await house.upload(picture(colour), user="ben") for colour in ("red", "blue")]
    await ben.face(first, lee, square(0))
    await ben.face(second, lee, square(0))
    await house.kernel.jobs.request("faces.thumbnail", person_id=lee)
    await house.drain()
    assert await colour_of(ben, lee) == "red"
    erase = {"ids": [str(first)], "force": True}
    expect(await ben.client.request("DELETE", "/api/assets", json=erase), 204)
    await house.drain()
    assert await colour_of(ben, lee) == "blue"
    assert len(pushed) == 2


async def test_a_locked_photo_shows_nobody(user: MakeUser, house: RunningHost) -> None:
    liz = await user("liz")
    both, only = await liz.person("Kim"), await liz.person("Lee")
    first, second = [await house.upload(picture(colour), user="liz") for colour in ("red", "blue")]
    await liz.face(first, both, square(0))
    await liz.face(second, both, square(0))
    await liz.face(first, only, square(0))
    await house.kernel.jobs.request("faces.missing_thumbnails")
    await house.drain()
    assert (await colour_of(liz, both), await colour_of(liz, only)) == ("red", "red")
    path = Path(expect(await liz.client.get(f"/api/people/{only}"), 200)["thumbnailPath"])
    expect(await liz.client.put(f"/api/assets/{first}", json={"visibility": "locked"}), 200)
    await house.drain()
    assert await colour_of(liz, both) == "blue"
    expect(await liz.client.get(f"/api/people/{only}/thumbnail"), 404)
    assert not path.exists()
    refused = await liz.client.put(f"/api/people/{only}", json={"featureFaceAssetId": str(first)})
    assert "face" in expect(refused, 400)["message"]
    await house.kernel.db.execute("UPDATE asset SET visibility = 'timeline' WHERE id = $1", first)
    await house.kernel.jobs.request("faces.settle", owner_id=liz.id)
    await house.drain()
    assert await colour_of(liz, only) == "red"


@pytest.mark.parametrize("meanwhile", ["locked", "another face"])
async def test_a_picture_that_must_not_be_seen_by_now_is_not_kept(
    user: MakeUser, house: RunningHost, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    meg, db = await user(f"meg{len(meanwhile)}"), house.kernel.db
    asset_id = await house.upload(picture("red", "blue"), user=meg.name)
    await house.drain()
    kim = await meg.person("Kim")
    await meg.face(asset_id, kim, square(0))
    other = await meg.face(asset_id, kim, square(1))
    write, written = people_jobs.write_face_crop, []

    async def write_and_change(*arguments: Any) -> Path:
        written.append(await write(*arguments))
        if meanwhile == "locked":
            await db.execute("UPDATE asset SET visibility = 'locked' WHERE id = $1", asset_id)
        else:
            await db.execute("UPDATE person SET face_asset_id = $2 WHERE id = $1", kim, other)
        return written[-1]

    monkeypatch.setattr(people_jobs, "write_face_crop", write_and_change)
    await house.kernel.jobs.request("faces.thumbnail", person_id=kim)
    await house.drain()
    assert await db.fetchval("SELECT thumbnail_path FROM person WHERE id = $1", kim) == ""
    assert [path.exists() for path in written] == [False]


async def test_a_picture_of_which_the_file_is_gone_fails_and_says_so(user: MakeUser, house: RunningHost) -> None:
    cat = await user("cat")
    asset_id = await house.upload(b"no picture at all", name="cat.jpg", user="cat")
    person = await cat.person("Mo")
    await cat.face(asset_id, person)
    await house.kernel.db.execute("DELETE FROM job_request")
    await house.kernel.jobs.request("faces.thumbnail", person_id=person)
    with pytest.raises(Exception, match=r"cat\.jpg"):
        await house.drain()
    expect(await cat.client.get(f"/api/people/{person}/thumbnail"), 404)
    await house.kernel.assets.erase([asset_id])
    await house.drain()


async def test_pictures_that_are_missing_are_made_at_night(user: MakeUser, house: RunningHost) -> None:
    dan = await user("dan")
    asset_id = await house.upload(picture("red"), user="dan")
    await house.drain()
    person = await dan.person("Pat")
    await house.kernel.db.execute("DELETE FROM job_request")
    await dan.face(asset_id, person, square(0))
    await house.kernel.db.execute("UPDATE person SET face_asset_id = NULL WHERE id = $1", person)
    off = dict.fromkeys(("cluster_new_faces", "database_cleanup", "generate_memories", "sync_quota_usage"), False)
    await house.configure(NightlyTasksSection(**off))
    await house.kernel.jobs.request("host.nightly")
    await house.drain()
    assert await colour_of(dan, person) == "red"


async def test_people_whom_no_photo_shows_are_cleared_away(user: MakeUser, house: RunningHost) -> None:
    eve = await user("eve")
    db = house.kernel.db
    new, old = await eve.person("new"), await eve.person("old")
    trashed, hidden = await eve.person("trashed", photos=1), await eve.person("taken away", photos=1)
    await db.execute("UPDATE person SET created_at = now() - $1::interval WHERE id <> $2", timedelta(days=1), new)
    asset_id = await db.fetchval("SELECT asset_id FROM asset_face WHERE person_id = $1", trashed)
    expect(await eve.client.request("DELETE", "/api/assets", json={"ids": [str(asset_id)]}), 204)
    await db.execute("UPDATE asset_face SET deleted_at = now() WHERE person_id = $1", hidden)
    await house.kernel.jobs.request("faces.cleanup", cause="schedule")
    await house.drain()
    left = await db.fetch("SELECT id FROM person WHERE owner_id = $1", eve.id)
    assert {row["id"] for row in left} == {new, trashed}
    admin = await house.client()
    expect(await admin.post("/api/jobs", json={"name": "person-cleanup"}), 204)
    await house.drain()
    left = await db.fetch("SELECT id FROM person WHERE owner_id = $1", eve.id)
    assert {row["id"] for row in left} == {trashed}
    assert old not in left
