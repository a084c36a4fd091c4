"""What is read out of ffprobe's reports, of real files."""

import pytest

from immich_transcode.probing import Unreadable, probe
from immich_transcode.streams import read_report

from .conftest import TEN_BITS, X264


async def test_a_plain_clip(programs, clip):
    found = await probe(programs.ffprobe, clip("a.mp4", *X264))
    video, audio = found.video, found.audio
    assert (found.container, round(found.seconds)) == ("mp4", 1)
    assert (video.codec, video.width, video.height, video.pixel_format) == ("h264", 320, 240, "yuv420p")
    assert (video.rotation, video.is_hdr, video.is_interlaced, video.frame_rate) == (0, False, False, 10)
    assert video.bitrate > 0
    assert audio is not None
    assert audio.codec == "aac"


@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [
        ("a.mov", X264, "mov"),
        ("a.mkv", X264, "webm"),
        ("a.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime"), "webm"),
        ("a.avi", X264, "avi"),
        ("a.ts", X264, "mpegts"),
        ("a.ogv", ("-c:v", "libvpx", "-c:a", "libopus", "-f", "ogg"), "ogg"),
        ("a.mp4", X264, "mp4"),
        ("a.3gp", X264, "mp4"),
    ],
)
async def test_containers(programs, clip, name, codec, container):
    assert (await probe(programs.ffprobe, clip(name, *codec, sound=False))).container == container


@pytest.mark.parametrize("degrees", [90, 180, -90, 0])
async def test_turned(programs, clip, turned, degrees):
    video = (await probe(programs.ffprobe, turned(clip("a.mp4", *X264), degrees))).video
    assert video.rotation == degrees
    assert video.shown == ((240, 320) if abs(degrees) == 90 else (320, 240))


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
async def test_hdr(programs, clip, transfer):
    colours = f"colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
    video = (await probe(programs.ffprobe, clip("a.mp4", *TEN_BITS, "-x264-params", colours))).video
    assert (video.is_hdr, video.matrix, video.pixel_format) == (True, "bt2020nc", "yuv420p10le")


async def test_pixels_that_are_not_square_and_fields(programs, clip):
    options = (*X264, "-vf", "setsar=16/11,fieldorder=tff,setfield=tff", "-flags", "+ilme+ildct")
    video = (await probe(programs.ffprobe, clip("a.mp4", *options, picture="testsrc2=s=704x576:r=25"))).video
    assert (video.width, video.height, video.stored) == (1024, 576, (704, 576))
    assert video.is_interlaced


@pytest.mark.parametrize("content", [b"", b"x" * 3000, b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"])
async def test_damaged_files_say_why(programs, tmp_path, content):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="cannot be read"):
        await probe(programs.ffprobe, path)


async def test_a_missing_file_is_another_matter(programs, tmp_path):
    with pytest.raises(FileNotFoundError):
        await probe(programs.ffprobe, tmp_path / "a.mp4")


async def test_sound_alone_is_no_video(programs, clip):
    path = clip("a.mp4", "-map", "1:a", "-c:a", "aac")
    with pytest.raises(Unreadable, match="no video stream"):
        await probe(programs.ffprobe, path)


async def test_a_playlist_called_mp4_reads_no_other_file(programs, clip, tmp_path):
    other, path = clip("other.ts", *X264), tmp_path / "list.mp4"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{other}\n#EXT-X-ENDLIST\n")
    with pytest.raises(Unreadable):
        await probe(programs.ffprobe, path)


def test_the_default_stream_wins_then_the_highest_bitrate():
    def stream(index: int, rate: int, kind: str = "video", **marks: int) -> dict[str, object]:
        size = {"width": 64, "height": 48} if kind == "video" else {}
        named = {"index": index, "codec_type": kind, "codec_name": "x", "bit_rate": str(rate)}
        return {**named, **size, "disposition": marks}

    def chosen(*streams: dict[str, object]) -> tuple[int, int | None] | None:
        found = read_report({"streams": list(streams)})
        return None if found is None else (found.video.index, found.audio.index if found.audio else None)

    assert chosen(stream(0, 10), stream(1, 20)) == (1, None)
    assert chosen(stream(0, 10, default=1), stream(1, 20)) == (0, None)
    assert chosen(stream(0, 90, default=1, attached_pic=1), stream(1, 20)) == (1, None)
    assert chosen(stream(0, 90, attached_pic=1)) is None
    assert chosen(stream(0, 1), stream(1, 5, "audio"), stream(2, 9, "audio")) == (0, 2)
    unknown = stream(2, 9, "audio") | {"codec_name": "unknown"}
    assert chosen(stream(0, 1), stream(1, 5, "audio"), unknown) == (0, 1)
    assert chosen(stream(0, 1), stream(1, 5, "audio", default=1), stream(2, 9, "audio")) == (0, 1)
