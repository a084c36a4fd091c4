"""Partners: who is one, what they see of each other, and until when."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]

REFUSED = {"message": "Not found or no asset.read access"}


async def timeline(user: Any, **query: Any) -> set[UUID]:
    """What the timeline's buckets hold."""
    found: set[UUID] = set()
    for bucket in await user.ask("/timeline/buckets", **query):
        answer = await user.ask("/timeline/bucket", timeBucket=bucket["timeBucket"], **query)
        assert len(answer["id"]) == bucket["count"]
        found |= {UUID(one) for one in answer["id"]}
    return found


async def test_a_partner_is_listed_on_both_sides(user: MakeUser) -> None:
    ann, ben, cat = await user("ann"), await user("ben"), await user("cat")
    made = expect(await ann.client.post("/api/partners", json={"sharedWithId": str(ben.id)}), 201)
    account = await ben.ask("/users/me")
    assert made == {name: account[name] for name in made.keys() - {"inTimeline"}} | {"inTimeline": False}
    assert made["email"] == "ben@host.test"
    made = expect(await ann.client.post(f"/api/partners/{cat.id}"), 201)
    assert (made["name"], made["inTimeline"]) == ("Cat", False)
    changed = expect(await ben.client.put(f"/api/partners/{ann.id}", json={"inTimeline": True}), 200)
    assert (changed["name"], changed["inTimeline"]) == ("Ann", True)
    assert await ann.partners("shared-by") == [("Ben", True), ("Cat", False)]
    assert await ann.partners("shared-with") == []
    assert await ben.partners("shared-with") == [("Ann", True)]
    assert await ben.partners("shared-by") == []
    await ann.stops_sharing_with(ben)
    assert await ann.partners("shared-by") == [("Cat", False)]
    assert await ben.partners("shared-with") == []


async def test_who_cannot_be_a_partner_is_told_why(user: MakeUser) -> None:
    ann, ben = await user("ann"), await user("dan")
    await ann.shares_with(ben)
    for other, message in (
        (ben.id, "Partner already exists"),
        (ann.id, "You cannot be your own partner"),
        (uuid4(), "User not found"),
    ):
        for answer in (
            await ann.client.post("/api/partners", json={"sharedWithId": str(other)}),
            await ann.client.post(f"/api/partners/{other}"),
        ):
            assert expect(answer, 400) == {"message": message}
    answer = await ben.client.delete(f"/api/partners/{ann.id}")
    assert expect(answer, 400) == {"message": "Partner not found"}
    answer = await ann.client.put(f"/api/partners/{ben.id}", json={"inTimeline": True})
    assert expect(answer, 400) == {"message": "Not found or no partner.update access"}
    assert ("Dan", False) in await ann.partners("shared-by")
    expect(await ann.client.get("/api/partners"), 400)
    expect(await ann.client.get("/api/partners", params={"direction": "sideways"}), 400)
    expect(await ann.client.post("/api/partners", json={"sharedWithId": "nobody"}), 400)


async def test_of_two_at_once_one_makes_the_partner(user: MakeUser) -> None:
    ann, eve = await user("ann"), await user("eve")
    asked = (ann.client.post("/api/partners", json={"sharedWithId": str(eve.id)}) for _ in range(5))
    assert sorted([answer.status_code for answer in await asyncio.gather(*asked)]) == [201, 400, 400, 400, 400]
    gone = await asyncio.gather(*(ann.client.delete(f"/api/partners/{eve.id}") for _ in range(3)))
    assert sorted(answer.status_code for answer in gone) == [204, 400, 400]


@pytest.fixture
async def shared(user: MakeUser) -> Any:
    """Flo shares with Gus; photos of Flo's in every state."""
    flo, gus = await user("flo"), await user("gus")
    if ("Gus", False) not in await flo.partners("shared-by"):
        await flo.shares_with(gus)
    photos = {
        "shown": await flo.photo(isFavorite="true"),
        "archive": await flo.photo(visibility="archive"),
        "hidden": await flo.photo(visibility="hidden"),
        "locked": await flo.photo(visibility="locked"),
        "trashed": await flo.photo(),
        "erased": await flo.photo(),
    }
    await flo.client.request("DELETE", "/api/assets", json={"ids": [str(photos["trashed"])]})
    await flo.client.request("DELETE", "/api/assets", json={"ids": [str(photos["erased"])], "force": True})
    return flo, gus, photos


async def test_a_partner_sees_what_is_in_the_timeline_and_may_not_change_it(shared: Any) -> None:
    flo, gus, photos = shared
    seen = await gus.ask(f"/assets/{photos['shown']}")
    assert (seen["ownerId"], seen["isFavorite"], seen["people"]) == (str(flo.id), False, [])
    assert (await gus.client.get(f"/api/assets/{photos['shown']}/original")).status_code == 200
    for state in ("archive", "hidden", "locked", "trashed", "erased"):
        assert await gus.ask(f"/assets/{photos[state]}", 400) == REFUSED, state
        assert (await gus.client.get(f"/api/assets/{photos[state]}/original")).status_code == 404
        expect(await gus.client.get(f"/api/assets/{photos[state]}/thumbnail"), 400)
    shown = str(photos["shown"])
    expect(await gus.client.put(f"/api/assets/{shown}", json={"isFavorite": True}), 400)
    expect(await gus.client.request("DELETE", "/api/assets", json={"ids": [shown]}), 400)
    expect(await gus.client.put("/api/assets/copy", json={"sourceId": shown, "targetId": shown}), 400)
    assert await flo.ask(f"/assets/{shown}")
    answer = await gus.client.post("/api/download/archive", json={"assetIds": [shown]})
    assert answer.status_code == 200
    expect(await gus.client.post("/api/download/archive", json={"assetIds": [shown, str(photos["archive"])]}), 400)
    expect(await flo.client.get(f"/api/assets/{await gus.photo()}"), 400)


async def test_the_moving_half_of_a_live_photo_is_shared_as_its_still(shared: Any) -> None:
    flo, gus, _ = shared
    video = await flo.house.upload(b"\x00\x00\x00\x18ftypmp42" + uuid4().bytes, name="live.mp4", user="flo")
    still = await flo.photo(livePhotoVideoId=str(video))
    assert (await gus.ask(f"/assets/{video}"))["visibility"] == "hidden"
    await flo.change(still, visibility="archive")
    assert await gus.ask(f"/assets/{video}", 400) == REFUSED


async def test_timelines_and_searches_hold_what_partners_share(shared: Any) -> None:
    flo, gus, photos = shared
    mine = await gus.photo()
    assert photos["shown"] in await timeline(gus, userId=str(flo.id), visibility="timeline")
    for state in ("archive", "locked", "hidden"):
        assert await gus.ask("/timeline/buckets", 401 if state == "locked" else 400, userId=flo.id, visibility=state)
    await gus.ask("/timeline/buckets", 400, userId=str(flo.id), visibility="timeline", isTrashed="true")
    with_partners = {"visibility": "timeline", "withPartners": "true"}
    assert photos["shown"] not in await timeline(gus, **with_partners)
    expect(await gus.client.put(f"/api/partners/{flo.id}", json={"inTimeline": True}), 200)
    seen = await timeline(gus, **with_partners)
    assert {mine, photos["shown"]} <= seen
    assert not {photos[state] for state in ("archive", "locked", "hidden", "trashed", "erased")} & seen
    assert photos["shown"] not in await timeline(gus, visibility="timeline")
    found = expect(await gus.client.post("/api/search/metadata", json={}), 200)["assets"]["items"]
    assert photos["shown"] in {UUID(one["id"]) for one in found}
    expect(await gus.client.put(f"/api/partners/{flo.id}", json={"inTimeline": False}), 200)
    found = expect(await gus.client.post("/api/search/metadata", json={}), 200)["assets"]["items"]
    assert photos["shown"] not in {UUID(one["id"]) for one in found}
    assert mine not in await timeline(flo, **with_partners)
    await flo.ask("/timeline/buckets", 400, userId=str(gus.id), visibility="timeline")
    info = await gus.client.post("/api/download/info", json={"userId": str(flo.id)})
    ids = {UUID(one) for each in expect(info, 201)["archives"] for one in each["assetIds"]}
    assert photos["shown"] in ids
    assert not ids & {photos[state] for state in ("archive", "locked", "trashed", "erased")}


async def test_it_ends_when_it_is_ended(user: MakeUser) -> None:
    han, ida = await user("han"), await user("ida")
    await han.shares_with(ida, in_timeline=True)
    asset_id = await han.photo()
    await ida.ask(f"/assets/{asset_id}")
    await han.stops_sharing_with(ida)
    assert await ida.ask(f"/assets/{asset_id}", 400) == REFUSED
    await ida.ask("/timeline/buckets", 400, userId=str(han.id), visibility="timeline")
    assert await timeline(ida, visibility="timeline", withPartners="true") == set()


@pytest.mark.parametrize("who", ["jim", "kay"])
async def test_it_ends_with_either_account(user: MakeUser, house: RunningHost, who: str) -> None:
    jim, kay, admin = await user(f"jim-{who}"), await user(f"kay-{who}"), await house.client()
    await jim.shares_with(kay, in_timeline=True)
    asset_id = await jim.photo()
    gone, left = (jim, kay) if who == "jim" else (kay, jim)
    expect(await admin.request("DELETE", f"/api/admin/users/{gone.id}", json={}), 200)
    direction = "shared-with" if gone is jim else "shared-by"
    assert await left.partners(direction) == [], "an account that waits to be erased is nobody's partner"
    if gone is jim:
        assert await kay.ask(f"/assets/{asset_id}", 400) == REFUSED
        assert await timeline(kay, visibility="timeline", withPartners="true") == set()
        answer = await kay.client.put(f"/api/partners/{jim.id}", json={"inTimeline": False})
        assert expect(answer, 400) == {"message": "Not found or no partner.update access"}
    answer = await left.client.post("/api/partners", json={"sharedWithId": str(gone.id)})
    assert expect(answer, 400) == {"message": "User not found"}
    expect(await admin.post(f"/api/admin/users/{gone.id}/restore"), 200)
    assert len(await left.partners(direction)) == 1
    expect(await admin.request("DELETE", f"/api/admin/users/{gone.id}", json={"force": True}), 200)
    await house.drain()
    assert (
        await house.kernel.db.fetchval(
            "SELECT count(*) FROM partner WHERE $1 IN (shared_by_id, shared_with_id)", gone.id
        )
        == 0
    )


async def test_off_nothing_is_shared_and_on_it_is_again(house: RunningHost, user: MakeUser) -> None:
    lea, max_ = await user("lea"), await user("max")
    await lea.shares_with(max_, in_timeline=True)
    asset_id = await lea.photo()
    await house.turn_off("sharing")
    try:
        assert await max_.ask("/partners", direction="shared-with") == []
        assert await max_.ask(f"/assets/{asset_id}", 400) == REFUSED
        assert asset_id not in await timeline(max_, visibility="timeline", withPartners="true")
    finally:
        await house.turn_on("sharing")
    assert await max_.partners("shared-with") == [("Lea", True)]
    assert asset_id in await timeline(max_, visibility="timeline", withPartners="true")
