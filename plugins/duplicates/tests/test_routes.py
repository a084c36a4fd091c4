"""What clients may ask and do."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx

from immich_host.testing import RunningHost
from immich_host.testing.host import expect

PutTogether = Callable[..., Awaitable[str]]
Grouped = Callable[..., Awaitable[list[set[str]]]]


async def upload(running: RunningHost, amount: int = 2, *, user: str = "admin") -> list[UUID]:
    """Files that need no looking at: the larger the number, the larger the file."""
    return [
        await running.upload(f"{user} {n}".encode() + b"0" * 100 * n, name=f"{n}.jpg", user=user) for n in range(amount)
    ]


async def one_group(client: httpx.AsyncClient) -> dict[str, Any]:
    (group,) = expect(await client.get("/api/duplicates"), 200)
    return group


def plan(group: str, keep: list[UUID], trash: list[UUID]) -> dict[str, Any]:
    return {"duplicateId": group, "keepAssetIds": [*map(str, keep)], "trashAssetIds": [*map(str, trash)]}


async def resolve(client: httpx.AsyncClient, *groups: dict[str, Any]) -> list[dict[str, Any]]:
    return expect(await client.post("/api/duplicates/resolve", json={"groups": list(groups)}), 200)


async def test_a_group_and_its_best(running: RunningHost, put_together: PutTogether) -> None:
    ids = await upload(running, 3)
    group = await put_together(*ids)
    shown = await one_group(await running.client())
    assert shown["duplicateId"] == group
    assert {asset["id"] for asset in shown["assets"]} == set(map(str, ids))
    assert {asset["duplicateId"] for asset in shown["assets"]} == {group}
    assert shown["suggestedKeepAssetIds"] == [str(ids[2])]
    await running.kernel.db.execute("UPDATE asset_exif SET file_size_in_byte = 5, make = NULL")
    await running.kernel.db.execute("UPDATE asset_exif SET make = 'A' WHERE asset_id = $1", ids[1])
    assert (await one_group(await running.client()))["suggestedKeepAssetIds"] == [str(ids[1])]


async def test_many_groups_come_in_pages(running: RunningHost, put_together: PutTogether, grouped: Grouped) -> None:
    ids = await upload(running, 6)
    for first in (0, 2, 4):
        await put_together(*ids[first : first + 2])
    from immich_duplicates import routes

    whole, page = await grouped(), routes._PAGE
    try:
        routes._PAGE = 2
        assert await grouped() == whole
    finally:
        routes._PAGE = page
    assert len(whole) == 3


async def test_groups_of_one_are_cleaned(running: RunningHost, put_together: PutTogether, grouped: Grouped) -> None:
    ids = await upload(running)
    await put_together(ids[0])
    assert await grouped() == []
    assert await running.kernel.db.fetchval("SELECT count(*) FROM asset WHERE duplicate_id IS NOT NULL") == 0


async def test_a_sole_one_that_is_kept_takes_over_what_was_said(
    running: RunningHost, put_together: PutTogether
) -> None:
    keep, *trash = await upload(running, 3)
    client = await running.client()
    change = {"isFavorite": True, "rating": 4, "description": "at sea", "latitude": 1.5, "longitude": 2.5}
    expect(await client.put(f"/api/assets/{trash[0]}", json=change | {"visibility": "archive"}), 200)
    await running.kernel.assets.edit(trash[1], tags=["sea"])
    group = await put_together(keep, *trash)
    assert await resolve(client, plan(group, [keep], trash)) == [{"id": group, "success": True}]
    shown = expect(await client.get(f"/api/assets/{keep}"), 200)
    exif = shown["exifInfo"]
    assert (shown["isFavorite"], shown["visibility"], shown["duplicateId"]) == (True, "archive", None)
    assert (exif["rating"], exif["description"], exif["latitude"], exif["longitude"]) == (4, "at sea", 1.5, 2.5)
    row = await running.kernel.assets.exif(keep)
    assert row["tags"] == ["sea"]
    assert {"rating", "description", "latitude", "longitude", "tags"} <= set(row["locked_properties"])
    states = await running.kernel.db.fetch("SELECT id, status, duplicate_id FROM asset")
    assert {(r["id"], r["status"], r["duplicate_id"]) for r in states} == {
        (keep, "active", None), *((each, "trashed", None) for each in trash)
    }  # fmt: skip
    assert expect(await client.get("/api/duplicates"), 200) == []


async def test_albums_and_tags_are_taken_over_by_those_who_own_them(
    running: RunningHost, put_together: PutTogether
) -> None:
    keep, trash = await upload(running)
    told: list[dict[str, Any]] = []

    async def listen(**fact: Any) -> None:
        told.append(fact)

    running.kernel.hosting.listen("asset_copied", listen)
    client = await running.client()
    await resolve(client, plan(await put_together(keep, trash), [keep], [trash]))
    await running.kernel.job_room.outbox.settle()
    (fact,) = told
    assert (fact["source_id"], fact["asset_id"], set(fact["parts"])) == (trash, keep, {"albums", "tags"})


async def test_of_several_that_are_kept_none_takes_over(running: RunningHost, put_together: PutTogether) -> None:
    first, second, trash = await upload(running, 3)
    client = await running.client()
    expect(await client.put(f"/api/assets/{trash}", json={"isFavorite": True}), 200)
    group = await put_together(first, second, trash)
    assert (await resolve(client, plan(group, [first, second], [trash])))[0]["success"]
    assert await running.kernel.db.fetchval("SELECT count(*) FROM asset WHERE is_favorite AND deleted_at IS NULL") == 0


async def test_each_group_has_its_own_result(running: RunningHost, put_together: PutTogether) -> None:
    ids = await upload(running, 6)
    first, second, third = [await put_together(*ids[n : n + 2]) for n in (0, 2, 4)]
    unknown = str(uuid4())
    client = await running.client()
    results = await resolve(
        client,
        plan(unknown, [ids[0]], []),
        plan(first, [ids[0]], [ids[0]]),
        plan(second, [ids[2]], [ids[5]]),
        plan(second, [], []),
        plan(third, [ids[4]], [ids[5]]),
    )
    assert [(each["id"], each["success"], each.get("error")) for each in results] == [
        (unknown, False, "not_found"),
        (first, False, "validation"),
        (second, False, "validation"),
        (second, False, "validation"),
        (third, True, None),
    ]
    assert all(each["errorMessage"] for each in results[:4])
    assert {
        row["id"] for row in await running.kernel.db.fetch("SELECT id FROM asset WHERE deleted_at IS NOT NULL")
    } == {ids[5]}
    for wrong in ({"groups": []}, {}, {"groups": [{"duplicateId": "x", "keepAssetIds": [], "trashAssetIds": []}]}):
        assert (await client.post("/api/duplicates/resolve", json=wrong)).status_code == 400


async def test_what_came_into_a_group_meanwhile_stays_in_one(
    running: RunningHost, put_together: PutTogether, grouped: Grouped
) -> None:
    keep, trash, *more = await upload(running, 4)
    group = await put_together(keep, trash, *more)
    await resolve(await running.client(), plan(group, [keep], [trash]))
    assert await grouped() == [set(map(str, more))]


async def test_dissolving(running: RunningHost, put_together: PutTogether, grouped: Grouped) -> None:
    ids = await upload(running, 6)
    first, second, third = [await put_together(*ids[n : n + 2]) for n in (0, 2, 4)]
    client = await running.client()
    expect(await client.delete(f"/api/duplicates/{first}"), 204)
    assert len(await grouped()) == 2
    expect(await client.request("DELETE", "/api/duplicates", json={"ids": [second, third, str(uuid4())]}), 204)
    assert await grouped() == []
    expect(await client.delete(f"/api/duplicates/{first}"), 204)
    assert await running.kernel.db.fetchval("SELECT count(*) FROM asset WHERE deleted_at IS NOT NULL") == 0
    assert (await client.delete("/api/duplicates/x")).status_code == 400
    assert (await client.request("DELETE", "/api/duplicates", json={})).status_code == 400


async def test_rights(running: RunningHost, put_together: PutTogether, grouped: Grouped) -> None:
    ids = await upload(running, user="ann")
    group = await put_together(*ids, user="ann")
    body = {"groups": [plan(group, [ids[0]], [ids[1]])]}
    requests: list[tuple[str, str, dict[str, Any] | None, str]] = [
        ("GET", "/api/duplicates", None, "duplicate.read"),
        ("DELETE", "/api/duplicates", {"ids": [group]}, "duplicate.delete"),
        ("DELETE", f"/api/duplicates/{group}", None, "duplicate.delete"),
        ("POST", "/api/duplicates/resolve", body, "duplicate.delete"),
    ]
    stranger = await running.client("ben")
    for method, path, content, permission in requests:
        assert (await running.anonymous().request(method, path, json=content)).status_code == 401
        other = {"duplicate.read": "duplicate.delete", "duplicate.delete": "duplicate.read"}[permission]
        key = await running.key_client(other, "asset.read", "asset.delete", user="ann")
        assert (await key.request(method, path, json=content)).status_code == 403
        answer = await stranger.request(method, path, json=content)
        assert answer.status_code in {200, 204}
        assert not answer.content or answer.json() == [] or answer.json()[0]["error"] == "not_found"
        assert await grouped("ann") == [set(map(str, ids))]
    for method, path, content, permission in (requests[0], requests[3]):
        key = await running.key_client(permission, user="ann")
        assert (await key.request(method, path, json=content)).status_code == 200
    assert await grouped("ann") == []


async def test_a_strangers_asset_in_a_group_is_neither_shown_nor_touched(
    running: RunningHost, put_together: PutTogether, grouped: Grouped
) -> None:
    own, (theirs,) = await upload(running), await upload(running, 1, user="ann")
    group = await put_together(*own)
    await running.kernel.db.execute("UPDATE asset SET duplicate_id = $1 WHERE id = $2", UUID(group), theirs)
    assert await grouped() == [set(map(str, own))]
    client = await running.client()
    (result,) = await resolve(client, plan(group, [own[0]], [theirs]))
    assert result["error"] == "validation"
    expect(await client.delete(f"/api/duplicates/{group}"), 204)
    row = await running.kernel.db.fetchrow("SELECT duplicate_id, deleted_at FROM asset WHERE id = $1", theirs)
    assert (row["duplicate_id"], row["deleted_at"]) == (UUID(group), None)
