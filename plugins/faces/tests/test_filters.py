"""Timeline and search by people: conditions that the host puts into its statements."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.plugin_api import Caller
from immich_host.plugin_api.web import SharedLinkView
from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from immich_host.timeline.conditions import Conditions

type MakeUser = Callable[[str], Awaitable[Any]]

LINK = SharedLinkView(uuid4(), None, allow_upload=False, allow_download=False, show_metadata=True)


async def found(user: Any, caller: Caller | None = None, **params: Any) -> set[UUID]:
    """The assets of everybody that the conditions let through."""
    kernel = user.house.kernel
    asked = caller or Caller(user.id, "", "", is_admin=False)
    given = await kernel.hosting.gather("asset_filter", strict=True, params=params, user=asked)
    assert given.keys() == params.keys()
    conditions = Conditions()
    for sql, values in given.values():
        conditions.add(f"({sql})", *values)
    rows = await kernel.db.fetch(f"SELECT id FROM asset WHERE {conditions.where}", *conditions.args)
    return {row["id"] for row in rows}


class Album:
    """Photos of Kim, of Lee, of both and of nobody; and one in which a face was taken away."""

    def __init__(self, user: Any) -> None:
        self.user = user

    async def fill(self) -> "Album":
        user = self.user
        self.kim, self.lee = await user.person("Kim"), await user.person("Lee")
        self.only_kim, self.only_lee, self.both, self.nobody, self.gone = [await user.photo() for _ in range(5)]
        for asset_id, *people in (
            (self.only_kim, self.kim), (self.only_lee, self.lee), (self.both, self.kim, self.lee, self.lee),
            (self.nobody, None), (self.gone, self.kim),
        ):  # fmt: skip
            for person in people:
                face_id = await user.face(asset_id, person)
        sql = "UPDATE asset_face SET deleted_at = now() WHERE id = $1"
        await user.house.kernel.db.execute(sql, face_id)
        return self


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"any": ["kim"]}, {"only_kim", "both"}),
        ({"any": ["kim", "lee"]}, {"only_kim", "only_lee", "both"}),
        ({"all": ["kim", "lee"]}, {"both"}),
        ({"all": ["kim", "kim"]}, {"only_kim", "both"}),
        ({"any": ["kim"], "none": ["lee"]}, {"only_kim"}),
        ({"all": ["kim"], "none": ["lee"]}, {"only_kim"}),
        ({"any": ["unknown"]}, set()),
        ({"all": ["kim", "unknown"]}, set()),
    ],
)
async def test_by_people(user: MakeUser, wanted: Mapping[str, list[str]], expected: set[str]) -> None:
    album = await Album(await user(f"u{uuid4().hex[:8]}")).fill()
    ids = {"kim": album.kim, "lee": album.lee, "unknown": uuid4()}
    params = {key: [ids[name] for name in names] for key, names in wanted.items()}
    assert await found(album.user, personIds=params) == {getattr(album, name) for name in expected}


async def test_by_having_people_and_by_none(user: MakeUser, house: RunningHost) -> None:
    album = await Album(await user("ann")).fill()
    assert await found(album.user, hasPeople=True) == {album.only_kim, album.only_lee, album.both}
    without = await found(album.user, hasPeople=False)
    assert {album.nobody, album.gone} <= without
    assert album.both not in without
    assert await found(album.user, personIds={"all": [album.kim]}, hasPeople=True) == {album.only_kim, album.both}
    own = await house.kernel.db.fetch("SELECT id FROM asset WHERE owner_id = $1", album.user.id)
    none_of_kim = await found(album.user, personIds={"none": [album.kim]})
    assert none_of_kim & {row["id"] for row in own} == {album.only_lee, album.nobody, album.gone}


async def test_by_people_who_are_hidden(user: MakeUser) -> None:
    album, eve = await Album(await user("gus")).fill(), await user("eve")
    assert await found(album.user, hasHiddenPeople=True) == set()
    expect(await album.user.client.put(f"/api/people/{album.kim}", json={"isHidden": True}), 200)
    assert await found(album.user, hasHiddenPeople=True) == {album.only_kim, album.both}
    assert await found(eve, hasHiddenPeople=True) == set(), "they are hidden from their owner only"
    shown = await found(album.user, hasHiddenPeople=False)
    assert {album.only_lee, album.nobody, album.gone} <= shown
    assert shown.isdisjoint({album.only_kim, album.both})


async def test_others_people_are_nobody(user: MakeUser) -> None:
    album, eve = await Album(await user("ben")).fill(), await user("eve")
    assert await found(eve, personIds={"any": [album.kim]}) == set()
    assert await found(eve, hasPeople=True) == set()


async def test_the_timeline_of_a_person(user: MakeUser) -> None:
    album, eve = await Album(await user("cat")).fill(), await user("eve")
    params = {"personId": str(album.kim), "visibility": "timeline"}
    buckets = expect(await album.user.client.get("/api/timeline/buckets", params=params), 200)
    assert sum(bucket["count"] for bucket in buckets) == 2
    refused = expect(await eve.client.get("/api/timeline/buckets", params=params), 400)
    assert refused["message"] == "Not found or no person.read access"


async def test_a_shared_link_has_no_people(user: MakeUser, house: RunningHost) -> None:
    album = await Album(await user("dan")).fill()
    caller = Caller(album.user.id, "", "", is_admin=False, shared_link=LINK)
    hosting = house.kernel.hosting
    params = {"personId": album.kim, "hasPeople": True}
    assert await hosting.gather("asset_filter", strict=True, params=params, user=caller) == {}
    assert await hosting.gather("asset_extras", strict=True, asset_ids=[album.both], user=caller) == {}


async def test_an_asset_shows_its_people_to_its_owner_alone(user: MakeUser, house: RunningHost) -> None:
    album, eve = await Album(await user("fay")).fill(), await user("eve")
    own, strange = [Caller(one.id, "", "", is_admin=False) for one in (album.user, eve)]
    (seen,) = await house.kernel.assets.answers(own, [album.both])
    assert sorted(person.name for person in seen.people) == ["Kim", "Lee"]
    (seen,) = await house.kernel.assets.answers(strange, [album.both])
    assert seen.people == []
