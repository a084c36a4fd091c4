"""What ffprobe says of a video: its streams, its duration, its rotation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from immich_metadata.codes import MATRICES, PRIMARIES, TRANSFERS, UNKNOWN, profile_number
from immich_metadata.values import number, whole

_ORIENTATIONS = {-90: 6, 90: 8, 180: 3, -180: 3, 270: 6, -270: 8}
_SMALLINT = 2**15 - 1


@dataclass(frozen=True, slots=True)
class Probe:
    """The chosen streams of one file, as columns of `asset_video` and `asset_audio`; None = no such stream.

    `tags` holds what ffprobe adds to the file's tags (Duration in seconds, ImageSize, Orientation).
    """

    video: dict[str, Any] | None
    audio: dict[str, Any] | None
    tags: dict[str, str]


def read_probe(report: Mapping[str, Any]) -> Probe:
    """Choose the streams of an ffprobe report (`-show_format -show_streams`, JSON).

    The default stream wins, then the highest bitrate; attached pictures are no video.
    """
    container = report.get("format", {})
    streams = report.get("streams", [])
    videos = [s for s in streams if s.get("codec_type") == "video" and not _flag(s, "attached_pic")]
    audios = [s for s in streams if s.get("codec_type") == "audio" and s.get("codec_name")]
    video = max(videos, key=_weight, default=None)
    audio = max(audios, key=_weight, default=None)
    return Probe(
        video=None if video is None or not video.get("codec_name") else _video_row(video, container),
        audio=None if audio is None else _audio_row(audio),
        tags=_tags(video, container),
    )


def _weight(stream: Mapping[str, Any]) -> tuple[bool, float, int]:
    return _flag(stream, "default"), number(stream.get("bit_rate")) or 0.0, -int(stream.get("index", 0))


def _flag(stream: Mapping[str, Any], name: str) -> bool:
    return bool(stream.get("disposition", {}).get(name))


def _ratio(value: object) -> float | None:
    above, _, below = str(value or "").replace(":", "/").partition("/")
    divisor = number(below or "1")
    dividend = number(above)
    return dividend / divisor if dividend and divisor else None


def _small(value: object) -> int | None:
    found = whole(value)
    return found if found is not None and abs(found) <= _SMALLINT else None


def _side_data(stream: Mapping[str, Any], field: str) -> Any:
    return next((item[field] for item in stream.get("side_data_list", []) if field in item), None)


def _tags(video: Mapping[str, Any] | None, container: Mapping[str, Any]) -> dict[str, str]:
    tags: dict[str, str] = {}
    seconds = number(container.get("duration"))
    if seconds:
        tags["Duration"] = str(seconds)
    if video is None:
        return tags
    width, height = whole(video.get("width")), whole(video.get("height"))
    if width and height:
        tags["ImageSize"] = f"{display_width(video, width, height)}x{height}"
    turned = _ORIENTATIONS.get(whole(_side_data(video, "rotation")) or 0)
    if turned:
        tags["Orientation"] = str(turned)
    if rate := _ratio(video.get("avg_frame_rate")) or _ratio(video.get("r_frame_rate")):
        tags["VideoFrameRate"] = f"{rate:.6g}"
    return tags


def display_width(video: Mapping[str, Any], width: int, height: int) -> int:
    """The width in square pixels, by the display aspect ratio where the pixels are not square."""
    aspect = _ratio(video.get("display_aspect_ratio"))
    if video.get("sample_aspect_ratio") in {None, "1:1", "0:1", "N/A"} or aspect is None:
        return width
    return round(height * aspect)


def _video_row(stream: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, Any]:
    base = str(stream.get("time_base", "1/1")).partition("/")
    seconds = number(stream.get("duration")) or number(container.get("duration")) or 0.0
    frames = whole(stream.get("nb_frames"))
    if frames is None:
        frames = round(seconds * (_ratio(stream.get("avg_frame_rate")) or 0.0))
    return {
        "index": int(stream.get("index", 0)),
        "codec_name": stream["codec_name"],
        "profile": profile_number(stream["codec_name"], stream.get("profile")),
        "level": _level(stream.get("level")),
        "bitrate": whole(stream.get("bit_rate")) or whole(container.get("bit_rate")) or 0,
        "frame_count": frames,
        "time_base": round((number(base[2]) or 1) / (number(base[0]) or 1)),
        "pixel_format": stream.get("pix_fmt") or "",
        "color_primaries": PRIMARIES.get(stream.get("color_primaries", ""), UNKNOWN),
        "color_transfer": TRANSFERS.get(stream.get("color_transfer", ""), UNKNOWN),
        "color_matrix": MATRICES.get(stream.get("color_space", ""), UNKNOWN),
        "dv_profile": _small(_side_data(stream, "dv_profile")),
        "dv_level": _small(_side_data(stream, "dv_level")),
        "dv_bl_signal_compatibility_id": _small(_side_data(stream, "dv_bl_signal_compatibility_id")),
        "format_name": container.get("format_name") or "",
        "format_long_name": container.get("format_long_name") or "",
    }


def _level(value: object) -> int | None:
    found = _small(value)
    return found if found is not None and found >= 0 else None


def _audio_row(stream: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "index": int(stream.get("index", 0)),
        "codec_name": stream["codec_name"],
        "profile": profile_number(stream["codec_name"], stream.get("profile")),
        "bitrate": whole(stream.get("bit_rate")) or 0,
    }
