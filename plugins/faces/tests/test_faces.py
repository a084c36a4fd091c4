"""Faces that people draw, give away and take away; and people who turn out to be one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from immich_host.plugin_api import Caller
from immich_host.testing import RunningHost
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]


async def confirmed(house: RunningHost, person_id: Any) -> list[bool]:
    """Of a person's faces, whether a human has said that they are."""
    rows = await house.kernel.db.fetch("SELECT is_confirmed FROM asset_face WHERE person_id = $1", person_id)
    return [row["is_confirmed"] for row in rows]


async def test_faces_come_from_left_to_right_with_their_people(user: MakeUser) -> None:
    ann = await user("ann")
    asset_id, kim = await ann.photo(), await ann.person("Kim")
    right = await ann.face(asset_id, box=(60, 10, 80, 30))
    left = await ann.face(asset_id, kim, box=(5, 10, 25, 30))
    first, second = await ann.faces(asset_id)
    assert (first["id"], second["id"]) == (str(left), str(right))
    assert [first[f"boundingBox{corner}"] for corner in ("X1", "Y1", "X2", "Y2")] == [5, 10, 25, 30]
    assert (first["imageWidth"], first["imageHeight"], first["sourceType"]) == (100, 100, "machine-learning")
    assert first["person"] == expect(await ann.client.get(f"/api/people/{kim}"), 200)
    assert second["person"] is None
    assert expect(await ann.client.get(f"/api/assets/{asset_id}"), 200)["people"] == [first["person"]]
    expect(await ann.client.get("/api/faces"), 400)
    expect(await ann.client.get("/api/faces", params={"id": str(uuid4())}), 400)


async def test_people_in_long_lists_are_the_same_from_left_to_right(user: MakeUser, house: RunningHost) -> None:
    ann = await user("amy")
    asset_id, nobody = await ann.photo(), await ann.photo()
    people = [
        await ann.person("Kim", color="#4488ff", birthDate="1980-12-10"), await ann.person(), await ann.person('"Zoë"')
    ]  # fmt: skip
    for left in (60, 5):
        for person in people:
            await ann.face(asset_id, person, box=(left + people.index(person), 10, left + 10, 30))
    await house.kernel.db.execute("UPDATE person SET thumbnail_path = 'thumbs/a.jpeg' WHERE id = $1", people[1])
    alone = [(await ann.client.get(f"/api/people/{person}")).text for person in people]
    caller = Caller(ann.id, "", "", is_admin=False)
    texts = await house.kernel.assets.answers_json(caller, [asset_id, nobody])
    assert f'"people":[{",".join(alone)}]' in texts[asset_id]
    assert '"people":[]' in texts[nobody]


async def test_a_face_is_drawn(user: MakeUser, house: RunningHost) -> None:
    bob = await user("bob")
    asset_id, kim = await bob.photo(), await bob.person("Kim")
    box = {"imageWidth": 1000, "imageHeight": 800, "x": 900, "y": -10, "width": 200, "height": 100}
    drawn = {"assetId": str(asset_id), "personId": str(kim), **box}
    answer = await bob.client.post("/api/faces", json=drawn)
    assert (answer.status_code, answer.content) == (201, b"")
    (face,) = await bob.faces(asset_id)
    assert [face[f"boundingBox{corner}"] for corner in ("X1", "Y1", "X2", "Y2")] == [900, 0, 1000, 90]
    assert (face["sourceType"], face["person"]["name"]) == ("manual", "Kim")
    assert await confirmed(house, kim) == [True]
    assert await bob.listed() == ["Kim"]
    for wrong in ({"x": 1000}, {"width": 0}, {"height": -5}, {"imageWidth": 0}, {"imageHeight": 2**40}):
        expect(await bob.client.post("/api/faces", json={**drawn, **wrong}), 400)
    for wrong in ({"x": "1"}, {"x": 2**53}, {"assetId": "x"}):
        assert (
            expect(await bob.client.post("/api/faces", json={**drawn, **wrong}), 400)["message"] == "Validation failed"
        )
    assert len(await bob.faces(asset_id)) == 1


async def test_a_face_is_given_to_somebody_else(user: MakeUser, house: RunningHost) -> None:
    cat = await user("cat")
    asset_id, kim, lee = await cat.photo(), await cat.person("Kim"), await cat.person("Lee")
    face_id = await cat.face(asset_id, kim)
    given = expect(await cat.client.put(f"/api/faces/{lee}", json={"id": str(face_id)}), 200)
    assert given["name"] == "Lee"
    assert await cat.names(asset_id) == ["Lee"]
    assert (await confirmed(house, lee), await confirmed(house, kim)) == ([True], [])
    features = "SELECT face_asset_id FROM person WHERE id = $1"
    assert await house.kernel.db.fetchval(features, lee) == face_id
    assert await house.kernel.db.fetchval(features, kim) is None


async def test_a_face_is_taken_away_for_now_or_for_good(user: MakeUser, house: RunningHost) -> None:
    dan = await user("dan")
    asset_id, kim = await dan.photo(), await dan.person("Kim")
    hidden, gone = await dan.face(asset_id, kim), await dan.face(asset_id, kim, box=(50, 50, 60, 60))
    expect(await dan.client.request("DELETE", f"/api/faces/{hidden}", json={"force": False}), 204)
    assert [face["id"] for face in await dan.faces(asset_id)] == [str(gone)]
    assert await house.kernel.db.fetchval("SELECT face_asset_id FROM person WHERE id = $1", kim) == gone
    expect(await dan.client.request("DELETE", f"/api/faces/{gone}", json={"force": True}), 204)
    assert await dan.faces(asset_id) == []
    left = await house.kernel.db.fetch("SELECT id, deleted_at FROM asset_face WHERE asset_id = $1", asset_id)
    assert [(row["id"], row["deleted_at"] is not None) for row in left] == [(hidden, True)]
    audit = await house.kernel.db.fetch("SELECT asset_face_id FROM asset_face_audit WHERE asset_id = $1", asset_id)
    assert [row["asset_face_id"] for row in audit] == [gone]
    assert expect(await dan.client.get(f"/api/assets/{asset_id}"), 200)["people"] == []
    expect(await dan.client.delete(f"/api/faces/{hidden}"), 400)
    expect(await dan.client.put(f"/api/faces/{kim}", json={"id": str(hidden)}), 200)
    assert await dan.names(asset_id) == ["Kim"]


async def test_the_chosen_photo_is_the_persons_picture(user: MakeUser, house: RunningHost) -> None:
    eli = await user("eli")
    person = await eli.person("Kim", photos=1)
    wanted, without = await eli.photo(), await eli.photo()
    await eli.face(wanted, person, box=(0, 0, 5, 5))
    large = await eli.face(wanted, person, box=(0, 0, 50, 50))
    path = f"/api/people/{person}"
    expect(await eli.client.put(path, json={"featureFaceAssetId": str(wanted)}), 200)
    assert await house.kernel.db.fetchval("SELECT face_asset_id FROM person WHERE id = $1", person) == large
    assert sorted(await confirmed(house, person)) == [False, False, True], "a human has said that it is theirs"
    asked = "SELECT true FROM job_request WHERE job = 'faces.thumbnail' AND arguments ->> 'person_id' = $1"
    assert await house.kernel.db.fetchval(asked, str(person))
    refused = await eli.client.put(path, json={"featureFaceAssetId": str(without), "name": "no"})
    assert "face" in expect(refused, 400)["message"]
    assert expect(await eli.client.get(path), 200)["name"] == "Kim"


@pytest.mark.parametrize("way", ["legacy", "new"])
async def test_people_are_merged(user: MakeUser, house: RunningHost, way: str) -> None:
    fay, other = await user(f"fay {way}".replace(" ", "")), await user(f"other{way}")
    target = await fay.person("", photos=1)
    first, second = await fay.person("", photos=1), await fay.person("Kim", photos=2, birthDate="1990-01-02")
    strange, unknown = await other.person("Strange", photos=1), uuid4()
    others = [str(one) for one in (first, second, strange, unknown)]
    if way == "legacy":
        said = expect(await fay.client.post(f"/api/people/{target}/merge", json={"ids": others}), 200)
    else:
        said = expect(await fay.client.post("/api/people/merge", json={"ids": [str(target), *others]}), 200)
        assert said.pop(0) == {"id": str(target), "success": True}
    assert [(one["id"], one["success"], one.get("error")) for one in said] == [
        (others[0], True, None),
        (others[1], True, None),
        (others[2], False, "no_permission"),
        (others[3], False, "no_permission"),
    ]
    now = expect(await fay.client.get(f"/api/people/{target}"), 200)
    assert (now["name"], now["birthDate"]) == ("Kim", "1990-01-02")
    assert expect(await fay.client.get(f"/api/people/{target}/statistics"), 200) == {"assets": 4}
    expect(await fay.client.get(f"/api/people/{second}"), 400)
    assert sorted(await confirmed(house, target)) == [False, True, True, True]
    assert await other.listed() == ["Strange"]


async def test_what_cannot_be_merged(user: MakeUser) -> None:
    gus, other = await user("gus"), await user("gus2")
    mine, strange = await gus.person("Mine", photos=1), await other.person("Strange", photos=1)
    expect(await gus.client.post(f"/api/people/{mine}/merge", json={"ids": [str(mine)]}), 400)
    expect(await gus.client.post(f"/api/people/{strange}/merge", json={"ids": [str(mine)]}), 400)
    expect(await gus.client.post("/api/people/merge", json={"ids": [str(strange), str(mine)]}), 400)
    assert expect(await gus.client.post("/api/people/merge", json={"ids": []}), 200) == []
    assert expect(await gus.client.post(f"/api/people/{mine}/merge", json={"ids": []}), 200) == []
    assert await gus.listed() == ["Mine"]


async def test_faces_of_some_photos_go_to_another_person(user: MakeUser, house: RunningHost) -> None:
    hal = await user("hal")
    kim, lee = await hal.person("Kim", photos=1), await hal.person("Lee")
    one, two = await hal.photo(), await hal.photo()
    for asset_id in (one, two):
        await hal.face(asset_id, kim)
    data = [{"assetId": str(asset_id), "personId": str(kim)} for asset_id in (one, two)]
    answer = expect(await hal.client.put(f"/api/people/{lee}/reassign", json={"data": data}), 200)
    assert [person["name"] for person in answer] == ["Lee", "Lee"]
    assert (await hal.names(one), await hal.names(two)) == (["Lee"], ["Lee"])
    assert expect(await hal.client.get(f"/api/people/{kim}/statistics"), 200) == {"assets": 1}
    assert await confirmed(house, lee) == [True, True]
    assert expect(await hal.client.put(f"/api/people/{lee}/reassign", json={"data": data}), 200) == []


async def test_a_locked_photo_has_no_faces_until_it_is_unlocked(user: MakeUser) -> None:
    ida = await user("ida")
    asset_id, kim = await ida.photo(), await ida.person("Kim")
    face_id = await ida.face(asset_id, kim)
    expect(await ida.client.put(f"/api/assets/{asset_id}", json={"visibility": "locked"}), 200)
    expect(await ida.client.get("/api/faces", params={"id": str(asset_id)}), 400)
    expect(await ida.client.put(f"/api/faces/{kim}", json={"id": str(face_id)}), 400)
    expect(await ida.client.request("DELETE", f"/api/faces/{face_id}", json={"force": True}), 400)
    assert await ida.listed() == []


async def test_many_hands_at_once_do_not_block_each_other(user: MakeUser) -> None:
    jon = await user("jon")
    kim, lee = await jon.person("Kim"), await jon.person("Lee")
    asset_id = await jon.photo()
    faces = [await jon.face(asset_id, person) for person in (kim, lee) * 4]
    asked = [
        jon.client.put(f"/api/faces/{person}", json={"id": str(face_id)}) for face_id in faces for person in (kim, lee)
    ]
    asked += [jon.client.request("DELETE", f"/api/faces/{face_id}", json={"force": False}) for face_id in faces]
    asked += [jon.client.put("/api/people", json={"people": [{"id": str(one), "name": "x"} for one in (lee, kim)]})]
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} <= {200, 204}
