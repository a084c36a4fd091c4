"""How large a picture becomes."""

from immich_transcode.settings import ORIGINAL
from immich_transcode.streams import Video

type Size = tuple[int, int]


def short_side(resolution: str) -> int | None:
    """The short side that the settings ask for, in pixels; None for the original's."""
    return None if resolution == ORIGINAL else int(resolution)


def is_larger(video: Video, limit: int | None) -> bool:
    """Whether the short side, as people see it, is above `limit`."""
    return limit is not None and min(video.shown) > limit


def target_size(video: Video, limit: int | None) -> Size:
    """Width and height as people see them: short side at most `limit`, never enlarged, both even."""
    width, height = video.shown
    factor = min(1.0, limit / min(width, height)) if limit is not None else 1.0
    return _even(width * factor), _even(height * factor)


def _even(length: float) -> int:
    return max(2, round(length) // 2 * 2)
