"""Which variants of a video are offered live, and how players are told of each."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from immich_transcode.settings import FFmpegSettings, Realtime
from immich_transcode.sizing import Size, target_size
from immich_transcode.streams import Video
from immich_transcode.targets import VideoTarget

type StreamCodec = Literal["av1", "hevc", "h264"]

SOUND_BITS = 128_000

_CRF: dict[StreamCodec, int] = {"h264": 23, "hevc": 28, "av1": 35}
_MEGABITS: dict[int, dict[StreamCodec, float]] = {
    480: {"av1": 1, "hevc": 1.2, "h264": 2.5},
    720: {"av1": 2, "hevc": 2.5, "h264": 5},
    1080: {"av1": 4, "hevc": 4.5, "h264": 8},
    1440: {"av1": 7, "hevc": 8, "h264": 14},
    2160: {"av1": 12, "hevc": 14, "h264": 25},
}

_H264_LEVELS = (
    (30, 1620, 40_500), (31, 3600, 108_000), (32, 5120, 216_000), (40, 8192, 245_760), (42, 8704, 522_240),
    (50, 22_080, 589_824), (51, 36_864, 983_040), (52, 36_864, 2_073_600), (62, 139_264, 16_711_680),
)  # fmt: skip
"""Level times ten, macroblocks in a frame, macroblocks a second (ITU-T H.264, table A-1)."""

_HEVC_LEVELS = (
    (30, 552_960, 16_588_800), (31, 983_040, 33_177_600), (40, 2_228_224, 66_846_720), (41, 2_228_224, 133_693_440),
    (50, 8_912_896, 267_386_880), (51, 8_912_896, 534_773_760), (52, 8_912_896, 1_069_547_520),
    (62, 35_651_584, 4_278_190_080),
)  # fmt: skip
"""Level times ten, luma samples in a frame, luma samples a second (ITU-T H.265, table A.8; AV1's are like it)."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way in which a video is offered.

    Args:
        codec: Of the pictures; the sound is AAC.
        resolution: The short side that the settings name; the pictures are never larger than the video's.
        bitrate: Bits a second of the pictures that are not passed for long.
    """

    codec: StreamCodec
    resolution: int
    bitrate: int

    def target(self, settings: FFmpegSettings, video: Video, segment_frames: int) -> VideoTarget:
        """What the encoder is to make."""
        return VideoTarget(
            codec=self.codec,
            size=self.size(video),
            curve=settings.tonemap,
            crf=_CRF[self.codec],
            preset=settings.preset,
            max_kilobits=self.bitrate // 1000,
            bframes=0,
            gop_size=segment_frames,
            threads=settings.threads,
            temporal_aq=settings.temporal_aq,
            cq_mode=settings.cq_mode,
        )

    def size(self, video: Video) -> Size:
        """Width and height as people see them."""
        return target_size(video, self.resolution)

    def level(self, video: Video, rate: Fraction) -> int:
        """The lowest level of the codec, times ten, that holds such pictures."""
        width, height = self.size(video)
        if self.codec == "h264":
            levels, area = _H264_LEVELS, -(-width // 16) * -(-height // 16)
        else:
            levels, area = _HEVC_LEVELS, width * height
        return next((level for level, most, speed in levels if area <= most and area * rate <= speed), levels[-1][0])

    def codecs(self, video: Video, rate: Fraction, *, has_sound: bool) -> str:
        """The attribute CODECS, by RFC 6381."""
        level = self.level(video, rate)
        pictures = {
            "h264": f"avc1.6400{level:02X}",
            "hevc": f"hvc1.1.6.L{level * 3}.90",
            "av1": f"av01.0.{(level // 10 - 2) * 4 + level % 10:02d}M.08",
        }[self.codec]
        return f"{pictures},mp4a.40.2" if has_sound else pictures


def offered(video: Video, realtime: Realtime) -> list[Variant]:
    """The variants of a video, by codec as the settings name them, the smallest first.

    Resolutions above the video's own are left out, but for the first of them where none equals it:
    that one has the video's size.
    """
    codecs: list[StreamCodec] = [codec for codec in dict.fromkeys(realtime.video_codecs) if codec != "vp9"] or ["h264"]
    return [
        Variant(codec, resolution, int(_MEGABITS[resolution][codec] * 1_000_000))
        for codec in codecs
        for resolution in _resolutions(min(video.shown), realtime.resolutions)
    ]


def _resolutions(short_side: int, allowed: Iterable[int]) -> list[int]:
    wanted = sorted(set(allowed)) or [min(_MEGABITS)]
    smaller = [each for each in wanted if each < short_side]
    return [*smaller, *wanted[len(smaller) : len(smaller) + 1]]
