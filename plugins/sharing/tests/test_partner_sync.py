"""What a partner's phone holds after each sync is what the partner's library is."""

import itertools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import PASSWORD, expect
from plugins.sharing.tests.phone import Phone

type MakeUser = Callable[[str], Awaitable[Any]]

_names = itertools.count()

_ASSETS = """
SELECT id, visibility, deleted_at IS NOT NULL AS gone, is_favorite AND owner_id = $1 AS liked, stack_id FROM asset
WHERE owner_id = $1 OR owner_id IN (SELECT shared_by_id FROM partner WHERE shared_with_id = $1)
"""
_EXIFS = """
SELECT asset_id, description FROM asset_exif JOIN asset ON id = asset_id
WHERE owner_id = $1 OR owner_id IN (SELECT shared_by_id FROM partner WHERE shared_with_id = $1)
"""
_STACKS = """
SELECT id, primary_asset_id FROM stack
WHERE owner_id = $1 OR owner_id IN (SELECT shared_by_id FROM partner WHERE shared_with_id = $1)
"""
_PARTNERS = """
SELECT shared_by_id, shared_with_id, in_timeline FROM partner WHERE $1 IN (shared_by_id, shared_with_id)
"""


@pytest.fixture
def people(user: MakeUser) -> Any:
    """Users whom no other test has."""

    async def make(*names: str) -> list[Any]:
        number = next(_names)
        return [await user(f"{name}{number}") for name in names]

    return make


@pytest.fixture
def phone_of() -> Iterator[Any]:
    """A new phone of somebody, that has nothing: `phone = await phone_of(ben)`."""
    phones: list[Phone] = []

    async def make(user: Any) -> Phone:
        anonymous = user.house.anonymous()
        answer = await anonymous.post("/api/auth/login", json={"email": f"{user.name}@host.test", "password": PASSWORD})
        token = expect(answer, 201)["accessToken"]
        anonymous.cookies.clear()
        phones.append(Phone(user, user.house.anonymous(headers={"Authorization": f"Bearer {token}"})))
        return phones[-1]

    yield make
    for phone in phones:
        phone.copy.close()


async def assert_right(user: Any, *phones: Phone) -> None:
    """The phones hold what the database has for this user."""
    db = user.house.kernel.db
    assets = {str(row["id"]): row for row in await db.fetch(_ASSETS, user.id)}
    exifs = {str(row["asset_id"]): row["description"] for row in await db.fetch(_EXIFS, user.id)}
    stacks = {str(row["id"]): str(row["primary_asset_id"]) for row in await db.fetch(_STACKS, user.id)}
    partners = {(str(row[0]), str(row[1])): row[2] for row in await db.fetch(_PARTNERS, user.id)}
    for phone in phones:
        held = phone.assets
        assert held.keys() == assets.keys()
        for key, row in assets.items():
            line = held[key]
            assert line["visibility"] == row["visibility"]
            assert (line["deletedAt"] is not None) is row["gone"]
            assert line["isFavorite"] is row["liked"]
            assert line["stackId"] == (str(row["stack_id"]) if row["stack_id"] else None)
        assert {key: line["description"] for key, line in phone.held("exif", "assetId").items()} == exifs
        assert {key: line["primaryAssetId"] for key, line in phone.held("stack", "id").items()} == stacks
        in_timeline = phone.held("partner", "sharedById", "sharedWithId").items()
        assert {key: line["inTimeline"] for key, line in in_timeline} == partners


async def test_partners_from_before_the_first_sync(people: Any, phone_of: Any) -> None:
    ann, ben = await people("ann", "ben")
    asset_id = await ann.photo(isFavorite="true")
    await ann.photo(visibility="locked")
    await ben.photo(isFavorite="true")
    await ann.change(asset_id, description="by the sea")
    await ann.shares_with(ben)
    phone = await phone_of(ben)
    kinds = await phone.sync()
    assert not [kind for kind in kinds if "Backfill" in kind], "there is nothing older than what it has"
    await assert_right(ben, phone)
    assert len(phone.assets) == 3
    assert await phone.sync() == []
    await ben.client.put(f"/api/partners/{ann.id}", json={"inTimeline": True})
    other = await phone_of(ann)
    assert await phone.sync() == ["PartnerV1"]
    await other.sync()
    await assert_right(ben, phone)
    await assert_right(ann, other)
    assert {row["ownerId"] for row in other.assets.values()} == {str(ann.id)}, "it goes one way"


async def test_a_partner_who_comes_later_with_an_older_library(people: Any, phone_of: Any) -> None:
    """Also one of whom there is nothing, and several at once."""
    ann, ben, cat, dan, me = await people("ann", "ben", "cat", "dan", "me")
    for one in (ann, cat, dan):
        for _ in range(3):
            await one.photo()
    await ann.house.kernel.stacks.stack([await ann.photo(), await ann.photo()])
    await ben.shares_with(me)
    phone = await phone_of(me)
    await phone.sync()
    await ben.photo()
    await phone.sync()
    await assert_right(me, phone)
    await ann.shares_with(me)
    kinds = await phone.sync()
    assert {"PartnerV1", "PartnerAssetBackfillV2", "PartnerAssetExifBackfillV1", "SyncAckV1"} <= set(kinds)
    await assert_right(me, phone)
    assert (await phone_of(me)).assets == {}
    nobody = (await people("nobody"))[0]
    for one in (nobody, cat, dan):
        await one.shares_with(me)
    await cat.photo()
    await phone.sync()
    await assert_right(me, phone)
    await phone.sync()
    await ben.photo()
    assert set(await phone.sync()) == {"PartnerAssetV2", "PartnerAssetExifV1"}, "what it has does not come again"
    await assert_right(me, phone)


@pytest.mark.parametrize("first", [1, 4, 6, 7, 9, 12, 15])
async def test_a_broken_connection_loses_nothing(people: Any, phone_of: Any, first: int) -> None:
    ann, ben, me = await people("ann", "ben", "me")
    for _ in range(4):
        await ann.photo()
        await ben.photo()
    early = (await people("early"))[0]
    await early.photo()
    await early.shares_with(me)
    phone = await phone_of(me)
    await phone.sync()
    await ann.shares_with(me)
    await ben.shares_with(me)
    await early.photo()
    await phone.sync(first=first)
    await phone.sync()
    await assert_right(me, phone)
    await ann.photo()
    await phone.sync()
    await assert_right(me, phone)


async def test_whatever_happens_to_a_partners_assets(people: Any, phone_of: Any) -> None:
    ann, ben = await people("ann", "ben")
    photos = [await ann.photo() for _ in range(6)]
    await ann.shares_with(ben)
    phone = await phone_of(ben)
    await phone.sync()

    async def told(*kinds: str) -> None:
        assert set(await phone.sync()) == set(kinds)
        await assert_right(ben, phone)

    await ann.change(photos[0], description="the same, in words")
    assert "PartnerAssetExifV1" in await phone.sync()
    await assert_right(ben, phone)
    await ann.change(photos[0], isFavorite=True)
    await told("PartnerAssetV2")
    assert phone.assets[str(photos[0])]["isFavorite"] is False
    for visibility in ("archive", "locked", "timeline"):
        await ann.house.kernel.assets.update(photos[1], visibility=visibility)
        await told("PartnerAssetV2")
    await ann.client.request("DELETE", "/api/assets", json={"ids": [str(photos[2])]})
    await told("PartnerAssetV2")
    await ann.client.post("/api/trash/restore/assets", json={"ids": [str(photos[2])]})
    await told("PartnerAssetV2")
    stack_id = await ann.house.kernel.stacks.stack(photos[2:5])
    await told("PartnerAssetV2", "PartnerStackV1")
    await ann.client.request("DELETE", "/api/assets", json={"ids": [str(photos[2])], "force": True})
    await erased(ann.house)
    assert "PartnerAssetDeleteV1" in await phone.sync()
    await assert_right(ben, phone)
    await ann.house.kernel.stacks.unstack(stack_id)
    await told("PartnerStackDeleteV1", "PartnerAssetV2")
    new = await phone_of(ben)
    await new.sync()
    await assert_right(ben, new)
    assert new.assets == phone.assets


async def test_who_shares_no_more_and_then_again(people: Any, phone_of: Any) -> None:
    ann, ben, cat = await people("ann", "ben", "cat")
    kept, gone = await ann.photo(), await ann.photo()
    await cat.photo()
    await ann.shares_with(ben)
    await cat.shares_with(ben)
    phone, of_ann = await phone_of(ben), await phone_of(ann)
    await phone.sync()
    await of_ann.sync()
    await ann.stops_sharing_with(ben)
    assert await phone.sync() == ["PartnerDeleteV1"]
    assert await of_ann.sync() == ["PartnerDeleteV1"]
    await assert_right(ben, phone)
    await assert_right(ann, of_ann)
    assert {row["ownerId"] for row in phone.assets.values()} == {str(cat.id)}
    await ann.change(kept, visibility="archive")
    await ann.client.request("DELETE", "/api/assets", json={"ids": [str(gone)], "force": True})
    await erased(ann.house)
    await cat.photo()
    assert set(await phone.sync()) == {"PartnerAssetV2", "PartnerAssetExifV1"}
    await ann.shares_with(ben)
    await phone.sync()
    await assert_right(ben, phone)
    assert phone.assets[str(kept)]["visibility"] == "archive"
    await ann.stops_sharing_with(ben)
    await ann.change(kept, visibility="timeline")
    await ann.shares_with(ben)
    await phone.sync()
    await assert_right(ben, phone)


async def test_the_last_row_that_was_confirmed_comes_again_with_its_owner(people: Any, phone_of: Any) -> None:
    ann, ben = await people("ann", "ben")
    await ann.photo()
    await ann.shares_with(ben)
    phone = await phone_of(ben)
    await phone.sync()
    await ann.stops_sharing_with(ben)
    await phone.sync()
    assert phone.assets == {}
    await ann.shares_with(ben)
    await phone.sync()
    await assert_right(ben, phone)


async def test_who_is_gone_altogether(people: Any, phone_of: Any, house: RunningHost) -> None:
    ann, ben = await people("ann", "ben")
    await ann.photo()
    await ann.shares_with(ben)
    phone = await phone_of(ben)
    await phone.sync()
    admin = await house.client()
    expect(await admin.request("DELETE", f"/api/admin/users/{ann.id}", json={"force": True}), 200)
    await erased(house)
    await phone.sync()
    await assert_right(ben, phone)
    assert str(ann.id) not in phone.held("user", "id")
    assert phone.assets == {}


async def test_a_partner_whose_row_is_not_confirmed_yet_comes_all_the_same(people: Any, phone_of: Any) -> None:
    """It has changed since it was fixed up to where the answer is complete; what hangs on it comes beside it."""
    ann, ben, me = await people("ann", "ben", "me")
    await ann.photo()
    await ben.photo()
    await ben.shares_with(me)
    phone = await phone_of(me)
    await phone.sync()
    await ann.shares_with(me)
    db = me.house.kernel.db
    later = "UPDATE partner SET update_id = immich_uuid_v7(now() + $2::interval) WHERE shared_by_id = $1"
    async with db.transaction():
        await db.execute("SET LOCAL session_replication_role = replica")
        await db.execute(later.replace("$2::interval", "interval '1 hour'"), ann.id)
    await phone.sync()
    await assert_right(me, phone)
    expect(await me.client.put(f"/api/partners/{ann.id}", json={"inTimeline": True}), 200)
    await ben.photo()
    await phone.sync()
    await assert_right(me, phone)


async def test_what_a_client_makes_up_does_no_harm(people: Any, phone_of: Any) -> None:
    ann, ben, me = await people("ann", "ben", "me")
    await ann.photo()
    await ben.photo()
    await ben.shares_with(me)
    phone = await phone_of(me)
    await phone.sync()
    await ann.shares_with(me)
    create_id = await me.house.kernel.db.fetchval("SELECT create_id FROM partner WHERE shared_by_id = $1", ann.id)
    ack = f"PartnerAssetBackfillV2|{create_id}|nonsense"
    expect(await phone.http.post("/api/sync/ack", json={"acks": [ack]}), 204)
    await phone.sync()
    await assert_right(me, phone)


async def erased(house: RunningHost) -> None:
    """Wait until what was deleted for good is gone."""
    await house.drain()
