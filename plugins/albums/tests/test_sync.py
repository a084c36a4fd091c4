"""Albums on their way to the mobile app: its copy is right after every change, and never refuses a line."""

import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from immich_host.testing import RunningHost
from plugins.albums.tests.phone import Phone

type MakeUser = Callable[[str], Awaitable[Any]]
type MakePhone = Callable[[Any], Phone]


@pytest.fixture
def phone() -> Iterator[MakePhone]:
    """Make a user's phone; all are closed in the end."""
    with ExitStack() as made:
        yield lambda user: made.enter_context(closing(Phone(user)))


async def people(user: MakeUser, phone: MakePhone) -> tuple[Any, Any, Phone, Phone]:
    """Two new users and their phones, which have all that there is."""
    mark = uuid4().hex[:8]
    ann, bob = await user(f"ann{mark}"), await user(f"bob{mark}")
    phones = phone(ann), phone(bob)
    for each in phones:
        await each.sync()
    return ann, bob, *phones


async def right(*phones: Phone) -> list[list[str]]:
    """What each phone was sent; its copy is right then, and nothing comes a second time."""
    told = []
    for phone in phones:
        told.append(await phone.sync())
        await phone.check()
        assert await phone.sync() == []
    return told


async def test_a_new_album_comes_whole(user: MakeUser, phone: MakePhone) -> None:
    ann, bob, hers, his = await people(user, phone)
    album_id = await ann.album(await ann.photo(isFavorite="true"), await ann.photo())
    of_ann, of_bob = await right(hers, his)
    assert of_bob == []
    assert of_ann == [
        "AssetV2", "AlbumAssetCreateV2", "AlbumV2", "AlbumUserV1", "AlbumToAssetV1", "AssetExifV1",
        "AlbumAssetExifCreateV1",
    ]  # fmt: skip
    assert sorted(row["isFavorite"] for row in hers.held("asset").values()) == [False, True]
    await ann.share(album_id, bob)
    of_ann, of_bob = await right(hers, his)
    assert of_ann == ["AlbumV2", "AlbumUserV1"]
    assert "AlbumAssetCreateV2" in of_bob
    assert [row["isFavorite"] for row in his.held("asset").values()] == [False, False]


async def test_an_older_album_that_is_shared_later_is_filled_up(user: MakeUser, phone: MakePhone) -> None:
    """8.8 of the facts: the owner's row comes as a backfill, the new member's own as new."""
    ann, bob, hers, his = await people(user, phone)
    older = await ann.album(await ann.photo(), await ann.photo(), name="Older")
    await ann.album(await ann.photo(), name="Known", viewers=(bob,))
    await right(hers, his)
    await ann.share(older, bob)
    _, of_bob = await right(hers, his)
    assert of_bob == [
        "AlbumAssetBackfillV2", "AlbumV2", "AlbumUserBackfillV1", "AlbumUserV1", "AlbumToAssetBackfillV1",
        "AlbumAssetExifBackfillV1",
    ]  # fmt: skip


async def test_what_comes_and_goes(user: MakeUser, phone: MakePhone, house: RunningHost) -> None:
    ann, bob, hers, his = await people(user, phone)
    first, second = await ann.photo(), await ann.photo()
    album_id = await ann.album(first, second, editors=(bob,))
    await right(hers, his)
    theirs = await bob.photo()
    await bob.add(album_id, theirs)
    of_ann, of_bob = await right(hers, his)
    assert {"AlbumAssetCreateV2", "AlbumV2", "AlbumToAssetV1"} <= set(of_ann) & set(of_bob)
    await ann.take(album_id, first)
    of_ann, of_bob = await right(hers, his)
    assert of_ann == of_bob == ["AlbumV2", "AlbumToAssetDeleteV1"]
    await ann.add(album_id, first)
    await right(hers, his)
    await house.kernel.db.execute("DELETE FROM asset WHERE id = $1", second)
    of_ann, of_bob = await right(hers, his)
    assert of_ann == ["AssetDeleteV1", "AlbumV2", "AlbumToAssetDeleteV1"]
    assert of_bob == ["AlbumV2", "AlbumToAssetDeleteV1"]
    await ann.call("PUT", "/assets", {"ids": [str(first)], "visibility": "locked"}, status=204)
    _, of_bob = await right(hers, his)
    assert of_bob == ["AlbumV2", "AlbumToAssetDeleteV1"]


async def test_what_changes_about_an_asset_reaches_all_members(user: MakeUser, phone: MakePhone) -> None:
    ann, bob, hers, his = await people(user, phone)
    asset_id = await ann.photo()
    await ann.album(asset_id, viewers=(bob,))
    await right(hers, his)
    await ann.call("PUT", f"/assets/{asset_id}", {"description": "dusk", "isFavorite": True})
    of_ann, of_bob = await right(hers, his)
    assert of_bob == ["AlbumAssetUpdateV2", "AlbumAssetExifUpdateV1"]
    assert set(of_ann) == {"AssetV2", "AssetExifV1", *of_bob}
    assert [row["isFavorite"] for row in hers.held("asset").values()] == [True]
    await ann.call("DELETE", "/assets", {"ids": [str(asset_id)]}, status=204)
    _, of_bob = await right(hers, his)
    assert of_bob == ["AlbumAssetUpdateV2", "AlbumV2"]
    [row] = his.held("asset").values()
    assert row["deletedAt"] is not None


async def test_members_come_and_go(user: MakeUser, phone: MakePhone) -> None:
    ann, bob, hers, his = await people(user, phone)
    cat = await user(f"cat{uuid4().hex[:8]}")
    theirs = phone(cat)
    album_id = await ann.album(await ann.photo(), viewers=(bob, cat))
    await right(hers, his, theirs)
    await ann.call("PUT", f"/albums/{album_id}/user/{bob.id}", {"role": "editor"}, status=204)
    assert await right(hers, his, theirs) == [["AlbumUserV1"]] * 3
    await bob.call("DELETE", f"/albums/{album_id}/user/me", status=204)
    of_ann, of_bob, of_cat = await right(hers, his, theirs)
    assert of_bob == ["AlbumDeleteV1"]
    assert of_ann == of_cat == ["AlbumUserDeleteV1"]
    assert (his.held("album"), his.held("asset")) == ({}, {})
    await ann.share(album_id, bob)
    _, of_bob, _ = await right(hers, his, theirs)
    assert {"AlbumAssetBackfillV2", "AlbumToAssetBackfillV1", "AlbumV2"} <= set(of_bob)
    await ann.call("DELETE", f"/albums/{album_id}/user/{bob.id}", status=204)
    await ann.share(album_id, bob, "editor")
    _, of_bob, _ = await right(hers, his, theirs)
    assert of_bob.index("AlbumDeleteV1") < of_bob.index("AlbumV2")
    await ann.call("DELETE", f"/albums/{album_id}", status=204)
    assert await right(hers, his, theirs) == [["AlbumDeleteV1"]] * 3


async def test_an_account_that_is_erased_takes_its_albums_along(
    user: MakeUser, phone: MakePhone, house: RunningHost
) -> None:
    ann, bob, hers, his = await people(user, phone)
    await ann.album(await ann.photo(), viewers=(bob,))
    joint = await bob.album(await bob.photo(), editors=(ann,))
    await ann.add(joint, await ann.photo())
    await right(hers, his)
    await house.kernel.db.execute('DELETE FROM "user" WHERE id = $1', ann.id)
    await right(his)
    assert list(his.held("album")) == [(str(joint),)]
    assert len(his.held("album_asset")) == 1


async def test_older_apps_are_told_the_owner(user: MakeUser, phone: MakePhone) -> None:
    ann, bob, _, his = await people(user, phone)
    album_id = await ann.album(viewers=(bob,))
    await his.sync(asked=("AlbumsV1",))
    assert his.held("album")[(str(album_id),)]["ownerId"] == str(ann.id)


async def test_a_broken_connection_costs_nothing(user: MakeUser, phone: MakePhone) -> None:
    """Wherever it breaks, the next sync goes on from there."""
    ann, bob, hers, his = await people(user, phone)
    older = [await ann.album(await ann.photo(), await ann.photo(), name=str(number)) for number in range(3)]
    known = await ann.album(await ann.photo(), viewers=(bob,))
    await right(hers, his)
    for number in range(7):
        asset_id = await ann.photo()
        await ann.add(known, asset_id)
        for album_id in older[:2]:
            await ann.share(album_id, bob)
        await ann.call("PUT", f"/assets/{asset_id}", {"description": str(number)})
        for first in (number, number * 2 + 1):
            await his.sync(first=first)
        await right(his)
        await ann.call("DELETE", f"/albums/{older[0]}/user/{bob.id}", status=204)
        await ann.call("DELETE", f"/albums/{older[1]}/user/{bob.id}", status=204)
        await his.sync(first=number)
        await right(his)


@pytest.mark.parametrize("is_undone", [True, False])
async def test_what_is_written_while_somebody_writes_for_long(
    user: MakeUser, phone: MakePhone, house: RunningHost, is_undone: bool
) -> None:
    """An answer ends where a transaction that is open began; parents and children come all the same."""
    ann, bob, hers, his = await people(user, phone)
    asset_id, late = await ann.photo(), await ann.photo()
    album_id = await ann.album(asset_id)
    joint = await ann.album(viewers=(bob,), name="Joint")
    await right(hers, his)
    somebody = await asyncpg.connect(house.kernel.runtime.database_url)
    try:
        transaction = somebody.transaction()
        await transaction.start()
        await somebody.execute("INSERT INTO album_asset (album_id, asset_id) VALUES ($1, $2)", joint, late)
        await ann.share(album_id, bob, "editor")
        await ann.call("PATCH", f"/albums/{album_id}", {"albumName": "Later"})
        await bob.add(album_id, await bob.photo())
        for each in (hers, his):
            await each.sync()
            await each.check()
        await ann.take(album_id, asset_id)
        await ann.add(album_id, asset_id)
        await bob.call("DELETE", f"/albums/{album_id}/user/me", status=204)
        await his.sync()
        await his.check()
        await ann.share(album_id, bob)
        for each in (hers, his):
            await each.sync()
            await each.check()
        await (transaction.rollback() if is_undone else transaction.commit())
    finally:
        await somebody.close()
    await right(hers, his)
    assert ((str(joint), str(late)) in his.held("album_asset")) is not is_undone


STEPS = 100


class Family:
    """Three users who do anything to their albums, with phones that are asked now and then."""

    def __init__(self, house: RunningHost, users: list[Any], phones: list[Phone], seed: int) -> None:
        self.house, self.users = house, users
        self.chance = random.Random(seed)
        self.phones = phones
        self.assets: dict[UUID, Any] = {}
        self.albums: dict[UUID, Any] = {}

    async def step(self) -> None:
        """Do something; what cannot be done is refused."""
        more = (self.add, self.share)
        every = (self.photo, self.album, self.add, self.take, self.share, self.part, self.rename, self.edit)
        what = self.chance.choice((*more, *every, self.trash, self.lock, self.erase, self.drop))
        if what in (self.photo, self.album) or (self.assets and self.albums):
            await what()

    async def request(self, user: Any, method: str, path: str, body: Any = None) -> None:
        answer = await user.client.request(method, f"/api{path}", json=body)
        assert answer.status_code < 500, answer.text

    def one(self, of: dict[UUID, Any]) -> tuple[UUID, Any]:
        return self.chance.choice(list(of.items()))

    async def photo(self) -> None:
        user = self.chance.choice(self.users)
        self.assets[await user.photo()] = user

    async def album(self) -> None:
        user = self.chance.choice(self.users)
        assets = [asset_id for asset_id in self.assets if self.chance.random() < 0.3]
        self.albums[await user.album(*assets)] = user

    async def add(self) -> None:
        (asset_id, user), (album_id, _) = self.one(self.assets), self.one(self.albums)
        await self.request(user, "PUT", f"/albums/{album_id}/assets", {"ids": [str(asset_id)]})

    async def take(self) -> None:
        (asset_id, _), (album_id, owner) = self.one(self.assets), self.one(self.albums)
        await self.request(owner, "DELETE", f"/albums/{album_id}/assets", {"ids": [str(asset_id)]})

    async def share(self) -> None:
        (album_id, owner), user = self.one(self.albums), self.chance.choice(self.users)
        role = self.chance.choice(["editor", "viewer"])
        body = {"albumUsers": [{"userId": str(user.id), "role": role}]}
        await self.request(owner, "PUT", f"/albums/{album_id}/users", body)

    async def part(self) -> None:
        (album_id, owner), user = self.one(self.albums), self.chance.choice(self.users)
        await self.request(owner, "DELETE", f"/albums/{album_id}/user/{user.id}")

    async def rename(self) -> None:
        (album_id, owner), (asset_id, _) = self.one(self.albums), self.one(self.assets)
        body: dict[str, Any] = {"albumName": str(self.chance.random())}
        body |= {"albumThumbnailAssetId": str(asset_id)} if self.chance.random() < 0.5 else {}
        await self.request(owner, "PATCH", f"/albums/{album_id}", body)

    async def edit(self) -> None:
        asset_id, user = self.one(self.assets)
        body = {"description": str(self.chance.random()), "isFavorite": self.chance.random() < 0.5}
        await self.request(user, "PUT", f"/assets/{asset_id}", body)

    async def trash(self) -> None:
        asset_id, user = self.one(self.assets)
        path = self.chance.choice(["/trash/restore/assets", None])
        method = "POST" if path else "DELETE"
        await self.request(user, method, path or "/assets", {"ids": [str(asset_id)]})

    async def lock(self) -> None:
        asset_id, user = self.one(self.assets)
        where = self.chance.choice(["locked", "timeline", "archive"])
        await self.request(user, "PUT", "/assets", {"ids": [str(asset_id)], "visibility": where})

    async def erase(self) -> None:
        asset_id, _ = self.one(self.assets)
        await self.house.kernel.db.execute("DELETE FROM asset WHERE id = $1", asset_id)
        del self.assets[asset_id]

    async def drop(self) -> None:
        if self.chance.random() < 0.3:
            album_id, owner = self.one(self.albums)
            await self.request(owner, "DELETE", f"/albums/{album_id}")
            del self.albums[album_id]

    async def look(self) -> None:
        """A phone is asked; its connection may break."""
        phone = self.chance.choice(self.phones)
        if self.chance.random() < 0.5:
            await phone.sync(first=self.chance.randrange(40))
        else:
            await self.house.kernel.job_room.outbox.settle()
            await phone.sync()
            await phone.check()


@pytest.mark.parametrize("seed", [2, 16])
async def test_whatever_is_done_in_whatever_order(
    user: MakeUser, phone: MakePhone, house: RunningHost, seed: int
) -> None:
    users = [await user(f"{name}{uuid4().hex[:8]}") for name in ("ann", "bob", "cat")]
    family = Family(house, users, [phone(each) for each in users], seed)
    for _ in range(STEPS):
        await family.step()
        if family.chance.random() < 0.3:
            await family.look()
    await house.kernel.job_room.outbox.settle()
    await right(*family.phones)
