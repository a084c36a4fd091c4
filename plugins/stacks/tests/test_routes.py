"""Putting photos together and taking them apart, as clients do."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.plugin_api import Caller
from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from immich_stacks import store

type MakeUser = Callable[[str], Awaitable[Any]]


@pytest.fixture
async def someone(user: MakeUser) -> Any:
    return await user(f"u{uuid4().hex[:8]}")


async def test_the_shown_one_comes_first_then_the_oldest(someone: Any, house: RunningHost) -> None:
    oldest, middle, newest = await someone.photos(3)
    stack = await someone.stack(middle, newest, oldest)
    assert (stack["primaryAssetId"], [one["id"] for one in stack["assets"]]) == (middle, [middle, oldest, newest])
    assert expect(await someone.client.get(f"/api/stacks/{stack['id']}"), 200) == stack
    assert await someone.stacks() == await someone.stacks(primaryAssetId=middle)
    assert await someone.stacks(primaryAssetId=oldest) == []
    shown = expect(await someone.client.get(f"/api/assets/{newest}"), 200)
    assert shown["stack"] == {"id": stack["id"], "primaryAssetId": middle, "assetCount": 3}
    caller = Caller(someone.id, "", "", is_admin=False)
    (text,) = (await house.kernel.assets.answers_json(caller, [UUID(newest)])).values()
    assert f'"stack":{{"assetCount":3,"id":"{stack["id"]}","primaryAssetId":"{middle}"}}' in text


async def test_overlapping_stacks_become_one(someone: Any) -> None:
    a, b, c, d, e = await someone.photos(5)
    old = await someone.stack(a, b)
    await someone.stack(c, d)
    merged = await someone.stack(e, c, a)
    assert merged["id"] == old["id"]
    assert await someone.stacks() == [(old["id"], [e, a, b, c, d])]


async def test_what_cannot_be_stacked(someone: Any) -> None:
    first, second = await someone.photos(2)
    for ids in ([], [first], [first, first], [first, "no id"]):
        answer = await someone.client.post("/api/stacks", json={"assetIds": ids})
        expect(answer, 400)
    await someone.client.request("DELETE", "/api/assets", json={"ids": [second]})
    expect(await someone.client.post("/api/stacks", json={"assetIds": [first, second]}), 400)
    assert await someone.stacks() == []


async def test_another_is_shown_or_nothing_changes(someone: Any) -> None:
    first, second, gone, strange = await someone.photos(4)
    stack = await someone.stack(first, second, gone)
    url = f"/api/stacks/{stack['id']}"
    assert expect(await someone.client.put(url, json={"primaryAssetId": second}), 200)["primaryAssetId"] == second
    assert expect(await someone.client.put(url, json={}), 200)["primaryAssetId"] == second
    await someone.client.request("DELETE", "/api/assets", json={"ids": [gone]})
    for asset_id in (strange, gone, str(uuid4())):
        refused = expect(await someone.client.put(url, json={"primaryAssetId": asset_id}), 400)
        assert refused["message"] == "Primary asset must be in the stack"
    assert await someone.stacks() == [(stack["id"], [second, first])]


async def test_taking_one_out(someone: Any) -> None:
    shown, second, third, strange = await someone.photos(4)
    stack = await someone.stack(shown, second, third)
    url = f"/api/stacks/{stack['id']}/assets"
    for asset_id, message in ((shown, "Cannot remove stack's primary asset"), (strange, "Asset not in stack")):
        assert expect(await someone.client.delete(f"{url}/{asset_id}"), 400)["message"] == message
    expect(await someone.client.delete(f"{url}/{second}"), 204)
    assert await someone.stacks() == [(stack["id"], [shown, third])]
    expect(await someone.client.delete(f"{url}/{second}"), 400)
    expect(await someone.client.delete(f"{url}/{third}"), 204)
    assert await someone.stacks() == [], "a stack of one is none"
    assert expect(await someone.client.get(f"/api/assets/{shown}"), 200)["stack"] is None


async def test_dissolving_leaves_the_photos(someone: Any) -> None:
    photos = await someone.photos(8)
    stacks = [await someone.stack(*photos[start : start + 2]) for start in range(0, 8, 2)]
    ids = [one["id"] for one in stacks]
    expect(await someone.client.delete(f"/api/stacks/{ids[0]}"), 204)
    expect(await someone.client.delete(f"/api/stacks/{ids[0]}"), 400)
    expect(await someone.client.request("DELETE", "/api/stacks", json={"ids": ids[1:3]}), 204)
    assert [each for each, _ in await someone.stacks()] == ids[3:]
    found = [expect(await someone.client.get(f"/api/assets/{each}"), 200) for each in photos[:6]]
    assert [one["stack"] for one in found] == [None] * 6


async def test_what_may_not_be_seen_is_not_answered(someone: Any) -> None:
    shown, locked, trashed, archived = await someone.photos(4)
    stack = await someone.stack(shown, locked, trashed, archived)
    expect(await someone.client.put(f"/api/assets/{locked}", json={"visibility": "locked"}), 200)
    expect(await someone.client.put(f"/api/assets/{archived}", json={"visibility": "archive"}), 200)
    await someone.client.request("DELETE", "/api/assets", json={"ids": [trashed]})
    assert await someone.stacks() == [(stack["id"], [shown, archived])]
    assert expect(await someone.client.get(f"/api/assets/{shown}"), 200)["stack"]["assetCount"] == 1


async def test_what_is_locked_is_changed_only_while_unlocked(someone: Any, house: RunningHost) -> None:
    shown, locked, third = await someone.photos(3)
    url = f"/api/stacks/{(await someone.stack(shown, locked, third))['id']}"
    expect(await someone.client.put(f"/api/assets/{locked}", json={"visibility": "locked"}), 200)
    refused = expect(await someone.client.put(url, json={"primaryAssetId": locked}), 400)
    assert refused["message"] == "Primary asset must be in the stack"
    assert expect(await someone.client.delete(f"{url}/assets/{locked}"), 400)["message"] == "Asset not in stack"
    assert (await someone.stacks(primaryAssetId=shown))[0][1] == [shown, third]
    expect(await someone.client.post("/api/auth/pin-code", json={"pinCode": "123456"}), 204)
    expect(await someone.client.post("/api/auth/session/unlock", json={"pinCode": "123456"}), 204)
    expect(await someone.client.delete(f"{url}/assets/{locked}"), 204)
    count = "SELECT count(*) FROM asset WHERE owner_id = $1 AND stack_id IS NOT NULL"
    assert await house.kernel.db.fetchval(count, someone.id) == 2


async def test_two_at_once_leave_one_stack_or_none(someone: Any, house: RunningHost) -> None:
    a, b, c, d, e = await someone.photos(5)
    both = await asyncio.gather(someone.stack(a, b, c), someone.stack(a, d, e))
    ((stack_id, members),) = await someone.stacks()
    assert {one["id"] for one in both} == {stack_id}
    assert set(members) == {a, b, c, d, e}
    others = [each for each in members if each != members[0]]
    url = f"/api/stacks/{stack_id}/assets"
    answers = await asyncio.gather(*(someone.client.delete(f"{url}/{each}") for each in others))
    # who comes last finds the stack gone with the last but one
    assert sorted(answer.status_code for answer in answers)[:3] == [204] * 3
    assert await someone.stacks() == []
    count = await house.kernel.db.fetchval(
        "SELECT count(*) FROM asset WHERE owner_id = $1 AND stack_id IS NOT NULL", someone.id
    )
    assert count == 0
    stack = await someone.stack(a, b, c)
    answers = await asyncio.gather(
        someone.client.delete(f"/api/stacks/{stack['id']}"),
        someone.client.post("/api/stacks", json={"assetIds": [d, c, e]}),
        someone.client.put(f"/api/stacks/{stack['id']}", json={"primaryAssetId": b}),
    )
    assert max(answer.status_code for answer in answers) < 500
    lonely = await house.kernel.db.fetch(
        "SELECT s.id FROM stack s LEFT JOIN asset a ON a.stack_id = s.id WHERE s.owner_id = $1 "
        "GROUP BY s.id HAVING count(a.id) < 2 OR NOT bool_or(a.id = s.primary_asset_id)",
        someone.id,
    )
    assert lonely == []


async def test_the_statements_do_not_grow_with_the_stacks(
    someone: Any, house: RunningHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    fetch = house.kernel.db.fetch

    async def counting(sql: str, *args: Any) -> Any:
        asked.append(sql)
        return await fetch(sql, *args)

    monkeypatch.setattr(house.kernel.db, "fetch", counting)
    amounts: list[int] = []
    for more in (2, 8):
        for _ in range(more):
            await someone.stack(*await someone.photos(2))
        await house.drain()
        asked.clear()
        found = await someone.stacks()
        amounts.append(len(asked))
    assert len(found) == 10
    # facts are delivered beside it, by a statement or two
    assert amounts[1] < amounts[0] + 4


@pytest.mark.parametrize("at_a_time", [60, 70, 2000])
async def test_many_stacks_come_in_pages(
    someone: Any, house: RunningHost, monkeypatch: pytest.MonkeyPatch, at_a_time: int
) -> None:
    """More than one page, put in by hand; all at the same time, as in a transaction."""
    monkeypatch.setattr(store, "AT_A_TIME", at_a_time)
    await house.kernel.db.execute(
        """WITH new AS (
             INSERT INTO asset (owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
               local_date_time, checksum)
             SELECT $1, 'IMAGE', 'upload/' || n, n || '.jpg', now(), now(), now(), n::text::bytea
             FROM generate_series(1, 240) AS n RETURNING id),
           numbered AS (SELECT id, (row_number() OVER () - 1) / 2 AS pair FROM new),
           made AS (INSERT INTO stack (primary_asset_id, owner_id)
             SELECT min(id::text)::uuid, $1 FROM numbered GROUP BY pair RETURNING id, primary_asset_id)
           SELECT 1 FROM made""",
        someone.id,
    )
    await house.kernel.db.execute(
        """UPDATE asset SET stack_id = s.id FROM stack s JOIN asset p ON p.id = s.primary_asset_id
           WHERE s.owner_id = $1 AND asset.owner_id = $1
             AND (asset.original_file_name::text = p.original_file_name
               OR (split_part(asset.original_file_name, '.', 1)::int - 1) / 2
                = (split_part(p.original_file_name, '.', 1)::int - 1) / 2)""",
        someone.id,
    )
    found = await someone.stacks()
    assert len(found) == 120
    assert len({stack_id for stack_id, _ in found}) == 120
