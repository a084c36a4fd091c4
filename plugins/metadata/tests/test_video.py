from collections.abc import Callable
from pathlib import Path

import pytest

from immich_host.runtime.binaries import Binaries
from immich_metadata.codes import profile_number
from immich_metadata.keyframes import Keyframes
from immich_metadata.probing import probe, probe_packets
from immich_metadata.video import display_width, read_probe

MakeClip = Callable[..., Path]


async def test_streams_of_a_clip(programs: Binaries, clip: MakeClip) -> None:
    assert programs.ffprobe
    found = read_probe(await probe(programs.ffprobe, clip("a.mp4")))
    assert found.video is not None
    assert found.video["codec_name"] == "h264"
    assert found.video["profile"] == 100
    assert found.video["pixel_format"] == "yuv420p"
    assert found.video["frame_count"] == 10
    assert found.video["time_base"] == 10240
    assert found.video["format_long_name"] == "QuickTime / MOV"
    assert found.video["bitrate"] > 0
    assert found.audio is not None
    assert found.audio["codec_name"] == "aac"
    assert found.audio["profile"] == 1
    assert found.tags["ImageSize"] == "64x48"
    assert found.tags["VideoFrameRate"] == "10"
    assert float(found.tags["Duration"]) == pytest.approx(1, abs=0.1)


async def test_a_silent_clip_has_no_audio(programs: Binaries, clip: MakeClip) -> None:
    assert programs.ffprobe
    found = read_probe(await probe(programs.ffprobe, clip("a.mkv", sound=False)))
    assert found.audio is None
    assert found.video is not None
    assert found.video["frame_count"] == 10
    assert found.video["format_long_name"] == "Matroska / WebM"


async def test_hdr_in_ten_bits(programs: Binaries, clip: MakeClip) -> None:
    assert programs.ffprobe
    colours = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    path = clip("a.mp4", "-pix_fmt", "yuv420p10le", "-x264-params", colours)
    video = read_probe(await probe(programs.ffprobe, path)).video
    assert video is not None
    assert (video["color_primaries"], video["color_transfer"], video["color_matrix"]) == (9, 16, 9)
    assert video["pixel_format"] == "yuv420p10le"
    assert video["profile"] == 110


@pytest.mark.parametrize(("rotation", "orientation"), [(90, "8"), (-90, "6"), (180, "3"), (0, None)])
async def test_rotation(
    programs: Binaries, clip: MakeClip, tmp_path: Path, rotation: int, orientation: str | None
) -> None:
    import subprocess

    assert programs.ffprobe
    plain, turned = clip("a.mp4"), tmp_path / "turned.mp4"
    command = [str(programs.ffmpeg), "-v", "error", "-display_rotation", str(rotation), "-i", str(plain)]
    subprocess.run([*command, "-c", "copy", str(turned)], check=True)  # noqa: ASYNC221
    assert read_probe(await probe(programs.ffprobe, turned)).tags.get("Orientation") == orientation


async def test_packets(programs: Binaries, clip: MakeClip) -> None:
    assert programs.ffprobe
    found = await probe_packets(programs.ffprobe, clip("a.mp4", sound=False), 0)
    assert found == Keyframes(
        pts=[0, 5120], acc_duration=[0, 5120], own_duration=[1024, 1024],
        total_duration=10240, packet_count=10, output_frames=10,
    )  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"x" * 3000, b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"])
async def test_damaged_videos_have_no_streams(programs: Binaries, tmp_path: Path, content: bytes) -> None:
    assert programs.ffprobe
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    found = read_probe(await probe(programs.ffprobe, path))
    assert (found.video, found.audio, found.tags) == (None, None, {})
    assert await probe_packets(programs.ffprobe, path, 0) is None


async def test_a_truncated_clip_is_no_error(programs: Binaries, clip: MakeClip) -> None:
    assert programs.ffprobe
    path = clip("a.mp4", "-movflags", "+faststart")
    path.write_bytes(path.read_bytes()[:-4000])
    assert read_probe(await probe(programs.ffprobe, path)).video is not None


async def test_a_playlist_called_mp4_fetches_nothing(programs: Binaries, tmp_path: Path) -> None:
    assert programs.ffprobe
    path = tmp_path / "a.mp4"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    assert read_probe(await probe(programs.ffprobe, path)).video is None


def test_the_default_stream_wins_then_the_highest_bitrate() -> None:
    def stream(index: int, rate: int, default: int = 0, picture: int = 0) -> dict[str, object]:
        marks = {"default": default, "attached_pic": picture}
        return {
            "index": index,
            "codec_type": "video",
            "codec_name": "h264",
            "bit_rate": str(rate),
            "disposition": marks,
        }

    def chosen(*streams: dict[str, object]) -> int | None:
        video = read_probe({"streams": list(streams)}).video
        return None if video is None else video["index"]

    assert chosen(stream(0, 10), stream(1, 20)) == 1
    assert chosen(stream(0, 10, default=1), stream(1, 20)) == 0
    assert chosen(stream(0, 90, default=1, picture=1), stream(1, 20)) == 1
    assert chosen(stream(0, 90, picture=1)) is None


@pytest.mark.parametrize(
    ("aspect", "pixels", "width"),
    [("16:9", "64:45", 1024), ("4:3", "1:1", 720), (None, "64:45", 720), ("0:1", "0:1", 720)],
)
def test_pixels_that_are_not_square(aspect: str | None, pixels: str, width: int) -> None:
    assert display_width({"display_aspect_ratio": aspect, "sample_aspect_ratio": pixels}, 720, 576) == width


@pytest.mark.parametrize(
    ("codec", "name", "number"),
    [
        ("h264", "Constrained Baseline", 578),
        ("hevc", "Main 10", 2),
        ("vc1", "3", 3),
        ("x", "unknown", None),
        ("h264", None, None),
    ],
)
def test_profiles(codec: str, name: str | None, number: int | None) -> None:
    assert profile_number(codec, name) == number


def test_dolby_vision_is_noted() -> None:
    side = [
        {
            "side_data_type": "DOVI configuration record",
            "dv_profile": 8,
            "dv_level": 4,
            "dv_bl_signal_compatibility_id": 4,
        }
    ]
    stream = {"index": 0, "codec_type": "video", "codec_name": "hevc", "side_data_list": side}
    video = read_probe({"streams": [stream]}).video
    assert video is not None
    assert (video["dv_profile"], video["dv_level"], video["dv_bl_signal_compatibility_id"]) == (8, 4, 4)
