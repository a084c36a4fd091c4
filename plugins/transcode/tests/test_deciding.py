"""Which videos are transcoded, and which of their streams."""

import pytest

from immich_transcode.deciding import decide
from immich_transcode.settings import FFmpegSettings
from immich_transcode.streams import Audio


def done(settings: FFmpegSettings, source) -> str:
    """What becomes of a file: `none`, `remux`, or the streams that are encoded."""
    plan = decide(settings, source)
    if plan is None:
        return "none"
    return "+".join(name for name in ("video", "audio") if getattr(plan, name) is not None) or "remux"


HD, SMALL = {"width": 1920, "height": 1080}, {"width": 1280, "height": 720}
HEAVY, LIGHT = {"bitrate": 5_000_000}, {"bitrate": 3_000_000}


@pytest.mark.parametrize(
    ("policy", "streams", "expected"),
    [
        ("required", HD, "none"),
        ("required", {"codec": "hevc"}, "video"),
        ("required", {"pixel_format": "yuv420p10le"}, "video"),
        ("required", {"pixel_format": "yuv422p"}, "video"),
        ("required", {"pixel_format": "yuvj420p"}, "none"),
        ("required", {"audio": Audio(1, "ac3", 6)}, "audio"),
        ("required", {"audio": None}, "none"),
        ("required", {"codec": "vp9", "audio": Audio(1, "flac", 2)}, "video+audio"),
        ("required", {"container": "avi"}, "remux"),
        ("required", {"container": "mov"}, "none"),
        ("required", {"container": "webm"}, "none"),
        ("required", HD | HEAVY, "none"),
        ("optimal", HD, "video"),
        ("optimal", SMALL, "none"),
        ("optimal", {"width": 720, "height": 1280}, "none"),
        ("optimal", {"width": 1280, "height": 722}, "video"),
        ("optimal", SMALL | {"codec": "hevc"}, "video"),
        ("bitrate", HD | HEAVY, "video"),
        ("bitrate", HD | LIGHT, "none"),
        ("bitrate", LIGHT | {"codec": "av1"}, "video"),
        ("all", SMALL | LIGHT, "video+audio"),
        ("all", {"audio": None}, "video"),
        ("disabled", {"codec": "hevc", "container": "avi"}, "none"),
    ],
)
def test_policies(source, policy, streams, expected):
    assert done(FFmpegSettings(transcode=policy, max_bitrate="4M"), source(**streams)) == expected


def test_no_limit_of_bitrate_is_none(source):
    assert done(FFmpegSettings(transcode="bitrate"), source(bitrate=900_000_000)) == "none"


def test_the_original_resolution_is_never_too_large(source):
    settings = FFmpegSettings(transcode="optimal", target_resolution="original")
    assert done(settings, source(width=7680, height=4320)) == "none"


def test_what_else_is_accepted(source):
    settings = FFmpegSettings(
        accepted_video_codecs=("hevc",), accepted_audio_codecs=("pcm_s16le",), accepted_containers=()
    )
    assert done(settings, source(codec="hevc", audio=Audio(1, "pcm_s16le", 2))) == "none", "MP4 always does"
    assert done(settings, source(codec="hevc", audio=Audio(1, "pcm_s16le", 2), container="mov")) == "remux"
    assert done(settings, source()) == "video+audio"


def test_the_targets_are_those_of_the_settings(source):
    settings = FFmpegSettings(
        transcode="all", target_video_codec="av1", target_audio_codec="opus", target_resolution="480", crf=31,
        preset="slow", max_bitrate="2.5M", two_pass=True, bframes=3, refs=4, gop_size=60, threads=2, tonemap="mobius",
        temporal_aq=True, cq_mode="icq",
    )  # fmt: skip
    plan = decide(settings, source())
    assert plan is not None
    assert plan.audio is not None
    video = plan.video
    assert video is not None
    assert (video.codec, plan.audio.codec, video.size, video.crf) == ("av1", "opus", (852, 480), 31)
    assert (video.preset, video.max_kilobits, video.two_pass, video.bframes) == ("slow", 2500, True, 3)
    assert (video.refs, video.gop_size, video.threads, video.curve) == (4, 60, 2, "mobius")
    assert (video.temporal_aq, video.cq_mode) == (True, "icq")
