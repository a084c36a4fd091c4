"""The jobs in a running host: real uploads, real PostgreSQL, jobs drained in process."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost

MakePhoto = Callable[..., Path]
MakeClip = Callable[..., Path]
LIVE = "5A3B8C1E-LIVE-0001"


async def exif(host: RunningHost, asset_id: UUID) -> dict[str, Any]:
    return dict(await host.kernel.db.fetchrow("SELECT * FROM asset_exif WHERE asset_id = $1", asset_id))


async def asset(host: RunningHost, asset_id: UUID) -> Any:
    found = await host.kernel.assets.get(asset_id)
    assert found is not None
    return found


async def run(host: RunningHost, *asset_ids: UUID, job: str = "metadata.extract") -> None:
    for asset_id in asset_ids:
        await host.kernel.jobs.request(job, asset_id=asset_id, cause="all")
    await host.drain()


async def lock(host: RunningHost, asset_id: UUID, *names: str, **columns: Any) -> None:
    """Do to the rows what a person's edit does."""
    sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, 3))
    await host.kernel.db.execute(
        f"UPDATE asset_exif SET locked_properties = $2, {sets} WHERE asset_id = $1",
        asset_id, list(names), *columns.values(),
    )  # fmt: skip


async def test_an_upload_is_described(host: MakeHost, photo: MakePhoto) -> None:
    server = await host(plugins=["metadata"])
    path = photo(
        "a.jpg", "-Make=Leica", "-DateTimeOriginal=2012:08:05 11:39:59", "-OffsetTimeOriginal=+02:00", "-Orientation#=6"
    )
    asset_id = await server.upload(path)
    await server.drain()
    found = await exif(server, asset_id)
    assert (found["make"], found["time_zone"], found["orientation"]) == ("Leica", "UTC+2", "6")
    assert found["date_time_original"] == datetime(2012, 8, 5, 9, 39, 59, tzinfo=UTC)
    row = await asset(server, asset_id)
    assert (row.width, row.height) == (30, 40)
    assert row.local_date_time == datetime(2012, 8, 5, 11, 39, 59, tzinfo=UTC)
    client = await server.client()
    answer = (await client.get(f"/api/assets/{asset_id}")).json()
    assert answer["exifInfo"]["make"] == "Leica"
    assert answer["localDateTime"] == "2012-08-05T11:39:59.000Z"


async def test_reading_twice_changes_nothing(host: MakeHost, photo: MakePhoto) -> None:
    server = await host(plugins=["metadata"])
    asset_id = await server.upload(photo("a.jpg", "-Make=Leica"))
    await server.drain()
    before = await exif(server, asset_id), await asset(server, asset_id)
    await run(server, asset_id)
    assert (await exif(server, asset_id), await asset(server, asset_id)) == before


async def test_what_a_person_edited_is_kept(host: MakeHost, photo: MakePhoto) -> None:
    server = await host(plugins=["metadata"])
    asset_id = await server.upload(photo("a.jpg", "-ImageDescription=camera", "-Rating=2", "-Make=Leica"))
    await server.drain()
    chosen = datetime(2000, 7, 1, 10, tzinfo=UTC)
    await lock(
        server, asset_id, "description", "dateTimeOriginal", "timeZone",
        description="mine", date_time_original=chosen, time_zone="Europe/Berlin", make="gone",
    )  # fmt: skip
    await run(server, asset_id)
    found = await exif(server, asset_id)
    assert (found["description"], found["rating"], found["make"]) == ("mine", 2, "Leica")
    assert (found["date_time_original"], found["time_zone"]) == (chosen, "Europe/Berlin")
    assert (await asset(server, asset_id)).local_date_time == datetime(2000, 7, 1, 12, tzinfo=UTC)


async def test_streams_are_rows(host: MakeHost, clip: MakeClip) -> None:
    server = await host(plugins=["metadata"])
    asset_id = await server.upload(clip("a.mp4"))
    await server.drain()
    await run(server, asset_id)
    db = server.kernel.db
    video = await db.fetchrow("SELECT * FROM asset_video WHERE asset_id = $1", asset_id)
    assert (video["codec_name"], video["profile"], video["frame_count"]) == ("h264", 100, 10)
    assert await db.fetchval("SELECT codec_name FROM asset_audio WHERE asset_id = $1", asset_id) == "aac"
    assert await db.fetchval("SELECT pts FROM asset_keyframe WHERE asset_id = $1", asset_id) == [0, 5120]
    assert (await asset(server, asset_id)).duration == pytest.approx(1000, abs=50)


@pytest.fixture
def halves(clip: MakeClip, tmp_path: Path) -> tuple[Path, Path]:
    """The still and the video of a live photo; exiftool makes no maker notes, so they are built here."""
    identifier = LIVE.encode() + b"\0"
    entry = b"\0\x11\0\x02" + len(identifier).to_bytes(4, "big") + (32).to_bytes(4, "big")
    tags = Image.Exif()
    tags[0x010F] = "Apple"
    tags.get_ifd(0x8769)[0x927C] = b"Apple iOS\0\0\1MM\0\1" + entry + bytes(4) + identifier
    still = tmp_path / "live.jpg"
    Image.new("RGB", (40, 30), "red").save(still, exif=tags)
    key = f"com.apple.quicktime.content.identifier={LIVE}"
    return still, clip("live.mov", "-movflags", "use_metadata_tags", "-metadata", key)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_live_photos_are_linked(host: MakeHost, halves: tuple[Path, Path], order: tuple[int, int]) -> None:
    server = await host(plugins=["metadata"])
    ids: dict[int, UUID] = {}
    for index in order:
        ids[index] = await server.upload(halves[index])
        await server.drain()
    assert (await asset(server, ids[0])).live_photo_video_id == ids[1]
    assert (await asset(server, ids[1])).visibility == "hidden"
    await run(server, *ids.values())
    assert (await asset(server, ids[0])).live_photo_video_id == ids[1]


async def test_halves_of_two_owners_stay_apart(host: MakeHost, halves: tuple[Path, Path]) -> None:
    server = await host(plugins=["metadata"])
    still = await server.upload(halves[0])
    video = await server.upload(halves[1], user="other")
    await server.drain()
    assert (await asset(server, still)).live_photo_video_id is None
    assert (await asset(server, video)).visibility == "timeline"


async def test_a_motion_photo_gets_its_video(host: MakeHost, photo: MakePhoto, clip: MakeClip) -> None:
    server = await host(plugins=["metadata"])
    content = clip("inside.mp4").read_bytes()
    path = photo("PXL.jpg", "-XMP-GCamera:MicroVideo=1", f"-XMP-GCamera:MicroVideoOffset={len(content)}")
    asset_id = await server.upload(path.read_bytes() + content, name="PXL.jpg")
    await server.drain()
    still = await asset(server, asset_id)
    assert still.live_photo_video_id
    video = await asset(server, still.live_photo_video_id)
    assert video.path.read_bytes() == content
    assert (video.visibility, video.original_file_name, video.duration is not None) == ("hidden", "PXL.mp4", True)
    usage = await server.kernel.db.fetchval('SELECT quota_usage_in_bytes FROM "user"')
    assert usage == path.stat().st_size + 2 * len(content)
    await run(server, asset_id)
    assert (await asset(server, asset_id)).live_photo_video_id == video.id
    kept = list((server.kernel.files.media_root / "encoded-video").rglob("*.mp4"))
    assert kept == [video.path]


async def test_a_missing_file_fails_with_its_name(host: MakeHost, photo: MakePhoto) -> None:
    server = await host(plugins=["metadata"])
    asset_id = await server.upload(photo("holiday.jpg"))
    (await asset(server, asset_id)).path.unlink()
    with pytest.raises(Exception, match=r"holiday\.jpg is missing"):
        await server.drain()


@pytest.mark.parametrize("name", ["a.jpg", "a.heic", "a.mp4", "a.gif"])
async def test_a_damaged_file_goes_on(host: MakeHost, name: str) -> None:
    server = await host(plugins=["metadata"])
    asset_id = await server.upload(b"\0" * 1000, name=name)
    await server.drain()
    assert (await exif(server, asset_id))["file_size_in_byte"] == 1000
    done = await server.kernel.db.fetchval(
        "SELECT metadata_extracted_at FROM asset_job_status WHERE asset_id = $1", asset_id
    )
    assert done is not None


async def test_missing_finds_what_was_never_read(host: MakeHost, photo: MakePhoto) -> None:
    from immich_metadata.jobs import missing

    server = await host(plugins=["metadata"])
    await server.turn_off("metadata")
    asset_id = await server.upload(photo("a.jpg", "-Make=Leica"))
    await server.drain()
    assert (await exif(server, asset_id))["make"] is None
    await server.turn_on("metadata")
    assert [found async for found in missing(server.kernel)] == [asset_id]
    await run(server, asset_id)
    assert [found async for found in missing(server.kernel)] == []
    assert (await exif(server, asset_id))["make"] == "Leica"
