"""What plugins learn of accounts, and the one thing that they may change."""

from uuid import uuid4

import pytest

from immich_host.plugin_api import Refused
from immich_host.testing import RunningHost
from immich_host.testing.host import expect


async def test_accounts_as_others_see_them_in_the_order_asked_for(house: RunningHost) -> None:
    ids = [await house.user_id(name) for name in ("bob", "admin")]
    users = house.kernel.users
    assert [one.name for one in await users.answers([ids[0], uuid4(), ids[1]])] == ["Bob", "Admin"]
    assert await users.answers([]) == []


async def test_a_preference_is_the_stored_one_or_the_default(house: RunningHost) -> None:
    user_id, client = await house.user_id("pia"), await house.client("pia")
    users = house.kernel.users
    assert await users.preference(user_id, "people", "minimumFaces") == 3
    expect(await client.put("/api/users/me/preferences", json={"people": {"minimumFaces": 5}}), 200)
    assert await users.preference(user_id, "people", "minimumFaces") == 5
    assert await users.preference(user_id, "people", "enabled") is True
    with pytest.raises(KeyError):
        await users.preference(user_id, "people", "tallest")


async def test_a_cluster_group_goes_with_its_transaction_and_is_seen_at_once(house: RunningHost) -> None:
    user_id, client = await house.user_id("carl"), await house.client("carl")
    before = expect(await client.get("/api/users/me"), 200)["clusterGroupId"]
    group = uuid4()

    async def changed_in_vain() -> None:
        async with house.kernel.db.transaction():
            await house.kernel.users.set_cluster_group(user_id, group)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await changed_in_vain()
    assert expect(await client.get("/api/users/me"), 200)["clusterGroupId"] == before
    await house.kernel.users.set_cluster_group(user_id, group)
    assert expect(await client.get("/api/users/me"), 200)["clusterGroupId"] == str(group)
    with pytest.raises(Refused):
        await house.kernel.users.set_cluster_group(uuid4(), group)
