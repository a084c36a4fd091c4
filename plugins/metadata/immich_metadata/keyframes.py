"""The packet index of a video stream, by which live streaming cuts it at keyframes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

_INT32_MAX = 2**31 - 1


@dataclass(slots=True)
class Keyframes:
    """Times in the stream's time base, one entry per keyframe, in the order of the file.

    `acc_duration` is the duration of all packets before the keyframe, `own_duration` the keyframe
    packet's own; `output_frames` counts the packets that a player shows.
    """

    pts: list[int] = field(default_factory=list)
    acc_duration: list[int] = field(default_factory=list)
    own_duration: list[int] = field(default_factory=list)
    total_duration: int = 0
    packet_count: int = 0
    output_frames: int = 0

    @property
    def fits(self) -> bool:
        """Whether every number fits the table's int4 columns."""
        return max([self.total_duration, *map(abs, self.pts)]) <= _INT32_MAX


async def index_packets(lines: AsyncIterator[bytes]) -> Keyframes | None:
    """Read `pts,duration,flags` lines; None when there is no packet. Unknown times count as 0."""
    found = Keyframes()
    async for line in lines:
        pts, _, rest = line.strip().partition(b",")
        length, _, flags = rest.partition(b",")
        if not flags:
            continue
        duration = _ticks(length)
        if flags.startswith(b"K"):
            found.pts.append(_ticks(pts))
            found.acc_duration.append(found.total_duration)
            found.own_duration.append(duration)
        found.total_duration += duration
        found.packet_count += 1
        found.output_frames += b"D" not in flags
    return found if found.packet_count else None


def _ticks(value: bytes) -> int:
    return int(value) if value.lstrip(b"-").isdigit() else 0
