"""A day of the mobile app: its copy of the library follows what happens, line by line, and nothing comes twice."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from immich_host.testing.host import expect
from tests.clients.people import Listener, Person
from tests.clients.phone import Line, Phone, checksum
from tests.clients.pictures import clip, picture
from tests.clients.served import ServedHost

type NewPhone = Callable[..., Awaitable[Phone]]

CLOUD = {"iCloudId": "4A1B/L0/001", "createdAt": "2023-06-07T08:09:10.000Z", "adjustmentTime": None}


@pytest.fixture
async def new_phone(served: ServedHost, person: Person) -> AsyncIterator[NewPhone]:
    """Another phone of the same person, signed in, with an empty copy."""
    phones: list[Phone] = []

    async def make() -> Phone:
        phones.append(Phone(served.url))
        await phones[-1].start(person.email)
        return phones[-1]

    yield make
    for phone in phones:
        await phone.close()


@pytest.fixture
async def phone(new_phone: NewPhone) -> Phone:
    """A phone whose copy is up to date."""
    phone = await new_phone()
    await phone.sync()
    return phone


def told(lines: Sequence[Line]) -> set[tuple[str, str]]:
    """Of what was told, by type; of what belongs to an asset, that asset."""
    ids = ("assetId", "id", "userId", "albumId")
    return {(line.type, next(line.data[name] for name in ids if name in line.data)) for line in lines}


def rows(kind: str, *ids: str) -> set[tuple[str, str]]:
    return {(kind, each) for each in ids}


def of_account(person: Person) -> set[tuple[str, str]]:
    """What is told beside an upload or an erasure, which change what is used of the quota, and beside a PIN."""
    return rows("AuthUserV1", person.id) | rows("UserV1", person.id)


async def live_photo(phone: Phone, folder: Path) -> tuple[str, str, bytes]:
    """Upload the moving part, hidden, then the still with it; ids of still and moving part, and the still."""
    video, still = clip(folder / "IMG_1.mov").read_bytes(), picture("HEIC")
    moving = expect(await phone.upload("IMG_1.MOV", video, visibility="hidden"), 201)["id"]
    metadata = json.dumps([{"key": "mobile-app", "value": CLOUD}])
    created = await phone.upload("IMG_1.HEIC", still, livePhotoVideoId=moving, metadata=metadata)
    return expect(created, 201)["id"], moving, still


async def test_the_first_copy_is_whole_and_the_second_time_nothing_comes(new_phone: NewPhone, person: Person) -> None:
    phone = await new_phone()
    lines = await phone.sync()
    assert {line.type for line in lines} == {"AuthUserV1", "UserV1"}
    assert phone.copy.find("auth_user", person.id) is not None
    users = await phone.get("users")
    assert {user["id"] for user in phone.copy.rows("user")} == {user["id"] for user in users}
    last = {line.type: line.ack for line in lines}
    confirmed = {each["type"]: each["ack"] for each in await phone.get("sync/ack")}
    assert confirmed.pop("SyncCompleteV1").startswith("SyncCompleteV1|")
    assert confirmed == last
    assert await phone.sync() == []


async def test_a_live_photo_from_upload_to_erasure(
    phone: Phone, person: Person, tmp_path: Path, quiet: Callable[[], Awaitable[None]]
) -> None:
    socket = await phone.listen()
    still, moving, content = await live_photo(phone, tmp_path)
    (ready,) = await socket.wait("AssetUploadReadyV2")
    phone.hear(ready)
    heard = phone.copy.find("asset", still)
    assert heard is not None
    assert (heard["checksum"], heard["livePhotoVideoId"]) == (checksum(content), moving)
    assert [asset["id"] for asset in await socket.wait("on_upload_success")] == [still]

    lines = await phone.sync()
    expected = (
        rows("AssetV2", still, moving) | rows("AssetExifV1", still, moving) | rows("AssetMetadataV1", still)
        | of_account(person)
    )  # fmt: skip
    read = rows("AssetOcrV1", still)  # the text in it, whenever that is done
    assert told(lines) - read == expected
    await quiet()
    assert told(await phone.sync()) - read <= rows("AssetV2", still, moving) | rows("AssetExifV1", still, moving)
    assert [(row["assetId"], row["text"].split()[0]) for row in phone.copy.rows("ocr")] == [(still, "photo")]
    check_live_photo(phone, still, moving, content)
    assert await phone.sync() == []

    await trash_and_erase(phone, socket, person, still, moving)


def check_live_photo(phone: Phone, still: str, moving: str, content: bytes) -> None:
    photo, video = phone.copy.find("asset", still), phone.copy.find("asset", moving)
    assert photo is not None
    assert video is not None
    assert (photo["visibility"], photo["livePhotoVideoId"], photo["checksum"]) == (
        "timeline", moving, checksum(content),
    )  # fmt: skip
    assert (photo["type"], photo["width"], photo["height"], bool(photo["thumbhash"])) == ("IMAGE", 320, 240, True)
    assert (video["type"], video["visibility"], video["thumbhash"], video["duration"]) == (
        "VIDEO", "hidden", None, 1000,
    )  # fmt: skip
    stored = phone.copy.find("asset_metadata", still, "mobile-app")
    assert stored is not None
    assert stored["value"] == CLOUD
    exif = phone.copy.find("exif", still)
    assert exif is not None
    assert exif["fileSizeInByte"] == len(content)


async def trash_and_erase(phone: Phone, socket: Listener, person: Person, still: str, moving: str) -> None:
    expect(await phone.http.request("DELETE", "assets", json={"ids": [still]}), 204)
    assert await socket.wait("on_asset_trash") == [[still]]
    (line,) = await phone.sync()
    assert (line.type, line.data["id"], line.data["deletedAt"] is None) == ("AssetV2", still, False)

    expect(await phone.http.request("DELETE", "assets", json={"ids": [still], "force": True}), 204)
    assert set(await socket.wait("on_asset_delete", 2)) == {still, moving}
    assert told(await phone.sync()) == rows("AssetDeleteV1", still, moving) | of_account(person)
    assert phone.copy.count().keys() == {"auth_user", "user"}, "all that hung on them went with them"
    assert await phone.sync() == []


async def test_a_photo_goes_into_the_locked_folder_and_stays_in_the_copy(
    phone: Phone, person: Person, quiet: Callable[[], Awaitable[None]]
) -> None:
    socket = await phone.listen()
    asset = expect(await phone.upload("secret.jpg", picture()), 201)["id"]
    await socket.wait("AssetUploadReadyV2")
    await quiet()
    await phone.sync()
    path, pin = f"assets/{asset}", {"pinCode": "123456"}
    expect(await phone.http.post("auth/pin-code", json=pin), 204)
    expect(await phone.http.post("auth/session/unlock", json=pin), 204)
    expect(await phone.http.put(path, json={"visibility": "locked"}), 200)
    lines = await phone.sync()
    assert told(lines) == rows("AssetV2", asset) | of_account(person)
    locked = phone.copy.find("asset", asset)
    assert locked is not None
    assert locked["visibility"] == "locked"
    assert await phone.get(path)
    expect(await phone.http.post("auth/session/lock"), 204)
    expect(await phone.http.get(path), 400)
    await quiet()
    assert await phone.sync() == [], "a locked session has it in its copy still"


async def test_another_session_ends_and_this_one_goes_on(phone: Phone, new_phone: NewPhone) -> None:
    other = await new_phone()
    here, there = await phone.listen(), await other.listen()
    (session,) = [one["id"] for one in await other.get("sessions") if one["current"]]
    expect(await other.http.post("auth/logout"), 200)
    assert await there.wait("on_session_delete") == [session]
    expect(await other.http.post("sync/stream", json={"types": ["UsersV1"]}), 401)
    assert await phone.sync() == []
    assert here.of("on_session_delete") == []
    assert here.socket.connected


async def test_what_one_phone_brings_the_other_has_after_its_next_sync(phone: Phone, new_phone: NewPhone) -> None:
    other = await new_phone()
    await other.sync()
    socket = await other.listen()
    asset = expect(await phone.upload("one.jpg", picture()), 201)["id"]
    (ready,) = await socket.wait("AssetUploadReadyV2")
    assert ready["asset"]["id"] == asset
    for each in (other, phone):
        lines = await each.sync()
        assert ("AssetV2", asset) in told(lines)
        assert each.copy.find("asset", asset)


@pytest.mark.parametrize("by", ["client", "server"])
async def test_everything_is_asked_for_anew(phone: Phone, quiet: Callable[[], Awaitable[None]], by: str) -> None:
    asset = expect(await phone.upload("one.jpg", picture()), 201)["id"]
    await quiet()
    await phone.sync()
    before = {name: phone.copy.rows(name) for name in phone.copy.count()}
    if by == "server":
        (session,) = [one["id"] for one in await phone.get("sessions") if one["current"]]
        expect(await phone.http.put(f"sessions/{session}", json={"isPendingSyncReset": True}), 200)
        lines = await phone.sync()
    else:
        phone.copy.forget()
        lines = await phone.sync(reset=True)
    assert ("AssetV2", asset) in told(lines)
    assert sorted(map(str, phone.copy.rows("asset"))) == sorted(map(str, before["asset"]))
    assert phone.copy.count() == {name: len(found) for name, found in before.items()}
    assert await phone.sync() == []


async def test_acks_that_are_forgotten_bring_their_lines_again(phone: Phone) -> None:
    """As the app's migrations do, also of types that are no more."""
    expect(await phone.http.request("DELETE", "sync/ack", json={"types": ["AlbumV1", "AssetV1"]}), 204)
    assert await phone.sync() == []
    expect(await phone.http.request("DELETE", "sync/ack", json={"types": ["UserV1"]}), 204)
    lines: list[Any] = await phone.sync()
    assert {line.type for line in lines} == {"UserV1"}
    assert len(lines) == phone.copy.count()["user"]
