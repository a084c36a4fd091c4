"""Files that are not what they should be fail their own job, say why, and harm nothing else."""

from collections.abc import Callable
from uuid import UUID

import pytest

from immich_host.jobs.failures import Wanted
from immich_host.plugin_api.errors import JobFailed
from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from tests.together.gallery import (
    check_original,
    check_pictures,
    check_timeline,
    details,
    failures,
    files_of,
    row_of_timeline,
)
from tests.together.making import bomb, camera_exif, picture

BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "cut.jpg": (lambda: picture(size=(900, 600))[:6000], "damaged"),
    "cut.heic": (lambda: picture("heic")[:900], "damaged"),
    "cut.png": (lambda: picture("png")[:300], "damaged"),
    "noise.jpg": (lambda: bytes(range(256)) * 30, "neither a picture nor a video"),
    "text.png": (lambda: b"Dear diary, this is no picture.\n" * 40, "neither a picture nor a video"),
    "bomb.png": (bomb, "limit of 400,000,000"),
    "broken.mp4": (lambda: b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 20, ""),
    "nothing.dng": (lambda: b"II*\0" + bytes(200), ""),
    "one.jpg": (lambda: b"\xff", ""),
}


async def drained(host: RunningHost) -> None:
    """Run everything; the first failure is what it raises in the end."""
    with pytest.raises(JobFailed):
        await host.drain()


@pytest.mark.parametrize("name", BROKEN)
async def test_a_damaged_file_fails_alone(clean: RunningHost, name: str) -> None:
    make, reason = BROKEN[name]
    content = make()
    bad = await clean.upload(content, name=name)
    good = await clean.upload(picture(exif=camera_exif()), name="good.jpg")
    await drained(clean)
    [(failed, error)] = (await failures(clean, "thumbnailGeneration")).items()
    assert failed == str(bad)
    assert error.startswith(f"{name}: ")
    assert reason in error
    assert len(error) < 500
    assert "Traceback" not in error
    await check_pictures(clean, await details(clean, good))
    asset = await details(clean, bad)
    assert asset["exifInfo"]["fileSizeInByte"] == len(content)
    assert asset["thumbhash"] is None
    assert (await row_of_timeline(clean, asset))["thumbhash"] is None
    assert await files_of(clean, bad) == {}
    if len(content) > 100:
        await check_original(clean, asset, content)
    client = await clean.client()
    assert (await client.get(f"/api/assets/{bad}/thumbnail")).status_code == 404
    counts = expect(await client.get("/api/queues"), 200)
    by_name = {queue["name"]: queue["statistics"] for queue in counts}
    assert by_name["thumbnailGeneration"]["failed"] == 1
    assert sum(sum(one.values()) for one in by_name.values()) == 1


async def test_a_zero_byte_file_is_refused_at_the_door(clean: RunningHost) -> None:
    client = await clean.client()
    form = {"fileCreatedAt": "2024-05-01T10:11:12Z", "fileModifiedAt": "2024-05-01T10:11:12Z"}
    answer = await client.post("/api/assets", data=form, files={"assetData": ("none.jpg", b"")})
    assert expect(answer, 400) == {"message": "File is empty"}


async def test_a_file_emptied_on_disk_says_so(clean: RunningHost) -> None:
    asset_id = await clean.upload(picture(), name="emptied.jpg")
    row = await clean.kernel.assets.get(asset_id)
    assert row is not None
    row.path.write_bytes(b"")
    await drained(clean)
    assert "empty" in (await failures(clean, "thumbnailGeneration"))[str(asset_id)]


async def test_a_file_gone_from_disk_fails_each_job_with_its_path(clean: RunningHost) -> None:
    asset_id = await clean.upload(picture(), name="gone.jpg")
    row = await clean.kernel.assets.get(asset_id)
    assert row is not None
    row.path.unlink()
    await drained(clean)
    for queue in ("metadataExtraction", "thumbnailGeneration"):
        assert f"the file of gone.jpg is missing: {row.path}" in (await failures(clean, queue))[str(asset_id)]
    assert (await row_of_timeline(clean, await details(clean, asset_id)))["isImage"] is True


@pytest.mark.parametrize("name", ["really-png.jpg", "really-png.heic", "really-png.mp4"])
async def test_a_wrong_extension_does_no_harm(clean: RunningHost, name: str) -> None:
    content = picture("png")
    asset_id = await clean.upload(content, name=name)
    await clean.drain()
    asset = await details(clean, asset_id)
    assert (asset["width"], asset["height"]) == (480, 320)
    await check_pictures(clean, asset)
    await check_timeline(clean, asset)
    await check_original(clean, asset, content)


async def test_the_smallest_picture(clean: RunningHost) -> None:
    asset_id = await clean.upload(picture("png", (1, 1)), name="dot.png")
    await clean.drain()
    asset = await details(clean, asset_id)
    assert (asset["width"], asset["height"]) == (1, 1)
    await check_pictures(clean, asset)
    await check_timeline(clean, asset)


NAMES = [
    "Käse 🧀.jpg", "a b%20c.jpg", "quote\"and'.jpg", "..%2f..%2fetc.jpg", "x" * 180 + ".jpg", "-rf.jpg",
    "‮gpj.jpg", "emoji👩‍👩‍👧.JPG",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
async def test_any_name(clean: RunningHost, name: str) -> None:
    content = picture()
    asset_id = await clean.upload(content, name="plain.jpg", filename=name)
    await clean.drain()
    asset = await details(clean, asset_id)
    assert asset["originalFileName"] == name
    await check_pictures(clean, asset)
    await check_original(clean, asset, content)


@pytest.mark.parametrize("raw", [b"caf\xe9.jpg", b"\xff\xfe\x80.jpg", b"nul\x00in.jpg"])
async def test_a_name_that_is_no_utf_8(clean: RunningHost, raw: bytes) -> None:
    content = picture()
    client = await clean.client()
    head = b'--cut\r\nContent-Disposition: form-data; name="%s"\r\n\r\n2024-05-01T10:11:12Z\r\n'
    body = head % b"fileCreatedAt" + head % b"fileModifiedAt"
    body += b'--cut\r\nContent-Disposition: form-data; name="assetData"; filename="' + raw + b'"\r\n\r\n'
    body += content + b"\r\n--cut--\r\n"
    answer = await client.post(
        "/api/assets", content=body, headers={"Content-Type": "multipart/form-data; boundary=cut"}
    )
    if answer.status_code == 400:
        assert set(answer.json()) <= {"message", "errors"}
        return
    asset_id = UUID(expect(answer, 201)["id"])
    await clean.drain()
    asset = await details(clean, asset_id)
    assert asset["originalFileName"].endswith(".jpg")
    await check_pictures(clean, asset)
    await check_original(clean, asset, content)


async def test_a_repaired_file_is_done_by_retrying_what_failed(clean: RunningHost) -> None:
    content = picture(size=(900, 600))
    asset_id = await clean.upload(content[:6000], name="later.jpg")
    await drained(clean)
    row = await clean.kernel.assets.get(asset_id)
    assert row is not None
    row.path.write_bytes(content)
    await clean.kernel.job_room.failures.retry(Wanted(queue="thumbnailGeneration"))
    await clean.drain()
    await check_pictures(clean, await details(clean, asset_id))
    assert await failures(clean, "thumbnailGeneration") == {}


@pytest.mark.parametrize("sidecar", [b"hello\n", b"<x:xmpmeta", bytes(range(256)), b"\0" * 5000])
async def test_a_broken_sidecar_leaves_the_photo_as_it_is(clean: RunningHost, sidecar: bytes) -> None:
    asset_id = await clean.upload(picture(exif=camera_exif()), name="good.jpg", sidecar=sidecar)
    await clean.drain()
    asset = await details(clean, asset_id)
    assert (asset["exifInfo"]["make"], asset["localDateTime"]) == ("Leica", "2023-07-02T23:30:00.250Z")
    assert (await files_of(clean, asset_id))["sidecar"].read_bytes() == sidecar
    await check_pictures(clean, asset)
