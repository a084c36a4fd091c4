"""Upload, sidecar, metadata, thumbnails, timeline: each kind of file goes the whole way."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from plugins.thumbnails.tests.test_raw import dng
from tests.together.gallery import check_original, check_pictures, check_timeline, details, files_of
from tests.together.making import SAVE, animation, camera_exif, clip, live_photo, motion_photo, picture

SHARED = Path(__file__).parents[3] / "shared" / "assets"
FOUND = sorted(path for path in SHARED.rglob("*") if path.is_file() and path.suffix not in {".md", ".xmp"})


async def through(host: RunningHost, content: bytes, name: str, user: str = "admin", **fields: Any) -> dict[str, Any]:
    """Upload, run every job, and look at the asset; nothing may have failed."""
    asset_id = await host.upload(content, name=name, user=user, **fields)
    await host.drain()
    return await details(host, asset_id, user)


@pytest.mark.skipif(not FOUND, reason="the shared photos are not on this machine")
@pytest.mark.parametrize("path", FOUND, ids=lambda path: str(path.relative_to(SHARED)))
async def test_real_photos(clean: RunningHost, path: Path) -> None:
    asset = await through(clean, path.read_bytes(), path.name)
    assert asset["width"] > 0
    assert asset["height"] > 0
    await check_pictures(clean, asset)
    await check_timeline(clean, asset)
    await check_original(clean, asset, path.read_bytes())


@pytest.mark.skipif(not FOUND, reason="the shared photos are not on this machine")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("formats/heic/IMG_2682.heic", {"width": 4032, "height": 3024, "localDateTime": "2019-03-21T11:04:22.348Z"}),
        ("metadata/faces/portrait-orientation-6.jpg", {"exif": {"orientation": "6"}}),
        ("metadata/rating/mongolels.jpg", {"exif": {"rating": 3, "description": "Mongol Els"}}),
        ("metadata/gps-position/thompson-springs.jpg", {"exif": {"timeZone": "America/Denver"}}),
        ("formats/jpg/el_torcal_rocks.jpg", {"localDateTime": "2012-08-05T11:39:59.000Z", "exif": {"make": "SONY"}}),
    ],
)
async def test_what_real_photos_tell(clean: RunningHost, name: str, expected: dict[str, Any]) -> None:
    asset = await through(clean, (SHARED / name).read_bytes(), Path(name).name, user="reader")
    exif = expected.pop("exif", {})
    assert {key: asset[key] for key in expected} == expected
    assert {key: asset["exifInfo"][key] for key in exif} == exif


@pytest.mark.parametrize("suffix", SAVE)
async def test_stills(clean: RunningHost, suffix: str) -> None:
    content = picture(suffix, exif=camera_exif())
    asset = await through(clean, content, f"photo.{suffix}")
    assert (asset["width"], asset["height"], asset["type"]) == (480, 320, "IMAGE")
    exif = asset["exifInfo"]
    assert (exif["make"], exif["model"], exif["iso"], exif["fNumber"]) == ("Leica", "M11", 200, 2.8)
    assert (exif["exposureTime"], exif["focalLength"], exif["description"]) == ("1/200", 35, "At the harbour")
    assert (exif["latitude"], exif["longitude"]) == (pytest.approx(18.92), pytest.approx(72.84))
    assert (asset["fileCreatedAt"], asset["localDateTime"]) == ("2023-07-02T18:00:00.250Z", "2023-07-02T23:30:00.250Z")
    assert exif["dateTimeOriginal"] == "2023-07-02T18:00:00.250Z"
    await check_pictures(clean, asset)
    row = await check_timeline(clean, asset)
    assert (row["localOffsetHours"], row["duration"]) == (5.5, None)
    await check_original(clean, asset, content)


async def test_a_turned_photo_is_upright_everywhere(clean: RunningHost) -> None:
    asset = await through(clean, picture(exif=camera_exif(orientation=6)), "turned.jpg")
    assert (asset["width"], asset["height"]) == (320, 480)
    assert (asset["exifInfo"]["exifImageWidth"], asset["exifInfo"]["exifImageHeight"]) == (480, 320)
    await check_pictures(clean, asset)
    assert (await check_timeline(clean, asset))["ratio"] == 0.667


async def test_a_large_photo_is_made_small(clean: RunningHost) -> None:
    asset = await through(clean, picture(size=(4000, 2500)), "large.jpg")
    await check_pictures(clean, asset)


async def test_raw(clean: RunningHost) -> None:
    content = dng(640, 480, orientation=6)
    asset = await through(clean, content, "photo.dng")
    assert (asset["width"], asset["height"], asset["exifInfo"]["make"]) == (480, 640, "Maker")
    await check_pictures(clean, asset)
    await check_timeline(clean, asset)
    await check_original(clean, asset, content)


async def test_an_animation(clean: RunningHost, programs: None) -> None:
    content = animation()
    asset = await through(clean, content, "moving.gif")
    assert (asset["width"], asset["height"], asset["type"]) == (120, 80, "IMAGE")
    await check_pictures(clean, asset)
    await check_timeline(clean, asset)
    await check_original(clean, asset, content)


async def test_a_clip(clean: RunningHost, folder: Path) -> None:
    content = clip(folder, "clip.mp4", "-metadata", "creation_time=2024-02-03T04:05:06Z").read_bytes()
    asset = await through(clean, content, "clip.mp4")
    assert (asset["type"], asset["width"], asset["height"]) == ("VIDEO", 320, 240)
    assert asset["localDateTime"] == "2024-02-03T04:05:06.000Z"
    assert asset["duration"] == pytest.approx(1000, abs=60)
    await check_pictures(clean, asset)
    row = await check_timeline(clean, asset)
    assert row["duration"] == asset["duration"]
    await check_original(clean, asset, content)
    client = await clean.client()
    played = await client.get(f"/api/assets/{asset['id']}/video/playback", headers={"Range": "bytes=0-15"})
    assert (played.status_code, played.content) == (206, content[:16])


async def test_a_sidecar_tells_more_than_the_file(clean: RunningHost) -> None:
    dates = sorted((SHARED / "metadata/xmp/dates").glob("*.xmp"))
    if not dates:
        pytest.skip("the shared sidecars are not on this machine")
    for path in dates:
        asset_id = await clean.upload(picture(exif=camera_exif()), name="photo.jpg", sidecar=path)
        await clean.drain()
        asset = await details(clean, asset_id)
        assert asset["localDateTime"][:4] == path.stem
        assert (await files_of(clean, asset_id))["sidecar"].read_bytes() == path.read_bytes()
        await check_timeline(clean, asset)


async def test_no_date_at_all_is_the_uploads(clean: RunningHost) -> None:
    asset = await through(clean, picture("png"), "plain.png")
    assert asset["fileCreatedAt"] == asset["localDateTime"] == "2024-05-01T10:11:12.345Z"


@pytest.mark.parametrize("video_first", [True, False])
async def test_a_live_photo_becomes_one(clean: RunningHost, folder: Path, video_first: bool) -> None:
    still, video = live_photo(folder, f"LIVE-{video_first}")
    ids: dict[str, UUID] = {}
    for name, content in sorted({"a.mov": video, "a.heic": still}.items(), reverse=video_first):
        ids[name] = await clean.upload(content, name=name)
        await clean.drain()
    await check_pair(clean, ids["a.heic"], ids["a.mov"], video)


async def test_a_live_photo_linked_by_the_app(clean: RunningHost, folder: Path) -> None:
    content = clip(folder, "app.mov").read_bytes()
    video = await clean.upload(content, name="app.mov", visibility="hidden")
    still = await clean.upload(picture(), name="app.jpg", livePhotoVideoId=video)
    await clean.drain()
    await check_pair(clean, still, video, content)
    assert await files_of(clean, video) == {}
    assert (await details(clean, video))["thumbhash"] is None


async def check_pair(host: RunningHost, still: UUID, video: UUID, content: bytes) -> None:
    asset = await details(host, still)
    assert asset["livePhotoVideoId"] == str(video)
    hidden = await details(host, video)
    assert (hidden["visibility"], hidden["exifInfo"]["fileSizeInByte"]) == ("hidden", len(content))
    await check_pictures(host, asset)
    await check_timeline(host, asset)
    client = await host.client()
    month = {"timeBucket": asset["localDateTime"][:7] + "-01"}
    assert str(video) not in expect(await client.get("/api/timeline/bucket", params=month), 200)["id"]
    assert (await client.get(f"/api/assets/{video}/video/playback")).content == content


async def test_a_motion_photo_gets_its_video(clean: RunningHost, folder: Path) -> None:
    content, video = motion_photo(folder)
    asset = await through(clean, content, "motion.jpg")
    await check_pair(clean, UUID(asset["id"]), UUID(asset["livePhotoVideoId"]), video)
    await check_original(clean, asset, content)
