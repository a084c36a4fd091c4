"""Who may ask for what: nobody without credentials, no key without the permission, nobody about what is others'."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.access import Ask, hides, needs_credentials, needs_permission, routes_of
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]

BOX = {"imageWidth": 100, "imageHeight": 100, "x": 1, "y": 1, "width": 9, "height": 9}

ASKS = [
    Ask("GET", "/people", "person.read"),
    Ask("POST", "/people", "person.create", {}),
    Ask("PUT", "/people", "person.update", {"people": []}),
    Ask("DELETE", "/people", "person.delete", {"ids": []}),
    Ask("POST", "/people/merge", "person.merge", {"ids": []}),
    Ask("GET", "/people/{person}", "person.read"),
    Ask("PUT", "/people/{person}", "person.update", {"name": "mine"}),
    Ask("DELETE", "/people/{person}", "person.delete"),
    Ask("POST", "/people/{person}/merge", "person.merge", {"ids": []}),
    Ask("PUT", "/people/{person}/reassign", "person.reassign", {"data": []}),
    Ask("GET", "/people/{person}/statistics", "person.statistics"),
    Ask("GET", "/people/{person}/thumbnail", "person.read"),
    Ask("GET", "/search/person?name=a", "person.read"),
    Ask("GET", "/faces?id={asset}", "face.read"),
    Ask("POST", "/faces", "face.create", {"assetId": "{asset}", "personId": "{person}", **BOX}),
    Ask("PUT", "/faces/{person}", "face.update", {"id": "{face}"}),
    Ask("DELETE", "/faces/{face}", "face.delete", {"force": True}),
    Ask("GET", "/cluster-groups/requests", "clusterGroupRequest.read"),
    Ask("DELETE", "/cluster-groups/requests/{request}", "clusterGroupRequest.delete"),
    Ask("POST", "/cluster-groups/requests/{request}/accept", "clusterGroupRequest.create"),
    Ask("POST", "/cluster-groups/{group}/leave", "clusterGroup.leave"),
    Ask("POST", "/cluster-groups/{group}/regenerate-people", "clusterGroup.read"),
    Ask("GET", "/cluster-groups/{group}/requests", "clusterGroupRequest.read"),
    Ask("PUT", "/cluster-groups/{group}/requests", "clusterGroupRequest.create", {"userId": "{stranger}"}),
    Ask("GET", "/cluster-groups/{group}/users", "clusterGroup.read"),
]

OF_AN_OBJECT = [ask for ask in ASKS if ask.names("person", "asset", "face", "request", "group")]


@pytest.fixture
async def things(user: MakeUser, house: RunningHost) -> dict[str, str]:
    """Ids of what is Ann's: a person with a face in a photo, and an invitation to a group that Ann is in."""
    ann, guest = await user("ann"), await user("guest")
    asset_id, person = await ann.photo(), await ann.person("Kim")
    face_id = await ann.face(asset_id, person)
    group = expect(await ann.client.get("/api/users/me"), 200)["clusterGroupId"]
    answer = await ann.client.put(f"/api/cluster-groups/{group}/requests", json={"userId": str(guest.id)})
    assert answer.status_code in {200, 201}
    ids = {"asset": asset_id, "person": person, "face": face_id, "group": group, "request": answer.json()["id"]}
    return {word: str(each) for word, each in ids.items()}


def test_all_routes_are_here(house: RunningHost) -> None:
    assert routes_of(house, "faces") == {ask.route for ask in ASKS}


@pytest.mark.parametrize("ask", ASKS, ids=str)
async def test_nobody_is_answered_without_credentials(house: RunningHost, ask: Ask) -> None:
    await needs_credentials(house, ask)


@pytest.mark.parametrize("ask", ASKS, ids=str)
async def test_a_key_needs_the_permission(house: RunningHost, things: dict[str, str], ask: Ask) -> None:
    await needs_permission(house, ask, things, user="ann")


@pytest.mark.parametrize("ask", OF_AN_OBJECT, ids=str)
async def test_what_is_somebody_elses_is_as_if_it_were_not_there(
    user: MakeUser, house: RunningHost, things: dict[str, str], ask: Ask
) -> None:
    before = await rows(house, things)
    eve = await user("eve")
    assert (await hides(ask, eve.client, things)).status_code == 400
    assert await rows(house, things) == before


async def rows(house: RunningHost, things: dict[str, str]) -> list[str]:
    """What the database holds of Ann's things."""
    found = [
        await house.kernel.db.fetchrow(f"SELECT * FROM {table} WHERE id = $1", UUID(things[word]))
        for table, word in (("person", "person"), ("asset_face", "face"), ("faces_group_request", "request"))
    ]
    assert None not in found
    return [repr(row) for row in found]


async def test_own_people_are_kept_from_others_faces_and_photos(
    user: MakeUser, house: RunningHost, things: dict[str, str]
) -> None:
    """An own object beside a strange one lets nobody through."""
    eve = await user("eve")
    before = await rows(house, things)
    mine, asset_id = await eve.person("Mine"), await eve.photo()
    face_id = await eve.face(asset_id, mine)
    drawn = {"assetId": str(asset_id), "personId": str(mine), **BOX}
    for method, path, body in (
        ("POST", "/faces", {**drawn, "assetId": things["asset"]}),
        ("POST", "/faces", {**drawn, "personId": things["person"]}),
        ("PUT", f"/faces/{mine}", {"id": things["face"]}),
        ("PUT", f"/faces/{things['person']}", {"id": str(face_id)}),
        ("PUT", f"/people/{mine}/reassign", {"data": [{"assetId": things["asset"], "personId": things["person"]}]}),
        ("PUT", f"/people/{mine}/reassign", {"data": [{"assetId": things["asset"], "personId": str(mine)}]}),
        ("PUT", f"/people/{mine}", {"featureFaceAssetId": things["asset"]}),
        ("DELETE", "/people", {"ids": [str(mine), things["person"]]}),
    ):
        expect(await eve.client.request(method, f"/api{path}", json=body), 400)
    assert await rows(house, things) == before
    assert await eve.names(asset_id) == ["Mine"]
    near = await eve.client.get("/api/people", params={"closestAssetId": things["face"]})
    assert expect(near, 200)["total"] == 1


async def test_who_sees_a_photo_by_sharing_sees_nobody_in_it(
    user: MakeUser, house: RunningHost, things: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the place of a plugin that shares: it grants everything."""

    async def gather_ids(hook: str, **arguments: Any) -> set[UUID]:
        return set(arguments["asset_ids"]) if hook == "asset_access" else set()

    monkeypatch.setattr(house.kernel.hosting, "gather_ids", gather_ids)
    eve = await user("eve")
    before = await rows(house, things)
    assert expect(await eve.client.get(f"/api/assets/{things['asset']}"), 200)["people"] == []
    assert expect(await eve.client.get("/api/faces", params={"id": things["asset"]}), 200) == []
    mine = await eve.person("Mine")
    drawn = {"assetId": things["asset"], "personId": str(mine), **BOX}
    expect(await eve.client.post("/api/faces", json=drawn), 400)
    data = [{"assetId": things["asset"], "personId": str(mine)}]
    expect(await eve.client.put(f"/api/people/{mine}/reassign", json={"data": data}), 400)
    expect(await eve.client.put(f"/api/faces/{mine}", json={"id": things["face"]}), 400)
    assert await rows(house, things) == before
