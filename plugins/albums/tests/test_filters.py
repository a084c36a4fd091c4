"""Timeline, search and downloads by albums."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]


async def found(user: Any, **body: Any) -> set[str]:
    """What a search finds."""
    answer = expect(await user.client.post("/api/search/metadata", json=body), 200)
    return {item["id"] for item in answer["assets"]["items"]}


async def bucket(user: Any, album_id: UUID, **query: Any) -> set[str]:
    """What the album's timeline shows."""
    query |= {"albumId": str(album_id)}
    buckets = await user.call("GET", "/timeline/buckets", **query)
    ids: set[str] = set()
    for one in buckets:
        part = await user.call("GET", "/timeline/bucket", timeBucket=one["timeBucket"], **query)
        assert len(part["id"]) == one["count"]
        ids |= set(part["id"])
    return ids


async def test_the_timeline_of_an_album_has_what_all_have_put_in(user: MakeUser) -> None:
    ann, bob, eve = await user("ann"), await user("bob"), await user("eve")
    mine, theirs = await ann.photo(), await bob.photo()
    await ann.photo()
    album_id = await ann.album(mine, editors=(bob,))
    await bob.add(album_id, theirs)
    assert await bucket(ann, album_id) == await bucket(bob, album_id) == {str(mine), str(theirs)}
    refused = expect(await eve.client.get("/api/timeline/buckets", params={"albumId": str(album_id)}), 400)
    assert refused["message"] == "Not found or no album.read access"
    expect(await eve.client.get("/api/timeline/buckets", params={"albumId": str(uuid4())}), 400)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"any": ["one"]}, {"first", "both", "theirs"}),
        ({"any": ["one", "two"]}, {"first", "both", "theirs", "second"}),
        ({"all": ["one", "two"]}, {"both"}),
        ({"all": ["one", "one"]}, {"first", "both", "theirs"}),
        ({"any": ["one"], "none": ["two"]}, {"first", "theirs"}),
        ({"none": ["one"]}, {"second", "alone"}),
    ],
)
async def test_searches_by_albums(user: MakeUser, wanted: dict[str, list[str]], expected: set[str]) -> None:
    cat, dan = await user(f"cat{uuid4().hex[:8]}"), await user("dan")
    ids = {name: await cat.photo() for name in ("first", "both", "second", "alone")}
    one, two = await cat.album(ids["first"], ids["both"], editors=(dan,)), await cat.album(ids["both"], ids["second"])
    ids["theirs"] = await dan.photo()
    await dan.add(one, ids["theirs"])
    albums = {"one": str(one), "two": str(two)}
    given = {key: [albums[name] for name in names] for key, names in wanted.items()}
    assert await found(cat, filter={"albumIds": given}) == {str(ids[name]) for name in expected}


async def test_searches_by_being_in_an_album(user: MakeUser) -> None:
    eli, fay = await user("eli"), await user("fay")
    inside, outside = await eli.photo(), await eli.photo()
    album_id = await eli.album(inside, viewers=(fay,))
    assert await found(eli, isNotInAlbum=True) == {str(outside)}
    assert await found(eli, filter={"hasAlbums": {"eq": True}}) == {str(inside)}
    assert await found(fay, albumIds=[str(album_id)]) == {str(inside)}
    assert await found(fay) == set()


@pytest.mark.parametrize("operator", ["any", "all", "none"])
async def test_albums_that_one_may_not_see_are_refused(user: MakeUser, operator: str) -> None:
    gus, eve = await user("gus"), await user("eve")
    album_id, own = await gus.album(await gus.photo()), await eve.album()
    for ids in ([album_id], [own, album_id], [uuid4()]):
        body = {"filter": {"albumIds": {operator: [str(each) for each in ids]}}}
        refused = expect(await eve.client.post("/api/search/metadata", json=body), 400)
        assert refused["message"] == "Not found or no album.read access"


async def test_an_album_is_downloaded(user: MakeUser, house: RunningHost) -> None:
    hal, ida, eve = await user("hal"), await user("ida"), await user("eve")
    asset_id, trashed = await hal.photo(), await hal.photo()
    album_id = await hal.album(asset_id, trashed, viewers=(ida,))
    await hal.call("DELETE", "/assets", {"ids": [str(trashed)]}, status=204)
    info = await ida.call("POST", "/download/info", {"albumId": str(album_id)}, status=201)
    assert [archive["assetIds"] for archive in info["archives"]] == [[str(asset_id)]]
    await eve.call("POST", "/download/info", {"albumId": str(album_id)}, status=400)
