"""People and faces on their way to the mobile app."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]
type Lines = list[tuple[str, dict[str, Any]]]


async def fresh(user: Any) -> Lines:
    """What is new since the last call, which is confirmed."""
    body = {"types": ["AssetFacesV2", "PeopleV1"]}
    answer = await user.client.post("/api/sync/stream", json=body)
    assert answer.status_code == 200
    lines = [json.loads(line) for line in answer.content.splitlines()]
    assert lines[-1]["type"] == "SyncCompleteV1"
    expect(await user.client.post("/api/sync/ack", json={"acks": [line["ack"] for line in lines]}), 204)
    return [(line["type"], line["data"]) for line in lines[:-1]]


async def test_people_and_faces_come_whole_and_once(user: MakeUser) -> None:
    ann, eve = await user("ann"), await user("eve")
    person = await ann.person("Kim", birthDate="1980-12-10", color="#fff", isFavorite=True)
    asset_id = await ann.photo()
    face_id = await ann.face(asset_id, person)
    (first, kim), (second, face) = await fresh(ann)
    assert (first, second) == ("PersonV1", "AssetFaceV2")
    assert {name: kim[name] for name in kim.keys() - {"createdAt", "updatedAt"}} == {
        "id": str(person), "ownerId": str(ann.id), "name": "Kim", "birthDate": "1980-12-10T00:00:00.000Z",
        "isHidden": False, "isFavorite": True, "color": "#fff", "faceAssetId": str(face_id),
    }  # fmt: skip
    assert kim["updatedAt"].endswith("Z")
    assert face == {
        "id": str(face_id), "assetId": str(asset_id), "personId": str(person), "imageWidth": 100, "imageHeight": 100,
        "boundingBoxX1": 10, "boundingBoxY1": 20, "boundingBoxX2": 30, "boundingBoxY2": 40,
        "sourceType": "machine-learning", "deletedAt": None, "isVisible": True,
    }  # fmt: skip
    assert await fresh(ann) == []
    assert await fresh(eve) == []


async def test_what_changes_and_what_goes_is_told(user: MakeUser) -> None:
    ben = await user("ben")
    kim, lee = await ben.person("Kim"), await ben.person("Lee")
    asset_id = await ben.photo()
    hidden, gone = await ben.face(asset_id, kim), await ben.face(asset_id, lee)
    await fresh(ben)
    expect(await ben.client.request("DELETE", f"/api/faces/{hidden}", json={"force": False}), 204)
    assert [(kind, data["id"]) for kind, data in await fresh(ben)] == [
        ("PersonV1", str(kim)),  # the face that the picture showed is gone
        ("AssetFaceV2", str(hidden)),
    ]
    expect(await ben.client.request("DELETE", f"/api/faces/{gone}", json={"force": True}), 204)
    expect(await ben.client.delete(f"/api/people/{lee}"), 204)
    assert await fresh(ben) == [
        ("PersonDeleteV1", {"personId": str(lee)}),
        ("AssetFaceDeleteV1", {"assetFaceId": str(gone)}),
    ]
    expect(await ben.client.put(f"/api/people/{kim}", json={"name": "Kim Ono"}), 200)
    ((kind, data),) = await fresh(ben)
    assert (kind, data["name"], data["birthDate"]) == ("PersonV1", "Kim Ono", None)


async def test_merging_tells_whose_the_faces_are_now(user: MakeUser) -> None:
    cat = await user("cat")
    kim, lee = await cat.person("Kim", photos=1), await cat.person("", photos=1)
    await fresh(cat)
    expect(await cat.client.post(f"/api/people/{kim}/merge", json={"ids": [str(lee), str(uuid4())]}), 200)
    told = await fresh(cat)
    assert ("PersonDeleteV1", {"personId": str(lee)}) in told
    assert [data["personId"] for kind, data in told if kind == "AssetFaceV2"] == [str(kim)]
