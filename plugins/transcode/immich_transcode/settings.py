"""The settings: Immich's `ffmpeg` section, and the limits that are this plugin's own."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from immich_host.plugin_api import Section

VideoCodec = Literal["h264", "hevc", "vp9", "av1"]
AudioCodec = Literal["mp3", "aac", "opus", "pcm_s16le"]
Container = Literal["mov", "mp4", "ogg", "webm"]
Accel = Literal["nvenc", "qsv", "vaapi", "rkmpp", "disabled"]
ToneMapping = Literal["hable", "mobius", "reinhard", "disabled"]
Policy = Literal["all", "optimal", "bitrate", "required", "disabled"]
CQMode = Literal["auto", "cqp", "icq"]
Resolution = Literal[480, 720, 1080, 1440, 2160]

PRESETS = (
    *("ultrafast", "superfast", "veryfast", "faster", "fast"),
    *("medium", "slow", "slower", "veryslow", "placebo"),
)
"""Names of x264 and x265, fastest first; other encoders take the place in this list."""

ORIGINAL = "original"

_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kKmM]?)")
_FACTORS = {"": 1, "k": 1, "m": 1000}


def kilobits(rate: str) -> int:
    """A bitrate of the settings in kbit/s: `4500`, `4500k` and `4.5M` are the same; 0 is no limit.

    Raises:
        ValueError: It is none of these.
    """
    found = _RATE.fullmatch(rate.strip() or "0")
    if found is None:
        raise ValueError("a bitrate looks like 4500k or 4.5M; 0 is no limit")
    return round(float(found[1]) * _FACTORS[found[2].lower()])


def _rate(value: str) -> str:
    kilobits(value)
    return value


def _preset(value: str) -> str:
    if value not in PRESETS:
        raise ValueError(f"a preset is one of {', '.join(PRESETS)}")
    return value


def _resolution(value: str) -> str:
    if value != ORIGINAL and not (value.isascii() and value.isdigit() and int(value) >= 2):
        raise ValueError(f"a resolution is {ORIGINAL} or a number of pixels")
    return value


class Realtime(BaseModel):
    """Live streaming: whether, and which variants are offered."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    enabled: bool = False
    """Whether videos are streamed live."""
    resolutions: tuple[Resolution, ...] = (480, 720, 1080)
    """Short sides of the variants."""
    video_codecs: tuple[VideoCodec, ...] = ("h264", "hevc")
    """Of the variants; VP9 is not streamed."""


class FFmpegSettings(Section):
    """Section `ffmpeg` of the system config, as Immich has it."""

    key: ClassVar[str] = "ffmpeg"

    transcode: Policy = "required"
    """`required`: what is not accepted; `optimal`: what is too large too; `bitrate`: what is above it too."""
    accepted_video_codecs: tuple[VideoCodec, ...] = ("h264",)
    """Pictures that are left as they are, in 8 bits 4:2:0."""
    accepted_audio_codecs: tuple[AudioCodec, ...] = ("aac", "mp3", "opus")
    """Sound that is left as it is."""
    accepted_containers: tuple[Container, ...] = ("mov", "ogg", "webm")
    """Beside MP4; from others the streams are copied into MP4."""
    target_video_codec: VideoCodec = "h264"
    """What pictures become."""
    target_audio_codec: AudioCodec = "aac"
    """What sound becomes, in stereo."""
    target_resolution: Annotated[str, AfterValidator(_resolution)] = "720"
    """The short side in pixels, or `original`; nothing is enlarged."""
    crf: int = Field(default=23, ge=0, le=51)
    """Quality in the encoder's own scale; less is better."""
    preset: Annotated[str, AfterValidator(_preset)] = "ultrafast"
    """Speed, by the names of x264; slower makes smaller files."""
    max_bitrate: Annotated[str, AfterValidator(_rate)] = "0"
    """`4500`, `4500k` and `4.5M` are the same; 0 is no limit."""
    two_pass: bool = False
    """Encode twice: in software, where there is a bitrate to meet; VP9 always."""
    bframes: int = Field(default=-1, ge=-1, le=16)
    """-1 leaves it to the encoder."""
    refs: int = Field(default=0, ge=0, le=6)
    """Reference frames; 0 leaves it to the encoder."""
    gop_size: int = Field(default=0, ge=0)
    """Frames from key frame to key frame; 0 leaves it to the encoder."""
    threads: int = Field(default=0, ge=0)
    """0 is as many as there are cores."""
    tonemap: ToneMapping = "hable"
    """How HDR (PQ, HLG) becomes BT.709."""
    cq_mode: CQMode = "auto"
    """How QSV and VAAPI reach constant quality."""
    temporal_aq: bool = Field(default=False, alias="temporalAQ")
    """NVENC spends bits by what moves."""
    accel: Accel = "disabled"
    """Hardware that encodes; where it is not there or fails, software does."""
    accel_decode: bool = True
    """It decodes too."""
    preferred_hw_device: str = "auto"
    """A device in `/dev/dri`, or the number of an NVIDIA card; `auto` is the last one."""
    realtime: Realtime = Realtime()
    """Live streams."""


class Limits(Section):
    """Section `transcode`: what one video may cost."""

    key: ClassVar[str] = "transcode"

    hours: float = Field(default=24.0, gt=0, le=168)
    """How long ffmpeg may work on one video."""
    stall_minutes: float = Field(default=15.0, gt=0)
    """How long it may get no further before it is ended."""
