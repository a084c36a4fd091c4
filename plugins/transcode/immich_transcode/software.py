"""Options of the encoders in software."""

from immich_transcode.settings import AudioCodec, VideoCodec
from immich_transcode.targets import VideoTarget

VIDEO_ENCODERS: dict[VideoCodec, str] = {"h264": "libx264", "hevc": "libx265", "vp9": "libvpx-vp9", "av1": "libsvtav1"}
AUDIO_ENCODERS: dict[AudioCodec, str] = {"aac": "aac", "mp3": "libmp3lame", "opus": "libopus", "pcm_s16le": "pcm_s16le"}


def passes(target: VideoTarget) -> int:
    """How often the pictures are encoded: but for VP9, a second time is of use only with a bitrate to meet."""
    return 2 if target.two_pass and (target.max_kilobits or target.codec == "vp9") else 1


def video_options(target: VideoTarget) -> list[str]:
    """Encoder, quality, bitrate, structure and threads."""
    options = {"h264": _x264, "hevc": _x265, "vp9": _vp9, "av1": _av1}[target.codec](target)
    options = ["-c:v", VIDEO_ENCODERS[target.codec], *options]
    return options + (["-g", str(target.gop_size)] if target.gop_size else [])


def audio_options(codec: AudioCodec) -> list[str]:
    """Stereo in this codec."""
    return ["-c:a", AUDIO_ENCODERS[codec], "-ac", "2"]


def ceiling(target: VideoTarget) -> list[str]:
    """The bitrate that is not to be passed, if there is one."""
    limit = target.max_kilobits
    return ["-maxrate", f"{limit}k", "-bufsize", f"{limit * 2}k"] if limit else []


def _x264(target: VideoTarget) -> list[str]:
    threads = ["-threads", str(target.threads)] if target.threads else []
    return ["-preset", target.preset, *_rate(target), *_structure(target), *threads]


def _x265(target: VideoTarget) -> list[str]:
    parameters = ["log-level=error", *([f"pools={target.threads}"] if target.threads else [])]
    return [
        *("-preset", target.preset, *_rate(target), *_structure(target)),
        *("-x265-params", ":".join(parameters)),
    ]


def _vp9(target: VideoTarget) -> list[str]:
    # above 5 the encoder wants its mode for live video
    speed = ["-cpu-used", str(min(target.speed, 5)), "-row-mt", "1"]
    if passes(target) == 2 and target.max_kilobits:
        rate = _average(target)
    else:
        rate = ["-crf", str(target.crf), "-b:v", f"{target.max_kilobits}k" if target.max_kilobits else "0"]
    return [*speed, *rate, *(["-threads", str(target.threads)] if target.threads else [])]


def _av1(target: VideoTarget) -> list[str]:
    speed = ["-preset", str(target.speed + 4)]
    if passes(target) == 2:
        rate = ["-b:v", f"{target.average_kilobits}k"]
    else:
        rate = ["-crf", str(target.crf), *(["-maxrate", f"{target.max_kilobits}k"] if target.max_kilobits else [])]
    return [*speed, *rate, *(["-svtav1-params", f"lp={target.threads}"] if target.threads else [])]


def _rate(target: VideoTarget) -> list[str]:
    if passes(target) == 2:
        return _average(target)
    return ["-crf", str(target.crf), *ceiling(target)]


def _average(target: VideoTarget) -> list[str]:
    average = target.average_kilobits
    return ["-b:v", f"{average}k", "-minrate", f"{average // 2}k", *ceiling(target)]


def _structure(target: VideoTarget) -> list[str]:
    options = ["-bf", str(target.bframes)] if target.bframes >= 0 else []
    return options + (["-refs", str(target.refs)] if target.refs else [])
