"""Giving tags to photos and taking them away."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from immich_tags import jobs, tagging


async def test_tags_are_given_and_taken_and_kept_beside_the_file(someone: Any) -> None:
    one, other = await someone.photo(), await someone.photo()
    tag_id, unused = await someone.tag("a/b"), await someone.tag("c")
    assert await someone.give(tag_id, one, other, one) == [None, None, "duplicate"]
    assert await someone.give(tag_id, one) == ["duplicate"]
    assert (await someone.tags_of(one), await someone.column(one)) == (["a/b"], (["a/b"], True))
    assert await someone.take(tag_id, one, one) == [None, "not_found"]
    assert await someone.take(unused, one) == ["not_found"]
    assert (await someone.tags_of(one), await someone.column(one)) == ([], (None, True))
    assert await someone.tags_of(other) == ["a/b"]


async def test_what_a_file_says_is_kept_as_it_is_written_there(someone: Any, house: RunningHost) -> None:
    asset_id = await someone.photo("Trips / Alps", "Sun")
    await house.drain()
    assert await someone.tags_of(asset_id) == ["Sun", "Trips/Alps"]
    assert await someone.column(asset_id) == (["Trips / Alps", "Sun"], False)
    await someone.give(await someone.tag("new"), asset_id)
    assert await someone.column(asset_id) == (["Trips / Alps", "Sun", "new"], True)
    assert await someone.take(await someone.tag("Trips/Alps"), asset_id) == [None]
    assert await someone.column(asset_id) == (["Sun", "new"], True)


async def test_tagging_before_the_file_s_tags_are_known_loses_none_of_them(someone: Any, house: RunningHost) -> None:
    asset_id = await someone.photo("of the file")
    assert await someone.give(await someone.tag("mine"), asset_id) == [None]
    assert await someone.tags_of(asset_id) == ["mine", "of the file"]
    await house.drain()
    assert await someone.tags_of(asset_id) == ["mine", "of the file"]


async def test_a_file_that_is_read_again_replaces_tags_but_not_those_of_people(
    someone: Any, house: RunningHost
) -> None:
    free, locked = await someone.photo("a", "b"), await someone.photo("a", "b")
    await house.drain()
    await someone.give(await someone.tag("mine"), locked)
    for asset_id in (free, locked):
        await someone.reads(asset_id, "b", "c")
    await house.drain()
    assert await someone.tags_of(free) == ["b", "c"]
    assert await someone.tags_of(locked) == ["a", "b", "mine"]
    await someone.reads(free)
    await house.drain()
    assert await someone.tags_of(free) == []


async def test_what_cannot_be_a_tag_stays_in_the_file(someone: Any, house: RunningHost) -> None:
    listed = ["/", "x" * 3000, "ok"]
    asset_id = await someone.photo(*listed)
    await house.drain()
    assert await someone.tags_of(asset_id) == ["ok"]
    assert [one async for one in jobs.missing(house.kernel)].count(asset_id) == 0
    await someone.give(await someone.tag("more"), asset_id)
    assert await someone.column(asset_id) == ([*listed, "more"], True)


async def test_many_tags_for_many_photos_count_what_is_new(someone: Any) -> None:
    photos = [await someone.photo() for _ in range(3)]
    tags = [await someone.tag("a"), await someone.tag("b")]
    await someone.give(tags[0], photos[0])
    body = {"tagIds": [*tags, str(uuid4())], "assetIds": [*map(str, photos), str(photos[0]), str(uuid4())]}
    assert expect(await someone.client.put("/api/tags/assets", json=body), 200) == {"count": 5}
    assert expect(await someone.client.put("/api/tags/assets", json=body), 200) == {"count": 0}
    assert [await someone.tags_of(each) for each in photos] == [["a", "b"]] * 3
    nothing = {"tagIds": [], "assetIds": list(map(str, photos))}
    assert expect(await someone.client.put("/api/tags/assets", json=nothing), 200) == {"count": 0}


async def test_many_are_done_some_at_a_time(someone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagging, "_AT_A_TIME", 2)
    photos, tag_id = [await someone.photo() for _ in range(5)], await someone.tag("a")
    assert await someone.give(tag_id, photos[3]) == [None]
    body = {"tagIds": [tag_id, await someone.tag("b")], "assetIds": [str(each) for each in photos]}
    assert expect(await someone.client.put("/api/tags/assets", json=body), 200) == {"count": 9}
    assert await someone.take(tag_id, *photos) == [None] * 5
    assert await someone.give(tag_id, *photos, photos[0]) == [None] * 5 + ["duplicate"]


async def test_erasing_photos_while_their_tag_is_deleted(someone: Any, house: RunningHost) -> None:
    for _ in range(3):
        tag_id, photos = await someone.tag("a/b"), [await someone.photo() for _ in range(6)]
        await someone.give(tag_id, *photos)
        erased, other = [str(each) for each in photos[:4]], [str(each) for each in photos[2:]]
        answers = await asyncio.gather(
            someone.client.request("DELETE", "/api/assets", json={"ids": erased, "force": True}),
            someone.client.delete(f"/api/tags/{tag_id}"),
            house.drain(),
            someone.client.put("/api/tags/assets", json={"tagIds": [tag_id], "assetIds": other}),
        )
        assert [answer.status_code for answer in answers if answer is not None and answer.status_code >= 400] == []
        await house.drain()
        assert [await someone.column(each) for each in photos[4:]] == [(None, True)] * 2
        assert "a/b" not in await someone.values()


async def test_an_asset_has_not_endlessly_many(someone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("immich_tags.paths.MOST_TAGS", 2)
    asset_id = await someone.photo()
    for path, failed in (("a", None), ("b", None), ("c", "validation")):
        assert await someone.give(await someone.tag(path), asset_id) == [failed]
    assert await someone.tags_of(asset_id) == ["a", "b"]
    assert await someone.column(asset_id) == (["a", "b"], True)


async def test_a_locked_photo_is_tagged_only_while_unlocked(someone: Any) -> None:
    asset_id, tag_id = await someone.photo(), await someone.tag("a")
    expect(await someone.client.put(f"/api/assets/{asset_id}", json={"visibility": "locked"}), 200)
    assert await someone.give(tag_id, asset_id) == ["no_permission"]
    expect(await someone.client.post("/api/auth/pin-code", json={"pinCode": "123456"}), 204)
    expect(await someone.client.post("/api/auth/session/unlock", json={"pinCode": "123456"}), 204)
    assert await someone.give(tag_id, asset_id) == [None]


async def test_photos_in_the_trash_keep_their_tags_and_erased_ones_leave_none(someone: Any, house: RunningHost) -> None:
    asset_id, tag_id = await someone.photo(), await someone.tag("a")
    await someone.give(tag_id, asset_id)
    await someone.client.request("DELETE", "/api/assets", json={"ids": [str(asset_id)]})
    assert await someone.tags_of(asset_id) == ["a"]
    await someone.client.request("DELETE", "/api/assets", json={"ids": [str(asset_id)], "force": True})
    await house.drain()
    for table in ("tag_asset", "tags_read", "tags_change"):
        count = await house.kernel.db.fetchval(f"SELECT count(*) FROM {table} WHERE asset_id = $1", asset_id)
        assert count == 0, table
    assert await someone.values() == ["a"]


async def test_columns_follow_a_renamed_tag(someone: Any, house: RunningHost) -> None:
    both = await someone.photo("a/b", "other", "a")
    only = await someone.photo(" a / b ")
    await house.drain()
    before = {one["value"]: one["id"] for one in expect(await someone.client.get("/api/tags"), 200)}
    expect(await someone.client.put(f"/api/tags/{before['a']}", json={"name": "x"}), 200)
    expect(await someone.client.put(f"/api/tags/{before['a/b']}", json={"name": "y"}), 200)
    assert await someone.tags_of(both) == ["other", "x", "x/y"]
    await house.drain()
    assert await someone.column(both) == (["x/y", "other", "x"], True)
    assert await someone.column(only) == (["x/y"], True)
    after = {one["value"]: one["id"] for one in expect(await someone.client.get("/api/tags"), 200)}
    assert after == {"x": before["a"], "x/y": before["a/b"], "other": before["other"]}


async def test_columns_follow_a_deleted_tag_and_do_not_bring_it_back(someone: Any, house: RunningHost) -> None:
    asset_id = await someone.photo("a/b", "other")
    await house.drain()
    tag_id = await someone.tag("a")
    expect(await someone.client.delete(f"/api/tags/{tag_id}"), 204)
    # the column still has it; whoever works with the asset meanwhile knows better
    assert await someone.column(asset_id) == (["a/b", "other"], False)
    await someone.give(await someone.tag("more"), asset_id)
    assert await someone.column(asset_id) == (["other", "more"], True)
    await house.drain()
    assert await someone.values() == ["more", "other"]
    # made again, it is a new one, without photos
    assert await someone.take(await someone.tag("a/b"), asset_id) == ["not_found"]


async def test_a_crash_before_the_columns_have_followed_loses_nothing(
    someone: Any, house: RunningHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [await someone.photo("a") for _ in range(5)]
    await house.drain()
    expect(await someone.client.put(f"/api/tags/{await someone.tag('a')}", json={"name": "b"}), 200)
    await house.kernel.db.execute("DELETE FROM job_request WHERE job = 'tags.follow'")
    assert {one async for one in jobs.missing(house.kernel)} >= set(photos)
    monkeypatch.setattr("immich_tags.jobs._PIECE", 2)
    await house.kernel.jobs.request("tags.follow")
    await house.drain()
    assert [await someone.column(each) for each in photos] == [(["b"], True)] * 5
    assert {one async for one in jobs.missing(house.kernel)}.isdisjoint(photos)


async def test_everything_at_once_ends_in_agreement(someone: Any, house: RunningHost) -> None:
    photos = [await someone.photo() for _ in range(4)]
    a, b = await someone.tag("a"), await someone.tag("b/c")

    async def job(asset_id: UUID, *listed: str) -> None:
        await someone.reads(asset_id, *listed)
        await tagging.agree(house.kernel, someone.id, [asset_id])

    for turn in range(4):
        new = f"new{turn}"
        answers = await asyncio.gather(
            someone.client.put(f"/api/tags/{a}/assets", json={"ids": [str(each) for each in photos]}),
            someone.client.put(f"/api/tags/{b}/assets", json={"ids": [str(each) for each in reversed(photos)]}),
            someone.client.put(f"/api/tags/{b}", json={"name": f"c{turn}"}),
            someone.client.put("/api/tags", json={"tags": [new, f"b/{new}"]}),
            *(job(each, new, f"deep/{new}") for each in photos),
            someone.client.request("DELETE", f"/api/tags/{a}/assets", json={"ids": [str(photos[0])]}),
            someone.client.delete(f"/api/tags/{await someone.tag(f'new{turn - 1}')}"),
        )
        assert [answer.status_code for answer in answers if answer is not None and answer.status_code >= 400] == []
    await house.drain()
    for asset_id in photos:
        listed, _ = await someone.column(asset_id)
        assert await someone.tags_of(asset_id) == sorted(listed or [])
        assert "b/c3" in (listed or [])
    assert await house.kernel.db.fetchval("SELECT count(*) FROM tags_change") == 0


async def test_two_who_give_the_same_are_told_once_each(someone: Any) -> None:
    photos, tag_id = [await someone.photo() for _ in range(3)], await someone.tag("a")
    body = {"tagIds": [tag_id], "assetIds": [str(each) for each in photos]}
    answers = await asyncio.gather(*(someone.client.put("/api/tags/assets", json=body) for _ in range(4)))
    assert sum(expect(answer, 200)["count"] for answer in answers) == 3


async def test_one_asset_takes_over_the_tags_of_another(someone: Any, house: RunningHost) -> None:
    source, target = await someone.photo("a", "b/c"), await someone.photo("b/c", "d")
    for parts in (["albums"], ["tags"], ["tags"]):
        await house.publish("asset_copied", source_id=source, asset_id=target, owner_id=someone.id, parts=parts)
        await house.drain()
        if parts == ["albums"]:
            assert await someone.tags_of(target) == ["b/c", "d"]
    assert await someone.tags_of(target) == ["a", "b/c", "d"]
    assert await someone.column(target) == (["b/c", "d", "a"], True)
    assert await someone.column(source) == (["a", "b/c"], False)


async def test_empty_tags_are_cleared_up_when_an_admin_says_so(someone: Any, house: RunningHost) -> None:
    await someone.client.put("/api/tags", json={"tags": ["empty/deep", "full/deep", "full/empty"]})
    await someone.give(await someone.tag("full/deep"), await someone.photo())
    admin = await house.client()
    expect(await admin.post("/api/jobs", json={"name": "tag-cleanup"}), 204)
    await house.drain()
    assert await someone.values() == ["full", "full/deep"]


async def test_the_statements_do_not_grow_with_the_photos(
    someone: Any, house: RunningHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def count(name: str) -> None:
        real = getattr(house.kernel.db, name)

        async def counting(sql: str, *args: Any) -> Any:
            asked.append(sql)
            return await real(sql, *args)

        monkeypatch.setattr(house.kernel.db, name, counting)

    for name in ("fetch", "execute", "fetchval", "fetchrow"):
        count(name)
    amounts: list[int] = []
    for number in (2, 12):
        tag_id, photos = await someone.tag(f"tag{number}"), [await someone.photo() for _ in range(number)]
        await house.drain()
        asked.clear()
        await someone.give(tag_id, *photos)
        amounts.append(len(asked))
    # facts are delivered beside it, by a statement or two
    assert amounts[1] < amounts[0] + 5
