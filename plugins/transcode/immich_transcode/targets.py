"""What is to come out: the numbers that encoders are given, software and hardware alike."""

from dataclasses import dataclass
from typing import Self

from immich_transcode.settings import PRESETS, AudioCodec, CQMode, FFmpegSettings, ToneMapping, VideoCodec, kilobits
from immich_transcode.sizing import Size, short_side, target_size
from immich_transcode.streams import Video

_FASTEST = PRESETS.index("veryslow")


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoTarget:
    """Pictures to encode.

    Args:
        codec: Of the result.
        size: Width and height as people see them, both even.
        curve: Of tone mapping; used where the source is HDR.
        crf: Constant quality, in the encoder's own scale.
        preset: A name of `settings.PRESETS`.
        max_kilobits: Bitrate that is not to be passed, in kbit/s; 0 is no limit.
        two_pass: Encode twice, where that is of use.
        bframes: Between others; -1 leaves it to the encoder.
        refs: Reference frames; 0 leaves it to the encoder.
        gop_size: Frames from key frame to key frame; 0 leaves it to the encoder.
        threads: Of the encoder; 0 is as many as there are cores.
        temporal_aq: NVENC: spend bits by what moves.
        cq_mode: QSV, VAAPI: how constant quality is reached.
    """

    codec: VideoCodec
    size: Size
    curve: ToneMapping = "hable"
    crf: int = 23
    preset: str = "ultrafast"
    max_kilobits: int = 0
    two_pass: bool = False
    bframes: int = -1
    refs: int = 0
    gop_size: int = 0
    threads: int = 0
    temporal_aq: bool = False
    cq_mode: CQMode = "auto"

    @classmethod
    def of(cls, settings: FFmpegSettings, video: Video) -> Self:
        """What the settings ask for."""
        return cls(
            codec=settings.target_video_codec,
            size=target_size(video, short_side(settings.target_resolution)),
            curve=settings.tonemap,
            crf=settings.crf,
            preset=settings.preset,
            max_kilobits=kilobits(settings.max_bitrate),
            two_pass=settings.two_pass,
            bframes=settings.bframes,
            refs=settings.refs,
            gop_size=settings.gop_size,
            threads=settings.threads,
            temporal_aq=settings.temporal_aq,
            cq_mode=settings.cq_mode,
        )

    @property
    def speed(self) -> int:
        """The preset as a number: 0 is the slowest, 8 the fastest."""
        return max(0, _FASTEST - PRESETS.index(self.preset))

    @property
    def average_kilobits(self) -> int:
        """The bitrate to aim at so that peaks stay below the limit."""
        return round(self.max_kilobits / 1.45)

    def is_mapped(self, video: Video) -> bool:
        """Whether colours are tone mapped."""
        return video.is_hdr and self.curve != "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioTarget:
    """Sound to encode, in stereo."""

    codec: AudioCodec = "aac"
