"""Videos: a copy in another size and quality is found, another take of the same scene is not."""

import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from immich_duplicates import frames, jobs
from immich_host.plugin_api.errors import JobFailed
from immich_host.runtime.binaries import media_binaries
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost

Pictures = Callable[[str], Image.Image]
Video = Callable[..., Path]


async def test_copies_are_found_and_another_take_is_not(
    running: RunningHost, picture: Pictures, video: Video, grouped: Callable[..., Awaitable[list[set[str]]]]
) -> None:
    scene = picture("rocket.jpg")
    files = [
        video("a.mp4", scene),
        video("b.mp4", scene, "-crf", "32", "-s", "240x180", "-r", "20"),
        video("back.mp4", scene, start=1, end=0),
        video("slow.mp4", scene, end=0.5),
        video("c.mkv", scene, "-t", "3"),
        video("other.mp4", picture("coffee.png")),
    ]
    ids = [await running.upload(file) for file in files]
    await running.drain()
    assert await grouped() == [set(map(str, ids[:2]))]
    rows = await running.kernel.db.fetch("SELECT asset_id, frame FROM duplicates_frame WHERE asset_id = $1", ids[0])
    assert sorted(row["frame"] for row in rows) == [1, 2, 3, 4, 5]
    again = [asset_id async for asset_id in jobs.missing(running.kernel)]
    assert again == []


async def test_pictures_are_small_and_from_where_they_should_be(picture: Pictures, video: Video) -> None:
    file = video("a.mp4", picture("rocket.jpg"))
    taken = await frames.take(file, _binaries(), seconds=60)
    assert taken.duration == pytest.approx(4000, abs=150)
    assert [still.number for still in taken.pictures] == [1, 2, 3, 4, 5]
    assert all(still.content.startswith(b"BM") for still in taken.pictures)
    assert len({still.content for still in taken.pictures}) == 5


async def test_av1_is_read_whether_ffmpeg_can_decode_it_or_not(picture: Pictures, video: Video) -> None:
    file = video("a.mp4", picture("rocket.jpg"), "-c:v", "libsvtav1", "-preset", "10", "-g", "10")
    taken = await frames.take(file, _binaries(), seconds=60)
    assert taken
    assert [still.number for still in taken.pictures] == [1, 2, 3, 4, 5]
    sizes = {Image.open(io.BytesIO(still.content)).convert("RGB").size for still in taken.pictures}
    assert sizes <= {(320, 240), (256, 256)}


@pytest.mark.parametrize("content", [b"", b"no video at all", b"#EXTM3U\nhttp://127.0.0.1:1/a.ts\n"])
async def test_what_is_no_video_has_no_pictures(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(content)
    assert await frames.take(file, _binaries(), seconds=60) is None


async def test_what_takes_too_long_is_ended(picture: Pictures, video: Video) -> None:
    with pytest.raises(JobFailed, match="within 0 seconds"):
        await frames.take(video("a.mp4", picture("rocket.jpg")), _binaries(), seconds=0.0001)


@pytest.mark.parametrize(
    ("deed", "error"), [("mv '{}' '{}.moved'", FileNotFoundError), ("kill -9 $$", InterruptedError)]
)
async def test_what_is_moved_or_killed_meanwhile_is_done_again(
    picture: Pictures, video: Video, tmp_path: Path, deed: str, error: type[Exception]
) -> None:
    file = video("a.mp4", picture("rocket.jpg"))
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{deed.format(file, file)}\n")
    program.chmod(0o755)
    with pytest.raises(error):
        await frames.take(file, SimpleNamespace(ffmpeg=program, ffprobe=_binaries().ffprobe), seconds=60)


async def test_what_fails_once_is_tried_again(picture: Pictures, video: Video, tmp_path: Path) -> None:
    file = video("a.mp4", picture("rocket.jpg"))
    program = _program_that(tmp_path, "3) exit 127 ;;")
    taken = await frames.take(file, SimpleNamespace(ffmpeg=program, ffprobe=_binaries().ffprobe), seconds=60)
    assert [still.number for still in taken.pictures] == [1, 2, 3, 4, 5]


async def test_what_was_away_for_a_moment_is_done_again(picture: Pictures, video: Video, tmp_path: Path) -> None:
    file = video("a.mp4", picture("rocket.jpg"))
    program = _program_that(tmp_path, f"3) mv '{file}' '{file}.moved'; exit 0 ;; 4) mv '{file}.moved' '{file}' ;;")
    with pytest.raises(FileNotFoundError):
        await frames.take(file, SimpleNamespace(ffmpeg=program, ffprobe=_binaries().ffprobe), seconds=60)


def _program_that(folder: Path, deeds: str) -> Path:
    """ffmpeg, but for what it does at calls of these numbers."""
    program, calls = folder / "ffmpeg", folder / "calls"
    calls.touch()
    program.write_text(f"""#!/bin/sh
echo >> '{calls}'
case $(wc -l < '{calls}') in {deeds} esac
exec '{_binaries().ffmpeg}' "$@"
""")
    program.chmod(0o755)
    return program


async def test_a_video_that_is_gone_says_so(host: MakeHost) -> None:
    running = await host(plugins=["inference", "starter_models", "duplicates"])
    asset_id = await running.upload(b"x", name="a.mp4")
    asset = await running.kernel.assets.get(asset_id)
    assert asset is not None
    asset.path.unlink()
    with pytest.raises(JobFailed, match=r"the file of a\.mp4 is missing"):
        await running.drain()


async def test_a_video_that_does_not_say_its_length_is_looked_at_once(host: MakeHost) -> None:
    running = await host(plugins=["inference", "starter_models", "duplicates"])
    asset_id = await running.upload(b"no video at all", name="a.mp4")
    assert [each async for each in jobs.missing(running.kernel)] == [asset_id]
    await running.drain()
    assert [each async for each in jobs.missing(running.kernel)] == []


def _binaries() -> Any:
    found = media_binaries()

    class Binaries:
        ffmpeg, ffprobe, exiftool = found.ffmpeg, found.ffprobe, found.exiftool

    return Binaries()
