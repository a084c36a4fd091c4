"""Finding photos by their tags, in timeline and search."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect


@pytest.fixture
async def library(someone: Any, house: RunningHost) -> dict[str, UUID]:
    """Photos by what they have."""
    found = {
        "none": await someone.photo(),
        "top": await someone.photo("a"),
        "below": await someone.photo("a/b"),
        "other": await someone.photo("c"),
        "both": await someone.photo("a/b", "c"),
    }
    await house.drain()
    return found


async def searched(someone: Any, library: dict[str, UUID], **body: Any) -> set[str]:
    answer = expect(await someone.client.post("/api/search/metadata", json=body), 200)
    names = {str(asset_id): name for name, asset_id in library.items()}
    return {names[one["id"]] for one in answer["assets"]["items"]}


async def test_the_search_knows_tags(someone: Any, library: dict[str, UUID]) -> None:
    a, ab, c = [await someone.tag(path) for path in ("a", "a/b", "c")]
    for body, names in (
        ({"tagIds": [a]}, {"top", "below", "both"}),
        ({"tagIds": [ab]}, {"below", "both"}),
        ({"tagIds": [a, c]}, {"both"}),
        ({"tagIds": [a, ab]}, {"below", "both"}),
        ({"tagIds": None}, {"none"}),
        ({"filter": {"tagIds": {"any": [ab, c]}}}, {"below", "other", "both"}),
        ({"filter": {"tagIds": {"none": [c]}}}, {"none", "top", "below"}),
        ({"filter": {"tagIds": {"all": [a], "none": [c]}}}, {"top", "below"}),
        ({"filter": {"hasTags": {"eq": True}}}, {"top", "below", "other", "both"}),
        ({"tagIds": [str(uuid4())]}, set()),
    ):
        assert await searched(someone, library, **body) == names, body


async def test_the_timeline_knows_tags(someone: Any, library: dict[str, UUID]) -> None:
    for path, count in (("a", 3), ("a/b", 2), ("c", 2)):
        query = {"tagId": await someone.tag(path)}
        (bucket,) = expect(await someone.client.get("/api/timeline/buckets", params=query), 200)
        assert bucket["count"] == count
        query["timeBucket"] = bucket["timeBucket"]
        assert len(expect(await someone.client.get("/api/timeline/bucket", params=query), 200)["id"]) == count
    assert (
        expect(await someone.client.get("/api/timeline/buckets", params={"tagId": await someone.tag("empty")}), 200)
        == []
    )


async def test_tags_of_others_find_nothing(someone: Any, user: Any, library: dict[str, UUID]) -> None:
    eve = await user("eve")
    strange = await someone.tag("a")
    await eve.photo()
    for tag_id in (strange, str(uuid4())):
        refused = await eve.client.get("/api/timeline/buckets", params={"tagId": tag_id})
        assert expect(refused, 400)["message"] == "Not found or no tag.read access"
    answer = await eve.client.post("/api/search/metadata", json={"tagIds": [strange]})
    assert expect(answer, 200)["assets"]["items"] == []
