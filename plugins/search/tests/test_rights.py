"""Who finds what: strangers, keys, partners, albums, shared links."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.plugin_api import Caller, Refused
from immich_host.plugin_api.web import SharedLinkView
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect
from plugins.search.tests.library import fill, names, number_of
from plugins.search.tests.neighbour import Neighbour

ROUTES = [
    ("POST", "metadata", "asset.read"),
    ("POST", "random", "asset.read"),
    ("POST", "statistics", "asset.statistics"),
    ("POST", "large-assets", "asset.read"),
    ("GET", "explore", "asset.read"),
    ("GET", "cities", "asset.read"),
    ("GET", "suggestions?type=city", "asset.read"),
]
ID = "5d8fa3a4-1c0f-4d7e-9f49-6f2d3f1f0a11"


class Neighbourhood:
    """Ann has four photos, Ben one; and what the neighbour says."""

    def __init__(self, host: RunningHost, neighbour: Neighbour, anns: list[UUID]) -> None:
        self.host, self.neighbour, self.anns = host, neighbour, anns

    def link(self, owner: UUID, *, show_metadata: bool) -> None:
        """A shared link `photos` with Ann's first two photos."""
        view = SharedLinkView(uuid4(), None, allow_upload=False, allow_download=False, show_metadata=show_metadata)
        self.neighbour.links["photos"] = Caller(owner, "", "", is_admin=False, shared_link=view)
        self.neighbour.conditions["sharedLink"] = ("asset.id = ANY(?::uuid[])", (self.anns[:2],))

    async def by_link(self, body: dict[str, Any], status: int = 200) -> Any:
        answer = await self.host.anonymous().post("/api/search/metadata", params={"key": "photos"}, json=body)
        return expect(answer, status)


@pytest.fixture
async def around(host: MakeHost) -> Neighbourhood:
    neighbour = Neighbour()
    server = await host(plugins=["search"], records=[neighbour.record()])
    anns = await fill(server, "ann", 4)
    await server.upload(b"bens", name="77.jpg", user="ben")
    return Neighbourhood(server, neighbour, anns)


async def test_every_route_needs_someone_and_a_key_its_permission(host: MakeHost) -> None:
    server = await host(plugins=["search"])
    poor = await server.key_client("tag.read")
    for method, path, permission in ROUTES:
        json = {} if method == "POST" else None
        assert (await server.anonymous().request(method, f"/api/search/{path}", json=json)).status_code == 401, path
        assert (await poor.request(method, f"/api/search/{path}", json=json)).status_code == 403, path
        rich = await server.key_client(permission)
        assert (await rich.request(method, f"/api/search/{path}", json=json)).status_code == 200, path


async def test_strangers_find_nothing_whatever_they_ask(around: Neighbourhood) -> None:
    ben = await around.host.client("ben")
    ann = str(around.anns[0])
    for body in ({}, {"id": ann}, {"originalFileName": "0.jpg"}, {"filter": {"or": [{}, {"id": {"eq": ann}}]}}):
        assert set(await names(ben, **body)) <= {77}, body
    assert expect(await ben.post("/api/search/statistics", json={}), 200) == {"total": 1}
    assert [number_of(one) for one in expect(await ben.post("/api/search/random", json={}), 200)] == [77]
    assert [number_of(one) for one in expect(await ben.post("/api/search/large-assets"), 200)] == [77]
    assert expect(await ben.get("/api/search/cities"), 200) == []
    assert expect(await ben.get("/api/search/suggestions?type=city"), 200) == []
    for group in expect(await ben.get("/api/search/explore"), 200):
        assert {number_of(item["data"]) for item in group["items"]} <= {77}


async def test_partners_photos_are_found_but_what_is_theirs_alone(around: Neighbourhood) -> None:
    ann, ben = await around.host.client("ann"), await around.host.client("ben")
    for asset_id, change in zip(
        around.anns, ({"isFavorite": True}, {"visibility": "archive"}, {"visibility": "hidden"}), strict=False
    ):
        expect(await ann.put(f"/api/assets/{asset_id}", json=change), 200)
    expect(await ann.request("DELETE", "/api/assets", json={"ids": [str(around.anns[3])]}), 204)
    around.neighbour.owners = {await around.host.user_id("ann")}
    assert set(await names(ben)) == {77, 0}
    assert await names(ben, isFavorite=True) == []
    assert set(await names(ben, isFavorite=False)) == {77, 0}
    assert await names(ben, visibility="archive") == []
    assert set(await names(ben, withDeleted=True)) == {77, 0}
    assert await names(ben, filter={"trashedAt": {"ne": None}}) == []
    assert set(await names(ann)) == {0, 1}  # partnership goes one way: the neighbour says the same for both
    assert expect(await ben.get("/api/search/suggestions?type=city"), 200) == ["Rome"]


async def test_fields_that_others_know_about(around: Neighbourhood) -> None:
    ann, neighbour = await around.host.client("ann"), around.neighbour
    neighbour.conditions["personIds"] = ("asset.id = ANY(?::uuid[])", (around.anns[:3],))
    neighbour.conditions["hasTags"] = ("asset.id = ?", (around.anns[1],))
    neighbour.conditions["ocr"] = ("asset.id <> ?", (around.anns[2],))
    assert await names(ann, personIds=[ID], ocr="exit", city="Rome") == [0]
    assert neighbour.asked == [{"personIds": {"all": [UUID(ID)]}, "ocr": "exit"}]
    neighbour.asked.clear()
    body = {"personIds": {"any": [ID], "none": [ID]}, "or": [{"hasTags": {"eq": True}}, {"ocr": {"matches": "x"}}]}
    assert await names(ann, filter=body) == [1, 0]
    people = {"personIds": {"any": [UUID(ID)], "none": [UUID(ID)]}}
    assert neighbour.asked == [people, {"hasTags": True}, {"ocr": "x"}]
    refused = expect(await ann.post("/api/search/metadata", json={"tagIds": [ID]}), 400)
    assert refused["message"].startswith("Nothing here knows about tagIds")


async def test_what_is_in_an_album_is_found_whoever_owns_it(around: Neighbourhood) -> None:
    ann, ben = await around.host.client("ann"), await around.host.client("ben")
    expect(await ann.put(f"/api/assets/{around.anns[1]}", json={"visibility": "archive"}), 200)
    expect(await ann.put(f"/api/assets/{around.anns[2]}", json={"visibility": "hidden"}), 200)
    expect(await ann.request("DELETE", "/api/assets", json={"ids": [str(around.anns[3])]}), 204)
    around.neighbour.conditions["albumIds"] = ("asset.id = ANY(?::uuid[])", (around.anns,))
    assert await names(ben, albumIds=[ID]) == await names(ben, filter={"albumIds": {"any": [ID]}}) == [1, 0]
    assert await names(ben, albumIds=[ID], withDeleted=True) == [1, 0]
    assert await names(ben, albumIds=[ID], visibility="hidden") == []
    around.neighbour.conditions["albumIds"] = ("true", ())
    assert await names(ben, filter={"albumIds": {"none": [ID]}}) == [77]
    both = {"or": [{"albumIds": {"all": [ID]}, "city": {"eq": "Rome"}}, {"city": {"eq": None}}]}
    assert set(await names(ben, filter=both)) == {0, 77}
    around.neighbour.refusal = Refused(400, "Not found or no album.read access")
    expect(await ben.post("/api/search/metadata", json={"albumIds": [ID]}), 400)


async def test_a_shared_link_finds_what_it_shows(around: Neighbourhood) -> None:
    ann = await around.host.user_id("ann")
    around.link(ann, show_metadata=True)
    page = (await around.by_link({"withExif": True}))["assets"]
    assert [number_of(item) for item in page["items"]] == [1, 0]
    assert page["items"][0]["exifInfo"]["city"] == "Paris"
    around.neighbour.conditions["albumIds"] = ("true", ())
    assert (await around.by_link({"albumIds": [ID]}))["assets"]["count"] == 2
    assert (await around.by_link({"withDeleted": True, "city": "Rome"}))["assets"]["count"] == 1
    await around.by_link({"visibility": "locked"}, 401)
    for body in ({"personIds": [ID]}, {"isFavorite": True}, {"filter": {"or": [{"hasTags": {"eq": True}}]}}):
        assert "cannot be asked about by a shared link" in (await around.by_link(body, 400))["message"]
    for body in ({"previewPath": "/x.jpg"}, {"thumbnailPath": "/x.jpg"}):
        assert "cannot be asked about by a shared link" in (await around.by_link(body, 400))["message"]
    for path in ("random", "statistics", "large-assets"):
        answer = await around.host.anonymous().post(f"/api/search/{path}", params={"key": "photos"}, json={})
        assert answer.status_code in (401, 403), path


async def test_a_shared_link_that_hides_metadata_is_not_searched_by_it(around: Neighbourhood) -> None:
    around.link(await around.host.user_id("ann"), show_metadata=False)
    (item, _) = (await around.by_link({"type": "IMAGE", "withExif": True}))["assets"]["items"]
    assert not {"exifInfo", "originalFileName", "ownerId", "people"} & set(item)
    for body in ({"city": "Rome"}, {"previewPath": "/x.jpg"}, {"takenAfter": "2024-01-01T00:00:00Z"}):
        assert "cannot be asked about by a shared link" in (await around.by_link(body, 400))["message"]
    assert "cannot sort by" in (await around.by_link({"orderBy": {"field": "rating"}}, 400))["message"]
    around.neighbour.conditions.clear()
    await around.by_link({}, 400)


async def test_people_are_shown_where_they_are_wanted(around: Neighbourhood) -> None:
    person = {"id": ID, "name": "Zoë", "birthDate": None, "isHidden": False, "thumbnailPath": ""}
    around.neighbour.people = {around.anns[3]: [person]}
    ann = await around.host.client("ann")
    page = expect(await ann.post("/api/search/metadata", json={"withPeople": True, "size": 2}), 200)["assets"]
    assert [item["people"] for item in page["items"]] == [[person], []]
