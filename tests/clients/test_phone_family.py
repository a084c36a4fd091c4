"""Phones of three people who share: partners, albums, memories, stacks and faces reach each as they should."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from immich_host.testing.host import expect
from tests.clients.people import PASSWORD, Person
from tests.clients.phone import Line, Phone
from tests.clients.pictures import picture
from tests.clients.served import ServedHost

type Quiet = Callable[[], Awaitable[None]]

BOX = {"imageWidth": 320, "imageHeight": 240, "x": 10, "y": 10, "width": 60, "height": 60}


class Family:
    """Anna's library, Ben as her partner, Cleo in an album; each with a phone and its socket."""

    def __init__(self, quiet: Quiet, anna: Phone, ben: Phone, cleo: Phone) -> None:
        self.quiet, self.anna, self.ben, self.cleo = quiet, anna, ben, cleo
        self.ids: dict[Phone, str] = {}

    async def photos(self, amount: int) -> list[str]:
        """Photos of Anna's, with everything done."""
        made = [expect(await self.anna.upload(f"{number}.jpg", picture()), 201)["id"] for number in range(amount)]
        await self.quiet()
        return made

    async def all_up_to_date(self) -> None:
        """Nothing has happened since: a second sync brings nothing."""
        for phone in (self.anna, self.ben, self.cleo):
            await phone.sync()
            assert await phone.sync() == []

    def shown(self, phone: Phone) -> set[str]:
        """Photos of which the phone has a copy, all with what their files say."""
        ids = {row["id"] for row in phone.copy.rows("asset")}
        assert {row["assetId"] for row in phone.copy.rows("exif")} == ids
        return ids


def types(lines: Sequence[Line]) -> set[str]:
    return {line.type for line in lines}


@pytest.fixture
async def family(
    served: ServedHost, admin: Person, quiet: Quiet, request: pytest.FixtureRequest
) -> AsyncIterator[Family]:
    phones, ids = [Phone(served.url) for _ in range(3)], []
    test = request.node.name.replace("_", "-")
    for phone, name in zip(phones, ("anna", "ben", "cleo"), strict=True):
        account = {"email": f"{name}-{test}@host.test", "password": PASSWORD, "name": name.capitalize()}
        expect(await admin.http.post("/api/admin/users", json=account), 201)
        ids.append((await phone.start(account["email"]))["id"])
    made = Family(quiet, *phones)
    made.ids = dict(zip(phones, ids, strict=True))
    await made.all_up_to_date()
    yield made
    for phone in phones:
        await phone.close()


async def test_a_partner_has_the_whole_library_until_it_is_over(family: Family) -> None:
    anna, ben = family.anna, family.ben
    first, second = await family.photos(2)
    expect(await anna.http.put(f"assets/{first}", json={"isFavorite": True}), 200)
    await family.quiet()
    await family.all_up_to_date()

    expect(await anna.http.post("partners", json={"sharedWithId": family.ids[ben]}), 201)
    assert "PartnerV1" in types(await ben.sync())
    assert family.shown(ben) == {first, second}
    assert [row["isFavorite"] for row in ben.copy.rows("asset")] == [False, False]
    await family.all_up_to_date()

    expect(await anna.http.put(f"assets/{first}", json={"description": "at the lake"}), 200)
    await family.quiet()
    assert {line.data["assetId"] for line in await ben.sync() if line.type == "PartnerAssetExifV1"} == {first}
    exif = ben.copy.find("exif", first)
    assert exif is not None
    assert exif["description"] == "at the lake"

    (third,) = await family.photos(1)
    stack = expect(await anna.http.post("stacks", json={"assetIds": [second, third]}), 201)["id"]
    await ben.sync()
    assert family.shown(ben) == {first, second, third}
    assert [row["id"] for row in ben.copy.rows("stack")] == [stack]
    assert {row["id"] for row in ben.copy.rows("asset") if row["stackId"] == stack} == {second, third}

    expect(await anna.http.put(f"assets/{first}", json={"visibility": "locked"}), 200)
    await ben.sync()
    locked = ben.copy.find("asset", first)
    assert locked is not None
    assert locked["visibility"] == "locked", "the partner's phone has to hide it"
    expect(await ben.http.get(f"assets/{first}/thumbnail"), 400)
    assert (await ben.http.get(f"assets/{second}/thumbnail")).status_code == 200

    expect(await anna.http.request("DELETE", f"partners/{family.ids[ben]}"), 204)
    assert types(await ben.sync()) == {"PartnerDeleteV1"}
    assert family.shown(ben) == set()
    await family.all_up_to_date()


async def test_an_album_reaches_its_members_and_leaves_them(family: Family) -> None:
    anna, cleo = family.anna, family.cleo
    one, two, three = await family.photos(3)
    await family.all_up_to_date()
    album = expect(await anna.http.post("albums", json={"albumName": "Lake", "assetIds": [one, two]}), 201)["id"]
    assert {"AlbumV2", "AlbumUserV1", "AlbumToAssetV1"} <= types(await anna.sync())
    await family.all_up_to_date()

    socket = await cleo.listen()
    members = {"albumUsers": [{"userId": family.ids[cleo], "role": "viewer"}]}
    expect(await anna.http.put(f"albums/{album}/users", json=members), 200)
    assert album in await socket.wait("on_album_update")
    await cleo.sync()
    assert family.shown(cleo) == {one, two}
    assert {row["userId"]: row["role"] for row in cleo.copy.rows("album_user")} == {
        family.ids[anna]: "owner",
        family.ids[cleo]: "viewer",
    }
    (kept,) = cleo.copy.rows("album")
    assert (kept["name"], kept["thumbnailAssetId"] in {one, two}) == ("Lake", True)
    await family.all_up_to_date()

    expect(await anna.http.put(f"albums/{album}/assets", json={"ids": [three]}), 200)
    lines = await cleo.sync()
    assert {line.data["assetId"] for line in lines if line.type == "AlbumToAssetV1"} == {three}
    assert {line.data["id"] for line in lines if line.type == "AlbumAssetCreateV2"} == {three}
    assert family.shown(cleo) == {one, two, three}

    expect(await anna.http.put(f"assets/{one}", json={"isFavorite": True, "description": "blue"}), 200)
    await family.quiet()
    lines = await cleo.sync()
    assert {line.data["id"] for line in lines if line.type == "AlbumAssetUpdateV2"} == {one}
    changed, exif = cleo.copy.find("asset", one), cleo.copy.find("exif", one)
    assert changed is not None
    assert exif is not None
    assert (changed["isFavorite"], exif["description"]) == (False, "blue")

    expect(await anna.http.request("DELETE", f"albums/{album}/assets", json={"ids": [one]}), 200)
    expect(await anna.http.put(f"assets/{two}", json={"visibility": "locked"}), 200)
    assert "AlbumToAssetDeleteV1" in types(await cleo.sync())
    assert family.shown(cleo) == {three}
    await family.all_up_to_date()

    expect(await anna.http.request("DELETE", f"albums/{album}/user/{family.ids[cleo]}"), 204)
    assert types(await cleo.sync()) == {"AlbumDeleteV1"}
    assert cleo.copy.count().keys() == {"auth_user", "user"}
    assert "AlbumUserDeleteV1" in types(await anna.sync())

    expect(await anna.http.put(f"albums/{album}/users", json=members), 200)
    await cleo.sync()
    assert family.shown(cleo) == {three}
    expect(await anna.http.request("DELETE", f"albums/{album}"), 204)
    for phone in (anna, cleo):
        assert "AlbumDeleteV1" in types(await phone.sync())
        assert phone.copy.rows("album") == []
    assert family.shown(cleo) == set()
    await family.all_up_to_date()


async def test_memories_and_people_come_whole_and_go(family: Family) -> None:
    anna = family.anna
    one, two = await family.photos(2)
    await family.all_up_to_date()
    memory = {"type": "on_this_day", "data": {"year": 2023}, "memoryAt": "2023-06-07T00:00:00.000Z"}
    made = expect(await anna.http.post("memories", json=memory | {"assetIds": [one, two]}), 201)["id"]
    assert types(await anna.sync()) == {"MemoryV1", "MemoryToAssetV1"}
    assert {row["assetId"] for row in anna.copy.rows("memory_asset")} == {one, two}

    person = expect(await anna.http.post("people", json={"name": "Kim"}), 201)["id"]
    expect(await anna.http.post("faces", json={"assetId": one, "personId": person, **BOX}), 201)
    assert {"PersonV1", "AssetFaceV2"} <= types(await anna.sync())
    assert [(row["assetId"], row["personId"]) for row in anna.copy.rows("face")] == [(one, person)]

    expect(await anna.http.request("DELETE", f"memories/{made}/assets", json={"ids": [two]}), 200)
    lines = await anna.sync()
    assert [line.data for line in lines if line.type == "MemoryToAssetDeleteV1"] == [{"memoryId": made, "assetId": two}]
    expect(await anna.http.request("DELETE", f"memories/{made}"), 204)
    assert "MemoryDeleteV1" in types(await anna.sync())
    assert anna.copy.rows("memory_asset") == []
    expect(await anna.http.request("DELETE", f"people/{person}"), 204)
    assert "PersonDeleteV1" in types(await anna.sync())
    assert anna.copy.rows("person") == []
    await family.quiet()
    await family.all_up_to_date()


async def test_a_photo_that_is_erased_leaves_every_copy_in_its_own_way(family: Family) -> None:
    anna, ben, cleo = family.anna, family.ben, family.cleo
    kept, gone = await family.photos(2)
    expect(await anna.http.post("partners", json={"sharedWithId": family.ids[ben]}), 201)
    members = [{"userId": family.ids[cleo], "role": "editor"}]
    body = {"albumName": "Lake", "assetIds": [kept, gone], "albumUsers": members}
    album = expect(await anna.http.post("albums", json=body), 201)["id"]
    memory = {"type": "on_this_day", "data": {"year": 2023}, "memoryAt": "2023-06-07T00:00:00.000Z"}
    expect(await anna.http.post("memories", json=memory | {"assetIds": [kept, gone]}), 201)
    theirs = expect(await cleo.upload("mine.jpg", picture()), 201)["id"]
    expect(await cleo.http.put(f"albums/{album}/assets", json={"ids": [theirs]}), 200)
    await family.quiet()
    await family.all_up_to_date()
    assert [family.shown(phone) for phone in (anna, ben, cleo)] == [
        {kept, gone, theirs}, {kept, gone}, {kept, gone, theirs},
    ]  # fmt: skip

    expect(await anna.http.request("DELETE", "assets", json={"ids": [gone], "force": True}), 204)
    await family.quiet()
    assert {"AssetDeleteV1", "AlbumToAssetDeleteV1", "MemoryToAssetDeleteV1"} <= types(await anna.sync())
    assert "PartnerAssetDeleteV1" in types(await ben.sync())
    lines = await cleo.sync()
    assert "AlbumToAssetDeleteV1" in types(lines)
    assert "AssetDeleteV1" not in types(lines), "it was never hers"
    for phone, expected in ((anna, {kept, theirs}), (ben, {kept}), (cleo, {kept, theirs})):
        assert family.shown(phone) == expected
        assert {row["assetId"] for row in phone.copy.rows("album_asset")} <= expected
    assert [row["assetId"] for row in anna.copy.rows("memory_asset")] == [kept]
    await family.all_up_to_date()
