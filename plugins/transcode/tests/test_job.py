"""The job in a running host: files, rows, playback, and how it fails."""

import asyncio
import subprocess
from importlib.metadata import entry_points
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import structlog

from immich_host.plugin_api.errors import JobFailed
from immich_host.testing.waiting import PATIENCE
from immich_transcode import store
from immich_transcode.probing import probe
from immich_transcode.programs import abilities
from immich_transcode.settings import FFmpegSettings

from .conftest import PRORES, X264, copy_of, encoded

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def missing(running) -> set[UUID]:
    return {one async for one in store.without_copy(running.kernel.db)}


async def again(running, asset_id: UUID) -> None:
    await running.kernel.jobs.request("transcode.encode", asset_id=asset_id, force=True)
    await running.drain()


async def test_an_upload_gets_a_copy_that_is_played(running, clip, programs):
    asset_id = await running.upload(clip("film.mov", *PRORES))
    assert await missing(running) == {asset_id}
    await running.drain()
    path = await copy_of(running, asset_id)
    assert path is not None
    owner, name = await running.user_id(), str(asset_id)
    shard = f"encoded-video/{owner}/{name[:2]}/{name[2:4]}"
    assert path.relative_to(running.kernel.files.media_root).as_posix() == f"{shard}/{name}.mp4"
    assert encoded(running) == [f"{name}.mp4"], "no temporary file stays"
    assert (await probe(programs.ffprobe, path)).video.codec == "h264"
    assert await missing(running) == set()
    client = await running.client()
    answer = await client.get(f"/api/assets/{asset_id}/video/playback")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    assert answer.content == path.read_bytes()
    part = await client.get(f"/api/assets/{asset_id}/video/playback", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, path.read_bytes()[10:20])


async def test_what_browsers_play_gets_none(running, clip):
    film = clip("film.mp4", *X264)
    asset_id = await running.upload(film)
    await running.drain()
    assert await copy_of(running, asset_id) is None
    assert encoded(running) == []
    client = await running.client()
    assert (await client.get(f"/api/assets/{asset_id}/video/playback")).content == film.read_bytes()


async def test_photos_are_left_alone(running):
    asset_id = await running.upload(b"no picture", name="photo.jpg")
    await running.drain()
    assert await copy_of(running, asset_id) is None
    assert await missing(running) == set()


@pytest.mark.parametrize("codec", ["mjpeg", "libwebp", "bmp"])
async def test_a_photo_that_is_called_a_video_needs_no_copy(running, programs, tmp_path, codec):
    able = (await abilities(programs.ffmpeg)).encoders
    if codec not in able:
        pytest.skip(f"no {codec} here")
    path = tmp_path / "photo.mp4"
    command = [str(programs.ffmpeg), "-v", "error", "-f", "lavfi", "-i", "color=teal:s=400x300", "-frames:v", "1"]
    subprocess.run([*command, "-c:v", codec, "-f", "image2", str(path)], check=True, timeout=PATIENCE)  # noqa: ASYNC221
    asset_id = await running.upload(path)
    await running.drain()
    assert await copy_of(running, asset_id) is None


async def test_twice_is_once(running, clip):
    asset_id = await running.upload(clip("film.mov", *PRORES))
    await running.drain()
    path = await copy_of(running, asset_id)
    assert path is not None
    rows = "SELECT id, path, type FROM asset_file"
    before = path.read_bytes(), await running.kernel.db.fetch(rows)
    await again(running, asset_id)
    assert (path.read_bytes(), await running.kernel.db.fetch(rows)) == before
    assert encoded(running) == [path.name]


async def test_a_copy_that_is_not_needed_any_more_goes(running, clip):
    film = clip("film.mov", *PRORES)
    asset_id = await running.upload(film)
    await running.drain()
    client = await running.client()
    await client.get(f"/api/assets/{asset_id}/video/playback")
    await running.configure(FFmpegSettings(transcode="disabled"))
    await running.kernel.job_room.commands.start("videoConversion", "stale")
    await running.drain()
    assert await copy_of(running, asset_id) is None
    assert encoded(running) == []
    async with asyncio.timeout(PATIENCE):
        while True:  # this process is told of the change as all others are, by the database
            answer = await client.get(f"/api/assets/{asset_id}/video/playback")
            if answer.content == film.read_bytes():
                break


async def test_other_settings_make_stale_what_there_is(running, clip, programs):
    asset_id = await running.upload(clip("film.mov", *PRORES))
    played = await running.upload(clip("played.mp4", *X264))
    await running.drain()
    await running.configure(FFmpegSettings(transcode="all", target_video_codec="vp9"))
    await running.kernel.job_room.commands.start("videoConversion", "stale")
    await running.drain()
    for each in (asset_id, played):
        path = await copy_of(running, each)
        assert path is not None
        assert (await probe(programs.ffprobe, path)).video.codec == "vp9"


async def test_settings_without_effect_on_files_make_nothing_stale(running, clip):
    asset_id = await running.upload(clip("film.mov", *PRORES))
    await running.drain()
    path = await copy_of(running, asset_id)
    assert path is not None
    before = path.stat().st_mtime_ns
    await running.configure(FFmpegSettings(threads=1, preferred_hw_device="renderD128"))
    await running.kernel.job_room.commands.start("videoConversion", "stale")
    await running.drain()
    assert path.stat().st_mtime_ns == before


async def test_hidden_videos_get_copies_too(running, clip):
    """The video of a live photo or motion photo is played by clients, and HEVC more often than not."""
    asset_id = await running.upload(clip("live.mov", *PRORES))
    await running.kernel.assets.update(asset_id, visibility="hidden")
    assert await missing(running) == {asset_id}
    await running.drain()
    assert await copy_of(running, asset_id) is not None


async def test_the_video_of_a_motion_photo_gets_one(host, clip, programs, tmp_path):
    if {"metadata", "thumbnails"} - {point.name for point in entry_points(group="immich_host.plugins")}:
        pytest.skip("the plugins that find the video are not installed")
    running = await host(plugins=["metadata", "thumbnails", "transcode"])
    video = clip("part.mp4", "-c:v", "mpeg4", "-c:a", "ac3").read_bytes()
    still = tmp_path / "MVIMG_1.jpg"
    command = [str(programs.ffmpeg), "-v", "error", "-f", "lavfi", "-i", "color=teal:s=400x300", "-frames:v", "1"]
    subprocess.run([*command, str(still)], check=True, timeout=PATIENCE)  # noqa: ASYNC221
    tags = ["-XMP-GCamera:MicroVideo=1", f"-XMP-GCamera:MicroVideoOffset={len(video)}"]
    subprocess.run([str(programs.exiftool), "-q", "-overwrite_original", *tags, str(still)], check=True)  # noqa: ASYNC221
    asset_id = await running.upload(still.read_bytes() + video, name=still.name)
    await running.drain()
    asset = await running.kernel.assets.get(asset_id)
    assert asset.live_photo_video_id is not None
    path = await copy_of(running, asset.live_photo_video_id)
    assert path is not None
    found = await probe(programs.ffprobe, path)
    assert found.audio is not None
    assert (found.video.codec, found.audio.codec) == ("h264", "aac")


async def test_what_is_in_the_trash_is_not_missing(running, clip):
    await running.configure(FFmpegSettings(transcode="disabled"))
    asset_id = await running.upload(clip("film.mov", *PRORES))
    await running.drain()
    client = await running.client()
    await client.request("DELETE", "/api/assets", json={"ids": [str(asset_id)]})
    assert await missing(running) == set()


async def test_erasing_takes_the_copy_along(running, clip):
    asset_id = await running.upload(clip("film.mov", *PRORES))
    await running.drain()
    client = await running.client()
    await client.request("DELETE", "/api/assets", json={"ids": [str(asset_id)], "force": True})
    await running.drain()
    assert encoded(running) == []


@pytest.mark.parametrize("accel", ["vaapi", "nvenc", "qsv", "rkmpp"])
async def test_hardware_that_is_not_there_gives_way_to_software(running, clip, programs, accel):
    if Path("/dev/dri").exists() or Path("/dev/nvidiactl").exists():
        pytest.skip("there is hardware here")
    await running.configure(FFmpegSettings(accel=accel))
    asset_id = await running.upload(clip("film.mov", *PRORES))
    with structlog.testing.capture_logs() as logs:
        await running.drain()
    path = await copy_of(running, asset_id)
    assert path is not None
    assert (await probe(programs.ffprobe, path)).video.codec == "h264"
    events = [log["event"] for log in logs]
    assert "software encodes in place of hardware" in events or "hardware failed" in events


@pytest.mark.parametrize("content", [b"Dear diary\n" * 100, b"\0"])
async def test_a_broken_file_fails_alone_and_at_once(running, clip, content):
    bad = await running.upload(content, name="bad.mp4")
    with pytest.raises(JobFailed, match=r"bad\.mp4: the video cannot be read"):
        await running.drain()
    good = await running.upload(clip("film.mov", *PRORES))
    await running.drain()
    assert await copy_of(running, good) is not None
    assert await copy_of(running, bad) is None


async def test_a_failure_leaves_the_copy_that_there_is(running, clip):
    asset_id = await running.upload(clip("film.mov", *PRORES))
    await running.drain()
    path = await copy_of(running, asset_id)
    asset = await running.kernel.assets.get(asset_id)
    assert path is not None
    before = path.read_bytes()
    asset.path.write_bytes(asset.path.read_bytes()[:2000])
    with pytest.raises(JobFailed):
        await again(running, asset_id)
    assert path.read_bytes() == before
    assert encoded(running) == [path.name]


async def test_a_missing_original_says_so(running, clip):
    asset_id = await running.upload(clip("film.mov", *PRORES), name="lost.mov")
    (await running.kernel.assets.get(asset_id)).path.unlink()
    with pytest.raises(JobFailed, match=r"the file of lost\.mov is missing"):
        await running.drain()


async def test_what_a_killed_worker_has_left_is_removed(running, clip):
    asset_id = await running.upload(clip("film.mov", *PRORES))
    owner = await running.user_id()
    target = running.kernel.files.derived_path("encoded-video", owner, f"{asset_id}.mp4")
    left = target.parent / f".{asset_id}.0123456789abcdef"
    left.mkdir(parents=True)
    (left / "made.mp4").write_bytes(b"half")
    await running.drain()
    assert encoded(running) == [target.name]
    assert not left.exists()


async def test_what_is_left_of_an_asset_that_is_gone_is_removed_too(running):
    gone = uuid4()
    left = running.kernel.files.derived_path("encoded-video", await running.user_id(), f"{gone}.mp4").parent
    left /= f".{gone}.0123456789abcdef"
    left.mkdir(parents=True)
    (left / "made.mp4").write_bytes(b"half")
    await again(running, gone)
    assert not left.exists()
