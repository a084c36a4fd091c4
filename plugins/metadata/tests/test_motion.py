import hashlib
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from immich_host.runtime.binaries import Binaries
from immich_metadata.motion import Embedded, NoVideo, Trailer, as_range, checksum, extract, find_video
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
        (
            {
                "MotionPhoto": "1",
                "ContainerDirectory": [*directory("300", "20"), {"Item": {"Length": "50", "Padding": "5"}}],
            },
            Trailer(625, 300),
        ),
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


NAME = b"MotionPhoto_Data"


def trailer(video: bytes, *, name: bytes = NAME, before: bytes = b"") -> bytes:
    """What Samsung's phones write behind a picture: blocks, their directory, and how long that is."""
    other = b"\0\0\x01\x0a" + (13).to_bytes(4, "little") + b"Image_UTC_Data1234" + before
    block = b"\0\0\x30\x0a" + len(name).to_bytes(4, "little") + name + video
    entries = b"".join(
        b"\0\0" + kind + (length).to_bytes(4, "little") + size.to_bytes(4, "little")
        for kind, length, size in (
            (b"\x01\x0a", len(other) + len(block), len(other)),
            (b"\x30\x0a", len(block), len(block)),
        )
    )
    head = b"SEFH" + (107).to_bytes(4, "little") + (2).to_bytes(4, "little") + entries
    return other + block + head + len(head).to_bytes(4, "little") + b"SEFT"


def box(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content


async def test_a_samsung_motion_photo(
    reader: TagReader, programs: Binaries, photo: MakePhoto, clip: MakeClip, tmp_path: Path
) -> None:
    """Found by its trailer, to the byte; exiftool takes out the same."""
    assert programs.exiftool
    video = clip("inside.mp4").read_bytes()
    still = photo("samsung.jpg")
    with still.open("ab") as file:
        file.write(trailer(video))
    part = find_video(await reader.read(still), still.stat().st_size)
    assert part == Embedded("EmbeddedVideoFile")
    found = as_range(still, part)
    assert found == Trailer(still.read_bytes().index(video), len(video))
    for each in (part, found):
        assert await extract(still, each, tmp_path / "out.mp4", programs.exiftool) == hashlib.sha1(video).digest()  # noqa: S324
        assert (tmp_path / "out.mp4").read_bytes() == video


@pytest.mark.parametrize("kind", [b"mpvd", b"sefd"])
async def test_a_motion_photo_in_heif(
    reader: TagReader, photo: MakePhoto, clip: MakeClip, kind: bytes, tmp_path: Path
) -> None:
    """Google and Samsung put a box behind the picture: the video, or Samsung's trailer."""
    video = clip("inside.mp4").read_bytes()
    still = photo("motion.avif")
    with still.open("ab") as file:
        file.write(box(kind, video if kind == b"mpvd" else trailer(video)))
    part = find_video(await reader.read(still), still.stat().st_size)
    assert isinstance(part, Embedded)
    found = as_range(still, part)
    assert found == Trailer(still.read_bytes().index(video), len(video))
    assert checksum(still, found) == hashlib.sha1(video).digest()  # noqa: S324


def test_a_box_of_64_bits(photo: MakePhoto) -> None:
    still = photo("large.avif")
    size = still.stat().st_size
    with still.open("ab") as file:
        file.write(b"\0\0\0\1mpvd" + (16 + 20).to_bytes(8, "big") + b"\0\0\0\x14ftypmp42" + bytes(8))
    assert as_range(still, Embedded("MotionPhotoVideo")) == Trailer(size + 16, 20)


def test_a_huge_photo_is_not_read_whole(tmp_path: Path) -> None:
    """A gigabyte between picture and trailer, a video of 64 MB: neither comes into memory."""
    still = tmp_path / "huge.jpg"
    head = b"\0\0\0\x18ftypmp42"
    video = head + bytes((64 << 20) - len(head))
    with still.open("wb") as file:
        file.write(b"\xff\xd8\xff\xd9")
        file.seek(1 << 30)
        file.write(trailer(video))
    tracemalloc.start()
    try:
        found = as_range(still, Embedded("EmbeddedVideoFile"))
        assert isinstance(found, Trailer)
        checksum(still, found, tmp_path / "out.mp4")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.length == len(video)
    assert (tmp_path / "out.mp4").stat().st_size == len(video)
    assert peak < 8 << 20


def test_damaged_trailers_are_no_trailers(tmp_path: Path) -> None:
    """Bytes changed or cut anywhere: no error, and never a range outside of the file."""
    chance = random.Random(3)
    whole = b"\xff\xd8" + trailer(b"\0\0\0\x18ftypmp42" + bytes(40))
    iso = box(b"ftyp", b"heic") + box(b"mdat", bytes(20)) + box(b"mpvd", bytes(30)) + box(b"sefd", trailer(bytes(30)))
    path = tmp_path / "a"
    for original in (whole, iso):
        for _ in range(400):
            content = bytearray(original)
            for _ in range(chance.randint(1, 3)):
                content[chance.randrange(len(content))] = chance.choice((0, 1, 127, 255))
            path.write_bytes(content[: chance.choice((len(content), chance.randrange(len(content))))])
            part = as_range(path, Embedded("EmbeddedVideoFile"))
            if isinstance(part, Trailer):
                assert 0 <= part.start < part.start + part.length <= path.stat().st_size
    for content in (
        b"",
        b"SEFT",
        b"\xff\xff\xff\xffSEFT",
        trailer(b"x" * 20, name=b"MotionPhoto_Info"),
        box(b"jP  ", b""),
    ):
        path.write_bytes(content)
        assert as_range(path, Embedded("EmbeddedVideoFile")) == Embedded("EmbeddedVideoFile")


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
