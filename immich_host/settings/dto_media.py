"""Configuration of images and videos, as administrators see it."""

from typing import Annotated

from pydantic import MISSING, Field

from immich_host.plugin_api.dto import Dto
from immich_host.settings.dto_words import (
    AudioCodec,
    Colorspace,
    CQMode,
    HlsVideoResolution,
    ImageFormat,
    ToneMapping,
    TranscodeHWAccel,
    TranscodePolicy,
    VideoCodec,
    VideoContainer,
)


class AdminConfigFFmpegRealtimeDto(Dto):
    """Settings: video realtime."""

    enabled: bool
    resolutions: list[HlsVideoResolution]
    video_codecs: list[VideoCodec]


class AdminConfigFFmpegDto(Dto):
    """Settings: video."""

    accel: TranscodeHWAccel
    accel_decode: bool
    accepted_audio_codecs: list[AudioCodec]
    accepted_containers: list[VideoContainer]
    accepted_video_codecs: list[VideoCodec]
    bframes: Annotated[int, Field(ge=-1, le=16)]
    cq_mode: CQMode
    crf: Annotated[int, Field(ge=0, le=51)]
    gop_size: Annotated[int, Field(ge=0)]
    max_bitrate: str
    preferred_hw_device: str
    preset: str
    realtime: AdminConfigFFmpegRealtimeDto
    refs: Annotated[int, Field(ge=0, le=6)]
    target_audio_codec: AudioCodec
    target_resolution: str
    target_video_codec: VideoCodec
    temporal_aq: Annotated[bool, Field(validation_alias="temporalAQ", serialization_alias="temporalAQ")]
    threads: Annotated[int, Field(ge=0)]
    tonemap: ToneMapping
    transcode: TranscodePolicy
    two_pass: bool


class AdminConfigGeneratedFullsizeImageDto(Dto):
    """Settings: generated fullsize image."""

    enabled: bool
    format: ImageFormat
    progressive: bool | MISSING = MISSING
    quality: Annotated[int, Field(ge=1, le=100)]


class AdminConfigGeneratedImageDto(Dto):
    """Settings: generated image."""

    format: ImageFormat
    progressive: bool | MISSING = MISSING
    quality: Annotated[int, Field(ge=1, le=100)]
    size: Annotated[int, Field(ge=1)]


class AdminConfigImageDto(Dto):
    """Settings: image."""

    colorspace: Colorspace
    extract_embedded: bool
    fullsize: AdminConfigGeneratedFullsizeImageDto
    preview: AdminConfigGeneratedImageDto
    thumbnail: AdminConfigGeneratedImageDto
