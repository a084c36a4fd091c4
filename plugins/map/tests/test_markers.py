"""Whose photos are on which map: one's own, partners', those of albums; and who may look at an album's."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from immich_host.testing import RunningHost, photo
from immich_host.testing.fixtures import running_host
from immich_host.testing.host import expect
from immich_host.testing.statements import statements

if TYPE_CHECKING:
    from immich_host.testing.servers import Servers

type MakeUser = Callable[[str], Awaitable["User"]]

_number = itertools.count()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(servers: "Servers", tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHost]:
    """One host for all tests of the file: each takes users of its own."""
    folder = tmp_path_factory.mktemp("house") / "data"
    async with running_host(servers, folder, ("map", "albums", "sharing")) as running:
        yield running


@dataclass
class User:
    """Somebody with photos of places."""

    house: RunningHost
    name: str
    client: httpx.AsyncClient
    id: UUID

    async def photo(self, *, visibility: str = "timeline", favorite: bool = False) -> str:
        """A photo with a position."""
        content = photo.JPEG + str(next(_number)).encode()
        asset_id = await self.house.upload(content, user=self.name, isFavorite=str(favorite).lower())
        place = {"latitude": 48.1, "longitude": 11.5}
        expect(await self.client.put(f"/api/assets/{asset_id}", json=place | {"visibility": visibility}), 200)
        return str(asset_id)

    async def album(self, *assets: str, members: tuple["User", ...] = ()) -> str:
        """An album that others look at."""
        users = [{"userId": str(user.id), "role": "viewer"} for user in members]
        body = {"albumName": "Alps", "assetIds": assets, "albumUsers": users}
        return expect(await self.client.post("/api/albums", json=body), 201)["id"]

    async def share_with(self, other: "User", *, in_timeline: bool = True) -> None:
        """Become the partner of somebody, who has these photos in the own timeline or not."""
        expect(await self.client.post("/api/partners", json={"sharedWithId": str(other.id)}), 201)
        expect(await other.client.put(f"/api/partners/{self.id}", json={"inTimeline": in_timeline}), 200)

    async def map(self, **query: str) -> set[str]:
        """What is on the map."""
        return ids(expect(await self.client.get("/api/map/markers", params=query), 200))


def ids(markers: list[dict[str, Any]]) -> set[str]:
    found = [marker["id"] for marker in markers]
    assert len(set(found)) == len(found), "nothing is there twice"
    assert all((marker["lat"], marker["lon"]) == (48.1, 11.5) for marker in markers)
    return set(found)


@pytest.fixture
def user(house: RunningHost) -> MakeUser:
    async def make(name: str) -> User:
        return User(house, name, await house.client(name), await house.user_id(name))

    return make


async def test_partners_show_what_is_in_their_timelines(user: MakeUser) -> None:
    ann, ben, cat = await user("ann"), await user("ben"), await user("cat")
    mine, archived = await ann.photo(), await ann.photo(visibility="archive")
    theirs, liked = await ben.photo(), await ben.photo(favorite=True)
    for place in ("archive", "hidden", "locked"):
        await ben.photo(visibility=place)
    trashed = await ben.photo()
    expect(await ben.client.request("DELETE", "/api/assets", json={"ids": [trashed]}), 204)
    await cat.photo()
    assert await ann.map(withPartners="true") == {mine}
    await ben.share_with(ann)
    await cat.share_with(ann, in_timeline=False)
    assert await ann.map() == await ann.map(withPartners="false") == {mine}
    assert await ann.map(withPartners="true") == {mine, theirs, liked}
    assert await ann.map(withPartners="true", isArchived="true") == {mine, archived, theirs, liked}
    assert await ann.map(withPartners="true", isFavorite="true") == set()
    assert await ann.map(withPartners="true", isFavorite="false") == {mine, theirs, liked}
    assert ann.id != ben.id
    assert await ben.map(withPartners="true") == {theirs, liked}, "they have not been shared with"


async def test_albums_show_what_is_in_them_once(user: MakeUser) -> None:
    dan, eve, fay = await user("dan"), await user("eve"), await user("fay")
    inside, outside, hers = await dan.photo(), await dan.photo(), await eve.photo()
    archived = await dan.photo(visibility="archive")
    await dan.album(inside, archived, members=(eve,))
    await dan.album(inside, members=(eve,))
    assert await eve.map() == {hers}
    assert await eve.map(withSharedAlbums="true") == {hers, inside}
    assert await eve.map(withSharedAlbums="true", isArchived="true") == {hers, inside, archived}
    assert await dan.map(withSharedAlbums="true") == {inside, outside}
    assert await fay.map(withSharedAlbums="true") == set()
    await dan.share_with(eve)
    assert await eve.map(withSharedAlbums="true", withPartners="true") == {hers, inside, outside}
    expect(await dan.client.put(f"/api/assets/{inside}", json={"visibility": "locked"}), 200)
    assert await eve.map(withSharedAlbums="true", withPartners="true", isArchived="true") == {hers, outside, archived}


async def test_what_is_asked_for_holds_for_what_albums_show_as_well(user: MakeUser) -> None:
    lea, max_, noa = await user("lea"), await user("max"), await user("noa")
    mine, liked = await lea.photo(), await lea.photo(favorite=True)
    theirs, theirs_liked = await max_.photo(), await max_.photo(favorite=True)
    shown, shown_archived = await noa.photo(favorite=True), await noa.photo(visibility="archive")
    lost, gone = await noa.photo(), await noa.photo()
    for owner, inside in ((lea, (mine, liked)), (max_, (theirs,)), (noa, (shown, shown_archived, lost, gone))):
        for _ in range(2):
            await owner.album(*inside, members=(lea,) if owner is not lea else (max_,))
    await max_.share_with(lea)
    await lea.house.kernel.db.execute("UPDATE asset_exif SET latitude = NULL WHERE asset_id = $1", UUID(lost))
    expect(await noa.client.request("DELETE", "/api/assets", json={"ids": [gone]}), 204)
    both = {"withPartners": "true", "withSharedAlbums": "true"}
    everything = {mine, liked, theirs, theirs_liked, shown}
    assert await lea.map(**both) == everything
    assert await lea.map(**both, isArchived="true") == everything | {shown_archived}
    assert await lea.map(withSharedAlbums="true") == everything - {theirs_liked}
    assert await lea.map(**both, isFavorite="true") == {liked}
    assert await lea.map(**both, isFavorite="false") == everything - {liked}
    assert await lea.map(**both, fileCreatedAfter="2200-01-01T00:00:00.000Z") == set()
    assert await lea.map(**both, fileCreatedBefore="1800-01-01T00:00:00.000Z") == set()
    limits = {"fileCreatedAfter": "1800-01-01T00:00:00.000Z", "fileCreatedBefore": "2200-01-01T00:00:00.000Z"}
    assert await lea.map(**both, **limits) == everything


async def test_a_map_is_read_at_once_and_planned_for_its_owners(user: MakeUser) -> None:
    ora = await user("ora")
    await ora.album(await ora.photo())
    with statements() as ran:
        await ora.map(withSharedAlbums="true")
    read = [each for each in ran if "json_agg" in each.sql]
    assert len(read) == 1
    before = ran[ran.index(read[0]) - 1].sql
    assert before == "SET LOCAL plan_cache_mode = force_custom_plan", "a plan for any owner takes many times as long"


async def album_map(client: httpx.AsyncClient, album: str, status: int = 200, **query: str) -> Any:
    return expect(await client.get(f"/api/albums/{album}/map-markers", params=query), status)


async def test_an_album_has_a_map_for_its_members(user: MakeUser, house: RunningHost) -> None:
    gil, hal, ida = await user("gil"), await user("hal"), await user("ida")
    inside, archived = await gil.photo(), await gil.photo(visibility="archive")
    await gil.photo()
    gone = await gil.photo()
    album = await gil.album(inside, archived, gone, members=(hal,))
    expect(await gil.client.request("DELETE", "/api/assets", json={"ids": [gone]}), 204)
    for member in (gil, hal):
        assert ids(await album_map(member.client, album)) == {inside, archived}
    refused = await album_map(ida.client, album, 400)
    assert refused == await album_map(ida.client, str(uuid4()), 400)
    assert refused == {"message": "Not found or no album.read access"}
    await album_map(house.anonymous(), album, 401)
    await album_map(await house.key_client("map.read", user="gil"), album, 403)
    assert await album_map(await house.key_client("album.read", user="gil"), album)
    assert ids(await album_map(gil.client, await gil.album())) == set()


async def test_a_link_has_the_map_of_its_album_unless_it_tells_nothing_about_photos(
    user: MakeUser, house: RunningHost
) -> None:
    kim = await user("kim")
    inside = await kim.photo()
    album, other = await kim.album(inside), await kim.album(inside)
    keys = {}
    for shows in (True, False):
        body = {"type": "ALBUM", "albumId": album, "showMetadata": shows}
        keys[shows] = expect(await kim.client.post("/api/shared-links", json=body), 201)["key"]
    visitor = house.anonymous()
    assert ids(await album_map(visitor, album, key=keys[True])) == {inside}
    assert await album_map(visitor, album, key=keys[False]) == []
    for key in keys.values():
        await album_map(visitor, other, 400, key=key)
        expect(await visitor.get("/api/map/markers", params={"key": key}), 403)


async def test_without_albums_and_partners_there_is_ones_own_map(user: MakeUser, house: RunningHost) -> None:
    leo, mia = await user("leo"), await user("mia")
    mine, theirs = await leo.photo(), await mia.photo()
    album = await mia.album(theirs, members=(leo,))
    await mia.share_with(leo)
    for plugin in ("albums", "sharing"):
        await house.turn_off(plugin)
    try:
        assert await leo.map(withSharedAlbums="true", withPartners="true") == {mine}
        await album_map(mia.client, album, 400)
    finally:
        for plugin in ("albums", "sharing"):
            await house.turn_on(plugin)
    assert await leo.map(withSharedAlbums="true", withPartners="true") == {mine, theirs}
    assert ids(await album_map(leo.client, album)) == {theirs}


async def test_all_kinds_of_maps_cost_one_statement_for_the_markers(
    user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from immich_host.db.database import Database

    nat, oli = await user("nat"), await user("oli")
    photos = [await oli.photo() for _ in range(4)]
    album = await oli.album(*photos, members=(nat,))
    await oli.share_with(nat)
    ran: list[str] = []
    real = Database.fetchval

    async def fetchval(self: Database, sql: str, *args: Any) -> Any:
        ran.append(sql)
        return await real(self, sql, *args)

    monkeypatch.setattr(Database, "fetchval", fetchval)
    assert await nat.map(withSharedAlbums="true", withPartners="true") == set(photos)
    assert ids(await album_map(nat.client, album)) == set(photos)
    assert len([sql for sql in ran if "json_agg" in sql]) == 2
