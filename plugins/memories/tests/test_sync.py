"""Memories on their way to the mobile app."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from immich_host.testing.host import expect
from plugins.memories.tests.conftest import earlier, today

type MakeUser = Callable[[str], Awaitable[Any]]
type Night = Callable[[str], Awaitable[None]]
type Lines = list[tuple[str, dict[str, Any]]]


async def fresh(user: Any) -> Lines:
    """What is new since the last call, which is confirmed."""
    answer = await user.client.post("/api/sync/stream", json={"types": ["MemoryToAssetsV1", "MemoriesV1"]})
    assert answer.status_code == 200
    lines = [json.loads(line) for line in answer.content.splitlines()]
    assert lines[-1]["type"] == "SyncCompleteV1"
    expect(await user.client.post("/api/sync/ack", json={"acks": [line["ack"] for line in lines]}), 204)
    return [(line["type"], line["data"]) for line in lines[:-1]]


async def test_memories_come_whole_and_once(user: MakeUser, night: Night) -> None:
    ann, eve = await user("ann"), await user("eve")
    one, two = await ann.photo(hour=8), await ann.photo(hour=9)
    await night("generate")
    (first, memory), *assets = await fresh(ann)
    assert first == "MemoryV1"
    assert {name: memory[name] for name in memory.keys() - {"id", "createdAt", "updatedAt"}} == {
        "deletedAt": None, "ownerId": str(ann.id), "type": "on_this_day", "data": {"year": earlier(1).year},
        "isSaved": False, "memoryAt": f"{earlier(1)}T00:00:00.000Z", "seenAt": None,
        "showAt": f"{today()}T00:00:00.000Z", "hideAt": f"{today()}T23:59:59.999Z",
    }  # fmt: skip
    assert memory["updatedAt"].endswith("Z")
    assert sorted(assets, key=lambda line: str(line)) == sorted(
        [("MemoryToAssetV1", {"memoryId": memory["id"], "assetId": str(each)}) for each in (one, two)], key=str
    )
    assert await fresh(ann) == []
    assert await fresh(eve) == []


async def test_what_changes_is_told(user: MakeUser) -> None:
    ben = await user("ben")
    one, two = await ben.photo(), await ben.photo()
    memory = await ben.create(one)
    await fresh(ben)
    path = f"/api/memories/{memory}"
    expect(await ben.client.put(path, json={"seenAt": "2026-01-01T00:00:00.000Z"}), 200)
    ((kind, data),) = await fresh(ben)
    assert (kind, data["id"], data["seenAt"]) == ("MemoryV1", memory, "2026-01-01T00:00:00.000Z")
    expect(await ben.client.put(f"{path}/assets", json={"ids": [str(two)]}), 200)
    expect(await ben.client.request("DELETE", f"{path}/assets", json={"ids": [str(one)]}), 200)
    lines = await fresh(ben)
    assert [kind for kind, _ in lines] == ["MemoryV1", "MemoryToAssetDeleteV1", "MemoryToAssetV1"]
    assert lines[1:] == [
        ("MemoryToAssetDeleteV1", {"memoryId": memory, "assetId": str(one)}),
        ("MemoryToAssetV1", {"memoryId": memory, "assetId": str(two)}),
    ]


async def test_a_memory_that_goes_is_told_alone(user: MakeUser) -> None:
    cat = await user("cat")
    memory = await cat.create(await cat.photo(), await cat.photo())
    await fresh(cat)
    expect(await cat.client.delete(f"/api/memories/{memory}"), 204)
    assert await fresh(cat) == [("MemoryDeleteV1", {"memoryId": memory})]


async def test_an_asset_that_is_erased_or_locked_leaves_its_memories(user: MakeUser) -> None:
    dan = await user("dan")
    erased, locked, kept = [await dan.photo() for _ in range(3)]
    both, single = await dan.create(erased, locked, kept), await dan.create(erased)
    await fresh(dan)
    await dan.delete(erased, force=True)
    await dan.change(locked, visibility="locked")
    lines = await fresh(dan)
    assert {kind for kind, _ in lines} == {"MemoryToAssetDeleteV1"}
    told = {(data["memoryId"], data["assetId"]) for _, data in lines}
    assert told == {(both, str(erased)), (single, str(erased)), (both, str(locked))}


async def test_what_goes_with_its_user_is_told_to_nobody(user: MakeUser) -> None:
    """Nor does it leave rows that nobody would ever ask for."""
    fay = await user("fay")
    await fay.create(await fay.photo())
    db = fay.house.kernel.db
    before = await db.fetchval("SELECT (SELECT count(*) FROM memory_audit) + (SELECT count(*) FROM memory_asset_audit)")
    await db.execute('DELETE FROM "user" WHERE id = $1', fay.id)
    after = await db.fetchval("SELECT (SELECT count(*) FROM memory_audit) + (SELECT count(*) FROM memory_asset_audit)")
    assert after == before
    assert await db.fetchval("SELECT count(*) FROM memory WHERE owner_id = $1", fay.id) == 0
