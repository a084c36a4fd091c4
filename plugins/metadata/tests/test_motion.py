import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from immich_host.runtime.binaries import Binaries
from immich_metadata.motion import Embedded, NoVideo, Trailer, extract, find_video
from immich_metadata.tags import TagReader

MakePhoto = Callable[..., Path]
MakeClip = Callable[..., Path]


def directory(length: str, padding: str = "0") -> list[dict[str, Any]]:
    primary = {"Item": {"Mime": "image/jpeg", "Semantic": "Primary", "Padding": "5"}}
    return [primary, {"Item": {"Mime": "video/mp4", "Semantic": "MotionPhoto", "Length": length, "Padding": padding}}]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, None),
        ({"MotionPhoto": "1", "ContainerDirectory": directory("300")}, Trailer(700, 300)),
        ({"MotionPhoto": "1", "ContainerDirectory": directory("300", "20")}, Trailer(680, 300)),
        ({"MotionPhoto": "0", "ContainerDirectory": directory("300")}, None),
        ({"MotionPhoto": "1"}, None),
        ({"MotionPhoto": "1", "ContainerDirectory": directory("2000")}, None),
        ({"MotionPhoto": "1", "ContainerDirectory": directory("-5")}, None),
        ({"MotionPhoto": "1", "ContainerDirectory": "nonsense"}, None),
        ({"MicroVideo": "1", "MicroVideoOffset": "400"}, Trailer(600, 400)),
        ({"MicroVideo": "1", "MicroVideoOffset": "0"}, None),
        ({"MicroVideoOffset": "400"}, None),
        (
            {"EmbeddedVideoType": "MotionPhoto_Data", "EmbeddedVideoFile": "(Binary data)"},
            Embedded("EmbeddedVideoFile"),
        ),
        ({"EmbeddedVideoType": "other", "EmbeddedVideoFile": "(Binary data)"}, None),
        ({"MotionPhotoVideo": "(Binary data)", "MotionPhoto": "1"}, Embedded("MotionPhotoVideo")),
    ],
)
def test_where_the_video_is(tags: dict[str, Any], expected: Trailer | Embedded | None) -> None:
    assert find_video(tags, 1000) == expected


@pytest.fixture
def google(photo: MakePhoto, clip: MakeClip) -> tuple[Path, bytes]:
    """A Google motion photo and the bytes of its video."""
    video = clip("inside.mp4").read_bytes()
    items = (
        "{Item={Mime=image/jpeg,Semantic=Primary,Length=0,Padding=0}},"
        f"{{Item={{Mime=video/mp4,Semantic=MotionPhoto,Length={len(video)},Padding=0}}}}"
    )
    still = photo("motion.jpg", "-XMP-GCamera:MotionPhoto=1", f"-XMP-GContainer:ContainerDirectory=[{items}]")
    with still.open("ab") as file:
        file.write(video)
    return still, video


async def test_a_google_motion_photo(
    reader: TagReader, programs: Binaries, google: tuple[Path, bytes], tmp_path: Path
) -> None:
    assert programs.exiftool
    still, video = google
    part = find_video(await reader.read(still), still.stat().st_size)
    assert isinstance(part, Trailer)
    target = tmp_path / "out.mp4"
    assert await extract(still, part, target, programs.exiftool) == hashlib.sha1(video).digest()  # noqa: S324
    assert target.read_bytes() == video


async def test_a_micro_video(
    reader: TagReader, programs: Binaries, photo: MakePhoto, clip: MakeClip, tmp_path: Path
) -> None:
    assert programs.exiftool
    video = clip("inside.mp4").read_bytes()
    still = photo("MVIMG.jpg", "-XMP-GCamera:MicroVideo=1", f"-XMP-GCamera:MicroVideoOffset={len(video)}")
    with still.open("ab") as file:
        file.write(video)
    part = find_video(await reader.read(still), still.stat().st_size)
    assert isinstance(part, Trailer)
    await extract(still, part, tmp_path / "out.mp4", programs.exiftool)
    assert (tmp_path / "out.mp4").read_bytes() == video


async def test_a_samsung_motion_photo(
    reader: TagReader, programs: Binaries, photo: MakePhoto, clip: MakeClip, tmp_path: Path
) -> None:
    assert programs.exiftool
    video = clip("inside.mp4").read_bytes()
    still = photo("samsung.jpg")
    name = b"MotionPhoto_Data"
    block = b"\0\0\x30\x0a" + len(name).to_bytes(4, "little") + name + video
    entry = b"\0\0\x30\x0a" + len(block).to_bytes(4, "little") * 2
    head = b"SEFH" + (107).to_bytes(4, "little") + (1).to_bytes(4, "little") + entry
    with still.open("ab") as file:
        file.write(block + head + len(head).to_bytes(4, "little") + b"SEFT")
    part = find_video(await reader.read(still), still.stat().st_size)
    assert part == Embedded("EmbeddedVideoFile")
    await extract(still, part, tmp_path / "out.mp4", programs.exiftool)
    assert (tmp_path / "out.mp4").read_bytes() == video


async def test_bytes_that_are_no_video_are_refused(programs: Binaries, photo: MakePhoto, tmp_path: Path) -> None:
    assert programs.exiftool
    still = photo("a.jpg")
    size = still.stat().st_size
    with pytest.raises(NoVideo):
        await extract(still, Trailer(size - 100, 100), tmp_path / "out", programs.exiftool)
    with pytest.raises(NoVideo):
        await extract(still, Trailer(size - 100, 200), tmp_path / "out", programs.exiftool)
    with pytest.raises(NoVideo):
        await extract(still, Embedded("EmbeddedVideoFile"), tmp_path / "out", programs.exiftool)
