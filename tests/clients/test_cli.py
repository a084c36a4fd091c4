"""The official command line, used as its users do."""

import hashlib
import os
from base64 import b64encode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from immich_host.testing.host import expect
from tests.clients.npm import Clients, Ran
from tests.clients.people import Listener, Person
from tests.clients.pictures import clip, picture, sidecar
from tests.clients.served import ServedHost

pytestmark = pytest.mark.timeout(600)  # the first run on a machine fetches the clients

TAKEN = "2021-03-04T05:06:07+00:00"
DESCRIBED = {"Grüße aus Köln.jpg": ("Am Rhein", 4), "unterwegs/foto zwei.png": ("Bergauf", 2)}  # by sidecars
MODIFIED = 1_600_000_000  # 2020-09-13T12:26:40Z

type Listen = Callable[..., Awaitable[Listener]]
type Immich = Callable[..., Awaitable[Ran]]


@pytest.fixture
def immich(clients: Clients, served: ServedHost, tmp_path: Path) -> Immich:
    """The command with a settings folder of this test; `key` signs in without `login`."""

    async def run(*arguments: object, key: str | None = None) -> Ran:
        environment = {"IMMICH_CONFIG_DIR": str(tmp_path / "settings")}
        if key:
            environment |= {"IMMICH_INSTANCE_URL": served.url, "IMMICH_API_KEY": key}
        return await clients.cli(*arguments, environment=environment)

    return run


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """A folder as people have them."""
    folder = tmp_path / "Fotos & Ähnliches"
    (folder / "unterwegs" / "tief").mkdir(parents=True)
    (folder / "Grüße aus Köln.jpg").write_bytes(picture())
    (folder / "unterwegs" / "foto zwei.png").write_bytes(picture("PNG"))
    (folder / "unterwegs" / "tief" / "日本.HEIC").write_bytes(picture("HEIC"))
    clip(folder / "unterwegs" / "ein Film (1).mp4")
    (folder / "Grüße aus Köln.jpg.xmp").write_text(sidecar("Am Rhein", TAKEN, 4))
    (folder / "unterwegs" / "foto zwei.xmp").write_text(sidecar("Bergauf", TAKEN, 2))
    (folder / "Notizen.txt").write_text("no photo")
    for path in media(folder):
        os.utime(path, (MODIFIED, MODIFIED))
    return folder


def media(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".png", ".heic", ".mp4"}]


def checksum(path: Path) -> str:
    return b64encode(hashlib.sha1(path.read_bytes(), usedforsecurity=False).digest()).decode()


async def test_login_by_a_bare_address_then_server_info_then_logout(
    immich: Immich, served: ServedHost, person: Person, tmp_path: Path
) -> None:
    login = await immich("login", served.url, await person.key("all"))
    assert (login.code, f"Logged in as {person.email}" in login.out) == (0, True), login
    assert f"Discovered API at {served.url}/api" in login.out
    info = await immich("server-info")
    assert info.code == 0, info
    for line in (f"Url: {served.url}/api", "Version: 3.2.2", "Images: 0", "Total: 0"):
        assert line in info.out
    assert "heic" in info.out
    assert "mp4" in info.out
    assert (await immich("logout")).code == 0
    assert not (tmp_path / "settings" / "auth.yml").exists()


async def test_a_wrong_key_and_a_narrow_key_are_told_why(immich: Immich, served: ServedHost, person: Person) -> None:
    wrong = await immich("login", served.url, "no-such-key")
    assert wrong.code == 1
    assert "401" in wrong.err
    assert "Invalid API key" in wrong.err
    narrow = await immich("server-info", key=await person.key("user.read", "asset.upload"))
    assert narrow.code == 1
    assert 'Missing required permissions: "server.about", "asset.statistics"' in narrow.out


async def test_a_folder_goes_up_once_with_everything_in_it(
    immich: Immich, person: Person, album: Path, listen: Listen
) -> None:
    key = await person.key("user.read", "asset.upload")
    phone = await listen(person)
    command = ("upload", "--recursive", "--json-output", "--no-progress", "--concurrency", "4", album)
    first = await immich(*command, key=key)
    assert first.code == 0, first
    assert "Successfully uploaded 4 new assets" in first.out
    assert "Failed" not in first.out
    files = media(album)
    ids = {new["filepath"]: new["id"] for new in first.json()["newAssets"]}
    assert set(ids) == {str(path) for path in files}
    ready = await phone.wait("on_upload_success", len(files))
    assert {one["id"] for one in ready} == set(ids.values())
    for path in files:
        await assert_arrived(person, path, await person.get(f"/assets/{ids[str(path)]}"))
    for name, (caption, rating) in DESCRIBED.items():
        assert_described(await person.get(f"/assets/{ids[str(album / name)]}"), caption, rating)
    await assert_listed(person, files, with_sidecar=len(DESCRIBED))

    second = await immich(*command, key=key)
    assert second.code == 0, second
    said = second.json()
    assert (said["newFiles"], said["newAssets"]) == ([], [])
    assert {one["id"] for one in said["duplicates"]} == set(ids.values())
    without_asking_first = await immich(*command, "--skip-hash", key=key)
    assert "Skipped 4 duplicate assets" in without_asking_first.out, without_asking_first
    assert (await person.get("/assets/statistics"))["total"] == len(files)


async def assert_arrived(person: Person, path: Path, asset: dict[str, Any]) -> None:
    assert asset["originalFileName"] == path.name
    assert asset["checksum"] == checksum(path)
    assert asset["fileModifiedAt"] == "2020-09-13T12:26:40.000Z"
    assert asset["exifInfo"]["fileSizeInByte"] == path.stat().st_size
    assert (asset["width"], asset["height"]) == (320, 240)
    assert asset["thumbhash"]
    assert asset["type"] == ("VIDEO" if path.suffix == ".mp4" else "IMAGE")
    for size in ("thumbnail", "preview"):
        answer = await person.http.get(f"/api/assets/{asset['id']}/thumbnail", params={"size": size})
        assert answer.status_code == 200
        assert answer.headers["content-type"] in {"image/webp", "image/jpeg"}
    original = await person.http.get(f"/api/assets/{asset['id']}/original")
    assert original.content == path.read_bytes()


def assert_described(asset: dict[str, Any], caption: str, rating: int) -> None:
    exif = asset["exifInfo"]
    assert (exif["description"], exif["rating"]) == (caption, rating)
    assert exif["dateTimeOriginal"].startswith("2021-03-04T05:06:07")
    assert asset["fileCreatedAt"] == "2021-03-04T05:06:07.000Z"
    assert exif["latitude"] == pytest.approx(38.72, abs=0.001)
    assert exif["longitude"] == pytest.approx(-9.14, abs=0.001)


async def assert_listed(person: Person, files: list[Path], with_sidecar: int) -> None:
    buckets = await person.get("/timeline/buckets", visibility="timeline")
    count = {bucket["timeBucket"]: bucket["count"] for bucket in buckets}
    assert count == {"2021-03-01": with_sidecar, "2020-09-01": len(files) - with_sidecar}
    bucket = await person.get("/timeline/bucket", timeBucket="2020-09-01", visibility="timeline")
    assert sorted(bucket["isImage"]) == [False, True]
    assert all(bucket["thumbhash"])
    assert {len(column) for column in bucket.values()} == {len(files) - with_sidecar}


async def test_uploaded_files_are_deleted_when_asked_and_nothing_on_a_dry_run(
    immich: Immich, person: Person, tmp_path: Path, listen: Listen
) -> None:
    phone = await listen(person)
    key = await person.key("user.read", "asset.upload")
    folder = tmp_path / "camera"
    folder.mkdir()
    photo, beside = folder / "eins.jpg", folder / "eins.xmp"
    photo.write_bytes(picture())
    beside.write_text(sidecar("Eins", TAKEN, 1))
    command = ("upload", "-r", "--no-progress", "--delete", "--visibility", "archive", folder)
    dry = await immich(*command, "--dry-run", key=key)
    assert "Would have uploaded 1 asset" in dry.out, dry
    assert (await person.get("/assets/statistics"))["total"] == 0
    assert photo.exists()
    wanted = checksum(photo)
    done = await immich(*command, key=key)
    assert "Successfully uploaded 1 new asset" in done.out, done
    assert not any(folder.iterdir())
    (ready,) = await phone.wait("on_upload_success")  # from now on its date is the sidecar's
    assert (ready["checksum"], ready["visibility"]) == (wanted, "archive")
    assert await person.get("/timeline/buckets", visibility="timeline") == []
    (archived,) = await person.get("/timeline/buckets", visibility="archive")
    assert archived == {"timeBucket": "2021-03-01", "count": 1}
    columns = await person.get("/timeline/bucket", timeBucket="2021-03-01", visibility="archive")
    assert columns["id"] == [ready["id"]]


async def test_a_full_quota_fails_that_file_with_the_servers_words(
    immich: Immich, person: Person, admin: Person, tmp_path: Path
) -> None:
    expect(await admin.http.put(f"/api/admin/users/{person.id}", json={"quotaSizeInBytes": 10}), 200)
    (tmp_path / "big.jpg").write_bytes(picture())
    run = await immich("upload", "--no-progress", tmp_path / "big.jpg", key=await person.key("all"))
    assert "Failed to upload 1 asset" in run.out, run
    assert "Quota has been exceeded!" in run.out
    assert (await person.get("/assets/statistics"))["total"] == 0


async def test_copies_in_one_folder_become_one_asset(
    immich: Immich, person: Person, tmp_path: Path, listen: Listen
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    same = picture()
    for number in range(6):
        (folder / f"copy {number}.jpg").write_bytes(same)
        (folder / f"own {number}.jpg").write_bytes(picture())
    phone = await listen(person)
    options = ("--recursive", "--skip-hash", "--no-progress", "--json-output", "--concurrency", "8")
    run = await immich("upload", *options, folder, key=await person.key("user.read", "asset.upload"))
    assert "Successfully uploaded 7 new assets" in run.out, run
    assert "Skipped 5 duplicate assets" in run.out
    ids = {new["id"] for new in run.json()["newAssets"]}
    assert len(ids) == 7
    assert {asset["id"] for asset in await phone.wait("on_upload_success", 7)} == ids
    assert (await person.get("/assets/statistics"))["images"] == 7
