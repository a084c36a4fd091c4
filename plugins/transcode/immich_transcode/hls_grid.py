"""The grid of a live stream: segments of the same frames, whichever variant and wherever encoding began.

Frames are made to come at a constant rate, so that every second of the video, however many frames its
source has there, fills its segment. A segment holds whole frames of two seconds (2.002 at NTSC rates),
and its sound is whole AAC frames counted from the beginning of the video. Hence nothing is missing and
nothing comes twice where one run of the encoder follows another.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

SAMPLE_RATE = 48_000
AAC_FRAME = 1024
"""Samples in one packet of sound."""

_USUAL = tuple(
    Fraction(*each) for each in ((24_000, 1001), (24, 1), (25, 1), (30_000, 1001), (30, 1), (48, 1), (50, 1))
)
_FASTEST = (Fraction(60_000, 1001), Fraction(60))
_NEAR = 0.03
_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Grid:
    """How a video is cut.

    Args:
        rate: Frames a second.
        frames: Of the whole video.
    """

    rate: Fraction
    frames: int

    @property
    def segment_frames(self) -> int:
        """Frames in each segment but the last."""
        return ceil(_SECONDS * self.rate)

    @property
    def segment_seconds(self) -> Fraction:
        """How long each but the last is."""
        return self.segment_frames / self.rate

    @property
    def count(self) -> int:
        """How many segments there are."""
        return -(-self.frames // self.segment_frames)

    @property
    def seconds(self) -> Fraction:
        """How long the whole is."""
        return self.frames / self.rate

    def start(self, segment: int) -> Fraction:
        """When a segment begins, in seconds."""
        return segment * self.segment_seconds

    def length(self, segment: int) -> Fraction:
        """How long a segment is, in seconds."""
        return min(self.segment_seconds, self.seconds - self.start(segment))

    def at(self, seconds: float) -> int:
        """The segment that holds this moment; the last one for all that is later."""
        return max(0, min(self.count - 1, int(seconds / self.segment_seconds)))

    def sound_lead(self, segment: int) -> int:
        """Samples from the start of a segment to its first packet of sound."""
        samples = int(self.start(segment) * SAMPLE_RATE)
        return -samples % AAC_FRAME


def grid_of(frame_rate: float, seconds: float) -> Grid:
    """The grid of a video: the usual rate next to its own, at most 60 frames a second.

    Args:
        frame_rate: The average; 0 if unknown.
        seconds: Duration, above 0.
    """
    rate = _rate(frame_rate)
    return Grid(rate, max(1, round(seconds * rate)))


def _rate(frame_rate: float) -> Fraction:
    if frame_rate <= 0:
        return Fraction(30)
    if frame_rate > _FASTEST[-1]:
        return _FASTEST[-1]
    usual = min((*_USUAL, *_FASTEST), key=lambda each: abs(each - frame_rate))
    return usual if abs(usual - frame_rate) <= _NEAR * usual else Fraction(ceil(frame_rate))
