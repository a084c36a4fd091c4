"""Cluster groups: who is in one, how one comes in, what the others see."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from immich_host.testing import RunningHost
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]


async def group_of(user: Any) -> str:
    return expect(await user.client.get("/api/users/me"), 200)["clusterGroupId"]


async def members(user: Any) -> list[str]:
    answer = await user.client.get(f"/api/cluster-groups/{await group_of(user)}/users")
    return [one["name"] for one in expect(answer, 200)]


async def invite(inviting: Any, invited: Any, status: int = 201) -> Any:
    path = f"/api/cluster-groups/{await group_of(inviting)}/requests"
    return expect(await inviting.client.put(path, json={"userId": str(invited.id)}), status)


async def join(inviting: Any, invited: Any) -> None:
    request = await invite(inviting, invited)
    expect(await invited.client.post(f"/api/cluster-groups/requests/{request['id']}/accept"), 204)


async def clustered(house: RunningHost) -> set[str]:
    """Groups whose faces wait to be told apart."""
    rows = await house.kernel.db.fetch(
        "SELECT arguments ->> 'group_id' AS id FROM job_request WHERE job = 'faces.cluster'"
    )
    return {row["id"] for row in rows}


async def test_one_is_invited_once_and_comes_in(user: MakeUser, house: RunningHost) -> None:
    ann, ben = await user("ann"), await user("ben")
    assert await members(ann) == ["Ann"]
    before, group = await group_of(ben), await group_of(ann)
    first = await invite(ann, ben)
    assert first == await invite(ann, ben, 200)
    assert (first["clusterGroupId"], first["userId"]) == (group, str(ben.id))
    assert expect(await ben.client.get("/api/cluster-groups/requests"), 200) == [first]
    assert expect(await ann.client.get(f"/api/cluster-groups/{group}/requests"), 200) == [first]
    assert expect(await ann.client.get("/api/cluster-groups/requests"), 200) == []
    assert await members(ben) == ["Ben"]
    expect(await ann.client.post(f"/api/cluster-groups/requests/{first['id']}/accept"), 400)
    expect(await ben.client.post(f"/api/cluster-groups/requests/{first['id']}/accept"), 204)
    assert await members(ben) == await members(ann) == ["Ann", "Ben"]
    assert expect(await ann.client.get(f"/api/cluster-groups/{group}/requests"), 200) == []
    expect(await ben.client.post(f"/api/cluster-groups/requests/{first['id']}/accept"), 400)
    assert "already" in (await invite(ben, ann, 400))["message"]
    assert {before, group} <= await clustered(house)


async def test_an_invitation_is_declined_or_taken_back(user: MakeUser) -> None:
    cat, dan, eve = await user("cat"), await user("dan"), await user("eve")
    request = await invite(cat, dan)
    path = f"/api/cluster-groups/requests/{request['id']}"
    expect(await eve.client.delete(path), 400)
    expect(await dan.client.delete(path), 204)
    expect(await dan.client.delete(path), 400)
    assert expect(await dan.client.get("/api/cluster-groups/requests"), 200) == []
    again = await invite(cat, dan)
    expect(await cat.client.delete(f"/api/cluster-groups/requests/{again['id']}"), 204)
    assert await members(cat) == ["Cat"]


async def test_one_who_leaves_has_a_group_of_their_own(user: MakeUser, house: RunningHost) -> None:
    fay, gus = await user("fay"), await user("gus")
    await join(fay, gus)
    group = await group_of(fay)
    same = [await fay.person("Kim"), await gus.person("Kimberley")]
    await house.kernel.db.execute("UPDATE person SET identity_id = $2 WHERE id = ANY($1)", same, uuid4())
    expect(await gus.client.post(f"/api/cluster-groups/{group}/leave"), 204)
    assert await members(fay) == ["Fay"]
    assert await members(gus) == ["Gus"]
    expect(await gus.client.post(f"/api/cluster-groups/{group}/leave"), 400)
    identities = await house.kernel.db.fetch("SELECT DISTINCT identity_id FROM person WHERE id = ANY($1)", same)
    assert len(identities) == 2
    assert {group, await group_of(gus)} <= await clustered(house)


async def test_a_group_that_everybody_left_can_be_joined_by_nobody(user: MakeUser) -> None:
    hal, ida = await user("hal"), await user("ida")
    await invite(hal, ida)
    expect(await hal.client.post(f"/api/cluster-groups/{await group_of(hal)}/leave"), 204)
    assert expect(await ida.client.get("/api/cluster-groups/requests"), 200) == []


async def test_who_cannot_be_invited(user: MakeUser) -> None:
    jon = await user("jon")
    path = f"/api/cluster-groups/{await group_of(jon)}/requests"
    assert expect(await jon.client.put(path, json={"userId": str(uuid4())}), 400)["message"] == "User not found"
    assert expect(await jon.client.put(path, json={}), 400)["message"] == "Validation failed"
    expect(await jon.client.put(path, json={"userId": str(jon.id)}), 400)


async def test_people_of_members_stay_their_own(user: MakeUser) -> None:
    kay, lee = await user("kay"), await user("lee")
    await join(kay, lee)
    person = await kay.person("Kim", photos=1)
    assert await lee.listed() == []
    expect(await lee.client.get(f"/api/people/{person}"), 400)


async def test_faces_of_a_group_are_told_apart_anew_when_a_member_says_so(user: MakeUser, house: RunningHost) -> None:
    mia = await user("mia")
    group = await group_of(mia)
    expect(await mia.client.post(f"/api/cluster-groups/{group}/regenerate-people"), 204)
    forced = await house.kernel.db.fetchval(
        "SELECT force FROM job_request WHERE job = 'faces.cluster' AND arguments ->> 'group_id' = $1", group
    )
    assert forced is True


async def test_plugins_are_told_of_an_invitation(user: MakeUser, house: RunningHost) -> None:
    told: list[dict[str, Any]] = []

    async def faces_group_invited(**arguments: Any) -> None:
        told.append(arguments)

    house.kernel.hosting.listen("faces_group_invited", faces_group_invited)
    ned, ole = await user("ned"), await user("ole")
    await invite(ned, ole)
    await house.kernel.job_room.outbox.settle()
    ids = {"user_id": ole.id, "invited_by": ned.id, "cluster_group_id": await group_of(ned)}
    assert [{key: str(each) for key, each in one.items()} for one in told] == [
        {key: str(each) for key, each in ids.items()}
    ]
