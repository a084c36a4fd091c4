"""What there is to transcode: the streams of a file, read out of ffprobe's report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_HDR = frozenset({"smpte2084", "arib-std-b67"})
_PROGRESSIVE = frozenset({"", "progressive", "unknown"})


@dataclass(frozen=True, slots=True)
class Video:
    """The chosen picture stream.

    Args:
        index: Of the stream in the file.
        codec: ffmpeg's name of it.
        width: Of a shown frame in square pixels, before it is turned.
        height: Likewise.
        stored: Width and height of a stored frame.
        rotation: Degrees counter-clockwise by which a player turns the picture: -90, 0, 90 or 180.
        pixel_format: ffmpeg's name of it, e.g. `yuv420p10le`.
        transfer: Transfer characteristics, e.g. `smpte2084`; empty if not stated.
        matrix: Colour matrix, likewise.
        bitrate: Bits a second; 0 if unknown.
        frame_rate: Frames a second, the average; 0 if unknown.
        is_interlaced: Whether frames are woven of two fields.
        has_reserved_colour: A colour field holds a number without a meaning.
    """

    index: int
    codec: str
    width: int
    height: int
    stored: tuple[int, int]
    rotation: int
    pixel_format: str
    transfer: str
    matrix: str
    bitrate: int
    frame_rate: float
    is_interlaced: bool
    has_reserved_colour: bool

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height as people see it: square pixels, turned."""
        return (self.height, self.width) if abs(self.rotation) == 90 else (self.width, self.height)

    @property
    def is_hdr(self) -> bool:
        """Whether it needs tone mapping to be seen on a common screen."""
        return self.transfer in _HDR


@dataclass(frozen=True, slots=True)
class Audio:
    """The chosen sound stream."""

    index: int
    codec: str
    channels: int


@dataclass(frozen=True, slots=True)
class Source:
    """A file's chosen streams.

    Args:
        container: `mov`, `mp4`, `webm` (Matroska too), else ffmpeg's name of the format.
        seconds: Duration; 0 if unknown.
        video: The pictures.
        audio: The sound, if any.
    """

    container: str
    seconds: float
    video: Video
    audio: Audio | None


def read_report(report: Mapping[str, Any]) -> Source | None:
    """Choose the streams of an ffprobe report (`-show_format -show_streams`); None without pictures.

    The default stream wins, then the highest bitrate; attached pictures are no video.
    """
    container = report.get("format", {})
    streams = report.get("streams", [])
    videos = [s for s in streams if s.get("codec_type") == "video" and _is_video(s)]
    audios = [s for s in streams if s.get("codec_type") == "audio" and _is_known(s)]
    if not videos:
        return None
    video, audio = max(videos, key=_weight), max(audios, key=_weight, default=None)
    return Source(
        container=_container(container),
        seconds=_number(container.get("duration")) or _number(video.get("duration")),
        video=_video(video, container),
        audio=None if audio is None else Audio(audio["index"], audio["codec_name"], int(audio.get("channels", 0))),
    )


def _is_video(stream: Mapping[str, Any]) -> bool:
    sized = bool(stream.get("width")) and bool(stream.get("height"))
    return _is_known(stream) and sized and not stream.get("disposition", {}).get("attached_pic")


def _is_known(stream: Mapping[str, Any]) -> bool:
    """Phones write streams, of spatial sound for one, that have no name yet and that nothing decodes."""
    return stream.get("codec_name", "unknown") != "unknown"


def _weight(stream: Mapping[str, Any]) -> tuple[bool, float, int]:
    is_default = bool(stream.get("disposition", {}).get("default"))
    return is_default, _number(stream.get("bit_rate")), -int(stream["index"])


def _container(container: Mapping[str, Any]) -> str:
    match container.get("format_long_name"):
        case "QuickTime / MOV":
            brand = str(container.get("tags", {}).get("major_brand", "")).strip()
            return "mov" if brand in {"", "qt"} else "mp4"
        case "Matroska / WebM":
            return "webm"
        case _:
            return str(container.get("format_name", ""))


def _video(stream: Mapping[str, Any], container: Mapping[str, Any]) -> Video:
    width, height = int(stream["width"]), int(stream["height"])
    colours = [str(stream.get(f"color_{part}", "")) for part in ("transfer", "space", "primaries")]
    return Video(
        index=int(stream["index"]),
        codec=stream["codec_name"],
        width=_square_width(stream, width),
        height=height,
        stored=(width, height),
        rotation=_rotation(stream),
        pixel_format=str(stream.get("pix_fmt", "")),
        transfer=colours[0],
        matrix=colours[1],
        bitrate=int(_number(stream.get("bit_rate")) or _number(container.get("bit_rate"))),
        frame_rate=_ratio(stream.get("avg_frame_rate")) or _ratio(stream.get("r_frame_rate")),
        is_interlaced=stream.get("field_order", "") not in _PROGRESSIVE,
        has_reserved_colour="reserved" in colours,
    )


def _square_width(stream: Mapping[str, Any], width: int) -> int:
    shape = _ratio(stream.get("sample_aspect_ratio"))
    return max(1, round(width * shape)) if shape else width


def _rotation(stream: Mapping[str, Any]) -> int:
    turns = [int(data["rotation"]) for data in stream.get("side_data_list", []) if "rotation" in data]
    quarter = round(turns[0] / 90) % 4 if turns else 0
    return (0, 90, 180, -90)[quarter]


def _number(value: object) -> float:
    try:
        return max(0.0, float(str(value))) if value is not None else 0.0
    except ValueError:
        return 0.0


def _ratio(value: object) -> float:
    above, _, below = str(value or "").replace(":", "/").partition("/")
    divisor = _number(below or "1")
    return _number(above) / divisor if divisor else 0.0
