"""What the mobile app does to the server, request by request; its copy of the library is in `test_phone_sync`."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from immich_host.testing.host import expect
from tests.clients.people import Listener, Person, soon
from tests.clients.phone import Phone, checksum
from tests.clients.pictures import clip, picture
from tests.clients.served import ServedHost

type Listen = Callable[..., Awaitable[Listener]]


@pytest.fixture
async def app(served: ServedHost) -> AsyncIterator[Phone]:
    """The app before its first start."""
    phone = Phone(served.url)
    yield phone
    await phone.close()


@pytest.fixture
async def phone(app: Phone, person: Person) -> Phone:
    """The app, signed in."""
    await app.start(person.email)
    return app


async def test_start_and_the_session_that_it_makes(app: Phone, person: Person) -> None:
    account = await app.start(person.email)
    assert (account["id"], account["email"]) == (person.id, person.email)
    session = await own_session(app)
    assert (session["deviceOS"].lower(), session["deviceType"]) == ("android", "Pixel 9")
    assert session["appVersion"] == "3.2.0"
    app.http.headers["User-Agent"] = "immich-android/3.2.2"  # the app was updated

    async def is_noted() -> bool:
        return (await own_session(app))["appVersion"] == "3.2.2"

    assert await soon(is_noted)
    assert expect(await app.http.post("auth/logout"), 200)["successful"] is True
    assert not app.http.cookies
    assert expect(await app.http.get("users/me"), 401) == {"message": "Authentication required"}


async def own_session(app: Phone) -> dict[str, Any]:
    (session,) = [one for one in await app.get("sessions") if one["current"]]
    return session


async def test_a_photo_reaches_the_phones_socket_by_its_cookie(phone: Phone, listen: Listen) -> None:
    socket = await listen(Cookie=phone.cookie)
    photo = picture("HEIC")
    cloud = {"iCloudId": "4A1B/L0/001", "createdAt": "2023-06-07T08:09:10.000Z", "latitude": "1.5"}
    metadata = json.dumps([{"key": "mobile-app", "value": cloud}])
    created = expect(await phone.upload("K%C3%A4se %26 Brot.heic", photo, metadata=metadata), 201)
    assert created["status"] == "created"
    (ready,) = await socket.wait("AssetUploadReadyV2")
    assert set(ready) == {"asset", "exif"}
    assert ready["asset"]["id"] == ready["exif"]["assetId"] == created["id"]
    assert ready["asset"]["originalFileName"] == "Käse & Brot.heic"
    assert ready["asset"]["checksum"] == checksum(photo)
    assert ready["asset"]["thumbhash"]
    assert ready["asset"]["fileCreatedAt"] == "2023-06-07T08:09:10.123Z"
    assert ready["exif"]["fileSizeInByte"] == len(photo)
    (asset,) = await socket.wait("on_upload_success")
    assert asset["originalFileName"] == "Käse & Brot.heic"
    shown = await phone.get(f"assets/{created['id']}")
    assert asset == {key: value for key, value in shown.items() if key != "owner"}
    stored = await phone.get(f"assets/{created['id']}/metadata/mobile-app")
    assert stored["value"] == cloud


async def test_a_name_in_plain_utf8(phone: Phone) -> None:
    created = expect(await phone.upload("Übermut 100%.jpg", picture()), 201)
    assert (await phone.get(f"assets/{created['id']}"))["originalFileName"] == "Übermut 100%.jpg"


async def test_five_equal_files_at_once_are_one_asset(phone: Phone) -> None:
    photo = picture("PNG", (600, 400))
    answers = await asyncio.gather(*(phone.upload(f"copy {number}.png", photo) for number in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    for answer in answers:
        assert answer.json()["status"] == ("created" if answer.status_code == 201 else "duplicate")
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (await phone.get("assets/statistics"))["total"] == 1


async def test_a_live_photo_is_one_asset_that_moves(phone: Phone, listen: Listen, tmp_path: Path) -> None:
    socket = await listen(Cookie=phone.cookie)
    video = clip(tmp_path / "IMG_1.mov").read_bytes()
    moving = expect(await phone.upload("IMG_1.MOV", video, visibility="hidden"), 201)["id"]
    still = expect(await phone.upload("IMG_1.HEIC", picture("HEIC"), livePhotoVideoId=moving), 201)["id"]
    (ready,) = await socket.wait("on_upload_success")
    assert (ready["id"], ready["livePhotoVideoId"]) == (still, moving)
    assert (await phone.get(f"assets/{moving}"))["visibility"] == "hidden"
    (bucket,) = await phone.get("timeline/buckets", visibility="timeline")
    assert bucket == {"timeBucket": "2023-06-01", "count": 1}
    columns = await phone.get("timeline/bucket", timeBucket=bucket["timeBucket"])
    assert (columns["id"], columns["livePhotoVideoId"]) == ([still], [moving])
    played = await phone.http.get(f"assets/{moving}/video/playback", headers={"Range": "bytes=0-"})
    assert (played.status_code, played.content) == (206, video)
    assert [one["id"] for one in socket.of("on_upload_success")] == [still]


async def test_a_download_goes_on_where_it_was_cut(phone: Phone) -> None:
    photo = picture("PNG", (900, 700))
    asset = expect(await phone.upload("big.png", photo), 201)["id"]
    path, binary = f"assets/{asset}/original", {"Accept": "application/octet-stream"}
    first = await phone.http.get(path, headers=binary | {"Range": "bytes=0-999"})
    assert (first.status_code, len(first.content)) == (206, 1000)
    assert first.headers["content-range"] == f"bytes 0-999/{len(photo)}"
    resume = {"Range": "bytes=1000-", "If-Range": first.headers["etag"]}
    rest = await phone.http.get(path, headers=binary | resume)
    assert (rest.status_code, first.content + rest.content) == (206, photo)
    changed = await phone.http.get(path, headers=binary | resume | {"If-Range": '"another"'})
    assert (changed.status_code, changed.content) == (200, photo)
    beyond = await phone.http.get(path, headers=binary | {"Range": f"bytes={len(photo)}-"})
    assert beyond.status_code == 416
    known = await phone.http.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


async def test_what_the_app_shows_when_it_is_refused(phone: Phone) -> None:
    unsupported = expect(await phone.upload("notes.txt", b"no photo"), 400)
    assert unsupported["message"].startswith("Unsupported file type")
    assert expect(await phone.upload("empty.jpg", b""), 400)["message"] == "File is empty"
    answer = await phone.upload("one.jpg", picture(), fileCreatedAt="yesterday")
    said = expect(answer, 400)
    assert said["message"] == "Validation failed"
    assert said["errors"][0]["path"] == ["fileCreatedAt"]
    assert answer.headers["x-correlation-id"]
    assert (await phone.get("assets/statistics"))["total"] == 0
