"""The words that ffmpeg is given, by software."""

from dataclasses import replace
from pathlib import Path

import pytest

from immich_transcode.arguments import Plan, commands
from immich_transcode.filters import software_filters
from immich_transcode.software import video_options
from immich_transcode.streams import Audio
from immich_transcode.targets import AudioTarget, VideoTarget

PLAIN = VideoTarget(codec="h264", size=(1280, 720))
IN, OUT = Path("/in/a b.mov"), Path("/out/a.mp4")


def has(words: list[str], *part: str) -> bool:
    """Whether `part` stands in `words`, in one piece."""
    return any(tuple(words[at : at + len(part)]) == part for at in range(len(words)))


def test_a_whole_command(source):
    (words,) = commands(Plan(source=source(), video=PLAIN, audio=AudioTarget(codec="opus")), IN, OUT)
    assert has(words, "-protocol_whitelist", "file")
    assert has(words, "-i", "file:/in/a b.mov", "-map", "0:0", "-vf", "scale=1280:720,setsar=1")
    assert has(words, "-vf", "scale=1280:720,setsar=1", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "23")
    assert has(words, "-fps_mode", "passthrough", "-map", "0:1", "-c:a", "libopus", "-ac", "2", "-map_metadata", "-1")
    assert words[-6:] == ["-movflags", "+faststart", "-f", "mp4", "-y", "/out/a.mp4"]


def test_copies(source):
    (words,) = commands(Plan(source=source(container="avi")), IN, OUT)
    assert has(words, "-map", "0:0", "-c:v", "copy", "-map", "0:1", "-c:a", "copy")
    assert "-tag:v" not in words
    assert "-vf" not in words
    (words,) = commands(Plan(source=source(codec="hevc", audio=None)), IN, OUT)
    assert has(words, "-c:v", "copy", "-tag:v", "hvc1")
    assert not has(words, "-map", "0:1")
    assert "-c:a" not in words


@pytest.mark.parametrize(
    ("streams", "size", "chain"),
    [
        ({}, (1920, 1080), []),
        ({}, (1280, 720), ["scale=1280:720", "setsar=1"]),
        ({"rotation": 90}, (1080, 1920), []),
        ({"pixel_format": "yuv420p10le"}, (1920, 1080), ["format=yuv420p"]),
        ({"is_interlaced": True}, (1920, 1080), ["bwdif=mode=send_frame:deint=interlaced"]),
        (
            {"has_reserved_colour": True},
            (1920, 1080),
            ["setparams=color_primaries=unknown:color_trc=unknown:colorspace=unknown"],
        ),
        ({"transfer": "smpte2084", "pixel_format": "yuv422p10le"}, (1920, 1080), "tone"),
    ],
)
def test_filters(source, streams, size, chain):
    found = software_filters(source(**streams).video, replace(PLAIN, size=size))
    if chain == "tone":
        assert "lut3d=file=tone.cube" in found
        assert found[-1] == "format=yuv420p"
    else:
        assert found == chain


def test_tone_mapping_can_be_left_out(source):
    video = source(transfer="arib-std-b67", pixel_format="yuv420p10le").video
    found = software_filters(video, replace(PLAIN, size=(1920, 1080), curve="disabled"))
    assert found == ["format=yuv420p"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "-c:v libx264 -preset ultrafast -crf 23"),
        (
            {"preset": "slow", "crf": 20, "max_kilobits": 4500, "bframes": 3, "refs": 4, "gop_size": 48, "threads": 2},
            "-c:v libx264 -preset slow -crf 20 -maxrate 4500k -bufsize 9000k -bf 3 -refs 4 -threads 2 -g 48",
        ),
        ({"bframes": 0}, "-c:v libx264 -preset ultrafast -crf 23 -bf 0"),
        (
            {"two_pass": True, "max_kilobits": 2900},
            "-c:v libx264 -preset ultrafast -b:v 2000k -minrate 1000k -maxrate 2900k -bufsize 5800k",
        ),
        ({"codec": "hevc"}, "-c:v libx265 -preset ultrafast -crf 23 -x265-params log-level=error"),
        (
            {"codec": "hevc", "threads": 3},
            "-c:v libx265 -preset ultrafast -crf 23 -x265-params log-level=error:pools=3",
        ),
        ({"codec": "vp9"}, "-c:v libvpx-vp9 -cpu-used 5 -row-mt 1 -crf 23 -b:v 0"),
        (
            {"codec": "vp9", "preset": "slower", "max_kilobits": 900, "threads": 1},
            "-c:v libvpx-vp9 -cpu-used 1 -row-mt 1 -crf 23 -b:v 900k -threads 1",
        ),
        ({"codec": "av1"}, "-c:v libsvtav1 -preset 12 -crf 23"),
        (
            {"codec": "av1", "preset": "veryslow", "max_kilobits": 900, "threads": 2, "gop_size": 30},
            "-c:v libsvtav1 -preset 4 -crf 23 -maxrate 900k -svtav1-params lp=2 -g 30",
        ),
        ({"codec": "av1", "two_pass": True, "max_kilobits": 1450}, "-c:v libsvtav1 -preset 12 -b:v 1000k"),
    ],
)
def test_software_encoders(changes, words):
    assert " ".join(video_options(replace(PLAIN, **changes))) == words


@pytest.mark.parametrize(
    ("changes", "runs"),
    [
        ({"two_pass": True}, 1),
        ({"two_pass": True, "max_kilobits": 1000}, 2),
        ({"max_kilobits": 1000}, 1),
        ({"two_pass": True, "codec": "vp9"}, 2),
        ({"two_pass": True, "codec": "av1"}, 1),
        ({"two_pass": True, "codec": "av1", "max_kilobits": 1000}, 2),
    ],
)
def test_passes(source, changes, runs):
    plan = Plan(source=source(audio=Audio(2, "aac", 2)), video=replace(PLAIN, **changes))
    found = commands(plan, IN, OUT)
    assert len(found) == runs
    if runs == 2:
        first, second = found
        assert has(first, "-pass", "1", "-passlogfile", "passes", "-f", "null", "-")
        assert not has(first, "-map", "0:2")
        assert has(second, "-pass", "2", "-passlogfile", "passes", "-movflags")
        assert has(second, "-map", "0:2")
