"""Likes and comments."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.testing import RunningHost

type MakeUser = Callable[[str], Awaitable[Any]]


async def say(user: Any, album_id: UUID, text: str | None = None, *, about: UUID | None = None) -> dict[str, Any]:
    """Comment, or like where there is no text."""
    body = {"albumId": str(album_id), "type": "comment" if text else "like"}
    body |= {"comment": text} if text else {}
    body |= {"assetId": str(about)} if about else {}
    return await user.call("POST", "/activities", body, status=201)


async def said(user: Any, album_id: UUID, **query: Any) -> list[str]:
    """Texts of what is listed, `<3` for a like."""
    found = await user.call("GET", "/activities", albumId=str(album_id), **query)
    return [one.get("comment") or "<3" for one in found]


async def counts(user: Any, album_id: UUID, **query: Any) -> tuple[int, int]:
    """Comments and likes."""
    answer = await user.call("GET", "/activities/statistics", albumId=str(album_id), **query)
    return answer["comments"], answer["likes"]


async def test_what_is_said_is_listed_in_its_order(user: MakeUser) -> None:
    ann, bob = await user("ann"), await user("bob")
    asset_id, other = await ann.photo(), await ann.photo()
    album_id = await ann.album(asset_id, other, viewers=(bob,))
    first = await say(ann, album_id, "Nice")
    await say(bob, album_id, "Where?", about=asset_id)
    liked = await say(bob, album_id)
    await say(bob, album_id, about=asset_id)
    assert (first["type"], first["comment"], first["assetId"]) == ("comment", "Nice", None)
    assert first["user"]["id"] == str(ann.id)
    assert (liked["type"], liked["comment"], liked["assetId"]) == ("like", None, None)
    assert await said(ann, album_id) == ["Nice", "Where?", "<3", "<3"]
    assert await said(ann, album_id, assetId=str(asset_id)) == ["Where?", "<3"]
    assert await said(ann, album_id, level="album") == ["Nice", "<3"]
    assert await said(ann, album_id, level="album", assetId=str(asset_id)) == ["Nice", "<3"]
    assert await said(ann, album_id, level="asset") == ["Where?", "<3"]
    assert await said(ann, album_id, type="like") == ["<3", "<3"]
    assert await said(ann, album_id, type="comment", userId=str(bob.id)) == ["Where?"]
    assert await counts(bob, album_id) == (2, 2)
    assert await counts(bob, album_id, assetId=str(asset_id)) == (1, 1)
    assert await counts(bob, album_id, assetId=str(other)) == (0, 0)


async def test_what_is_listed_is_what_was_answered_when_it_was_said(user: MakeUser) -> None:
    kim, lou = await user("kim"), await user("lou")
    asset_id = await kim.photo()
    album_id = await kim.album(asset_id, viewers=(lou,))
    assert await kim.call("GET", "/activities", albumId=str(album_id)) == []
    answers = [
        await say(lou, album_id, 'a "quote", \\, {brace}\nand \u2028 \U0001f600'),
        await say(kim, album_id, "}", about=asset_id),
        await say(lou, album_id),
        await say(kim, album_id, about=asset_id),
    ]
    assert await kim.call("GET", "/activities", albumId=str(album_id)) == answers


@pytest.mark.parametrize("is_about_asset", [True, False])
async def test_who_likes_it_twice_likes_it_once(user: MakeUser, is_about_asset: bool) -> None:
    cat = await user("cat")
    asset_id = await cat.photo()
    album_id = await cat.album(asset_id)
    body = {"albumId": str(album_id), "type": "like"} | ({"assetId": str(asset_id)} if is_about_asset else {})
    answers = await asyncio.gather(*(cat.client.post("/api/activities", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await counts(cat, album_id) == (0, 1)


async def test_what_cannot_be_said(user: MakeUser) -> None:
    dan = await user("dan")
    album_id = await dan.album(await dan.photo())
    for body in (
        {"type": "comment"}, {"type": "comment", "comment": " "}, {"type": "shout"},
        {"type": "like", "assetId": str(await dan.photo())},
        {"type": "comment", "comment": "x", "assetId": str(uuid4())},
    ):  # fmt: skip
        await dan.call("POST", "/activities", {"albumId": str(album_id), **body}, status=400)
    assert await said(dan, album_id) == []


async def test_an_album_that_does_not_want_it(user: MakeUser) -> None:
    eli, fay = await user("eli"), await user("fay")
    album_id = await eli.album(viewers=(fay,))
    await say(fay, album_id, "Before")
    await eli.call("PATCH", f"/albums/{album_id}", {"isActivityEnabled": False})
    for who in (eli, fay):
        refused = await who.call("POST", "/activities", {"albumId": str(album_id), "type": "like"}, status=400)
        assert refused["message"] == "Not found or no activity.create access"
    assert await said(fay, album_id) == ["Before"]


async def test_who_takes_back_what(user: MakeUser) -> None:
    gus, hal, ida = await user("gus"), await user("hal"), await user("ida")
    album_id = await gus.album(editors=(hal, ida))
    mine, of_hal, of_gus = await say(hal, album_id, "1"), await say(hal, album_id, "2"), await say(gus, album_id, "3")
    for who, what in ((ida, mine), (hal, of_gus)):
        refused = await who.call("DELETE", f"/activities/{what['id']}", status=400)
        assert refused["message"] == "Not found or no activity.delete access"
    await hal.call("DELETE", f"/activities/{mine['id']}", status=204)
    await gus.call("DELETE", f"/activities/{of_hal['id']}", status=204)
    assert await said(ida, album_id) == ["3"]
    await hal.call("DELETE", f"/activities/{mine['id']}", status=400)


async def test_what_is_said_about_a_photo_goes_with_it(user: MakeUser, house: RunningHost) -> None:
    joe = await user("joe")
    asset_id, other = await joe.photo(), await joe.photo()
    album_id = await joe.album(asset_id, other)
    await say(joe, album_id, "Here", about=asset_id)
    await say(joe, album_id, "There", about=other)
    await joe.call("DELETE", "/assets", {"ids": [str(other)]}, status=204)
    assert await said(joe, album_id) == ["Here"]
    assert await counts(joe, album_id) == (1, 0)
    await joe.call("POST", "/trash/restore/assets", {"ids": [str(other)]})
    assert await said(joe, album_id) == ["Here", "There"]
    await joe.take(album_id, asset_id)
    assert await said(joe, album_id) == ["There"]
    await joe.call("DELETE", f"/albums/{album_id}", status=204)
    left = await house.kernel.db.fetchval("SELECT count(*) FROM activity WHERE album_id = $1", album_id)
    assert left == 0
